//! A client that is not written in Go: Python's.

use std::process::Command;

use serde_json::{Value, json};

use super::Scene;
use super::recorded::{facts, text};
use crate::harness::process::run;

#[test]
fn pythons_client_executes_and_forwards() {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python");
    let python = run(Command::new("bash").arg(format!("{tests}/build.sh"))).ok();
    let scene = Scene::set();
    scene.inside("(while true; do echo hello | nc -l -p 8080; done) >/dev/null 2>&1 &");
    // It knows no `proxy-url`.
    let mut proxy = scene.alice.start(&["-q", "proxy", "--direct"]);
    let kubeconfig = proxy.wait_for("the kubeconfig", |line| Some(line.to_owned()));
    let mut command = Command::new(python.trim());
    command.arg(format!("{tests}/streams.py")).args([&scene.namespace.name, "main"]);
    let said = run(command.env("KUBECONFIG", kubeconfig)).ok();
    proxy.signal("INT");
    proxy.exit_code();
    let said: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        said,
        [
            json!({"simple": "simple\n"}),
            json!({"stdout": "got typed\n", "stderr": "oops\n", "code": 7}),
            json!({"forwarded": "hello\n", "error": null}),
        ]
    );
    let recorded: Vec<_> = scene.trail("exec").iter().map(|entry| scene.recording(entry)).collect();
    assert_eq!(text(&recorded[0], "o"), "simple\n");
    let output = text(&recorded[1], "o");
    assert!(output.contains("got typed\n") && output.contains("oops\n"), "{output}");
    assert_eq!(text(&recorded[1], "x"), "7");
    let forwarded = scene.recording(&scene.trail("portforward")[0]);
    assert!(facts(&forwarded).iter().any(|fact| fact["port"] == 8080), "{forwarded:?}");
}
