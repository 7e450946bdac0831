//! Sessions that run when the policies change: those end that are not allowed any more, and no others.

use serde_json::Value;

use super::{Scene, VERSIONS};
use crate::harness::{Running, eventually};

/// A policy about exec.
fn policy(name: &str, when: &str, effect: &str) -> String {
    format!(
        "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {name}}}\nspec:\n  \
         match: {{resources: [pods/exec]}}\n  when: \"{when}\"\n  {effect}\n  message: Not that.\n"
    )
}

const DENY: &str = "effect: deny";
const HOLD: &str = "effect: hold\n  hold: {approvers: ['group:oidc:sre']}";
/// What the sessions are told apart by.
const MARKED: &str = "request.query.command.exists(word, word == 'marked')";

/// A session that answers what it is told, and has a word among its arguments.
fn session(scene: &Scene, version: &str, word: &str) -> Running {
    let script = "echo here; while read line; do echo got $line; done";
    let args = ["exec", "-i", "main", "--", "sh", "-c", script, "sh", word];
    let mut session = scene.start(version, &args);
    session.wait_for("the session", |line| (line == "here").then_some(()));
    session
}

#[track_caller]
fn assert_goes_on(session: &mut Running, word: &str) {
    session.say(&format!("{word}\n"));
    let answer = format!("got {word}");
    session.wait_for("an answer", |line| (line == answer).then_some(()));
}

impl Scene {
    /// Puts a policy in force besides the starter pack.
    fn reload(&self, policies: &[String]) {
        let starter = kguard::policy::starter().text;
        self.gateway.set_policies(&[&[starter], policies].concat().join("\n---\n"));
    }

    /// The failures of the sessions with that word.
    fn failures(&self, word: &str) -> Vec<String> {
        let trail = self.trail("exec");
        let marked = |request: &Value| request["query"].to_string().contains(word);
        let ended = trail.iter().filter(|(request, _)| marked(request));
        ended.map(|(_, end)| end["failure"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Runs a marked session and another one by each protocol, changes the policies, and looks on.
fn assert_ends_the_marked(policies: &[String], said: &str) {
    let scene = Scene::set();
    let mut marked = VERSIONS.map(|version| session(&scene, version, "marked"));
    let mut others = VERSIONS.map(|version| session(&scene, version, "other"));
    scene.reload(policies);
    for (version, session) in VERSIONS.into_iter().zip(&mut marked) {
        let told = format!("the policies have changed: {said}");
        // Before its input ends, which is an end as well.
        session.wait_for("its end", |line| line.contains(&told).then_some(()));
        assert_eq!(session.exit_code(), 1, "{version}: {}", session.said());
    }
    for session in &mut others {
        assert_goes_on(session, "on");
    }
    assert_eq!(scene.running(&scene.bob).len(), others.len());
    drop(others);
    for failure in scene.failures("marked") {
        assert!(failure.contains(said), "{failure}");
    }
    for failure in scene.failures("other") {
        assert!(!failure.contains("policies have changed"), "{failure}");
    }
}

#[test]
fn a_session_ends_when_its_words_are_denied_and_others_go_on() {
    assert_ends_the_marked(&[policy("words", MARKED, DENY)], "Not that.");
}

#[test]
fn a_session_ends_when_its_words_would_have_to_be_approved_and_others_go_on() {
    let said = "policy `words` wants an approval first";
    assert_ends_the_marked(&[policy("words", MARKED, HOLD)], said);
}

#[test]
fn a_session_ends_though_another_policy_looks_at_objects() {
    let objects = policy("objects", "object != null && has(object.spec)", DENY);
    let words = policy("words", MARKED, DENY);
    assert_ends_the_marked(&[objects, words], "Not that.");
}

#[test]
fn a_session_ends_where_the_policy_looks_at_an_object_if_its_words_are_enough() {
    let when = format!("{MARKED} || (object != null && has(object.spec))");
    assert_ends_the_marked(&[policy("words", &when, DENY)], "Not that.");
}

#[test]
fn what_was_approved_goes_on_for_as_long_as_that_is_the_approval_that_is_wanted() {
    let hold = policy("words", MARKED, HOLD);
    let scene = Scene::with(&hold);
    let script = "echo here; while read line; do echo got $line; done";
    let mut sessions = VERSIONS.map(|version| {
        let args = ["exec", "-i", "main", "--", "sh", "-c", script, "sh", "marked"];
        let mut session = scene.start(version, &args);
        let id = session.wait_for("the line to pass on", |line| {
            Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
        });
        scene.bob.kguard(&["approve", &id, "--yes"]).ok();
        session.wait_for("the session", |line| (line == "here").then_some(()));
        session
    });
    // The same hold, and something else.
    let other = policy("other", "request.query.command == ['id']", DENY);
    scene.reload(&[hold.clone(), other]);
    // Nothing but words for people.
    scene.reload(&[hold.replace("Not that.", "Ask first.")]);
    for session in &mut sessions {
        assert_goes_on(session, "on");
    }
    // Other approvers have not approved it.
    scene.reload(&[hold.replace("oidc:sre", "oidc:dba")]);
    for (version, session) in VERSIONS.into_iter().zip(&mut sessions) {
        let told = "`words` wants an approval first";
        session.wait_for("its end", |line| line.contains(told).then_some(()));
        assert_eq!(session.exit_code(), 1, "{version}: {}", session.said());
    }
}

#[test]
fn a_broken_set_of_policies_ends_nothing() {
    let scene = Scene::set();
    let mut sessions = VERSIONS.map(|version| session(&scene, version, "marked"));
    let broken = policy("words", MARKED, "effect: dney");
    let path = scene.gateway.folder.join("policies/test.yaml");
    std::fs::write(path, format!("{}\n---\n{broken}", kguard::policy::starter().text)).unwrap();
    eventually("the log", || scene.gateway.log().contains("policies are broken").then_some(()));
    for session in &mut sessions {
        assert_goes_on(session, "on");
    }
}
