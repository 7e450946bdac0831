//! The dangers that a request can carry, however it is spelled: a policy that names `run-code`
//! means exec, attach, ephemeral containers, pod writes and every detour alike.
//!
//! Told in two steps. [`Carried::by`] reads the request line, and tells what the request carries
//! for certain and what it may carry, depending on the object: a patch of a Deployment may set
//! `replicas: 0` or a label. [`Carried::with`] settles what is open on the object that would be
//! stored and the one that is stored now.

mod change;
mod line;

pub use change::Change;

use serde::{Deserialize, Serialize};

use crate::kube::request_info::{RequestInfo, ResourceInfo};

/// The kinds that pods are made from, and where in their objects the pod stands: writing one is
/// writing pods.
const WORKLOADS: [(&str, &str, &str); 9] = [
    ("", "pods", "/spec"),
    ("", "podtemplates", "/template"),
    ("", "replicationcontrollers", "/spec/template"),
    ("apps", "daemonsets", "/spec/template"),
    ("apps", "deployments", "/spec/template"),
    ("apps", "replicasets", "/spec/template"),
    ("apps", "statefulsets", "/spec/template"),
    ("batch", "cronjobs", "/spec/jobTemplate"),
    ("batch", "jobs", "/spec/template"),
];

/// Where in an object of that kind the pod stands; none for what is no workload.
fn pod_in(resource: &ResourceInfo) -> Option<&'static str> {
    let is = |(group, name, _): &&(&str, &str, &str)| {
        resource.api_group == *group && resource.resource == *name
    };
    WORKLOADS.iter().find(is).map(|(_, _, pod)| *pod)
}

/// One danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Capability {
    /// Change what guards the cluster: RBAC, admission, quotas, network policies, what is exposed,
    /// namespaces' labels.
    ChangeGuardrails,
    /// Obtain or widen an identity: tokens, certificates, bindings, impersonation.
    GetCredentials,
    /// End what runs or destroy what it needs.
    KillWorkloads,
    /// Open a connection into the cluster: port-forward, proxy.
    OpenTunnel,
    /// Read the value of a Secret, directly or by having something else read it.
    ReadSecrets,
    /// Run a program of one's own choice in the cluster.
    RunCode,
    /// See the environment and the output of what runs: literals in specs, logs.
    SeeEnvironment,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ChangeGuardrails,
        Self::GetCredentials,
        Self::KillWorkloads,
        Self::OpenTunnel,
        Self::ReadSecrets,
        Self::RunCode,
        Self::SeeEnvironment,
    ];

    /// The name in policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChangeGuardrails => "change-guardrails",
            Self::GetCredentials => "get-credentials",
            Self::KillWorkloads => "kill-workloads",
            Self::OpenTunnel => "open-tunnel",
            Self::ReadSecrets => "read-secrets",
            Self::RunCode => "run-code",
            Self::SeeEnvironment => "see-environment",
        }
    }

    /// The capability of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }
}

/// A set of capabilities; a list of names in the trail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Capability>", into = "Vec<Capability>")]
pub struct Capabilities(u8);

impl From<Vec<Capability>> for Capabilities {
    fn from(capabilities: Vec<Capability>) -> Self {
        capabilities.into_iter().collect()
    }
}

impl From<Capabilities> for Vec<Capability> {
    fn from(capabilities: Capabilities) -> Self {
        capabilities.iter().collect()
    }
}

impl Capabilities {
    /// Whether both sets have something in common.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether everything in this set is in the other one.
    pub const fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Whether `capability` is in the set.
    pub const fn contains(self, capability: Capability) -> bool {
        self.intersects(Self(1 << capability as u8))
    }

    /// What is in the set.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |capability| self.contains(*capability))
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        Self(capabilities.into_iter().fold(0, |set, capability| set | 1 << capability as u8))
    }
}

/// What a request carries, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Whatever the object is.
    pub certain: Capabilities,
    /// At most; all of it, until the object is known.
    pub possible: Capabilities,
}

impl Carried {
    /// What the request line tells.
    pub fn by(request: &RequestInfo) -> Self {
        let Some(resource) = &request.resource else { return Self::default() };
        let line = line::Line { verb: request.verb, resource };
        let told = Capability::ALL.map(|capability| (capability, line.carries(capability)));
        let at_least = |least: line::Told| {
            told.into_iter()
                .filter(move |(_, told)| *told >= least)
                .map(|(capability, _)| capability)
        };
        Self {
            certain: at_least(line::Told::Yes).collect(),
            possible: at_least(line::Told::Perhaps).collect(),
        }
    }

    /// What the request carries on these objects.
    pub fn with(self, change: &Change<'_>) -> Capabilities {
        let open = self.possible.iter().filter(|capability| !self.certain.contains(*capability));
        let found = open.filter(|capability| change.carries(*capability));
        self.certain.iter().chain(found).collect()
    }
}

#[cfg(test)]
mod tests;
