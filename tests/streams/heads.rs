//! What the head of a recording says of its session.

use serde_json::{Value, json};

use super::recorded::facts;
use super::{Scene, VERSIONS};
use crate::harness::terminal::at_a_terminal;
use crate::harness::{Running, eventually};

const HOLD: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: sessions}\nspec:\n  \
                    match: {callers: ['user:oidc:alice'], resources: [pods/exec, pods/attach, \
                    pods/portforward]}\n  effect: hold\n  hold: {approvers: ['group:oidc:sre']}\n";

impl Scene {
    /// Approves what is pending; the id of its hold.
    fn approve(&self, flags: &[&str]) -> String {
        let id = eventually("the hold", || {
            let pending = self.bob.kguard(&["requests", "-o", "json"]).ok();
            let pending: Vec<Value> = serde_json::from_str(&pending).unwrap();
            let hold = pending.iter().find(|hold| hold["state"] == "pending")?;
            Some(hold["id"].as_str()?.to_owned())
        });
        self.bob.kguard(&[&["approve", &id], flags].concat()).ok();
        id
    }

    /// A pod of two containers, of which the second one has a terminal.
    fn pair(&self) {
        let script = "trap exit TERM; while true; do echo here; sleep 0.2; done";
        self.namespace.apply(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: pair}}\nspec:\n  \
             terminationGracePeriodSeconds: 1\n  containers:\n  - {{name: first, image: \
             'kguard.test/busybox:1', imagePullPolicy: Never, command: [sh, -c, '{script}']}}\n  \
             - {{name: second, stdin: true, tty: true, image: 'kguard.test/busybox:1', \
             imagePullPolicy: Never, command: [sh, -c, '{script}']}}\n"
        ));
        let ready = ["wait", "--for=condition=Ready", "--timeout=60s", "pod/pair"];
        self.namespace.admin(&ready).ok();
    }

    /// The head of a request's recording, without what is the same in all.
    fn head(&self, entry: &(Value, Value)) -> Value {
        let mut head = self.recording(entry)[0].clone();
        let pod = self.namespace.admin(&["get", "pod", "pair", "-o", "json"]).ok();
        let pod: Value = serde_json::from_str(&pod).unwrap();
        assert_eq!(head["version"], 2);
        assert!(head["timestamp"].as_i64() > Some(1_700_000_000), "{head}");
        let kguard = head["kguard"].as_object_mut().unwrap();
        for (name, expected) in [
            ("id", &entry.0["id"]),
            ("podUid", &pod["metadata"]["uid"]),
            ("node", &pod["spec"]["nodeName"]),
            ("caller", &json!("oidc:alice")),
            ("cluster", &json!("test")),
            ("namespace", &json!(self.namespace.name)),
            ("pod", &json!("pair")),
        ] {
            assert_eq!(kguard.get(name), Some(expected), "{name}: {kguard:?}");
        }
        head["kguard"].take()
    }
}

#[test]
fn a_head_names_the_hold_the_container_and_every_word_of_the_command() {
    let scene = Scene::with(HOLD);
    scene.pair();
    let words = ["sh", "-c", "echo \"$@\"", "--", "two words", "", "ü☃", "--flag=\"x\"", "'"];
    for version in VERSIONS {
        let args = [&["exec", "-c", "second", "pair", "--"][..], &words].concat();
        let mut exec = scene.start(version, &args);
        let hold = scene.approve(&[]);
        assert_eq!(exec.exit_code(), 0, "{version}: {}", exec.said());
        let trail = scene.trail("exec");
        let entry = trail.last().unwrap();
        assert_eq!(entry.0["hold"], hold.as_str(), "{version}");
        let head = scene.head(entry);
        assert_eq!(head["hold"], hold.as_str(), "{version}: {head}");
        assert_eq!(head["approvedBy"], json!(["oidc:bob"]), "{version}: {head}");
        assert_eq!(head["container"], "second", "{version}: {head}");
        assert_eq!(head["command"], json!(words), "{version}: {head}");
        assert_eq!((&head["kind"], &head["tty"]), (&json!("exec"), &json!(false)), "{head}");
        assert_eq!(head["image"], "kguard.test/busybox:1", "{head}");
    }
}

