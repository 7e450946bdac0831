//! Masks text as it streams: logs, and what goes through exec and attach.
//!
//! Two kinds of secrets are replaced: known values, those of the Secrets that the pod references,
//! in all [forms](forms) that programs print, by `[masked:NAME/KEY]`; and what detectors find, by
//! `[masked:DETECTOR]`.
//!
//! ```text
//! bytes → known (every known value, wherever it stands) → lines (detectors) → bytes
//! ```
//!
//! How the bytes are cut into chunks makes no difference: what may be the beginning of a secret is
//! held back until it is clear. Only when the caller lets go of it because time is up (see
//! [`TextMasker::release`]) the beginning of a secret gets out; the rest still does not. A hostile
//! program in a container can of course always write a secret so that nobody finds it.
//!
//! A text may be a part of a longer one, and begin and end in the middle of a known value ([`cut`]).

mod common;
mod cut;
mod forms;
mod known;
mod lines;
mod window;

use std::fmt;
use std::sync::Arc;

use known::{Known, KnownStage};
use lines::{Lines, LinesStage};
use window::{Label, Window};

use super::MaskReport;
use super::detect::Detectors;

/// How much is looked at at a time.
const SLICE_BYTES: usize = 32 << 10;

/// What one mask document asks for in text.
#[derive(Debug, Clone, Default)]
pub struct TextRule {
    /// The document's name, for the report.
    pub document: String,
    /// Whether the values of the Secrets that the pod references are masked.
    pub known_secrets: bool,
    /// What is masked wherever it stands.
    pub detectors: Detectors,
}

/// What is masked in the text of one request. With nothing, bytes pass unread.
#[derive(Debug, Clone, Default)]
pub struct TextRules {
    rules: Vec<TextRule>,
}

/// A value of a Secret. Does not show it.
#[derive(Clone)]
pub struct KnownValue {
    /// The Secret's name.
    pub secret: String,
    /// The key in it.
    pub key: String,
    /// The value, decoded.
    pub value: Vec<u8>,
}

/// What is looked for of known values, in all their forms, which takes a dozen times their room. It can be
/// shared by all streams that may hold the same ones.
pub struct KnownPatterns(Known);

impl KnownPatterns {
    /// Of these values, in this order. Those that are too short or too common are left out.
    pub fn of(values: &[KnownValue]) -> Self {
        let forms = values.iter().enumerate().flat_map(|(index, known)| {
            forms::forms(&known.value).into_iter().map(move |form| (form, index))
        });
        Self(Known::new(forms))
    }
}

impl fmt::Debug for KnownPatterns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KnownPatterns")
    }
}

/// Text rules and known values, compiled once for a stream or for many.
pub struct TextPlan {
    known: Option<(Arc<KnownPatterns>, Vec<Label>)>,
    /// One for each document with detectors.
    lines: Vec<Lines>,
    /// Whether a text may begin and end within a value.
    is_of_parts: bool,
}

/// Masks one stream of text.
#[derive(Debug)]
pub struct TextMasker {
    plan: Arc<TextPlan>,
    known: KnownStage,
    lines: Vec<LinesStage>,
}

impl TextRules {
    /// The rules of mask documents. A rule that asks for nothing is none.
    pub fn new(rules: impl IntoIterator<Item = TextRule>) -> Self {
        let asks = |rule: &TextRule| rule.known_secrets || !rule.detectors.is_empty();
        Self { rules: rules.into_iter().filter(asks).collect() }
    }

    /// Whether nothing is masked.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether [`Self::compile`] must be given the values of the pod's Secrets.
    pub fn needs_known_values(&self) -> bool {
        self.rules.iter().any(|rule| rule.known_secrets)
    }

    /// Compiles the rules and the values that are known.
    pub fn compile(&self, known: &[KnownValue]) -> TextPlan {
        self.compile_with(known, Arc::new(KnownPatterns::of(known)))
    }

    /// The same, with what is looked for of just these values in just this order.
    pub fn compile_with(&self, known: &[KnownValue], patterns: Arc<KnownPatterns>) -> TextPlan {
        let rule = self.rules.iter().find(|rule| rule.known_secrets);
        let detecting = self.rules.iter().filter(|rule| !rule.detectors.is_empty());
        let lines = detecting.map(|rule| Lines::new(&rule.document, rule.detectors.clone()));
        let rule = rule.filter(|_| !patterns.0.is_empty());
        TextPlan {
            known: rule.map(|rule| (patterns, labels(&rule.document, known))),
            lines: lines.collect(),
            is_of_parts: false,
        }
    }
}

