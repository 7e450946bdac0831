//! What a recording says besides output: the files of a copy, the ports of a port-forward, how it
//! ended.

use std::collections::BTreeMap;

use serde_json::Value;

use super::What;
use crate::ui::clean;

/// More lines of a kind than anybody reads.
const MAX_LINES: usize = 200;

/// What there is to say in the end, of the events so far.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    files: Lines,
    /// How many files the recording lists.
    listed: u64,
    /// What it does not list of a copy.
    archive: Vec<String>,
    ports: BTreeMap<u16, Port>,
    /// The gateway saw it to its end.
    has_end: bool,
    /// Why it did not end by itself.
    ended: Option<String>,
    exit: Option<String>,
}

/// All connections to a port.
#[derive(Debug, Default)]
struct Port {
    connections: u64,
    refused: u64,
    up: u64,
    down: u64,
}

/// Lines of a kind, up to what anybody reads.
#[derive(Debug, Default)]
struct Lines {
    lines: Vec<String>,
    left_out: u64,
}

impl Summary {
    pub(crate) fn note(&mut self, what: &What) {
        match what {
            What::Exit(status) => {
                self.has_end = true;
                self.exit = Some(status.clone());
            }
            What::Fact(fact) => self.note_fact(fact),
            What::Output(_) | What::Resize(..) | What::Other => {}
        }
    }

    /// Whether it was seen how the stream ended.
    pub(crate) fn has_end(&self) -> bool {
        self.has_end
    }

    /// Line by line, harmless for a terminal.
    pub(crate) fn lines(&self) -> Vec<String> {
        let ports = self.ports.iter().map(|(number, port)| port.line(*number)).collect::<Lines>();
        let ended = self.ended.iter().map(|why| format!("ended: {why}"));
        let exit = self.exit.iter().map(|status| match status.parse::<i64>() {
            Ok(_) => format!("exit status {status}"),
            Err(_) => format!("failed: {status}"),
        });
        let lines = self.files.all().chain(self.archive.iter().cloned()).chain(ports.all());
        lines.chain(ended).chain(exit).map(|line| clean(&line).into_owned()).collect()
    }

    /// What is not known to this version is passed over.
    fn note_fact(&mut self, fact: &Value) {
        if let Some(why) = fact.get("ended") {
            self.has_end = true;
            self.ended = why.as_str().map(str::to_owned);
        } else if let Some(line) = fact.get("file").and_then(file) {
            self.listed += 1;
            self.files.push(line);
        } else if let Some(archive) = fact.get("archive") {
            self.archive = not_listed(archive, self.listed);
        } else if let Some(port) = fact.get("port").and_then(Value::as_u64)
            && let Ok(port) = u16::try_from(port)
        {
            self.ports.entry(port).or_default().note(fact);
        }
    }
}

/// A file of a copy in a line.
fn file(file: &Value) -> Option<String> {
    let text = |name: &str| file.get(name).and_then(Value::as_str);
    let direction = match text("direction") {
        Some("down") => "copied out of the pod:",
        Some("up") => "copied into the pod:",
        _ => "copied:",
    };
    let bytes = file.get("bytes").and_then(Value::as_u64);
    let bytes = bytes.map(|bytes| format!(", {bytes} bytes")).unwrap_or_default();
    let is_cut = file.get("cut").and_then(Value::as_bool) == Some(true);
    let cut = if is_cut { ", cut off" } else { "" };
    let sha256 = text("sha256").map(|hash| format!(", sha256 {hash}")).unwrap_or_default();
    let link = text("link").map(|to| format!(" -> {to}")).unwrap_or_default();
    Some(format!("{direction} {}{link}{bytes}{cut}{sha256}", text("name")?))
}

/// What the recording does not list of a copy, after so many files.
fn not_listed(archive: &Value, listed: u64) -> Vec<String> {
    let count = |name: &str| archive.get(name).and_then(Value::as_u64).unwrap_or_default();
    let (files, unread) = (count("files"), count("unread"));
    let more = (files > listed).then(|| {
        format!("copied: {files} files in all, of which the recording lists the first {listed}")
    });
    let unread = (unread > 0)
        .then(|| format!("not recorded: {unread} bytes of input that are of no archive"));
    more.into_iter().chain(unread).collect()
}

impl Port {
    /// Takes note of a connection that is opened, that ends or that is refused.
    fn note(&mut self, fact: &Value) {
        let count = |name: &str| fact.get(name).and_then(Value::as_u64);
        if fact.get("refused").and_then(Value::as_bool) == Some(true) {
            self.refused += 1;
        } else if let (Some(up), Some(down)) = (count("up"), count("down")) {
            self.up = self.up.saturating_add(up);
            self.down = self.down.saturating_add(down);
        } else {
            self.connections += 1;
        }
    }

    fn line(&self, number: u16) -> String {
        let Self { connections, refused, up, down } = self;
        let many = if *connections == 1 { "connection" } else { "connections" };
        let is_used = *connections > 0 || *refused == 0;
        let carried =
            is_used.then(|| format!("{connections} {many}, {up} bytes up, {down} bytes down"));
        let refused = (*refused > 0).then(|| format!("{refused} refused"));
        let said: Vec<_> = carried.into_iter().chain(refused).collect();
        format!("port {number}: {}", said.join(", "))
    }
}

impl Lines {
    fn push(&mut self, line: String) {
        if self.lines.len() < MAX_LINES {
            self.lines.push(line);
        } else {
            self.left_out += 1;
        }
    }

    fn all(&self) -> impl Iterator<Item = String> {
        let more = (self.left_out > 0).then(|| format!("… and {} more", self.left_out));
        self.lines.iter().cloned().chain(more)
    }
}

impl FromIterator<String> for Lines {
    fn from_iter<I: IntoIterator<Item = String>>(lines: I) -> Self {
        let mut all = Self::default();
        lines.into_iter().for_each(|line| all.push(line));
        all
    }
}
