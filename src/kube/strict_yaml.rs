//! YAML as the API server reads it, strictly, and as a tree that is sent on as JSON: whatever
//! dialect a document is in, nobody reads it a second time.
//!
//! The API server turns YAML into JSON itself (sigs.k8s.io/yaml, which is YAML 1.1 with most of
//! 1.2): `yes` is a boolean, `0644` is octal, `1.0` is written as `1`, `<<` merges. What is sent
//! has to mean what the client meant, so all of that is done here too. Of several documents the
//! API server reads the first, and of keys that become equal (`1` and `"1"`) one by chance; both
//! are errors here.

use serde::de::{Deserialize, Deserializer};
use serde_json::Value;

use super::strict_json;

/// The text is not YAML, or not one document that can be read in one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not valid YAML, repeats a key or is too large")]
pub struct Invalid;

/// Above this not every whole number is a float, and Go begins to write exponents later still.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Parses a whole text. Its size, its depth and what its aliases stand for are bounded.
pub fn parse(text: &[u8]) -> Result<Value, Invalid> {
    let text = std::str::from_utf8(text).map_err(|_| Invalid)?;
    let options = serde_saphyr::options! { legacy_octal_numbers: true };
    let tree: Tree = serde_saphyr::from_str_with_options(text, options).map_err(|_| Invalid)?;
    Ok(whole_numbers(tree.0))
}

struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        strict_json::deserialize(deserializer).map(Self)
    }
}

/// Go writes a float without a fraction as an integer, and kinds with integers take nothing else.
fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(whole_numbers).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, whole_numbers(value))).collect()
        }
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .filter(|float| float.fract() == 0.0 && float.abs() <= MAX_WHOLE)
            .and_then(|float| format!("{float:.0}").parse::<i64>().ok())
            .map_or(Value::Number(number), Value::from),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Each of these was compared with sigs.k8s.io/yaml.
    #[test]
    fn scalars_mean_what_they_mean_to_the_api_server() {
        for (text, value) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("~", json!(null)),
            ("0644", json!(420)),
            ("-0644", json!(-420)),
            ("0o644", json!(420)),
            ("0x1f", json!(31)),
            ("0b11", json!(3)),
            ("1_000", json!(1000)),
            ("+5", json!(5)),
            ("-0", json!(0)),
            ("1.0", json!(1)),
            ("1e3", json!(1000)),
            ("0.5", json!(0.5)),
            ("1:30", json!("1:30")),
            ("2001-01-01", json!("2001-01-01")),
            ("!!str 123", json!("123")),
            ("!!int \"5\"", json!(5)),
            ("!!binary aGVsbG8=", json!("hello")),
            ("!other x", json!("x")),
            ("\"\\x6b\\u0067\"", json!("kg")),
            ("9223372036854775808", json!(9_223_372_036_854_775_808_u64)),
            ("12345678901234567890123", json!(1.234_567_890_123_456_8e22)),
        ] {
            let read = parse(format!("a: {text}\n").as_bytes());
            assert_eq!(read, Ok(json!({"a": value})), "{text}");
        }
    }

    #[test]
    fn documents_mean_what_they_mean_to_the_api_server() {
        for (text, value) in [
            ("", json!(null)),
            ("---\na: 1\n...\n", json!({"a": 1})),
            ("\u{feff}a: 1", json!({"a": 1})),
            ("1: x\ntrue: z\n", json!({"1": "x", "true": "z"})),
            ("a: &a [x]\nb: *a\n", json!({"a": ["x"], "b": ["x"]})),
            ("x: &x {b: 1}\na: {<<: *x, c: 2}\n", json!({"x": {"b": 1}, "a": {"b": 1, "c": 2}})),
            ("x: &x {b: 1}\na: {<<: *x, b: 2}\n", json!({"x": {"b": 1}, "a": {"b": 2}})),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_has_two_readings_or_no_end_is_refused() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
        let deep = "[".repeat(100_000);
        for text in [
            "a: 1\na: 2",
            "a: 1\n\"a\": 2",
            "1: x\n\"1\": y",
            "true: x\n\"true\": y",
            "a: 1\n---\nb: 2",
            "a: .nan",
            "a: .inf",
            "a: *nobody",
            "? [a]\n: x",
            "~: x",
            "a: b: c",
            bomb,
            &deep,
        ] {
            assert_eq!(parse(text.as_bytes()), Err(Invalid), "{text:.40}");
        }
        assert_eq!(parse(b"a: \xff"), Err(Invalid));
    }

    proptest! {
        /// What is sent is JSON, and to be read as what was decided on.
        #[test]
        fn what_is_sent_is_what_was_read(text in r#"([a-c01.~*&!<:{}\[\],"' -]|: |\n|- ){0,40}"#) {
            if let Ok(value) = parse(text.as_bytes()) {
                let again = strict_json::parse(value.to_string().as_bytes());
                prop_assert_eq!(again, Ok(value));
            }
        }

        /// JSON is YAML, and means the same.
        #[test]
        fn json_reads_as_itself(text in r#"\{("[a-d]":("[ -!#-\[\]-~]{0,5}"|-?[1-9][0-9]{0,6}|true|null|\[\]),){0,3}"e":1\}"#) {
            if let Ok(value) = strict_json::parse(text.as_bytes()) {
                prop_assert_eq!(parse(text.as_bytes()), Ok(value));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
        }
    }
}
