//! Undoing: what an approved change replaced comes back as it was, by a request of its own.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{Gateway, Namespace, Running, User, eventually};

const HEAD: &str = "apiVersion: kguard.dev/v1alpha1\n";

/// A value that is nowhere but in the Secret.
const CANARY: &str = "canary-7e1c-undo";

struct Scene {
    gateway: Gateway,
    /// From whom the values of Secrets are hidden.
    alice: User,
    bob: User,
    namespace: Namespace,
}

/// Deletes and changes are held; creates are not.
fn policies(also: &str) -> String {
    let held = "[configmaps, secrets, deployments.apps, deployments.apps/scale]";
    format!(
        "{HEAD}kind: Policy\nmetadata: {{name: all}}\nspec: {{match: {{callers: ['*']}}, effect: \
         allow}}\n---\n{HEAD}kind: Policy\nmetadata: {{name: changes}}\nspec:\n  match: {{resources: \
         {held}, verbs: [delete, update, patch]}}\n  effect: hold\n  hold: {{approvers: \
         ['user:oidc:alice', 'user:oidc:bob']}}\n---\n{HEAD}kind: Mask\nmetadata: {{name: \
         secrets}}\nspec:\n  match: {{callers: ['user:oidc:alice'], resources: [secrets]}}\n  \
         fields: ['data.*']\n{also}"
    )
}

impl Scene {
    fn set(purpose: &str) -> Self {
        let gateway = Gateway::with_policies(&policies(""));
        let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
        Self { gateway, alice, bob, namespace: Namespace::create(purpose) }
    }

    /// What a request of alice's was held as that bob has approved, and that then ran.
    fn approved(&self, args: &[&str]) -> String {
        let all = [&["kubectl", "-n", &self.namespace.name], args].concat();
        let mut running = self.alice.start(&all);
        let id = held(&mut running);
        self.bob.kguard(&["approve", &id, "--yes"]).ok();
        assert_eq!(running.exit_code(), 0, "{}", running.said());
        id
    }

    fn json(&self, what: &str) -> Value {
        let text = self.namespace.admin(&["get", what, "-o", "json"]).ok();
        serde_json::from_str(&text).unwrap()
    }

    fn exists(&self, what: &str) -> bool {
        self.namespace.admin(&["get", what]).code == 0
    }

    /// Undoes as alice, with an approval of bob's.
    fn undone_with_approval(&self, id: &str) {
        let mut undo = self.alice.start(&["undo", id, "--yes"]);
        let own = held(&mut undo);
        assert_ne!(own, id);
        let hold = self.bob.kguard(&["requests", &own, "-o", "json"]).ok();
        let hold: Value = serde_json::from_str(&hold).unwrap();
        assert!(hold["undoes"].is_string(), "{hold}");
        assert_ne!(self.alice.kguard(&["approve", &own, "--yes"]).code, 0);
        self.bob.kguard(&["approve", &own, "--yes"]).ok();
        assert_eq!(undo.exit_code(), 0, "{}", undo.said());
    }

    /// What the trail says of requests, oldest first.
    fn requests(&self) -> Vec<Value> {
        let listed = self.bob.kguard(&["audit", "list", "-o", "json", "--limit", "1000"]).ok();
        let entries: Vec<Value> = serde_json::from_str(&listed).unwrap();
        let records = entries.iter().map(|entry| match &entry["record"] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            record => record.clone(),
        });
        records.filter(|record| record["event"] == "request").collect()
    }
}

/// The hold that a started command waits for.
fn held(running: &mut Running) -> String {
    running.wait_for("the line to pass on", |line| {
        Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
    })
}

