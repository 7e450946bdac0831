//! Many at once, and none more than needed.

use std::process::Command;

use super::Scene;
use crate::harness::process::run;
use crate::harness::{Cluster, Gateway, Namespace, User, eventually};

#[test]
fn a_warm_repeated_command_costs_one_upstream_request() {
    let (gateway, namespace) = (Gateway::start(), Namespace::create("warm"));
    // A caller of the test's own, so that all of his requests are this test's.
    let user = User::workload(&gateway, &namespace, "counted");
    let name = format!("system:serviceaccount:{}:counted", namespace.name);
    namespace.allow(&[("user", &name)]);
    let pods = || user.kubectl(&["-n", &namespace.name, "get", "pods"]).ok();
    pods();
    pods();
    let count = || {
        let log = std::fs::read_to_string(&Cluster::get().audit_log).unwrap();
        log.lines().filter(|line| line.contains(&format!("\"username\":\"{name}\""))).count()
    };
    let before = count();
    for _ in 0..5 {
        pods();
    }
    assert_eq!(count() - before, 5);
}

#[test]
fn forty_commands_at_once_all_work() {
    let scene = Scene::set();
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let run = || scene.kubectl("1.34", &["get", "pods", "-o", "name"]);
        let threads: Vec<_> = std::iter::repeat_with(|| scope.spawn(run)).take(40).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for output in outputs {
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("pod/main\n", ""));
    }
}

#[test]
fn twenty_stalled_readers_starve_nobody() {
    const READERS: usize = 20;
    let scene = Scene::set();
    let image = "--image=kguard.test/busybox:1";
    // More than all buffers on the way hold, and less than a kubelet keeps in one file.
    let script = "yes $(seq -s, 1 1000) | head -c 9000000; sleep 1000";
    let run_chatty = ["run", "chatty", image, "--restart=Never", "--", "sh", "-c", script];
    scene.namespace.admin(&run_chatty).ok();
    let ready = ["wait", "--for=condition=Ready", "--timeout=60s", "pod/chatty"];
    scene.namespace.admin(&ready).ok();

    // One tunnel for all of them.
    let mut proxy = scene.alice.start(&["proxy"]);
    let kubeconfig = proxy
        .wait_for("the kubeconfig", |line| line.starts_with('/').then(|| line.trim().to_owned()));
    let kubectl = |args: &[&str]| {
        let mut command = Command::new(Cluster::get().kubectl_path("1.34"));
        command.env("KUBECONFIG", &kubeconfig).args(["-n", &scene.namespace.name]).args(args);
        command
    };
    let readers: Vec<Stalled> =
        (0..READERS).map(|_| Stalled::start(&mut kubectl(&["logs", "-f", "chatty"]))).collect();
    for _ in 0..10 {
        assert_eq!(run(&mut kubectl(&["get", "pod", "main", "-o", "name"])).ok(), "pod/main\n");
    }
    let exec = run(&mut kubectl(&["exec", "main", "--", "echo", "still here"]));
    assert_eq!(exec.ok(), "still here\n");
    drop(readers);
    scene.namespace.admin(&["delete", "pod", "chatty", "--now", "--wait=false"]);
    assert_eq!(scene.trail("log").len(), READERS);
}

/// A process whose output nobody reads: it stops when the pipe is full.
struct Stalled(std::process::Child);

impl Stalled {
    fn start(command: &mut Command) -> Self {
        let child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let stalled = Self(child);
        let wait = format!("/proc/{}/io", stalled.0.id());
        let written = || {
            let io = std::fs::read_to_string(&wait).unwrap();
            let line = io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap().to_owned();
            line.parse::<u64>().unwrap()
        };
        // A pipe holds 64 KiB; what was written stays the same when it is full.
        eventually("a reader that stalls", || {
            let before = written();
            std::thread::sleep(std::time::Duration::from_millis(50));
            (before >= 64 << 10 && written() == before).then_some(())
        });
        stalled
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
