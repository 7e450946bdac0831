//! What the objects tell of a request's capabilities, where the request line leaves it open.

use serde_json::Value;

use super::{Capability, pod_in};
use crate::kube::request_info::{RequestInfo, ResourceInfo};

/// Annotations of a service account that give its pods an identity of the cloud.
const CLOUD_IDENTITIES: [&str; 3] = [
    "azure.workload.identity/client-id",
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
];

/// Secrets of these types are credentials, or are made to be such by a controller.
const CREDENTIAL_TYPES: [&str; 2] =
    ["bootstrap.kubernetes.io/token", "kubernetes.io/service-account-token"];

/// Has a Deployment go back to the template of a revision (k8s.io/api `apps/v1`, the controller's
/// `getRollbackTo`).
const ROLLBACK: &str = "deprecated.deployment.rollback.to";

/// Deeper than any object of the API server is nested, and no danger to the stack.
const MAX_DEPTH: usize = 128;

/// An object as it would be stored, beside the one that is stored now.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    resource: &'a ResourceInfo,
    new: &'a Value,
    /// None for an object that is to be created.
    old: Option<&'a Value>,
}

impl<'a> Change<'a> {
    /// The change that `request` makes; none if it is about no resource.
    pub fn of(request: &'a RequestInfo, new: &'a Value, old: Option<&'a Value>) -> Option<Self> {
        Some(Self { resource: request.resource.as_ref()?, new, old })
    }

    /// Whether it carries a capability that the request line leaves open.
    pub(super) fn carries(&self, capability: Capability) -> bool {
        match capability {
            Capability::ChangeGuardrails => self.exposes(),
            Capability::GetCredentials => self.makes_credential(),
            Capability::KillWorkloads => self.kills(),
            Capability::ReadSecrets => self.refers_to_secret(),
            Capability::RunCode => self.runs(),
            // Never open.
            Capability::OpenTunnel | Capability::SeeEnvironment => true,
        }
    }

    /// A Service that leads elsewhere than before, or answers on addresses of nodes, of load
    /// balancers or of others' choice.
    fn exposes(&self) -> bool {
        let exposing = |object: &Value| {
            let internal = matches!(text(object, "/spec/type"), None | Some("ClusterIP"));
            !internal || has_items(object.pointer("/spec/externalIPs"))
        };
        let redirects = self.old.is_some() && self.differs("/spec/selector");
        let changes = self.differs("/spec") || self.differs("/status/loadBalancer");
        redirects || changes && (exposing(self.new) || self.old.is_some_and(exposing))
    }

    fn makes_credential(&self) -> bool {
        match self.resource.resource.as_str() {
            "secrets" => text(self.new, "/type").is_some_and(|of| CREDENTIAL_TYPES.contains(&of)),
            // Another one gets another name each time.
            "configmaps" => {
                text(self.new, "/metadata/name") == Some("aws-auth")
                    || self.new.pointer("/metadata/generateName").is_some()
            }
            "csidrivers" => {
                self.differs("/spec/tokenRequests")
                    && has_items(self.new.pointer("/spec/tokenRequests"))
            }
            _ => CLOUD_IDENTITIES
                .iter()
                .any(|key| annotation(self.new, key).is_some() && self.differs_in_annotation(key)),
        }
    }

    fn kills(&self) -> bool {
        match self.old {
            Some(old) => self.changes_and_kills(old),
            None => self.preempts() || self.adopts(),
        }
    }

    fn changes_and_kills(&self, old: &Value) -> bool {
        if self.resource.subresource == "scale" {
            // Zero is left out.
            return replicas(self.new).unwrap_or(0) < replicas(old).unwrap_or(0);
        }
        self.differs("/metadata/finalizers")
            || self.differs("/metadata/ownerReferences")
            || self.rolls_back()
            || match self.resource.resource.as_str() {
                // What runs on a node is told by its taints and labels.
                "nodes" => self.differs("/spec/taints") || self.differs("/metadata/labels"),
                // Who owns a pod, or a set of pods, is told by its labels.
                "pods" | "replicasets" => self.differs("/metadata/labels") || self.ends_pods(old),
                _ if pod_in(self.resource).is_some() => self.ends_pods(old),
                // Whatever it is, fewer of it is an end of some.
                _ => replicas(self.new) < replicas(old),
            }
    }