#[test]
fn a_head_of_an_attach_or_a_forward_names_its_hold_and_no_command() {
    let scene = Scene::with(HOLD);
    scene.pair();
    for version in VERSIONS {
        let attach = scene.command(version, &["attach", "-it", "-c", "second", "pair"]);
        let mut attach = Running::start(&mut at_a_terminal(&attach, (24, 80)));
        let hold = scene.approve(&[]);
        attach.wait_for("what it says", |line| (line == "here").then_some(()));
        drop(attach);
        let head = scene.head(scene.trail("attach").last().unwrap());
        assert_eq!(head["hold"], hold.as_str(), "{version}: {head}");
        assert_eq!((&head["kind"], &head["tty"]), (&json!("attach"), &json!(true)), "{head}");
        assert_eq!(head["container"], "second", "{head}");
        assert_eq!(head.get("command"), None, "{head}");

        let mut forward = scene.start(version, &["port-forward", "pod/pair", ":8080"]);
        // The later kubectl asks before it listens, and the earlier one, too.
        let hold = scene.approve(&[]);
        forward.wait_for("the port", |line| line.strip_prefix("Forwarding from ").map(drop));
        drop(forward);
        let trail = scene.trail("portforward");
        let entry = trail.last().unwrap();
        let head = scene.head(entry);
        assert_eq!(head["hold"], hold.as_str(), "{version}: {head}");
        assert_eq!((&head["kind"], &head["tty"]), (&json!("portforward"), &json!(false)), "{head}");
        assert_eq!(head.get("command"), None, "{head}");
        let ended = facts(&scene.recording(entry));
        assert!(ended.iter().any(|fact| fact.get("ended").is_some()), "{ended:?}");
    }
}

#[test]
fn a_head_says_by_whose_leave_its_session_ran() {
    let terms = "['group:oidc:sre'], grants: {maxDuration: 1h}, \
                 breakGlass: {callers: ['group:oidc:dev']}";
    let scene = Scene::with(&HOLD.replace("['group:oidc:sre']", terms));
    scene.pair();
    let exec =
        ["kubectl", "-n", &scene.namespace.name, "exec", "pair", "-c", "first", "--", "true"];
    let head = || scene.head(scene.trail("exec").last().unwrap());

    let mut approved = scene.alice.start(&exec);
    let hold = scene.approve(&[]);
    assert_eq!(approved.exit_code(), 0, "{}", approved.said());
    let first = head();
    assert_eq!(first["hold"], hold.as_str(), "{first}");
    assert_eq!(first["approvedBy"], json!(["oidc:bob"]), "{first}");
    assert_eq!((first.get("grants"), first.get("breakGlass")), (None, None), "{first}");

    let glass = ["--break-glass", "--reason", "the shop is down"];
    scene.alice.kguard(&[&glass[..], &exec[..]].concat()).ok();
    let broken = head();
    assert_eq!(broken["breakGlass"], "the shop is down", "{broken}");
    assert_eq!((broken.get("grants"), broken.get("approvedBy")), (None, None), "{broken}");

    let mut granted = scene.alice.start(&exec);
    let grant = scene.approve(&["--yes", "--for", "10m"]);
    assert_eq!(granted.exit_code(), 0, "{}", granted.said());
    scene.alice.kguard(&exec).ok();
    let [.., asked, lifted] = &scene.trail("exec")[..] else { panic!("two at least") };
    let [asked, lifted] = [asked, lifted].map(|entry| scene.head(entry));
    assert_eq!((&asked["grants"], &asked["approvedBy"]), (&json!([grant]), &json!(["oidc:bob"])));
    assert_eq!((&lifted["grants"], lifted.get("hold")), (&json!([grant]), None), "{lifted}");
}
