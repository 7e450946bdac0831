//! The text of each channel, masked by itself: a value is found however its pieces are framed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::mask::{MaskReport, TextMasker, TextPlan};

/// Maskers of the channels on which something came.
#[derive(Debug)]
pub(super) struct Texts {
    plan: Arc<TextPlan>,
    maskers: BTreeMap<u32, TextMasker>,
    report: MaskReport,
}

impl Texts {
    pub(super) fn new(plan: Arc<TextPlan>) -> Self {
        Self { plan, maskers: BTreeMap::new(), report: MaskReport::default() }
    }

    /// More text of a channel, as far as it is clear by now. What its user has typed himself is not
    /// held back, if nothing else is.
    pub(super) fn push(&mut self, channel: u32, text: &[u8], is_echo: bool) -> Vec<u8> {
        let masker = self.maskers.entry(channel).or_insert_with(|| self.plan.masker());
        let mut clear = Vec::with_capacity(text.len());
        let is_echo = is_echo && !masker.is_holding();
        masker.push(text, &mut clear);
        if is_echo {
            masker.release(&mut clear);
        }
        clear
    }

    /// What is held back of a channel, when it must not wait longer.
    pub(super) fn release(&mut self, channel: u32) -> Vec<u8> {
        let mut left = Vec::new();
        if let Some(masker) = self.maskers.get_mut(&channel) {
            masker.release(&mut left);
        }
        left
    }

    /// Ends a channel: what is left of its text.
    pub(super) fn end(&mut self, channel: u32) -> Vec<u8> {
        let mut left = Vec::new();
        let Some(masker) = self.maskers.remove(&channel) else { return left };
        for (document, count) in masker.finish(&mut left).masked {
            *self.report.masked.entry(document).or_default() += count;
        }
        left
    }

    /// The channels of which text is held back until it is clear.
    pub(super) fn holding(&self) -> Vec<u32> {
        let holding = self.maskers.iter().filter(|(_, masker)| masker.is_holding());
        holding.map(|(channel, _)| *channel).collect()
    }

    /// What was masked, once all channels have ended.
    pub(super) fn report(mut self) -> MaskReport {
        let channels: Vec<_> = self.maskers.keys().copied().collect();
        for channel in channels {
            self.end(channel);
        }
        self.report
    }
}

/// What somebody types ahead of its echo is never more.
const MAX_TYPED_BYTES: usize = 4 << 10;

/// What was typed at a terminal and has not come back yet.
#[derive(Debug, Default)]
pub(super) struct Typed(VecDeque<u8>);

impl Typed {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
        if self.0.len() > MAX_TYPED_BYTES {
            self.0.clear();
        }
    }

    /// Whether output is the echo of what was typed, and of that what comes next.
    pub(super) fn echoed(&mut self, output: &[u8]) -> bool {
        let is_echo =
            output.len() <= self.0.len() && self.0.iter().zip(output).all(|(a, b)| a == b);
        if is_echo {
            self.0.drain(..output.len());
        } else {
            self.0.clear();
        }
        is_echo
    }
}
