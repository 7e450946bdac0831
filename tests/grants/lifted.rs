//! A grant lifts the hold of one policy from requests alike, of one caller, until it ends.

use serde_json::json;

use super::{Scene, grants, held, with_starter};
use crate::harness::http::raw;
use crate::harness::{Namespace, User};

const DELETES: &str = "{resources: [configmaps], verbs: [delete]}";
const FOR_A_WHILE: &str = "grants: {maxDuration: 1h}";

#[test]
fn the_next_alike_request_runs_without_waiting_and_says_so_in_the_trail() {
    let scene = Scene::set("alike", &held(DELETES, FOR_A_WHILE));
    scene.config_maps(&["web-1", "web-2", "web-3", "db"]);
    let id = scene.grant(&["delete", "cm", "web-1"], &["--for", "30m", "--names", "web-*"]);
    scene.kubectl(&["delete", "cm", "web-2"]);
    assert!(!scene.exists("cm/web-1") && !scene.exists("cm/web-2"));

    let [ran] = &scene.allowed("/configmaps/web-2")[..] else { panic!("one request") };
    assert_eq!(ran["grants"], json!([id]), "{ran}");
    assert_eq!((&ran["policy"], &ran["hold"]), (&json!("held"), &json!(null)), "{ran}");
    let [given] = &scene.trail("grant")[..] else { panic!("one grant") };
    assert_eq!(given["by"], json!(["oidc:bob"]), "{given}");
    assert_eq!(given["pattern"]["names"], json!(["web-*"]), "{given}");
    // Whose it is sees it, and so do those who may revoke it.
    for user in [&scene.alice, &scene.bob] {
        assert_eq!(grants(user)[0]["id"], json!(id));
    }
    let carol = User::person(&scene.gateway, "carol");
    assert!(grants(&carol).is_empty());
    assert_ne!(carol.kguard(&["grants", "revoke", &id]).code, 0);

    scene.assert_held(&scene.alice, &["delete", "cm", "db"]);
    scene.assert_held(&scene.bob_as_another(), &["delete", "cm", "web-3"]);
}

impl Scene {
    /// Somebody else who may do everything in the cluster: bob cannot deny his own request, so a
    /// token of his own is of no use here.
    fn bob_as_another(&self) -> User {
        let carol = User::person(&self.gateway, "carol");
        self.namespace.allow(&[("user", "oidc:carol")]);
        carol
    }
}

#[test]
fn a_grant_is_for_its_name_namespace_and_verb_alone() {
    let both = "{resources: [configmaps], verbs: [delete, patch]}";
    let scene = Scene::set("narrow", &held(both, FOR_A_WHILE));
    scene.config_maps(&["web", "web-2"]);
    scene.grant(&["label", "cm", "web", "a=b"], &["--for", "30m"]);
    scene.kubectl(&["label", "cm", "web", "a=c", "--overwrite"]);
    scene.assert_held(&scene.alice, &["label", "cm", "web-2", "a=b"]);
    scene.assert_held(&scene.alice, &["delete", "cm", "web"]);
    let other = Namespace::create("other");
    other.admin(&["create", "configmap", "web"]).ok();
    scene.assert_held(&scene.alice, &["-n", &other.name, "label", "cm", "web", "a=b"]);
}

#[test]
fn what_another_policy_holds_or_denies_is_held_and_denied() {
    let first = held(DELETES, FOR_A_WHILE);
    let second = held("{resources: [configmaps], verbs: [delete], names: [web-2]}", "quorum: 1");
    let second = second.replace("name: held", "name: other");
    let scene = Scene::set("others", &format!("{first}---\n{second}"));
    scene.config_maps(&["web-1", "web-2", "web-3"]);
    let id = scene.grant(&["delete", "cm", "web-1"], &["--for", "30m", "--names", "*"]);
    scene.assert_held(&scene.alice, &["delete", "cm", "web-2"]);
    scene.kubectl(&["delete", "cm", "web-3"]);
    let denies = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: other}\nspec: \
                  {match: {names: [web-2]}, effect: deny}\n";
    let denying = format!("{}---\n{denies}", held(DELETES, FOR_A_WHILE));
    scene.gateway.set_policies(&with_starter(&denying));
    let denied = scene.alice.kubectl(&["-n", &scene.namespace.name, "delete", "cm", "web-2"]);
    assert_eq!(denied.code, 77, "{denied:?}");
    // The policy that it lifts is still the same one.
    assert!(grants(&scene.bob).iter().any(|of| of["id"] == id && of["ended"].is_null()));
}

