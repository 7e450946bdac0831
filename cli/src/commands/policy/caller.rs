//! Callers as options name them.

use kguard::identity::{Caller, CallerKind};

/// Reads `user:NAME` or `workload:NAME`; none if it is neither.
pub(super) fn named(text: &str, groups: &[String]) -> Option<Caller> {
    let (kind, name) = match text.split_once(':')? {
        ("user", name) if !name.is_empty() => (CallerKind::Person, name),
        ("workload", name) if !name.is_empty() => (CallerKind::Workload, name),
        _ => return None,
    };
    let (name, groups) = (name.to_owned(), groups.to_vec());
    Some(Caller { name, groups, uid: None, kind, issuer: String::new() })
}