fn labels(document: &str, values: &[KnownValue]) -> Vec<Label> {
    let label = |KnownValue { secret, key, .. }: &KnownValue| Label {
        text: format!("[masked:{secret}/{key}]"),
        document: document.to_owned(),
        keeps_length: false,
    };
    values.iter().map(label).collect()
}

impl TextPlan {
    /// The same for bytes in which places count, such as an archive: what is masked keeps its
    /// length, and is not named.
    #[must_use]
    pub fn keeping_length(mut self) -> Self {
        let known = self.known.iter_mut().flat_map(|(_, labels)| labels);
        for label in known.chain(self.lines.iter_mut().flat_map(Lines::labels_mut)) {
            label.keeps_length = true;
        }
        self
    }

    /// The same for streams of which each is a part of a longer text, such as a log from some line on:
    /// values that their beginning or their end [cuts in two](cut) are masked, too.
    #[must_use]
    pub fn of_parts(self) -> Self {
        Self { is_of_parts: true, ..self }
    }

    /// Begins a stream.
    pub fn masker(self: &Arc<Self>) -> TextMasker {
        let known = if self.is_of_parts { KnownStage::of_a_part() } else { KnownStage::default() };
        TextMasker { known, ..self.masker_of_a_whole() }
    }

    fn masker_of_a_whole(self: &Arc<Self>) -> TextMasker {
        let lines = self.lines.iter().map(|_| LinesStage::default()).collect();
        TextMasker { plan: Arc::clone(self), known: KnownStage::default(), lines }
    }

    /// Masks a text that is there as a whole.
    pub fn mask_str(self: &Arc<Self>, text: &str) -> (String, MaskReport) {
        let mut masked = Vec::with_capacity(text.len());
        let mut masker = self.masker_of_a_whole();
        masker.push(text.as_bytes(), &mut masked);
        let report = masker.finish(&mut masked);
        (String::from_utf8_lossy(&masked).into_owned(), report)
    }
}

impl TextMasker {
    /// Takes the next bytes and writes those that are clear by now, masked.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for slice in bytes.chunks(SLICE_BYTES) {
            let mut text = Vec::with_capacity(slice.len());
            match &self.plan.known {
                Some((known, labels)) => self.known.push(&known.0, labels, slice, &mut text),
                None => text.extend_from_slice(slice),
            }
            self.detect(text, false, out);
        }
    }

    /// Whether something is held back.
    pub fn is_holding(&self) -> bool {
        let lines = self.lines.iter().map(LinesStage::window);
        lines.chain([self.known.window()]).any(Window::is_holding)
    }

    /// Writes what is held back, for an interactive stream that must not wait longer. If it was
    /// the beginning of a secret, the rest of it is masked all the same.
    pub fn release(&mut self, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        if let Some((known, labels)) = &self.plan.known {
            self.known.release(&known.0, labels, &mut text);
        }
        self.detect(text, true, out);
    }

    /// Gives text through all detectors.
    fn detect(&mut self, mut text: Vec<u8>, released: bool, out: &mut Vec<u8>) {
        for (lines, stage) in self.plan.lines.iter().zip(&mut self.lines) {
            let mut masked = Vec::with_capacity(text.len());
            stage.push(lines, &text, &mut masked);
            if released {
                stage.release(lines, &mut masked);
            }
            text = masked;
        }
        out.append(&mut text);
    }

    /// Ends the stream: writes the rest, and says how much was masked.
    pub fn finish(mut self, out: &mut Vec<u8>) -> MaskReport {
        let mut text = Vec::new();
        if let Some((known, labels)) = &self.plan.known {
            self.known.finish(&known.0, labels, &mut text);
        }
        self.detect(text, true, out);
        let mut report = MaskReport::default();
        if let Some((_, labels)) = &self.plan.known {
            count(self.known.window(), labels, &mut report);
        }
        for (lines, stage) in self.plan.lines.iter().zip(&self.lines) {
            count(stage.window(), lines.labels(), &mut report);
        }
        report
    }
}

fn count(window: &Window, labels: &[Label], report: &mut MaskReport) {
    for (count, label) in window.counts().iter().zip(labels).filter(|(count, _)| **count > 0) {
        *report.masked.entry(label.document.clone()).or_default() += count;
    }
}

impl fmt::Debug for KnownValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KnownValue({}/{})", self.secret, self.key)
    }
}

impl fmt::Debug for TextPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.iter().flat_map(|(_, labels)| labels);
        let labels = known.chain(self.lines.iter().flat_map(Lines::labels));
        formatter.debug_set().entries(labels.map(|label| &label.text)).finish()
    }
}

#[cfg(test)]
mod tests;
