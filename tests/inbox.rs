//! The inbox at a real terminal: what arrives, arrow keys, reasons, and others who are faster.

use serde_json::Value;

use crate::harness::policies::deletes_wait;
use crate::harness::ssh::Sshd;
use crate::harness::tmux::Tmux;
use crate::harness::{Gateway, Namespace, Running, User, eventually};

struct Scene {
    _gateway: Gateway,
    alice: User,
    bob: User,
    carol: User,
    namespace: Namespace,
}

impl Scene {
    fn set(purpose: &str) -> Self {
        let gateway = Gateway::with_policies(&deletes_wait("user:*"));
        let namespace = Namespace::create(purpose);
        namespace.allow(&[("user", "oidc:alice")]);
        let [alice, bob, carol] =
            ["alice", "bob", "carol"].map(|name| User::person(&gateway, name));
        Self { _gateway: gateway, alice, bob, carol, namespace }
    }

    fn inbox(&self) -> Tmux {
        let inbox = Tmux::start(&self.bob.command("1.34", &["approve"]));
        inbox.wait_for("waiting for requests that you may decide");
        inbox
    }

    fn delete(&self, name: &str) -> (Running, String) {
        self.namespace.admin(&["create", "configmap", name]).ok();
        let n = self.namespace.name.as_str();
        let mut delete = self.alice.start(&["kubectl", "-n", n, "delete", "configmap", name]);
        let id = delete.wait_for("the line to pass on", |line| {
            Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
        });
        (delete, id)
    }

    fn decision(&self, id: &str) -> Value {
        eventually("the decision", || {
            let shown = self.carol.kguard(&["requests", id, "-o", "json"]).ok();
            let hold: Value = serde_json::from_str(&shown).unwrap();
            hold["decisions"].get(0).cloned()
        })
    }
}

#[test]
fn two_holds_are_decided_by_arrow_keys_and_with_reasons() {
    let scene = Scene::set("arrows");
    let inbox = scene.inbox();
    let (mut first, approved) = scene.delete("one");
    inbox.wait_for(&approved);
    inbox.wait_for("Decide");
    let (mut second, denied) = scene.delete("two");
    inbox.wait_for(&format!("{denied} waits, too"));

    inbox.press(&["Down", "Enter"]);
    inbox.wait_for("Comment");
    inbox.press(&["-l", "looks good"]);
    inbox.press(&["Enter"]);
    let decision = scene.decision(&approved);
    assert_eq!(
        (&decision["verdict"], &decision["comment"]),
        (&"approve".into(), &"looks good".into())
    );
    assert_eq!(first.exit_code(), 0, "{}", first.said());

    // The second comes by itself, with its card.
    eventually("the second question", || {
        let screen = inbox.screen();
        let (_, after) = screen.rsplit_once(&format!("Request    {denied}"))?;
        after.contains("Decide").then_some(())
    });
    inbox.press(&["Down", "Down", "Enter"]);
    eventually("the question for a reason", || {
        (inbox.screen().matches("Comment").count() > 1).then_some(())
    });
    inbox.press(&["-l", "still in use"]);
    inbox.press(&["Enter"]);
    let decision = scene.decision(&denied);
    assert_eq!(
        (&decision["verdict"], &decision["comment"]),
        (&"deny".into(), &"still in use".into())
    );
    assert_eq!(second.exit_code(), 77, "{}", second.said());
    assert!(second.said().contains("still in use"), "{}", second.said());
}

#[test]
fn a_hold_that_somebody_else_settles_meanwhile_is_in_nobodys_way() {
    let scene = Scene::set("faster");
    let inbox = scene.inbox();
    let (mut first, lost) = scene.delete("one");
    inbox.wait_for(&format!("Request    {lost}"));
    inbox.wait_for("Decide");
    scene.carol.kguard(&["deny", &lost, "--comment", "I was faster"]).ok();
    inbox.wait_for(&format!("{lost} is denied by now"));
    assert_eq!(first.exit_code(), 77, "{}", first.said());
    // Whatever is chosen now decides on nothing.
    inbox.press(&["Down", "Enter"]);
    let (mut second, id) = scene.delete("two");
    inbox.wait_for(&format!("Request    {id}"));
    eventually("the second question", || {
        let screen = inbox.screen();
        let (_, after) = screen.rsplit_once(&format!("Request    {id}"))?;
        after.contains("Decide").then_some(())
    });
    inbox.press(&["Down", "Enter"]);
    inbox.wait_for("Comment");
    inbox.press(&["Enter"]);
    assert_eq!(second.exit_code(), 0, "{}", second.said());
    assert_eq!(scene.decision(&lost)["by"], "oidc:carol");
    assert_eq!(scene.decision(&id)["by"], "oidc:bob");
}

#[test]
fn the_inbox_is_used_over_ssh_too() {
    let scene = Scene::set("ssh");
    let sshd = Sshd::start();
    let inbox = Tmux::start(&sshd.terminal(&scene.bob.command("1.34", &["approve"])));
    inbox.wait_for("waiting for requests that you may decide");
    let (mut delete, id) = scene.delete("far");
    inbox.wait_for(&format!("Request    {id}"));
    inbox.wait_for("Decide");
    inbox.press(&["Down", "Enter"]);
    inbox.wait_for("Comment");
    inbox.press(&["-l", "from afar"]);
    inbox.press(&["Enter"]);
    assert_eq!(scene.decision(&id)["comment"], "from afar");
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
}
