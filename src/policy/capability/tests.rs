use serde_json::{Value, json};

use super::*;
use crate::policy::tests::{path, request};

use crate::kube::request_info::Verb::{
    Create, Delete, DeleteCollection, Get, Impersonate, List, Patch, Update, Watch,
};

/// change-Guardrails, get-Credentials, Kill-workloads, open-Tunnel, read-Secrets, Run-code,
/// see-Environment.
fn initial(capability: Capability) -> char {
    match capability {
        Capability::ChangeGuardrails => 'G',
        Capability::GetCredentials => 'C',
        Capability::KillWorkloads => 'K',
        Capability::OpenTunnel => 'T',
        Capability::ReadSecrets => 'S',
        Capability::RunCode => 'R',
        Capability::SeeEnvironment => 'E',
    }
}

fn initials(capabilities: Capabilities) -> String {
    capabilities.iter().map(initial).collect()
}

/// What is certain in capitals, what is possible besides in small letters.
fn carried(request: &RequestInfo) -> String {
    let Carried { certain, possible } = Carried::by(request);
    let letter = |capability| match certain.contains(capability) {
        true => initial(capability),
        false => initial(capability).to_ascii_lowercase(),
    };
    possible.iter().map(letter).collect()
}

#[test]
fn the_request_line_tells_what_is_certain_and_what_is_possible() {
    for (verb, resource, expected) in [
        (Get, "nodes", ""),
        (List, "services", ""),
        (Create, "services", "g"),
        (Patch, "endpoints", "Gk"),
        (Get, "configmaps", "E"),
        (Get, "pods", "E"),
        (Watch, "deployments.apps", "E"),
        (Get, "controllerrevisions.apps", "E"),
        (Get, "pods/log", "E"),
        (Get, "secrets", "S"),
        (Watch, "secrets", "S"),
        (DeleteCollection, "secrets", "KS"),
        (Create, "secrets", "cS"),
        (Patch, "secrets", "ckS"),
        (Create, "pods", "ksRE"),
        (Create, "replicasets.apps", "KsRE"),
        (Patch, "cronjobs.batch", "ksrE"),
        (Patch, "configmaps", "kE"),
        (Update, "pods/ephemeralcontainers", "KSRE"),
        (Update, "pods/status", "KE"),
        (Get, "pods/exec", "KSRE"),
        (Create, "pods/exec", "KSRE"),
        (Create, "pods/attach", "KSRE"),
        (Get, "nodes/proxy", "CKTSRE"),
        (Create, "pods/portforward", "TE"),
        (Get, "services/proxy", "TE"),
        (Get, "virtualmachineinstances/console.subresources.kubevirt.io", "KTSRE"),
        (Get, "clusters/proxy.cluster.karmada.io", "KTSRE"),
        (Create, "serviceaccounts/token", "C"),
        (Create, "serviceaccounts", "Gc"),
        (Update, "certificatesigningrequests/approval.certificates.k8s.io", "GC"),
        (Create, "clusterrolebindings.rbac.authorization.k8s.io", "GC"),
        (Delete, "clusterrolebindings.rbac.authorization.k8s.io", "GK"),
        (Get, "clusterrolebindings.rbac.authorization.k8s.io", ""),
        (Impersonate, "users", "C"),
        (Delete, "pods", "KE"),
        (Delete, "widgets.example.com", "K"),
        (Create, "widgets.example.com", "sr"),
        (Create, "workflows.argoproj.io", "SR"),
        (Create, "pods/eviction", "KE"),
        (Patch, "statefulsets/scale.apps", "kE"),
        (Patch, "widgets/scale.example.com", "k"),
        (Patch, "nodes", "k"),
        (Update, "namespaces/finalize", "GK"),
        (Delete, "namespaces", "GK"),
        (Delete, "customresourcedefinitions.apiextensions.k8s.io", "GKSR"),
        (Patch, "horizontalpodautoscalers.autoscaling", "K"),
        (Create, "mutatingwebhookconfigurations.admissionregistration.k8s.io", "GKSR"),
        (Update, "apiservices.apiregistration.k8s.io", "GKSR"),
        (Update, "networkpolicies.networking.k8s.io", "Gk"),
        (Create, "persistentvolumes", "s"),
        (Delete, "resourcequotas", "GK"),
        (Create, "selfsubjectreviews.authentication.k8s.io", ""),
    ] {
        let request = request(verb, resource, "shop", "web");
        assert_eq!(carried(&request), expected, "{verb:?} {resource}");
    }
}

