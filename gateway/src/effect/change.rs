//! What a create, update or patch would store: the difference to what is stored, as the API server
//! itself tells by a dry run.

use kguard::api::effect::{ChangeEffect, ScaleEffect};
use kguard::effect::budgets::Going;
use kguard::effect::noise::Noise;
use kguard::effect::{diff, managers, written};
use kguard::kube::request_info::Verb;
use kguard::mask::Echo;
use kguard::policy::Object;
use serde_json::Value;

use super::look::Look;
use super::{budgets, moved};
use crate::live::{Change, OTHER_OWNERS, WouldRefuse};
use crate::request::Payload;

pub(super) async fn tell(look: &Look) {
    let change = match look.live().change(&look.request, true).await {
        Ok(change) => change,
        Err(WouldRefuse(response)) => {
            moved::tell(look, &look.live().stored(&look.request.info).await);
            return look.note(format!("the API server would refuse it now: {}", response.status()));
        }
    };
    moved::tell(look, &change.old_object);
    let Some(new) = known(look, &change) else { return };
    let old = change.old_object.known();
    tell_managers(look, old.unwrap_or(new));
    tell_difference(look, &change, new).await;
    if let Some(scale) = old.and_then(|old| scale(look, old, new)) {
        let fewer = scale.from.saturating_sub(scale.to);
        look.tell(|effect| effect.scale = Some(scale));
        if let Some(going) = going(look, fewer).await {
            budgets::tell(look, &[going]).await;
        }
    }
}

/// What would be stored; what is not known is said.
fn known<'c>(look: &Look, change: &'c Change) -> Option<&'c Value> {
    if let Object::Unavailable { why } = &change.old_object {
        look.note(format!("what is stored now is not known, so all is shown as new: {why}"));
    }
    match &change.object {
        Object::Known(new) => Some(new),
        Object::Absent => None,
        Object::Unavailable { why } => {
            look.note(format!("what it would store is not known: {why}"));
            None
        }
    }
}

fn tell_managers(look: &Look, object: &Value) {
    let managed_by = look.shown(object, &Echo::None).map(|shown| managers::of(&shown));
    look.tell(|effect| effect.managed_by = managed_by.unwrap_or_default());
}

async fn tell_difference(look: &Look, change: &Change, new: &Value) {
    let (info, old) = (&look.request.info, change.old_object.known());
    let noise = Noise::between(info, old, Some(new)).of_request(info, old, new);
    let old_shown = old.map(|old| look.shown(old, &Echo::None));
    let (Some(mut new_shown), false) = (shown(look, new), old_shown == Some(None)) else {
        return look.note("kguard cannot tell what is masked of the object, so it is not shown");
    };
    let mut old_shown = old_shown.flatten();
    noise.strip(&mut new_shown);
    if let Some(old) = &mut old_shown {
        noise.strip(old);
    }
    let compare = move || diff::unified(old_shown.as_ref(), Some(&new_shown));
    match tokio::task::spawn_blocking(compare).await {
        Ok(Ok(diff)) => {
            if diff.is_empty() && change.has_other_owners() {
                look.note(format!("it {OTHER_OWNERS}"));
            }
            look.tell(|effect| effect.change = Some(ChangeEffect { diff }));
        }
        Ok(Err(error)) => look.note(error.to_string()),
        Err(_) => look.note("the difference could not be worked out"),
    }
}

/// What would be stored, without what would tell whether a value that came with the request is the
/// one that is stored.
fn shown(look: &Look, new: &Value) -> Option<Value> {
    let echo = look.matter.echo();
    let written = look.shown(new, echo)?;
    let is_secret = look.request.info.resource.as_ref().is_some_and(|of| of.resource == "secrets");
    match &look.request.payload {
        // Of Secrets it is known which values came.
        Payload::Json { value, .. } if *echo == Echo::All && !is_secret => {
            let read = look.shown(new, &Echo::None)?;
            Some(written::Forms { original: new, read: &read, written }.shown(value))
        }
        _ => Some(written),
    }
}

/// From how many to how many, where that is what changes.
fn scale(look: &Look, old: &Value, new: &Value) -> Option<ScaleEffect> {
    let replicas = |of: &Value| of.pointer("/spec/replicas").and_then(Value::as_u64);
    if look.request.info.subresource() == "scale" {
        let [from, to] = [old, new].map(|of| replicas(of).unwrap_or_default());
        return Some(ScaleEffect { from, to });
    }
    let (from, to) = (replicas(old)?, replicas(new)?);
    (from != to).then_some(ScaleEffect { from, to })
}

/// So many pods of the workload.
async fn going(look: &Look, count: u64) -> Option<Going> {
    let info = &look.request.info;
    if count == 0 || info.verb == Verb::Create {
        return None;
    }
    let path = info.path.strip_suffix("/scale").unwrap_or(&info.path);
    let workload = look.read(path, "application/json").await.ok()?;
    let labels = workload.pointer("/spec/template/metadata/labels")?.as_object()?.clone();
    let namespace = info.resource.as_ref()?.namespace.clone();
    Some(Going { namespace, labels, count })
}
