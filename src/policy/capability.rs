//! The dangers that a request can carry, however it is spelled: a policy that names `run-code`
//! means exec, attach, ephemeral containers, pod writes and every detour alike.
//!
//! Worked out from the request line alone, so it errs on the side of more: a patch of a
//! Deployment counts as `kill-workloads` because it may set `replicas: 0`, whatever it does set.

use crate::kube::request_info::{RequestInfo, ResourceInfo, Verb};

/// One danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Capability {
    /// Change what guards the cluster: RBAC, admission, quotas, network policies, namespaces'
    /// labels.
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

/// A set of capabilities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(u8);

impl Capabilities {
    /// Everything that `request` can do by what its method and path say.
    pub fn of(request: &RequestInfo) -> Self {
        let Some(resource) = &request.resource else { return Self::default() };
        Rules { write: writes(request.verb), verb: request.verb, resource }.apply()
    }

    /// Whether both sets have something in common.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
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

const fn writes(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Create | Verb::Delete | Verb::DeleteCollection | Verb::Patch | Verb::Update
    )
}

/// Subresources that open a channel into what they belong to, whoever serves them: aggregated API
/// servers and custom resources (KubeVirt's `console`, Karmada's `proxy`) use the same words.
const CHANNELS: [&str; 12] = [
    "attach",
    "console",
    "exec",
    "portforward",
    "proxy",
    "run",
    "serial",
    "shell",
    "ssh",
    "usbredir",
    "vnc",
    "vsock",
];

/// The kinds that own pods; writing one is writing pods.
const WORKLOADS: [(&str, &str); 9] = [
    ("", "pods"),
    ("", "podtemplates"),
    ("", "replicationcontrollers"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("batch", "cronjobs"),
    ("batch", "jobs"),
];

struct Rules<'a> {
    verb: Verb,
    write: bool,
    resource: &'a ResourceInfo,
}

impl Rules<'_> {
    fn apply(&self) -> Capabilities {
        [
            (Capability::ChangeGuardrails, self.changes_guardrails()),
            (Capability::GetCredentials, self.gets_credentials()),
            (Capability::KillWorkloads, self.kills_workloads()),
            (Capability::OpenTunnel, self.opens_tunnel()),
            (Capability::ReadSecrets, self.reads_secrets()),
            (Capability::RunCode, self.runs_code()),
            (Capability::SeeEnvironment, self.sees_environment()),
        ]
        .into_iter()
        .filter_map(|(capability, carried)| carried.then_some(capability))
        .collect()
    }

    fn is(&self, group: &str, resource: &str) -> bool {
        self.resource.api_group == group && self.resource.resource == resource
    }

    fn group(&self, group: &str) -> bool {
        self.resource.api_group == group
    }

    fn sub(&self, subresource: &str) -> bool {
        self.resource.subresource == subresource
    }

    fn workload(&self) -> bool {
        WORKLOADS.iter().any(|(group, resource)| self.is(group, resource))
    }

    fn channel(&self) -> bool {
        CHANNELS.contains(&self.resource.subresource.as_str())
    }

    /// Writes a pod or what pods are made from: the object itself, not its status or scale.
    fn writes_template(&self) -> bool {
        let writes = matches!(self.verb, Verb::Create | Verb::Patch | Verb::Update);
        writes && self.workload() && (self.sub("") || self.sub("ephemeralcontainers"))
    }

    /// Configures code that the API server itself calls with objects of others.
    fn hooks_api_server(&self) -> bool {
        self.write
            && (self.group("admissionregistration.k8s.io")
                || self.group("apiregistration.k8s.io")
                || self.is("apiextensions.k8s.io", "customresourcedefinitions"))
    }

    fn runs_code(&self) -> bool {
        let node_proxy = self.is("", "nodes") && self.sub("proxy");
        let tunnel = self.sub("portforward") || (self.sub("proxy") && self.group(""));
        node_proxy
            || (self.channel() && !tunnel)
            || self.writes_template()
            || self.hooks_api_server()
    }

    fn reads_secrets(&self) -> bool {
        self.is("", "secrets") || self.runs_code()
    }

    fn gets_credentials(&self) -> bool {
        let certificates = self.group("certificates.k8s.io");
        let rbac = self.group("rbac.authorization.k8s.io");
        // A Secret of type service-account-token makes the controller fill in a token: a new one,
        // and one that is given to another account by its annotation.
        let writes = matches!(self.verb, Verb::Create | Verb::Patch | Verb::Update);
        let token_secret = self.is("", "secrets") && writes;
        self.sub("token")
            || token_secret
            || (self.write && (certificates || rbac))
            || (self.is("", "nodes") && self.sub("proxy"))
    }

    fn kills_workloads(&self) -> bool {
        let deletes = matches!(self.verb, Verb::Delete | Verb::DeleteCollection);
        // Deleting any object may cascade to what it owns.
        let evicts = self.sub("eviction");
        let changes = matches!(self.verb, Verb::Patch | Verb::Update);
        let scales = changes && (self.sub("scale") || self.sub("resize"));
        let template = changes && self.workload();
        let taints = changes && self.is("", "nodes");
        let finalizes = changes && (self.is("", "namespaces") || self.sub("finalize"));
        let schema = changes && self.is("apiextensions.k8s.io", "customresourcedefinitions");
        let autoscales = self.write && self.group("autoscaling");
        deletes
            || evicts
            || scales
            || template
            || taints
            || finalizes
            || schema
            || autoscales
            || self.runs_code()
    }

    fn opens_tunnel(&self) -> bool {
        self.sub("portforward")
            || self.channel() && !["attach", "exec"].contains(&&*self.resource.subresource)
    }

    fn changes_guardrails(&self) -> bool {
        let core = ["limitranges", "namespaces", "resourcequotas", "serviceaccounts"];
        let guarded_groups = [
            "admissionregistration.k8s.io",
            "apiregistration.k8s.io",
            "certificates.k8s.io",
            "flowcontrol.apiserver.k8s.io",
            "networking.k8s.io",
            "policy",
            "policy.networking.k8s.io",
            "rbac.authorization.k8s.io",
            "scheduling.k8s.io",
        ];
        self.write
            && (guarded_groups.contains(&self.resource.api_group.as_str())
                || (self.group("")
                    && core.contains(&self.resource.resource.as_str())
                    && !self.sub("token"))
                || self.is("apiextensions.k8s.io", "customresourcedefinitions"))
    }

    fn sees_environment(&self) -> bool {
        let specs = self.workload() || self.is("apps", "controllerrevisions");
        // Writes answer with the object, so they read it too.
        specs || self.sub("log") || self.is("", "configmaps") || self.channel()
    }
}

#[cfg(test)]
mod tests;