#[test]
fn names_and_addresses_of_the_whole_cluster_are_guardrails() {
    for (namespace, name, expected) in [
        ("shop", "aws-auth", "kE"),
        ("kube-system", "coredns", "GkE"),
        ("kube-system", "aws-auth", "GCkE"),
    ] {
        let request = request(Patch, "configmaps", namespace, name);
        assert_eq!(carried(&request), expected, "{namespace}/{name}");
    }
}

#[test]
fn a_path_without_a_resource_carries_nothing() {
    assert_eq!(carried(&path("/version")), "");
}

/// What the request carries if it makes `new` of `old`.
fn settled(resource: &str, new: &Value, old: Option<&Value>) -> String {
    let verb = if old.is_some() { Patch } else { Create };
    let request = request(verb, resource, "shop", "web");
    let change = Change::of(&request, new, old).unwrap();
    initials(Carried::by(&request).with(&change))
}

fn deployment(replicas: u64, image: &str) -> Value {
    json!({"spec": {
        "replicas": replicas,
        "template": {"spec": {"containers": [{"name": "c", "image": image}]}},
    }})
}

/// `object` with what `at` points to set to `value`.
fn with(mut object: Value, at: &str, value: Value) -> Value {
    let (parent, key) = at.rsplit_once('/').unwrap();
    if object.pointer(parent).is_none() {
        object = with(object, parent, json!({}));
    }
    object.pointer_mut(parent).unwrap()[key.replace("~1", "/")] = value;
    object
}

#[test]
fn a_change_of_a_workload_carries_what_it_does() {
    let old = deployment(3, "a");
    let secret = json!([{"secretRef": {"name": "db"}}]);
    let env = "/spec/template/spec/containers/0/envFrom";
    let referring =
        with(old.clone(), "/spec/template/spec/imagePullSecrets", json!([{"name": "r"}]));
    for (name, new, old, expected) in [
        ("nothing", old.clone(), &old, "E"),
        ("a label", with(old.clone(), "/metadata/labels", json!({"a": "b"})), &old, "E"),
        ("a status", with(old.clone(), "/status", json!({"replicas": 1})), &old, "E"),
        ("more replicas", deployment(4, "a"), &old, "E"),
        ("fewer replicas", deployment(2, "a"), &old, "KE"),
        ("no replicas", with(old.clone(), "/spec/replicas", json!(0)), &old, "KE"),
        ("another image", deployment(3, "b"), &old, "KRE"),
        ("a finalizer", with(old.clone(), "/metadata/finalizers", json!(["a"])), &old, "KE"),
        ("an owner", with(old.clone(), "/metadata/ownerReferences", json!([{}])), &old, "KE"),
        (
            "a strategy",
            with(old.clone(), "/spec/strategy", json!({"type": "Recreate"})),
            &old,
            "KE",
        ),
        ("a Secret in the environment", with(old.clone(), env, secret), &old, "KSRE"),
        (
            "a label beside a Secret",
            with(referring.clone(), "/metadata/labels", json!({})),
            &referring,
            "E",
        ),
        (
            "an image beside a Secret",
            with(referring.clone(), "/spec/template/x", json!(1)),
            &referring,
            "KSRE",
        ),
    ] {
        assert_eq!(settled("deployments.apps", &new, Some(old)), expected, "{name}");
    }
}

