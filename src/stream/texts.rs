//! The text of each channel, masked by itself: a value is found however its pieces are framed.

use std::collections::BTreeMap;
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

    /// More text of a channel, as far as it is clear by now.
    pub(super) fn push(&mut self, channel: u32, text: &[u8]) -> Vec<u8> {
        let masker = self.maskers.entry(channel).or_insert_with(|| self.plan.masker());
        let mut clear = Vec::with_capacity(text.len());
        masker.push(text, &mut clear);
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
