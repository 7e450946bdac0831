//! What the request line tells of a request's capabilities.

use super::{Capability, pod_in};
use crate::kube::groups::is_built_in;
use crate::kube::request_info::{ResourceInfo, Verb};

/// Whether a request carries a capability, by its request line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    No,
    /// It depends on the object.
    Perhaps,
    Yes,
}

use Told::{No, Perhaps, Yes};

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

/// Domains of groups whose objects are programs to run, in shapes of their own.
const CODE_DOMAINS: [&str; 6] =
    ["argoproj.io", "knative.dev", "kubevirt.io", "tekton.dev", "toolkit.fluxcd.io", "volcano.sh"];

/// Domains of groups whose objects guard a cluster.
const GUARDING_DOMAINS: [&str; 5] =
    ["cilium.io", "gatekeeper.sh", "kyverno.io", "networking.k8s.io", "projectcalico.org"];

/// Groups whose every write is about what guards or exposes the cluster.
const GUARDING_GROUPS: [&str; 11] = [
    "admissionregistration.k8s.io",
    "apiregistration.k8s.io",
    "certificates.k8s.io",
    "discovery.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "node.k8s.io",
    "policy",
    "policy.networking.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
];

/// Namespaces that the cluster keeps for itself.
const OWN_NAMESPACES: [&str; 2] = ["kube-node-lease", "kube-system"];

/// The same, of the core group.
const GUARDING_RESOURCES: [&str; 5] =
    ["endpoints", "limitranges", "namespaces", "resourcequotas", "serviceaccounts"];

/// A request line on a resource.
pub(super) struct Line<'a> {
    pub(super) verb: Verb,
    pub(super) resource: &'a ResourceInfo,
}

