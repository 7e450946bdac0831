//! Recordings that are played, streams that run.

use std::process::Stdio;

use kguard::audit::hex::sha256;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::fake_gateway::FakeGateway;
use crate::home::{Home, run};

/// Its recording is what the trail names.
const GOOD: &str = "01a210c5-f9f9-7007-83ba-997981bb9dba";
/// Its recording was changed.
const CHANGED: &str = "01a210c5-f9f9-7107-83ba-997981bb9dba";
/// It was not recorded.
const UNRECORDED: &str = "01a210c6-0000-7007-83ba-997981bb9dba";
/// It has not ended.
const RUNNING: &str = "01a210c7-0000-7007-83ba-997981bb9dba";

/// It would ask the terminal where the cursor is.
pub(crate) const RECORDING: &str = r#"{"version":2,"width":80,"height":24,"timestamp":1700000000,"kguard":{"caller":"oidc:alice","tty":true}}
[0.01,"o","$ ls\u001b[6n\r\n"]
[0.02,"o","\u001b[31ma.txt\u001b[0m\r\n"]
[0.03,"k","{\"file\":{\"name\":\"a.txt\",\"bytes\":3,\"sha256\":\"ab\",\"direction\":\"down\"}}"]
[0.04,"x","137"]
[0.04,"k","{\"ended\":\"the pod is gone\"}"]
"#;

/// What the trail has that this query asks for.
pub(crate) fn entries(query: &str) -> Value {
    let digest = |text: &str| json!({"sha256": sha256(text.as_bytes()), "bytes": text.len()});
    let ended = [
        (GOOD, digest(RECORDING)),
        (CHANGED, digest(&RECORDING.replace("ls", "rm"))),
        (UNRECORDED, Value::Null),
    ];
    let wanted = query.rsplit_once('=').unwrap().1;
    match query.split(['&', '=']).nth(2) {
        Some("hold") if wanted == "7kq4m" => json!([request(GOOD)]),
        Some("request") if wanted == RUNNING => json!([request(RUNNING)]),
        Some("request") => {
            let found = ended.iter().filter(|(id, _)| *id == wanted);
            found.flat_map(|(id, recording)| [response(id, recording), request(id)]).collect()
        }
        // The newest: long after.
        None => json!([request(RUNNING)]),
        Some("since") => ended.iter().map(|(id, _)| request(id)).collect(),
        _ => json!([]),
    }
}

fn entry(record: &Value) -> Value {
    json!({"seq": 1, "hash": "0".repeat(64), "record": record})
}

fn request(id: &str) -> Value {
    entry(&json!({
        "at": "2026-01-01T00:00:00Z", "event": "request", "id": id,
        "caller": {"name": "oidc:alice", "groups": [], "kind": "person", "issuer": ""},
        "cluster": "prod", "method": "GET", "request": {"verb": "get", "path": "/x"},
        "decision": "allow", "hold": "7kq4m", "peer": "127.0.0.1",
    }))
}

fn response(id: &str, recording: &Value) -> Value {
    let mut record = json!({
        "at": "2026-01-01T00:00:01Z", "event": "response", "id": id, "code": 101, "bytes": 12,
        "durationMs": 5,
    });
    if !recording.is_null() {
        record["recording"] = recording.clone();
    }
    entry(&record)
}

/// What runs.
pub(crate) fn running() -> Value {
    let stream = |id: &str, recorded: bool| {
        json!({
            "id": id, "caller": "oidc:alice", "cluster": "prod", "namespace": "shop",
            "pod": "web-0", "kind": "exec", "container": "app", "command": ["sh", "-c", "ls"],
            "tty": true, "started": "2026-01-01T00:00:00Z", "recorded": recorded,
        })
    };
    json!([stream(RUNNING, true), stream(GOOD, true), stream(UNRECORDED, false)])
}

/// The lines written so far, and whether no more will come.
pub(crate) fn live(path: &str) -> (Vec<String>, bool) {
    let lines = RECORDING.lines().map(str::to_owned);
    let ends = path.contains(GOOD);
    (lines.take(if ends { 6 } else { 3 }).collect(), ends)
}

#[tokio::test]
async fn a_recording_that_the_trail_names_is_played() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    for id in [GOOD, "01a210c5-f9f9-70", "01A210C5-F9F9-70", "7kq4m", "7KQ4M"] {
        let (code, stdout, stderr) = run(home.machine(&["audit", "replay", id])).await;
        assert_eq!(code, 0, "{id}: {stderr}");
        assert_eq!(stdout, "$ ls\r\n\u{1b}[31ma.txt\u{1b}[0m\r\n");
        let summary = "copied out of the pod: a.txt, 3 bytes, sha256 ab\nended: the pod is gone\nexit status 137\n";
        assert!(stderr.ends_with(summary), "{stderr}");
    }
    let (code, stdout, _) = run(home.machine(&["audit", "replay", GOOD, "-o", "asciicast"])).await;
    assert_eq!((code, stdout.as_str()), (0, RECORDING));
    let (_, stdout, _) = run(home.machine(&["audit", "replay", GOOD, "--search", "A.TXT"])).await;
    assert_eq!(stdout, "\u{1b}[31ma.txt\u{1b}[0m\r\n");
}

