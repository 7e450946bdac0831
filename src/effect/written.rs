//! Which masked values of what would be stored came with the request.
//!
//! In the answer to a write, a value that came with it is shown as a constant: its placeholder
//! would tell whether a guess is right (`mask/placeholder.rs`). Where it is not known which values
//! those are, all are shown like that, and so seem to change. Here those are told apart that the
//! request does not bring: their placeholders tell nothing about it.

use std::collections::HashSet;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// What API servers take for base64, in whatever form.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An object that would be stored, in the three forms that are compared.
pub struct Forms<'a> {
    /// As it is.
    pub original: &'a Value,
    /// Masked as what was read.
    pub read: &'a Value,
    /// Masked as what was written: every value may have come with the request.
    pub written: Value,
}

impl Forms<'_> {
    /// The object as it may be shown to somebody who has sent `body`.
    pub fn shown(self, body: &Value) -> Value {
        let mut brought = HashSet::new();
        collect(body, &mut brought);
        let mut shown = self.written;
        reveal(&mut shown, (self.read, self.original), &brought);
        shown
    }
}

fn reveal(shown: &mut Value, (read, original): (&Value, &Value), brought: &HashSet<Vec<u8>>) {
    match (shown, read, original) {
        (Value::Object(shown), Value::Object(read), Value::Object(original)) => {
            for (key, shown) in shown {
                if let (Some(read), Some(original)) = (read.get(key), original.get(key)) {
                    reveal(shown, (read, original), brought);
                }
            }
        }
        (Value::Array(shown), Value::Array(read), Value::Array(original)) => {
            for ((shown, read), original) in shown.iter_mut().zip(read).zip(original) {
                reveal(shown, (read, original), brought);
            }
        }
        (shown, read, original) if shown != read && !brings(original, brought) => {
            shown.clone_from(read);
        }
        _ => {}
    }
}

/// Whether a value, or any of those in it, is among those that came.
fn brings(value: &Value, brought: &HashSet<Vec<u8>>) -> bool {
    let mut own = HashSet::new();
    collect(value, &mut own);
    own.iter().any(|value| brought.contains(value))
}

fn collect(value: &Value, into: &mut HashSet<Vec<u8>>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|value| collect(value, into)),
        Value::Array(items) => items.iter().for_each(|value| collect(value, into)),
        Value::String(text) => {
            into.insert(canonical(text));
        }
        other => {
            into.insert(canonical(&other.to_string()));
        }
    }
}

/// One form for all spellings that may be stored as the same value.
fn canonical(text: &str) -> Vec<u8> {
    let bare: String = text.split_whitespace().collect();
    LENIENT.decode(&bare).unwrap_or_else(|_| bare.into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_request_does_not_bring_keeps_its_placeholder() {
        let original =
            json!({"env": [{"value": "guess"}, {"value": "stored"}], "n": 7, "b": "Zm9v"});
        let read = json!({"env": [{"value": "P1"}, {"value": "P2"}], "n": "P3", "b": "P4"});
        let written = json!({"env": [{"value": "W"}, {"value": "W"}], "n": "W", "b": "W"});
        let shown = |body: Value| {
            Forms { original: &original, read: &read, written: written.clone() }.shown(&body)
        };
        assert_eq!(shown(json!({"spec": {"replicas": 1}})), read);
        assert_eq!(
            shown(json!([{"op": "add", "value": {"value": "gue ss\n"}}, {"value": 7}])),
            json!({"env": [{"value": "W"}, {"value": "P2"}], "n": "W", "b": "P4"})
        );
        // Other spellings of the same bytes.
        for spelling in ["Zm9v", "Zm\n9v"] {
            assert_eq!(shown(json!([spelling]))["b"], "W", "{spelling}");
        }
    }
}
