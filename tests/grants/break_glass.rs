//! Runs that wait for nobody, are heard of by everybody, and owe a review.

use serde_json::{Value, json};

use super::{Scene, held};
use crate::harness::{Running, User, http};

const DELETES: &str = "{resources: [configmaps], verbs: [delete]}";
const ONCALL: &str = "breakGlass: {callers: ['group:oidc:dev']}";

#[test]
fn those_on_call_run_at_once_loudly_and_owe_a_review_that_somebody_else_closes() {
    let scene = Scene::set("glass", &held(DELETES, ONCALL));
    scene.config_maps(&["web", "other"]);
    let n = scene.namespace.name.as_str();
    let delete = ["kubectl", "-n", n, "delete", "cm", "web"];
    let wordless = scene.alice.kguard(&[&["--break-glass"], &delete[..]].concat());
    assert_eq!(wordless.code, 64, "{wordless:?}");

    let kguard = scene.bob.command("1.34", &["approve"]);
    let line = format!("{} approve", kguard.get_program().to_str().unwrap());
    let mut terminal = std::process::Command::new("script");
    terminal.args(["-qefc", &line, "/dev/null"]).env_clear();
    terminal.envs(kguard.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let mut inbox = Running::start(terminal.env("TERM", "xterm"));
    inbox.wait_for("the inbox", |line| line.contains("waiting for requests").then_some(()));

    let glass = ["--break-glass", "--reason", "the shop is down"];
    let ran = scene.alice.kguard(&[&glass[..], &delete[..]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("BREAK-GLASS"), "{ran:?}");
    assert!(!scene.exists("cm/web"));
    inbox.wait_for("the word of it", |line| {
        (line.contains("broke the glass") && line.contains("the shop is down")).then_some(())
    });

    let [request] = &scene.allowed("/configmaps/web")[..] else { panic!("one request") };
    assert_eq!(request["breakGlass"], "the shop is down", "{request}");
    let owed = |user: &User| -> Vec<Value> {
        serde_json::from_str(&user.kguard(&["reviews", "-o", "json"]).ok()).unwrap()
    };
    let [hold] = &owed(&scene.bob)[..] else { panic!("one review") };
    let id = hold["id"].as_str().unwrap();
    assert_eq!(hold["state"], "used", "{hold}");
    assert_eq!(hold["breakGlass"], json!({"reason": "the shop is down", "review": null}), "{hold}");
    let carol = User::person(&scene.gateway, "carol");
    for user in [&scene.alice, &carol] {
        let refused = user.kguard(&["reviews", "close", id, "--comment", "fine"]);
        assert_ne!(refused.code, 0, "{refused:?}");
    }
    scene.bob.kguard(&["reviews", "close", id, "--comment", "looked at it"]).ok();
    assert!(owed(&scene.bob).is_empty());
    let again = scene.bob.kguard(&["reviews", "close", id, "--comment", "once more"]);
    assert_ne!(again.code, 0, "{again:?}");
    let [review] = &scene.trail("review")[..] else { panic!("one review") };
    assert_eq!(review["review"]["by"], "oidc:bob", "{review}");
}

#[test]
fn a_plain_client_says_so_in_a_header_and_others_wait() {
    let scene = Scene::set("header", &held(DELETES, ONCALL));
    scene.config_maps(&["web", "other"]);
    let carol = User::person(&scene.gateway, "carol");
    scene.namespace.allow(&[("user", "oidc:carol")]);
    let delete = |user: &User, name: &str, header: &str| {
        let path = format!("/api/v1/namespaces/{}/configmaps/{name}", scene.namespace.name);
        http::send(&scene.gateway, user, &format!("DELETE {path}\n{header}"), "").status
    };
    let header = "Kguard-Break-Glass: the shop is down";
    assert_eq!(delete(&carol, "web", header), 429, "whom the policy does not name waits");
    assert_eq!(delete(&scene.alice, "web", ""), 429);
    assert_eq!(delete(&scene.alice, "web", "Kguard-Break-Glass: "), 400);
    assert_eq!(delete(&scene.alice, "other", header), 200);
    assert!(!scene.exists("cm/other") && scene.exists("cm/web"));

    // Whom it does not let is told so, and does not wonder why it waits.
    let n = scene.namespace.name.as_str();
    let glass = ["--break-glass", "--reason", "the shop is down"];
    let args = [&glass[..], &["kubectl", "-n", n, "delete", "cm", "web"]].concat();
    let mut waits = carol.start(&args);
    waits.wait_for("why it waits", |line| {
        line.contains("does not let you break the glass").then_some(())
    });
    waits.signal("KILL");
    waits.exit_code();
}
