//! Detectors within objects.

use super::super::detect::{BuiltIn, DetectorSpec, Detectors};
use super::*;

fn detecting(resource: &str) -> Context {
    let specs = BuiltIn::ALL.map(DetectorSpec::BuiltIn);
    let values = Detectors::compile(&specs).unwrap();
    let rule = MaskRule { values, ..rule(resource, &[]) };
    context(vec![rule], Shape::Object)
}

fn config_map(data: &Value) -> Value {
    json!({
        "kind": "ConfigMap", "apiVersion": "v1",
        "metadata": {"name": "c", "uid": "u", "annotations": {"a": "redis://:pass@h"}},
        "data": data,
    })
}

#[test]
fn only_the_secret_in_a_text_is_replaced() {
    let url = "db: postgres://app:hunter2@db/x\ncache: redis://:swordfish@c\n";
    let object = config_map(&json!({"url": url, "plain": "text"}));
    let masked = mask(&detecting("configmaps"), &object);
    let text = masked["data"]["url"].as_str().unwrap();
    assert!(text.starts_with("db: postgres://app:kguard:masked:v1:"), "{text}");
    assert!(text.ends_with("@c\n") && text.contains("@db/x\ncache: redis://:kguard:"), "{text}");
    assert_eq!(masked["data"]["plain"], "text");
    assert!(is_masked(&masked["metadata"]["annotations"]["a"]));
    assert_eq!(masked["metadata"]["uid"], "u");
}

#[test]
fn what_stands_around_a_secret_keeps_its_spelling() {
    let text = br#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c"},
        "data": {"a\u0062":"\u003cpostgres:\/\/a:hunter2@h\u003e\n" , "n": 1.0e2}}"#;
    let (out, report) = mask_bytes(&detecting("configmaps"), &[text]).unwrap();
    let out = String::from_utf8(out).unwrap();
    let (before, rest) = out.split_once("kguard:masked:v1:").unwrap();
    assert!(text.starts_with(before.as_bytes()) && before.ends_with(r"\u003cpostgres:\/\/a:"));
    assert!(text.ends_with(rest.get(32..).unwrap().as_bytes()), "{rest}");
    assert_eq!(report.masked, BTreeMap::from([("configmaps".to_owned(), 1)]));
}

#[test]
fn base64_is_looked_into_where_it_has_to_be_base64() {
    let key = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n";
    let object = json!({
        "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"},
        "binaryData": {"text": STANDARD.encode(format!("a\n{key}")), "none": STANDARD.encode([0, 255]),
            "bytes": STANDARD.encode([b"\xff\n", key.as_bytes()].concat())},
    });
    let masked = mask(&detecting("configmaps"), &object);
    assert!(decoded(&masked["binaryData"]["text"]).starts_with("a\nkguard:masked:v1:"));
    assert!(decoded(&masked["binaryData"]["bytes"]).starts_with("kguard:masked:v1:"));
    assert_eq!(masked["binaryData"]["none"], object["binaryData"]["none"]);
}

#[test]
fn the_annotation_is_looked_into_as_the_object_that_it_holds() {
    let mut object = config_map(&json!({"url": "redis://:hunter2@h"}));
    let applied = |value: &str| json!({"data": {"url": format!("redis://:{value}@h")}}).to_string();
    let last_applied = "kubectl.kubernetes.io/last-applied-configuration";
    let mut shown = Vec::new();
    for value in ["hunter2", "other"] {
        object["metadata"]["annotations"] = json!({last_applied: applied(value)});
        let masked = mask(&detecting("configmaps"), &object);
        shown.push(masked["metadata"]["annotations"].to_string());
    }
    assert!(shown[0].contains("kguard:masked") && !shown[0].contains("hunter2"));
    assert_eq!(shown[0], shown[1], "the placeholder depends on the place alone");
}

#[test]
fn errors_about_it_are_shown_with_what_was_found_replaced() {
    let context =
        Context { requested: Some(requested("configmaps", "")), ..detecting("configmaps") };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422,
        "message": "Invalid value: \"redis://:hunter2@h\": no",
        "details": {"name": "redis://:hunter2@n", "causes": [
            {"message": "redis://:hunter2@h", "field": "data[redis://:hunter2@f]"}]},
    });
    let masked = mask(&context, &status);
    assert_eq!(masked["message"], "Invalid value: \"redis://:<masked>@h\": no");
    assert_eq!(masked["details"]["causes"][0]["message"], "redis://:<masked>@h");
    assert!(!masked.to_string().contains("hunter2"), "{masked}");
}

#[test]
fn two_rules_leave_nothing_of_what_overlaps() {
    let named =
        |name: &str, regex: &str| DetectorSpec::Named { name: name.into(), regex: regex.into() };
    let values = |name: &str, regex: &str| Detectors::compile(&[named(name, regex)]).unwrap();
    let rules = [("a", "abcd"), ("b", "cdef")].map(|(name, regex)| MaskRule {
        name: name.into(),
        values: values(name, regex),
        ..MaskRule::default()
    });
    let context = context(rules.to_vec(), Shape::Object);
    let masked = mask(&context, &config_map(&json!({"x": "-abcdef-"})));
    let text = masked["data"]["x"].as_str().unwrap();
    assert!(text.starts_with("-kguard:") && text.ends_with('-') && !text.contains("ef-"), "{text}");
}
