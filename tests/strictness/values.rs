//! Every way in which a masked value could leave: each media type, each verb that echoes, each
//! error that quotes, each patch that carries it elsewhere.

use super::lab::{Lab, SECRET, leaks};

const SECRETS: &str = "/api/v1/namespaces/$NS/secrets";
const TABLE: &str = "Accept: application/json;as=Table;v=v1;g=meta.k8s.io";
const PARTIAL: &str = "Accept: application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const MERGE: &str = "Content-Type: application/merge-patch+json";
const JSON_PATCH: &str = "Content-Type: application/json-patch+json";
const STRATEGIC: &str = "Content-Type: application/strategic-merge-patch+json";

/// Asks for the value in every form that the API server has. Unguarded, each of them shows it.
#[test]
fn no_media_type_shows_a_masked_value() {
    let lab = Lab::new();
    lab.secret();
    let both = format!("Accept: application/json\nAccept: {PROTOBUF}");
    for (name, head, status) in [
        ("get", format!("GET {SECRETS}/db"), 200),
        ("list", format!("GET {SECRETS}"), 200),
        ("a table's objects", format!("GET {SECRETS}?includeObject=Object\n{TABLE}"), 200),
        ("a table's annotations", format!("GET {SECRETS}\n{TABLE}"), 200),
        ("metadata alone", format!("GET {SECRETS}\n{PARTIAL}"), 200),
        ("YAML", format!("GET {SECRETS}/db\nAccept: application/yaml"), 200),
        ("protobuf", format!("GET {SECRETS}/db\nAccept: {PROTOBUF}"), 200),
        ("a second Accept line", format!("GET {SECRETS}/db\n{both}"), 200),
        ("JSON refused", format!("GET {SECRETS}/db\nAccept: application/json;q=0,{PROTOBUF}"), 200),
        ("compressed", format!("GET {SECRETS}/db\nAccept-Encoding: gzip"), 200),
        ("watch", format!("GET {SECRETS}?watch=1&timeoutSeconds=1"), 200),
        (
            "watch by path",
            "GET /api/v1/watch/namespaces/$NS/secrets/db?timeoutSeconds=1".into(),
            200,
        ),
        ("an empty watch is true", format!("GET {SECRETS}?watch=&timeoutSeconds=1"), 200),
        ("a table's events", format!("GET {SECRETS}?watch=1&timeoutSeconds=1\n{TABLE}"), 200),
        (
            "watch-list",
            format!(
                "GET {SECRETS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1"
            ),
            200,
        ),
        ("a watched name is a get", format!("GET {SECRETS}/db?watch=1"), 200),
        ("a field selector", format!("GET {SECRETS}?fieldSelector=metadata.name%3Ddb"), 200),
        ("CBOR alone", format!("GET {SECRETS}/db\nAccept: application/cbor"), 406),
        ("no type that there is", format!("GET {SECRETS}/db\nAccept: text/html"), 406),
    ] {
        if status == 200 {
            assert!(leaks(&lab.unguarded(&head, "")) || name == "compressed", "unguarded: {name}");
        }
        let answer = lab.guarded(&head, "");
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        assert!(!leaks(&answer), "{name}: {answer:?}");
    }
    // The honest reader gets the object, its keys and its labels.
    let answer = lab.guarded(&format!("GET {SECRETS}/db"), "");
    let data = answer.json()["data"].as_object().unwrap().clone();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["password"]);
}

/// Writes that answer with the object. None of these changes anything.
#[test]
fn no_echo_of_a_write_shows_a_masked_value() {
    let lab = Lab::new();
    lab.secret();
    let label = r#"{"metadata":{"labels":{"a":"b"}}}"#;
    let apply =
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","labels":{"a":"b"}}}"#;
    for (name, head, body) in [
        ("merge patch", format!("PATCH {SECRETS}/db?dryRun=All\n{MERGE}"), label),
        ("strategic patch", format!("PATCH {SECRETS}/db?dryRun=All\n{STRATEGIC}"), label),
        (
            "apply",
            format!(
                "PATCH {SECRETS}/db?dryRun=All&fieldManager=x\nContent-Type: application/apply-patch+yaml"
            ),
            apply,
        ),
        (
            "foreground delete",
            format!("DELETE {SECRETS}/db?dryRun=All&propagationPolicy=Foreground"),
            "",
        ),
    ] {
        assert!(leaks(&lab.unguarded(&head, body)), "unguarded: {name}");
        let answer = lab.guarded(&head, body);
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        assert!(!leaks(&answer), "{name}: {answer:?}");
    }
    let collection = format!("DELETE {SECRETS}?dryRun=All");
    assert!(leaks(&lab.unguarded(&collection, "")));
    assert!(!leaks(&lab.guarded(&collection, "")));

    // What one has just written is not shown either: a guess could be compared with it.
    let created = format!(
        r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"new"}},"stringData":{{"password":"{SECRET}"}}}}"#
    );
    let head = format!("POST {SECRETS}?dryRun=All\nContent-Type: application/json");
    let answer = lab.guarded(&head, created);
    assert_eq!(answer.status, 201);
    assert!(!leaks(&answer));
}

