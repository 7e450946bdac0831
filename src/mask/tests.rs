//! What masking promises, case by case; `differential` compares it with a plain model.

mod detectors;
mod differential;
mod errors;
mod statuses;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;

/// A rule named after its resource.
pub(super) fn rule(resource: &str, fields: &[&str]) -> MaskRule {
    MaskRule {
        name: resource.to_owned(),
        resources: vec![resource.parse().unwrap()],
        namespaces: Vec::new(),
        names: Vec::new(),
        fields: fields.iter().map(|field| field.parse().unwrap()).collect(),
        ..MaskRule::default()
    }
}

pub(super) fn requested(resource: &str, group: &str) -> ResourceInfo {
    ResourceInfo {
        resource: resource.to_owned(),
        api_group: group.to_owned(),
        ..ResourceInfo::default()
    }
}

pub(super) fn context(rules: Vec<MaskRule>, shape: Shape) -> Context {
    Context {
        rules: Arc::new(MaskRules { rules: rules.into_iter().map(Arc::new).collect() }),
        shape,
        requested: None,
        placeholders: PlaceholderKey::new(&[1; 32]).placeholders("test", Echo::None),
        max_element_bytes: MAX_ELEMENT_BYTES,
    }
}

fn secrets(shape: Shape) -> Context {
    Context {
        requested: Some(requested("secrets", "")),
        ..context(vec![rule("secrets", &["data.*"])], shape)
    }
}

fn mask_bytes(context: &Context, chunks: &[&[u8]]) -> Result<(Vec<u8>, MaskReport), MaskError> {
    let mut masker = Masker::new(context.clone());
    let mut out = Vec::new();
    for chunk in chunks {
        masker.push(chunk, &mut out)?;
    }
    Ok((out, masker.finish()?))
}

fn mask(context: &Context, value: &Value) -> Value {
    let text = value.to_string();
    let (out, _) = mask_bytes(context, &[text.as_bytes()]).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn secret(name: &str, data: &Value) -> Value {
    json!({
        "kind": "Secret", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}")},
        "data": data, "type": "Opaque",
    })
}

fn decoded(value: &Value) -> String {
    String::from_utf8(STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap()
}

fn is_masked(value: &Value) -> bool {
    contains_placeholder(value.to_string().as_bytes())
}

#[test]
fn a_secret_keeps_everything_but_its_values() {
    let original = secret("db", &json!({"password": "aHVudGVyMg==", "empty": ""}));
    let masked = mask(&secrets(Shape::Object), &original);
    assert!(decoded(&masked["data"]["password"]).starts_with("kguard:masked:v1:"));
    let mut restored = masked;
    restored["data"]["password"] = original["data"]["password"].clone();
    assert_eq!(restored, original);
}

#[test]
fn equal_values_look_different_in_two_secrets_and_the_same_in_two_reads() {
    let read =
        |name| mask(&secrets(Shape::Object), &secret(name, &json!({"k": "eA=="})))["data"].take();
    assert_eq!(read("one"), read("one"));
    assert_ne!(read("one"), read("two"));
}

#[test]
fn the_answer_to_a_write_shows_no_difference_between_values() {
    let echo = Context {
        placeholders: PlaceholderKey::new(&[1; 32]).placeholders("test", Echo::All),
        ..secrets(Shape::Object)
    };
    let masked = mask(&echo, &secret("db", &json!({"a": "eA==", "b": "eXk="})));
    assert_eq!(masked["data"]["a"], masked["data"]["b"]);
}

#[test]
fn who_wrote_which_field_of_a_secret_is_left_out() {
    let mut original = secret("db", &json!({"empty": ""}));
    original["metadata"]["managedFields"] = json!([{"manager": "m", "time": "2026-01-01"}]);
    let text = original.to_string();
    let (out, report) = mask_bytes(&secrets(Shape::Object), &[text.as_bytes()]).unwrap();
    original["metadata"]["managedFields"] = json!([]);
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), original);
    assert_eq!(report, MaskReport::default());
}

