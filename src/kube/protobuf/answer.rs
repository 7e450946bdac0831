//! Answers in protobuf, for clients that take nothing else: made of the JSON that was masked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::schema::{CONFIG_MAP, CONFIG_MAP_LIST, Kind, SECRET, SECRET_LIST, STATUS, Spec};
use super::{MAGIC, Malformed};

/// An object in its envelope. What the message has no field for cannot be said, and is an error.
pub fn answer(object: &Value) -> Result<Vec<u8>, Malformed> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).ok_or(Malformed);
    let (api_version, kind) = (text("apiVersion")?, text("kind")?);
    let specs = match (api_version, kind) {
        ("v1", "ConfigMap") => CONFIG_MAP,
        ("v1", "ConfigMapList") => CONFIG_MAP_LIST,
        ("v1", "Secret") => SECRET,
        ("v1", "SecretList") => SECRET_LIST,
        ("v1", "Status") => STATUS,
        _ => return Err(Malformed),
    };
    let mut type_meta = Vec::new();
    bytes(1, api_version.as_bytes(), &mut type_meta);
    bytes(2, kind.as_bytes(), &mut type_meta);
    let mut out = MAGIC.to_vec();
    bytes(1, &type_meta, &mut out);
    bytes(2, &message(specs, object.as_object().ok_or(Malformed)?)?, &mut out);
    Ok(out)
}

fn message(specs: &[Spec], members: &Map<String, Value>) -> Result<Vec<u8>, Malformed> {
    let is_known = |key: &str| {
        // Of an object, the envelope says it, or the list that it is in.
        ["apiVersion", "kind"].contains(&key) || specs.iter().any(|(_, name, _)| *name == key)
    };
    if !members.keys().all(|key| is_known(key)) {
        return Err(Malformed);
    }
    let mut out = Vec::new();
    for (number, name, kind) in specs {
        match members.get(*name) {
            None | Some(Value::Null) => {}
            Some(value) => field(*number, *kind, value, &mut out)?,
        }
    }
    Ok(out)
}

fn field(number: u32, kind: Kind, value: &Value, out: &mut Vec<u8>) -> Result<(), Malformed> {
    match (kind, value) {
        (Kind::Bool, Value::Bool(truth)) => varint_field(number, u64::from(*truth), out),
        (Kind::Int, value) => {
            varint_field(number, value.as_i64().ok_or(Malformed)?.cast_unsigned(), out);
        }
        (Kind::Text, Value::String(text)) => bytes(number, text.as_bytes(), out),
        (Kind::Time, Value::String(text)) => {
            let time: Timestamp = text.parse().map_err(|_| Malformed)?;
            let mut timestamp = Vec::new();
            varint_field(1, time.as_second().cast_unsigned(), &mut timestamp);
            bytes(number, &timestamp, out);
        }
        (Kind::Json, value) => {
            let mut raw = Vec::new();
            bytes(1, value.to_string().as_bytes(), &mut raw);
            bytes(number, &raw, out);
        }
        (Kind::Message(specs), Value::Object(members)) => {
            bytes(number, &message(specs, members)?, out);
        }
        (Kind::List(of), Value::Array(elements)) => {
            for element in elements {
                field(number, *of, element, out)?;
            }
        }
        (Kind::Bytes | Kind::Texts, Value::Object(entries)) => {
            for (key, value) in entries {
                let text = value.as_str().ok_or(Malformed)?;
                let value = match kind {
                    Kind::Bytes => STANDARD.decode(text).map_err(|_| Malformed)?,
                    _ => text.as_bytes().to_vec(),
                };
                let mut entry = Vec::new();
                bytes(1, key.as_bytes(), &mut entry);
                bytes(2, &value, &mut entry);
                bytes(number, &entry, out);
            }
        }
        _ => return Err(Malformed),
    }
    Ok(())
}

fn bytes(number: u32, content: &[u8], out: &mut Vec<u8>) {
    varint(u64::from(number) << 3 | 2, out);
    varint(content.len() as u64, out);
    out.extend_from_slice(content);
}

fn varint_field(number: u32, value: u64, out: &mut Vec<u8>) {
    varint(u64::from(number) << 3, out);
    varint(value, out);
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{Field, envelope, fields, object};
    use super::*;

    #[test]
    fn what_is_said_in_protobuf_is_read_as_it_was() {
        let secret = json!({
            "kind": "Secret", "apiVersion": "v1",
            "metadata": {
                "name": "db", "namespace": "shop", "generation": 3,
                "creationTimestamp": "2026-11-25T10:00:00Z",
                "labels": {"a": "b"},
                "ownerReferences": [{"kind": "Pod", "name": "p", "apiVersion": "v1", "controller": true}],
                "finalizers": ["one", "two"],
                "managedFields": [{"manager": "m", "fieldsV1": {"f:data": {}}}],
            },
            "data": {"password": STANDARD.encode("x".repeat(300)), "empty": ""},
            "type": "Opaque", "immutable": true,
        });
        assert_eq!(object("secrets", &answer(&secret).unwrap()), Ok(Some(secret.clone())));
        let list = json!({
            "kind": "SecretList", "apiVersion": "v1",
            "metadata": {"resourceVersion": "7", "remainingItemCount": -1},
            "items": [secret, secret],
        });
        let said = answer(&list).unwrap();
        let envelope = envelope(&said).unwrap();
        assert_eq!(envelope.kind, "SecretList");
        let items = fields(envelope.raw).filter(|field| matches!(field, Ok(Field::Bytes(2, _))));
        assert_eq!(items.count(), 2);
    }

    #[test]
    fn what_has_no_field_is_not_left_out_in_silence() {
        for object in [
            json!({"kind": "Secret", "apiVersion": "v1", "new": 1}),
            json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"new": 1}}),
            json!({"kind": "Secret", "apiVersion": "v1", "data": {"a": "no base64!"}}),
            json!({"kind": "Secret", "apiVersion": "v1", "data": {"a": 1}}),
            json!({"kind": "Pod", "apiVersion": "v1"}),
            json!({"kind": "Secret"}),
            json!([]),
        ] {
            assert_eq!(answer(&object), Err(Malformed), "{object}");
        }
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 404,
            "reason": "NotFound", "details": {"name": "a", "causes": [{"field": "b"}]},
        });
        assert!(answer(&status).is_ok());
    }

    proptest! {
        #[test]
        fn every_secret_survives_the_way_there_and_back(
            data in proptest::collection::btree_map("[a-z.]{1,9}", any::<Vec<u8>>(), 1..5),
            labels in proptest::collection::btree_map("[a-z]{1,9}", "[a-z]{1,200}", 1..5),
            generation in 1..i64::MAX,
        ) {
            let data: Map<_, _> =
                data.into_iter().map(|(key, value)| (key, STANDARD.encode(value).into())).collect();
            let secret = json!({
                "kind": "Secret", "apiVersion": "v1",
                "metadata": {"generation": generation, "labels": labels}, "data": data,
            });
            prop_assert_eq!(object("secrets", &answer(&secret).unwrap()), Ok(Some(secret)));
        }
    }
}
