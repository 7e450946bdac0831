//! Helm releases: an archive of manifests and values in one field of a Secret or a ConfigMap.
//!
//! A release is base64 of gzip of JSON (helm `pkg/storage/driver/util.go`), in Secrets in base64 once
//! more. A placeholder instead of it would be nothing that helm can read. So it is opened: every
//! manifest in it is masked as the object that it is, the values that somebody gave are hidden, and so
//! is whatever was found that way wherever else it stands. Then it is closed again, always to the
//! same bytes.
//!
//! On the way back each text that is as it was shown becomes again what it was. So `helm upgrade` can
//! mark the release before as superseded, while no placeholder gets into a release.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use serde_json::Value;

use super::incoming::difference;
use super::members::Members;
use super::placeholder::{ObjectPlaceholders, contains_placeholder};
use super::text::{KnownValue, TextPlan, TextRule, TextRules};
use super::{Context, MaskError, Shape};
use crate::kube::request_info::ResourceInfo;
use crate::kube::strict_yaml;

/// The type of the Secrets that releases are kept in.
const SECRET_TYPE: &str = "helm.sh/release.v1";
/// The key under which the release is.
pub(super) const KEY: &str = "release";
/// The largest release, opened. An object of the API server is smaller, but compressed.
const MAX_RELEASE_BYTES: u64 = 16 << 20;
/// What begins a gzip file. helm takes what does not begin so as JSON.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
/// What stands for a manifest that cannot be read.
const WITHHELD: &str = "# withheld by kguard: what stands here cannot be read\n";

/// What masking of text puts in the place of what is hidden in manifests.
const NAMED: &str = "[masked:helm/release]";
/// What stands there instead.
const ELSEWHERE: &str = "kguard:masked:v1:as-in-the-manifests";

/// How releases are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HelmMode {
    /// As any value: helm cannot read it.
    Deny,
    /// As it is.
    Raw,
    /// Opened, masked, closed.
    #[default]
    View,
}

/// In what a release is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper {
    ConfigMap,
    Secret,
}

impl Keeper {
    /// Of an object that keeps a release, if it is one.
    pub(super) fn of(
        (is_secret, is_config_map): (bool, bool),
        object: &Members<'_>,
        metadata: Option<&Members<'_>>,
    ) -> Result<Option<Self>, MaskError> {
        if is_secret && object.string("type").as_deref() == Some(SECRET_TYPE) {
            return Ok(Some(Self::Secret));
        }
        let labels = metadata.map(|metadata| metadata.object("labels")).transpose()?.flatten();
        let owner = labels.and_then(|labels| labels.string("owner"));
        Ok((is_config_map && owner.as_deref() == Some("helm")).then_some(Self::ConfigMap))
    }

    /// The same of an object of this resource, which need not say what kind it is.
    pub(super) fn of_value(resource: &ResourceInfo, object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        match (resource.resource.as_str(), resource.api_group.as_str()) {
            ("secrets", "") if text("/type") == Some(SECRET_TYPE) => Some(Self::Secret),
            ("configmaps", "") if text("/metadata/labels/owner") == Some("helm") => {
                Some(Self::ConfigMap)
            }
            _ => None,
        }
    }
}

/// The release that an object keeps, opened; none if it keeps none that can be read.
pub fn release_of(resource: &ResourceInfo, object: &Value) -> Option<Value> {
    let keeper = Keeper::of_value(resource, object)?;
    open(keeper, object.get("data")?.get(KEY)?.as_str()?)
}

/// Opens a release; none if it is none.
pub(super) fn open(keeper: Keeper, text: &str) -> Option<Value> {
    let decode = |text: &[u8]| STANDARD.decode(text).ok();
    let mut bytes = decode(text.as_bytes())?;
    if keeper == Keeper::Secret {
        bytes = decode(&bytes)?;
    }
    if !bytes.starts_with(&GZIP) {
        return serde_json::from_slice(&bytes).ok();
    }
    let mut opened = Vec::new();
    let mut archive = GzDecoder::new(bytes.as_slice()).take(MAX_RELEASE_BYTES + 1);
    archive.read_to_end(&mut opened).ok()?;
    let fits = opened.len() as u64 <= MAX_RELEASE_BYTES;
    serde_json::from_slice(&opened).ok().filter(|release: &Value| fits && release.is_object())
}

/// Closes a release, to the same bytes whenever it is the same.
pub(super) fn close(keeper: Keeper, release: &Value) -> Option<String> {
    let mut archive = GzBuilder::new().write(Vec::new(), Compression::default());
    archive.write_all(release.to_string().as_bytes()).ok()?;
    let text = STANDARD.encode(archive.finish().ok()?);
    Some(if keeper == Keeper::Secret { STANDARD.encode(text) } else { text })
}

