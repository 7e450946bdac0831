//! What goes through streams is recorded, tied to its entry, listed while it runs, and ended.

use std::process::Stdio;

use kguard::audit::hex::sha256;
use serde_json::{Value, json};

use super::{Scene, VERSIONS};
use crate::harness::{User, eventually, http};

impl Scene {
    pub(super) fn call(&self, user: &User, line: &str, body: &str) -> http::Answer {
        let head = format!(
            "{line} HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            user.token
        );
        http::raw(&self.gateway.url, &self.gateway.ca, &head, body)
    }

    /// The streams that run, as somebody sees them.
    pub(super) fn running(&self, user: &User) -> Vec<Value> {
        let list = self.call(user, "GET /v1/streams", "").json();
        list.as_array().unwrap().clone()
    }

    /// The lines of the recording that belongs to an entry, after a look at its hash.
    #[track_caller]
    pub(super) fn recording(&self, (request, end): &(Value, Value)) -> Vec<Value> {
        let id = request["id"].as_str().unwrap();
        let answer = self.call(&self.bob, &format!("GET /v1/recordings/{id}"), "");
        assert_eq!(answer.status, 200, "{answer:?}");
        let digest = &end["recording"];
        assert_eq!(digest["sha256"], sha256(answer.body.as_bytes()), "{end}");
        assert_eq!(digest["bytes"], answer.body.len());
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub(super) fn text(lines: &[Value], code: &str) -> String {
    let of = lines.iter().filter(|line| line[1] == code);
    of.map(|line| line[2].as_str().unwrap_or_default()).collect()
}

/// What kguard has seen itself.
pub(super) fn facts(lines: &[Value]) -> Vec<Value> {
    let fact = |data: &Value| serde_json::from_str(data.as_str().unwrap()).unwrap();
    lines.iter().filter(|line| line[1] == "k").map(|line| fact(&line[2])).collect()
}

#[test]
fn a_command_is_recorded_with_all_that_it_said() {
    let scene = Scene::set();
    for version in VERSIONS {
        let script = "echo out; cat; echo err >&2; exit 3";
        let args = ["exec", "-i", "main", "--", "sh", "-c", script];
        assert_eq!(scene.with_input(version, &args, b"typed\n").code, 3);
    }
    let trail = scene.trail("exec");
    assert_eq!(trail.len(), 2);
    let pod = scene.namespace.admin(&["get", "pod", "main", "-o", "json"]).ok();
    let pod: Value = serde_json::from_str(&pod).unwrap();
    for entry in &trail {
        let lines = scene.recording(entry);
        let head = &lines[0];
        assert_eq!((&head["version"], &head["kguard"]["id"]), (&json!(2), &entry.0["id"]));
        let kguard = &head["kguard"];
        assert_eq!(kguard["caller"], "oidc:alice");
        assert_eq!(kguard["podUid"], pod["metadata"]["uid"]);
        assert_eq!(kguard["node"], pod["spec"]["nodeName"]);
        assert_eq!(kguard["image"], pod["spec"]["containers"][0]["image"]);
        assert_eq!(kguard["command"][0], "sh");
        let output = text(&lines, "o");
        for said in ["out\n", "typed\n", "err\n"] {
            assert!(output.contains(said), "{output}");
        }
        // Input is not, unless that is asked for.
        assert_eq!(text(&lines, "i"), "");
        assert_eq!(text(&lines, "x"), "3");
        assert_eq!(facts(&lines), [json!({"ended": null})]);
    }
}

#[test]
fn a_terminal_is_recorded_with_its_size_and_input_where_that_is_asked_for() {
    let policy = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: a-terminal}\nspec:\n  \
        match: {callers: ['user:oidc:alice'], resources: [pods/exec]}\n  \
        when: \"'tty' in request.query\"\n  effect: allow\n  recordInput: true\n";
    let scene = Scene::with(policy);
    for version in VERSIONS {
        let exec = scene.command(version, &["exec", "-it", "main", "--", "sh"]);
        let line = format!(
            "stty rows 33 cols 101; exec {} {}",
            exec.get_program().display(),
            exec.get_args().map(|arg| format!("'{}'", arg.display())).collect::<Vec<_>>().join(" ")
        );
        let mut script = std::process::Command::new("script");
        script.args(["-qec", &line, "/dev/null"]);
        let set = exec.get_envs().filter_map(|(name, value)| Some((name, value?)));
        script.envs(set).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = script.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut prompt = [0; 2];
        let stdout = child.stdout.as_mut().unwrap();
        while &prompt != b"# " {
            prompt = [prompt[1], 0];
            std::io::Read::read_exact(stdout, &mut prompt[1..]).unwrap();
        }
        std::io::Write::write_all(&mut stdin, b"echo mar''ked\nexit\n").unwrap();
        child.wait_with_output().unwrap();
    }
    for entry in scene.trail("exec") {
        let lines = scene.recording(&entry);
        assert!(text(&lines, "o").contains("marked"), "{lines:?}");
        assert!(text(&lines, "i").contains("echo mar''ked"), "{lines:?}");
        assert!(text(&lines, "r").contains("101x33"), "{lines:?}");
        assert_eq!(lines[0]["kguard"]["tty"], true);
    }
}

#[test]
fn the_files_of_a_copy_are_listed() {
    let scene = Scene::set();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "some text\n").unwrap();
    let path = file.display().to_string();
    for version in VERSIONS {
        scene.kubectl(version, &["cp", &path, "main:/tmp/up"]).ok();
        let down = folder.path().join(version).display().to_string();
        scene.kubectl(version, &["cp", "main:/tmp/up", &down]).ok();
    }
    let mut listed = Vec::new();
    for entry in scene.trail("exec") {
        let lines = scene.recording(&entry);
        let files = facts(&lines).into_iter().filter_map(|fact| fact.get("file").cloned());
        listed.extend(files.map(|file| (file["direction"].clone(), file)));
    }
    for direction in ["up", "down"] {
        let of: Vec<_> = listed.iter().filter(|(own, _)| own == direction).collect();
        assert_eq!(of.len(), VERSIONS.len(), "{listed:?}");
        for (_, file) in of {
            assert_eq!(
                (&file["bytes"], &file["sha256"]),
                (&json!(10), &json!(sha256(b"some text\n")))
            );
        }
    }
}

