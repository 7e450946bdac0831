//! Which kinds of objects the cluster keeps.

use kguard::effect::discovery::{self, Listable};

use super::look::Look;

/// All kinds, or none and a note if the cluster does not tell.
pub(super) async fn all(look: &Look) -> Vec<Listable> {
    let (core, groups) =
        tokio::join!(look.read("/api", discovery::ACCEPT), look.read("/apis", discovery::ACCEPT));
    let kinds = |document: &Result<_, _>| document.as_ref().ok().and_then(discovery::listable);
    if let (Some(mut core), Some(groups)) = (kinds(&core), kinds(&groups)) {
        core.extend(groups);
        return core;
    }
    look.note("the cluster does not tell which kinds it has, so nothing could be counted");
    Vec::new()
}

/// Says of which kinds nothing could be found out.
pub(super) fn note_unread(look: &Look, mut unread: Vec<String>) {
    if unread.is_empty() {
        return;
    }
    unread.sort_unstable();
    let some: Vec<_> = unread.iter().take(5).map(String::as_str).collect();
    let more = if unread.len() > some.len() { " and others" } else { "" };
    let some = some.join(", ");
    look.note(format!(
        "not counted, as the requester may not list them or they failed: {some}{more}"
    ));
}
