//! Change sets: a command is planned without a trace, approved as a whole, and runs as it was
//! approved or not at all.

mod ends;
mod helm;
mod unforeseen;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::process::{Output, run};
use crate::harness::{Cluster, Gateway, Namespace, User};

const HEAD: &str = "apiVersion: kguard.dev/v1alpha1\n";

/// All writes of ConfigMaps, Secrets, Services and namespaces wait for bob, and one is denied.
fn policies() -> String {
    let of = |name: &str, spec: &str| {
        format!("{HEAD}kind: Policy\nmetadata: {{name: {name}}}\nspec:\n{spec}\n---\n")
    };
    [
        of("all", "  match: {callers: ['*']}\n  effect: allow"),
        of(
            "writes-wait",
            "  match: {callers: ['user:oidc:alice', 'workload:*'], verbs: [create, delete, patch, \
             update], resources: [configmaps, secrets, services, namespaces]}\n  effect: hold\n  \
             hold: {approvers: ['group:oidc:sre'], timeout: 2m}\n  message: writes wait for sre",
        ),
        of(
            "never",
            "  match: {verbs: [create, patch, update], resources: [configmaps], names: \
             [forbidden]}\n  effect: deny\n  message: never write this",
        ),
        format!(
            "{HEAD}kind: Mask\nmetadata: {{name: secrets}}\nspec: {{match: {{resources: \
             [secrets]}}, fields: ['data.*']}}\n"
        ),
    ]
    .concat()
}

struct Scene {
    gateway: Gateway,
    alice: User,
    bob: User,
    namespace: Namespace,
}

impl Scene {
    fn set(purpose: &str) -> Self {
        let gateway = Gateway::with_policies(&policies());
        let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
        Self { gateway, alice, bob, namespace: Namespace::create(purpose) }
    }

    /// A folder with manifests.
    fn folder(&self, files: &[(&str, String)]) -> PathBuf {
        let folder = self.alice.home().join("manifests");
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        folder
    }

    /// A script whose `kubectl` is the real one, in this namespace.
    fn script(&self, text: &str) -> Vec<String> {
        let kubectl = Cluster::get().kubectl_path("1.34");
        let head = format!(
            "set -e; k() {{ '{}' -n {} \"$@\"; }}\n",
            kubectl.display(),
            self.namespace.name
        );
        vec!["sh".to_owned(), "-c".to_owned(), head + text]
    }

    /// Plans as alice; the plan's id.
    fn plan(&self, command: &[String]) -> String {
        let said = through(&self.alice, &["plan", "-o", "name"], command);
        assert_eq!(said.code, 0, "{said:?}");
        said.stdout.trim().to_owned()
    }

    fn shown(&self, id: &str) -> Value {
        let shown = self.bob.kguard(&["plan", "show", id, "-o", "json"]).ok();
        serde_json::from_str(&shown).unwrap()
    }

    fn approve(&self, id: &str) {
        self.bob.kguard(&["approve", id, "--yes"]).ok();
    }

    fn apply(&self, id: &str) -> Output {
        self.alice.kguard(&["apply", id])
    }

    fn get(&self, what: &str, path: &str) -> Option<String> {
        let got = self.namespace.admin(&["get", what, "-o", &format!("jsonpath={path}")]);
        (got.code == 0).then_some(got.stdout)
    }

    /// Every object that a plan could have touched, as it is stored.
    fn stored(&self) -> String {
        let kinds = "configmaps,secrets,services,deployments,serviceaccounts";
        self.namespace.admin(&["get", kinds, "-o", "yaml", "--show-managed-fields"]).ok()
    }
}

/// `kguard ARGS -- COMMAND`, to its end.
fn through(user: &User, args: &[&str], command: &[String]) -> Output {
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    user.kguard(&[args, &["--"], &command].concat())
}

fn config_map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"
    )
}

