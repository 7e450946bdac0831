use super::*;
use crate::policy::tests::{path, request};

use Verb::{Create, Delete, DeleteCollection, Get, List, Patch, Update, Watch};

/// Initials: change-Guardrails, get-Credentials, Kill-workloads, open-Tunnel, read-Secrets,
/// Run-code, see-Environment.
fn initials(request: &RequestInfo) -> String {
    Capabilities::of(request).iter().fold(String::new(), |mut text, capability| {
        text.push(match capability {
            Capability::ChangeGuardrails => 'G',
            Capability::GetCredentials => 'C',
            Capability::KillWorkloads => 'K',
            Capability::OpenTunnel => 'T',
            Capability::ReadSecrets => 'S',
            Capability::RunCode => 'R',
            Capability::SeeEnvironment => 'E',
        });
        text
    })
}

#[test]
fn requests_carry_the_dangers_of_everything_they_can_be_used_for() {
    for (verb, resource, carried) in [
        (Get, "nodes", ""),
        (List, "services", ""),
        (Create, "services", ""),
        (Get, "configmaps", "E"),
        (Get, "pods", "E"),
        (Watch, "deployments.apps", "E"),
        (Get, "controllerrevisions.apps", "E"),
        (Get, "pods/log", "E"),
        (Get, "secrets", "S"),
        (Watch, "secrets", "S"),
        (DeleteCollection, "secrets", "KS"),
        (Create, "secrets", "CS"),
        (Patch, "secrets", "CS"),
        (Update, "secrets", "CS"),
        (Create, "pods", "KSRE"),
        (Patch, "cronjobs.batch", "KSRE"),
        (Update, "pods/ephemeralcontainers", "KSRE"),
        (Get, "pods/exec", "KSRE"),
        (Create, "pods/exec", "KSRE"),
        (Create, "pods/attach", "KSRE"),
        (Get, "nodes/proxy", "CKTSRE"),
        (Create, "pods/portforward", "TE"),
        (Get, "services/proxy", "TE"),
        (Get, "virtualmachineinstances/console.subresources.kubevirt.io", "KTSRE"),
        (Get, "clusters/proxy.cluster.karmada.io", "KTSRE"),
        (Create, "serviceaccounts/token", "C"),
        (Update, "certificatesigningrequests/approval.certificates.k8s.io", "GC"),
        (Create, "clusterrolebindings.rbac.authorization.k8s.io", "GC"),
        (Get, "clusterrolebindings.rbac.authorization.k8s.io", ""),
        (Delete, "pods", "KE"),
        (Delete, "widgets.example.com", "K"),
        (Create, "pods/eviction", "KE"),
        (Patch, "statefulsets/scale.apps", "KE"),
        (Patch, "widgets/scale.example.com", "K"),
        (Patch, "nodes", "K"),
        (Update, "namespaces/finalize", "GK"),
        (Delete, "namespaces", "GK"),
        (Delete, "customresourcedefinitions.apiextensions.k8s.io", "GKSR"),
        (Patch, "horizontalpodautoscalers.autoscaling", "K"),
        (Create, "mutatingwebhookconfigurations.admissionregistration.k8s.io", "GKSR"),
        (Update, "apiservices.apiregistration.k8s.io", "GKSR"),
        (Update, "networkpolicies.networking.k8s.io", "G"),
        (Delete, "resourcequotas", "GK"),
        (Create, "selfsubjectreviews.authentication.k8s.io", ""),
    ] {
        let request = request(verb, resource, "shop", "web");
        assert_eq!(initials(&request), carried, "{verb:?} {resource}");
    }
}

#[test]
fn a_path_without_a_resource_carries_nothing() {
    assert_eq!(initials(&path("/version")), "");
}

#[test]
fn capabilities_are_named_and_found_by_name() {
    for capability in Capability::ALL {
        assert_eq!(Capability::named(capability.name()), Some(capability));
    }
    assert_eq!(Capability::named("run"), None);
}
