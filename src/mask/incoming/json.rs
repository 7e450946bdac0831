//! JSON as kubectl writes it into its last-applied annotation, and single members of objects.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Copies the member at `path`, over what is there, if there is one to copy.
pub(super) fn copy(from: &Value, to: &mut Value, path: &[&str]) {
    let Some(value) = path.iter().try_fold(from, |value, key| value.get(key)) else { return };
    let Some((last, parents)) = path.split_last() else { return };
    let mut target = to;
    for key in parents {
        let Some(members) = target.as_object_mut() else { return };
        target = members.entry(*key).or_insert_with(|| Value::Object(Map::new()));
    }
    if let Some(members) = target.as_object_mut() {
        members.insert((*last).to_owned(), value.clone());
    }
}

/// A text as Go's `encoding/json` spells it, which escapes what HTML takes for its own.
pub(super) fn as_go(value: &Value) -> String {
    let text = value.to_string();
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_spelled_as_go_spells_it() {
        assert_eq!(
            as_go(&json!({"a": "<&>\u{2028}é\""})),
            r#"{"a":"\u003c\u0026\u003e\u2028é\""}"#
        );
    }

    #[test]
    fn a_member_is_copied_over_what_is_there() {
        let from = json!({"metadata": {"name": "a"}, "kind": "Secret"});
        let mut to = json!({"metadata": {"name": "b", "labels": {}}});
        copy(&from, &mut to, &["metadata", "name"]);
        copy(&from, &mut to, &["kind"]);
        copy(&from, &mut to, &["metadata", "uid"]);
        assert_eq!(to, json!({"metadata": {"name": "a", "labels": {}}, "kind": "Secret"}));
        let mut null = json!({"metadata": null});
        copy(&from, &mut null, &["metadata", "name"]);
        assert_eq!(null, json!({"metadata": null}));
    }
}
