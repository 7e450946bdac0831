//! Deciding on held requests, and reading the trail.

use serde_json::{Value, json};

use crate::fake_gateway::{FakeGateway, TRAIL};
use crate::home::{Home, run};

#[tokio::test]
async fn held_requests_are_listed_in_every_form() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (code, stdout, stderr) = run(home.machine(&["requests"])).await;
    assert_eq!(code, 0, "{stderr}");
    let row = "7KQ4   pending   oidc:alice   prod      delete /api/v1/namespaces/shop   ";
    assert!(stdout.lines().nth(1).unwrap().starts_with(row), "{stdout}");
    let (_, stdout, _) = run(home.machine(&["requests", "-o", "name"])).await;
    assert_eq!(stdout, "7KQ4\n");
    let (_, stdout, _) = run(home.machine(&["requests", "7KQ4", "-o", "json"])).await;
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["digest"], "abc");
    let (_, stdout, _) = run(home.machine(&["requests", "7KQ4", "-o", "yaml"])).await;
    assert!(stdout.contains("kind: Pod"), "{stdout}");
    let (_, stdout, _) = run(home.machine(&["requests", "7KQ4"])).await;
    assert!(stdout.contains("12 Pod (v1)"), "{stdout}");
    let (code, stdout, stderr) = run(home.machine(&["requests", "-o", "yaml"])).await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("id: 7KQ4"), "{stdout}");
}

#[tokio::test]
async fn a_decision_is_bound_to_what_was_shown() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (code, stdout, stderr) = run(home.machine(&["approve", "7KQ4"])).await;
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(
        ["Deletes all in it.", "12 Pod (v1)", "7KQ4 is approved"]
            .iter()
            .all(|said| stderr.contains(said)),
        "{stderr}"
    );
    let (code, _, stderr) = run(home.machine(&["deny", "7KQ4", "--comment", "not today"])).await;
    assert_eq!(code, 0, "{stderr}");
    let decisions = gateway.state.decisions.lock().unwrap().clone();
    assert_eq!(
        decisions,
        [
            json!({"verdict": "approve", "digest": "abc"}),
            json!({"verdict": "deny", "digest": "abc", "comment": "not today"}),
        ]
    );
}

#[tokio::test]
async fn the_trail_is_exported_byte_for_byte_and_listed_for_people() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (code, stdout, stderr) = run(home.machine(&["audit", "export"])).await;
    assert_eq!((code, stdout.as_str()), (0, TRAIL), "{stderr}");
    let list = ["audit", "list", "--limit", "1", "--verb", "delete"];
    let (_, stdout, stderr) = run(home.machine(&list)).await;
    assert!(stdout.contains("2026-01-01T00:00:01Z   end"), "{stdout}{stderr}");
}
