//! The annotation that keeps the salts of what was written: it changes with every write, and no write
//! takes it away.

use serde_json::{Map, Value, json};

use super::super::super::written::WRITTEN;
use super::super::{Form, Incoming, LAST_APPLIED, Unwritable, Written, identity};
use super::Kept;
use crate::kube::json_patch::tokens;

/// Where the annotation stands.
const OWN: [&str; 3] = ["metadata", "annotations", WRITTEN];
const ANNOTATIONS: [&str; 2] = ["metadata", "annotations"];

/// Directives of a strategic merge patch that say what becomes of all members of an object.
const DIRECTIVES: [&str; 2] = ["$patch", "$retainKeys"];

/// What has to stand in the annotation afterwards.
pub(super) struct Keeping<'a> {
    form: Form<'a>,
    live: &'a Value,
    /// None if it is not needed.
    annotation: Option<String>,
    /// Whether it is another one than before.
    is_new: bool,
}

impl<'a> Keeping<'a> {
    pub(super) fn of(incoming: &Incoming<'a>, kept: &Kept<'a>, written: &[&Written]) -> Self {
        let (form, live) = (incoming.form, kept.live);
        if written.is_empty() {
            return Self { form, live, annotation: kept.text.map(str::to_owned), is_new: false };
        }
        let mut salts = kept.salts.clone();
        let version = live.pointer("/metadata/resourceVersion").and_then(Value::as_str);
        let (identity, version) = (identity(live), version.unwrap_or_default());
        for written in written {
            // What was moved has a salt of its own kind, or it could be told from one whether the
            // same value given in the clear is the same.
            let kind = if written.restored.is_some() { "moved" } else { "given" };
            let (key, place) = (salted(written), written.place.to_string());
            let before = salts.get(&key).cloned().unwrap_or_default();
            let of = [&identity, version, kind, &place, &written.given, &before];
            let salt = incoming.placeholders.salt(&of);
            salts.insert(key, salt);
        }
        Self { form, live, annotation: Some(json!(salts).to_string()), is_new: true }
    }

    /// Has the body keep it, and answers whether the body says anything about it now.
    pub(super) fn within(&self, body: &mut Value) -> Result<bool, Unwritable> {
        match self.form {
            Form::Apply { .. } | Form::Object => {
                self.in_object(body);
                Ok(self.annotation.is_some())
            }
            Form::JsonPatch => self.in_operations(body),
            Form::MergePatch | Form::StrategicMergePatch => self.in_patch(body),
        }
    }

    /// A whole object would take away the annotation that it lacks.
    fn in_object(&self, body: &mut Value) {
        match &self.annotation {
            Some(annotation) => annotate(body, annotation),
            None => drop_annotation(body),
        }
    }

    fn in_patch(&self, body: &mut Value) -> Result<bool, Unwritable> {
        drop_annotation(body);
        let Some(annotation) = &self.annotation else { return Ok(false) };
        if self.form == Form::StrategicMergePatch && has_directive(body) {
            return Err(Unwritable::Metadata);
        }
        if let Some(metadata) = body.get("metadata") {
            let annotations = metadata.get("annotations");
            for part in [Some(metadata), annotations].into_iter().flatten() {
                let is_directed = self.form == Form::StrategicMergePatch && has_directive(part);
                if !part.is_object() || is_directed {
                    return Err(Unwritable::Metadata);
                }
            }
        }
        if self.is_new {
            annotate(body, annotation);
        }
        Ok(self.is_new)
    }

    /// Its own operation comes last, so that none of the caller's can undo it.
    fn in_operations(&self, body: &mut Value) -> Result<bool, Unwritable> {
        let Some(operations) = body.as_array_mut() else { return Ok(false) };
        operations.retain(|operation| tokens(operation, "path") != OWN);
        let Some(annotation) = &self.annotation else { return Ok(false) };
        let (mut touches, mut makes_annotations) = (self.is_new, false);
        for operation in operations.iter() {
            let path = tokens(operation, "path");
            let makes = operation.get("value").is_some_and(Value::is_object);
            if path == ANNOTATIONS && makes {
                (touches, makes_annotations) = (true, true);
            } else if is_around(&path) || takes_away(operation) {
                return Err(Unwritable::Metadata);
            }
        }
        if !touches {
            return Ok(false);
        }
        let has_annotations =
            self.live.pointer("/metadata/annotations").is_some_and(Value::is_object);
        if !has_annotations && !makes_annotations {
            let made = json!({"op": "add", "path": "/metadata/annotations", "value": {}});
            operations.insert(0, made);
        }
        let path = format!("/metadata/annotations/{}", WRITTEN.replace('/', "~1"));
        operations.push(json!({"op": "add", "path": path, "value": annotation}));
        Ok(true)
    }
}

/// What a salt is kept under: the key of a value, or the annotation for what it holds.
fn salted(written: &Written) -> String {
    match written.place.secret_key() {
        Some((_, key)) if !written.place.applied => key,
        _ => LAST_APPLIED.to_owned(),
    }
}

/// Whether the annotation is at a place or within it.
fn is_around(place: &[String]) -> bool {
    place.len() <= OWN.len() && place.iter().zip(OWN).all(|(key, own)| key == own)
}

/// Whether an operation moves the annotation away: a move is a remove, too.
fn takes_away(operation: &Value) -> bool {
    operation.get("op").is_some_and(|op| op == "move") && is_around(&tokens(operation, "from"))
}

fn has_directive(value: &Value) -> bool {
    DIRECTIVES.iter().any(|directive| value.get(directive).is_some())
}

fn annotate(body: &mut Value, annotation: &str) {
    let mut target = body;
    for key in ["metadata", "annotations"] {
        let Some(members) = target.as_object_mut() else { return };
        target = members.entry(key).or_insert(Value::Null);
        if target.is_null() {
            *target = Value::Object(Map::new());
        }
    }
    if let Some(annotations) = target.as_object_mut() {
        annotations.insert(WRITTEN.to_owned(), annotation.into());
    }
}

fn drop_annotation(body: &mut Value) {
    let annotations = body.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    if let Some(annotations) = annotations {
        annotations.shift_remove(WRITTEN);
    }
}
