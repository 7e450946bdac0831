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
    let letter = |capability| {
        let initial = initial(capability);
        if certain.contains(capability) { initial } else { initial.to_ascii_lowercase() }
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
        (Update, "secrets", "ckS"),
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

/// (what changes, the resource, where in the object, from, to, what that carries)
type Edit<'a> = (&'a str, &'a str, &'a str, Value, Value, &'a str);

fn edits(of: &[Edit<'_>]) {
    for (name, resource, at, from, to, expected) in of {
        let base = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"size": 1}});
        let object = |value: &Value| match value {
            Value::Null => base.clone(),
            value => with(base.clone(), at, value.clone()),
        };
        assert_eq!(settled(resource, &object(to), Some(&object(from))), *expected, "{name}");
    }
}

#[test]
fn a_change_of_what_pods_depend_on_kills_them() {
    let number = "/spec/replicas";
    edits(&[
        ("a pod's label", "pods", "/metadata/labels/a", json!("b"), json!("c"), "KE"),
        ("a pod's annotation", "pods", "/metadata/annotations/a", json!("b"), json!("c"), "E"),
        ("a taint", "nodes", "/spec/taints", Value::Null, json!([{"key": "a"}]), "K"),
        ("a node's label", "nodes", "/metadata/labels/a", json!("b"), json!("c"), "K"),
        ("a cordon", "nodes", "/spec/unschedulable", Value::Null, json!(true), ""),
        ("an owner", "configmaps", "/metadata/ownerReferences", Value::Null, json!([{}]), "KE"),
        ("data", "configmaps", "/data/a", Value::Null, json!("b"), "E"),
        ("less", "widgets/scale.example.com", number, json!(1), Value::Null, "K"),
        ("more", "widgets/scale.example.com", number, json!(1), json!(2), ""),
    ]);
}

#[test]
fn a_change_of_a_custom_resource_runs_what_looks_like_code() {
    edits(&[
        ("a size", "widgets.example.com", "/spec/size", Value::Null, json!(2), ""),
        ("a program", "widgets.example.com", "/spec/image", Value::Null, json!("x"), "R"),
        ("a Secret", "widgets.example.com", "/spec/tokenSecretRef", Value::Null, json!({}), "S"),
    ]);
}

#[test]
fn a_change_of_what_a_service_exposes_is_one_of_the_guardrails() {
    let kind = "/spec/type";
    let addresses = json!(["10.0.0.1"]);
    edits(&[
        ("a port", "services", "/spec/ports", Value::Null, json!([1]), ""),
        ("exposure", "services", kind, json!("ClusterIP"), json!("NodePort"), "G"),
        ("the end of exposure", "services", kind, json!("NodePort"), json!("ClusterIP"), "G"),
        ("an address", "services", "/spec/externalIPs", Value::Null, addresses, "G"),
    ]);
    let exposed =
        |label: &str| json!({"metadata": {"labels": label}, "spec": {"type": "NodePort"}});
    assert_eq!(settled("services", &exposed("a"), Some(&exposed("b"))), "", "a label of it");
}

#[test]
fn a_change_that_gives_an_identity_gets_credentials() {
    let role = "/metadata/annotations/eks.amazonaws.com~1role-arn";
    let other = "/metadata/annotations/x";
    let token = "kubernetes.io/service-account-token";
    edits(&[
        ("a cloud identity", "serviceaccounts", role, Value::Null, json!("x"), "GC"),
        ("an annotation", "serviceaccounts", other, Value::Null, json!("x"), "G"),
        ("a token's Secret", "secrets", "/type", Value::Null, json!(token), "CS"),
        ("a Secret", "secrets", "/type", Value::Null, json!("Opaque"), "S"),
    ]);
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
