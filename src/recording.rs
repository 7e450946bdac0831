//! What went through a stream, as asciicast v2 (<https://docs.asciinema.org/manual/asciicast/v2/>):
//! a line of JSON for the head, then one for each event, `[seconds, code, data]`.
//!
//! | code | data |
//! |---|---|
//! | `o` | output, of stderr too |
//! | `i` | input, where it is recorded |
//! | `r` | the terminal's size, `COLUMNSxROWS` |
//! | `x` | how the command ended: its exit status as a number (as in asciicast v3), or a text |
//! | `k` | an object with what kguard has seen: `{"port": …}`, `{"file": …}`, `{"ended": …}` |
//!
//! Players pass over codes that they do not know. The output of a program without a terminal that is an
//! archive (`kubectl cp`) is not in it: its files are listed instead, with their SHA-256.
//!
//! Pure: whoever records gives the time and writes the lines.

mod archive;
mod json;
mod text;

use std::collections::BTreeMap;
use std::io::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::stream::Seen;

use archive::{Archive, Found};
use text::Text;

/// More than a status ever takes.
const MAX_STATUS_BYTES: usize = 64 << 10;

/// A terminal of which nobody says how large it is.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// Whose stream it is, and what it is connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts {
    /// The request's id in the trail.
    pub id: String,
    /// Who.
    pub caller: String,
    /// As whom, if not as himself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub impersonated: String,
    /// On which cluster.
    pub cluster: String,
    /// In which namespace.
    pub namespace: String,
    /// Which pod.
    pub pod: String,
    /// The pod's uid; empty if neither the gateway, for masking, nor the caller may read the pod.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pod_uid: String,
    /// The node it ran on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// The container; the pod's only one may not be named.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// The container's image.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// `exec`, `attach` or `portforward`.
    pub kind: String,
    /// The program and its arguments, without what is masked in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Whether at a terminal.
    pub tty: bool,
    /// The hold whose approval let it through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
}

/// Makes the lines of one recording.
pub struct Cast {
    facts: Facts,
    records_input: bool,
    texts: [Text; 3],
    archive: Option<(Direction, Archive)>,
    ports: BTreeMap<u16, (u64, u64)>,
    status: Vec<u8>,
    lines: Vec<u8>,
}

