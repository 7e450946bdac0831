//! What went through a stream, as asciicast v2 (<https://docs.asciinema.org/manual/asciicast/v2/>):
//! a line of JSON for the head, then one for each event, `[seconds, code, data]`.
//!
//! | code | data |
//! |---|---|
//! | `o` | output, of stderr too |
//! | `i` | input, where it is recorded |
//! | `r` | the terminal's size, `COLUMNSxROWS` |
//! | `x` | how the command ended: its exit status as a number (as in asciicast v3), or a text |
//! | `k` | the JSON of an object with what kguard has seen: `{"port": …}`, `{"file": …}`, `{"archive": …}`, `{"ended": …}` |
//!
//! All data is text: players pass over codes that they do not know, and some stop at data that is none
//! (asciinema 3). The archive that `kubectl cp` moves is not in it: its files are listed instead, with
//! their SHA-256.
//!
//! Pure: whoever records gives the time and writes the lines.

mod archive;
mod copy;
mod json;
mod ports;
mod text;

use std::io::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::stream::Seen;

use copy::{Copying, Direction};
use ports::Connections;
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
    /// Whether something may be typed, or piped in.
    pub stdin: bool,
    /// Whether something of the command is masked, so that its words were others.
    #[serde(skip)]
    pub is_altered: bool,
    /// The hold whose approval let it through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// Who approved it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approved_by: Vec<String>,
    /// The grants that it ran on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// Why it ran without the approval that it needed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<String>,
}

/// Makes the lines of one recording.
pub struct Cast {
    records_input: bool,
    texts: [Text; 3],
    copy: Option<Copying>,
    connections: Connections,
    status: Vec<u8>,
    lines: Vec<u8>,
}

impl Cast {
    /// Begins a recording at a time (Unix, seconds).
    pub fn begin(facts: &Facts, records_input: bool, timestamp: i64) -> Self {
        let (width, height) = USUAL_SIZE;
        let title = format!("{} {}/{}", facts.kind, facts.namespace, facts.pod);
        let head = json!({
            "version": 2, "width": width, "height": height, "timestamp": timestamp, "title": title,
            "command": facts.command.join(" "), "env": {}, "kguard": facts,
        });
        let copy = Copying::of(facts);
        let lines = format!("{head}\n").into_bytes();
        let (texts, connections) = (Default::default(), Connections::default());
        Self { records_input, texts, copy, connections, status: Vec::new(), lines }
    }

    /// Takes note of something, so many seconds after the beginning.
    pub fn saw(&mut self, seconds: f64, seen: &Seen<'_>) {
        match seen {
            Seen::Output { stderr: false, bytes } if self.copies(Direction::Down) => {
                self.files(seconds, bytes);
            }
            Seen::Output { stderr, bytes } => {
                // A tar that unpacks prints nothing.
                if !stderr && self.copies(Direction::Up) {
                    self.end_copy(seconds);
                }
                self.text(seconds, usize::from(*stderr), bytes);
            }
            Seen::Input(bytes) if self.copies(Direction::Up) => {
                // Listed, and recorded where all input is: whoever reads it may be no tar.
                if self.records_input {
                    self.text(seconds, INPUT, bytes);
                }
                self.files(seconds, bytes);
            }
            Seen::Input(bytes) => {
                // Whatever has come so far, who reads this may be no tar.
                self.end_copy(seconds);
                if self.records_input {
                    self.text(seconds, INPUT, bytes);
                }
            }
            Seen::Resize { columns, rows } => {
                self.event(seconds, 'r', &format!("{columns}x{rows}"));
            }
            // It may come in pieces.
            Seen::Status(bytes) => {
                let room = MAX_STATUS_BYTES.saturating_sub(self.status.len()).min(bytes.len());
                self.status.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
            Seen::Connected(connection) => {
                let opened = self.connections.opened(*connection);
                self.fact(seconds, &opened);
            }
            Seen::Refused(port) => self.fact(seconds, &json!({"port": port, "refused": true})),
            Seen::Forwarded { connection, up, down } => {
                self.connections.carried(*connection, (*up, *down));
            }
            Seen::Closed(connection) => {
                if let Some(closed) = self.connections.closed(*connection) {
                    self.fact(seconds, &closed);
                }
            }
        }
    }

    /// Ends the recording; with a reason, if it was ended from outside or broke.
    pub fn end(&mut self, seconds: f64, why: Option<&str>) {
        if !self.status.is_empty() {
            let status = exit_status(&std::mem::take(&mut self.status));
            self.event(seconds, 'x', &status);
        }
        for closed in self.connections.rest() {
            self.fact(seconds, &closed);
        }
        self.end_copy(seconds);
        for index in 0..self.texts.len() {
            let left = self.texts.get_mut(index).map(Text::rest).unwrap_or_default();
            self.text_event(seconds, index, &left);
        }
        self.fact(seconds, &json!({"ended": why}));
    }

    /// The lines since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        self.exchange(Vec::new())
    }

