use http::Request;
use http_body_util::Full;
use hyper::body::SizeHint;
use serde_json::json;

use serde_json::Value;

use super::*;

async fn classify(
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<KubeRequest, Unclassified> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let path = parts.uri.path().to_owned();
    let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
    head(parts, &path)?.with_body(Uuid::nil(), body).await
}

const POD: &str = "/api/v1/namespaces/n/pods/p";
const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn headers_that_carry_identity_are_never_kept() {
    let smuggled = [
        ("authorization", "Bearer x"),
        ("x-remote-user", "admin"),
        ("x-remote-group", "system:masters"),
        ("x-forwarded-for", "1.2.3.4"),
        ("x_remote_user", "admin"),
        ("x-forwarded_user", "admin"),
        ("impersonate_user", "admin"),
        ("audit-id", "x"),
        ("connection", "x-nominated"),
        ("x-nominated", "x"),
        ("x-http-method-override", "DELETE"),
        ("cookie", "a=b"),
    ];
    let request = classify("GET", POD, &smuggled, "").await.unwrap();
    assert!(request.headers.is_empty(), "{:?}", request.headers);
    let request = classify("GET", &format!("{POD}/proxy/"), &smuggled, "").await.unwrap();
    let kept: Vec<_> = request.headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(kept, ["cookie"]);
}

#[tokio::test]
async fn who_asks_to_be_somebody_else_is_never_run_as_himself() {
    for name in ["Impersonate-Group", "impersonate-uid", "impersonate-extra-a", "impersonate-x"] {
        for target in [POD.to_owned(), format!("{POD}/proxy/"), "/version".to_owned()] {
            let result = classify("GET", &target, &[(name, "admin")], "").await;
            assert!(matches!(result, Err(Unclassified::Impersonation(_))), "{name} {target}");
        }
    }
    for target in [POD.to_owned(), format!("{POD}/proxy/"), "/version".to_owned()] {
        let request = classify("GET", &target, &[("impersonate-user", "bob")], "").await.unwrap();
        assert_eq!(request.impersonation.unwrap().user, "bob", "{target}");
        assert!(request.headers.is_empty(), "{:?}", request.headers);
    }
}

#[tokio::test]
async fn only_the_first_accept_line_counts() {
    let accept = [("accept", "application/json"), ("accept", "application/yaml")];
    let request = classify("GET", POD, &accept, "").await.unwrap();
    assert_eq!(request.headers.get_all(ACCEPT).iter().count(), 1);
    assert_eq!(request.headers[ACCEPT], "application/json");
}

#[tokio::test]
async fn delete_options_come_from_where_the_server_takes_them() {
    let query = format!("{POD}?dryRun=All&pretty=1");
    let request = classify("DELETE", &query, &[JSON], "{}").await.unwrap();
    let body: Value = serde_json::from_slice(&request.payload.to_bytes()).unwrap();
    assert_eq!(body.get("dryRun"), None, "a body makes the server ignore the query");
    assert_eq!(request.query.encode(), "pretty=1");

    let request = classify("DELETE", &query, &[], "").await.unwrap();
    let body: Value = serde_json::from_slice(&request.payload.to_bytes()).unwrap();
    assert_eq!(body["dryRun"], json!(["All"]));
}

#[tokio::test]
async fn the_type_of_an_object_may_be_in_any_case() {
    let json = ("content-type", "Application/JSON; charset=UTF-8");
    let request = classify("POST", "/api/v1/namespaces/n/pods", &[json], "{}").await.unwrap();
    assert_eq!(request.payload.media_type(), Some("application/json"));
}

#[tokio::test]
async fn an_exec_may_be_of_several_lines() {
    let target = format!("{POD}/exec?command=sh&command=-c&command=a%0Ab%09c");
    let request = classify("POST", &target, &[], "").await.unwrap();
    assert_eq!(request.query.encode(), "command=sh&command=-c&command=a%0Ab%09c");
}

#[tokio::test]
async fn yaml_is_sent_on_as_the_json_that_was_read() {
    let yaml = ("content-type", "application/yaml");
    let body = "kind: Pod\nspec: {a: [1, yes]}\n";
    let request = classify("POST", "/api/v1/namespaces/n/pods", &[yaml], body).await.unwrap();
    assert_eq!(request.payload.media_type(), Some("application/json"));
    let Payload::Json { value, .. } = &request.payload else { panic!("not JSON") };
    assert_eq!(value["spec"]["a"][0], json!(1));
}

