//! Tells by the head of a response that nothing in it is masked, so that it can pass unread.
//!
//! The head and the request must agree: the request is for a resource that Kubernetes serves itself,
//! no rule is about that, and the response says that it is of that kind, in the spelling of the API
//! server's own encoder (`kind` and `apiVersion` first, without white space). Then the rest of it was
//! written by the API server as what it says: it builds such answers out of typed objects. Custom
//! resources and those of aggregated API servers are read to the end, as is everything whose head
//! says anything else: tables, errors, lists of mixed kinds.

use super::kind::GroupKind;
use super::{Context, Shape};
use crate::kube::groups;

/// What a watch event has before its object.
const EVENTS: [&str; 3] = ["ADDED", "MODIFIED", "DELETED"];

/// Whether the response that starts like this has nothing that the rules mask.
pub(super) fn is_of_nothing_masked(context: &Context, head: &[u8]) -> bool {
    let Some(requested) = context.requested.as_ref() else { return false };
    if !groups::is_built_in(&requested.api_group) || !context.rules.of_any(requested).is_empty() {
        return false;
    }
    let object = match context.shape {
        Shape::Watch => after_event(head),
        Shape::List | Shape::Object => Some(head),
    };
    let kind = object.and_then(read).and_then(|kind| match context.shape {
        Shape::List => kind.item(),
        Shape::Object | Shape::Watch => Some(kind),
    });
    kind.is_some_and(|kind| {
        let name = (requested.resource.as_str().into(), requested.api_group.as_str());
        kind.resources(None).first() == Some(&name)
    })
}

fn after_event(head: &[u8]) -> Option<&[u8]> {
    let rest = head.strip_prefix(br#"{"type":""#)?;
    let rest = EVENTS.iter().find_map(|event| rest.strip_prefix(event.as_bytes()))?;
    rest.strip_prefix(br#"","object":"#)
}

fn read(head: &[u8]) -> Option<GroupKind> {
    let (kind, rest) = word(head.strip_prefix(br#"{"kind":""#)?)?;
    let (api_version, _) = word(rest.strip_prefix(br#","apiVersion":""#)?)?;
    GroupKind::new(api_version, kind)
}

/// A text up to its closing quote; none if anything in it could mean something else.
fn word(text: &[u8]) -> Option<(&str, &[u8])> {
    let end = memchr::memchr(b'"', text)?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
    let word = text.get(..end).filter(|word| word.iter().all(is_plain))?;
    Some((std::str::from_utf8(word).ok()?, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{context, requested, rule};
    use super::*;

    fn passes(resource: (&str, &str), shape: Shape, response: &str) -> bool {
        let rules = vec![rule("secrets", &["data.*"]), rule("*.example.com", &["spec"])];
        let asked = Some(requested(resource.0, resource.1));
        let context = Context { requested: asked, ..context(rules, shape) };
        is_of_nothing_masked(&context, response.as_bytes())
    }

    #[test]
    fn what_was_asked_for_and_no_rule_means_passes() {
        let node = r#"{"kind":"Node","apiVersion":"v1","metadata":{}}"#;
        assert!(passes(("nodes", ""), Shape::Object, node));
        let leases = r#"{"kind":"LeaseList","apiVersion":"coordination.k8s.io/v1","items":[]}"#;
        assert!(passes(("leases", "coordination.k8s.io"), Shape::List, leases));
        let event = format!(r#"{{"type":"ADDED","object":{node}}}"#);
        assert!(passes(("nodes", ""), Shape::Watch, &event));
    }

    #[test]
    fn whatever_says_anything_else_is_read() {
        for head in [
            r#"{"kind":"Secret","apiVersion":"v1","#,
            r#"{"kind":"List","apiVersion":"v1","items":["#,
            r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","#,
            r#"{"kind":"Status","apiVersion":"v1","#,
            r#"{"kind":"Node","apiVersion":"example.com/v1","#,
            r#"{"kind":"N\u006fde","apiVersion":"v1","#,
            r#"{"apiVersion":"v1","kind":"Node","#,
            r#"{ "kind":"Node","apiVersion":"v1","#,
            r#"{"kind":"Node","apiVers"#,
        ] {
            assert!(!passes(("nodes", ""), Shape::Object, head), "{head}");
        }
        let secret = r#"{"kind":"Secret","apiVersion":"v1","#;
        assert!(!passes(("secrets", ""), Shape::Object, secret));
        let custom = r#"{"kind":"Widget","apiVersion":"example.org/v1","#;
        assert!(!passes(("widgets", "example.org"), Shape::Object, custom));
    }
}