#[test]
fn a_grant_ends_by_revocation_by_its_uses_by_time_and_by_a_change_of_its_policy() {
    let scene = Scene::set("ends", &held(DELETES, FOR_A_WHILE));
    scene.config_maps(&["a-1", "a-2", "b-1", "b-2", "b-3", "c-1", "c-2", "d-1", "d-2"]);

    let id = scene.grant(&["delete", "cm", "a-1"], &["--for", "30m", "--names", "a-*"]);
    scene.alice.kguard(&["grants", "revoke", &id, "--comment", "no more"]).ok();
    assert_eq!(scene.end_of(&id)["by"], "oidc:alice");
    scene.assert_held(&scene.alice, &["delete", "cm", "a-2"]);

    let twice = ["--for", "30m", "--names", "b-*", "--max-uses", "2"];
    scene.grant(&["delete", "cm", "b-1"], &twice);
    scene.kubectl(&["delete", "cm", "b-2"]);
    scene.assert_held(&scene.alice, &["delete", "cm", "b-3"]);

    let id = scene.grant(&["delete", "cm", "c-1"], &["--for", "1s", "--names", "c-*"]);
    assert_eq!(scene.end_of(&id)["why"], "time");
    scene.assert_held(&scene.alice, &["delete", "cm", "c-2"]);

    let id = scene.grant(&["delete", "cm", "d-1"], &["--for", "30m", "--names", "d-*"]);
    let changed = held(DELETES, "grants: {maxDuration: 2h}");
    scene.gateway.set_policies(&with_starter(&changed));
    assert_eq!(scene.end_of(&id)["why"], "policy");
    scene.assert_held(&scene.alice, &["delete", "cm", "d-2"]);
    let ended: Vec<_> = scene.trail("grantEnded");
    let why: Vec<_> = ended.iter().map(|of| of["end"]["why"].as_str().unwrap()).collect();
    // The one that is used up was still there, for what might have run on it.
    assert_eq!(why, ["revocation", "time", "policy", "policy"]);
}

#[test]
fn a_session_on_a_grant_ends_with_it_and_is_told_why() {
    let exec = "{resources: [pods/exec]}";
    let scene = Scene::set("session", &held(exec, FOR_A_WHILE));
    scene.namespace.pod("main");
    let command = ["exec", "main", "--", "sh", "-c", "echo ready; sleep 600"];
    let (mut first, id) = scene.start_held(&scene.alice, &command);
    scene.bob.kguard(&["approve", &id, "--yes", "--for", "30m"]).ok();
    let mut second = scene.start(&scene.alice, &command);
    for session in [&mut first, &mut second] {
        session.wait_for("the session", |line| (line == "ready").then_some(()));
    }
    // Another command is none of those alike.
    scene.assert_held(&scene.alice, &["exec", "main", "--", "id"]);
    scene.bob.kguard(&["grants", "revoke", &id, "--comment", "the incident is over"]).ok();
    // Both rest on it: the one that was held, too.
    for session in [&mut first, &mut second] {
        assert_ne!(session.exit_code(), 0, "{}", session.said());
        let said = session.said();
        assert!(said.contains(&format!("grant {id}")), "{said}");
        assert!(said.contains("oidc:bob has revoked it: the incident is over"), "{said}");
    }
}

#[test]
fn a_session_on_a_grant_ends_when_its_time_is_over_and_is_told_so() {
    let sessions = "{resources: [pods/exec, pods/portforward]}";
    let scene = Scene::set("session-time", &held(sessions, FOR_A_WHILE));
    scene.namespace.pod("main");
    let command = ["exec", "main", "--", "sh", "-c", "echo ready; sleep 600"];
    let (mut first, id) = scene.start_held(&scene.alice, &command);
    let (mut forward, port) =
        scene.start_held(&scene.alice, &["port-forward", "pod/main", ":8080"]);
    for id in [&id, &port] {
        scene.bob.kguard(&["approve", id, "--yes", "--for", "15s"]).ok();
    }
    let mut second = scene.start(&scene.alice, &command);
    for session in [&mut first, &mut second] {
        session.wait_for("the session", |line| (line == "ready").then_some(()));
    }
    forward.wait_for("the port", |line| line.strip_prefix("Forwarding from ").map(drop));
    for session in [&mut first, &mut second] {
        assert_ne!(session.exit_code(), 0, "{}", session.said());
        let said = session.said();
        assert!(said.contains(&format!("grant {id}, on which this session ran")), "{said}");
        assert!(said.contains("its time is up"), "{said}");
    }
    assert_eq!(scene.end_of(&id)["why"], "time");
    assert_eq!(scene.end_of(&port)["why"], "time");
    assert_ne!(forward.exit_code(), 0, "{}", forward.said());
    // Nobody has to ask for the end of it.
    scene.assert_held(&scene.alice, &command);
}

