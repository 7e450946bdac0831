//! Writes to a Secret whose values are masked: whether what is written is what is there already must
//! make no difference that shows.
//!
//! - Of an immutable one, the API server lets pass what changes nothing. Here nothing that was
//!   written passes.
//! - Server-side apply has no conflict over a field that stays as it is. Here it always has one.
//! - What changes nothing is not stored, and `resourceVersion` stays. Here the salts of
//!   [`Salts`](super::super::written) change with every write, so that there is something to store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::written::{Salts, WRITTEN};
use super::{Echo, Form, Incoming, LAST_APPLIED, Unwritable, Written, identity};
use crate::kube::json_patch::tokens;

/// Where the annotation stands.
const OWN: [&str; 3] = ["metadata", "annotations", WRITTEN];
const ANNOTATIONS: [&str; 2] = ["metadata", "annotations"];

/// Directives of a strategic merge patch that say what becomes of all members of an object.
const DIRECTIVES: [&str; 2] = ["$patch", "$retainKeys"];

/// Closes what would tell stored values; whether that holds for the live version alone.
pub(super) fn guard(
    incoming: &Incoming<'_>,
    body: &mut Value,
    written: &[Written],
) -> Result<bool, Unwritable> {
    let Some(live) = incoming.live else { return Ok(false) };
    let kept = Kept::of(live);
    let written: Vec<_> = written.iter().filter(|written| kept.may_tell(written)).collect();
    let is_immutable = live.get("immutable") == Some(&Value::Bool(true));
    if is_immutable && written.iter().any(|written| !written.place.applied) {
        return Err(Unwritable::Immutable);
    }
    if let Form::Apply { manager, force: false } = incoming.form {
        let fields: Vec<_> =
            written.iter().flat_map(|it| managed_by_others(live, manager, it)).collect();
        if !fields.is_empty() {
            return Err(Unwritable::Conflict { fields });
        }
    }
    Keeping::of(incoming, &kept, &written).within(body)
}

/// Values that came in the clear came from the caller; whatever he is shown of them is a constant.
pub(super) fn echo(written: &[Written]) -> Echo {
    let mut keys = BTreeSet::new();
    for Written { place, .. } in written.iter().filter(|it| !it.moved && !it.place.applied) {
        match place.secret_key() {
            Some((_, key)) => keys.insert(key),
            None => return Echo::All,
        };
    }
    if keys.is_empty() { Echo::None } else { Echo::Keys(Arc::new(keys)) }
}

/// What a salt is kept under: the key of a value, or the annotation for what it holds.
fn salted(written: &Written) -> String {
    match written.place.secret_key() {
        Some((_, key)) if !written.place.applied => key,
        _ => LAST_APPLIED.to_owned(),
    }
}

/// Who else manages what is written, and which field that is. `stringData` is managed by nobody, as
/// nothing stores it.
fn managed_by_others(live: &Value, manager: &str, written: &Written) -> Vec<(String, String)> {
    let (path, field) = match written.place.secret_key() {
        _ if written.place.applied => (
            vec!["metadata", "annotations", LAST_APPLIED],
            format!(".metadata.annotations.{LAST_APPLIED}"),
        ),
        Some(("data", ref key)) => {
            return owners(live, manager, &["data", key], &format!(".data.{key}"));
        }
        _ => return Vec::new(),
    };
    owners(live, manager, &path, &field)
}

fn owners(live: &Value, manager: &str, path: &[&str], field: &str) -> Vec<(String, String)> {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let is_own = |entry: &Value| {
        text(entry, "manager").as_deref() == Some(manager)
            && text(entry, "operation").as_deref() == Some("Apply")
    };
    let manages = |entry: &Value| {
        let fields = entry.get("fieldsV1");
        path.iter().try_fold(fields?, |fields, key| fields.get(format!("f:{key}"))).map(|_| ())
    };
    let others = entries.into_iter().flatten().filter(|entry| !is_own(entry));
    let others = others.filter(|entry| manages(entry).is_some());
    others.map(|entry| (text(entry, "manager").unwrap_or_default(), field.to_owned())).collect()
}

