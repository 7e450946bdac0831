//! The bytes of a stream that are still looked at: what is held back, and before it what is out
//! already and only says what it belongs to.

use std::fmt;
use std::ops::Range;

/// Something to mask, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    pub range: Range<usize>,
    /// The index of its label.
    pub label: usize,
}

/// What stands in the place of a region.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// The placeholder.
    pub text: String,
    /// The mask document that asks for it.
    pub document: String,
    /// Whether as many bytes stand there as before, of which nothing is said: in an archive, all
    /// that follows would be in the wrong place.
    pub keeps_length: bool,
}

/// Stands for each byte of what keeps its length.
const FILLER: u8 = b'*';

#[derive(Default)]
pub(super) struct Window {
    buffer: Vec<u8>,
    /// How much of it is out.
    sent: usize,
    /// The label that stands last in what is out, if nothing came after it.
    tail: Option<usize>,
    /// How many regions were masked, by label.
    counts: Vec<u64>,
}

impl Window {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// How much of it is out.
    pub(super) fn sent(&self) -> usize {
        self.sent
    }

    pub(super) fn counts(&self) -> &[u64] {
        &self.counts
    }

    pub(super) fn is_holding(&self) -> bool {
        self.sent < self.buffer.len()
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Writes everything before `upto`, and of a region that goes beyond it all. Regions are
    /// sorted by their start; those that overlap, or touch and are the same, become one.
    pub(super) fn emit(
        &mut self,
        regions: &[Region],
        upto: usize,
        labels: &[Label],
        out: &mut Vec<u8>,
    ) {
        let open = |region: &&Region| region.range.start < upto;
        for Region { range, label } in regions.iter().take_while(open) {
            if range.end <= self.sent {
                continue;
            }
            self.emit_clear(range.start, out);
            let goes_on =
                self.tail == Some(*label) || (self.tail.is_some() && range.start < self.sent);
            let label_of = labels.get(*label);
            if label_of.is_some_and(|label| label.keeps_length) {
                out.resize(out.len() + range.end - range.start.max(self.sent), FILLER);
            } else if !goes_on {
                out.extend(label_of.map(|label| label.text.as_bytes()).unwrap_or_default());
            }
            if !goes_on {
                self.count(*label);
                self.tail = Some(*label);
            }
            self.sent = range.end;
        }
        self.emit_clear(upto, out);
    }

    fn emit_clear(&mut self, upto: usize, out: &mut Vec<u8>) {
        if let Some(clear) = self.buffer.get(self.sent..upto).filter(|clear| !clear.is_empty()) {
            out.extend_from_slice(clear);
            self.sent = upto;
            self.tail = None;
        }
    }

    fn count(&mut self, label: usize) {
        if self.counts.len() <= label {
            self.counts.resize(label + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(label) {
            *count += 1;
        }
    }

    /// Forgets everything before `from`. All of it must be out.
    pub(super) fn forget(&mut self, from: usize) {
        let from = from.min(self.sent);
        self.buffer.drain(..from);
        self.sent -= from;
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Window({} bytes, {} out)", self.buffer.len(), self.sent)
    }
}
