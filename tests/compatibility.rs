//! The same kubectl commands past the gateway and through it: the same output, the same exit code.

mod commands;
mod normalise;
mod secrets;
mod side;

use crate::harness::{Cluster, Gateway, Output};
use commands::{COMMANDS, FILES, SETUP};
use normalise::normalise;
use side::{Caller, Side};

#[test]
fn kubectl_1_27_does_the_same_through_kguard() {
    compare("1.27");
}

#[test]
fn kubectl_1_30_does_the_same_through_kguard() {
    compare("1.30");
}

#[test]
fn kubectl_1_33_does_the_same_through_kguard() {
    compare("1.33");
}

#[test]
fn kubectl_1_34_does_the_same_through_kguard() {
    compare("1.34");
}

/// The starter pack without what it stops: all the rest must not change.
fn gateway() -> Gateway {
    let starter = kguard::policy::starter().text;
    let stops =
        |document: &str| ["deny", "hold"].map(|e| document.contains(&format!("effect: {e}")));
    let documents = starter.split("\n---\n").filter(|document| stops(document) == [false; 2]);
    Gateway::with_policies(&documents.collect::<Vec<_>>().join("\n---\n"))
}

fn compare(version: &str) {
    let gateway = gateway();
    let caller = Caller::create();
    let user = caller.user(&gateway);
    let _rights = ClusterRights::grant(&caller);
    let sides = [Side::direct(version, &caller), Side::through(version, &caller, &user)];
    for side in &sides {
        for (name, text) in FILES {
            std::fs::write(side.folder().join(name), text).unwrap();
        }
        side.namespace.apply(SETUP);
        side.namespace.admin(&["rollout", "status", "deployment/api", "--timeout=60s"]).ok();
        let ready = ["wait", "--for=condition=Ready", "--timeout=60s", "pod/web"];
        side.namespace.admin(&ready).ok();
    }
    let lines: Vec<_> = COMMANDS
        .iter()
        .flat_map(|(story, lines)| lines.iter().map(move |line| (*story, Line::read(line))))
        .filter(|(_, line)| line.runs_with(version))
        .collect();
    // Side by side, since much of the time passes in waiting.
    let [direct, through] = std::thread::scope(|scope| {
        sides
            .each_ref()
            .map(|side| {
                let lines = &lines;
                scope
                    .spawn(move || lines.iter().map(|(_, line)| line.run(side)).collect::<Vec<_>>())
            })
            .map(|thread| thread.join().unwrap())
    });
    let differing: Vec<_> = lines
        .iter()
        .zip(direct.iter().zip(&through))
        .filter(|(_, (direct, through))| direct != through)
        .map(|((story, line), (direct, through))| {
            format!("{story}: {}\n{}", line.text, difference(direct, through))
        })
        .collect();
    let (count, of) = (differing.len(), lines.len());
    assert!(count == 0, "{version}: {count} of {of} differ\n\n{}", differing.join("\n"));
}

/// A command and where it counts.
struct Line {
    text: &'static str,
    since: &'static str,
    newest: bool,
    stderr: bool,
    compared: bool,
}

impl Line {
    fn read(line: &'static str) -> Self {
        let (text, notes) = line.rsplit_once(" # ").unwrap_or((line, ""));
        let mut read = Self { text, since: "1.27", newest: false, stderr: true, compared: true };
        for note in notes.split(", ").filter(|note| !note.is_empty()) {
            match note {
                "newest" => read.newest = true,
                "not compared" => read.compared = false,
                "not stderr" => read.stderr = false,
                note => read.since = note.strip_prefix("since ").expect("a note that is known"),
            }
        }
        read
    }

    fn runs_with(&self, version: &str) -> bool {
        version >= self.since && (!self.newest || version == "1.34")
    }

    fn run(&self, side: &Side) -> Output {
        let mut output = side.run(self.text);
        for _ in 0..5 {
            if !lost_output(&output) {
                break;
            }
            output = side.run(self.text);
        }
        self.normal(&output, side)
    }

    /// What is the same on both sides of an output.
    fn normal(&self, output: &Output, side: &Side) -> Output {
        let normal = |text: &str| normalise(text, &side.namespace.name);
        let stderr = if self.stderr { normal(&output.stderr) } else { String::new() };
        Output { stdout: normal(&output.stdout), stderr, code: output.code }
    }
}

/// Whether kubectl threw output away, which says nothing about either side: its exec over WebSocket
/// reads before it has opened its streams, and discards what comes for one that it has not opened
/// yet (client-go `tools/remotecommand/websocket.go`; seen with 1.30, past the gateway). Its command
/// runs again, so commands of streams must do the same twice.
fn lost_output(output: &Output) -> bool {
    output.stderr.contains("Unknown stream id") && output.stderr.contains("discarding message")
}

/// The lines that only one side has.
fn difference(direct: &Output, through: &Output) -> String {
    let mut text = String::new();
    if direct.code != through.code {
        text += &format!("  exit code {} direct, {} through\n", direct.code, through.code);
    }
    for (a, b) in [(&direct.stdout, &through.stdout), (&direct.stderr, &through.stderr)] {
        let only = |of: &String, other: &String, sign: &str| -> String {
            let other: Vec<_> = other.lines().collect();
            let lines = of.lines().filter(|line| !other.contains(line)).take(8);
            lines.map(|line| format!("  {sign} {line}\n")).collect()
        };
        text += &(only(a, b, "direct ") + &only(b, a, "through"));
    }
    if text.is_empty() && direct != through {
        text += "  the same lines in another order or number\n";
    }
    text
}

/// What the caller may do outside of the namespaces: enough for nodes and for reading pods, and
/// little enough for commands that are forbidden.
struct ClusterRights(String);

impl ClusterRights {
    fn grant(caller: &Caller) -> Self {
        let user = caller.user_name();
        let name = user.replace("system:serviceaccount:", "").replace(':', "-");
        Cluster::get().apply(&format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}}}\n\
             rules:\n- apiGroups: ['']\n  resources: [nodes, namespaces, pods]\n  \
             verbs: [get, list]\n- apiGroups: ['']\n  resources: [nodes]\n  verbs: [patch]\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
             metadata: {{name: {name}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: '{user}'}}]\n"
        ));
        Self(name)
    }
}

impl Drop for ClusterRights {
    fn drop(&mut self) {
        Cluster::get().admin(&["delete", "clusterrole,clusterrolebinding", &self.0]);
    }
}
