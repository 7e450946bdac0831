//! Being somebody else, or nobody: an empty `Impersonate-User` runs as the gateway itself.

use base64::Engine as _;

use super::lab::Lab;
use crate::harness::http;

const REVIEW: &str = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
const WHO: &str =
    "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json";

/// Headers by which an API server, or what stands before it, is told who is calling.
#[test]
fn no_header_makes_a_caller_somebody_else() {
    let lab = Lab::new();
    let answer = lab.unguarded(&format!("{WHO}\nImpersonate-User: root"), REVIEW);
    assert_eq!(answer.json()["status"]["userInfo"]["username"], "root");
    // `Impersonate-User` alone is the honest `--as`: it takes a policy and the cluster's RBAC.
    for headers in [
        "Impersonate-User:",
        "Impersonate-User: root\nImpersonate-User: alice",
        "Impersonate-Group: system:masters",
        "Impersonate-User: root\nImpersonate-Extra-Scopes: all",
        "impersonate-uid: 0",
        "Impersonate-Extra-Scopes: all",
        "X-Remote-User: root\nX-Remote-Group: system:masters",
        "X-Forwarded-User: root",
        "Connection: close, Impersonate-User, Impersonate-Group, Authorization",
        "Connection: close, Audit-ID\nAudit-ID: mine",
        "Forwarded: for=127.0.0.1;by=root",
    ] {
        let answer = lab.guarded(&format!("{WHO}\n{headers}"), REVIEW);
        // Refused, or done as oneself: never as another.
        if answer.status == 201 {
            let user = answer.json()["status"]["userInfo"].clone();
            assert_eq!(user["username"], "oidc:alice", "{headers}");
            assert!(!user["groups"].to_string().contains("masters"), "{headers}");
        } else {
            assert!(answer.status == 400 || answer.status == 403, "{headers}: {answer:?}");
        }
        assert!(!answer.head.contains("mine"), "{headers}");
    }
    let honest = lab.guarded(WHO, REVIEW);
    assert_eq!(honest.json()["status"]["userInfo"]["username"], "oidc:alice");
}

/// Tokens in places where only one reader looks.
#[test]
fn a_token_counts_in_one_place_only() {
    let lab = Lab::new();
    let token = &lab.alice.token;
    let protocol = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token);
    for headers in [
        String::new(),
        format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n"),
        format!("Authorization: Basic {token}\r\n"),
        "Authorization: Bearer\r\n".to_owned(),
        format!("Authorization: Bearer {token}x\r\n"),
        format!("X-Authorization: Bearer {token}\r\n"),
        format!("Cookie: token={token}\r\n"),
        format!("Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.{protocol}\r\n"),
    ] {
        let head = format!("GET /clusters/test/version HTTP/1.1\r\n{headers}");
        let answer = http::raw(&lab.gateway.url, &lab.gateway.ca, &head, "");
        assert_eq!(answer.status, 401, "{headers}");
        assert!(!answer.body.contains(token.as_str()));
    }
    assert_eq!(lab.guarded("GET /version", "").status, 200);
}
