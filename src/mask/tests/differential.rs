//! Random responses, masked by us and by a model that works on a tree: same bytes.

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::mask::detect::{DetectorSpec, Detectors};
use crate::mask::path::Segment;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What the model's own detector finds.
const ORDER: &str = "ORD-";

fn rules() -> Vec<MaskRule> {
    let order = DetectorSpec::Named { name: "order".into(), regex: format!("{ORDER}[0-9]") };
    let values = Detectors::compile(&[order]).unwrap();
    vec![
        rule("secrets", &["data.*"]),
        MaskRule { values: values.clone(), ..rule("configmaps", &["data.a", "**.b"]) },
        MaskRule { values, ..rule("doors.example.com", &[]) },
        rule("vaults.example.com", &["spec.**.a", "spec.*.0", "status"]),
        rule("*.example.com", &["spec.c"]),
    ]
}

/// The model: which rule masks the leaf at `place`, tried by brute force.
fn fits(path: &[Segment], place: &[String]) -> bool {
    match (path.split_first(), place.split_first()) {
        (None, _) => true,
        (Some((Segment::Deep, rest)), below) => {
            fits(rest, place) || below.is_some_and(|(_, below)| fits(path, below))
        }
        (Some(_), None) => false,
        (Some((Segment::Any, rest)), Some((_, below))) => fits(rest, below),
        (Some((Segment::Key(key), rest)), Some((first, below))) => {
            key == first && fits(rest, below)
        }
    }
}

struct Model<'a> {
    context: &'a Context,
    resource: (&'a str, &'a str),
    identity: String,
}

impl Model<'_> {
    fn object(&self, object: &mut Value, tag: &str) {
        let is_secret = self.resource.0 == "secrets";
        let mut paths: Vec<FieldPath> = Vec::new();
        let mut detects = false;
        for rule in &self.context.rules.rules {
            if rule
                .resources
                .iter()
                .any(|pattern| pattern.names_objects(self.resource.0, self.resource.1))
            {
                paths.extend(rule.fields.iter().cloned());
                detects |= !rule.values.is_empty();
            }
        }
        if is_secret {
            paths.push("stringData.*".parse().unwrap());
        }
        if paths.is_empty() && !detects {
            return;
        }
        if let Some(Value::String(annotation)) =
            object.pointer_mut("/metadata/annotations").and_then(|all| all.get_mut(LAST_APPLIED))
        {
            let mut inner: Value = serde_json::from_str(annotation).unwrap();
            self.object(&mut inner, "lastApplied");
            *annotation = inner.to_string() + "\n";
        }
        self.leaves(object, (&paths, detects), &mut Vec::new(), tag);
    }

    fn leaves(
        &self,
        value: &mut Value,
        (paths, detects): (&[FieldPath], bool),
        place: &mut Vec<String>,
        tag: &str,
    ) {
        let mut below = |key: String, value: &mut Value| {
            place.push(key);
            self.leaves(value, (paths, detects), place, tag);
            place.pop();
        };
        match value {
            Value::Object(members) => {
                members.iter_mut().for_each(|(key, value)| below(key.clone(), value));
            }
            Value::Array(elements) => {
                elements
                    .iter_mut()
                    .enumerate()
                    .for_each(|(key, value)| below(key.to_string(), value));
            }
            Value::Null => {}
            scalar => {
                let text = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
                let fixed = ["kind", "apiVersion", "metadata", "type"].contains(&place[0].as_str());
                if !text.is_empty()
                    && !fixed
                    && paths.iter().any(|path| fits(path.segments(), place))
                {
                    *scalar = self.placeholder(place, &text, tag).into();
                } else if detects && !fixed && scalar.is_string() {
                    *scalar = self.orders_replaced(place, &text, tag).into();
                }
            }
        }
    }

    /// What the detector finds, by hand.
    fn orders_replaced(&self, place: &[String], text: &str, tag: &str) -> String {
        let (mut replaced, mut rest, mut ordinal) = (String::new(), text, 0);
        while let Some(start) = rest.find(ORDER) {
            let (before, found) = rest.split_at(start);
            replaced += before;
            let length = ORDER.len() + 1;
            let is_order = found.as_bytes().get(length - 1).is_some_and(u8::is_ascii_digit);
            let (order, after) = found.split_at(if is_order { length } else { ORDER.len() });
            if is_order {
                let place = [place, &[ordinal.to_string()]].concat();
                replaced += &self.placeholder(&place, order, tag);
                ordinal += 1;
            } else {
                replaced += order;
            }
            rest = after;
        }
        replaced + rest
    }

    fn placeholder(&self, place: &[String], text: &str, tag: &str) -> String {
        let object = self.context.placeholders.of_object(&self.identity);
        let parts = place.iter().map(String::as_str);
        let token = match tag {
            "lastApplied" => object.last_applied(parts),
            _ => object.live((parts, None), "", text.as_bytes()),
        };
        if self.resource.0 == "secrets" && place[0] == "data" {
            STANDARD.encode(token)
        } else {
            token
        }
    }
}

