//! Which two bodies are the same write: the form of a body that a plan is bound to.
//!
//! A command that runs twice sends the same bodies twice, but for two things, which are left out:
//!
//! - `metadata.resourceVersion`. It makes a write fail if the object has another version by then, and
//!   has no part in what is stored. A plan binds the object that it has seen in another way, which
//!   does not mind a status that controllers write.
//! - In a release of helm's: when it was deployed. helm writes the time into the release and into
//!   labels of the Secret that keeps it. Everything else in a release is bound: the chart, the
//!   values, the manifests, the status.

use serde_json::{Map, Value};

use crate::kube::request_info::ResourceInfo;
use crate::mask;

/// The moments in a release.
const RELEASE_TIMES: [&str; 3] = ["deleted", "first_deployed", "last_deployed"];
/// The labels of what keeps it that are moments.
const LABEL_TIMES: [&str; 2] = ["createdAt", "modifiedAt"];

/// What is said of a release on the card of a plan.
pub const RELEASE_TIMES_ARE_FREE: &str =
    "the times in helm's release, which helm takes from its clock";

/// A body in its canonical form.
#[derive(Debug, Clone, PartialEq)]
pub struct Canonical {
    /// What is left, its keys sorted.
    pub value: Value,
    /// Whether it keeps a release of helm's.
    pub is_release: bool,
}

/// The canonical form of what is sent to a resource.
pub fn canonical(resource: Option<&ResourceInfo>, mut body: Value) -> Canonical {
    if let Some(metadata) = object(&mut body, "metadata") {
        metadata.remove("resourceVersion");
    }
    let release = resource.and_then(|resource| mask::release_of(resource, &body));
    let is_release = release.is_some();
    if let Some(mut release) = release {
        if let Some(info) = object(&mut release, "info") {
            for time in RELEASE_TIMES {
                info.remove(time);
            }
        }
        if let Some(labels) = object(&mut body, "metadata").and_then(|of| of.get_mut("labels"))
            && let Some(labels) = labels.as_object_mut()
        {
            for time in LABEL_TIMES {
                labels.remove(time);
            }
        }
        // Opened: what is compressed need not be the same bytes.
        if let Some(data) = object(&mut body, "data") {
            data.insert("release".to_owned(), release);
        }
    }
    body.sort_all_objects();
    Canonical { value: body, is_release }
}

fn object<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Map<String, Value>> {
    value.get_mut(key)?.as_object_mut()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    fn secrets() -> ResourceInfo {
        ResourceInfo { api_version: "v1".into(), resource: "secrets".into(), ..Default::default() }
    }

    fn release(info: &Value, created: &str, manifest: &str) -> Value {
        let release = json!({"name": "app", "info": info, "manifest": manifest}).to_string();
        json!({
            "type": "helm.sh/release.v1",
            "metadata": {"name": "sh.helm.release.v1.app.v1", "labels": {"owner": "helm", "createdAt": created}},
            "data": {"release": STANDARD.encode(STANDARD.encode(release))},
        })
    }

    #[test]
    fn of_a_release_the_times_are_free_and_nothing_else_is() {
        let of = |last: &str, status: &str, created, manifest| {
            let info = json!({"first_deployed": last, "last_deployed": last, "status": status, "deleted": ""});
            canonical(Some(&secrets()), release(&info, created, manifest))
        };
        let planned = of("2026-01-01T00:00:00Z", "deployed", "1", "kind: Pod");
        assert!(planned.is_release);
        assert_eq!(planned, of("2026-02-02T00:00:00Z", "deployed", "2", "kind: Pod"));
        assert_ne!(planned, of("2026-01-01T00:00:00Z", "failed", "1", "kind: Pod"));
        assert_ne!(planned, of("2026-01-01T00:00:00Z", "deployed", "1", "kind: Job"));
    }

    #[test]
    fn of_any_other_object_the_same_labels_are_bound() {
        let of = |created: &str| {
            let labels = json!({"createdAt": created});
            canonical(Some(&secrets()), json!({"type": "Opaque", "metadata": {"labels": labels}}))
        };
        assert!(!of("1").is_release);
        assert_ne!(of("1"), of("2"));
    }

    #[test]
    fn the_order_of_keys_and_the_version_are_no_part_of_a_write() {
        let of = |text: &str| canonical(None, serde_json::from_str(text).unwrap()).value;
        let one = of(r#"{"b": [{"y": 1, "x": 2}], "metadata": {"resourceVersion": "7"}}"#);
        assert_eq!(one.to_string(), of(r#"{"metadata": {}, "b": [{"x": 2, "y": 1}]}"#).to_string());
        // Of a JSON patch every operation counts.
        let patch = r#"[{"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}]"#;
        assert_eq!(of(patch).pointer("/0/value"), Some(&json!("7")));
    }
}
