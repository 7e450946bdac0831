//! Label selectors, as the API server reads them (k8s.io/apimachinery
//! `pkg/apis/meta/v1/helpers.go`, `LabelSelectorAsSelector`).

use serde_json::{Map, Value};

use super::{items, text};

/// Whether a selector is about something with these labels. No selector is about nothing, an empty
/// one about everything, and one that cannot be read about everything as well: a warning too many
/// is better than one too few.
pub fn matches(selector: Option<&Value>, labels: &Map<String, Value>) -> bool {
    let Some(selector) = selector.filter(|selector| !selector.is_null()) else { return false };
    let wanted = selector.get("matchLabels").and_then(Value::as_object);
    wanted.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && items(selector, "/matchExpressions").all(|expression| holds(expression, labels))
}

fn holds(expression: &Value, labels: &Map<String, Value>) -> bool {
    let value = labels.get(text(expression, "/key"));
    let is_listed = || items(expression, "/values").any(|listed| Some(listed) == value);
    match text(expression, "/operator") {
        "In" => value.is_some() && is_listed(),
        "NotIn" => value.is_none() || !is_listed(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_are_read_as_upstream_reads_them() {
        let labels = json!({"app": "web", "tier": "front"});
        let expression = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for (selector, is_match) in [
            (Value::Null, false),
            (json!({}), true),
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "db"}}), false),
            (expression("app", "In", &["db", "web"]), true),
            (expression("app", "In", &["db"]), false),
            (expression("app", "NotIn", &["db"]), true),
            (expression("app", "NotIn", &["web"]), false),
            (expression("zone", "NotIn", &["a"]), true),
            (expression("tier", "Exists", &[]), true),
            (expression("tier", "DoesNotExist", &[]), false),
            (expression("zone", "DoesNotExist", &[]), true),
            (
                json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}),
                false,
            ),
        ] {
            assert_eq!(
                matches(Some(&selector), labels.as_object().unwrap()),
                is_match,
                "{selector}"
            );
        }
        assert!(!matches(None, labels.as_object().unwrap()));
    }
}
