use serde_json::{Value, json};

use super::*;
use crate::policy::tests::{path, request};

use crate::kube::request_info::Verb::{
    self, Create, Delete, DeleteCollection, Get, Impersonate, List, Patch, Update, Watch,
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

fn lines(of: &[(Verb, &str, &str)]) {
    for (verb, resource, expected) in of {
        let request = request(*verb, resource, "shop", "web");
        assert_eq!(carried(&request), *expected, "{verb:?} {resource}");
    }
}

#[test]
fn the_request_line_tells_what_is_certain_and_what_is_possible() {
    lines(&[
        (Get, "nodes", ""),
        (List, "services", ""),
        (Create, "services", "g"),
        (Patch, "endpoints", "Gk"),
        (Get, "configmaps", "E"),
        (Get, "pods", "E"),
        (Watch, "deployments.apps", "E"),
        (Get, "controllerrevisions.apps", "E"),
        (Create, "controllerrevisions.apps", "KSRE"),
        (Get, "pods/log", "E"),
        (Get, "secrets", "S"),
        (Watch, "secrets", "S"),
        (DeleteCollection, "secrets", "KS"),
        (Create, "secrets", "cS"),
        (Patch, "secrets", "ckS"),
        (Update, "secrets", "ckS"),
        (Create, "pods", "ksRE"),
        (Create, "replicasets.apps", "ksRE"),
        (Patch, "cronjobs.batch", "ksrE"),
        (Patch, "configmaps", "kE"),
        (Update, "pods/ephemeralcontainers", "KSRE"),
        (Update, "pods/status", "KE"),
        (Update, "deployments/status.apps", "kE"),
        (Update, "certificatesigningrequests/status.certificates.k8s.io", "GCk"),
        (Get, "pods/exec", "KSRE"),
        (Create, "pods/exec", "KSRE"),
        (Create, "pods/attach", "KSRE"),
        (Get, "nodes/proxy", "CKTSRE"),
        (Create, "serviceaccounts/token", "C"),
        (Create, "serviceaccounts", "Gcs"),
        (Update, "certificatesigningrequests/approval.certificates.k8s.io", "GCk"),
        (Create, "clusterrolebindings.rbac.authorization.k8s.io", "GC"),
        (Delete, "clusterrolebindings.rbac.authorization.k8s.io", "GK"),
        (Get, "clusterrolebindings.rbac.authorization.k8s.io", ""),
        (Impersonate, "users", "C"),
        (Delete, "pods", "KE"),
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
    ]);
}

#[test]
fn the_request_line_tells_it_of_what_others_serve() {
    lines(&[
        (Create, "pods/portforward", "TE"),
        (Get, "services/proxy", "TE"),
        (Get, "virtualmachineinstances/console.subresources.kubevirt.io", "KTSRE"),
        (Get, "clusters/proxy.cluster.karmada.io", "KTSRE"),
        (Delete, "widgets.example.com", "K"),
        (Create, "widgets.example.com", "sr"),
        (Get, "widgets.example.com", ""),
        (Create, "workflows.argoproj.io", "SRE"),
        (Get, "workflows.argoproj.io", "E"),
        (Patch, "helmreleases.helm.toolkit.fluxcd.io", "KSRE"),
        (Create, "widgets.notargoproj.io", "sr"),
        (Create, "clusterpolicies.kyverno.io", "Gsr"),
        (Create, "gateways.gateway.networking.k8s.io", "Gsr"),
        (Create, "persistentvolumes", "s"),
        (Create, "csidrivers.storage.k8s.io", "cs"),
        (Create, "runtimeclasses.node.k8s.io", "G"),
        (Create, "devicetaintrules.resource.k8s.io", "GK"),
        (Patch, "jobs/status.batch", "KE"),
        (Delete, "resourcequotas", "GK"),
        (Create, "selfsubjectreviews.authentication.k8s.io", ""),
    ]);
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
fn leases_of_the_cluster_itself_tell_who_lives_and_who_leads() {
    for (namespace, expected) in [("shop", "k"), ("kube-system", "GK"), ("kube-node-lease", "GK")] {
        let request = request(Patch, "leases.coordination.k8s.io", namespace, "x");
        assert_eq!(carried(&request), expected, "{namespace}");
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
        ("less by itself", "widgets.example.com", number, json!(2), json!(1), "K"),
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
        ("another target", "services", "/spec/selector/a", json!("b"), json!("c"), "G"),
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
    let secrets = json!([{"name": "s"}]);
    edits(&[
        ("a pull Secret", "serviceaccounts", "/imagePullSecrets", Value::Null, secrets, "GS"),
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
        ("a Deployment", "deployments.apps", deployment(1, "a"), "RE"),
        ("a Deployment that takes over", "deployments.apps", deployment(0, "a"), "KRE"),
        ("tokens", "csidrivers.storage.k8s.io", json!({"spec": {"tokenRequests": [{}]}}), "C"),
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
fn an_apply_that_creates_carries_what_a_create_does() {
    let patch = request(Patch, "replicasets.apps", "shop", "web");
    let new = deployment(0, "a");
    let change = Change::of(&patch, &new, None).unwrap();
    assert_eq!(initials(Carried::by(&patch).with(&change)), "KRE");

    let create = request(Create, "configmaps", "kube-system", "");
    for (name, expected) in [("aws-auth", "GCE"), ("other", "GE")] {
        let new = json!({"metadata": {"name": name}});
        let change = Change::of(&create, &new, None).unwrap();
        assert_eq!(initials(Carried::by(&create).with(&change)), expected, "{name}");
    }
}

/// The controller still honours it.
#[test]
fn an_annotation_has_a_deployment_go_back_to_another_template() {
    let old = deployment(3, "a");
    let at = "/metadata/annotations/deprecated.deployment.rollback.to";
    assert_eq!(settled("deployments.apps", &with(old.clone(), at, json!("1")), Some(&old)), "KSRE");
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
