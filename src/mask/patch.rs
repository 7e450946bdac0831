//! JSON patches that read: `copy` and `move` carry a masked value into a field that is shown, and
//! `test` tells whether a guess of it is right. Masking what comes back cannot help against these.

use serde_json::Value;

use super::detect::Detectors;
use super::object::LAST_APPLIED;
use super::path::{FieldPath, Segment, is_position};
use super::rule::{MaskRule, MaskRules};
use crate::kube::json_patch::tokens;
use crate::kube::request_info::ResourceInfo;

impl MaskRules {
    /// The mask that hides what a JSON patch of `resource` would read.
    pub fn read_by_patch(&self, resource: &ResourceInfo, patch: &Value) -> Option<&str> {
        let operations = patch.as_array()?;
        let pointers: Vec<_> = operations.iter().flat_map(pointers).collect();
        let reads = |rule: &&MaskRule| {
            pointers.iter().any(|pointer| overlaps(rule, pointer))
                || !rule.values.is_empty() && operations.iter().any(|of| may_find(&rule.values, of))
        };
        self.of_object(resource).into_iter().find(reads).map(|rule| rule.name.as_str())
    }
}

/// The places that an operation reads, and those that it fills with what it has read: what comes
/// into a masked field that way is unknown, and comparing it with what is there would tell.
fn pointers(operation: &Value) -> Vec<Vec<String>> {
    let keys: &[&str] = match operation.get("op").and_then(Value::as_str) {
        Some("copy" | "move") => &["from", "path"],
        Some("test") => &["path"],
        _ => &[],
    };
    keys.iter().map(|key| tokens(operation, key)).collect()
}

/// Whether an operation tells something of what detectors hide, which may stand anywhere: one that
/// copies always may, a test only if what it compares with looks like such a secret.
fn may_find(detectors: &Detectors, operation: &Value) -> bool {
    match operation.get("op").and_then(Value::as_str) {
        Some("copy" | "move") => true,
        Some("test") => operation.get("value").is_some_and(|value| holds(detectors, value)),
        _ => false,
    }
}

fn holds(detectors: &Detectors, value: &Value) -> bool {
    match value {
        Value::String(text) => !detectors.find(text.as_bytes()).is_empty(),
        Value::Array(elements) => elements.iter().any(|element| holds(detectors, element)),
        Value::Object(members) => members.values().any(|member| holds(detectors, member)),
        _ => false,
    }
}

/// Whether a place is, holds or lies within a field that the rule masks.
fn overlaps(rule: &MaskRule, pointer: &[String]) -> bool {
    let last_applied = ["metadata", "annotations", LAST_APPLIED];
    let in_last_applied = !rule.fields.is_empty()
        && pointer.iter().zip(last_applied).all(|(token, key)| token == key);
    in_last_applied
        || rule.fields.iter().any(|field| {
            let twin = field.moved("data", "stringData");
            meets(field, pointer) || twin.is_some_and(|twin| meets(&twin, pointer))
        })
}

fn meets(field: &FieldPath, pointer: &[String]) -> bool {
    for (segment, token) in field.segments().iter().zip(pointer) {
        match segment {
            Segment::Deep => return true,
            Segment::Key(key) if key != token && !(is_position(key) && is_index(token)) => {
                return false;
            }
            Segment::Any | Segment::Key(_) => {}
        }
    }
    true
}

/// Whether a token may lead to any position of a list: the API server's library reads it like Go's
/// `Atoi`, counts negative ones from the end, and takes `-` for what is behind it.
fn is_index(token: &str) -> bool {
    token == "-" || token.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn rules(fields: &[&str]) -> MaskRules {
        let fields = fields.iter().map(|field| field.parse().unwrap()).collect();
        let rule = MaskRule {
            name: "m".into(),
            resources: vec!["secrets".parse().unwrap()],
            namespaces: vec!["shop".into()],
            fields,
            ..MaskRule::default()
        };
        MaskRules { rules: vec![Arc::new(rule)] }
    }

    fn secret(namespace: &str) -> ResourceInfo {
        ResourceInfo {
            resource: "secrets".into(),
            namespace: namespace.into(),
            name: "db".into(),
            ..ResourceInfo::default()
        }
    }

    #[test]
    fn operations_that_read_what_is_masked_are_found_however_they_are_spelled() {
        let annotation = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
        for (op, pointer, reads) in [
            ("copy", "/data/password", true),
            ("copy", "/data", true),
            ("copy", "", true),
            ("move", "/data/pass~1word", true),
            ("move", "/stringData/password", true),
            ("test", "/data/password", true),
            ("test", "/data", true),
            ("test", "", true),
            ("copy", annotation, true),
            ("copy", "/metadata", true),
            ("copy", "/metadata/annotations", true),
            ("copy", "/metadata/labels/a", false),
            ("test", "/metadata/resourceVersion", false),
            ("test", "/type", false),
            ("add", "/data/password", false),
            ("replace", "/data/password", false),
            ("remove", "/data/password", false),
        ] {
            let operation = match op {
                "copy" | "move" => json!({"op": op, "from": pointer, "path": "/metadata/labels/x"}),
                _ => json!({"op": op, "path": pointer}),
            };
            let patch = json!([{"op": "add", "path": "/x"}, operation]);
            let rules = rules(&["data.*"]);
            let found = rules.read_by_patch(&secret("shop"), &patch);
            assert_eq!(found.is_some(), reads, "{op} {pointer}");
            assert_eq!(rules.read_by_patch(&secret("other"), &patch), None);
        }
    }

    #[test]
    fn a_masked_field_is_filled_by_nothing_that_is_only_known_to_the_api_server() {
        let patch = json!([{"op": "copy", "from": "/metadata/labels/x", "path": "/data/password"}]);
        assert!(rules(&["data.*"]).read_by_patch(&secret("shop"), &patch).is_some());
    }

    #[test]
    fn a_field_of_any_depth_meets_everything_below_where_it_starts() {
        let rules = rules(&["spec.**.password"]);
        let copies = |from: &str| {
            let patch = json!([{"op": "copy", "from": from, "path": "/metadata/labels/x"}]);
            rules.read_by_patch(&secret("shop"), &patch).is_some()
        };
        assert!(copies("/spec/a/b/password") && copies("/spec/a") && copies("/spec"));
        assert!(!copies("/status/password"));
    }

    #[test]
    fn a_position_is_met_by_every_index() {
        let rules = rules(&["spec.list.0.value"]);
        let copies = |index: &str| {
            let from = format!("/spec/list/{index}/value");
            let patch = json!([{"op": "copy", "from": from, "path": "/metadata/labels/x"}]);
            rules.read_by_patch(&secret("shop"), &patch).is_some()
        };
        for index in ["0", "00", "+0", "-1", "-0", "1", "-"] {
            assert!(copies(index), "{index}");
        }
        assert!(!copies("x"));
    }
}
