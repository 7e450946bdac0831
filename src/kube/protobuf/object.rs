//! Secrets and `ConfigMap`s out of protobuf, as the JSON that they are elsewhere: so there is one set of
//! rules for what is written.
//!
//! A field that is not known here, or that stands there twice, is refused: another reader could take
//! another one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::schema::{CONFIG_MAP, Kind, SECRET, Spec};
use super::{Envelope, Field, Malformed, envelope, fields, text};

/// Reads the body of a write to `resource` of the core group; none if objects of that are not read
/// here.
pub fn object(resource: &str, body: &[u8]) -> Result<Option<Value>, Malformed> {
    let (kind, specs) = match resource {
        "configmaps" => ("ConfigMap", CONFIG_MAP),
        "secrets" => ("Secret", SECRET),
        _ => return Ok(None),
    };
    let Envelope { api_version, kind: said, raw } = envelope(body)?;
    let is_said = |said: &str, is: &str| said.is_empty() || said == is;
    if !is_said(api_version, "v1") || !is_said(said, kind) {
        return Err(Malformed);
    }
    let mut object =
        Map::from_iter([("kind".into(), json!(kind)), ("apiVersion".into(), json!("v1"))]);
    object.extend(message(specs, raw)?);
    Ok(Some(Value::Object(object)))
}

fn message(specs: &[Spec], raw: &[u8]) -> Result<Map<String, Value>, Malformed> {
    let mut members = Map::new();
    for field in fields(raw) {
        let field = field?;
        let (Field::Bytes(number, _) | Field::Number(number, _)) = field;
        let (_, name, kind) = specs.iter().find(|(of, ..)| *of == number).ok_or(Malformed)?;
        match kind {
            Kind::Bytes => entry(&mut members, name, field, |raw| Ok(json!(STANDARD.encode(raw))))?,
            Kind::Texts => entry(&mut members, name, field, |raw| Ok(json!(text(raw)?)))?,
            Kind::List(of) => {
                let list = members.entry(*name).or_insert_with(|| json!([]));
                list.as_array_mut().ok_or(Malformed)?.push(single(**of, field)?);
            }
            kind => {
                if members.insert((*name).to_owned(), single(*kind, field)?).is_some() {
                    return Err(Malformed);
                }
            }
        }
    }
    // Go writes what is no pointer even if it is not there, and JSON leaves that out.
    let is_there = |key: &str, value: &Value| {
        !value.is_null() && value != "" && !(key == "generation" && *value == 0)
    };
    members.retain(|key, value| is_there(key, value));
    Ok(members)
}

fn single(kind: Kind, field: Field<'_>) -> Result<Value, Malformed> {
    match (kind, field) {
        (Kind::Bool, Field::Number(_, number @ (0 | 1))) => Ok(json!(number == 1)),
        (Kind::Int, Field::Number(_, number)) => Ok(json!(number.cast_signed())),
        (Kind::Text, Field::Bytes(_, raw)) => Ok(json!(text(raw)?)),
        (Kind::Time, Field::Bytes(_, raw)) => time(raw),
        (Kind::Json, Field::Bytes(_, raw)) => json_within(raw),
        (Kind::Message(specs), Field::Bytes(_, raw)) => Ok(Value::Object(message(specs, raw)?)),
        _ => Err(Malformed),
    }
}

/// Adds an entry to a map.
fn entry(
    members: &mut Map<String, Value>,
    name: &str,
    field: Field<'_>,
    value_of: impl Fn(&[u8]) -> Result<Value, Malformed>,
) -> Result<(), Malformed> {
    let Field::Bytes(_, raw) = field else { return Err(Malformed) };
    let (mut key, mut value) = (None, None);
    for field in fields(raw) {
        let (slot, raw) = match field? {
            Field::Bytes(1, raw) => (&mut key, raw),
            Field::Bytes(2, raw) => (&mut value, raw),
            _ => return Err(Malformed),
        };
        if slot.replace(raw).is_some() {
            return Err(Malformed);
        }
    }
    let key = text(key.unwrap_or_default())?.to_owned();
    let map = members.entry(name).or_insert_with(|| json!({}));
    let map = map.as_object_mut().ok_or(Malformed)?;
    match map.insert(key, value_of(value.unwrap_or_default())?) {
        None => Ok(()),
        Some(_) => Err(Malformed),
    }
}

