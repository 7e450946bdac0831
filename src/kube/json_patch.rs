//! Pointers of JSON patches, as the API server reads them.
//!
//! Its library (evanphx/json-patch) leaves out what stands before the first `/`, so that
//! `x/metadata` is another spelling of `/metadata`. RFC 6901 knows no such pointer, and here nobody
//! shall have to: [`check`] refuses what has one.

use serde_json::Value;

/// A pointer that is neither empty nor begins with `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("operation {index} of the JSON patch has a pointer that does not begin with `/`")]
pub struct InvalidPointer {
    index: usize,
}

/// Refuses a patch of which a pointer has another spelling than RFC 6901 gives it.
pub fn check(patch: &Value) -> Result<(), InvalidPointer> {
    let operations = patch.as_array().into_iter().flatten();
    for (index, operation) in operations.enumerate() {
        let pointers = ["path", "from"].iter().filter_map(|key| operation.get(key)?.as_str());
        if pointers.clone().any(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            return Err(InvalidPointer { index });
        }
    }
    Ok(())
}

/// The keys that an operation's pointer leads through, as they are meant; none if it has no such
/// pointer, which counts as the whole object.
pub fn tokens(operation: &Value, key: &str) -> Vec<String> {
    let pointer = operation.get(key).and_then(Value::as_str).unwrap_or_default();
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_is_empty_or_begins_with_a_slash() {
        for (operation, is_valid) in [
            (json!({"op": "add", "path": ""}), true),
            (json!({"op": "add", "path": "/a"}), true),
            (json!({"op": "move", "path": "/a", "from": "/b"}), true),
            (json!({"op": "add", "path": "a"}), false),
            (json!({"op": "add", "path": "x/a"}), false),
            (json!({"op": "add", "path": " /a"}), false),
            (json!({"op": "move", "path": "/a", "from": "x/b"}), false),
        ] {
            let patch = json!([{"op": "remove", "path": "/x"}, operation]);
            assert_eq!(check(&patch).is_ok(), is_valid, "{operation}");
        }
    }

    #[test]
    fn tokens_are_read_once() {
        let of = |path: &str| tokens(&json!({"path": path}), "path");
        assert_eq!(of("/a~1b/~01"), ["a/b", "~1"]);
        assert_eq!((of("").len(), of("/").len()), (0, 1));
        assert!(tokens(&json!({}), "from").is_empty());
    }
}
