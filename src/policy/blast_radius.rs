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
                ("", "nodes") => {
                    let node = &resource.name;
                    Self::Listed(format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{node}"))
                }
                _ => Self::of_object(resource, old_object),
            },
            Verb::Patch | Verb::Update => Self::of_change(resource, object, old_object),
            _ => Self::Of(1),
        }
    }

    /// A delete of one object.
    fn of_object(resource: &ResourceInfo, object: &Object) -> Self {
        match object {
            Object::Known(object) => Self::Of(pods(object).max(1)),
            Object::Unavailable { .. } if has_pods(resource) => Self::Unknown,
            Object::Absent | Object::Unavailable { .. } => Self::Of(1),
        }
    }

    /// From 30 to 10 is 20; a change that is none of the number is one.
    fn of_change(resource: &ResourceInfo, object: &Object, old_object: &Object) -> Self {
        match (object, old_object) {
            (Object::Known(object), Object::Known(old)) => {
                Self::Of(replicas(old).saturating_sub(replicas(object)).max(1))
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

/// Whether objects of this kind stand for a number of pods.
fn has_pods(resource: &ResourceInfo) -> bool {
    resource.subresource == "scale"
        || matches!(&*resource.api_group, "apps" | "batch")
        || resource.resource == "replicationcontrollers"
}

/// The pods of a workload, by whatever of its kinds tells it.
fn pods(object: &Value) -> u64 {
    let number = |pointer| object.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
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
        let set = || known(json!({"status": {"currentNumberScheduled": 7}}));
        for (verb, resource, new, old, radius) in [
            (Verb::Patch, "deployments/scale.apps", scale(0), scale(30), 30),
            (Verb::Patch, "deployments.apps", scale(10), scale(30), 20),
            (Verb::Update, "deployments.apps", scale(40), scale(30), 1),
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
    }
}
