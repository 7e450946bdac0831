//! The difference between two objects, as people read it: a unified diff of YAML.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use similar::TextDiff;

/// More than anybody reads; then the rest is left out and said to be.
const MAX_DIFF_BYTES: usize = 2 << 20;

/// After that a coarser difference is as good: two texts can be made to be compared for hours.
const LONGEST: Duration = Duration::from_millis(500);

/// Unchanged lines around what is different.
const CONTEXT: usize = 3;

/// `kguard:masked:` in base64, as far as that does not depend on what follows.
const ENCODED_MARK: &str = "a2d1YXJkOm1hc2tlZD";

/// An object cannot be written as YAML; a fault of the writer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the object cannot be written as YAML")]
pub struct Unwritable;

/// What is different between two objects; empty if nothing is. An object that is not there is
/// different in every line.
pub fn unified(old: Option<&Value>, new: Option<&Value>) -> Result<String, Unwritable> {
    let (old, new) = (yaml(old)?, yaml(new)?);
    if old == new {
        return Ok(String::new());
    }
    let diff = TextDiff::configure().timeout(LONGEST).diff_lines(&old, &new);
    let text = diff.unified_diff().context_radius(CONTEXT).missing_newline_hint(false).to_string();
    Ok(cut(text))
}

/// Lines are not folded: a word that changes in a long one is one line of difference.
fn yaml(object: Option<&Value>) -> Result<String, Unwritable> {
    let Some(object) = object else { return Ok(String::new()) };
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(&readable(object), options).map_err(|_| Unwritable)
}

/// Under `data`, a Secret's placeholders are base64, which nobody recognises.
fn readable(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), readable(value))).collect()
        }
        Value::Array(items) => items.iter().map(readable).collect(),
        Value::String(text) if text.starts_with(ENCODED_MARK) => {
            let decoded = STANDARD.decode(text).ok().and_then(|of| String::from_utf8(of).ok());
            decoded.map_or_else(|| value.clone(), Value::String)
        }
        _ => value.clone(),
    }
}

fn cut(mut text: String) -> String {
    if text.len() <= MAX_DIFF_BYTES {
        return text;
    }
    let end = text.as_bytes().iter().take(MAX_DIFF_BYTES).rposition(|byte| *byte == b'\n');
    text.truncate(end.map_or(0, |end| end + 1));
    text.push_str("@@ the rest of the difference is too long to be shown @@\n");
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_different_is_told_with_the_lines_around_it() {
        let object = |replicas: u64| json!({"kind": "Deployment", "spec": {"replicas": replicas, "paused": false}});
        let diff = unified(Some(&object(3)), Some(&object(1))).unwrap();
        assert_eq!(
            diff,
            "@@ -1,4 +1,4 @@\n kind: Deployment\n spec:\n-  replicas: 3\n+  replicas: 1\n   paused: false\n"
        );
        assert_eq!(unified(Some(&object(3)), Some(&object(3))), Ok(String::new()));
    }

    #[test]
    fn texts_of_many_lines_are_compared_line_by_line() {
        let long = "word ".repeat(100);
        let of = |last: &str| json!({"data": {"file": format!("a\nb\n{last}\n"), "long": long}});
        let diff = unified(Some(&of("c")), Some(&of("d"))).unwrap();
        assert!(diff.contains("-    c\n+    d\n"), "{diff}");
        let created = unified(None, Some(&of("c"))).unwrap();
        assert!(created.lines().skip(1).all(|line| line.starts_with('+')), "{created}");
        assert_eq!(created.lines().count(), 7, "{created}");
    }

    #[test]
    fn placeholders_are_recognised_under_data_too() {
        let secret = |encoded: &str| json!({"data": {"a": encoded, "b": "a2d1YXJk"}});
        let masked = secret(&STANDARD.encode("kguard:masked:v1:AAAA"));
        let diff = unified(Some(&secret("eA==")), Some(&masked)).unwrap();
        assert!(diff.contains("\n+  a: kguard:masked:v1:AAAA\n   b: a2d1YXJk\n"), "{diff}");
    }

    #[test]
    fn no_text_of_an_object_begins_a_line_of_its_own() {
        for separator in ["\r", "\u{85}", "\u{2028}", "\u{2029}", "\u{b}", "\u{c}", "\r\n", "\n"] {
            for text in
                ["a{}image: safe", "a{}+image: safe\nb", "a\n{}-image: evil\n", "{}@@ -1 +1 @@"]
            {
                let text = text.replace("{}", separator);
                let of = |text: &str| json!({"metadata": {"annotations": {text: "x", "x": text}}});
                let created = unified(None, Some(&of(&text))).unwrap();
                let lines = created.split(['\r', '\n', '\u{85}', '\u{2028}', '\u{2029}']);
                for line in lines.skip(1).filter(|line| !line.is_empty()) {
                    assert!(
                        line.starts_with("+metadata") || line.starts_with("+  ") || line == "+",
                        "{created:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_difference_without_end_is_cut_at_a_line() {
        let many: Vec<String> = (0..400_000).map(|number| number.to_string()).collect();
        let diff = unified(None, Some(&json!(many))).unwrap();
        assert!(diff.len() < MAX_DIFF_BYTES + 100);
        assert!(diff.ends_with("to be shown @@\n"));
    }
}
