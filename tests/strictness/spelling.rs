//! Requests that two readers could read differently: kguard reads them as the API server would, or
//! refuses them.

use super::lab::Lab;

const JSON: &str = "Content-Type: application/json";
const YAML: &str = "Content-Type: application/yaml";

#[test]
fn a_path_with_two_readings_is_refused_and_a_plain_one_is_not() {
    let lab = Lab::new();
    lab.secret();
    // (name, target, what the API server answers, what kguard answers)
    for (name, target, unguarded, guarded) in [
        ("an empty namespace lists all namespaces", "/api/v1/namespaces//secrets", 200, 400),
        ("an escaped slash hides the resource", "/api/v1/namespaces/$NS/secrets%2Fdb", 200, 400),
        ("the same in lower case", "/api/v1/namespaces/$NS/secrets%2fdb", 200, 400),
        ("an escaped slash hides the namespace", "/api/v1/namespaces/$NS%2Fsecrets%2Fdb", 200, 400),
        ("all slashes are escaped", "/api%2Fv1%2Fsecrets", 200, 400),
        ("an empty segment in front", "//api/v1/secrets", 404, 400),
        ("a dot segment", "/api/v1/namespaces/$NS/configmaps/../secrets/db", 404, 400),
        ("an escaped dot segment", "/api/v1/namespaces/$NS/x/%2e%2e/secrets", 404, 400),
        ("an escaped backslash", "/api/v1/namespaces/$NS%5Csecrets", 404, 400),
        ("an escaped NUL", "/api/v1/namespaces/$NS/secrets/db%00", 404, 400),
        ("an escape that is none", "/api/v1/namespaces/$NS/secrets/%zz", 400, 400),
        ("another case is another resource", "/api/v1/namespaces/$NS/Secrets", 404, 404),
        ("proxy as a verb has no route", "/api/v1/proxy/namespaces/$NS/services/x", 404, 404),
        ("a part too many", "/api/v1/namespaces/$NS/pods/p/log/x", 404, 404),
        ("a subresource that nobody knows", "/api/v1/namespaces/$NS/pods/p/console", 404, 403),
        ("the honest form", "/api/v1/namespaces/$NS/secrets/db", 200, 200),
        ("a slash at the end is harmless", "/api/v1/namespaces/$NS/secrets/db/", 200, 200),
        ("an escape without need is harmless", "/api/v1/namespaces/$NS/%73ecrets/db", 200, 200),
    ] {
        let head = format!("GET {target}");
        assert_eq!(lab.unguarded(&head, "").status, unguarded, "unguarded: {name}");
        let answer = lab.guarded(&head, "");
        assert_eq!(answer.status, guarded, "guarded: {name}: {answer:?}");
        assert!(!super::lab::leaks(&answer), "{name}");
    }
}

/// The attacker has a gateway believe in a dry run, or a list, where the server sees none: Go drops
/// query pairs with a `;` or a bad escape without a word.
#[test]
fn a_query_that_the_server_would_drop_is_refused() {
    let lab = Lab::new();
    let body = |name: &str| {
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"}}}}"#)
    };
    let exists = |name: &str| lab.space.admin(&["get", "configmap", name]).code == 0;
    let path = "/api/v1/namespaces/$NS/configmaps";
    for (name, query) in
        [("semicolon", "dryRun=All;"), ("escape", "dryRun=All%zz"), ("hidden", "x;dryRun=All")]
    {
        let head = format!("POST {path}?{query}\n{JSON}");
        assert_eq!(lab.guarded(&head, body(name)).status, 400, "{query}");
        assert!(!exists(name), "{query}");
        assert_eq!(lab.unguarded(&head, body(name)).status, 201, "{query}");
        assert!(exists(name), "the API server ran `{query}` for real");
    }
    let twice = format!("POST {path}?dryRun=All&dryRun=\n{JSON}");
    assert_eq!(lab.guarded(&twice, body("twice")).status, 400);

    let honest = format!("POST {path}?dryRun=All\n{JSON}");
    assert_eq!(lab.guarded(&honest, body("honest")).status, 201);
    assert!(!exists("honest"), "a dry run stays one");
}

/// `DELETE …?dryRun=All` with any body really deletes: the server reads the options from the body.
#[test]
fn a_delete_takes_its_options_from_where_the_server_does() {
    let lab = Lab::new();
    let path = "/api/v1/namespaces/$NS/configmaps";
    let exists = |name: &str| lab.space.admin(&["get", "configmap", name]).code == 0;
    for name in ["a", "b", "c"] {
        lab.space.admin(&["create", "configmap", name]).ok();
    }
    assert_eq!(lab.unguarded(&format!("DELETE {path}/a?dryRun=All\n{JSON}"), "{}").status, 200);
    assert!(!exists("a"), "the API server ignored the dry run");
    // A policy that looks at the query would be deceived, so the trail and the query say so.
    assert_eq!(lab.guarded(&format!("DELETE {path}/b?dryRun=All\n{JSON}"), "{}").status, 200);
    assert!(!exists("b"));
    let entries = lab.control(Some(&lab.alice), "GET /v1/audit/entries?verb=delete", "");
    assert!(!entries.body.contains("dryRun"), "{entries:?}");

    assert_eq!(lab.guarded(&format!("DELETE {path}/c?dryRun=All"), "").status, 200);
    assert!(exists("c"), "the honest dry run deletes nothing");
    let repeated = r#"{"dryRun":["All"],"dryRun":[]}"#;
    assert_eq!(lab.guarded(&format!("DELETE {path}/c\n{JSON}"), repeated).status, 400);
    assert!(exists("c"));
}