#[test]
fn a_value_that_was_written_gets_another_placeholder_even_if_it_is_the_same() {
    let read = |salts: &str| {
        let mut original = secret("db", &json!({"a": "eA==", "b": "eA=="}));
        original["metadata"]["annotations"] = json!({"kguard.dev/written": salts});
        mask(&secrets(Shape::Object), &original)["data"].take()
    };
    let (before, after) = (read("{}"), read(r#"{"a":"1"}"#));
    assert_ne!(before["a"], after["a"]);
    assert_eq!(before["b"], after["b"]);
    assert_ne!(before["b"], read("nonsense")["b"]);
}

#[test]
fn public_parts_of_secrets_stay_readable_and_private_keys_do_not() {
    let pem = |label: &str| format!("-----BEGIN {label}-----\nAA==\n-----END {label}-----\n");
    let certificate = STANDARD.encode(pem("CERTIFICATE"));
    let both = STANDARD.encode(pem("CERTIFICATE") + &pem("PRIVATE KEY"));
    let mut original = secret(
        "token",
        &json!({
            "ca.crt": certificate, "tls.crt": both, "tls.key": "eA==", "namespace": "c2hvcA==",
            ".dockerconfigjson": "e30=",
        }),
    );
    original["type"] = "kubernetes.io/service-account-token".into();
    let data = mask(&secrets(Shape::Object), &original)["data"].take();
    assert_eq!(data["ca.crt"], original["data"]["ca.crt"]);
    assert_eq!(data["namespace"], original["data"]["namespace"]);
    assert!(is_masked(&data["tls.crt"]) && is_masked(&data["tls.key"]));
    let docker: Value = serde_json::from_str(&decoded(&data[".dockerconfigjson"])).unwrap();
    assert!(docker["auths"].is_object() && is_masked(&docker["kguard"]));

    let named = context(vec![rule("secrets", &[r"data.ca\.crt"])], Shape::Object);
    assert!(is_masked(&mask(&named, &original)["data"]["ca.crt"]));
}

#[test]
fn last_applied_is_masked_within_and_keeps_its_spelling() {
    let inner = r#"{"apiVersion":"v1","kind":"Secret","note":"<é>","data":{"p":"aHVudGVyMg=="},"stringData":{"q":"hun\"ter"}}"#;
    let spelled =
        inner.replace('"', "\\\"").replace("hun\\\\\"", "hun\\\\\\\"").replace('<', "\\u003c");
    let text = format!(
        r#"{{"kind":"Secret","apiVersion":"v1","metadata":{{"annotations":{{"{}":"{}\n"}}}}}}"#,
        "kubectl.kubernetes.io/last-applied-configuration", spelled
    );
    let (out, report) = mask_bytes(&secrets(Shape::Object), &[text.as_bytes()]).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(!out.contains("aHVudGVyMg") && !out.contains("ter"), "{out}");
    assert!(out.contains(r#"\"note\":\"\u003cé>\",\"data\":{\"p\":\""#), "{out}");
    assert_eq!(report.masked["secrets"], 2);
    let parsed: Value = serde_json::from_str(&out).unwrap();
    let annotation =
        parsed["metadata"]["annotations"].as_object().unwrap().values().next().unwrap();
    let inner: Value = serde_json::from_str(annotation.as_str().unwrap()).unwrap();
    assert!(inner["stringData"]["q"].as_str().unwrap().starts_with("kguard:masked:v1:"));
}

#[test]
fn an_annotation_that_cannot_be_read_is_masked_as_a_whole() {
    for annotation in ["hunter2", r#"{"data":{"a":"hunter2"},"data":{}}"#, "{\"data\":", "[1]"] {
        let mut original = secret("db", &json!({}));
        original["metadata"]["annotations"] =
            json!({"kubectl.kubernetes.io/last-applied-configuration": annotation, "other": "x"});
        let masked = mask(&secrets(Shape::Object), &original);
        assert!(!masked.to_string().contains("hunter2"));
        assert_eq!(masked["metadata"]["annotations"]["other"], "x");
    }
}

#[test]
fn partial_metadata_and_table_rows_leak_no_annotation() {
    let metadata = json!({"name": "db", "annotations": {
        "kubectl.kubernetes.io/last-applied-configuration": 
            r#"{"data":{"a":"hunter2"},"stringData":{"a":"hunter2"}}"#}});
    let partial = json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
    let list = json!({
        "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "items": [partial]});
    let table = json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1",
        "rows": [{"cells": ["db", "Opaque", 1], "object": partial}]});
    let event = json!({"type": "ADDED", "object": table});
    for document in [partial, list, table, event] {
        for shape in [Shape::Object, Shape::List, Shape::Watch] {
            let masked = mask(&secrets(shape), &document);
            assert!(!masked.to_string().contains("hunter2"), "{shape:?}: {masked}");
            assert!(is_masked(&masked));
        }
    }
}

#[test]
fn cells_of_masked_custom_resources_show_the_name_only() {
    let context = Context {
        requested: Some(requested("vaults", "example.com")),
        ..context(vec![rule("vaults.example.com", &["spec.pin"])], Shape::List)
    };
    let partial = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": {"name": "v"}});
    let open = json!({"kind": "Vault", "apiVersion": "example.com/v1",
        "metadata": {"name": "w"}, "spec": {}});
    let table = json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "rows": [
        {"cells": ["v", 1234, null], "object": partial},
        {"cells": ["w", 1234, null], "object": open},
        {"cells": ["x", 1234, null], "object": null},
    ]});
    let masked = mask(&context, &table);
    assert_eq!(masked["rows"][0]["cells"], json!(["v", "<masked>", null]));
    assert_eq!(masked["rows"][1]["cells"], json!(["w", 1234, null]));
    assert_eq!(masked["rows"][2]["cells"], json!(["<masked>", "<masked>", null]));
}

#[test]
fn what_has_no_kind_is_masked_by_every_rule() {
    let rules = vec![rule("secrets", &["data.*"]), rule("vaults.example.com", &["spec.**.pin"])];
    let context = context(rules, Shape::Object);
    let masked = mask(&context, &json!({"data": {"a": "x"}, "spec": {"b": [{"pin": 1}]}}));
    assert!(is_masked(&masked["data"]["a"]) && is_masked(&masked["spec"]["b"][0]["pin"]));
    let masked = mask(&context, &json!({"items": [{"data": {"a": "x"}}], "kind": 7}));
    assert!(is_masked(&masked["items"][0]["data"]["a"]));
}

#[test]
fn rules_reach_as_far_as_their_namespaces_and_names() {
    let mut narrow = rule("secrets", &["data.*"]);
    narrow.namespaces = vec!["shop-*".into(), "shop".into()];
    narrow.names = vec!["d*".into()];
    let context = context(vec![narrow], Shape::Object);
    for (name, namespace, masked) in
        [("db", "shop", true), ("db", "other", false), ("x", "shop", false)]
    {
        let mut object = secret(name, &json!({"a": "eA=="}));
        object["metadata"]["namespace"] = namespace.into();
        assert_eq!(is_masked(&mask(&context, &object)), masked, "{namespace}/{name}");
    }
}

#[test]
fn lists_are_read_by_the_kind_of_their_items() {
    let item = |kind: &str| json!({"kind": kind, "apiVersion": "v1", "data": {"a": "eA=="}});
    let mixed = json!({"kind": "List", "apiVersion": "v1", "items": [
        item("ConfigMap"), item("Secret"),
        {"kind": "SecretList", "apiVersion": "v1", "items": [{"data": {"a": "eA=="}}]},
    ]});
    let context = context(vec![rule("secrets", &["data.*"])], Shape::List);
    let masked = mask(&context, &mixed);
    assert_eq!(masked["items"][0], mixed["items"][0]);
    assert!(is_masked(&masked["items"][1]) && is_masked(&masked["items"][2]));
}

#[test]
fn a_list_whose_kind_comes_last_is_read_by_what_its_items_say() {
    let typed = r#"{"kind":"Secret","apiVersion":"v1","data":{"a":"eA=="}}"#;
    let untyped = r#"{"data":{"a":"eA=="}}"#;
    for shape in [Shape::List, Shape::Object] {
        let context = context(vec![rule("secrets", &["data.*"])], shape);
        for kind in ["List", "SecretList", "Keychain"] {
            let list = |item| format!(r#"{{"apiVersion":"v1","items":[{item}],"kind":"{kind}"}}"#);
            let (out, report) = mask_bytes(&context, &[list(typed).as_bytes()]).unwrap();
            assert!(!String::from_utf8(out).unwrap().contains("eA=="), "{kind}");
            assert_eq!(report.masked["secrets"], 1);
            if shape == Shape::List {
                let refused = mask_bytes(&context, &[list(untyped).as_bytes()]);
                assert_eq!(refused.err(), Some(MaskError::NotAList));
            }
        }
    }
}

#[test]
fn a_custom_resource_that_is_called_a_list_is_masked_as_a_whole() {
    let rules = vec![rule("allowlists.example.com", &["items.*.pin", "spec.pin"])];
    let object = json!({"kind": "AllowList", "apiVersion": "example.com/v1",
        "items": [{"pin": 1}], "spec": {"pin": 2}});
    for shape in [Shape::Object, Shape::List] {
        let masked = mask(&context(rules.clone(), shape), &object);
        assert!(is_masked(&masked["items"]) && is_masked(&masked["spec"]));
    }
    // Too late: the items have passed one by one when the kind comes.
    let late = r#"{"apiVersion":"example.com/v1","items":[{"kind":"A","apiVersion":"v1"}],"kind":"AllowList"}"#;
    let refused = mask_bytes(&context(rules, Shape::List), &[late.as_bytes()]);
    assert_eq!(refused.err(), Some(MaskError::NotAList));
}

#[test]
fn a_last_applied_annotation_within_another_is_masked_as_a_whole() {
    let last_applied = "kubectl.kubernetes.io/last-applied-configuration";
    let nested = json!({"metadata": {"annotations": {last_applied: "hunter2", "note": "x"}},
        "data": {"a": "eA=="}});
    let mut original = secret("db", &json!({}));
    original["metadata"]["annotations"] = json!({last_applied: nested.to_string()});
    let masked = mask(&secrets(Shape::Object), &original);
    let inner = masked["metadata"]["annotations"][last_applied].as_str().unwrap();
    let inner: Value = serde_json::from_str(inner).unwrap();
    assert!(is_masked(&inner["metadata"]["annotations"][last_applied]));
    assert!(is_masked(&inner["data"]["a"]));
    assert_eq!(inner["metadata"]["annotations"]["note"], "x");
}

#[test]
fn an_item_that_says_only_half_of_what_it_is_is_masked_by_every_rule() {
    for half in [json!({"kind": "Pod"}), json!({"apiVersion": "v1"})] {
        let mut item = half;
        item["data"] = json!({"a": "eA=="});
        let list = json!({"kind": "PodList", "apiVersion": "v1", "items": [item]});
        let masked = mask(&context(vec![rule("secrets", &["data.*"])], Shape::List), &list);
        assert!(is_masked(&masked["items"]));
    }
}

#[test]
fn a_path_to_an_object_masks_every_value_in_it() {
    let context = context(vec![rule("*", &["spec"])], Shape::Object);
    let object = json!({"kind": "Vault", "apiVersion": "example.com/v1",
        "spec": {"a": "x", "b": [1, true, null, ""], "c": {"d": 1.5}}});
    let masked = mask(&context, &object);
    for value in [&masked["spec"]["a"], &masked["spec"]["b"][1], &masked["spec"]["c"]["d"]] {
        assert!(is_masked(value));
    }
    assert_eq!(masked["spec"]["b"][2], Value::Null);
    assert_eq!(masked["spec"]["b"][3], "");
}

#[test]
fn a_rule_for_everything_leaves_an_object_that_clients_can_read() {
    let context = context(vec![rule("*", &["**"])], Shape::Object);
    let original = secret("db", &json!({"a": "eA=="}));
    let masked = mask(&context, &original);
    for field in ["kind", "apiVersion", "metadata", "type"] {
        assert_eq!(masked[field], original[field]);
    }
    assert!(decoded(&masked["data"]["a"]).starts_with("kguard:masked:v1:"));
}

#[test]
fn without_rules_bytes_pass_unread() {
    let (out, _) = mask_bytes(&context(Vec::new(), Shape::Object), &[b"\xff not json"]).unwrap();
    assert_eq!(out, b"\xff not json");
}

#[test]
fn an_event_leaves_with_its_last_byte() {
    let event = json!({"type": "ADDED", "object": secret("db", &json!({"a": "eA=="}))}).to_string();
    let mut masker = Masker::new(secrets(Shape::Watch));
    let mut out = Vec::new();
    masker.push(&event.as_bytes()[..event.len() - 1], &mut out).unwrap();
    assert!(out.is_empty());
    masker.push(b"}", &mut out).unwrap();
    assert!(out.ends_with(b"}"));
    masker.push(b"\n", &mut out).unwrap();
    assert!(out.ends_with(b"}\n"));
    assert_eq!(masker.finish().unwrap().masked["secrets"], 1);
}

#[test]
fn the_first_items_leave_before_the_last_arrive() {
    let mut masker = Masker::new(Context { max_element_bytes: 4096, ..secrets(Shape::List) });
    let mut out = Vec::new();
    masker
        .push(br#"{"kind":"SecretList","apiVersion":"v1","metadata":{},"items":["#, &mut out)
        .unwrap();
    let item = br#"{"metadata":{"name":"a"},"data":{"a":"eA=="}}"#;
    for count in 1..=1000 {
        masker.push(if count == 1 { b"" } else { b"," }, &mut out).unwrap();
        let before = out.len();
        masker.push(item, &mut out).unwrap();
        assert!(out.len() > before);
    }
    masker.push(b"]}\n", &mut out).unwrap();
    assert_eq!(masker.finish().unwrap().masked["secrets"], 1000);
}