#[test]
fn a_session_is_seen_while_it_runs_and_can_be_ended() {
    let scene = Scene::set();
    for version in VERSIONS {
        let script = "echo here; sleep 1000";
        let mut exec = scene.start(version, &["exec", "main", "--", "sh", "-c", script]);
        exec.wait_for("the command", |line| (line == "here").then_some(()));
        let running = scene.running(&scene.bob);
        let [stream] = running.as_slice() else { panic!("{running:?}") };
        assert_eq!((&stream["caller"], &stream["pod"]), (&json!("oidc:alice"), &json!("main")));
        let id = stream["id"].as_str().unwrap().to_owned();
        let reason = r#"{"reason":"no more of that"}"#;
        let ended = scene.call(&scene.bob, &format!("POST /v1/streams/{id}/end"), reason);
        assert_eq!(ended.status, 200, "{ended:?}");
        assert_eq!(exec.exit_code(), 1);
        let said = exec.said();
        assert!(said.contains("ended by oidc:bob: no more of that"), "{version}: {said}");
        eventually("the end of the list", || scene.running(&scene.bob).is_empty().then_some(()));
    }
    for entry in scene.trail("exec") {
        assert!(entry.1["failure"].as_str().unwrap().contains("no more of that"), "{entry:?}");
        let lines = scene.recording(&entry);
        assert!(text(&lines, "o").contains("no more of that"));
    }
}

