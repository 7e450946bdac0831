//! Using an approval for more than it was given for.

use std::thread::Scope;

use serde_json::Value;

use super::catalogue::{SECTION, Section, Story};
use super::lab::Lab;
use crate::harness::http::Answer;
use crate::harness::{User, eventually};

pub static STORIES: Section = Section {
    title: "Approvals",
    about: "A hold waits for somebody else, and its approval is for one request on one object.",
    stories: TOLD,
    ..SECTION
};

const TOLD: &[Story] = &[
    Story {
        name: "approving oneself",
        attacker: "approves his own request, or has a robot of his in the approving group do it",
        unguarded: "has no approvals",
        guarded: "403, and 404 for those who may not even see it",
    },
    Story {
        name: "approving what was not seen",
        attacker: "has an approver send another digest than the one that he was shown",
        unguarded: "has no approvals",
        guarded: "409",
    },
    Story {
        name: "guessing the id of a hold",
        attacker: "reads or decides a hold that is not his, or without a token",
        unguarded: "has no approvals",
        guarded: "404, and 401",
    },
    Story {
        name: "another object of the same name",
        attacker: "replaces the object while the approver looks at it",
        unguarded: "**200** deletes whatever has the name",
        guarded: "409: the delete is bound to uid and resourceVersion",
    },
    Story {
        name: "the same approval twice",
        attacker: "sends an approved request again, or with another body or query",
        unguarded: "has no approvals",
        guarded: "a hold of its own for each",
    },
    Story {
        name: "leaving before the approval",
        attacker: "closes the connection and has it approved later",
        unguarded: "has no approvals",
        guarded: "the hold is cancelled; nothing runs",
    },
    Story {
        name: "more holds than anybody could look at",
        attacker: "opens one after the other",
        unguarded: "has no approvals",
        guarded: "429 from the 65th on; others go on",
    },
];

const HOLD: &str = r#"apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: all}
spec: {match: {callers: ["*"]}, effect: allow}
---
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: held}
spec:
  match: {verbs: [delete, patch], resources: [configmaps]}
  effect: hold
  hold: {approvers: ["group:oidc:sre", "group:system:serviceaccounts", "group:oidc:dev"], timeout: 5m}
"#;

struct Scene {
    lab: Lab,
    bob: User,
}

impl Scene {
    fn new() -> Self {
        let lab = Lab::with(HOLD);
        lab.space.admin(&["create", "configmap", "x"]).ok();
        let bob = User::person(&lab.gateway, "bob");
        Self { lab, bob }
    }

    fn start<'s>(&'s self, scope: &'s Scope<'s, '_>, head: &'s str, body: &'s str) -> Running<'s> {
        let before = self.pending();
        let thread = scope.spawn(move || self.lab.guarded(head, body));
        let hold = eventually("the hold", || {
            self.pending().into_iter().find(|hold| !before.iter().any(|of| of["id"] == hold["id"]))
        });
        Running { thread, hold }
    }

    fn pending(&self) -> Vec<Value> {
        let holds = self.lab.control(Some(&self.bob), "GET /v1/holds", "").json();
        let holds = holds.as_array().unwrap().iter();
        holds.filter(|hold| hold["state"] == "pending").cloned().collect()
    }

    fn decide(&self, by: &User, id: &Value, digest: &Value) -> Answer {
        let id = id.as_str().unwrap();
        let head = format!("POST /v1/holds/{id}/decision\nContent-Type: application/json");
        let body = serde_json::json!({"verdict": "approve", "digest": digest});
        self.lab.control(Some(by), &head, &body.to_string())
    }

    fn uid(&self) -> String {
        self.lab.space.admin(&["get", "configmap", "x", "-o", "jsonpath={.metadata.uid}"]).ok()
    }

    fn exists(&self) -> bool {
        self.lab.space.admin(&["get", "configmap", "x"]).code == 0
    }
}

struct Running<'s> {
    thread: std::thread::ScopedJoinHandle<'s, Answer>,
    hold: Value,
}

const DELETE: &str = "DELETE /api/v1/namespaces/$NS/configmaps/x";

/// The requester, a robot of his, the wrong digest, nobody at all: none of them approves.
#[test]
fn only_somebody_else_approves_and_only_what_he_has_seen() {
    let scene = Scene::new();
    let robot = User::workload(&scene.lab.gateway, &scene.lab.space, "robot");
    let carol = User::person(&scene.lab.gateway, "carol");
    std::thread::scope(|scope| {
        let running = scene.start(scope, DELETE, "");
        let (id, digest) = (&running.hold["id"], &running.hold["digest"]);
        assert_eq!(scene.decide(&scene.lab.alice, id, digest).status, 403, "his own");
        assert_eq!(scene.decide(&robot, id, digest).status, 404, "a robot in an approving group");
        assert_eq!(scene.decide(&carol, id, digest).status, 404, "not an approver");
        assert_eq!(scene.decide(&scene.bob, id, &"0".repeat(64).into()).status, 409);
        let path = format!("GET /v1/holds/{}", id.as_str().unwrap());
        assert_eq!(scene.lab.control(Some(&carol), &path, "").status, 404, "guessed ids");
        assert_eq!(scene.lab.control(None, &path, "").status, 401);
        assert!(scene.exists(), "nothing has run");

        assert_eq!(scene.decide(&scene.bob, id, digest).status, 200);
        assert_eq!(running.thread.join().unwrap().status, 200);
        assert!(!scene.exists());
        assert_eq!(scene.decide(&scene.bob, id, digest).status, 409, "twice");
    });
}