/// Where an archive goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl Cast {
    /// Begins a recording at a time (Unix, seconds).
    pub fn begin(facts: Facts, records_input: bool, timestamp: i64) -> Self {
        let (width, height) = USUAL_SIZE;
        let title = format!("{} {}/{}", facts.kind, facts.namespace, facts.pod);
        let head = json!({
            "version": 2, "width": width, "height": height, "timestamp": timestamp, "title": title,
            "command": facts.command.join(" "), "env": {}, "kguard": facts,
        });
        let direction = direction(&facts);
        let archive = direction.map(|direction| (direction, Archive::default()));
        let lines = format!("{head}\n").into_bytes();
        let (texts, ports) = (Default::default(), BTreeMap::new());
        Self { facts, records_input, texts, archive, ports, status: Vec::new(), lines }
    }

    /// Whose it is, and what it is connected to.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Takes note of something, so many seconds after the beginning.
    pub fn saw(&mut self, seconds: f64, seen: &Seen<'_>) {
        match seen {
            Seen::Output { stderr: false, bytes } if self.is_archived(Direction::Down) => {
                self.files(seconds, bytes);
            }
            Seen::Output { stderr, bytes } => self.text(seconds, usize::from(*stderr), bytes),
            Seen::Input(bytes) if self.is_archived(Direction::Up) => self.files(seconds, bytes),
            Seen::Input(bytes) if self.records_input => self.text(seconds, INPUT, bytes),
            Seen::Input(_) => {}
            Seen::Resize { columns, rows } => {
                self.event(seconds, 'r', &format!("{columns}x{rows}"));
            }
            // It may come in pieces.
            Seen::Status(bytes) => {
                let room = MAX_STATUS_BYTES.saturating_sub(self.status.len()).min(bytes.len());
                self.status.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
            Seen::Connected(port) => self.fact(seconds, &json!({"port": port})),
            Seen::Refused(port) => self.fact(seconds, &json!({"port": port, "refused": true})),
            Seen::Forwarded { port, up, down } => {
                let sum = self.ports.entry(*port).or_default();
                *sum = (sum.0 + *up as u64, sum.1 + *down as u64);
            }
        }
    }

    /// Ends the recording; with a reason, if it was ended from outside or broke.
    pub fn end(&mut self, seconds: f64, why: Option<&str>) {
        if !self.status.is_empty() {
            let status = exit_status(&std::mem::take(&mut self.status));
            self.event(seconds, 'x', &status);
        }
        for (port, (up, down)) in std::mem::take(&mut self.ports) {
            self.fact(seconds, &json!({"port": port, "up": up, "down": down}));
        }
        if let Some((direction, mut archive)) = self.archive.take() {
            self.found(seconds, direction, archive.end());
            self.fact(seconds, &json!({"archive": {"files": archive.count()}}));
        }
        for index in 0..self.texts.len() {
            let left = self.texts.get_mut(index).map(Text::rest).unwrap_or_default();
            self.text_event(seconds, index, &left);
        }
        self.fact(seconds, &json!({"ended": why}));
    }

    /// The lines since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.lines)
    }

    /// How many bytes of lines wait to be taken.
    pub fn waiting(&self) -> usize {
        self.lines.len()
    }

    fn is_archived(&self, direction: Direction) -> bool {
        self.archive.as_ref().is_some_and(|(own, _)| *own == direction)
    }

    fn files(&mut self, seconds: f64, bytes: &[u8]) {
        let Some((direction, archive)) = &mut self.archive else { return };
        let (direction, found) = (*direction, archive.push(bytes));
        self.found(seconds, direction, found);
    }

    fn found(&mut self, seconds: f64, direction: Direction, found: Found) {
        let name = if direction == Direction::Up { "up" } else { "down" };
        for file in found.files {
            let mut file = serde_json::to_value(file).unwrap_or_default();
            if let Some(members) = file.as_object_mut() {
                members.insert("direction".to_owned(), name.into());
            }
            self.fact(seconds, &json!({"file": file}));
        }
        self.not_archived(seconds, direction, &found.rest);
    }

    /// What comes in the place of an archive is text like any other.
    fn not_archived(&mut self, seconds: f64, direction: Direction, bytes: &[u8]) {
        match direction {
            Direction::Down => self.text(seconds, STDOUT, bytes),
            Direction::Up if self.records_input => self.text(seconds, INPUT, bytes),
            Direction::Up => {}
        }
    }

    fn text(&mut self, seconds: f64, index: usize, bytes: &[u8]) {
        let Some(text) = self.texts.get_mut(index) else { return };
        let text = text.push(bytes);
        self.text_event(seconds, index, &text);
    }

    fn text_event(&mut self, seconds: f64, index: usize, text: &str) {
        if !text.is_empty() {
            self.begin_event(seconds, if index == INPUT { 'i' } else { 'o' });
            json::write_string(text, &mut self.lines);
            self.end_event();
        }
    }

    fn fact(&mut self, seconds: f64, fact: &Value) {
        self.event(seconds, 'k', fact);
    }

    fn event(&mut self, seconds: f64, code: char, data: &(impl Serialize + ?Sized)) {
        self.begin_event(seconds, code);
        // Nothing of it can fail: neither a write into memory, nor a text or a value.
        let _ = serde_json::to_writer(&mut self.lines, data);
        self.end_event();
    }

    fn begin_event(&mut self, seconds: f64, code: char) {
        self.lines.push(b'[');
        // Neither can a number.
        let _ = serde_json::to_writer(&mut self.lines, &rounded(seconds));
        let _ = write!(self.lines, ",\"{code}\",");
    }

    fn end_event(&mut self) {
        self.lines.extend_from_slice(b"]\n");
    }
}

const STDOUT: usize = 0;
/// Beside stdout and stderr.
const INPUT: usize = 2;

/// To the microsecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// The exit status in what comes on the channel of the status (client-go `remotecommand/v4.go`).
fn exit_status(bytes: &[u8]) -> String {
    let Ok(status) = serde_json::from_slice::<Value>(bytes) else {
        return String::from_utf8_lossy(bytes).into_owned();
    };
    let text = |pointer: &str| status.pointer(pointer).and_then(Value::as_str);
    if text("/status") == Some("Success") {
        return "0".to_owned();
    }
    let causes = status.pointer("/details/causes").and_then(Value::as_array);
    let code = causes
        .into_iter()
        .flatten()
        .find(|cause| cause.get("reason").is_some_and(|reason| reason == "ExitCode"));
    let code = code.and_then(|cause| cause.get("message")?.as_str());
    code.or_else(|| text("/message")).unwrap_or("unknown").to_owned()
}