#[test]
fn nobody_sees_or_ends_what_is_not_his() {
    let scene = Scene::set();
    let carol = User::person(&scene.gateway, "carol");
    let mut exec =
        scene.start("1.34", &["exec", "main", "--", "sh", "-c", "echo here; sleep 1000"]);
    exec.wait_for("the command", |line| (line == "here").then_some(()));
    assert_eq!(scene.running(&carol), Vec::<Value>::new());
    let own = scene.running(&scene.alice);
    let id = own[0]["id"].as_str().unwrap();
    for call in [
        format!("POST /v1/streams/{id}/end"),
        format!("GET /v1/streams/{id}/recording"),
        format!("GET /v1/recordings/{id}"),
    ] {
        let body = if call.starts_with("POST") { "{}" } else { "" };
        assert_eq!(scene.call(&carol, &call, body).status, 404, "{call}");
    }
    assert_eq!(scene.call(&scene.alice, &format!("POST /v1/streams/{id}/end"), "{}").status, 200);
    assert_eq!(exec.exit_code(), 1);
}

#[test]
fn a_session_ends_when_the_policies_do_not_allow_it_any_more() {
    let scene = Scene::set();
    let script = "echo here; sleep 1000";
    let mut exec = scene.start("1.34", &["exec", "main", "--", "sh", "-c", script]);
    exec.wait_for("the command", |line| (line == "here").then_some(()));
    let starter = kguard::policy::starter().text;
    let deny = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: no-exec}\nspec:\n  \
        match: {resources: [pods/exec]}\n  effect: deny\n  message: Not today.\n";
    scene.gateway.set_policies(&format!("{starter}\n---\n{deny}"));
    assert_eq!(exec.exit_code(), 1);
    assert!(exec.said().contains("policies have changed: Not today."), "{}", exec.said());
}

#[test]
fn what_cannot_be_recorded_does_not_run() {
    let scene = Scene::set();
    let folder = scene.gateway.folder.join("state/recordings");
    std::fs::remove_dir_all(&folder).unwrap();
    for version in VERSIONS {
        let refused = scene.kubectl(version, &["exec", "main", "--", "touch", "/tmp/ran"]);
        assert_ne!(refused.code, 0);
        assert!(refused.stderr.contains("cannot record this session"), "{}", refused.stderr);
    }
    assert_eq!(scene.inside("test -e /tmp/ran || echo no"), "no\n");
}

#[test]
fn a_session_ends_when_its_recording_is_as_long_as_one_may_be() {
    let extra = "recordings: {maxMebibytes: 1}\n".to_owned();
    let settings = crate::harness::Settings { extra, ..Default::default() };
    let scene = Scene::of(crate::harness::Gateway::with(settings));
    for version in VERSIONS {
        let endless = scene.kubectl(version, &["exec", "main", "--", "yes", "more and more"]);
        assert_eq!(endless.code, 1, "{version}");
        assert!(endless.stderr.contains("recorded as long as a recording may be"), "{version}");
    }
    for entry in scene.trail("exec") {
        assert!(entry.1["failure"].as_str().unwrap().contains("maxMebibytes"), "{entry:?}");
        let bytes = entry.1["recording"]["bytes"].as_u64().unwrap();
        assert!((1 << 20..3 << 20).contains(&bytes), "{entry:?}");
        scene.recording(&entry);
    }
}

#[test]
fn a_port_is_decided_when_it_is_opened() {
    let policy = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: ports}\nspec:\n  \
        match: {resources: [pods/portforward]}\n  \
        when: \"'port' in request.query && !request.query.port.all(port, port in ['8080'])\"\n  \
        effect: deny\n  message: Only 8080.\n";
    let scene = Scene::with(policy);
    scene.inside("(while true; do echo hello | nc -l -p 8080; done) >/dev/null 2>&1 &");
    for version in VERSIONS {
        for (port, allowed) in [("8080", true), ("9090", false)] {
            let mut forward =
                scene.start(version, &["port-forward", "pod/main", &format!(":{port}")]);
            let address = forward.wait_for("the port", |line| {
                Some(line.strip_prefix("Forwarding from ")?.split(' ').next()?.to_owned())
            });
            let said = eventually("an answer", || {
                let mut said = String::new();
                let mut connection = std::net::TcpStream::connect(&address).ok()?;
                let _ = std::io::Read::read_to_string(&mut connection, &mut said);
                (!allowed || !said.is_empty()).then_some(said)
            });
            assert_eq!(said == "hello\n", allowed, "{version} {port}: {said}");
            if !allowed {
                eventually("the refusal", || forward.said().contains("Only 8080.").then_some(()));
            }
            forward.signal("KILL");
            forward.exit_code();
        }
    }
    let mut seen = Vec::new();
    for entry in scene.trail("portforward") {
        let lines = scene.recording(&entry);
        seen.extend(facts(&lines).into_iter().filter(|fact| fact.get("port").is_some()));
    }
    assert!(seen.contains(&json!({"port": 9090, "refused": true})), "{seen:?}");
    // Each is opened and, later, closed.
    let number = |fact: &Value| fact["connection"].as_u64().filter(|_| fact["port"] == 8080);
    let at = |is_wanted: &dyn Fn(&Value) -> bool| seen.iter().position(is_wanted).unwrap();
    let closed = at(&|fact| number(fact).is_some() && fact["down"] == 6);
    let opened = at(&|fact| number(fact) == number(&seen[closed]) && fact.get("down").is_none());
    assert!(opened < closed, "{seen:?}");
}

