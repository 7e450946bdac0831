//! Finds known values in a stream: thousands of patterns at the speed of memory.
//!
//! Every pattern has at least six bytes, so of any four bytes at every third place of the text one
//! lies within the first six of each occurrence. Only where those four are in a bitmap of all that
//! may be (one load and one multiplication, nothing that depends on what was before) the text is
//! looked at: first in a bitmap of the patterns' six first bytes, then in the sorted patterns.
//! Automata over as many patterns do not fit the cache, and vectors take only some dozens.

use std::fmt;

use super::common::MIN_VALUE_BYTES;
use super::cut::{Beginning, Look};
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

    /// The bytes of all forms.
    pub(super) fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.patterns.iter().map(|pattern| pattern.form.bytes.as_slice())
    }

    /// A form and its label, by its place among all.
    pub(super) fn form(&self, index: usize) -> Option<(&Form, usize)> {
        self.patterns.get(index).map(|pattern| (&pattern.form, pattern.label))
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
        let mut from = self.begun(text).map_or(end, |(start, _)| start);
        // What comes next may belong to what ends here.
        let unsure = |region: &&Region| region.range.end >= end;
        let unsure = if self.has_base64 { regions.iter().find(unsure) } else { None };
        from = unsure.map_or(from, |region| from.min(region.range.start));
        // So may what is in front, to what begins here.
        let in_front = from.checked_sub(1).filter(|_| self.has_base64);
        in_front.filter(|at| text.get(*at).is_some_and(|byte| is_base64(*byte))).unwrap_or(from)
    }

    /// Where the first pattern begins that the end of the text cuts in two.
    fn begun(&self, text: &[u8]) -> Option<(usize, &Pattern)> {
        let first = (text.len() + 1).saturating_sub(self.longest);
        (first..text.len()).find_map(|start| Some((start, self.begins(text.get(start..)?)?)))
    }

    fn begins(&self, text: &[u8]) -> Option<&Pattern> {
        if head(text).is_some_and(|of| !self.heads.has(of)) {
            return None;
        }
        let after = self.patterns.partition_point(|pattern| pattern.form.bytes.as_slice() <= text);
        self.patterns.get(after).filter(|pattern| pattern.form.bytes.starts_with(text))
    }

    /// What the end of the text cuts in two, if that is long enough to be told.
    fn cut_at_end(&self, text: &[u8]) -> Option<Region> {
        let (start, pattern) = self.begun(text)?;
        let is_long = text.len() - start >= MIN_VALUE_BYTES;
        is_long.then_some(Region { range: start..text.len(), label: pattern.label })
    }
}

/// Masks known values in a stream.
#[derive(Default)]
pub(super) struct KnownStage {
    window: Window,
    regions: Vec<Region>,
    /// Of a text that is part of a longer one.
    beginning: Option<Beginning>,
}

impl KnownStage {
    /// For a text that may begin, and end, within a value.
    pub(super) fn of_a_part() -> Self {
        Self { beginning: Some(Beginning::default()), ..Self::default() }
    }

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
        let pending = known.pending(self.window.bytes(), &self.regions);
        let mut upto = pending;
        match self.beginning(known) {
            Look::Open(_) => return,
            Look::Clear(Some(cut)) => {
                upto = upto.max(cut.range.end);
                self.begin_with(cut);
            }
            Look::Clear(None) => {}
        }
        self.window.emit(&self.regions, upto, labels, out);
        // What begins within the end of another value is still looked at.
        self.window.forget(pending);
    }

    /// Writes what is held back. It still counts as the beginning of what may follow.
    pub(super) fn release(&mut self, known: &Known, labels: &[Label], out: &mut Vec<u8>) {
        self.find(known);
        self.window.emit(&self.regions, self.window.bytes().len(), labels, out);
    }

    /// Writes what is held back of a text that ends here.
    pub(super) fn finish(&mut self, known: &Known, labels: &[Label], out: &mut Vec<u8>) {
        self.find(known);
        if self.beginning.is_some() {
            known.cut_at_end(self.window.bytes()).into_iter().for_each(|cut| self.add(cut));
        }
        self.window.emit(&self.regions, self.window.bytes().len(), labels, out);
    }

    /// What is found in the window as it is.
    fn find(&mut self, known: &Known) {
        known.scan(self.window.bytes(), &mut self.regions);
        if let Look::Open(Some(cut)) | Look::Clear(Some(cut)) = self.beginning(known) {
            self.begin_with(cut);
        }
    }

    fn beginning(&mut self, known: &Known) -> Look {
        match &mut self.beginning {
            Some(beginning) => beginning.look(known, self.window.bytes()),
            None => Look::Clear(None),
        }
    }

    /// It gives the name of all that begins where it does: it may be known earlier than the others.
    fn begin_with(&mut self, region: Region) {
        let at = self.regions.partition_point(|other| other.range.start < region.range.start);
        self.regions.insert(at, region);
    }

    fn add(&mut self, region: Region) {
        self.regions.push(region);
        self.regions.sort_by_key(|region| region.range.start);
    }
}

impl fmt::Debug for KnownStage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.window.fmt(formatter)
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
pub(super) fn tail(behind: &[u8]) -> usize {
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
