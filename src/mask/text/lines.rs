//! Finds what detectors know, line by line.
//!
//! What is found may depend on what stands around it, so the text is cut in places that the text
//! itself says, and not the chunks: at the end of each line, and in a very long line where nothing
//! that is found can be cut in two. Of what came before in such a line, some is looked at again.
//!
//! Only private keys go over several lines. From the line that begins one everything is hidden up to
//! the line that ends it. If that never comes, it is hidden as long as a key can be, and then as long
//! as lines still look like one.
//!
//! A line that has not ended yet is held back, but only its last word if there is nothing in it.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use super::window::{Label, Region, Window};
use crate::mask::detect::{BuiltIn, Detectors, Found};

/// A longer line is cut.
const MAX_LINE_BYTES: usize = 4 << 10;
/// Of a line that is cut, what the rest of it is looked at with.
const CONTEXT_BYTES: usize = 256;
/// No private key is longer.
const MAX_KEY_BYTES: usize = 16 << 10;
/// A line of base64 of at least this length may be part of a key.
const MIN_KEY_LINE_BYTES: usize = 32;
const KEY_END: &[u8] = b"-----END ";
const KEY_KIND: &[u8] = b"PRIVATE KEY";
const DASHES: &[u8] = b"-----";
/// How what was masked before begins.
const PLACEHOLDER: &[u8] = b"[masked:";

/// The detectors of one mask document, and what stands in the place of what they find.
#[derive(Debug)]
pub(super) struct Lines {
    detectors: Detectors,
    /// One for each detector.
    labels: Vec<Label>,
    /// Whether what is found may have spaces, or depend on where a line begins and ends.
    undivided: bool,
}

/// Masks what detectors find in a stream.
#[derive(Debug, Default)]
pub(super) struct LinesStage {
    window: Window,
    /// Where in the window the line begins that is not done yet, or the part of it.
    start: usize,
    /// Where what it is looked at with begins.
    context: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Outside,
    /// Something was found at the very place where a line was cut, and goes on.
    Token { label: usize },
    /// A private key has begun, this many bytes ago.
    Key { label: usize, bytes: usize },
}

/// Where a line ends, or the part of it that is looked at.
#[derive(Clone, Copy)]
struct End {
    at: usize,
    is_cut: bool,
}

impl Lines {
    pub(super) fn new(document: &str, detectors: Detectors) -> Self {
        let label = |name: &str| Label {
            text: format!("[masked:{name}]"),
            document: document.to_owned(),
            keeps_length: false,
        };
        let labels = detectors.names().map(label).collect();
        let undivided = detectors.names().any(|name| name.parse::<BuiltIn>().is_err());
        Self { detectors, labels, undivided }
    }

    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }

    pub(super) fn labels_mut(&mut self) -> &mut [Label] {
        &mut self.labels
    }

    /// Adds what is found in a part of the window. A placeholder is nothing to hide.
    fn find(&self, window: &Window, part: Range<usize>, regions: &mut Vec<Region>) {
        let text = window.bytes().get(part.clone()).unwrap_or_default();
        for Found { range, detector } in self.detectors.find(text) {
            let found = text.get(range.clone()).unwrap_or_default();
            let label = self.detectors.names().position(|name| *name == *detector);
            if let Some(label) = label.filter(|_| !found.starts_with(PLACEHOLDER)) {
                let range = part.start + range.start..part.start + range.end;
                regions.push(Region { range, label });
            }
        }
    }
}

impl LinesStage {
    pub(super) fn window(&self) -> &Window {
        &self.window
    }

    pub(super) fn push(&mut self, lines: &Lines, bytes: &[u8], out: &mut Vec<u8>) {
        self.window.extend(bytes);
        let mut suspects = self.suspects(lines).into_iter().peekable();
        while let Some(end) = self.line_end() {
            while suspects.next_if(|suspect| suspect.end <= self.start).is_some() {}
            let suspect = suspects.peek().is_some_and(|suspect| suspect.start < end.at);
            if suspect || lines.undivided || !matches!(self.state, State::Outside) {
                self.line(lines, end, out);
            }
            self.next(end);
        }
        self.window.emit(&[], self.start, &lines.labels, out);
        self.last_words(lines, out);
        let done = self.context;
        self.window.forget(done);
        (self.start, self.context) = (self.start - done, 0);
    }

    /// Writes what is held back. It still counts as the beginning of what may follow.
    pub(super) fn release(&mut self, lines: &Lines, out: &mut Vec<u8>) {
        let end = self.window.bytes().len();
        let (regions, _) = self.regions(lines, End { at: end, is_cut: false });
        self.window.emit(&regions, end, &lines.labels, out);
    }