/// `Timestamp`: whole seconds, since that is all that JSON has of a `Time` (`time_proto.go`).
fn time(raw: &[u8]) -> Result<Value, Malformed> {
    if raw.is_empty() {
        return Ok(Value::Null);
    }
    let mut seconds = None;
    for field in fields(raw) {
        match field? {
            Field::Number(1, value) if seconds.is_none() => seconds = Some(value.cast_signed()),
            Field::Number(2, _) => {}
            _ => return Err(Malformed),
        }
    }
    let time = Timestamp::from_second(seconds.unwrap_or_default()).map_err(|_| Malformed)?;
    Ok(json!(time.to_string()))
}

/// `FieldsV1`.
fn json_within(raw: &[u8]) -> Result<Value, Malformed> {
    let mut json = None;
    for field in fields(raw) {
        match field? {
            Field::Bytes(1, raw) if json.is_none() => json = Some(raw),
            _ => return Err(Malformed),
        }
    }
    crate::kube::strict_json::parse(json.unwrap_or(b"{}")).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn varint(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        bytes.push(u8::try_from(number).unwrap());
        bytes
    }

    /// A field with bytes.
    fn bytes(number: usize, content: &[u8]) -> Vec<u8> {
        [varint(number << 3 | 2), varint(content.len()), content.to_vec()].concat()
    }

    fn pair(number: usize, key: &[u8], value: &[u8]) -> Vec<u8> {
        bytes(number, &[bytes(1, key), bytes(2, value)].concat())
    }

    fn wrapped(kind: &str, raw: &[u8]) -> Vec<u8> {
        let type_meta = [bytes(1, b"v1"), bytes(2, kind.as_bytes())].concat();
        [b"k8s\0".to_vec(), bytes(1, &type_meta), bytes(2, raw)].concat()
    }

    fn secret(raw: &[u8]) -> Result<Value, Malformed> {
        object("secrets", &wrapped("Secret", raw)).map(Option::unwrap)
    }

    #[test]
    fn a_secret_is_what_it_is_in_json() {
        let metadata = [
            bytes(1, b"db"),
            bytes(2, b""),
            bytes(3, b"shop"),
            bytes(8, b""),
            bytes(9, &[8, 0]),
            pair(11, b"a", b"b"),
            bytes(13, &[bytes(1, b"Pod"), bytes(3, b"p"), vec![6 << 3, 1]].concat()),
            bytes(14, b"one"),
            bytes(14, b"two"),
            bytes(17, &[bytes(1, b"m"), bytes(7, &bytes(1, br#"{"f:data":{}}"#))].concat()),
        ]
        .concat();
        let raw = [
            bytes(1, &metadata),
            pair(2, b"password", b"\xff\0x"),
            pair(2, b"empty", b""),
            bytes(3, b"Opaque"),
            pair(4, b"text", "\u{fc}".as_bytes()),
            vec![5 << 3, 1],
        ]
        .concat();
        let expected = json!({
            "kind": "Secret", "apiVersion": "v1",
            "metadata": {
                "name": "db", "namespace": "shop", "deletionTimestamp": "1970-01-01T00:00:00Z",
                "labels": {"a": "b"},
                "ownerReferences": [{"kind": "Pod", "name": "p", "controller": true}],
                "finalizers": ["one", "two"],
                "managedFields": [{"manager": "m", "fieldsV1": {"f:data": {}}}],
            },
            "data": {"password": "/wB4", "empty": ""}, "type": "Opaque",
            "stringData": {"text": "\u{fc}"}, "immutable": true,
        });
        assert_eq!(secret(&raw), Ok(expected));
        let map = [pair(2, b"a", b"b"), pair(3, b"c", b"d")].concat();
        let expected = json!({
            "kind": "ConfigMap", "apiVersion": "v1", "data": {"a": "b"}, "binaryData": {"c": "ZA=="},
        });
        assert_eq!(object("configmaps", &wrapped("ConfigMap", &map)), Ok(Some(expected)));
        assert_eq!(object("pods", b"whatever"), Ok(None));
    }

    #[test]
    fn what_readers_could_differ_on_is_refused() {
        for raw in [
            [bytes(1, b""), bytes(1, b"")].concat(),
            [pair(2, b"a", b"b"), pair(2, b"a", b"c")].concat(),
            bytes(2, &[bytes(1, b"a"), bytes(1, b"b")].concat()),
            bytes(9, b"unknown"),
            vec![3 << 3, 1],
            vec![5 << 3, 2],
            bytes(4, &bytes(2, b"\xff")),
            bytes(1, &bytes(17, &bytes(7, &bytes(1, br#"{"a":1,"a":2}"#)))),
        ] {
            assert_eq!(secret(&raw), Err(Malformed), "{raw:?}");
        }
        assert_eq!(object("secrets", &wrapped("Pod", b"")), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = secret(&bytes);
            let _ = object("configmaps", &[b"k8s\0".as_slice(), &bytes].concat());
        }
    }
}
