//! Finds known values in a stream: thousands of patterns at the speed of memory.
//!
//! Every pattern has at least six bytes, so of any four bytes at every third place of the text one
//! lies within the first six of each occurrence. Only where those four are in a bitmap of all that
//! may be (one load and one multiplication, nothing that depends on what was before) the text is
//! looked at: first in a bitmap of the patterns' six first bytes, then in the sorted patterns.
//! Automata over as many patterns do not fit the cache, and vectors take only some dozens.

use super::common::MIN_VALUE_BYTES;
use super::forms::Form;
use super::window::{Label, Region, Window};

/// The bytes whose hash says whether a pattern may be there.
const BLOCK: usize = 4;
/// How far blocks are apart: the first six bytes of a pattern hold one, wherever it starts.
const STRIDE: usize = MIN_VALUE_BYTES - BLOCK + 1;
/// Bits per entry of a bitmap, so that few are set by chance.
const BITS_PER_ENTRY: usize = 32;

/// The patterns, compiled. No `Debug`: they are the secrets.
pub(super) struct Known {
    /// Sorted, each once.
    patterns: Vec<Pattern>,
    blocks: Bitmap,
    heads: Bitmap,
    longest: usize,
    has_base64: bool,
}

struct Pattern {
    form: Form,
    label: usize,
    /// The longest other pattern that it starts with.
    parent: Option<usize>,
}

impl Known {
    /// Compiles forms with their labels. Of equal forms the first counts.
    pub(super) fn new(forms: impl Iterator<Item = (Form, usize)>) -> Self {
        let long = forms.filter(|(form, _)| form.bytes.len() >= MIN_VALUE_BYTES);
        let mut patterns: Vec<Pattern> =
            long.map(|(form, label)| Pattern { form, label, parent: None }).collect();
        patterns.sort_by(|a, b| a.form.bytes.cmp(&b.form.bytes));
        patterns.dedup_by(|next, first| {
            let same = next.form.bytes == first.form.bytes;
            first.form.before |= same && next.form.before;
            first.form.after |= same && next.form.after;
            same
        });
        link(&mut patterns);
        let mut blocks = Bitmap::new(patterns.len() * STRIDE);
        let mut heads = Bitmap::new(patterns.len());
        for Pattern { form, .. } in &patterns {
            for of in form.bytes.windows(BLOCK).take(STRIDE).filter_map(block) {
                blocks.set(of);
            }
            if let Some(of) = head(&form.bytes) {
                heads.set(of);
            }
        }
        let longest = patterns.iter().map(|pattern| pattern.form.bytes.len()).max().unwrap_or(0);
        let has_base64 = patterns.iter().any(|pattern| pattern.form.before || pattern.form.after);
        Self { patterns, blocks, heads, longest, has_base64 }
    }

    /// Whether there are no patterns.
    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Every place where a pattern is, the longest one for each start, sorted by start.
    fn scan(&self, text: &[u8], regions: &mut Vec<Region>) {
        regions.clear();
        let mut at = STRIDE - 1;
        while let Some(block) = text.get(at..).and_then(block) {
            if self.blocks.has(block) {
                let starts = at + 1 - STRIDE..=at;
                regions.extend(starts.filter_map(|start| self.region(text, start)));
            }
            at += STRIDE;
        }
    }

    fn region(&self, text: &[u8], start: usize) -> Option<Region> {
        let rest = text.get(start..)?;
        let pattern = head(rest).filter(|of| self.heads.has(*of)).and_then(|_| self.at(rest))?;
        let Form { bytes, before, after } = &pattern.form;
        let in_front = start.checked_sub(1).and_then(|front| text.get(front));
        let own = usize::from(*before && in_front.is_some_and(|byte| is_base64(*byte)));
        let behind = rest.get(bytes.len()..).filter(|_| *after).map_or(0, tail);
        Some(Region { range: start - own..start + bytes.len() + behind, label: pattern.label })
    }

    /// The longest pattern that the text starts with: it is the last one that is not greater than
    /// the text, or something that this one starts with.
    fn at(&self, text: &[u8]) -> Option<&Pattern> {
        let after = self.patterns.partition_point(|pattern| pattern.form.bytes.as_slice() <= text);
        let mut pattern = self.patterns.get(after.checked_sub(1)?)?;
        let common = pattern.form.bytes.iter().zip(text).take_while(|(a, b)| a == b).count();
        while pattern.form.bytes.len() > common {
            pattern = self.patterns.get(pattern.parent?)?;
        }
        Some(pattern)
    }

