//! What a request takes along, in numbers: the pods that end with a workload, the objects of a
//! collection. Budgets count in these.

use serde_json::Value;

use super::decision::Object;
use crate::kube::request_info::{RequestInfo, ResourceInfo, Verb};

/// How much a request takes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlastRadius {
    /// So many pods or objects, and at least the one that it names.
    Of(u64),
    /// As many as a list of this path and query holds.
    Listed(String),
    /// Nobody knows.
    Unknown,
}

impl BlastRadius {
    /// The radius of `request`, for which `object` would be stored and `old_object` is stored.
    pub fn of(request: &RequestInfo, object: &Object, old_object: &Object) -> Self {
        let Some(resource) = &request.resource else { return Self::Of(1) };
        match request.verb {
            Verb::DeleteCollection => Self::Listed(request.path.clone()),
            Verb::Delete => match (&*resource.api_group, &*resource.resource) {
                ("", "namespaces") => {
                    Self::Listed(format!("/api/v1/namespaces/{}/pods", resource.name))
                }
                ("", "nodes") => Self::Listed(pods_of_node(&resource.name)),
                ("apiextensions.k8s.io", _) => Self::of_definition(old_object),
                _ => Self::of_object(resource, old_object),
            },
            Verb::Patch | Verb::Update => Self::of_change(resource, object, old_object),
            _ => Self::Of(1),
        }
    }

    /// How much one object of a list takes along.
    pub fn of_listed(object: &Value) -> u64 {
        pods(object).max(1)
    }

    /// A delete of one object.
    fn of_object(resource: &ResourceInfo, object: &Object) -> Self {
        match object {
            Object::Known(object) => Self::Of(pods(object).max(1)),
            Object::Unavailable { .. } if has_pods(resource) => Self::Unknown,
            Object::Absent | Object::Unavailable { .. } => Self::Of(1),
        }
    }

    /// A delete of a definition, and with it of every object of its kind.
    fn of_definition(object: &Object) -> Self {
        let Object::Known(definition) = object else { return Self::Unknown };
        let text = |pointer| definition.pointer(pointer).and_then(Value::as_str);
        let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
        let served =
            versions.into_iter().flatten().find(|of| of.get("served") == Some(&true.into()));
        let version = served.and_then(|of| of.get("name")?.as_str());
        match (text("/spec/group"), version, text("/spec/names/plural")) {
            (Some(group), Some(version), Some(plural)) => {
                Self::Listed(format!("/apis/{group}/{version}/{plural}"))
            }
            _ => Self::Unknown,
        }
    }

    /// From 30 to 10 is 20. Whatever else changes in a workload replaces all of its pods; a taint
    /// may end all of a node's.
    fn of_change(resource: &ResourceInfo, object: &Object, old_object: &Object) -> Self {
        match (object, old_object) {
            (Object::Known(object), Object::Known(old)) => {
                let taints = |of: &Value| of.pointer("/spec/taints").cloned();
                if resource.resource == "nodes" && taints(object) != taints(old) {
                    return Self::Listed(pods_of_node(&resource.name));
                }
                let fewer = replicas(old).saturating_sub(replicas(object));
                let replaces =
                    has_pods(resource) && spec_but_replicas(object) != spec_but_replicas(old);
                let ended = if replaces { pods(old) } else { fewer };
                Self::Of(ended.max(1))
            }
            (Object::Unavailable { .. }, _) | (_, Object::Unavailable { .. })
                if has_pods(resource) =>
            {
                Self::Unknown
            }
            _ => Self::Of(1),
        }
    }
}

fn pods_of_node(name: &str) -> String {
    format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{name}")
}

/// Whether objects of this kind stand for a number of pods.
fn has_pods(resource: &ResourceInfo) -> bool {
    resource.subresource == "scale"
        || matches!(&*resource.api_group, "apps" | "batch")
        || resource.resource == "replicationcontrollers"
}

fn spec_but_replicas(object: &Value) -> Option<Value> {
    let mut spec = object.get("spec")?.clone();
    spec.as_object_mut().and_then(|spec| spec.remove("replicas"));
    Some(spec)
}

