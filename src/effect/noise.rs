//! What changes in an object with every write, and tells nobody anything.

use serde_json::Value;

use super::text;
use crate::kube::groups::is_built_in;
use crate::kube::request_info::RequestInfo;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What the gateway writes itself, with Secrets whose values it masks.
const OWN: &str = "kguard.dev/written";

/// What the API server keeps with each object for itself.
const BOOKKEEPING: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// What is left out of both sides of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    last_applied: bool,
    status: bool,
}

impl Noise {
    /// What is noise between two objects as they are stored, not masked: in masked ones, what
    /// last-applied says is another placeholder than what it repeats.
    pub fn between(request: &RequestInfo, old: Option<&Value>, new: Option<&Value>) -> Self {
        let [before, after] = [old, new].map(|side| side.map(last_applied).unwrap_or_default());
        let repeats = || new.is_some_and(|new| repeats(new, after));
        let gone = after.is_empty() && new.is_some() && !before.is_empty();
        let last_applied = !gone && (before == after || after.is_empty() || repeats());
        // A CSR is approved in its status.
        let is_about = matches!(request.subresource(), "approval" | "status");
        Self { last_applied, status: !is_about }
    }

    /// The same of what one request does, both sides of one version. Where the status is of the
    /// controllers alone, the API server keeps it; a custom resource may be written with all of it.
    #[must_use]
    pub fn of_request(self, request: &RequestInfo, old: Option<&Value>, new: &Value) -> Self {
        let [before, after] = [old, Some(new)].map(|side| side.and_then(|of| of.get("status")));
        let fills_in =
            old.is_none() && request.resource.as_ref().is_some_and(|of| is_built_in(&of.api_group));
        Self { status: self.status && (fills_in || before == after), ..self }
    }

    /// Takes the noise out of an object.
    pub fn strip(self, object: &mut Value) {
        if self.status
            && let Some(fields) = object.as_object_mut()
        {
            fields.shift_remove("status");
        }
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        for field in BOOKKEEPING {
            metadata.shift_remove(field);
        }
        let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
        else {
            return;
        };
        annotations.shift_remove(OWN);
        if self.last_applied {
            annotations.shift_remove(LAST_APPLIED);
        }
        if annotations.is_empty() {
            metadata.shift_remove("annotations");
        }
    }
}

/// Whether fields belong to other managers than before, or others belong to them: what a later apply
/// takes away, or is refused for, depends on that.
pub fn has_other_owners(old: &Value, new: &Value) -> bool {
    let owners = |of: &Value| {
        let mut owners = of.pointer("/metadata/managedFields").cloned().unwrap_or(Value::Null);
        for owner in owners.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            owner.remove("time");
        }
        owners
    };
    owners(old) != owners(new)
}

fn last_applied(object: &Value) -> &str {
    let annotations = object.pointer("/metadata/annotations");
    let applied = annotations.and_then(|annotations| annotations.get(LAST_APPLIED)?.as_str());
    applied.unwrap_or_default()
}

/// Whether all that was applied is to be seen in the object itself.
fn repeats(object: &Value, applied: &str) -> bool {
    let Ok(applied) = serde_json::from_str::<Value>(applied) else { return false };
    let same_kind =
        ["/kind", "/apiVersion"].iter().all(|at| text(&applied, at) == text(object, at));
    same_kind && contains(object, &applied)
}

/// Lists are compared by position; of what the API server fills in, nothing is in the way.
fn contains(object: &Value, part: &Value) -> bool {
    match (object, part) {
        (Value::Object(object), Value::Object(part)) => part.iter().all(|(key, part)| {
            let nothing = part.is_null() || part.as_object().is_some_and(serde_json::Map::is_empty);
            object.get(key).map_or(nothing, |object| contains(object, part))
        }),
        (Value::Array(object), Value::Array(part)) => {
            object.len() == part.len()
                && object.iter().zip(part).all(|(object, part)| contains(object, part))
        }
        (_, Value::Null) => true,
        (object, part) => object == part,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::request_info::{ResourceInfo, Verb};

    fn request(subresource: &str) -> RequestInfo {
        let resource = ResourceInfo { subresource: subresource.into(), ..ResourceInfo::default() };
        RequestInfo { verb: Verb::Patch, path: String::new(), resource: Some(resource) }
    }

    fn stripped(noise: Noise, mut object: Value) -> Value {
        noise.strip(&mut object);
        object
    }

    #[test]
    fn bookkeeping_and_status_are_noise() {
        let object = json!({
            "kind": "Pod",
            "metadata": {
                "name": "p", "uid": "u", "resourceVersion": "7", "generation": 2,
                "managedFields": [{}], "creationTimestamp": "2026-01-01T00:00:00Z",
                "annotations": {"kguard.dev/written": "x"},
            },
            "spec": {}, "status": {"phase": "Running"},
        });
        let noise = Noise::between(&request(""), Some(&object), Some(&object));
        let left = json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": {}});
        assert_eq!(stripped(noise, object.clone()), left);
        let noise = Noise::between(&request("status"), Some(&object), Some(&object));
        assert_eq!(stripped(noise, object)["status"]["phase"], "Running");
    }

    #[test]
    fn a_status_that_the_request_itself_writes_is_none() {
        let of = |group: &str| RequestInfo {
            resource: Some(ResourceInfo { api_group: group.into(), ..ResourceInfo::default() }),
            ..request("")
        };
        let [old, new] = ["idle", "open"].map(|state| json!({"status": {"state": state}}));
        let shows = |request: &RequestInfo, old: Option<&Value>, new: &Value| {
            let noise = Noise::between(request, old, Some(new)).of_request(request, old, new);
            stripped(noise, new.clone()) == *new
        };
        assert!(shows(&of("example.com"), Some(&old), &new));
        assert!(shows(&of("example.com"), None, &new));
        assert!(!shows(&of("example.com"), Some(&new), &new));
        // The API server fills it in.
        assert!(!shows(&of(""), None, &new));
    }

    #[test]
    fn last_applied_is_noise_where_it_only_repeats() {
        let object = |replicas: u64, applied: &str| {
            json!({
                "apiVersion": "v1", "kind": "X", "spec": {"replicas": replicas, "filled": "in"},
                "metadata": {"annotations": {LAST_APPLIED: applied}},
            })
        };
        let says = |replicas: u64| {
            json!({"apiVersion": "v1", "kind": "X", "spec": {"replicas": replicas}, "metadata": {}})
                .to_string()
        };
        for (old, new, is_noise) in [
            (object(3, &says(2)), object(1, &says(1)), true),
            (object(3, &says(3)), object(1, &says(3)), true),
            (object(3, &says(3)), object(3, &says(9)), false),
            (object(3, &says(3)), json!({"metadata": {}}), false),
        ] {
            let noise = Noise::between(&request(""), Some(&old), Some(&new));
            assert_eq!(noise.last_applied, is_noise, "{old} {new}");
        }
    }

    #[test]
    fn whose_fields_they_are_counts_and_since_when_does_not() {
        let owned = |manager: &str, time: &str| {
            let owner = json!({"manager": manager, "time": time, "fieldsV1": {"f:data": {}}});
            json!({"metadata": {"managedFields": [owner]}})
        };
        assert!(!has_other_owners(&owned("helm", "1"), &owned("helm", "2")));
        assert!(has_other_owners(&owned("helm", "1"), &owned("mallory", "1")));
        assert!(has_other_owners(&owned("helm", "1"), &json!({"metadata": {}})));
    }
}