#[test]
fn auditors_list_replay_and_verify_and_users_end_their_own() {
    let scene = Scene::set();
    let folder = scene.gateway.folder.join("state/recordings");
    scene.kubectl("1.34", &["exec", "main", "--", "echo", "recorded words"]).ok();
    let trail = scene.trail("exec");
    let id = trail[0].0["id"].as_str().unwrap();
    let replayed = scene.bob.kguard(&["audit", "replay", id, "--no-delay"]);
    assert_eq!(replayed.stdout, "recorded words\n", "{}", replayed.stderr);
    let raw = scene.bob.kguard(&["audit", "replay", id, "-o", "asciicast"]).ok();
    assert!(raw.starts_with("{\"version\":2,"), "{raw}");
    let mut exec =
        scene.start("1.34", &["exec", "main", "--", "sh", "-c", "echo here; sleep 1000"]);
    exec.wait_for("the command", |line| (line == "here").then_some(()));
    let listed = scene.bob.kguard(&["sessions"]).ok();
    assert!(listed.contains("sh -c") && listed.contains("oidc:alice"), "{listed}");
    let running = scene.running(&scene.alice);
    let live = running[0]["id"].as_str().unwrap().to_owned();
    let mut watch = scene.bob.start(&["audit", "watch", &live]);
    watch.wait_for("what was said", |line| (line == "here").then_some(()));
    scene.alice.kguard(&["sessions", "end", &live, "--yes"]).ok();
    assert_eq!(exec.exit_code(), 1);
    assert_eq!(watch.exit_code(), 0);
    assert!(watch.said().contains("ended by oidc:alice"), "{}", watch.said());
    scene.trail("exec");
    let verified = scene.bob.kguard(&["audit", "verify", "--recordings"]).ok();
    assert!(verified.contains("recordings: 2 as the trail names them"), "{verified}");
    let path = folder.join(format!("{id}.cast"));
    let changed =
        std::fs::read_to_string(&path).unwrap().replace("recorded words", "other words---");
    std::fs::write(&path, changed).unwrap();
    let found = scene.bob.kguard(&["audit", "verify", "--recordings"]);
    assert!(found.code != 0 && found.stderr.contains("is not the one"), "{}", found.stderr);
    let refused = scene.bob.kguard(&["audit", "replay", id, "--no-delay"]);
    assert!(refused.code != 0 && refused.stdout.is_empty(), "{}", refused.stdout);
}

