//! Values that the beginning or the end of a text cuts in two.
//!
//! A log may be asked for from any line on, or any moment, and a line of the container runtime is at
//! most 16 KiB of what a program wrote, wherever that is cut; whoever attaches sees what comes then.
//! So what stands at the very beginning of such a text, behind the time stamp if it has one, is hidden
//! if a known value ends with it, in whatever form; and what stands at its very end if one begins with
//! it. That is: at least six bytes of it, like of any value. Fewer stand there by chance, and
//! tell next to nothing.

use super::common::MIN_VALUE_BYTES;
use super::forms::Form;
use super::known::{Known, tail};
use super::window::Region;

/// The longest time stamp (RFC 3339, with nanoseconds and an offset) and the space behind it.
const MAX_STAMP_BYTES: usize = 36;

/// The beginning of a text, until it is clear what of it is the end of a value.
#[derive(Default)]
pub(super) enum Beginning {
    /// Nothing can be said yet.
    #[default]
    Unseen,
    /// What it may be the end of.
    Among(Vec<Rest>),
    /// It is clear.
    Clear,
}

/// The rest of a form, from some place in it on.
pub(super) struct Rest {
    /// The index of the form.
    form: usize,
    from: usize,
}

/// What is known of a beginning.
pub(super) enum Look {
    /// What comes next may tell more than this.
    Open(Option<Region>),
    /// Nothing else is to be said.
    Clear(Option<Region>),
}

impl Beginning {
    /// Looks at a text that is there from its very beginning.
    pub(super) fn look(&mut self, known: &Known, text: &[u8]) -> Look {
        if matches!(self, Self::Clear) {
            return Look::Clear(None);
        }
        let Some(start) = stamp(text).filter(|start| text.len() >= start + MIN_VALUE_BYTES) else {
            return Look::Open(None);
        };
        let begun = text.get(start..).unwrap_or_default();
        if matches!(self, Self::Unseen) {
            *self = Self::Among(rests(known, begun));
        }
        let Self::Among(rests) = self else { return Look::Clear(None) };
        let mut is_open = false;
        let mut longest = None;
        rests.retain(|Rest { form, from }| {
            let Some((Form { bytes, after, .. }, label)) = known.form(*form) else { return false };
            let rest = bytes.get(*from..).unwrap_or_default();
            if rest.iter().zip(begun).any(|(a, b)| a != b) {
                return false;
            }
            let behind = begun.get(rest.len()..).unwrap_or_default();
            let length = rest.len().min(begun.len()) + if *after { tail(behind) } else { 0 };
            is_open |= begun.len() < rest.len() || *after && behind.len() <= tail(behind);
            longest = longest.max(Some((length, label)));
            true
        });
        let region = longest.map(|(length, label)| Region { range: start..start + length, label });
        if is_open {
            return Look::Open(region);
        }
        *self = Self::Clear;
        Look::Clear(region)
    }
}

/// All that a text of at least six bytes may be the end of. Looked for once in a text's life.
fn rests(known: &Known, begun: &[u8]) -> Vec<Rest> {
    let head = begun.get(..MIN_VALUE_BYTES).unwrap_or(begun);
    let finder = memchr::memmem::Finder::new(head);
    let mut rests = Vec::new();
    for (form, bytes) in known.all().enumerate() {
        let mut from = 0;
        // The whole form is found anyway.
        while let Some(at) = bytes.get(from + 1..).and_then(|rest| finder.find(rest)) {
            from += 1 + at;
            rests.push(Rest { form, from });
        }
    }
    rests
}

/// Where the text begins, behind a time stamp, that of the log or the program's own; none as long as
/// that is not known.
fn stamp(text: &[u8]) -> Option<usize> {
    let of_stamp = |byte: &u8| byte.is_ascii_digit() || b"-:.+TZ".contains(byte);
    let length = text.iter().take_while(|byte| of_stamp(byte)).count();
    let is_date = text.iter().take(11).zip(b"dddd-dd-ddT").all(|(byte, kind)| match kind {
        b'd' => byte.is_ascii_digit(),
        kind => byte == kind,
    });
    match text.get(length) {
        _ if !is_date || length >= MAX_STAMP_BYTES => Some(0),
        None => None,
        Some(b' ') if length > 11 => Some(length + 1),
        Some(_) => Some(0),
    }
}