    /// Where the end of the text starts that may be the beginning of a pattern, or of the rest of
    /// one that was found.
    fn pending(&self, text: &[u8], regions: &[Region]) -> usize {
        let end = text.len();
        let first = (end + 1).saturating_sub(self.longest);
        let begun = (first..end).find(|start| text.get(*start..).is_some_and(|of| self.begins(of)));
        let mut from = begun.unwrap_or(end);
        // What comes next may belong to what ends here.
        let unsure = |region: &&Region| region.range.end >= end;
        let unsure = if self.has_base64 { regions.iter().find(unsure) } else { None };
        from = unsure.map_or(from, |region| from.min(region.range.start));
        // So may what is in front, to what begins here.
        let in_front = from.checked_sub(1).filter(|_| self.has_base64);
        in_front.filter(|at| text.get(*at).is_some_and(|byte| is_base64(*byte))).unwrap_or(from)
    }

    fn begins(&self, text: &[u8]) -> bool {
        if head(text).is_some_and(|of| !self.heads.has(of)) {
            return false;
        }
        let after = self.patterns.partition_point(|pattern| pattern.form.bytes.as_slice() <= text);
        self.patterns.get(after).is_some_and(|pattern| pattern.form.bytes.starts_with(text))
    }
}

/// Masks known values in a stream.
#[derive(Debug, Default)]
pub(super) struct KnownStage {
    window: Window,
    regions: Vec<Region>,
}

impl KnownStage {
    pub(super) fn window(&self) -> &Window {
        &self.window
    }

    pub(super) fn push(
        &mut self,
        known: &Known,
        labels: &[Label],
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) {
        self.window.extend(bytes);
        known.scan(self.window.bytes(), &mut self.regions);
        let upto = known.pending(self.window.bytes(), &self.regions);
        self.window.emit(&self.regions, upto, labels, out);
        self.window.forget(upto);
    }

    /// Writes what is held back. It still counts as the beginning of what may follow.
    pub(super) fn release(&mut self, known: &Known, labels: &[Label], out: &mut Vec<u8>) {
        known.scan(self.window.bytes(), &mut self.regions);
        self.window.emit(&self.regions, self.window.bytes().len(), labels, out);
    }
}

/// Sets the parents of sorted patterns.
fn link(patterns: &mut [Pattern]) {
    let mut open: Vec<usize> = Vec::new();
    for index in 0..patterns.len() {
        let parent = loop {
            let Some(last) = open.last().copied() else { break None };
            let (Some(outer), Some(inner)) = (patterns.get(last), patterns.get(index)) else {
                break None;
            };
            if inner.form.bytes.starts_with(&outer.form.bytes) {
                break Some(last);
            }
            open.pop();
        };
        if let Some(pattern) = patterns.get_mut(index) {
            pattern.parent = parent;
        }
        open.push(index);
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

/// How many bytes of what follows belong to base64 that was found.
fn tail(behind: &[u8]) -> usize {
    let last = usize::from(behind.first().is_some_and(|byte| is_base64(*byte)));
    let padding = behind.iter().skip(last).take(2).take_while(|byte| **byte == b'=').count();
    last + padding
}

fn block(text: &[u8]) -> Option<u64> {
    text.first_chunk::<BLOCK>().map(|bytes| u64::from(u32::from_le_bytes(*bytes)))
}

fn head(text: &[u8]) -> Option<u64> {
    let mut bytes = [0; 8];
    *bytes.first_chunk_mut()? = *text.first_chunk::<MIN_VALUE_BYTES>()?;
    Some(u64::from_le_bytes(bytes))
}

/// A set of hashes; says yes to what is in it, and rarely to what is not.
struct Bitmap {
    words: Vec<u64>,
    shift: u32,
}

impl Bitmap {
    /// Between a kilobyte, and what a core's own cache holds.
    fn new(entries: usize) -> Self {
        let bits = (entries * BITS_PER_ENTRY).next_power_of_two().clamp(1 << 13, 1 << 22);
        Self { words: vec![0; bits / 64], shift: u64::BITS - bits.trailing_zeros() }
    }

    fn place(&self, of: u64) -> (usize, u64) {
        let hash = of.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        let word = usize::try_from(hash >> 6).unwrap_or_default();
        (word, 1 << (hash & 63))
    }

    fn set(&mut self, of: u64) {
        let (word, bit) = self.place(of);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    #[inline]
    fn has(&self, of: u64) -> bool {
        let (word, bit) = self.place(of);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }
}