/// The pods of a workload, by whatever of its kinds tells it.
fn pods(object: &Value) -> u64 {
    let number = |pointer| match object.pointer(pointer) {
        // A CronJob lists its Jobs.
        Some(Value::Array(active)) => active.len() as u64,
        Some(number) => number.as_u64().unwrap_or(0),
        None => 0,
    };
    let running = ["/status/replicas", "/status/currentNumberScheduled", "/status/active"];
    running.map(number).into_iter().fold(replicas(object), u64::max)
}

fn replicas(object: &Value) -> u64 {
    object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::tests::request;

    fn known(value: Value) -> Object {
        Object::Known(value)
    }

    #[test]
    fn a_request_takes_along_what_ends_with_it() {
        let unknown = || Object::Unavailable { why: String::new() };
        let scale = |replicas: u64| known(json!({"spec": {"replicas": replicas}}));
        let of = |replicas: u64, image: &str| {
            known(json!({"spec": {"replicas": replicas, "template": image}}))
        };
        let suspended =
            |suspend: bool| known(json!({"spec": {"suspend": suspend}, "status": {"active": 5}}));
        let jobs = || known(json!({"status": {"active": [{}, {}]}}));
        let set = || known(json!({"status": {"currentNumberScheduled": 7}}));
        for (verb, resource, new, old, radius) in [
            (Verb::Patch, "deployments/scale.apps", scale(0), scale(30), 30),
            (Verb::Patch, "deployments.apps", scale(10), scale(30), 20),
            (Verb::Update, "deployments.apps", scale(40), scale(30), 1),
            (Verb::Patch, "deployments.apps", of(30, "b"), of(30, "a"), 30),
            (Verb::Patch, "deployments.apps", of(10, "b"), of(30, "a"), 30),
            (Verb::Patch, "jobs.batch", suspended(true), suspended(false), 5),
            (Verb::Delete, "cronjobs.batch", Object::Absent, jobs(), 2),
            (Verb::Patch, "configmaps", unknown(), unknown(), 1),
            (Verb::Delete, "deployments.apps", Object::Absent, scale(30), 30),
            (Verb::Delete, "daemonsets.apps", Object::Absent, set(), 7),
            (Verb::Delete, "pods", Object::Absent, known(json!({"spec": {}})), 1),
            (Verb::Delete, "secrets", Object::Absent, unknown(), 1),
            (Verb::Create, "pods/eviction", Object::Absent, Object::Absent, 1),
        ] {
            let request = request(verb, resource, "shop", "web");
            let found = BlastRadius::of(&request, &new, &old);
            assert_eq!(found, BlastRadius::Of(radius), "{verb:?} {resource}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_unknown_where_it_could_be_many() {
        let unknown = Object::Unavailable { why: String::new() };
        for (verb, resource) in [
            (Verb::Delete, "statefulsets.apps"),
            (Verb::Patch, "deployments/scale.apps"),
            (Verb::Update, "replicationcontrollers"),
        ] {
            let request = request(verb, resource, "shop", "web");
            assert_eq!(BlastRadius::of(&request, &unknown, &unknown), BlastRadius::Unknown);
        }
    }

    #[test]
    fn what_holds_others_is_listed() {
        for (resource, listed) in [
            ("namespaces", "/api/v1/namespaces/web/pods"),
            ("nodes", "/api/v1/pods?fieldSelector=spec.nodeName%3Dweb"),
        ] {
            let request = request(Verb::Delete, resource, "", "web");
            let found = BlastRadius::of(&request, &Object::Absent, &Object::Absent);
            assert_eq!(found, BlastRadius::Listed(listed.to_owned()));
        }
        let definition = known(json!({"spec": {
            "group": "example.com",
            "names": {"plural": "widgets"},
            "versions": [{"name": "v1beta1", "served": false}, {"name": "v1", "served": true}],
        }}));
        let crd = "customresourcedefinitions.apiextensions.k8s.io";
        let request = request(Verb::Delete, crd, "", "widgets.example.com");
        let found = BlastRadius::of(&request, &Object::Absent, &definition);
        assert_eq!(found, BlastRadius::Listed("/apis/example.com/v1/widgets".to_owned()));
    }
}