impl Line<'_> {
    pub(super) fn carries(&self, capability: Capability) -> Told {
        match capability {
            Capability::ChangeGuardrails => self.changes_guardrails(),
            Capability::GetCredentials => self.gets_credentials(),
            Capability::KillWorkloads => self.kills_workloads(),
            Capability::OpenTunnel => yes(self.opens_tunnel()),
            Capability::ReadSecrets => self.reads_secrets(),
            Capability::RunCode => self.runs_code(),
            Capability::SeeEnvironment => yes(self.sees_environment()),
        }
    }

    fn changes_guardrails(&self) -> Told {
        let guards = GUARDING_GROUPS.contains(&self.resource.api_group.as_str())
            || self.is_in_domain(&GUARDING_DOMAINS)
            // Who leads, and which nodes are alive.
            || self.is_own_lease()
            || self.is_one_of("", &GUARDING_RESOURCES) && !self.sub("token")
            || self.is("apiextensions.k8s.io", "customresourcedefinitions")
            // Names, addresses and identities (`aws-auth`) of the whole cluster.
            || self.is("", "configmaps") && self.resource.namespace == "kube-system";
        match () {
            () if !self.writes() => No,
            () if guards => Yes,
            // Where it leads, and what it exposes.
            () if self.is("", "services") => Perhaps,
            () => No,
        }
    }

    fn gets_credentials(&self) -> Told {
        let certificates = self.group("certificates.k8s.io");
        let rbac = self.group("rbac.authorization.k8s.io");
        let in_system =
            self.is("", "configmaps") && self.resource.namespace == "kube-system" && self.sub("");
        let aws_auth = in_system && self.resource.name == "aws-auth";
        match () {
            () if self.verb == Verb::Impersonate => Yes,
            () if self.is("", "nodes") && self.sub("proxy") => Yes,
            () if self.sub("token") => Yes,
            () if self.stores() && (certificates || rbac || aws_auth) => Yes,
            // A Secret of some types is filled with a token by a controller, or is one. A service
            // account can be bound to an identity of the cloud. A driver can be given tokens.
            () if self.stores() && self.is_one_of("", &["secrets", "serviceaccounts"]) => Perhaps,
            () if self.stores() && self.is("storage.k8s.io", "csidrivers") => Perhaps,
            () if self.verb == Verb::Create && in_system => Perhaps,
            () => No,
        }
    }

    fn kills_workloads(&self) -> Told {
        // Deleting any object may cascade to what it owns.
        let deletes = matches!(self.verb, Verb::Delete | Verb::DeleteCollection);
        let changes = self.changes();
        let ends = self.sub("eviction")
            || changes && (self.sub("finalize") || self.sub("resize"))
            // What is said to have failed is replaced, or ended.
            || changes && self.sub("status") && self.is_one_of("", &["nodes", "pods"])
            || changes && self.sub("status") && self.is_one_of("batch", &["cronjobs", "jobs"])
            || changes && self.is("apiextensions.k8s.io", "customresourcedefinitions")
            || self.writes() && (self.is_own_lease() || self.is_template_of_the_past())
            || self.writes() && self.is("resource.k8s.io", "devicetaintrules")
            || changes && self.is_in_domain(&CODE_DOMAINS);
        let autoscales = ["autoscaling", "autoscaling.k8s.io", "keda.sh"].map(|of| self.group(of));
        match () {
            () if deletes || ends || self.hooks_api_server() || self.has_channel_for_code() => Yes,
            () if self.writes() && autoscales.contains(&true) => Yes,
            () if self.sub("ephemeralcontainers") && self.writes() => Yes,
            // A pod of a higher priority pushes others out; what has a selector takes over what fits
            // it, and deletes what is too much.
            () if self.verb == Verb::Create => perhaps(self.sub("") && self.is_workload()),
            // Whatever it is, its finalizers and owners decide on what lives with it.
            () if changes => {
                let whole = self.sub("") || self.resource.is_of_whole_object();
                perhaps(whole || self.sub("scale"))
            }
            () => No,
        }
    }

    fn opens_tunnel(&self) -> bool {
        self.sub("portforward")
            || self.has_channel() && !["attach", "exec"].contains(&&*self.resource.subresource)
    }

    fn reads_secrets(&self) -> Told {
        // What is stored elsewhere than in Secrets may have the cluster fetch one.
        let refers = self.is("", "persistentvolumes") || self.group("storage.k8s.io");
        match () {
            () if self.is("", "secrets") => Yes,
            () if self.stores() && self.is_template_of_the_past() => Yes,
            // Pods get the pull Secrets of their service account.
            () if self.stores() && self.is("", "serviceaccounts") => perhaps(self.sub("")),
            () if self.has_channel_for_code() || self.hooks_api_server() => Yes,
            () if self.sub("ephemeralcontainers") && self.writes() => Yes,
            () if !self.stores() || !self.sub("") => No,
            () if self.is_in_domain(&CODE_DOMAINS) => Yes,
            () => perhaps(self.is_workload() || self.is_foreign() || refers),
        }
    }

    fn runs_code(&self) -> Told {
        match () {
            () if self.has_channel_for_code() || self.hooks_api_server() => Yes,
            () if self.sub("ephemeralcontainers") && self.writes() => Yes,
            () if !self.stores() || !self.sub("") => No,
            () if self.is_template_of_the_past() => Yes,
            () if self.is_workload() && self.verb == Verb::Create => Yes,
            () if self.is_in_domain(&CODE_DOMAINS) => Yes,
            () => perhaps(self.is_workload() || self.is_foreign()),
        }
    }

    fn sees_environment(&self) -> bool {
        // Writes answer with the object, so they read it too.
        self.is_workload()
            || self.is_in_domain(&CODE_DOMAINS)
            || self.is_template_of_the_past()
            || self.is("", "configmaps")
            || self.sub("log")
            || self.has_channel()
    }

    /// A subresource through which programs are run, not one that is a mere connection.
    fn has_channel_for_code(&self) -> bool {
        let tunnel = self.sub("portforward") || self.sub("proxy") && self.group("");
        self.is("", "nodes") && self.sub("proxy") || self.has_channel() && !tunnel
    }

    fn has_channel(&self) -> bool {
        CHANNELS.contains(&self.resource.subresource.as_str())
    }

    /// Configures code that the API server itself calls with objects of others.
    fn hooks_api_server(&self) -> bool {
        self.writes()
            && (self.group("admissionregistration.k8s.io")
                || self.group("apiregistration.k8s.io")
                || self.is("apiextensions.k8s.io", "customresourcedefinitions"))
    }

    /// What a StatefulSet or a DaemonSet goes back to.
    fn is_template_of_the_past(&self) -> bool {
        self.is("apps", "controllerrevisions")
    }

    fn is_own_lease(&self) -> bool {
        self.is("coordination.k8s.io", "leases")
            && OWN_NAMESPACES.contains(&self.resource.namespace.as_str())
    }

    fn is_in_domain(&self, domains: &[&str]) -> bool {
        let group = self.resource.api_group.as_str();
        let within = |domain: &&str| {
            group.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        domains.iter().any(within)
    }

    fn is_workload(&self) -> bool {
        pod_in(self.resource).is_some()
    }

    /// Custom resources and those of aggregated API servers.
    fn is_foreign(&self) -> bool {
        !is_built_in(&self.resource.api_group)
    }

    fn is(&self, group: &str, resource: &str) -> bool {
        self.group(group) && self.resource.resource == resource
    }

    fn is_one_of(&self, group: &str, resources: &[&str]) -> bool {
        self.group(group) && resources.contains(&self.resource.resource.as_str())
    }

    fn group(&self, group: &str) -> bool {
        self.resource.api_group == group
    }

    fn sub(&self, subresource: &str) -> bool {
        self.resource.subresource == subresource
    }

    fn writes(&self) -> bool {
        self.stores() || matches!(self.verb, Verb::Delete | Verb::DeleteCollection)
    }

    fn stores(&self) -> bool {
        self.changes() || self.verb == Verb::Create
    }

    fn changes(&self) -> bool {
        matches!(self.verb, Verb::Patch | Verb::Update)
    }
}

fn yes(carried: bool) -> Told {
    if carried { Yes } else { No }
}

fn perhaps(possible: bool) -> Told {
    if possible { Perhaps } else { No }
}