/// Two readers of one body: repeated keys (the server merges them), dialects of YAML, envelopes in
/// which the bytes are something else again, encodings that nobody undoes.
#[test]
fn a_body_with_two_readings_is_refused_and_yaml_is_sent_as_it_was_read() {
    let lab = Lab::new();
    let head = |query: &str, headers: &str| {
        format!("POST /api/v1/namespaces/$NS/configmaps?dryRun=All{query}\n{headers}")
    };
    let start = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1"}"#;
    let merged = format!(r#"{start},"data":{{"b":"2"}}}}"#);
    let answer = lab.unguarded(&head("", JSON), &merged);
    let data = &answer.json()["data"];
    assert_eq!((&data["a"], &data["b"]), (&"1".into(), &"2".into()), "the server merges");
    assert_eq!(lab.guarded(&head("", JSON), &merged).status, 400);

    let anchors = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: &n x}\ndata: {a: *n}\n";
    for (name, headers, body, status) in [
        ("trailing data", JSON, format!("{start}}} {{}}"), 400),
        ("two documents", YAML, "a: 1\n---\nb: 2\n".to_owned(), 400),
        ("a repeated key in YAML", YAML, "a: 1\na: 2\n".to_owned(), 400),
        ("another case of the type", "Content-Type: Application/JSON", format!("{start}}}"), 415),
        ("CBOR", "Content-Type: application/cbor", format!("{start}}}"), 415),
        ("a form", "Content-Type: application/x-www-form-urlencoded", "a=b".to_owned(), 415),
        ("UTF-16", JSON, format!("{start}}}").replace('"', "\0\""), 400),
        (
            "parameters are harmless",
            "Content-Type: application/json; charset=utf-8",
            format!("{start}}}"),
            201,
        ),
        ("anchors mean what they say", YAML, anchors.to_owned(), 201),
        ("the honest form", JSON, format!("{start}}}"), 201),
    ] {
        let answer = lab.guarded(&head("", headers), &body);
        assert_eq!(answer.status, status, "{name}: {answer:?}");
    }
    let answer = lab.guarded(&head("", YAML), anchors);
    assert_eq!(answer.json()["data"]["a"], "x");
}

/// Where one request ends and the next begins must not be a matter of taste.
#[test]
fn the_end_of_a_body_has_one_reading() {
    let lab = Lab::new();
    let body = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#;
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let path = "/api/v1/namespaces/$NS/configmaps?dryRun=All";
    for (name, headers, body, status) in [
        ("two lengths", format!("Content-Length: 1\nContent-Length: {}", body.len()), body, 400),
        ("an encoding that is none", "Transfer-Encoding: xchunked".to_owned(), &*chunked, 400),
        ("chunked is not last", "Transfer-Encoding: chunked, identity".to_owned(), &*chunked, 400),
        ("a length that is none", "Content-Length: +1".to_owned(), body, 400),
        ("the honest form", format!("Content-Length: {}", body.len()), body, 201),
    ] {
        let answer = lab.guarded(&format!("POST {path}\n{JSON}\n{headers}"), body);
        assert_eq!(answer.status, status, "{name}: {answer:?}");
    }
}

/// Methods that no route has, and headers that would make one out of another.
#[test]
fn a_method_is_what_the_request_line_says() {
    let lab = Lab::new();
    lab.space.admin(&["create", "configmap", "kept"]).ok();
    let path = "/api/v1/namespaces/$NS/configmaps/kept";
    for method in ["HEAD", "OPTIONS", "TRACE", "PURGE", "get", "PROPFIND"] {
        assert_eq!(lab.guarded(&format!("{method} {path}"), "").status, 405, "{method}");
    }
    let head = format!("GET {path}\nX-HTTP-Method-Override: DELETE\nX-HTTP-Method: DELETE");
    assert_eq!(lab.guarded(&head, "").status, 200);
    lab.space.admin(&["get", "configmap", "kept"]).ok();
}

/// A watch over a websocket would carry Secrets in frames, and the server takes `upgrade` anywhere
/// in `Connection` for one.
#[test]
fn nothing_is_upgraded_but_streams() {
    let lab = Lab::new();
    lab.secret();
    let websocket = "Upgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13";
    let watch = "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1";
    let answer = lab.unguarded_upgrade(&format!("{watch}\nConnection: x-upgradex\n{websocket}"));
    assert_eq!(answer.status, 101, "the API server serves it over a websocket");
    for (target, headers) in [
        (watch, format!("Connection: Upgrade\n{websocket}")),
        (watch, format!("Connection: x-upgradex\n{websocket}")),
        (
            watch,
            "Connection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMAAABk".into(),
        ),
        ("GET /api/v1/namespaces/$NS/pods/p/log", format!("Connection: Upgrade\n{websocket}")),
        ("GET /version", format!("Connection: Upgrade\n{websocket}")),
        ("GET /api/v1/namespaces/$NS/pods/p/proxy/", format!("Connection: Upgrade\n{websocket}")),
        ("GET /api/v1/namespaces/$NS/pods/p/exec", "Connection: Upgrade\nUpgrade: h2c".into()),
    ] {
        let answer = lab.guarded_upgrade(&format!("{target}\n{headers}"));
        assert_eq!(answer.status, 403, "{target}: {answer:?}");
    }
    assert_eq!(lab.guarded(watch, "").status, 200);
}