/// Errors that quote the stored object, from patches that cannot be stored.
#[test]
fn no_error_quotes_a_masked_value() {
    let lab = Lab::new();
    lab.secret();
    for (name, query, headers, body) in [
        ("an unknown field", "&fieldValidation=Strict", MERGE, r#"{"zzz":1}"#),
        ("a wrong type", "", MERGE, r#"{"immutable":"x"}"#),
        (
            "the same as JSON patch",
            "",
            JSON_PATCH,
            r#"[{"op":"add","path":"/immutable","value":"x"}]"#,
        ),
    ] {
        for accept in ["application/json", "application/yaml", PROTOBUF] {
            let head = format!("PATCH {SECRETS}/db?dryRun=All{query}\n{headers}\nAccept: {accept}");
            assert!(leaks(&lab.unguarded(&head, body)), "unguarded: {name} as {accept}");
            let answer = lab.guarded(&head, body);
            assert_eq!(answer.status, 422, "{name}: {answer:?}");
            assert!(!leaks(&answer), "{name} as {accept}: {answer:?}");
        }
    }
    // Errors that quote nothing stay as they are.
    let missing = lab.guarded(&format!("GET {SECRETS}/missing"), "");
    assert_eq!(missing.message(), r#"secrets "missing" not found"#);
}

/// A JSON patch can carry a value into a field that is shown, or confirm a guess.
#[test]
fn no_patch_moves_a_masked_value_or_tells_whether_a_guess_is_right() {
    let lab = Lab::new();
    lab.secret();
    let head = format!("PATCH {SECRETS}/db?dryRun=All\n{JSON_PATCH}");
    let moved = r#"[{"op":"move","from":"/data","path":"/metadata/annotations"}]"#;
    assert!(leaks(&lab.unguarded(&head, moved)));
    let (right, wrong) = (test("aHVudGVyMi1pcy1hLXNlY3JldA=="), test("d3Jvbmc="));
    assert_eq!(lab.unguarded(&head, &right).status, 200, "the API server confirms a guess");
    assert_eq!(lab.unguarded(&head, &wrong).status, 422);
    for patch in [
        moved,
        &right,
        &wrong,
        r#"[{"op":"copy","from":"/data/password","path":"/metadata/annotations/x"}]"#,
        r#"[{"op":"copy","from":"/data/pass~0word","path":"/metadata/annotations/x"}]"#,
        r#"[{"op":"copy","from":"","path":"/metadata/x"}]"#,
        r#"[{"op":"copy","from":"/metadata/annotations","path":"/metadata/labels"}]"#,
        r#"[{"op":"\u0063opy","from":"\/data","path":"/metadata/annotations"}]"#,
    ] {
        let answer = lab.guarded(&head, patch);
        assert_eq!(answer.status, 403, "{patch}: {answer:?}");
        assert!(answer.message().contains("`secrets`"), "{answer:?}");
    }
    let honest = r#"[{"op":"test","path":"/type","value":"Opaque"},{"op":"add","path":"/data/new","value":"eA=="}]"#;
    assert_eq!(lab.guarded(&head, honest).status, 200);
}

fn test(value: &str) -> String {
    format!(r#"[{{"op":"test","path":"/data/password","value":"{value}"}}]"#)
}

/// A placeholder that is written back would replace the value that it stands for, however it is
/// spelled on its way.
#[test]
fn no_placeholder_is_ever_stored() {
    let lab = Lab::new();
    lab.secret();
    let answer = lab.guarded(&format!("GET {SECRETS}/db"), "");
    let placeholder = answer.json()["data"]["password"].as_str().unwrap().to_owned();
    let escaped: String = placeholder.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    for value in [&placeholder, &escaped] {
        let body = format!(r#"{{"data":{{"password":"{value}"}}}}"#);
        let answer = lab.guarded(&format!("PATCH {SECRETS}/db\n{MERGE}"), body);
        assert_eq!(answer.status, 422, "{answer:?}");
    }
    let stored = lab.space.admin(&["get", "secret", "db", "-o", "jsonpath={.data.password}"]).ok();
    assert_eq!(stored, "aHVudGVyMi1pcy1hLXNlY3JldA==");
}