    /// The same; the next ones come into memory that is there already, which must be empty.
    pub fn exchange(&mut self, memory: Vec<u8>) -> Vec<u8> {
        std::mem::replace(&mut self.lines, memory)
    }

    /// How many bytes of lines wait to be taken.
    pub fn waiting(&self) -> usize {
        self.lines.len()
    }

    fn copies(&self, direction: Direction) -> bool {
        self.copy.as_ref().is_some_and(|copy| copy.direction() == direction)
    }

    fn files(&mut self, seconds: f64, bytes: &[u8]) {
        if let Some(copy) = &mut self.copy {
            let (files, rest) = copy.push(bytes);
            self.found(seconds, files, &rest);
        }
    }

    /// Ends what is read as an archive; from now on all is text.
    fn end_copy(&mut self, seconds: f64) {
        let Some(copy) = &mut self.copy else { return };
        let (files, rest) = copy.rest();
        self.found(seconds, files, &rest);
        if let Some(copy) = self.copy.take() {
            self.fact(seconds, &copy.sum());
        }
    }

    /// Writes down files. What comes in the place of an archive is text like any other; if that is not
    /// recorded, it is counted.
    fn found(&mut self, seconds: f64, files: Vec<Value>, rest: &[u8]) {
        for file in files {
            self.fact(seconds, &file);
        }
        let goes_up = self.copies(Direction::Up);
        match &mut self.copy {
            Some(_) if goes_up && self.records_input => {}
            Some(copy) if goes_up => copy.left_out(rest),
            _ => self.text(seconds, STDOUT, rest),
        }
    }

    fn text(&mut self, seconds: f64, index: usize, bytes: &[u8]) {
        let Some(text) = self.texts.get_mut(index) else { return };
        let text = text.push(bytes);
        self.text_event(seconds, index, &text);
    }

    fn text_event(&mut self, seconds: f64, index: usize, text: &str) {
        if !text.is_empty() {
            self.event(seconds, if index == INPUT { 'i' } else { 'o' }, text);
        }
    }

    fn fact(&mut self, seconds: f64, fact: &Value) {
        self.event(seconds, 'k', &fact.to_string());
    }