/// The object is replaced by another of the same name while the approver looks at it.
#[test]
fn an_approved_delete_does_not_reach_another_object_of_the_same_name() {
    let scene = Scene::new();
    std::thread::scope(|scope| {
        let running = scene.start(scope, DELETE, "");
        assert_eq!(running.hold["boundTo"]["uid"], scene.uid());
        scene.lab.space.admin(&["delete", "configmap", "x"]).ok();
        scene.lab.space.admin(&["create", "configmap", "x"]).ok();
        scene.decide(&scene.bob, &running.hold["id"], &running.hold["digest"]);
        assert_eq!(running.thread.join().unwrap().status, 409);
        assert!(scene.exists());
    });
    // Without the preconditions the API server deletes whatever has the name.
    assert_eq!(scene.lab.unguarded(DELETE, "").status, 200);
}

/// An approval is used up, and is for one body, one query and one caller.
#[test]
fn an_approval_is_good_once_and_for_nothing_else() {
    let scene = Scene::new();
    let patch =
        "PATCH /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/merge-patch+json";
    let dry = "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/merge-patch+json";
    let (one, two) = (r#"{"data":{"a":"1"}}"#, r#"{"data":{"a":"2"}}"#);
    std::thread::scope(|scope| {
        let first = scene.start(scope, patch, one);
        let digest = first.hold["digest"].clone();
        let other_body = scene.start(scope, patch, two);
        let other_query = scene.start(scope, dry, one);
        for other in [&other_body, &other_query] {
            assert_ne!(other.hold["digest"], digest);
            assert_eq!(scene.decide(&scene.bob, &other.hold["id"], &digest).status, 409);
        }
        assert_eq!(scene.decide(&scene.bob, &first.hold["id"], &digest).status, 200);
        assert_eq!(first.thread.join().unwrap().status, 200);

        // The same again is a new hold, not a used one.
        let again = scene.start(scope, patch, one);
        assert_ne!(again.hold["id"], first.hold["id"]);
        for running in [other_body, other_query, again] {
            let id = running.hold["id"].as_str().unwrap();
            let head = format!("POST /v1/holds/{id}/decision\nContent-Type: application/json");
            let body = serde_json::json!({"verdict": "deny", "digest": running.hold["digest"]})
                .to_string();
            assert_eq!(scene.lab.control(Some(&scene.bob), &head, &body).status, 200);
            assert_eq!(running.thread.join().unwrap().status, 403);
        }
    });
    let data = scene.lab.space.admin(&["get", "configmap", "x", "-o", "jsonpath={.data.a}"]).ok();
    assert_eq!(data, "1");
}

/// The requester goes away: nothing runs later, whoever approves.
#[test]
fn a_hold_ends_with_its_requester() {
    let scene = Scene::new();
    let hold = {
        use std::io::Write;
        let gateway = &scene.lab.gateway;
        let mut stream = crate::harness::http::connect(&gateway.url, &gateway.ca);
        let head =
            DELETE.replace("$NS", &scene.lab.space.name).replace("/api", "/clusters/test/api");
        let token = &scene.lab.alice.token;
        let text = format!("{head} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        eventually("the hold", || scene.pending().pop())
    };
    eventually("its end", || scene.pending().is_empty().then_some(()));
    let answer = scene.decide(&scene.bob, &hold["id"], &hold["digest"]);
    assert!(matches!(answer.status, 404 | 409), "{answer:?}");
    assert!(scene.exists());
}

/// More parked requests than anybody could look at.
#[test]
fn one_caller_cannot_flood_the_approvers() {
    let scene = Scene::new();
    let patch =
        "PATCH /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/merge-patch+json";
    let mut open = Vec::new();
    let gateway = &scene.lab.gateway;
    for n in 0..80 {
        use std::io::Write;
        let mut stream = crate::harness::http::connect(&gateway.url, &gateway.ca);
        let head =
            patch.replace("$NS", &scene.lab.space.name).replace("/api", "/clusters/test/api");
        let (line, headers) = head.split_once('\n').unwrap();
        let token = &scene.lab.alice.token;
        let body = format!(r#"{{"data":{{"n":"{n}"}}}}"#);
        let length = body.len();
        let text = format!(
            "{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(text.as_bytes()).unwrap();
        open.push(stream);
    }
    eventually("64 holds", || (scene.pending().len() == 64).then_some(()));
    let answer = scene.lab.guarded(patch, r#"{"data":{"n":"one more"}}"#);
    assert_eq!(answer.status, 429, "{answer:?}");
    assert_eq!(scene.pending().len(), 64);
    // Others, and what needs no approval, go on.
    assert_eq!(scene.lab.guarded("GET /api/v1/namespaces/$NS/configmaps/x", "").status, 200);
}
