//! What an approval is good for: just what was shown, on just the object that was there.

use serde_json::{Value, json};

use crate::harness::http::{self, Answer};
use crate::harness::{Cluster, Gateway, Namespace, User, eventually};

/// All writes of ConfigMaps, StatefulSets and pods, evictions and execs wait.
const HELD: &str = "\
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: all}
spec: {match: {callers: ['*']}, effect: allow}
---
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: held}
spec:
  match:
    verbs: [create, delete, patch, update]
    resources: [configmaps, statefulsets.apps, statefulsets.apps/scale, pods/eviction, pods/exec]
  effect: hold
  hold: {approvers: ['group:oidc:sre'], timeout: 10m}
---
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: held-exec}
spec:
  match: {resources: [pods/exec]}
  effect: hold
  hold: {approvers: ['group:oidc:sre'], timeout: 10m}
";

pub struct Scene {
    pub gateway: Gateway,
    pub alice: User,
    pub bob: User,
    pub namespace: Namespace,
}

impl Scene {
    pub fn with(policies: &str, purpose: &str) -> Self {
        let gateway = Gateway::with_policies(policies);
        let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
        Self { gateway, alice, bob, namespace: Namespace::create(purpose) }
    }

    fn set(purpose: &str) -> Self {
        Self::with(HELD, purpose)
    }

    /// A request of alice's, with a plain client; `$NS` is the namespace.
    pub fn send(&self, head: &str, body: &Value) -> Answer {
        let head = head.replace("$NS", &self.namespace.name);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        http::send(&self.gateway, &self.alice, &head, &body)
    }

    /// The same, which has to be held: the hold.
    #[track_caller]
    pub fn hold(&self, head: &str, body: &Value) -> Value {
        let answer = self.send(head, body);
        assert_eq!(answer.status, 429, "{head} {answer:?}");
        let message = answer.message();
        let id = message.split("kguard approve ").nth(1).unwrap().trim_end_matches('`');
        json!(id)
    }

    pub fn approve(&self, hold: &Value) {
        self.bob.kguard(&["approve", hold.as_str().unwrap(), "--yes"]).ok();
    }

    fn state(&self, hold: &Value) -> Value {
        let listed = self.bob.kguard(&["requests", "-o", "json"]).ok();
        let all: Vec<Value> = serde_json::from_str(&listed).unwrap();
        all.iter().find(|of| of["id"] == *hold).unwrap()["state"].clone()
    }

    fn config_map(&self, name: &str) {
        self.namespace.admin(&["create", "configmap", name, "--from-literal=a=1"]).ok();
    }

    fn data(&self, name: &str) -> String {
        self.namespace.admin(&["get", "configmap", name, "-o", "jsonpath={.data}"]).ok()
    }

    /// Deletes an object and creates another one of the same name.
    fn recreate(&self, name: &str) {
        self.namespace.admin(&["delete", "configmap", name]).ok();
        self.config_map(name);
    }
}

const MERGE: &str = "Content-Type: application/merge-patch+json";
const PATCH: &str =
    "PATCH /api/v1/namespaces/$NS/configmaps/c\nContent-Type: application/merge-patch+json";

fn set_to(value: &str) -> Value {
    json!({"data": {"a": value}})
}