fn file(folder: &Path) -> String {
    folder.to_str().unwrap().to_owned()
}

#[test]
fn a_folder_is_planned_without_a_trace_and_applied_as_it_was_approved() {
    let scene = Scene::set("plan");
    scene.namespace.apply(&config_map("kept", "before"));
    scene.namespace.apply(&config_map("old", "x"));
    let folder = scene
        .folder(&[("a.yaml", config_map("new", "fresh")), ("b.yaml", config_map("kept", "after"))]);
    let command = scene.script(&format!("k apply -f {}; k delete configmap old", file(&folder)));

    let before = scene.stored();
    let id = scene.plan(&command);
    assert_eq!(scene.stored(), before, "a plan changes nothing");

    let plan = scene.shown(&id);
    assert_eq!(plan["state"], "pending");
    let actions: Vec<_> = plan["writes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|write| write["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["create", "change", "delete"]);
    let diff = plan["writes"][1]["diff"].as_str().unwrap();
    assert!(diff.contains("-  value: before") && diff.contains("+  value: after"), "{diff}");
    let hold: Value =
        serde_json::from_str(&scene.bob.kguard(&["requests", &id, "-o", "json"]).ok()).unwrap();
    assert_eq!(hold["plan"]["writes"], 3, "{hold}");
    assert_eq!(hold["demands"][0]["policy"], "writes-wait");

    let early = scene.apply(&id);
    assert_eq!(early.code, 75, "nobody has approved it: {early:?}");
    let own = scene.alice.kguard(&["approve", &id, "--yes"]);
    assert_ne!(own.code, 0, "nobody approves his own plan: {own:?}");
    scene.approve(&id);
    let applied = scene.apply(&id);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(applied.stderr.contains("3 of 3 writes have run"), "{applied:?}");
    assert_eq!(scene.get("configmap/new", "{.data.value}").unwrap(), "fresh");
    assert_eq!(scene.get("configmap/kept", "{.data.value}").unwrap(), "after");
    assert_eq!(scene.get("configmap/old", "{.data.value}"), None);
    assert_eq!(scene.shown(&id)["state"], "done");

    let again = scene.apply(&id);
    assert_eq!(again.code, 77, "a plan is run once: {again:?}");
    let trail = scene.bob.kguard(&["audit", "show", &id]).ok();
    for fact in [
        "event: planned",
        "event: planSubmitted",
        "state: approved",
        "state: used",
        "event: planEnded",
    ] {
        assert!(trail.contains(fact), "{fact}: {trail}");
    }
}

#[test]
fn a_file_edited_after_the_approval_stops_all_of_it() {
    let scene = Scene::set("edited");
    let folder =
        scene.folder(&[("a.yaml", config_map("a", "1")), ("b.yaml", config_map("b", "1"))]);
    let command = scene
        .script(&format!("k apply -f {0}/a.yaml || true; k apply -f {0}/b.yaml", file(&folder)));
    let id = scene.plan(&command);
    scene.approve(&id);
    std::fs::write(folder.join("a.yaml"), config_map("a", "2")).unwrap();
    let applied = scene.apply(&id);
    assert_eq!(applied.code, 77, "{applied:?}");
    assert!(applied.stderr.contains("another body"), "{applied:?}");
    assert!(applied.stderr.contains("0 of 2 writes have run"), "{applied:?}");
    assert_eq!(scene.get("configmap/a", "{.data.value}"), None);
    assert_eq!(scene.get("configmap/b", "{.data.value}"), None, "what comes after it does not run");
    assert_eq!(scene.shown(&id)["state"], "stopped");
}