/// An object with its resource, and the same masked by the model.
#[derive(Debug, Clone)]
struct Case {
    plain: Value,
    masked: Value,
    kind: (&'static str, &'static str),
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        r#"[a"\\/<é\u{1F600}\n\u{0} ]{0,6}"#.prop_map(Value::from),
        r#"(ORD-|[0-9]|é|"|\\){0,8}"#.prop_map(Value::from),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[abc]|x\"\\\\", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn case() -> impl Strategy<Value = Case> {
    let kinds = [
        (("v1", "Secret"), ("secrets", "")),
        (("v1", "ConfigMap"), ("configmaps", "")),
        (("v1", "Pod"), ("pods", "")),
        (("example.com/v1", "Vault"), ("vaults", "example.com")),
        (("example.com/v1", "Door"), ("doors", "example.com")),
    ];
    let strings = proptest::collection::vec(("[abc]", "[a-z\"]{0,5}(ORD-[0-9]{0,2}){0,2}"), 0..3);
    let parts = (tree(), tree(), strings, any::<bool>(), "[0-9a-f]{4}");
    (proptest::sample::select(kinds.to_vec()), parts).prop_map(
        |((kind, resource), (spec, status, data, annotated, uid))| {
            let data: Map<String, Value> =
                data.into_iter().map(|(key, value)| (key, value.into())).collect();
            let mut plain = json!({"kind": kind.1, "apiVersion": kind.0, "spec": spec,
                "metadata": {"name": "n", "uid": uid}, "data": data, "status": status});
            if annotated {
                let mut inner = plain.clone();
                inner["stringData"] = json!({"b": "<q>"});
                plain["metadata"]["annotations"] = json!({LAST_APPLIED: inner.to_string() + "\n"});
            }
            let mut masked = plain.clone();
            let context = context(rules(), Shape::Object);
            let model = Model { context: &context, resource, identity: format!("uid {uid}") };
            model.object(&mut masked, "live");
            Case { plain, masked, kind }
        },
    )
}

/// The response that holds the cases, plain and masked.
fn responses(cases: &[Case], form: u8, spaced: bool) -> (Shape, String, String) {
    let print = |value: &Value| {
        if spaced { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }
            .unwrap()
    };
    let both = |wrap: &dyn Fn(Vec<Value>) -> Value| {
        let plain = cases.iter().map(|case| case.plain.clone()).collect();
        let masked = cases.iter().map(|case| case.masked.clone()).collect();
        (print(&wrap(plain)), print(&wrap(masked)))
    };
    match form {
        0 => {
            let (plain, masked) = both(&|items| items.into_iter().next().unwrap());
            (Shape::Object, plain, masked)
        }
        1 => {
            let list =
                |items| json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items});
            let (plain, masked) = both(&list);
            (Shape::List, plain, masked)
        }
        2 => {
            let list = |items| json!({"apiVersion": "v1", "items": items, "kind": "List"});
            let (plain, masked) = both(&list);
            (Shape::List, plain, masked)
        }
        3 => {
            let first = &cases[0];
            let untyped = |mut item: Value| {
                item.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
                item
            };
            let list = |items: Vec<Value>| {
                let items: Vec<_> = items.into_iter().take(1).map(untyped).collect();
                json!({"kind": format!("{}List", first.kind.1), "apiVersion": first.kind.0, "items": items})
            };
            let (plain, masked) = both(&list);
            (Shape::List, plain, masked)
        }
        4 => {
            let row = |object| json!({"cells": [], "object": object});
            let table = |items: Vec<Value>| {
                let rows: Vec<_> = items.into_iter().map(row).collect();
                json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": [{}], "rows": rows})
            };
            let (plain, masked) = both(&table);
            (Shape::List, plain, masked)
        }
        _ => {
            let event = |value: &Value| print(&json!({"type": "MODIFIED", "object": value})) + "\n";
            let plain = cases.iter().map(|case| event(&case.plain)).collect();
            let masked = cases.iter().map(|case| event(&case.masked)).collect();
            (Shape::Watch, plain, masked)
        }
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_model_agrees_byte_by_byte(
        cases in proptest::collection::vec(case(), 1..4), form in 0_u8..6, spaced in any::<bool>(),
        size in 1_usize..64,
    ) {
        let (shape, plain, masked) = responses(&cases, form, spaced);
        for shape in [shape, if shape == Shape::Watch { shape } else { Shape::Object }] {
            let context = context(rules(), shape);
            let (out, _) = mask_bytes(&context, &[plain.as_bytes()]).unwrap();
            prop_assert_eq!(text(&out), masked.as_str());
            let chunks: Vec<&[u8]> = plain.as_bytes().chunks(size).collect();
            let (out, _) = mask_bytes(&context, &chunks).unwrap();
            prop_assert_eq!(text(&out), masked.as_str());
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_chunks_never_matter(
        bytes in r#"(\{|\}|\[|\]|,|:|"kind"|"items"|"rows"|"SecretList"|"v1"|"apiVersion"|"data"|"object"|"type"|1|null| |\\){0,40}"#,
        shape in proptest::sample::select(&[Shape::List, Shape::Object, Shape::Watch][..]),
    ) {
        let bytes = format!("{{{bytes}");
        let whole = mask_bytes(&secrets(shape), &[bytes.as_bytes()]);
        let chunks: Vec<&[u8]> = bytes.as_bytes().chunks(1).collect();
        prop_assert_eq!(whole, mask_bytes(&secrets(shape), &chunks));
    }
}

#[test]
fn every_chunk_boundary_gives_the_same_bytes() {
    let list = json!({"kind": "SecretList", "apiVersion": "v1", "items": [
        secret("a\"\\é", &json!({"k": "eA=="})), secret("b", &json!({"k": "eA=="}))]});
    let plain = serde_json::to_vec_pretty(&list).unwrap();
    let context = secrets(Shape::List);
    let expected = mask_bytes(&context, &[&plain]).unwrap();
    for boundary in 0..=plain.len() {
        let (head, tail) = plain.split_at(boundary);
        assert_eq!(mask_bytes(&context, &[head, tail]).unwrap(), expected);
    }
}
