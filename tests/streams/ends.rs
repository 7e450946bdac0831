//! Streams end when either side does, and do not begin when policy says no.

use std::io::Read as _;

use super::{Scene, VERSIONS};
use crate::harness::eventually;
use crate::harness::process::run;

/// Holds or denies exec, for alice alone.
fn policy(effect: &str) -> String {
    format!(
        "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: no-exec}}\nspec:\n  \
         match: {{callers: ['user:oidc:alice'], resources: [pods/exec]}}\n  {effect}\n  \
         message: Exec is for emergencies.\n"
    )
}

#[test]
fn followed_logs_end_with_the_pod() {
    let scene = Scene::set();
    for (version, pod) in VERSIONS.into_iter().zip(["first", "second"]) {
        let script = "seq 1 2000; until test -e /tmp/go; do sleep 0.1; done; echo over";
        let image = "--image=kguard.test/busybox:1";
        let run = ["run", pod, image, "--restart=Never", "--", "sh", "-c", script];
        scene.namespace.admin(&run).ok();
        let ready = ["wait", "--for=condition=Ready", "--timeout=60s", &format!("pod/{pod}")];
        scene.namespace.admin(&ready).ok();
        let mut logs = scene.start(version, &["logs", "-f", pod]);
        logs.wait_for("the logs so far", |line| (line == "2000").then_some(()));
        scene.namespace.admin(&["exec", pod, "--", "touch", "/tmp/go"]).ok();
        logs.wait_for("the rest of the logs", |line| (line == "over").then_some(()));
        assert_eq!(logs.exit_code(), 0, "{version}");
    }
    assert_eq!(scene.trail("log").len(), 2);
}

#[test]
fn the_process_in_the_pod_ends_with_its_client() {
    let scene = Scene::set();
    for version in VERSIONS {
        for victim in ["kguard", "kubectl"] {
            let mark = format!("/tmp/over-{version}-{victim}");
            // It ends with its input, and says so.
            let script = format!("echo ready; cat; touch {mark}");
            let mut exec = scene.start(version, &["exec", "-i", "main", "--", "sh", "-c", &script]);
            exec.wait_for("the process", |line| (line == "ready").then_some(()));
            let children =
                std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", exec.pid()));
            let kubectl = children.unwrap().trim().to_owned();
            let process = if victim == "kguard" { exec.pid().to_string() } else { kubectl };
            run(std::process::Command::new("kill").args(["-9", &process])).ok();
            exec.exit_code();
            eventually(&format!("the end in the pod ({version}, {victim})"), || {
                let found = scene.inside(&format!("test -e {mark} && echo yes"));
                (found == "yes\n").then_some(())
            });
        }
    }
    scene.assert_streams_recorded("exec", 2 * 2);
}

#[test]
fn what_waits_on_the_cluster_ends_with_its_client() {
    let scene = Scene::set();
    let mut logs = scene.start("1.34", &["logs", "-f", "main"]);
    eventually("the request", || {
        let list = ["audit", "list", "-n", &scene.namespace.name, "-o", "json"];
        scene.bob.kguard(&list).stdout.contains("\"log\"").then_some(())
    });
    let mut forward = scene.start("1.34", &["port-forward", "pod/main", ":80"]);
    let address = forward.wait_for("the port", |line| {
        Some(line.strip_prefix("Forwarding from ")?.split(' ').next()?.to_owned())
    });
    // There is no stream before the first connection; nobody listens in the pod.
    let mut connection = std::net::TcpStream::connect(address).unwrap();
    let _ = connection.read(&mut [0]);
    for waiting in [&mut logs, &mut forward] {
        waiting.signal("KILL");
        waiting.exit_code();
    }
    // The trail tells only when all have ended.
    assert_eq!(scene.trail("log").len(), 1);
    assert_eq!(scene.trail("portforward").len(), 1);
}

#[test]
fn a_denied_exec_is_told_why_and_runs_nothing() {
    let scene = Scene::with(&policy("effect: deny"));
    for version in VERSIONS {
        let exec = scene.kubectl(version, &["exec", "main", "--", "touch", "/tmp/ran"]);
        assert_eq!(exec.code, 77, "{version}: {exec:?}");
        assert!(exec.stderr.contains("Exec is for emergencies."), "{version}: {exec:?}");
    }
    assert_eq!(scene.inside("ls /tmp/ran 2>/dev/null"), "");
    // Although the later kubectl asks twice.
    let list = ["audit", "list", "--decision", "deny", "-o", "json"];
    let denied: Vec<serde_json::Value> =
        serde_json::from_str(&scene.bob.kguard(&list).ok()).unwrap();
    assert_eq!(denied.len(), VERSIONS.len(), "{denied:?}");
}

#[test]
fn a_held_exec_is_one_hold() {
    let scene = Scene::with(&policy("effect: hold\n  hold: {approvers: ['group:oidc:sre']}"));
    let holds = |list: &str| -> Vec<serde_json::Value> { serde_json::from_str(list).unwrap() };
    for version in VERSIONS {
        for (decision, code) in [("deny", 77), ("approve", 0)] {
            let mut exec = scene.start(version, &["exec", "main", "--", "echo", "ran"]);
            let id = eventually("the hold", || {
                let pending = holds(&scene.bob.kguard(&["requests", "-o", "json"]).ok());
                let hold = pending.iter().find(|hold| hold["state"] == "pending")?;
                Some(hold["id"].as_str()?.to_owned())
            });
            scene.bob.kguard(&[decision, &id]).ok();
            assert_eq!(exec.exit_code(), code, "{version} {decision}: {}", exec.said());
            assert_eq!(exec.said().contains("ran"), code == 0, "{version}: {}", exec.said());
        }
    }
    let list = ["audit", "list", "-o", "json", "--limit", "1000"];
    let entries = holds(&scene.bob.kguard(&list).ok());
    let opened = entries.iter().filter(|entry| entry["record"]["event"] == "hold").count();
    assert_eq!(opened, 4);
}