#[test]
fn a_write_that_was_not_planned_stops_it() {
    let scene = Scene::set("more");
    let folder = scene.folder(&[("a.yaml", config_map("a", "1"))]);
    let id = scene.plan(&scene.script(&format!("k apply -f {}", file(&folder))));
    scene.approve(&id);
    let more = scene.script(&format!("k apply -f {}; k create configmap b", file(&folder)));
    let ran = through(&scene.alice, &["run", "--plan", &id], &more);
    assert_eq!(ran.code, 77, "{ran:?}");
    assert!(ran.stderr.contains("is not in the plan"), "{ran:?}");
    assert_eq!(scene.get("configmap/a", "{.data.value}").unwrap(), "1");
    assert_eq!(scene.get("configmap/b", "{.data}"), None);
}

#[test]
fn an_object_that_was_changed_since_stops_it_and_a_new_status_does_not() {
    let scene = Scene::set("moved");
    let service = |port: u16| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{type: LoadBalancer, ports: [{{port: {port}}}]}}\n"
        )
    };
    scene.namespace.apply(&service(80));
    scene.namespace.apply(&config_map("a", "1"));
    let folder = scene.folder(&[("web.yaml", service(81))]);
    let patch = |value: &str| {
        format!("k patch configmap a --type=merge -p '{{\"data\":{{\"value\":\"{value}\"}}}}'")
    };

    let id = scene.plan(&scene.script(&format!("k apply -f {}", file(&folder))));
    scene.approve(&id);
    let status = r#"{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}"#;
    scene
        .namespace
        .admin(&["patch", "service", "web", "--subresource=status", "--type=merge", "-p", status])
        .ok();
    let applied = scene.apply(&id);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert_eq!(scene.get("service/web", "{.spec.ports[0].port}").unwrap(), "81");

    let id = scene.plan(&scene.script(&patch("2")));
    scene.approve(&id);
    scene.namespace.admin(&["label", "configmap", "a", "changed=yes"]).ok();
    let applied = scene.apply(&id);
    assert_eq!(applied.code, 77, "{applied:?}");
    assert!(applied.stderr.contains("changed since"), "{applied:?}");
    assert_eq!(scene.get("configmap/a", "{.data.value}").unwrap(), "1");
}

#[test]
fn a_denied_write_is_denied_and_nothing_is_put_to_approval() {
    let scene = Scene::set("denied");
    let folder = scene.folder(&[("a.yaml", config_map("forbidden", "1"))]);
    let command = scene.script(&format!("k apply -f {}", file(&folder)));
    let planned = through(&scene.alice, &["plan", "-o", "name"], &command);
    assert_eq!(planned.code, 77, "{planned:?}");
    assert!(
        planned.stdout.is_empty() && planned.stderr.contains("never write this"),
        "{planned:?}"
    );
    let waiting = scene.bob.kguard(&["requests", "-o", "name"]).ok();
    assert_eq!(waiting, "");
}

#[test]
fn what_cannot_be_tried_ahead_has_no_place_in_a_plan() {
    let scene = Scene::set("exec");
    scene.namespace.pod("box");
    for command in ["k exec box -- touch /tmp/was-here", "k create token default"] {
        let planned = through(&scene.alice, &["plan"], &scene.script(command));
        assert_eq!(planned.code, 77, "{command}: {planned:?}");
        assert!(planned.stderr.contains("cannot be tried ahead"), "{command}: {planned:?}");
    }
    let looked = scene.namespace.admin(&["exec", "box", "--", "ls", "/tmp"]).ok();
    assert!(!looked.contains("was-here"), "{looked}");
    // Reading is no part of a plan, and neither is what is only tried.
    let harmless =
        "k get pods; k create configmap tried --dry-run=server; k auth can-i delete pods";
    let id = scene.plan(&scene.script(harmless));
    assert_eq!(scene.shown(&id)["writes"], serde_json::json!([]));
    assert_eq!(scene.shown(&id)["state"], "approved", "nothing is to be approved");
}

