//! What is different in the object since the hold opened.

use kguard::api::effect::Moved;
use kguard::effect::{diff, noise::Noise};
use kguard::mask::Echo;
use kguard::policy::Object;
use serde_json::Value;

use super::look::Look;

/// Compares what is stored with what was stored then.
pub(super) fn tell(look: &Look, now: &Object) {
    if let Some(what) = what(look, now) {
        look.tell(|effect| effect.moved = Some(Moved { what }));
    }
}

fn what(look: &Look, now: &Object) -> Option<String> {
    let Some(then) = look.matter.object() else {
        let created = look.matter.is_absent() && now.known().is_some();
        return created.then(|| {
            "since the hold opened the object was created by somebody else, so an approval will \
             not run this\n"
                .to_owned()
        });
    };
    let now = match now {
        Object::Known(now) => now,
        Object::Absent => return Some("since the hold opened the object was deleted\n".to_owned()),
        Object::Unavailable { .. } => return None,
    };
    let text = |pointer| now.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if text("/metadata/uid") != then.uid {
        return Some(
            "since the hold opened the object was deleted and created anew, so an approval will \
             not run this\n"
                .to_owned(),
        );
    }
    if text("/metadata/resourceVersion") == then.resource_version {
        return None;
    }
    let so = if look.matter.is_held_to_version() {
        ", so an approval will not run this; the requester has to ask again"
    } else {
        ""
    };
    let Some(before) = look.matter.stored() else {
        return Some(
            "since the hold opened the object was written, and it is too large for kguard to have \
             kept it; if more than its status was changed, an approval will not run this\n"
                .to_owned(),
        );
    };
    let noise = Noise::between(&look.request.info, Some(&before), Some(now));
    let shown = |object| {
        let mut shown = look.shown(object, &Echo::None)?;
        noise.strip(&mut shown);
        Some(shown)
    };
    // What is hidden may be all that is different.
    let is_same = stripped(noise, &before) == stripped(noise, now);
    let (before, now) = (shown(&before)?, shown(now)?);
    let diff = diff::unified(Some(&before), Some(&now)).ok()?;
    (!is_same).then(|| format!("since the hold opened the object was changed{so}\n{diff}"))
}

fn stripped(noise: Noise, object: &Value) -> Value {
    let mut object = object.clone();
    noise.strip(&mut object);
    object
}
