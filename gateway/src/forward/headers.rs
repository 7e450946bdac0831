//! The headers of an upstream request, written from nothing: what the classifier kept, then the
//! caller's identity, then the gateway's own credential.

use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderName, UPGRADE};
use http::{HeaderMap, HeaderValue};
use kguard::identity::Caller;
use uuid::Uuid;

use crate::request::KubeRequest;

const IMPERSONATE_USER: HeaderName = HeaderName::from_static("impersonate-user");
const IMPERSONATE_GROUP: HeaderName = HeaderName::from_static("impersonate-group");
const IMPERSONATE_UID: HeaderName = HeaderName::from_static("impersonate-uid");
const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");

/// The caller has no name that the API server would impersonate, and an empty one would make the
/// request run as the gateway itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller has no name to impersonate")]
pub struct Anonymous;

/// The headers that say on whose behalf a request is sent.
pub(super) fn identity(
    caller: &Caller,
    id: Uuid,
    authorization: Option<HeaderValue>,
) -> Result<HeaderMap, Anonymous> {
    let mut headers = HeaderMap::new();
    headers.insert(IMPERSONATE_USER, name(&caller.name)?);
    for group in &caller.groups {
        headers.append(IMPERSONATE_GROUP, name(group)?);
    }
    if let Some(uid) = &caller.uid {
        headers.insert(IMPERSONATE_UID, name(uid)?);
    }
    // The API server takes this id over, so that its audit log and the trail join on it.
    headers.insert(AUDIT_ID, HeaderValue::from_str(&id.to_string()).map_err(|_| Anonymous)?);
    headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
    Ok(headers)
}

/// All headers of a client's request. `accept` replaces the client's own where answers are masked.
pub(super) fn of_request(
    request: &mut KubeRequest,
    identity: HeaderMap,
    accept: Option<HeaderValue>,
) -> HeaderMap {
    let mut headers = std::mem::take(&mut request.headers);
    // `extend` would append, and of two Accept lines the API server reads the client's own.
    if let Some(accept) = accept {
        headers.insert(ACCEPT, accept);
    }
    if let Some(Ok(media_type)) = request.payload.media_type().map(HeaderValue::from_str) {
        headers.insert(CONTENT_TYPE, media_type);
    }
    if let Some(upgrade) = &request.upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static(upgrade.protocol));
    }
    // Last, so that nothing before can have set them.
    for name in [IMPERSONATE_USER, IMPERSONATE_GROUP, IMPERSONATE_UID, AUDIT_ID, AUTHORIZATION] {
        headers.remove(name);
    }
    headers.extend(identity);
    headers
}

/// A name as a header value: UTF-8, not empty, not padded, no control characters.
fn name(text: &str) -> Result<HeaderValue, Anonymous> {
    if text.trim().is_empty() || text.trim() != text || text.chars().any(char::is_control) {
        return Err(Anonymous);
    }
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| Anonymous)
}

#[cfg(test)]
mod tests {
    use kguard::identity::CallerKind;
    use kguard::kube::request_info::{RequestInfo, Verb};
    use kguard::kube::target::Query;

    use crate::request::Payload;

    use super::*;

    fn caller(name: &str) -> Caller {
        Caller {
            name: name.into(),
            groups: vec!["oidc:dev".into(), "oidc:ops".into()],
            uid: Some("u1".into()),
            kind: CallerKind::Person,
            issuer: "https://idp".into(),
        }
    }

    #[test]
    fn a_caller_without_a_name_never_becomes_the_gateway() {
        for name in ["", " ", "alice ", "\talice", "ali\nce", "\u{a0}"] {
            assert_eq!(identity(&caller(name), Uuid::nil(), None), Err(Anonymous), "{name:?}");
        }
    }

    #[test]
    fn nothing_is_added_beside_what_the_client_sent() {
        let mut request = KubeRequest {
            id: Uuid::nil(),
            method: http::Method::GET,
            info: RequestInfo { verb: Verb::Get, path: "/version".into(), resource: None }.into(),
            query: Query::default(),
            headers: HeaderMap::new(),
            payload: Payload::Empty,
            impersonation: None,
            returns_masked: false,
            came: None,
            upgrade: None,
            room: None,
        };
        for name in [ACCEPT, AUTHORIZATION, IMPERSONATE_USER, IMPERSONATE_GROUP, AUDIT_ID] {
            request.headers.append(name, HeaderValue::from_static("theirs"));
        }
        let ours = || HeaderValue::from_static("ours");
        let identity = identity(&caller("oidc:alice"), Uuid::nil(), Some(ours())).unwrap();
        let headers = of_request(&mut request, identity, Some(ours()));
        assert!(headers.values().all(|value| value != "theirs"), "{headers:?}");
        assert_eq!(headers.get_all(ACCEPT).iter().count(), 1);
    }

    #[test]
    fn the_caller_is_impersonated_with_all_his_groups() {
        let headers = identity(&caller("oidc:älice"), Uuid::nil(), None).unwrap();
        assert_eq!(headers[IMPERSONATE_USER].as_bytes(), "oidc:älice".as_bytes());
        assert_eq!(headers.get_all(IMPERSONATE_GROUP).iter().count(), 2);
        assert_eq!(headers[IMPERSONATE_UID], "u1");
    }
}