#[test]
fn only_the_one_who_is_named_runs_a_plan() {
    let scene = Scene::set("who");
    let folder = scene.folder(&[("a.yaml", config_map("a", "1"))]);
    let command = scene.script(&format!("k apply -f {}", file(&folder)));
    let id = scene.plan(&command);
    scene.approve(&id);
    let other = through(&scene.bob, &["run", "--plan", &id], &command);
    assert_eq!(other.code, 77, "{other:?}");
    assert!(other.stderr.contains("only oidc:alice may run it"), "{other:?}");

    let robot = User::workload(&scene.gateway, &scene.namespace, "deploy");
    let name = format!("system:serviceaccount:{}:deploy", scene.namespace.name);
    scene.namespace.allow(&[("user", &name)]);
    let planned = through(&scene.alice, &["plan", "-o", "name", "--apply-as", &name], &command);
    let id = planned.ok().trim().to_owned();
    let hold = scene.bob.kguard(&["requests", &id]).ok();
    assert!(hold.contains(&format!("workload {name}")), "{hold}");
    scene.approve(&id);
    let own = through(&scene.alice, &["run", "--plan", &id], &command);
    assert_eq!(own.code, 77, "the plan names another: {own:?}");
    let blind = robot.kguard(&["apply", &id]);
    assert_eq!(blind.code, 64, "nobody runs a command that another has chosen: {blind:?}");
    let ran = through(&robot, &["run", "--plan", &id], &command);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(scene.get("configmap/a", "{.data.value}").unwrap(), "1");
}

#[test]
fn masked_values_are_in_no_plan_and_come_back_when_it_runs() {
    let scene = Scene::set("masked");
    let literals = ["create", "secret", "generic", "db", "--from-literal=password=hunter2"];
    scene.namespace.admin(&literals).ok();
    let command = scene.script(
        "k get secret db -o json >$HOME/db.json; k label --local -f $HOME/db.json team=shop -o json \
         >$HOME/labelled.json; k replace -f $HOME/labelled.json; \
         k create secret generic other --from-file=password=$HOME/password",
    );
    std::fs::write(scene.alice.home().join("password"), "swordfish").unwrap();
    let id = scene.plan(&command);
    let all = [
        scene.bob.kguard(&["plan", "show", &id]).ok(),
        scene.shown(&id).to_string(),
        scene.bob.kguard(&["requests", &id, "-o", "json"]).ok(),
    ]
    .concat();
    // Base64 of the two values.
    for value in ["hunter2", "aHVudGVyMg", "swordfish", "c3dvcmRmaXNo"] {
        assert!(!all.contains(value), "{value}: {all}");
    }
    assert!(all.contains("kguard:masked"), "{all}");
    scene.approve(&id);
    let ran = through(&scene.alice, &["run", "--plan", &id], &command);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(scene.get("secret/db", "{.data.password}").unwrap(), "aHVudGVyMg==");
    assert_eq!(scene.get("secret/db", "{.metadata.labels.team}").unwrap(), "shop");
    assert_eq!(scene.get("secret/other", "{.data.password}").unwrap(), "c3dvcmRmaXNo");
}

#[test]
fn a_plan_does_not_tell_whether_a_guess_is_right() {
    let scene = Scene::set("guess");
    let literals = ["create", "secret", "generic", "db", "--from-literal=password=hunter2"];
    scene.namespace.admin(&literals).ok();
    let [right, wrong] = ["hunter2", "hunter3"].map(|guess| {
        let patch = format!(r#"{{"stringData":{{"password":"{guess}"}}}}"#);
        let id = scene.plan(&scene.script(&format!("k patch secret db --type=merge -p '{patch}'")));
        let write = scene.shown(&id)["writes"][0].clone();
        // Each line without its placeholder, which is another one each time.
        let diff = write["diff"].as_str().unwrap();
        let lines = diff.lines().map(|line| line.split("masked").next().unwrap().to_owned());
        (write["action"].clone(), lines.collect::<Vec<_>>())
    });
    assert_eq!(right, wrong);
    assert_eq!(right.0, "change");
}