#[tokio::test]
async fn nothing_else_is_played() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    for (id, message) in [
        (CHANGED, "not the one that the trail names"),
        (UNRECORDED, "was not recorded"),
        (RUNNING, "has not ended"),
        ("01a210c5-f9f9-7007-83ba-000000000000", "the trail has no"),
        ("01a210c5-f9f9", "2 requests are"),
        ("nonsense", "the trail has no"),
    ] {
        let (code, stdout, stderr) = run(home.machine(&["audit", "replay", id])).await;
        assert_ne!(code, 0, "{id}");
        assert_eq!(stdout, "", "{id}");
        assert!(stderr.contains(message), "{id}: {stderr}");
    }
    let forced = ["audit", "replay", CHANGED, "--unverified"];
    let (code, stdout, stderr) = run(home.machine(&forced)).await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("$ ls") && stderr.contains("warning: the recording is not the one"));
}

#[tokio::test]
async fn a_file_is_played_alone_or_held_against_the_trail() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let file = home.path("session.cast");
    std::fs::write(&file, RECORDING).unwrap();
    let file = file.to_str().unwrap();
    for (ids, expected) in [(&[][..], 0), (&[GOOD], 0), (&[CHANGED], 1), (&[UNRECORDED], 1)] {
        let arguments = [&["audit", "replay", "--file", file], ids].concat();
        let (code, _, stderr) = run(home.machine(&arguments)).await;
        assert_eq!(code, expected, "{ids:?}: {stderr}");
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (code, stdout, stderr) = run(home.machine(&["sessions"])).await;
    assert_eq!(code, 0, "{stderr}");
    let row = "01a210c7-0000   oidc:alice   prod      exec shop/web-0 -c app: sh -c ls   yes   ";
    assert!(stdout.lines().nth(1).unwrap().starts_with(row), "{stdout}");
    let end = ["sessions", "end", "01a210c7", "--reason", "the incident is over"];
    let (code, _, stderr) = run(home.machine(&end)).await;
    assert_eq!(code, 0, "{stderr}");
    let decisions = gateway.state.decisions.lock().unwrap().clone();
    assert_eq!(decisions, [json!({"reason": "the incident is over"})]);
    let (code, _, stderr) = run(home.machine(&["sessions", "end", "01a210c"])).await;
    assert_eq!(code, 64, "{stderr}");
    assert!(stderr.contains("3 sessions are `01a210c`"), "{stderr}");
}

#[tokio::test]
async fn who_watches_is_told_why_it_ended() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (code, stdout, stderr) = run(home.machine(&["audit", "watch", "01a210c5"])).await;
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(stdout, "$ ls\r\n\u{1b}[31ma.txt\u{1b}[0m\r\n");
    assert!(stderr.contains("the session has ended") && stderr.contains("the pod is gone"));
    let (code, _, stderr) = run(home.machine(&["audit", "watch", UNRECORDED])).await;
    assert!(code == 1 && stderr.contains("is not recorded"), "{stderr}");
}

#[cfg(unix)]
#[tokio::test]
async fn who_leaves_does_not_end_it() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let mut command = home.machine(&["audit", "watch", RUNNING]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut watching = command.spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("$ ls"));
    interrupt(watching.id().unwrap());
    let output = watching.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stderr).unwrap().contains("the session goes on"));
    assert_eq!(gateway.state.decisions.lock().unwrap().len(), 0);
}

#[cfg(unix)]
fn interrupt(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}

/// A player on a terminal that is left: by a key, by Ctrl-C, and by the end.
#[cfg(unix)]
#[tokio::test]
async fn the_terminal_is_as_it_was() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let file = home.path("session.cast");
    let hidden = "[0,\"o\",\"\\u001b[?25lready\"]\n";
    for (long, key) in [(true, Some(b"q")), (true, None), (false, None)] {
        let last = if long { "[99,\"o\",\"bye\"]\n" } else { "" };
        std::fs::write(&file, format!("{{\"version\":2}}\n{hidden}{last}")).unwrap();
        let (controller, terminal) = pseudo_terminal();
        let before = rustix::termios::tcgetattr(&terminal).unwrap();
        let mut command = home.machine(&["audit", "replay", "--file", file.to_str().unwrap()]);
        let stdio = || Stdio::from(terminal.try_clone().unwrap());
        command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        let mut player = command.spawn().unwrap();
        let mut screen = wait_for(&controller, "ready");
        let raw = rustix::termios::tcgetattr(&terminal).unwrap();
        match key {
            _ if !long => {}
            Some(key) => assert_eq!(rustix::io::write(&controller, key).unwrap(), 1),
            None => interrupt(player.id().unwrap()),
        }
        screen += &wait_for(&controller, "\u{1b}[0m\r\n");
        assert_eq!(player.wait().await.unwrap().code(), Some(0));
        let after = rustix::termios::tcgetattr(&terminal).unwrap();
        assert_eq!(format!("{after:?}"), format!("{before:?}"));
        assert!(!long || format!("{raw:?}") != format!("{before:?}"), "it was never raw");
        assert!(screen.ends_with("ready\u{1b}[!p\u{1b}[?7h\u{1b}[?25h\u{1b}(B\u{1b}[0m\r\n"));
    }
}

#[cfg(unix)]
fn pseudo_terminal() -> (std::fs::File, std::fs::File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let controller = openpt(flags).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let terminal = rustix::fs::open(name, terminal, rustix::fs::Mode::empty()).unwrap();
    (controller.into(), terminal.into())
}

/// What is printed, up to this.
#[cfg(unix)]
fn wait_for(controller: &std::fs::File, end: &str) -> String {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut screen = String::new();
    while !screen.ends_with(end) {
        let long = Timespec { tv_sec: 60, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(controller, PollFlags::IN)], Some(&long)).unwrap();
        assert_eq!(ready, 1, "nothing comes after {screen:?}");
        let mut bytes = [0; 1];
        rustix::io::read(controller, &mut bytes).unwrap();
        screen.push(bytes[0].into());
    }
    screen
}
