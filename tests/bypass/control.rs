//! The control API: no token, wrong methods, bodies that are too much or something else.

use super::catalogue::{SECTION, Section, Story};
use super::lab::Lab;

pub static STORIES: Section = Section {
    title: "The control API",
    about: "What a browser can be made to send, and what no client sends.",
    stories: TOLD,
    ..SECTION
};

const TOLD: &[Story] = &[
    Story {
        name: "no token",
        attacker: "asks for holds, entries, sessions",
        unguarded: "has no such API",
        guarded: "401",
    },
    Story {
        name: "another method",
        attacker: "posts where one reads",
        unguarded: "has no such API",
        guarded: "405",
    },
    Story {
        name: "what others may not see",
        attacker: "asks for the trail of everybody",
        unguarded: "has no such API",
        guarded: "403, and one's own entries alone",
    },
    Story {
        name: "a form across sites",
        attacker: "decides a hold with a `text/plain` or a form",
        unguarded: "has no such API",
        guarded: "415",
    },
    Story {
        name: "two verdicts",
        attacker: "sends `deny` and `approve` under one key, unknown fields, too deep, too long",
        unguarded: "has no such API",
        guarded: "422, 400 and 413",
    },
];

#[test]
fn the_control_api_answers_nobody_and_nothing_but_its_own_calls() {
    let lab = Lab::new();
    for call in [
        "GET /v1/whoami",
        "GET /v1/clusters",
        "GET /v1/holds",
        "GET /v1/holds/abcde",
        "GET /v1/inbox",
        "GET /v1/audit",
        "GET /v1/audit/entries",
        "GET /v1/sessions/00000000-0000-0000-0000-000000000000/events",
    ] {
        assert_eq!(lab.control(None, call, "").status, 401, "{call}");
        let other = call.replacen("GET", "POST", 1);
        let status = lab.control(Some(&lab.alice), &other, "").status;
        assert_eq!(status, 405, "{other}");
    }
    let alice = Some(&lab.alice);
    assert_eq!(lab.control(alice, "GET /v1/audit", "").status, 403, "not an auditor");
    assert_eq!(lab.control(alice, "GET /v1/nothing", "").status, 404);
    assert_eq!(lab.control(alice, "GET /v1/../v1/holds", "").status, 404);
    assert_eq!(lab.control(alice, "GET /v1/sessions/nonsense/events", "").status, 400);
    assert_eq!(
        lab.control(alice, "GET /v1/audit/entries?caller=oidc%3Abob", "").json(),
        serde_json::json!([])
    );
    assert_eq!(lab.control(alice, "GET /v1/whoami", "").json()["caller"]["name"], "oidc:alice");
}

/// What a browser can be made to send across sites, and what no client sends.
#[test]
fn a_decision_is_json_of_a_known_shape_and_a_small_one() {
    let lab = Lab::new();
    let decide = |kind: &str, body: &str| {
        let head = format!("POST /v1/holds/abcde/decision\nContent-Type: {kind}");
        lab.control(Some(&lab.alice), &head, body).status
    };
    let honest = r#"{"verdict":"approve","digest":"x"}"#;
    assert_eq!(decide("application/json", honest), 404, "well formed, but there is no such hold");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        assert_eq!(decide(kind, honest), 415, "{kind}");
    }
    for body in [
        r#"{"verdict":"approve"}"#,
        r#"{"verdict":"maybe","digest":"x"}"#,
        r#"{"verdict":"deny","verdict":"approve","digest":"x"}"#,
        r#"{"verdict":"approve","digest":"x","by":"oidc:bob"}"#,
    ] {
        assert_eq!(decide("application/json", body), 422, "{body}");
    }
    assert_eq!(decide("application/json", &"[".repeat(100_000)), 400);
    let long = format!(r#"{{"verdict":"deny","digest":"x","comment":"{}"}}"#, "a".repeat(5000));
    assert_eq!(decide("application/json", &long), 400);
    let huge = format!(r#"{{"verdict":"deny","digest":"x","comment":"{}"}}"#, "a".repeat(3 << 20));
    assert_eq!(decide("application/json", &huge), 413);
}