#[test]
fn another_body_query_or_session_is_another_request() {
    let scene = Scene::set("bind-other");
    scene.config_map("c");
    let hold = scene.hold(PATCH, &set_to("2"));
    scene.approve(&hold);
    // None of these is what was approved.
    for (head, body) in [
        (PATCH.to_owned(), set_to("3")),
        (format!("PATCH /api/v1/namespaces/$NS/configmaps/c?fieldManager=x\n{MERGE}"), set_to("2")),
        ("PATCH /api/v1/namespaces/$NS/configmaps/c\nContent-Type: application/strategic-merge-patch+json".to_owned(), set_to("2")),
        (format!("PATCH /api/v1/namespaces/$NS/configmaps/d\n{MERGE}"), set_to("2")),
    ] {
        let answer = scene.send(&head, &body);
        assert!(matches!(answer.status, 404 | 429), "{head} {answer:?}");
    }
    // Nor is it for somebody else, or for a session of the same caller.
    let target = PATCH.replace("$NS", &scene.namespace.name);
    let body = set_to("2").to_string();
    assert_eq!(http::send(&scene.gateway, &scene.bob, &target, &body).status, 429);
    let n = scene.namespace.name.as_str();
    let patch = ["kubectl", "-n", n, "patch", "configmap", "c", "--type=merge", "-p", &body];
    let mut session = scene.alice.start(&patch);
    let own = session.wait_for("a hold of its own", |line| {
        Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
    });
    assert_ne!(json!(own), hold);
    drop(session);
    assert_eq!(scene.data("c"), r#"{"a":"1"}"#);
    // It is still good for what it was given for, once.
    assert_eq!(scene.send(PATCH, &set_to("2")).status, 200);
    assert_eq!(scene.state(&hold), "used");
    assert_eq!(scene.send(PATCH, &set_to("2")).status, 429, "a second time");
}

#[test]
fn another_cluster_of_the_same_api_server_is_another_cluster() {
    let cluster = Cluster::get();
    let kubeconfig = cluster.gateway.display();
    let settings = crate::harness::Settings { policies: HELD.to_owned(), ..Default::default() };
    // The list of clusters is the last that the harness writes before the issuers.
    let folder = tempfile::tempdir().unwrap();
    let config = settings.write(folder.path());
    let text = std::fs::read_to_string(&config).unwrap();
    let more = format!("clusters:\n- name: other\n  kubeconfig: {{path: {kubeconfig}}}\n");
    std::fs::write(&config, text.replacen("clusters:\n", &more, 1)).unwrap();
    let gateway = Gateway::started_with(folder.path());
    let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
    let scene = Scene { gateway, alice, bob, namespace: Namespace::create("bind-cluster") };
    scene.config_map("c");
    let hold = scene.hold(PATCH, &set_to("2"));
    scene.approve(&hold);
    let n = &scene.namespace.name;
    let body = set_to("2").to_string();
    let head = format!(
        "PATCH /clusters/other/api/v1/namespaces/{n}/configmaps/c HTTP/1.1\r\n\
         Authorization: Bearer {}\r\nContent-Type: application/merge-patch+json\r\n",
        scene.alice.token
    );
    let other = http::raw(&scene.gateway.url, &scene.gateway.ca, &head, &body);
    assert_eq!(other.status, 429, "{other:?}");
    assert_eq!(scene.data("c"), r#"{"a":"1"}"#);
    assert_eq!(scene.send(PATCH, &set_to("2")).status, 200);
}

#[test]
fn a_query_in_another_order_never_has_another_effect() {
    let scene = Scene::set("bind-query");
    scene.config_map("c");
    let head = |query: &str| format!("PATCH /api/v1/namespaces/$NS/configmaps/c?{query}\n{MERGE}");
    let hold = scene.hold(&head("fieldManager=x&fieldValidation=Strict"), &set_to("2"));
    scene.approve(&hold);
    let reordered = scene.send(&head("fieldValidation=Strict&fieldManager=x"), &set_to("2"));
    // The same request, or one that is held anew.
    assert!(matches!(reordered.status, 200 | 429), "{reordered:?}");
    let expected = if reordered.status == 200 { r#"{"a":"2"}"# } else { r#"{"a":"1"}"# };
    assert_eq!(scene.data("c"), expected);
}

#[test]
fn what_was_recreated_under_the_same_name_is_not_what_was_shown() {
    let scene = Scene::set("bind-recreated");
    scene.config_map("c");
    let file = tempfile::NamedTempFile::new().unwrap();
    let whole = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "2"}});
    std::fs::write(file.path(), whole.to_string()).unwrap();
    let file = file.path().to_str().unwrap();
    let json_patch = r#"[{"op":"replace","path":"/data/a","value":"2"}]"#;
    let merge = r#"{"data":{"a":"2"}}"#;
    for command in [
        &["delete", "configmap", "c"] as &[_],
        &["patch", "configmap", "c", "--type=merge", "-p", merge],
        &["patch", "configmap", "c", "--type=json", "-p", json_patch],
        &["replace", "-f", file],
        &["apply", "--server-side", "--force-conflicts", "-f", file],
    ] {
        let args = [&["kubectl", "-n", &scene.namespace.name], command].concat();
        let mut waiting = scene.alice.start(&args);
        let id = waiting.wait_for("the hold", |line| {
            Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
        });
        scene.recreate("c");
        scene.approve(&json!(id));
        assert_ne!(waiting.exit_code(), 0, "{command:?}: {}", waiting.said());
        assert_eq!(scene.state(&json!(id)), "used", "it was sent, and refused: {command:?}");
        assert_eq!(scene.data("c"), r#"{"a":"1"}"#, "{command:?}");
    }
}

#[test]
fn a_change_between_is_a_conflict_and_a_new_status_is_none() {
    let scene = Scene::set("bind-changed");
    scene.config_map("c");
    let hold = scene.hold(PATCH, &set_to("2"));
    scene.namespace.admin(&["label", "configmap", "c", "changed=yes"]).ok();
    scene.approve(&hold);
    let again = scene.send(PATCH, &set_to("2"));
    assert_eq!(again.status, 429, "it is held anew, with the new effect: {again:?}");
    assert_eq!(scene.data("c"), r#"{"a":"1"}"#);

    // Controllers write statuses all the time.
    scene.namespace.apply(SET);
    let scale = "PATCH /apis/apps/v1/namespaces/$NS/statefulsets/db/scale\nContent-Type: application/merge-patch+json";
    let body = json!({"spec": {"replicas": 0}});
    let hold = scene.hold(scale, &body);
    let status = [
        "patch",
        "statefulset",
        "db",
        "--subresource=status",
        "--type=merge",
        "-p",
        r#"{"status":{"collisionCount":7}}"#,
    ];
    scene.namespace.admin(&status).ok();
    scene.approve(&hold);
    let sent = scene.send(scale, &body);
    assert_eq!(sent.status, 200, "{sent:?}");
    let replicas = ["get", "statefulset", "db", "-o", "jsonpath={.spec.replicas}"];
    assert_eq!(scene.namespace.admin(&replicas).ok(), "0");
}

const SET: &str = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  replicas: 2\n  \
    serviceName: db\n  selector: {matchLabels: {app: db}}\n  template:\n    \
    metadata: {labels: {app: db}}\n    spec:\n      nodeSelector: {no: where}\n      \
    containers: [{name: db, image: 'kguard.test/busybox:1', imagePullPolicy: Never}]\n";

#[test]
fn an_eviction_is_of_the_pod_that_was_shown() {
    let scene = Scene::set("bind-evict");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  nodeSelector: {no: where}\n  \
        containers: [{name: main, image: 'kguard.test/busybox:1'}]\n";
    scene.namespace.apply(pod);
    let evict = "POST /api/v1/namespaces/$NS/pods/p/eviction\nContent-Type: application/json";
    let body = json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": "p", "namespace": scene.namespace.name},
    });
    let hold = scene.hold(evict, &body);
    scene.namespace.admin(&["delete", "pod", "p", "--force", "--grace-period=0"]).ok();
    scene.namespace.apply(pod);
    scene.approve(&hold);
    let again = scene.send(evict, &body);
    assert_eq!(again.status, 429, "another pod is another request: {again:?}");
    assert_eq!(scene.namespace.admin(&["get", "pod", "p"]).code, 0);
    let hold = scene.hold(evict, &body);
    scene.approve(&hold);
    assert_eq!(scene.send(evict, &body).status, 201);
    eventually("the eviction", || {
        (scene.namespace.admin(&["get", "pod", "p"]).code != 0).then_some(())
    });
}