/// The files below a folder in which a text is.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else {
            let content = std::fs::read(&path).unwrap_or_default();
            if content.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn a_deleted_secret_comes_back_as_it_was_by_somebody_who_may_not_see_it() {
    let scene = Scene::set("undo-secret");
    let literal = format!("--from-literal=password={CANARY}");
    scene.namespace.admin(&["create", "secret", "generic", "s", &literal]).ok();
    scene.namespace.admin(&["create", "configmap", "c", "--from-literal=a=b"]).ok();
    scene.namespace.admin(&["label", "configmap", "c", "team=shop"]).ok();
    let [secret, configmap] = ["secret/s", "configmap/c"].map(|what| scene.json(what));

    let id = scene.approved(&["delete", "secret", "s"]);
    assert!(!scene.exists("secret/s"));
    let state = scene.gateway.folder.join("state");
    for text in [CANARY.to_owned(), STANDARD.encode(CANARY)] {
        assert_eq!(files_with(&state, &text), Vec::<String>::new());
    }
    let shown = scene.alice.kguard(&["undo", &id, "--dry-run"]).ok();
    assert!(shown.contains("+  password: kguard:masked:"), "{shown}");
    let undone = scene.alice.kguard(&["undo", &id, "--yes"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    for text in [&shown, &undone.stdout, &undone.stderr] {
        assert!(!text.contains(CANARY) && !text.contains(&STANDARD.encode(CANARY)), "{text}");
    }
    let back = scene.json("secret/s");
    assert_eq!(back["data"], secret["data"]);
    assert_ne!(back["metadata"]["uid"], secret["metadata"]["uid"]);

    let id = scene.approved(&["delete", "configmap", "c"]);
    let listed = scene.alice.kguard(&["undo", "--list"]).ok();
    assert!(listed.contains(&id) && listed.contains("delete configmaps/c"), "{listed}");
    scene.alice.kguard(&["undo", &id, "--yes"]).ok();
    let back = scene.json("configmap/c");
    assert_eq!(back["data"], configmap["data"]);
    assert_eq!(back["metadata"]["labels"], configmap["metadata"]["labels"]);
    let again = scene.alice.kguard(&["undo", &id, "--yes"]);
    assert_ne!(again.code, 0, "{again:?}");
    assert!(again.stderr.contains("another object of that name"), "{again:?}");
}

#[test]
fn an_update_is_undone_by_a_request_that_is_held_like_any_other() {
    let scene = Scene::set("undo-update");
    scene.namespace.admin(&["create", "configmap", "c", "--from-literal=a=before"]).ok();
    let patch = ["patch", "configmap", "c", "--type=merge", "-p", r#"{"data":{"a":"after"}}"#];
    let id = scene.approved(&patch);
    assert_eq!(scene.json("configmap/c")["data"], json!({"a": "after"}));
    let shown = scene.alice.kguard(&["undo", &id, "--dry-run"]).ok();
    assert!(shown.contains("-  a: after") && shown.contains("+  a: before"), "{shown}");
    scene.undone_with_approval(&id);
    assert_eq!(scene.json("configmap/c")["data"], json!({"a": "before"}));

    let requests = scene.requests();
    let undoing = requests.iter().find(|of| of["undoes"].is_string()).unwrap();
    let undone = requests.iter().find(|of| of["id"] == undoing["undoes"]).unwrap();
    assert_eq!((&undone["request"]["verb"], &undone["hold"]), (&json!("patch"), &json!(id)));
    assert_eq!(undone["preImage"], "kept");
    assert_eq!(undoing["caller"]["name"], "oidc:alice");
    assert_eq!(undoing["method"], "PUT");
}

#[test]
fn a_masked_secret_is_changed_back_without_being_shown() {
    let scene = Scene::set("undo-masked");
    let literal = format!("--from-literal=password={CANARY}");
    scene.namespace.admin(&["create", "secret", "generic", "s", &literal]).ok();
    let other = STANDARD.encode("other");
    let patch = format!(r#"{{"data":{{"password":"{other}"}}}}"#);
    let id = scene.approved(&["patch", "secret", "s", "--type=merge", "-p", &patch]);
    assert_eq!(scene.json("secret/s")["data"]["password"], other);
    scene.undone_with_approval(&id);
    assert_eq!(scene.json("secret/s")["data"]["password"], STANDARD.encode(CANARY));
    let said = scene.gateway.log();
    assert!(!said.contains(CANARY) && !said.contains(&STANDARD.encode(CANARY)), "{said}");
}

#[test]
fn a_scaling_is_undone_although_controllers_write_into_the_object() {
    let scene = Scene::set("undo-scale");
    scene.namespace.apply(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n  \
         selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    \
         spec:\n      nodeSelector: {no: where}\n      containers: [{name: web, image: \
         'kguard.test/busybox:1', imagePullPolicy: Never}]\n",
    );
    let replicas = |what: &str| scene.json("deployment/web")["status"][what].clone();
    eventually("the pods", || (replicas("replicas") == 3).then_some(()));
    let id = scene.approved(&["scale", "deployment", "web", "--replicas=1"]);
    eventually("the controller", || (replicas("replicas") == 1).then_some(()));
    scene.undone_with_approval(&id);
    assert_eq!(scene.json("deployment/web")["spec"]["replicas"], 3);
}

#[test]
fn what_was_changed_since_is_not_overwritten() {
    let scene = Scene::set("undo-moved");
    scene.namespace.admin(&["create", "configmap", "c", "--from-literal=a=before"]).ok();
    let patch = ["patch", "configmap", "c", "--type=merge", "-p", r#"{"data":{"a":"after"}}"#];
    let id = scene.approved(&patch);
    scene.namespace.admin(&["label", "configmap", "c", "later=yes"]).ok();
    let refused = scene.bob.kguard(&["undo", &id, "--yes"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("changed since"), "{refused:?}");
    assert_eq!(scene.json("configmap/c")["data"], json!({"a": "after"}));

    scene.namespace.admin(&["delete", "configmap", "c"]).ok();
    let refused = scene.bob.kguard(&["undo", &id, "--yes"]);
    assert!(refused.stderr.contains("not there any more"), "{refused:?}");
}

#[test]
fn policies_decide_on_undoing_as_on_any_request() {
    let scene = Scene::set("undo-denied");
    scene.namespace.admin(&["create", "configmap", "c", "--from-literal=a=b"]).ok();
    let id = scene.approved(&["delete", "configmap", "c"]);
    scene.gateway.set_policies(&policies(&format!(
        "---\n{HEAD}kind: Policy\nmetadata: {{name: frozen}}\nspec:\n  match: {{resources: \
         [configmaps], verbs: [create]}}\n  effect: deny\n  message: Nothing is created now.\n"
    )));
    let refused = scene.alice.kguard(&["undo", &id, "--yes"]);
    assert_eq!(refused.code, 77, "{refused:?}");
    assert!(refused.stderr.contains("Nothing is created now."), "{refused:?}");
    assert!(!scene.exists("configmap/c"));
}

#[test]
fn only_who_may_see_the_hold_learns_that_there_is_something_to_undo() {
    let scene = Scene::set("undo-foreign");
    let carol = User::person(&scene.gateway, "carol");
    scene.namespace.allow(&[("user", "oidc:carol")]);
    scene.namespace.admin(&["create", "configmap", "c", "--from-literal=a=b"]).ok();
    let id = scene.approved(&["delete", "configmap", "c"]);
    for unknown in [&id, "zzzzz"] {
        let refused = carol.kguard(&["undo", unknown, "--yes"]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("nothing is kept to undo"), "{refused:?}");
    }
    assert!(!carol.kguard(&["undo", "--list"]).ok().contains("configmaps"));
    assert!(!scene.exists("configmap/c"));
}
