//! What a recording says besides output: the files of a copy, the ports of a port-forward, how it
//! ended.

use serde_json::Value;

use super::What;
use crate::ui::clean;

/// More lines than anybody reads.
const MAX_LINES: usize = 200;

/// What there is to say in the end, of the events so far.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    lines: Vec<String>,
    left_out: u64,
    /// The gateway saw it to its end.
    has_end: bool,
    /// Why it did not end by itself.
    ended: Option<String>,
    exit: Option<String>,
}

impl Summary {
    pub(crate) fn note(&mut self, what: &What) {
        match what {
            What::Exit(status) => {
                self.has_end = true;
                self.exit = Some(status.clone());
            }
            What::Fact(fact) => {
                if let Some(why) = fact.get("ended") {
                    self.has_end = true;
                    self.ended = why.as_str().map(str::to_owned);
                } else if let Some(line) = line(fact) {
                    self.push(line);
                }
            }
            What::Output(_) | What::Resize(..) | What::Other => {}
        }
    }

    /// Whether it was seen how the stream ended.
    pub(crate) fn has_end(&self) -> bool {
        self.has_end
    }

    /// Line by line, harmless for a terminal.
    pub(crate) fn lines(&self) -> Vec<String> {
        let more = (self.left_out > 0).then(|| format!("… and {} more", self.left_out));
        let ended = self.ended.iter().map(|why| format!("ended: {why}"));
        let exit = self.exit.iter().map(|status| match status.parse::<i64>() {
            Ok(_) => format!("exit status {status}"),
            Err(_) => format!("failed: {status}"),
        });
        let lines = self.lines.iter().cloned().chain(more).chain(ended).chain(exit);
        lines.map(|line| clean(&line).into_owned()).collect()
    }

    fn push(&mut self, line: String) {
        if self.lines.len() < MAX_LINES {
            self.lines.push(line);
        } else {
            self.left_out += 1;
        }
    }
}

/// A fact in a line; none for what is no news, or not known to this version.
fn line(fact: &Value) -> Option<String> {
    if let Some(file) = fact.get("file") {
        let text = |name: &str| file.get(name).and_then(Value::as_str);
        let direction = match text("direction") {
            Some("down") => "copied out of the pod:",
            Some("up") => "copied into the pod:",
            _ => "copied:",
        };
        let bytes = file.get("bytes").and_then(Value::as_u64);
        let bytes = bytes.map(|bytes| format!(", {bytes} bytes")).unwrap_or_default();
        let sha256 = text("sha256").map(|hash| format!(", sha256 {hash}")).unwrap_or_default();
        let link = text("link").map(|to| format!(" -> {to}")).unwrap_or_default();
        return Some(format!("{direction} {}{link}{bytes}{sha256}", text("name")?));
    }
    if let Some(why) = fact.get("archive").and_then(Value::as_str) {
        return Some(format!("what was copied {why}"));
    }
    let port = fact.get("port")?.as_u64()?;
    if fact.get("refused").and_then(Value::as_bool) == Some(true) {
        return Some(format!("port {port}: refused"));
    }
    // Without numbers a connection begins; the sum of them all comes in the end.
    let count = |name: &str| fact.get(name).and_then(Value::as_u64);
    Some(format!("port {port}: {} bytes up, {} bytes down", count("up")?, count("down")?))
}