#[test]
fn a_recording_is_valid_up_to_its_last_event_when_the_gateway_dies() {
    let mut scene = Scene::set();
    let script = "echo here; sleep 1000";
    let mut exec = scene.start("1.34", &["exec", "main", "--", "sh", "-c", script]);
    exec.wait_for("the command", |line| (line == "here").then_some(()));
    let running = scene.running(&scene.bob);
    let id = running[0]["id"].as_str().unwrap().to_owned();
    let path = scene.gateway.folder.join(format!("state/recordings/{id}.cast"));
    eventually("the recording", || {
        std::fs::read_to_string(&path)
            .is_ok_and(|text| text.contains(r#""o","here\n""#))
            .then_some(())
    });
    scene.gateway.kill();
    assert_ne!(exec.exit_code(), 0);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(self::text(&lines, "o"), "here\n");
}

#[test]
fn who_is_inside_is_told_that_the_gateway_stops() {
    let scene = Scene::set();
    let mut sessions = VERSIONS.map(|version| {
        scene.start(version, &["exec", "main", "--", "sh", "-c", "echo here; sleep 1000"])
    });
    for exec in &mut sessions {
        exec.wait_for("the command", |line| (line == "here").then_some(()));
    }
    scene.gateway.process.signal("TERM");
    for (version, exec) in VERSIONS.into_iter().zip(&mut sessions) {
        assert_eq!(exec.exit_code(), 1, "{version}: {}", exec.said());
        assert!(exec.said().contains("being stopped"), "{version}: {}", exec.said());
    }
}

/// A policy about port-forwards.
fn port_policy(name: &str, when: &str, effect: &str) -> String {
    format!(
        "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {name}}}\nspec:\n  \
         match: {{resources: [pods/portforward]}}\n  when: \"{when}\"\n  {effect}\n  message: Because.\n"
    )
}

/// Where a forward listens.
fn local_address(forward: &mut crate::harness::Running) -> String {
    forward.wait_for("the port", |line| {
        Some(line.strip_prefix("Forwarding from ")?.split(' ').next()?.to_owned())
    })
}

#[test]
fn an_approval_of_a_forward_is_none_of_a_port_that_another_policy_holds() {
    // Whether the first policy holds the connection as well or not: the other one's word is missing.
    for when in ["!('port' in request.query)", "true"] {
        let hold = |who: &str| format!("effect: hold\n  hold: {{approvers: ['{who}']}}");
        let any = port_policy("any-forward", when, &hold("group:oidc:sre"));
        let some = port_policy("some-ports", "'port' in request.query", &hold("group:oidc:dba"));
        let scene = Scene::with(&format!("{any}\n---\n{some}"));
        let mut forward = scene.start("1.34", &["port-forward", "pod/main", ":8080"]);
        let id = eventually("the hold", || {
            let pending = scene.bob.kguard(&["requests", "-o", "json"]).ok();
            let pending: Vec<Value> = serde_json::from_str(&pending).unwrap();
            let hold = pending.iter().find(|hold| hold["state"] == "pending")?;
            Some(hold["id"].as_str()?.to_owned())
        });
        scene.bob.kguard(&["approve", &id]).ok();
        let address = local_address(&mut forward);
        let mut connection = std::net::TcpStream::connect(&address).unwrap();
        let _ = std::io::Read::read(&mut connection, &mut [0]);
        eventually("the refusal", || {
            forward.said().contains("`some-ports` wants an approval first").then_some(())
        });
        forward.signal("KILL");
        forward.exit_code();
    }
}

#[test]
fn an_open_connection_ends_when_its_port_is_not_allowed_any_more() {
    let scene = Scene::set();
    scene.inside("(while true; do nc -l -p 8080 -e cat; done) >/dev/null 2>&1 &");
    let mut forward = scene.start("1.34", &["port-forward", "pod/main", ":8080"]);
    let address = local_address(&mut forward);
    let mut connection = eventually("a connection", || {
        let mut connection = std::net::TcpStream::connect(&address).ok()?;
        std::io::Write::write_all(&mut connection, b"hello\n").ok()?;
        let mut said = [0; 6];
        std::io::Read::read_exact(&mut connection, &mut said).ok()?;
        (&said == b"hello\n").then_some(connection)
    });
    let starter = kguard::policy::starter().text;
    let deny = port_policy("ports", "'port' in request.query", "effect: deny");
    scene.gateway.set_policies(&format!("{starter}\n---\n{deny}"));
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut connection, &mut rest);
    assert_eq!(rest, b"");
    eventually("the end of the session", || scene.running(&scene.bob).is_empty().then_some(()));
    forward.signal("KILL");
    forward.exit_code();
}