/// Whether a command is just what `kubectl cp` runs, and where its archive goes: nothing but tar, so that
/// all that it prints is an archive. (What its retries run is a script, and recorded as what it prints.)
fn direction(facts: &Facts) -> Option<Direction> {
    if facts.tty || facts.kind != "exec" {
        return None;
    }
    let words: Vec<&str> = facts.command.iter().map(String::as_str).collect();
    match *words.as_slice() {
        ["tar", "cf", "-", path] if !path.starts_with('-') => Some(Direction::Down),
        ["tar", "--no-same-permissions", "--no-same-owner", "-xmf", "-", ..]
        | ["tar", "-xmf", "-", ..] => Some(Direction::Up),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast(command: &[&str], tty: bool, input: bool) -> Cast {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let facts =
            Facts { kind: "exec".into(), pod: "web".into(), command, tty, ..Facts::default() };
        Cast::begin(facts, input, 1_700_000_000)
    }

    fn lines(cast: &mut Cast) -> Vec<Value> {
        let lines = cast.take();
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    #[test]
    fn it_reads_as_asciicast() {
        let mut cast = cast(&["sh"], true, false);
        cast.saw(0.5, &Seen::Resize { columns: 120, rows: 30 });
        cast.saw(1.0, &Seen::Output { stderr: false, bytes: "caf\u{e9}".as_bytes().split_at(4).0 });
        cast.saw(1.25, &Seen::Input(b"secret"));
        cast.saw(1.5, &Seen::Output { stderr: false, bytes: &[0xa9, b'!'] });
        cast.saw(2.0, &Seen::Status(br#"{"status":"Succ"#));
        cast.saw(2.0, &Seen::Status(br#"ess"}"#));
        cast.end(2.0, None);
        let lines = lines(&mut cast);
        assert_eq!(lines[0]["version"], 2);
        assert_eq!(lines[0]["kguard"]["pod"], "web");
        assert_eq!(
            lines[1..],
            [
                json!([0.5, "r", "120x30"]),
                json!([1.0, "o", "caf"]),
                json!([1.5, "o", "\u{e9}!"]),
                json!([2.0, "x", "0"]),
                json!([2.0, "k", {"ended": null}]),
            ]
        );
    }

    #[test]
    fn input_is_recorded_where_that_is_asked_for() {
        let mut cast = cast(&["sh"], true, true);
        cast.saw(1.0, &Seen::Input(b"ls\r"));
        assert_eq!(lines(&mut cast)[1], json!([1.0, "i", "ls\r"]));
    }

    #[test]
    fn the_exit_status_is_told_apart_from_failures() {
        let ended = br#"{"status":"Failure","reason":"NonZeroExitCode","message":"m",
            "details":{"causes":[{"reason":"ExitCode","message":"137"}]}}"#;
        assert_eq!(exit_status(ended), "137");
        assert_eq!(exit_status(br#"{"status":"Failure","message":"gone"}"#), "gone");
        assert_eq!(exit_status(b"no json"), "no json");
    }

    #[test]
    fn what_tar_says_beside_its_archive_is_text() {
        let mut cast = cast(&["tar", "cf", "-", "/etc/motd"], false, false);
        cast.saw(0.0, &Seen::Output { stderr: true, bytes: b"tar: removing leading '/'\n" });
        cast.saw(0.0, &Seen::Output { stderr: false, bytes: &[0; 1024] });
        cast.end(0.5, None);
        let lines = lines(&mut cast);
        assert_eq!(lines[1][1], "o");
        let facts: Vec<_> = lines.iter().skip(2).map(|line| line[2].clone()).collect();
        assert_eq!(facts, [json!({"archive": {"files": 0}}), json!({"ended": null})]);
    }

    #[test]
    fn a_shell_behind_an_archive_is_recorded() {
        for command in
            [&["tar", "cf", "-", "/dev/null"][..], &["sh", "-c", "tar cf - /dev/null; exec sh"]]
        {
            let mut cast = cast(command, false, false);
            let output = [&[0; 1024][..], b"uid=0(root)\n"].concat();
            cast.saw(0.0, &Seen::Output { stderr: false, bytes: &output });
            cast.end(0.5, None);
            let said = lines(&mut cast).iter().any(|line| {
                line[1] == "o" && line[2].as_str().is_some_and(|text| text.contains("uid=0(root)"))
            });
            assert!(said, "{command:?}");
        }
    }

    #[test]
    fn ports_are_summed_up() {
        let facts = Facts { kind: "portforward".into(), ..Facts::default() };
        let mut cast = Cast::begin(facts, false, 0);
        cast.saw(0.0, &Seen::Connected(80));
        cast.saw(0.0, &Seen::Forwarded { port: 80, up: 5, down: 0 });
        cast.saw(0.0, &Seen::Forwarded { port: 80, up: 0, down: 7 });
        cast.saw(0.0, &Seen::Refused(81));
        cast.end(1.0, Some("ended by bob"));
        let facts: Vec<_> =
            lines(&mut cast).split_off(1).iter().map(|line| line[2].clone()).collect();
        assert_eq!(
            facts,
            [
                json!({"port": 80}),
                json!({"port": 81, "refused": true}),
                json!({"port": 80, "up": 5, "down": 7}),
                json!({"ended": "ended by bob"}),
            ]
        );
    }
}
