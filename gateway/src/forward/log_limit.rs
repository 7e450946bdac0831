//! `limitBytes` of a log. Where the log is masked it is the gateway that keeps it, and counts what it
//! sends: the API server would cut what is not masked yet, in the middle of a value, and the half of
//! one that is left is not known for what it is.

use crate::decide::Shown;
use crate::request::KubeRequest;

const LIMIT: &str = "limitBytes";

/// Takes the limit out of a request for a log that is masked. One that the API server does not take
/// stays, for it to say so: it reads it with Go's `ParseInt`, which is as strict as Rust's, and wants it
/// positive (k8s.io/kubernetes `pkg/apis/core/validation`, `ValidatePodLogOptions`). A second one has
/// been refused before.
pub(super) fn take(request: &mut KubeRequest, shown: &Shown) -> Option<usize> {
    if shown.text.is_none() || request.info.subresource() != "log" {
        return None;
    }
    let limit = request.query.first(LIMIT)?.parse::<i64>().ok().filter(|limit| *limit > 0)?;
    request.query = request.query.without(&[LIMIT]);
    // More than there can be is no limit.
    Some(usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::{HeaderMap, Method};
    use kguard::kube::request_info::RequestInfo;
    use kguard::kube::target::Target;
    use kguard::mask::{Echo, TextRules};
    use uuid::Uuid;

    use super::*;
    use crate::request::Payload;

    fn taken(subresource: &str, query: &str) -> (Option<usize>, String) {
        let path = format!("/api/v1/namespaces/n/pods/p/{subresource}");
        let target = Target::parse(&path, Some(query)).unwrap();
        let info = RequestInfo::read(&Method::GET, &target).unwrap();
        let mut request = KubeRequest {
            id: Uuid::nil(),
            method: Method::GET,
            info: Arc::new(info),
            query: target.query().clone(),
            headers: HeaderMap::new(),
            payload: Payload::Empty,
            impersonation: None,
            returns_masked: false,
            came: None,
            upgrade: None,
            room: None,
        };
        let text = Some(Arc::new(TextRules::default().compile(&[])));
        let shown = Shown { masks: Arc::default(), echo: Echo::None, text };
        (take(&mut request, &shown), request.query.encode())
    }

    #[test]
    fn the_api_server_is_not_told_a_limit_that_the_gateway_keeps() {
        for (query, limit, left) in [
            ("limitBytes=18", Some(18), ""),
            ("follow=true&limitBytes=%2B18&tailLines=1", Some(18), "follow=true&tailLines=1"),
            ("limitBytes=9223372036854775807", usize::try_from(i64::MAX).ok(), ""),
            // The API server refuses these.
            ("limitBytes=0", None, "limitBytes=0"),
            ("limitBytes=-1", None, "limitBytes=-1"),
            ("limitBytes=", None, "limitBytes="),
            ("limitBytes=1e3", None, "limitBytes=1e3"),
            ("limitBytes=9223372036854775808", None, "limitBytes=9223372036854775808"),
            // Another parameter.
            ("limitbytes=7", None, "limitbytes=7"),
        ] {
            assert_eq!(taken("log", query), (limit, left.to_owned()), "{query}");
        }
        assert_eq!(taken("exec", "limitBytes=7"), (None, "limitBytes=7".to_owned()));
    }
}
