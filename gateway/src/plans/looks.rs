//! What a planned write would do, as it is shown: a difference, masked by whatever is masked for
//! anybody, since it is kept and nobody knows yet who will look at it. Masked values that came with the
//! write always seem to change, as in the effect of a held request: a plan would be an oracle
//! otherwise.

use std::sync::Arc;

use kguard::api::plans::{Action, Saw};
use kguard::effect::noise::Noise;
use kguard::effect::{diff, written};
use kguard::kube::request_info::{RequestInfo, Verb};
use kguard::mask::{Echo, MaskRules, PlaceholderKey};
use kguard::policy::Object;
use serde_json::Value;

use crate::decide::{Deciding, Subject};
use crate::live::{Change, OTHER_OWNERS, lasting};
use crate::request::Payload;

/// The longest difference of one write.
const MAX_DIFF_BYTES: usize = 16 << 10;
/// Where it is cut off.
const CUT: &str = "# more is different, and not shown\n";

/// What a write does to its object, and in which way.
pub(super) fn effect(
    change: &Change,
    subject: &Subject,
    deciding: &Deciding<'_>,
) -> (Action, String) {
    let info = &subject.request().info;
    let action = match info.verb {
        Verb::Delete => Action::Delete,
        _ if change.creates == Some(true) || info.creates_object() => Action::Create,
        _ => Action::Change,
    };
    // What stands in the body of an eviction and the like is no object.
    if info.verb == Verb::Create && !info.creates_object() {
        return (action, String::new());
    }
    let Some((old, new)) = sides(change, subject, deciding) else {
        return (
            action,
            "# kguard cannot tell what is masked here, so it is not shown\n".to_owned(),
        );
    };
    let is_same = action == Action::Change && old.is_some() && old == new;
    if is_same && change.has_other_owners() {
        return (action, format!("# it {OTHER_OWNERS}\n"));
    }
    let action = if is_same { Action::Nothing } else { action };
    let diff = diff::unified(old.as_ref(), new.as_ref()).map(shortened);
    (action, diff.unwrap_or_else(|error| format!("# {error}\n")))
}

/// Why the effect of a write is not known, though the API server takes it.
pub(super) fn unknown(change: &Change) -> Option<&str> {
    [&change.object, &change.old_object].into_iter().find_map(|side| match side {
        Object::Unavailable { why } => Some(why.as_str()),
        Object::Absent | Object::Known(_) => None,
    })
}

/// The object that a write finds, which it is bound to. A create is refused by the API server itself
/// if there is one.
pub(super) fn saw(
    request: &RequestInfo,
    stored: Option<&Value>,
    key: &PlaceholderKey,
) -> Option<Saw> {
    if request.verb == Verb::Create {
        return None;
    }
    let uid = stored.and_then(|object| object.pointer("/metadata/uid")?.as_str());
    let text = stored.map(|object| lasting(object, request).to_string());
    let digest = text.map(|text| key.digest(text.as_bytes()));
    Some(Saw { uid: uid.map(str::to_owned), digest })
}

/// Both sides of a change as they are shown.
fn sides(
    change: &Change,
    subject: &Subject,
    deciding: &Deciding<'_>,
) -> Option<(Option<Value>, Option<Value>)> {
    let cluster = deciding.cluster.name();
    let mut rules = deciding.policies.mask_rules_for_anybody(cluster);
    rules.rules.extend(subject.masks().rules.iter().cloned());
    let shower = Shower { rules: Arc::new(rules), subject, key: deciding.placeholders, cluster };
    let (old, new) = (change.old_object.known(), change.object.known());
    let info = &subject.request().info;
    let noise = Noise::between(info, old, new);
    let noise = new.map_or(noise, |new| noise.of_request(info, old, new));
    let stripped = |object: Option<Value>| {
        object.map(|mut object| {
            noise.strip(&mut object);
            object
        })
    };
    let old = old.map(|old| shower.shown(old, &Echo::None).ok_or(())).transpose();
    let new = new.map(|new| shower.written(new).ok_or(())).transpose();
    Some((stripped(old.ok()?), stripped(new.ok()?)))
}

/// Masks what is shown of one write.
struct Shower<'a> {
    rules: Arc<MaskRules>,
    subject: &'a Subject,
    key: &'a PlaceholderKey,
    cluster: &'a str,
}

impl Shower<'_> {
    fn shown(&self, object: &Value, echo: &Echo) -> Option<Value> {
        let placeholders = self.key.placeholders(self.cluster, echo.clone());
        let requested = self.subject.request().info.resource.as_ref();
        self.rules.shown(object, requested, placeholders).ok()
    }

    /// What would be stored, without what would tell whether a value that came with the request is
    /// the one that is stored.
    fn written(&self, new: &Value) -> Option<Value> {
        let (echo, request) = (self.subject.echo(), self.subject.request());
        let written = self.shown(new, echo)?;
        // Of Secrets it is known which values came.
        let is_secret = request.info.resource.as_ref().is_some_and(|of| of.resource == "secrets");
        match &request.payload {
            Payload::Json { value, .. } if *echo == Echo::All && !is_secret => {
                let read = self.shown(new, &Echo::None)?;
                Some(written::Forms { original: new, read: &read, written }.shown(value))
            }
            _ => Some(written),
        }
    }
}

/// Whether a difference is not all there: nobody has approved what he was not shown.
pub(super) fn is_cut(diff: &str) -> bool {
    diff.ends_with(CUT)
}

fn shortened(mut diff: String) -> String {
    if diff.len() > MAX_DIFF_BYTES {
        let mut end = MAX_DIFF_BYTES - CUT.len();
        while !diff.is_char_boundary(end) {
            end -= 1;
        }
        diff.truncate(end);
        if let Some(line) = diff.rfind('\n') {
            diff.truncate(line + 1);
        }
        diff.push_str(CUT);
    }
    diff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_difference_is_cut_off_between_lines() {
        let long = "+ ä line that is not short\n".repeat(2000);
        let cut = shortened(long);
        assert!(cut.len() <= MAX_DIFF_BYTES && cut.ends_with(CUT));
        assert!(cut.lines().all(|line| line.ends_with("short") || line.starts_with('#')));
        assert!(is_cut(&cut) && !is_cut("+a\n"));
        assert_eq!(shortened("+a\n".to_owned()), "+a\n");
    }
}