    fn event(&mut self, seconds: f64, code: char, data: &str) {
        self.lines.push(b'[');
        // Nothing of it can fail: neither a write into memory, nor a number.
        let _ = serde_json::to_writer(&mut self.lines, &rounded(seconds));
        let _ = write!(self.lines, ",\"{code}\",");
        json::write_string(data, &mut self.lines);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Connection;

    fn exec(line: &str) -> Facts {
        let command = line.split(' ').map(str::to_owned).collect();
        Facts { kind: "exec".into(), pod: "web".into(), command, ..Facts::default() }
    }

    fn cast(facts: impl std::borrow::Borrow<Facts>, input: bool) -> Cast {
        Cast::begin(facts.borrow(), input, 1_700_000_000)
    }

    fn lines(cast: &mut Cast) -> Vec<Value> {
        let lines = cast.take();
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    fn fact(line: &Value) -> Option<Value> {
        let text = line[2].as_str().filter(|_| line[1] == "k")?;
        Some(serde_json::from_str(text).unwrap())
    }

    /// What there is of a kind of event.
    fn text(lines: &[Value], code: &str) -> String {
        let of = lines.iter().filter(|line| line[1] == code);
        of.map(|line| line[2].as_str().unwrap()).collect()
    }

    #[test]
    fn it_reads_as_asciicast() {
        let (approved_by, break_glass) = (vec!["bob".into()], Some("the site is down".into()));
        let facts = Facts { tty: true, approved_by, break_glass, ..exec("sh") };
        let mut cast = cast(facts, false);
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
        assert_eq!(lines[0]["kguard"]["approvedBy"], json!(["bob"]));
        assert_eq!(lines[0]["kguard"]["breakGlass"], "the site is down");
        assert_eq!(lines[0]["kguard"].get("grants"), None);
        assert_eq!(
            lines[1..],
            [
                json!([0.5, "r", "120x30"]),
                json!([1.0, "o", "caf"]),
                json!([1.5, "o", "\u{e9}!"]),
                json!([2.0, "x", "0"]),
                json!([2.0, "k", "{\"ended\":null}"]),
            ]
        );
    }

    /// asciinema 3 (`src/asciicast/v2.rs`) stops at a line that it cannot read so.
    #[test]
    fn any_player_reads_every_line() {
        type Event = (f64, char, String);
        let mut cast = cast(exec("tar -xmf -"), false);
        cast.saw(0.0, &Seen::Resize { columns: 120, rows: 30 });
        cast.saw(0.000_001, &Seen::Input(&[b'x'; 600]));
        cast.saw(0.5, &Seen::Output { stderr: true, bytes: b"tar: \0\n" });
        cast.saw(1.0, &Seen::Connected(Connection { number: 1, port: 80 }));
        cast.saw(1.0, &Seen::Refused(81));
        cast.saw(2.0, &Seen::Status(b"gone"));
        cast.end(2.0, Some("ended by \"bob\""));
        let text = String::from_utf8(cast.take()).unwrap();
        let (head, events) = text.split_once('\n').unwrap();
        let head: Value = serde_json::from_str(head).unwrap();
        assert!(head["width"].is_u64() && head["height"].is_u64() && head["timestamp"].is_u64());
        assert!(head["command"].is_string() && head["title"].is_string());
        let events = events.lines().map(|line| serde_json::from_str::<Event>(line).unwrap());
        let codes: String = events.map(|(_, code, _)| code).collect();
        assert_eq!(codes, "rokkxkkk");
    }

    #[test]
    fn input_is_recorded_where_that_is_asked_for() {
        let mut cast = cast(Facts { tty: true, ..exec("sh") }, true);
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
        let mut cast = cast(exec("tar cf - /etc/motd"), false);
        cast.saw(0.0, &Seen::Output { stderr: true, bytes: b"tar: removing leading '/'\n" });
        cast.saw(0.0, &Seen::Output { stderr: false, bytes: &[0; 1024] });
        cast.end(0.5, None);
        let lines = lines(&mut cast);
        assert_eq!(lines[1][1], "o");
        let facts: Vec<_> = lines.iter().skip(2).filter_map(fact).collect();
        let archive = json!({"archive": {"files": 0, "direction": "down", "unread": 0}});
        assert_eq!(facts, [archive, json!({"ended": null})]);
    }

    #[test]
    fn a_shell_behind_an_archive_is_recorded() {
        let script = Facts {
            command: ["sh", "-c", "tar cf - /dev/null; exec sh"].map(str::to_owned).to_vec(),
            ..exec("")
        };
        for facts in [exec("tar cf - /dev/null"), script] {
            let command = facts.command.clone();
            let mut cast = cast(facts, false);
            let output = [&[0; 1024][..], b"uid=0(root)\n"].concat();
            cast.saw(0.0, &Seen::Output { stderr: false, bytes: &output });
            cast.end(0.5, None);
            assert!(text(&lines(&mut cast), "o").contains("uid=0(root)"), "{command:?}");
        }
    }

    /// The header of a file that never ends.
    fn endless_file() -> Vec<u8> {
        let mut header = vec![0; 512];
        header[..1].copy_from_slice(b"x");
        header[124..135].copy_from_slice(b"77777777777");
        header[156] = b'0';
        header[148..156].copy_from_slice(b"        ");
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header
    }

    /// With a `tar` that is a shell, whose output looks like an archive that never ends.
    #[test]
    fn a_shell_in_the_place_of_an_archive_is_recorded() {
        let header = endless_file();
        let shell = |cast: &mut Cast| {
            cast.saw(0.0, &Seen::Output { stderr: false, bytes: &header });
            cast.saw(0.0, &Seen::Input(b"id\n"));
            cast.saw(0.0, &Seen::Output { stderr: false, bytes: b"uid=0(root)\n" });
            cast.end(0.5, None);
        };
        let mut asked = cast(Facts { stdin: true, ..exec("tar cf - /dev/null") }, false);
        shell(&mut asked);
        assert!(text(&lines(&mut asked), "o").contains("uid=0(root)"));
        // It came although nobody had asked for it.
        let mut unasked = cast(exec("tar cf - /dev/null"), true);
        shell(&mut unasked);
        let lines = lines(&mut unasked);
        assert_eq!(text(&lines, "o"), "uid=0(root)\n");
        assert_eq!(text(&lines, "i"), "id\n");
        let facts: Vec<_> = lines.iter().filter_map(fact).collect();
        assert_eq!(facts[0]["file"]["cut"], true);
        let archive = json!({"archive": {"files": 1, "direction": "down", "unread": 0}});
        assert_eq!(facts[1..], [archive, json!({"ended": null})]);
    }

    #[test]
    fn input_that_is_no_archive_is_recorded_or_counted() {
        for input in [false, true] {
            let mut cast = cast(Facts { stdin: true, ..exec("tar -xmf -") }, input);
            cast.saw(0.0, &Seen::Input(&[b'x'; 512]));
            cast.saw(0.0, &Seen::Input(b"id\n"));
            cast.end(0.5, None);
            let lines = lines(&mut cast);
            assert_eq!(text(&lines, "i").len(), if input { 515 } else { 0 });
            let unread = if input { 0 } else { 515 };
            let archive = json!({"archive": {"files": 0, "direction": "up", "unread": unread}});
            let facts: Vec<_> = lines.iter().filter_map(fact).collect();
            assert_eq!(facts, [archive, json!({"ended": null})]);
        }
        // Who reads the content of a file may be no tar.
        for (input, said) in [(false, ""), (true, "id\n")] {
            let mut cast = cast(Facts { stdin: true, ..exec("tar -xmf -") }, input);
            cast.saw(0.0, &Seen::Input(&endless_file()));
            cast.take();
            cast.saw(0.0, &Seen::Input(b"id\n"));
            assert_eq!(text(&lines(&mut cast), "i"), said);
            cast.saw(0.0, &Seen::Output { stderr: false, bytes: b"uid=0(root)\n" });
            let answer = lines(&mut cast);
            assert_eq!(fact(&answer[0]).unwrap()["file"]["cut"], true);
            assert_eq!(text(&answer, "o"), "uid=0(root)\n");
        }
        // What no tar would be given by kubectl is input like any other.
        let command = "tar -xmf - --to-command=sh";
        let mut cast = cast(Facts { stdin: true, ..exec(command) }, true);
        cast.saw(0.0, &Seen::Input(b"id\n"));
        assert_eq!(text(&lines(&mut cast), "i"), "id\n");
    }

    #[test]
    fn each_connection_has_its_times_and_its_bytes() {
        let mut cast = cast(Facts { kind: "portforward".into(), ..Facts::default() }, false);
        let [first, second, third] =
            [(1, 80), (2, 80), (3, 81)].map(|(number, port)| Connection { number, port });
        cast.saw(1.0, &Seen::Connected(first));
        cast.saw(2.0, &Seen::Connected(second));
        cast.saw(2.0, &Seen::Forwarded { connection: first, up: 5, down: 0 });
        cast.saw(2.5, &Seen::Forwarded { connection: second, up: 0, down: 1 });
        cast.saw(3.0, &Seen::Forwarded { connection: first, up: 0, down: 7 });
        cast.saw(4.0, &Seen::Closed(first));
        cast.saw(5.0, &Seen::Refused(82));
        cast.saw(6.0, &Seen::Connected(third));
        cast.saw(7.0, &Seen::Closed(third));
        cast.saw(7.5, &Seen::Closed(third));
        cast.end(8.0, Some("ended by bob"));
        let lines = lines(&mut cast);
        let events: Vec<_> =
            lines.iter().filter_map(|line| Some((line[0].as_f64()?, fact(line)?))).collect();
        assert_eq!(
            events,
            [
                (1.0, json!({"port": 80, "connection": 1})),
                (2.0, json!({"port": 80, "connection": 2})),
                (4.0, json!({"port": 80, "connection": 1, "up": 5, "down": 7})),
                (5.0, json!({"port": 82, "refused": true})),
                (6.0, json!({"port": 81, "connection": 3})),
                (7.0, json!({"port": 81, "connection": 3, "up": 0, "down": 0})),
                (8.0, json!({"port": 80, "connection": 2, "up": 0, "down": 1})),
                (8.0, json!({"ended": "ended by bob"})),
            ]
        );
    }
}