#[test]
fn an_exec_is_into_the_pod_that_was_shown() {
    let scene = Scene::set("bind-exec");
    scene.namespace.pod("p");
    let n = scene.namespace.name.as_str();
    let mut exec = scene.alice.start(&["kubectl", "-n", n, "exec", "p", "--", "echo", "ran"]);
    let id = exec
        .wait_for("the hold", |line| Some(line.split("kguard approve ").nth(1)?.trim().to_owned()));
    scene.namespace.admin(&["delete", "pod", "p", "--force", "--grace-period=0"]).ok();
    scene.namespace.pod("p");
    scene.approve(&json!(id));
    // kubectl asks once more over SPDY, and that is a hold of the new pod.
    eventually("the refusal", || {
        let ended = !exec.is_running();
        let said = exec.said();
        let anew = said.matches("kguard approve ").count() > 1;
        (ended || anew).then_some(())
    });
    let said = exec.said();
    assert!(!said.lines().any(|line| line == "ran"), "{said}");
}

#[test]
fn an_approval_that_came_too_late_is_for_nothing() {
    let policies = HELD.replace("timeout: 10m", "timeout: 1s");
    let scene = Scene::with(&policies, "bind-late");
    scene.config_map("c");
    let answer = scene.send(PATCH, &set_to("2"));
    assert!(matches!(answer.status, 403 | 429), "{answer:?}");
    let listed = scene.bob.kguard(&["requests", "-o", "json"]).ok();
    let all: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    eventually("the end of the hold", || (scene.state(&json!(id)) == "expired").then_some(()));
    assert_ne!(scene.bob.kguard(&["approve", &id, "--yes"]).code, 0);
    assert_eq!(scene.data("c"), r#"{"a":"1"}"#);
}

#[test]
fn what_the_api_server_would_refuse_is_not_held() {
    let scene = Scene::set("bind-futile");
    scene.config_map("c");
    let body = json!({"data": {"a": 1}});
    let answer = scene.send(PATCH, &body);
    assert!(matches!(answer.status, 400 | 422), "{answer:?}");
    // Nor what cannot be bound.
    let protobuf = "PUT /api/v1/namespaces/$NS/configmaps/c\nContent-Type: application/vnd.kubernetes.protobuf";
    let head = protobuf.replace("$NS", &scene.namespace.name);
    let answer = http::send(&scene.gateway, &scene.alice, &head, "k8s\0");
    assert!(matches!(answer.status, 400 | 403), "{answer:?}");
}