#[test]
fn a_change_of_anything_else_carries_what_it_does() {
    let pod = || json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}});
    let node = || json!({"spec": {}});
    let service = |kind: &str| json!({"spec": {"type": kind, "ports": []}});
    let widget = || json!({"spec": {"size": 1}});
    for (name, resource, new, old, expected) in [
        ("a pod's label", "pods", with(pod(), "/metadata/labels/a", json!("c")), pod(), "KE"),
        (
            "a pod's annotation",
            "pods",
            with(pod(), "/metadata/annotations", json!({"a": "c"})),
            pod(),
            "E",
        ),
        ("a taint", "nodes", with(node(), "/spec/taints", json!([{"key": "a"}])), node(), "K"),
        ("a cordon", "nodes", with(node(), "/spec/unschedulable", json!(true)), node(), ""),
        (
            "an owner",
            "configmaps",
            with(json!({}), "/metadata/ownerReferences", json!([{}])),
            json!({}),
            "KE",
        ),
        ("data", "configmaps", json!({"data": {"a": "b"}}), json!({}), "E"),
        (
            "a port",
            "services",
            with(service("ClusterIP"), "/spec/ports", json!([1])),
            service("ClusterIP"),
            "",
        ),
        ("exposure", "services", service("NodePort"), service("ClusterIP"), "G"),
        ("the end of exposure", "services", service("ClusterIP"), service("NodePort"), "G"),
        (
            "an address",
            "services",
            with(service("ClusterIP"), "/spec/externalIPs", json!(["10.0.0.1"])),
            service("ClusterIP"),
            "G",
        ),
        (
            "a label of what is exposed",
            "services",
            with(service("NodePort"), "/metadata/labels", json!({})),
            service("NodePort"),
            "",
        ),
        (
            "less",
            "widgets/scale.example.com",
            json!({"spec": {}}),
            json!({"spec": {"replicas": 1}}),
            "K",
        ),
        (
            "more",
            "widgets/scale.example.com",
            json!({"spec": {"replicas": 2}}),
            json!({"spec": {"replicas": 1}}),
            "",
        ),
        ("a size", "widgets.example.com", json!({"spec": {"size": 2}}), widget(), ""),
        (
            "a program",
            "widgets.example.com",
            with(widget(), "/spec/image", json!("x")),
            widget(),
            "R",
        ),
        (
            "a Secret",
            "widgets.example.com",
            with(widget(), "/spec/tokenSecretRef", json!({})),
            widget(),
            "S",
        ),
        (
            "a cloud identity",
            "serviceaccounts",
            with(json!({}), "/metadata/annotations/eks.amazonaws.com~1role-arn", json!("x")),
            json!({}),
            "GC",
        ),
        (
            "an annotation",
            "serviceaccounts",
            with(json!({}), "/metadata/annotations/x", json!("x")),
            json!({}),
            "G",
        ),
        (
            "a token's Secret",
            "secrets",
            json!({"type": "kubernetes.io/service-account-token"}),
            json!({}),
            "CS",
        ),
        ("a Secret", "secrets", json!({"type": "Opaque"}), json!({}), "S"),
    ] {
        assert_eq!(settled(resource, &new, Some(&old)), expected, "{name}");
    }
}

#[test]
fn a_new_object_carries_what_is_in_it() {
    let pod = || json!({"spec": {"containers": [{"image": "a"}]}});
    for (name, resource, new, expected) in [
        ("a pod", "pods", pod(), "RE"),
        ("with a Secret", "pods", with(pod(), "/spec/volumes", json!([{"secret": {}}])), "SRE"),
        ("with a priority", "pods", with(pod(), "/spec/priorityClassName", json!("high")), "KRE"),
        (
            "a Job that adopts",
            "jobs.batch",
            with(pod(), "/spec/manualSelector", json!(true)),
            "KRE",
        ),
        ("a bootstrap token", "secrets", json!({"type": "bootstrap.kubernetes.io/token"}), "CS"),
        ("a balanced service", "services", json!({"spec": {"type": "LoadBalancer"}}), "G"),
        ("a service", "services", json!({"spec": {"selector": {}}}), ""),
        ("a volume", "persistentvolumes", json!({"spec": {"nfs": {}}}), ""),
        ("a volume of a node", "persistentvolumes", json!({"spec": {"hostPath": {}}}), "S"),
        (
            "a driver's Secret",
            "persistentvolumes",
            json!({"spec": {"csi": {"nodeStageSecretRef": {}}}}),
            "S",
        ),
        (
            "an unset Secret",
            "persistentvolumes",
            json!({"spec": {"csi": {"nodeStageSecretRef": null}}}),
            "",
        ),
        (
            "a class",
            "storageclasses.storage.k8s.io",
            json!({"parameters": {"csi.storage.k8s.io/node-stage-secret-name": "x"}}),
            "S",
        ),
    ] {
        assert_eq!(settled(resource, &new, None), expected, "{name}");
    }
}

#[test]
fn what_nests_too_deep_to_look_at_is_assumed_to_carry_it() {
    let deep = (0..200).fold(json!({}), |inner, _| json!({ "a": inner }));
    assert_eq!(settled("widgets.example.com", &json!({ "spec": deep }), None), "SR");
}

#[test]
fn capabilities_are_named_and_found_by_name() {
    for capability in Capability::ALL {
        assert_eq!(Capability::named(capability.name()), Some(capability));
    }
    assert_eq!(Capability::named("run"), None);
    let all: Capabilities = Capability::ALL.into_iter().collect();
    let names = Capability::ALL.map(Capability::name);
    assert_eq!(serde_json::to_value(all).unwrap(), json!(names));
    assert_eq!(serde_json::from_value::<Capabilities>(json!(names)).unwrap(), all);
}