#[test]
fn a_grant_survives_a_restart() {
    let mut scene = Scene::set("restart", &held(DELETES, FOR_A_WHILE));
    scene.config_maps(&["web-1", "web-2", "old-1", "old-2"]);
    scene.grant(&["delete", "cm", "web-1"], &["--for", "30m", "--names", "web-*"]);
    let ended = scene.grant(&["delete", "cm", "old-1"], &["--for", "30m", "--names", "old-*"]);
    scene.bob.kguard(&["grants", "revoke", &ended]).ok();
    scene.gateway.kill();
    scene.gateway.restart();
    scene.alice.follow(&scene.gateway);
    scene.bob.follow(&scene.gateway);
    scene.kubectl(&["delete", "cm", "web-2"]);
    scene.assert_held(&scene.alice, &["delete", "cm", "old-2"]);
}

#[test]
fn a_grant_is_never_wider_than_its_policy_and_is_what_all_approvers_name() {
    let matches = "{resources: [configmaps], verbs: [delete], names: ['web-*']}";
    let terms = "quorum: 2, grants: {maxDuration: 1h}";
    let policy = held(matches, terms).replace("['group:oidc:sre']", "['user:*']");
    let scene = Scene::set("wider", &policy);
    scene.config_maps(&["web-1", "web-2", "web-3"]);
    let carol = User::person(&scene.gateway, "carol");
    let (mut delete, id) = scene.start_held(&scene.alice, &["delete", "cm", "web-1"]);
    for (flags, said) in [
        (vec!["--for", "30m", "--names", "*"], "names `*` goes beyond it"),
        (vec!["--for", "30m", "--verbs", "delete", "patch"], "verbs `patch` goes beyond it"),
        (vec!["--for", "2h"], "up to 60 minutes"),
    ] {
        let wide = scene.bob.kguard(&[&["approve", &id, "--yes"], &flags[..]].concat());
        assert_ne!(wide.code, 0, "{wide:?}");
        assert!(wide.stderr.contains(said), "{wide:?}");
    }
    // Past the client, as an attacker would.
    let head = format!(
        "POST /v1/holds/{id}/decision HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Type: \
         application/json\r\n",
        scene.bob.token
    );
    let shown = scene.bob.kguard(&["requests", &id, "-o", "json"]).ok();
    let hold: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let pattern = json!({"cluster": "test", "verbs": ["delete"], "resource": "secrets",
        "namespaces": [scene.namespace.name], "names": ["web-1"]});
    let other = json!({"verdict": "approve", "digest": hold["digest"],
        "grant": {"seconds": 60, "pattern": pattern}});
    let answer = raw(&scene.gateway.url, &scene.gateway.ca, &head, &other.to_string());
    assert_eq!(answer.status, 400, "{answer:?}");

    scene.bob.kguard(&["approve", &id, "--yes", "--for", "30m", "--names", "web-*"]).ok();
    carol.kguard(&["approve", &id, "--yes", "--for", "20m", "--names", "web-*"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
    assert!(grants(&scene.bob).is_empty(), "they do not name the same one");

    let (mut delete, id) = scene.start_held(&scene.alice, &["delete", "cm", "web-2"]);
    for approver in [&scene.bob, &carol] {
        approver.kguard(&["approve", &id, "--yes", "--for", "30m", "--names", "web-*"]).ok();
    }
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
    scene.kubectl(&["delete", "cm", "web-3"]);
}

#[test]
fn a_policy_that_allows_no_grants_gets_none() {
    let scene = Scene::set("none", &held(DELETES, "quorum: 1"));
    scene.config_maps(&["web"]);
    let (mut delete, id) = scene.start_held(&scene.alice, &["delete", "cm", "web"]);
    let refused = scene.bob.kguard(&["approve", &id, "--yes", "--for", "30m"]);
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(refused.stderr.contains("allows no grants"), "{refused:?}");
    scene.bob.kguard(&["deny", &id]).ok();
    assert_eq!(delete.exit_code(), 77);
}