/// The API server's words (k8s.io/apimachinery `pkg/api/errors`, structured-merge-diff `merge`).
pub(super) fn conflict_message(fields: &[(String, String)]) -> String {
    let plural = if fields.len() == 1 { "" } else { "s" };
    let with: Vec<_> = fields
        .iter()
        .map(|(manager, field)| format!("conflict with {manager:?}: {field}"))
        .collect();
    format!("Apply failed with {} conflict{plural}: {}", fields.len(), with.join("\n"))
}

/// What the live object has of it.
struct Kept<'a> {
    live: &'a Value,
    text: Option<&'a str>,
    salts: BTreeMap<String, String>,
}

impl<'a> Kept<'a> {
    fn of(live: &'a Value) -> Self {
        let text = live.pointer("/metadata/annotations").and_then(|all| all.get(WRITTEN)?.as_str());
        let salts = match text.map(Salts::parse) {
            Some(Salts::Keys(salts)) => salts,
            _ => BTreeMap::new(),
        };
        Self { live, text, salts }
    }

    /// Whether it may tell something that this was what is there already.
    ///
    /// A file that was read masked and is applied again brings the live values into the annotation,
    /// where they mostly are: no write may come of that. It tells whether both are the same, which
    /// is no news unless the caller had his hand in one of them.
    fn may_tell(&self, written: &Written) -> bool {
        let place = &written.place;
        let key = place.secret_key().map(|(_, key)| key);
        !(written.moved && place.applied)
            || self.salts.contains_key(LAST_APPLIED)
            || key.is_none_or(|key| self.salts.contains_key(&key))
    }
}

/// What has to stand in the annotation afterwards.
struct Keeping<'a> {
    form: Form<'a>,
    live: &'a Value,
    /// None if it is not needed.
    annotation: Option<String>,
    /// Whether it is another one than before.
    is_new: bool,
}

impl<'a> Keeping<'a> {
    fn of(incoming: &Incoming<'a>, kept: &Kept<'a>, written: &[&Written]) -> Self {
        let (form, live) = (incoming.form, kept.live);
        // Not bound to a version, so that it may come after what it does not know of: no salt of
        // before may stay, nor may another such write make the same.
        let nonce = match (incoming.is_mirrored(), kept.text) {
            (true, Some(_)) => nonce(),
            _ => String::new(),
        };
        if written.is_empty() && nonce.is_empty() {
            return Self { form, live, annotation: kept.text.map(str::to_owned), is_new: false };
        }
        let mut salts = kept.salts.clone();
        let version = live.pointer("/metadata/resourceVersion").and_then(Value::as_str);
        let (identity, version) = (identity(live), version.unwrap_or_default());
        for (key, salt) in &mut salts {
            if !nonce.is_empty() {
                *salt = incoming.placeholders.salt(&[&identity, version, "kept", key, &nonce]);
            }
        }
        for written in written {
            // What was moved has a salt of its own kind, or it could be told from one whether the
            // same value given in the clear is the same.
            let kind = if written.moved { "moved" } else { "given" };
            let (key, place) = (salted(written), written.place.to_string());
            let before = salts.get(&key).cloned().unwrap_or_default();
            let of = [&identity, version, kind, &place, &written.given, &before];
            let salt = incoming.placeholders.salt(&of);
            salts.insert(key, salt);
        }
        Self { form, live, annotation: Some(json!(salts).to_string()), is_new: true }
    }

    /// Has the body keep it, and answers whether the body says anything about it now.
    fn within(&self, body: &mut Value) -> Result<bool, Unwritable> {
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

/// Whether the annotation is at a place or within it.
fn is_around(place: &[String]) -> bool {
    place.len() <= OWN.len() && place.iter().zip(OWN).all(|(key, own)| key == own)
}

/// Whether an operation moves the annotation away: a move is a remove, too.
fn takes_away(operation: &Value) -> bool {
    operation.get("op").is_some_and(|op| op == "move") && is_around(&tokens(operation, "from"))
}

fn nonce() -> String {
    uuid::Uuid::new_v4().to_string()
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
