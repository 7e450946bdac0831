//! Persistent volumes that would be released.

use kguard::effect::volumes::released;

use super::look::{List, Look};

/// Tells of the volumes whose claims go; `goes` knows them by namespace and name.
pub(super) async fn tell(look: &Look, goes: impl Fn(&str, &str) -> bool) {
    let mut volumes = Vec::new();
    let list = List::of("/api/v1/persistentvolumes");
    let read = look.objects(&list, |volume| volumes.extend(released(volume, &goes))).await;
    match read {
        Ok(false) => {}
        Ok(true) => look.note("there may be more volumes that would be released"),
        Err(why) => look.note(format!("which volumes would be released is not known: {why}")),
    }
    if !volumes.is_empty() {
        look.tell_radius(|radius| radius.volumes = volumes);
    }
}
