//! Byte streams through the gateway, over SPDY (kubectl 1.27) and websockets (1.34): exec, attach,
//! cp, port-forward, logs; what they carry, how they end, and what is left of them in the trail.

mod breaks;
mod copies;
mod decided;
mod ends;
mod full_disk;
mod heads;
mod in_base64;
mod load;
mod object_store;
mod python;
mod recorded;
mod reloads;
mod terminals;
mod transfer;

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Gateway, Namespace, Output, Running, User, eventually};

/// SPDY, and websockets.
const VERSIONS: [&str; 2] = ["1.27", "1.34"];

/// A gateway, alice who may do everything in a namespace with the pod `main`, and bob who reads
/// the trail.
struct Scene {
    namespace: Namespace,
    alice: User,
    bob: User,
    gateway: Gateway,
}

impl Scene {
    fn set() -> Self {
        Self::of(Gateway::start())
    }

    /// With a policy besides the starter pack.
    fn with(policy: &str) -> Self {
        let starter = kguard::policy::starter().text;
        Self::of(Gateway::with_policies(&format!("{starter}\n---\n{policy}")))
    }

    fn of(gateway: Gateway) -> Self {
        let namespace = Namespace::create("streams");
        namespace.allow(&[("user", "oidc:alice")]);
        namespace.pod("main");
        let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
        Self { namespace, alice, bob, gateway }
    }

    /// Runs the pod `keeper`, which has the value `hunter2` of the Secret `db` in `$PASSWORD` and in a
    /// file of `/secrets`, and waits until it is ready.
    fn keeper(&self) {
        self.namespace.apply(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: hunter2}\n\
             ---\napiVersion: v1\nkind: Pod\nmetadata: {name: keeper}\nspec:\n  \
             terminationGracePeriodSeconds: 1\n  containers:\n  - name: main\n    \
             image: kguard.test/busybox:1\n    imagePullPolicy: Never\n    \
             command: [sh, -c, 'trap exit TERM; while true; do sleep 0.2; done']\n    \
             env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]\n    \
             volumeMounts: [{name: secrets, mountPath: /secrets}]\n  \
             volumes: [{name: secrets, secret: {secretName: db}}]\n",
        );
        let ready = ["wait", "--for=condition=Ready", "--timeout=60s", "pod/keeper"];
        self.namespace.admin(&ready).ok();
    }

    /// Has `main` say back what it is told on port 8080.
    fn echoes(&self) {
        self.inside(
            "nc -ll -p 8080 -e cat >/dev/null 2>&1 & \
             until netstat -ltn | grep -q :8080; do sleep 0.1; done",
        );
    }

    /// `kguard kubectl`, as alice, in the namespace.
    fn command(&self, version: &str, args: &[&str]) -> std::process::Command {
        let all = [&["kubectl", "-n", &self.namespace.name], args].concat();
        self.alice.command(version, &all)
    }

    fn kubectl(&self, version: &str, args: &[&str]) -> Output {
        self.with_input(version, args, &[])
    }

    fn with_input(&self, version: &str, args: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(version, args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // The peer may be gone before it has read all.
            scope.spawn(move || drop(stdin.write_all(input)));
            let output = child.wait_with_output().unwrap();
            Output {
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
                code: output.status.code().unwrap_or(-1),
            }
        })
    }

    fn start(&self, version: &str, args: &[&str]) -> Running {
        Running::start(&mut self.command(version, args))
    }

    /// Runs a command in `main` as the administrator, past the gateway.
    fn inside(&self, script: &str) -> String {
        self.namespace.admin(&["exec", "main", "--", "sh", "-c", script]).stdout
    }

    /// The trail's requests for a subresource of the namespace, each with how it ended, once all
    /// of them have ended.
    fn trail(&self, subresource: &str) -> Vec<(Value, Value)> {
        eventually("the ends of all streams in the trail", || {
            let list = ["audit", "list", "-o", "json", "--limit", "1000"];
            let entries: Vec<Value> = serde_json::from_str(&self.bob.kguard(&list).ok()).unwrap();
            let records: Vec<_> = entries.iter().map(|entry| &entry["record"]).collect();
            let requests = records.iter().filter(|record| {
                record["event"] == "request"
                    && record["request"]["subresource"] == subresource
                    && record["request"]["namespace"] == *self.namespace.name
            });
            let end = |request: &Value| {
                let mut ends = records.iter().filter(|record| record["event"] == "response");
                ends.find(|record| record["id"] == request["id"]).map(|end| (*end).clone())
            };
            requests.map(|request| Some(((*request).clone(), end(request)?))).collect()
        })
    }

    /// That there are entries, and that each tells who, that it was allowed, and an upgrade.
    fn assert_streams_recorded(&self, subresource: &str, at_least: usize) {
        let trail = self.trail(subresource);
        assert!(trail.len() >= at_least, "{subresource}: {trail:?}");
        for (request, end) in &trail {
            assert_eq!(request["caller"]["name"], "oidc:alice");
            assert_eq!(request["decision"], "allow");
            assert!(end["code"] == 101 || request["request"]["verb"] == "get", "{end}");
        }
    }
}
