//! What is sent to bring an object back: the object as it was, without what the API server sets, or
//! would take for a request to do something else.

use serde_json::{Map, Value};

/// What only the API server sets, of an object that is created.
const SET_BY_SERVER: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// How the API server remembers in which way an object is to go.
const GOING: [&str; 2] = ["foregroundDeletion", "orphan"];

/// What controllers write into an object besides its status, whenever it changes.
const BY_CONTROLLERS: [&str; 1] = ["deployment.kubernetes.io/revision"];

/// The labels by which a Job knows its pods: those of its uid, which is another one now.
const OF_JOB: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];

/// An object that was deleted, to be created again; and what is left out of it that people may miss.
pub(super) fn to_create(object: &Value) -> (Value, Vec<String>) {
    let (mut object, mut notes) = (object.clone(), Vec::new());
    if let Some(fields) = object.as_object_mut() {
        fields.shift_remove("status");
    }
    if let Some(metadata) = metadata(&mut object) {
        for field in SET_BY_SERVER {
            metadata.shift_remove(field);
        }
        if let Some(Value::Array(owners)) = metadata.shift_remove("ownerReferences") {
            let text = |owner: &Value, key| owner.get(key)?.as_str().map(str::to_owned);
            let named = owners.iter().filter_map(|of| Some((text(of, "kind")?, text(of, "name")?)));
            // With the uid of an owner that is gone, the garbage collector would take it at once.
            notes.extend(named.map(|(kind, name)| format!("it will not belong to {kind} {name}")));
        }
        if let Some(finalizers) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) {
            finalizers.retain(|of| of.as_str().is_none_or(|name| !GOING.contains(&name)));
        }
    }
    if object.get("kind").is_some_and(|kind| kind == "Job") {
        forget_job_selector(&mut object);
    }
    (object, notes)
}

/// An object that was changed, to be put back in the place of this version of it.
pub(super) fn to_replace(object: &Value, live: &Value) -> Value {
    let mut object = object.clone();
    let version = live.pointer("/metadata/resourceVersion").cloned();
    if let (Some(metadata), Some(version)) = (metadata(&mut object), version) {
        metadata.insert("resourceVersion".to_owned(), version);
    }
    object
}

/// What is kept of an object: all but who manages which field.
pub(super) fn to_keep(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = metadata(&mut object) {
        metadata.shift_remove("managedFields");
    }
    object
}

/// What of an object somebody has to change for it to be another one.
pub(super) fn lasting(object: &Value) -> Value {
    let mut object = to_keep(object);
    if let Some(fields) = object.as_object_mut() {
        fields.shift_remove("status");
    }
    if let Some(metadata) = metadata(&mut object) {
        metadata.shift_remove("generation");
        metadata.shift_remove("resourceVersion");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            for annotation in BY_CONTROLLERS {
                annotations.shift_remove(annotation);
            }
            if annotations.is_empty() {
                metadata.shift_remove("annotations");
            }
        }
    }
    object
}

/// The selector and labels that the API server generated; it generates them anew.
fn forget_job_selector(job: &mut Value) {
    let Some(spec) = job.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if spec.get("manualSelector").and_then(Value::as_bool) == Some(true) {
        return;
    }
    spec.shift_remove("selector");
    let labels = |of: &mut Value| {
        if let Some(labels) = of.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            for label in OF_JOB {
                labels.shift_remove(label);
            }
        }
    };
    spec.get_mut("template").map(labels);
    labels(job);
}

fn metadata(object: &mut Value) -> Option<&mut Map<String, Value>> {
    object.get_mut("metadata").and_then(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_created_again_has_nothing_of_the_old_objects_identity() {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}, "status": {},
            "metadata": {
                "name": "c", "namespace": "n", "uid": "u", "resourceVersion": "7",
                "creationTimestamp": "2026-01-01T00:00:00Z", "deletionTimestamp": "x",
                "labels": {"l": "1"}, "finalizers": ["orphan", "example.com/mine"],
                "ownerReferences": [{"kind": "Widget", "name": "w", "uid": "gone"}],
            },
        });
        let (created, notes) = to_create(&object);
        let metadata = json!({
            "name": "c", "namespace": "n", "labels": {"l": "1"}, "finalizers": ["example.com/mine"],
        });
        let expected = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}, "metadata": metadata,
        });
        assert_eq!(created, expected);
        assert_eq!(notes, ["it will not belong to Widget w"]);
    }

    #[test]
    fn a_job_gets_a_new_selector_unless_it_has_one_of_its_own() {
        let job = |manual: bool| {
            json!({
                "kind": "Job", "metadata": {"labels": {"controller-uid": "u", "app": "a"}},
                "spec": {
                    "manualSelector": manual, "selector": {"matchLabels": {"controller-uid": "u"}},
                    "template": {"metadata": {"labels": {"controller-uid": "u", "app": "a"}}},
                },
            })
        };
        let (created, _) = to_create(&job(false));
        assert_eq!(created["metadata"]["labels"], json!({"app": "a"}));
        assert_eq!(created["spec"]["template"]["metadata"]["labels"], json!({"app": "a"}));
        assert!(created["spec"].get("selector").is_none());
        assert_eq!(to_create(&job(true)).0, job(true));
    }

    #[test]
    fn what_changes_by_itself_is_no_change() {
        let object = |version: &str, revision: &str, replicas: u64| {
            json!({
                "metadata": {
                    "uid": "u", "resourceVersion": version, "generation": version,
                    "annotations": {"deployment.kubernetes.io/revision": revision},
                },
                "spec": {"replicas": replicas}, "status": {"observed": version},
            })
        };
        assert_eq!(lasting(&object("7", "1", 3)), lasting(&object("9", "2", 3)));
        assert_ne!(lasting(&object("7", "1", 3)), lasting(&object("7", "1", 4)));
        let replaced = to_replace(&object("7", "1", 3), &object("9", "2", 1));
        assert_eq!(replaced["metadata"]["resourceVersion"], "9");
        assert_eq!(replaced["spec"]["replicas"], 3);
    }
}
