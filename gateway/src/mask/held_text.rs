//! The text of a log on its way to the client: its end is held back as long as it may be the beginning
//! of something to mask, until it is clear or time is up.
//!
//! What the client limits is the text that it gets, so it is cut here, where nothing in it needs to be
//! masked any more.

use std::future::Future as _;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use kguard::mask::{MaskReport, TextMasker};
use tokio::time::Sleep;

/// How long the end of a log is held back that may be the beginning of something to mask.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

/// A log that is masked.
pub(super) struct HeldText {
    masker: TextMasker,
    until: Option<Pin<Box<Sleep>>>,
    /// How many bytes the client still wants; no limit if none.
    wanted: Option<usize>,
}

impl HeldText {
    pub(super) fn new(masker: TextMasker, wanted: Option<usize>) -> Self {
        Self { masker, until: None, wanted }
    }

    /// Whether the client has all that it wants.
    pub(super) fn is_enough(&self) -> bool {
        self.wanted == Some(0)
    }

    /// Takes what the cluster sent, and writes what may be sent on.
    pub(super) fn push(&mut self, data: &[u8], out: &mut Vec<u8>) {
        self.masker.push(data, out);
        self.until = None;
        self.count(out);
    }

    /// Gives up what is held back once time is up.
    pub(super) fn poll_release(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) {
        if !self.masker.is_holding() {
            return;
        }
        let until = self.until.get_or_insert_with(|| Box::pin(tokio::time::sleep(LONGEST_HOLD)));
        if until.as_mut().poll(cx).is_ready() {
            self.until = None;
            self.masker.release(out);
            self.count(out);
        }
    }

    /// Writes what is left, and says what was masked.
    pub(super) fn finish(self, out: &mut Vec<u8>) -> MaskReport {
        let report = self.masker.finish(out);
        if let Some(wanted) = self.wanted {
            out.truncate(wanted);
        }
        report
    }

    fn count(&mut self, out: &mut Vec<u8>) {
        if let Some(wanted) = &mut self.wanted {
            out.truncate(*wanted);
            *wanted -= out.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kguard::mask::{KnownValue, TextRule, TextRules};

    use super::*;

    fn shown(wanted: Option<usize>, chunks: &[&str]) -> String {
        let rule = TextRule { document: "t".into(), known_secrets: true, ..TextRule::default() };
        let value = "hunter2xyz".into();
        let known = KnownValue { secret: "db".into(), key: "pw".into(), value };
        let plan = Arc::new(TextRules::new([rule]).compile(&[known]));
        let (mut text, mut out) = (HeldText::new(plan.masker(), wanted), Vec::new());
        for chunk in chunks {
            let mut clear = Vec::new();
            text.push(chunk.as_bytes(), &mut clear);
            out.append(&mut clear);
            if text.is_enough() {
                break;
            }
        }
        let mut left = Vec::new();
        text.finish(&mut left);
        out.append(&mut left);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_limit_cuts_what_is_masked_and_no_value() {
        let masked = "a=[masked:db/pw] b=[masked:db/pw]";
        for chunks in [&["a=hunter2xyz b=hunter2xyz"][..], &["a=hunt", "er2xy", "z b=hunter2xyz"]] {
            for limit in 1..40 {
                let expected = masked.get(..limit).unwrap_or(masked);
                assert_eq!(shown(Some(limit), chunks), expected, "{limit}");
            }
            assert_eq!(shown(None, chunks), masked);
        }
    }
}
