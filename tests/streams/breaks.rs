//! What is at the other end goes away: the pod, or the connection to the API server.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::recorded::{facts, text};
use super::{Scene, VERSIONS};
use crate::harness::terminal::at_a_terminal;
use crate::harness::way::Way;
use crate::harness::{Cluster, Gateway, Running, Settings, eventually};

const SCRIPT: &str = "echo here; sleep 1000";

/// kubectl as the administrator, past the gateway, in the scene's namespace.
fn directly(scene: &Scene, (version, kubeconfig): (&str, &Path), args: &[&str]) -> Command {
    let mut command = Command::new(Cluster::get().kubectl_path(version));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("HOME", scene.alice.home()).env("KUBECONFIG", kubeconfig);
    command.args(["-n", &scene.namespace.name]).args(args);
    command
}

/// How a command ends after something has happened to it.
fn end_of(mut command: Command, happens: impl FnOnce()) -> (i32, String) {
    let mut running = Running::start(&mut command);
    running.wait_for("the command", |line| (line == "here").then_some(()));
    happens();
    let code = running.exit_code();
    (code, running.said())
}

/// That all recordings are what the trail says, and whole; each with its entry's end.
fn recordings(scene: &Scene, count: usize) -> Vec<(Value, Vec<Value>)> {
    let trail = scene.trail("exec");
    assert_eq!(trail.len(), count);
    let verified = scene.bob.kguard(&["audit", "verify", "--recordings"]).ok();
    let expected = format!("recordings: {count} as the trail names them");
    assert!(verified.contains(&expected), "{verified}");
    trail.iter().map(|entry| (entry.1.clone(), scene.recording(entry))).collect()
}

#[test]
fn a_session_ends_with_its_pod_as_it_does_without_kguard() {
    let scene = Scene::set();
    for version in VERSIONS {
        for terminal in [false, true] {
            let ends = ["directly", "through"].map(|side| {
                let pod = format!("{side}-{}-{terminal}", version.replace('.', "-"));
                scene.namespace.pod(&pod);
                let it: &[&str] = if terminal { &["-it"] } else { &[] };
                let args = [&["exec", &pod], it, &["--", "sh", "-c", SCRIPT]].concat();
                let command = if side == "directly" {
                    directly(&scene, (version, &Cluster::get().admin), &args)
                } else {
                    scene.command(version, &args)
                };
                let command = if terminal { at_a_terminal(&command, (24, 80)) } else { command };
                let delete = ["delete", "pod", &pod, "--now", "--wait=false"];
                end_of(command, || drop(scene.namespace.admin(&delete).ok()))
            });
            let [(direct, _), (through, said)] = &ends;
            assert_ne!(*direct, 0, "{version}: {ends:?}");
            assert_eq!(direct, through, "{version} {terminal}: {said}");
        }
    }
    eventually("the end of the list", || scene.running(&scene.bob).is_empty().then_some(()));
    for (_, lines) in recordings(&scene, VERSIONS.len() * 2) {
        assert!(text(&lines, "o").starts_with("here"), "{lines:?}");
        assert!(facts(&lines).iter().any(|fact| fact.get("ended").is_some()), "{lines:?}");
    }
}

#[test]
fn a_session_ends_with_the_connection_to_the_api_server_as_it_does_without_kguard() {
    let way = Way::to_the_cluster();
    let (admin, kubeconfig) = {
        let cluster = Cluster::get();
        (way.kubeconfig(&cluster.admin), way.kubeconfig(&cluster.gateway))
    };
    let scene = Scene::of(Gateway::with(Settings { kubeconfig, ..Settings::default() }));
    let args = ["exec", "main", "--", "sh", "-c", SCRIPT];
    for version in VERSIONS {
        let direct = end_of(directly(&scene, (version, &admin), &args), || way.cut());
        let through = end_of(scene.command(version, &args), || way.cut());
        assert_eq!(direct.0, through.0, "{version}: {direct:?} {through:?}");
    }
    eventually("the end of the list", || scene.running(&scene.bob).is_empty().then_some(()));
    for (end, lines) in recordings(&scene, VERSIONS.len()) {
        let failure = end["failure"].as_str().unwrap_or_default();
        assert!(failure.contains("the cluster broke the stream off"), "{end}");
        assert_eq!(text(&lines, "o"), "here\n");
        let ended = facts(&lines).into_iter().find_map(|fact| fact.get("ended").cloned());
        assert_eq!(ended.as_ref(), Some(&end["failure"]), "{lines:?}");
    }
    // The next one takes another connection.
    assert_eq!(scene.kubectl("1.34", &["exec", "main", "--", "echo", "on"]).ok(), "on\n");
}

#[test]
fn forwarded_connections_end_with_the_connection_to_the_api_server() {
    let way = Way::to_the_cluster();
    let kubeconfig = way.kubeconfig(&Cluster::get().gateway);
    let scene = Scene::of(Gateway::with(Settings { kubeconfig, ..Settings::default() }));
    scene.echoes();
    for version in VERSIONS {
        let mut forward = scene.start(version, &["port-forward", "pod/main", ":8080"]);
        let address = forward.wait_for("the port", |line| {
            Some(line.strip_prefix("Forwarding from ")?.split(' ').next()?.to_owned())
        });
        let mut connection = std::net::TcpStream::connect(&address).unwrap();
        std::io::Write::write_all(&mut connection, b"hello\n").unwrap();
        let mut said = [0; 6];
        std::io::Read::read_exact(&mut connection, &mut said).unwrap();
        assert_eq!(&said, b"hello\n", "{version}");
        way.cut();
        let mut rest = Vec::new();
        let _ = std::io::Read::read_to_end(&mut connection, &mut rest);
        assert_eq!(rest, b"", "{version}");
        eventually("the end of the list", || scene.running(&scene.bob).is_empty().then_some(()));
        forward.signal("KILL");
        forward.exit_code();
    }
    for entry in scene.trail("portforward") {
        let lines = scene.recording(&entry);
        let sums = facts(&lines);
        assert!(sums.iter().any(|fact| fact["up"] == 6 && fact["down"] == 6), "{sums:?}");
    }
}