    /// New pods of a high priority push others out; a Job that is told its selector takes over what
    /// fits it.
    fn preempts(&self) -> bool {
        let keys = ["manualSelector", "priorityClassName"];
        contains_key(self.new, &|key| keys.contains(&key), MAX_DEPTH)
    }

    /// What has a selector takes over pods, or sets of pods, that fit it and have no owner, and
    /// deletes those that are too many.
    fn adopts(&self) -> bool {
        match self.resource.resource.as_str() {
            "daemonsets" | "replicasets" | "replicationcontrollers" => true,
            "deployments" | "statefulsets" => replicas(self.new) == Some(0),
            _ => false,
        }
    }

    fn rolls_back(&self) -> bool {
        self.resource.resource == "deployments" && self.differs_in_annotation(ROLLBACK)
    }

    /// Every change of a spec but that to more replicas.
    fn ends_pods(&self, old: &Value) -> bool {
        let rest = |object: &Value| {
            let mut spec = object.get("spec").cloned().unwrap_or_default();
            spec.as_object_mut().and_then(|spec| spec.remove("replicas"));
            spec
        };
        replicas(self.new) < replicas(old) || rest(self.new) != rest(old)
    }

    fn refers_to_secret(&self) -> bool {
        let secret = |key: &str| key.to_ascii_lowercase().contains("secret");
        // Files of a node: every Secret of its pods is among them.
        let files = |key: &str| self.is_volume() && matches!(key, "hostPath" | "local");
        // A service account's own list of them is no program; its pods pull with them.
        if self.resource.resource == "serviceaccounts" {
            return self.differs("/imagePullSecrets") || self.differs("/secrets");
        }
        self.rolls_back()
            || self
                .changed_programs()
                .any(|part| contains_key(part, &|key| secret(key) || files(key), MAX_DEPTH))
    }

    fn runs(&self) -> bool {
        let program = |key: &str| {
            matches!(key, "chart" | "containers" | "podTemplate" | "template")
                || key.to_ascii_lowercase().contains("image")
        };
        match pod_in(self.resource) {
            Some(pod) => self.differs(pod) || self.rolls_back(),
            None => self.changed_programs().any(|part| contains_key(part, &program, MAX_DEPTH)),
        }
    }

    fn is_volume(&self) -> bool {
        self.resource.resource == "persistentvolumes"
    }

    /// What may be code, or refer to Secrets, and is not as it was: of a workload the pod, of
    /// anything else all but what identifies it and what is reported of it.
    fn changed_programs(&self) -> impl Iterator<Item = &'a Value> {
        let fields = self.new.as_object().into_iter().flatten();
        let pod = pod_in(self.resource);
        let old = self.old;
        let content = fields.filter(move |(key, value)| {
            let about = ["apiVersion", "kind", "metadata", "status"];
            pod.is_none()
                && !about.contains(&key.as_str())
                && old.and_then(|old| old.get(key)) != Some(value)
        });
        let pod = pod.filter(|pod| self.differs(pod)).and_then(|pod| self.new.pointer(pod));
        content.map(|(_, value)| value).chain(pod)
    }

    fn differs_in_annotation(&self, key: &str) -> bool {
        annotation(self.new, key) != self.old.and_then(|old| annotation(old, key))
    }

    fn differs(&self, pointer: &str) -> bool {
        self.new.pointer(pointer) != self.old.and_then(|old| old.pointer(pointer))
    }
}

fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a Value> {
    object.pointer("/metadata/annotations")?.get(key)
}

fn replicas(object: &Value) -> Option<u64> {
    object.pointer("/spec/replicas")?.as_u64()
}

fn text<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer)?.as_str()
}

fn has_items(list: Option<&Value>) -> bool {
    list.and_then(Value::as_array).is_some_and(|items| !items.is_empty())
}

/// Whether a key that is `wanted` and not null stands anywhere in it. Deeper than `depth` nobody
/// looks, and assumes it.
fn contains_key(value: &Value, wanted: &dyn Fn(&str) -> bool, depth: usize) -> bool {
    let inside = |value: &Value| depth == 0 || contains_key(value, wanted, depth - 1);
    match value {
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| !value.is_null() && (wanted(key) || inside(value)))
        }
        Value::Array(items) => items.iter().any(inside),
        _ => false,
    }
}