#[tokio::test]
async fn bodies_with_two_readings_are_refused() {
    let yaml = ("content-type", "application/yaml");
    let apply = ("content-type", "application/apply-patch+yaml");
    let merge = ("content-type", "application/merge-patch+json");
    let json_patch = ("content-type", JSON_PATCH);
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    for (method, content_type, body) in [
        ("PUT", JSON, r#"{"a":1,"a":2}"#),
        ("PUT", JSON, "{} {}"),
        ("PUT", yaml, "a: 1\na: 2\n"),
        ("PUT", yaml, bomb),
        ("PATCH", merge, r#"{"data":{},"data":{}}"#),
        ("PATCH", apply, "a: 1\na: 2\n"),
        ("PATCH", json_patch, r#"[{"op":"remove","path":"x/metadata"}]"#),
        ("PATCH", json_patch, r#"[{"op":"move","from":"metadata/a","path":"/a"}]"#),
        ("PATCH", JSON, "{}"),
        ("PATCH", ("content-type", "application/merge-patch+json2"), "{}"),
        ("PUT", ("content-type", "application/cbor"), "x"),
        ("PUT", ("content-type", "text/plain"), "{}"),
        ("DELETE", JSON, r#"{"dryRun":["All"],"dryRun":[]}"#),
        ("DELETE", JSON, "[]"),
    ] {
        let result = classify(method, POD, &[content_type], body).await;
        assert!(result.is_err(), "{method} {content_type:?} {body}");
    }
}

#[tokio::test]
async fn a_masked_value_that_comes_back_is_noticed_however_it_is_spelled() {
    const SECRET: &str = "/api/v1/namespaces/n/secrets/s";
    let yaml = ("content-type", "application/yaml");
    for (content_type, value, returns) in [
        (JSON, "kguard:masked:v1:AAAA", true),
        (JSON, "\\u006bguard:masked:v1:AAAA", true),
        (yaml, "kguard:masked:v1:AAAA", true),
        (yaml, "\\x6bguard:masked:v1:AAAA", true),
        (yaml, "unmasked", false),
    ] {
        let body = format!(r#"{{"data":{{"a":"{value}"}}}}"#);
        let request = classify("PUT", SECRET, &[content_type], &body).await.unwrap();
        assert_eq!(request.returns_masked, returns, "{content_type:?} {value}");
    }
}

#[tokio::test]
async fn a_masked_value_is_refused_where_nothing_can_put_it_back() {
    let protobuf = ("content-type", "application/vnd.kubernetes.protobuf");
    for (method, path, content_type, body) in [
        ("PUT", POD, protobuf, "k8s\0kguard:masked:v1:AAAA"),
        ("DELETE", POD, JSON, r#"{"preconditions":{"uid":"kguard:masked:v1:AAAA"}}"#),
        ("POST", "/api/v1/namespaces/n/services/s/proxy/x", JSON, "kguard:masked:v1:AAAA"),
        ("GET", POD, JSON, "kguard:masked:v1:AAAA"),
    ] {
        let result = classify(method, path, &[content_type], body).await;
        assert!(matches!(result, Err(Unclassified::Placeholder)), "{method} {path}");
    }
}

#[tokio::test]
async fn upgrades_are_for_streams_alone() {
    for (target, headers) in [
        ("/api/v1/pods?watch=1", vec![("connection", "Upgrade"), ("upgrade", "websocket")]),
        ("/api/v1/pods", vec![("connection", "Upgrade"), ("upgrade", "websocket")]),
        ("/api/v1/pods?watch=1", vec![("connection", "x-upgradex")]),
        ("/api/v1/namespaces/n/pods/p/log", vec![("upgrade", "websocket")]),
        ("/api/v1/namespaces/n/pods/p/proxy/", vec![("connection", "upgrade"), ("upgrade", "h2c")]),
        ("/api/v1/namespaces/n/pods/p/exec", vec![("connection", "upgrade"), ("upgrade", "h2c")]),
    ] {
        let result = classify("GET", target, &headers, "").await;
        assert!(matches!(result, Err(Unclassified::Upgrade)), "{target} {headers:?}");
    }
}

#[test]
fn a_bearer_among_the_subprotocols_is_taken_out() {
    let bearer = "base64url.bearer.authorization.k8s.io.dG9rZW4";
    for (value, kept) in [
        ("v5.channel.k8s.io".to_owned(), Some("v5.channel.k8s.io")),
        (format!("{bearer}, v5.channel.k8s.io"), Some("v5.channel.k8s.io")),
        (format!("v4.channel.k8s.io,{bearer}"), Some("v4.channel.k8s.io")),
        ("v4.base64.channel.k8s.io".to_owned(), Some("v4.base64.channel.k8s.io")),
        (bearer.to_owned(), None),
    ] {
        let value = value.parse().unwrap();
        assert_eq!(without_bearer(&value), kept.map(|kept| kept.parse().unwrap()));
    }
}

#[test]
fn a_watch_is_told_in_no_base64() {
    let offered = "base64.binary.k8s.io, binary.k8s.io".parse().unwrap();
    assert_eq!(in_plain_text(&offered), Some("binary.k8s.io".parse().unwrap()));
    assert_eq!(in_plain_text(&"base64.binary.k8s.io".parse().unwrap()), None);
}

#[tokio::test]
async fn a_body_over_the_servers_limit_is_too_large() {
    let body = format!("\"{}\"", "a".repeat(MAX_BODY_BYTES));
    let result = classify("PUT", POD, &[JSON], &body).await;
    assert!(matches!(result, Err(Unclassified::TooLarge)));
}

/// What is read on another thread goes on being read when the client has gone.
#[test]
fn a_body_keeps_its_room_for_as_long_as_it_is_read() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
    runtime.unwrap().block_on(async {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || ended.recv());
        let (bodies, size) = (crate::bodies::BodyRoom::default(), SizeHint::default());
        let mut room: Vec<_> = std::iter::from_fn(|| bodies.take("alice", &size).ok()).collect();
        let parts = Request::put(POD).header(JSON.0, JSON.1).body(()).unwrap().into_parts().0;
        let head = head(parts, POD).unwrap().in_room(room.pop().unwrap());
        let body = format!("{{\"a\":\"{}\"}}", "x".repeat(LARGE_BYTES));
        {
            let mut reading = std::pin::pin!(head.read_in_turn(Uuid::nil(), body.into()));
            assert!(futures_util::poll!(&mut reading).is_pending());
        }
        assert!(bodies.take("alice", &size).is_err());
        drop(end);
        let _ = busy.await;
        // Behind it in the only thread's queue.
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert!(bodies.take("alice", &size).is_ok());
    });
}