/// A release as it is shown: by the rules of `context`, with placeholders of the object that keeps it.
pub(super) fn view(
    release: &Value,
    context: &Context,
    (placeholders, salt): (&ObjectPlaceholders, &str),
) -> Value {
    let mut viewing = Viewing { context: inner(context, placeholders, salt), known: Vec::new() };
    let mut shown = release.clone();
    if let Some(manifest) = shown.get_mut("manifest") {
        viewing.manifests(manifest);
    }
    for hook in shown.get_mut("hooks").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(manifest) = hook.get_mut("manifest") {
            viewing.manifests(manifest);
        }
    }
    if let Some(config) = shown.get_mut("config") {
        let place = vec![KEY.to_owned(), "config".to_owned()];
        Hiding { placeholders, salt, place }.leaves(config);
    }
    let rule = TextRule { known_secrets: true, ..TextRule::default() };
    let plan = Arc::new(TextRules::new([rule]).compile(&viewing.known));
    hide_known(&mut shown, &plan);
    shown
}

/// What was read of a release and is written becomes again what it was; none if a placeholder is
/// left.
pub(super) fn restore(written: &Value, shown: &Value, stored: &Value) -> Option<Value> {
    let mut restored = written.clone();
    put_back(&mut restored, shown, stored);
    (!contains_placeholder(restored.to_string().as_bytes())).then_some(restored)
}

fn put_back(written: &mut Value, shown: &Value, stored: &Value) {
    if written == shown {
        *written = stored.clone();
        return;
    }
    match (written, shown, stored) {
        (Value::Object(written), Value::Object(shown), Value::Object(stored)) => {
            for (key, written) in written {
                if let (Some(shown), Some(stored)) = (shown.get(key), stored.get(key)) {
                    put_back(written, shown, stored);
                }
            }
        }
        (Value::Array(written), Value::Array(shown), Value::Array(stored)) => {
            for ((written, shown), stored) in written.iter_mut().zip(shown).zip(stored) {
                put_back(written, shown, stored);
            }
        }
        _ => {}
    }
}

/// The manifests are objects of whatever kind, without a uid of their own.
fn inner(context: &Context, placeholders: &ObjectPlaceholders, salt: &str) -> Context {
    Context {
        shape: Shape::Object,
        requested: None,
        placeholders: context.placeholders.within(placeholders, (KEY, salt)),
        ..context.clone()
    }
}

struct Viewing {
    context: Context,
    /// What was hidden in manifests.
    known: Vec<KnownValue>,
}

impl Viewing {
    fn manifests(&mut self, text: &mut Value) {
        let Some(all) = text.as_str() else { return };
        let shown: Vec<_> = all.split("\n---").map(|document| self.manifest(document)).collect();
        *text = shown.join("\n---").into();
    }

    /// One document, as it is spelled if nothing in it is hidden.
    fn manifest(&mut self, document: &str) -> String {
        let Ok(object) = strict_yaml::parse(document.as_bytes()) else {
            return format!("\n{WITHHELD}");
        };
        if object.is_null() {
            return document.to_owned();
        }
        let hidden = difference::hidden(self.context.clone(), &object);
        let masked = difference::masked(self.context.clone(), &object);
        let (Ok(hidden), Ok(masked)) = (hidden, masked) else {
            return format!("\n{WITHHELD}");
        };
        if hidden.is_empty() {
            return document.to_owned();
        }
        self.known.extend(hidden.iter().flat_map(|hidden| known(&hidden.original)));
        // Where the document is from.
        let comments = document.lines().take_while(|line| line.is_empty() || line.starts_with('#'));
        let mut shown: String = comments.flat_map(|line| [line, "\n"]).collect();
        shown += &serde_json::to_string_pretty(&masked).unwrap_or_default();
        shown.push('\n');
        shown
    }
}

/// What is looked for in the rest of the release: a value as it stands there, and what that is base64
/// of, if it is.
fn known(original: &Value) -> Vec<KnownValue> {
    let Some(text) = original.as_str() else { return Vec::new() };
    let decoded = STANDARD.decode(text).ok();
    let values = [Some(text.as_bytes().to_vec()), decoded].into_iter().flatten();
    let known = |value| KnownValue { secret: "helm".to_owned(), key: KEY.to_owned(), value };
    values.map(known).collect()
}

/// Hides the values that users gave: they are full of secrets.
struct Hiding<'a> {
    placeholders: &'a ObjectPlaceholders,
    salt: &'a str,
    place: Vec<String>,
}

impl Hiding<'_> {
    fn leaves(&mut self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    self.below(key.clone(), value);
                }
            }
            Value::Array(elements) => {
                for (index, value) in elements.iter_mut().enumerate() {
                    self.below(index.to_string(), value);
                }
            }
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            leaf => {
                let place = self.place.iter().map(String::as_str);
                let text = leaf.to_string();
                let shown = self.placeholders.live((place, Some(KEY)), self.salt, text.as_bytes());
                *leaf = shown.into();
            }
        }
    }

    fn below(&mut self, key: String, value: &mut Value) {
        self.place.push(key);
        self.leaves(value);
        self.place.pop();
    }
}

/// Hides what is known by now in all texts.
fn hide_known(value: &mut Value, plan: &Arc<TextPlan>) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| hide_known(value, plan)),
        Value::Array(elements) => elements.iter_mut().for_each(|value| hide_known(value, plan)),
        Value::String(text) => {
            let (shown, report) = plan.mask_str(text);
            if !report.masked.is_empty() {
                // Which in YAML is a text, and none that could come back unnoticed.
                *text = shown.replace(NAMED, ELSEWHERE);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