    /// What is found in all lines that are complete, in one go: a line without any of it has
    /// nothing. What is in the others is found line by line.
    fn suspects(&self, lines: &Lines) -> Vec<Range<usize>> {
        let bytes = self.window.bytes();
        let end = memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
        let end =
            end.max(self.start + (bytes.len() - self.start) / MAX_LINE_BYTES * MAX_LINE_BYTES);
        match bytes.get(self.context..end) {
            Some(block) if !lines.undivided && end > self.start => {
                let shifted =
                    |found: Found| self.context + found.range.start..self.context + found.range.end;
                lines.detectors.find(block).into_iter().map(shifted).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Where the line ends; none as long as that is not known.
    fn line_end(&self) -> Option<End> {
        let rest = self.window.bytes().get(self.start..)?;
        let line = rest.get(..MAX_LINE_BYTES).unwrap_or(rest);
        match memchr(b'\n', line) {
            Some(newline) => Some(End { at: self.start + newline + 1, is_cut: false }),
            None if line.len() < MAX_LINE_BYTES => None,
            None => Some(End { at: self.start + cut(line), is_cut: true }),
        }
    }

    fn line(&mut self, lines: &Lines, end: End, out: &mut Vec<u8>) {
        let (regions, state) = self.regions(lines, end);
        self.state = state;
        self.window.emit(&regions, end.at, &lines.labels, out);
    }

    fn next(&mut self, end: End) {
        let context = if end.is_cut { end.at.saturating_sub(CONTEXT_BYTES) } else { end.at };
        (self.start, self.context) = (end.at, context.max(self.context));
    }

    /// What to hide before `end`, and what follows from it for what comes then.
    fn regions(&self, lines: &Lines, end: End) -> (Vec<Region>, State) {
        let bytes = self.window.bytes();
        let text = |part: Range<usize>| bytes.get(part).unwrap_or_default();
        let (mut regions, mut from) = (Vec::new(), self.context);
        match self.state {
            State::Key { label, bytes }
                if bytes < MAX_KEY_BYTES || is_of_key(text(self.start..end.at)) =>
            {
                let ended = key_end(text(self.context..end.at)).map(|at| self.context + at);
                let Some(ended) = ended.filter(|at| *at > self.start) else {
                    let range = self.start..end.at;
                    let bytes = bytes + range.len();
                    return (vec![Region { range, label }], State::Key { label, bytes });
                };
                regions.push(Region { range: self.start..ended, label });
                from = ended;
            }
            State::Token { label } => {
                let rest = text(self.start..end.at).iter();
                let ended = self.start + rest.take_while(|byte| is_of_token(**byte)).count();
                let range = self.start..ended;
                if ended == end.at {
                    return (vec![Region { range, label }], self.state);
                }
                regions.push(Region { range, label });
            }
            State::Key { .. } | State::Outside => {}
        }
        lines.find(&self.window, from..end.at, &mut regions);
        regions.sort_by_key(|region| region.range.start);
        let at_end = regions.last().filter(|region| region.range.end == end.at);
        let state = at_end.map_or(State::Outside, |Region { range, label }| {
            let found = text(range.clone());
            if found.starts_with(DASHES) && key_end(found) != Some(found.len()) {
                State::Key { label: *label, bytes: found.len() }
            } else if end.is_cut {
                State::Token { label: *label }
            } else {
                State::Outside
            }
        });
        (regions, state)
    }

    /// Of a line that has not ended, all but the last word passes if there is nothing in it: what
    /// the built-in detectors hide has no spaces, but for private keys.
    fn last_words(&mut self, lines: &Lines, out: &mut Vec<u8>) {
        let outside = matches!(self.state, State::Outside);
        let bytes = self.window.bytes();
        let line = bytes.get(self.context..).unwrap_or_default();
        if lines.undivided || !outside || memmem::find(line, DASHES).is_some() {
            return;
        }
        let Some(space) = bytes.iter().rposition(u8::is_ascii_whitespace) else { return };
        let passes = space >= self.window.sent() && {
            let words = bytes.get(self.context..=space).unwrap_or_default();
            lines.detectors.find(words).is_empty()
        };
        if passes {
            self.window.emit(&[], space + 1, &lines.labels, out);
        }
    }
}

/// Where to cut a line that is too long: where no token, and no frame of a key, can be cut in two,
/// or at least no token, or anywhere.
fn cut(line: &[u8]) -> usize {
    let half = line.len() / 2;
    let between =
        |of: fn(u8) -> bool| line.iter().rposition(|byte| of(*byte)).filter(|at| *at >= half);
    let apart = between(|byte| !is_of_token(byte) && byte != b' ');
    apart.or_else(|| between(|byte| byte == b' ')).map_or(line.len(), |at| at + 1)
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte)
}

/// Where a private key ends that ends in this text.
fn key_end(text: &[u8]) -> Option<usize> {
    memmem::find_iter(text, KEY_END).find_map(|at| {
        let kind = at + KEY_END.len();
        let length = memmem::find(text.get(kind..)?, DASHES)?;
        let ends = memmem::find(text.get(kind..kind + length)?, KEY_KIND).is_some();
        ends.then_some(kind + length + DASHES.len())
    })
}

/// Whether a line has a run of base64 as long as those of keys.
fn is_of_key(line: &[u8]) -> bool {
    let of_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    line.split(|byte| !of_base64(byte)).any(|run| run.len() >= MIN_KEY_LINE_BYTES)
}
