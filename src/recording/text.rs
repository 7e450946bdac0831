//! Text that comes in pieces, which may cut a character in two.

use std::borrow::Cow;

/// A character's longest beginning.
const MAX_CUT: usize = 3;

/// The text of one channel.
#[derive(Debug, Default)]
pub(super) struct Text(Vec<u8>);

impl Text {
    /// The next bytes as text, as far as their characters are complete. What is no UTF-8 is shown as
    /// U+FFFD, as terminals do.
    pub(super) fn push<'t>(&mut self, bytes: &'t [u8]) -> Cow<'t, str> {
        if self.0.is_empty()
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return Cow::Borrowed(text);
        }
        self.0.extend_from_slice(bytes);
        let cut = match std::str::from_utf8(&self.0) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.cut_at_end(),
            Ok(_) => self.0.len(),
        };
        let left = self.0.split_off(cut);
        Cow::Owned(text(std::mem::replace(&mut self.0, left)))
    }

    /// What is left at the end.
    pub(super) fn rest(&mut self) -> String {
        text(std::mem::take(&mut self.0))
    }

    /// Where a character begins that is cut by the end, behind bytes that are no text.
    fn cut_at_end(&self) -> usize {
        let length = self.0.len();
        let mut starts = (1..=MAX_CUT.min(length)).rev().map(|back| length - back);
        let is_cut = |start: &usize| {
            let tail = self.0.get(*start..).unwrap_or_default();
            std::str::from_utf8(tail)
                .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        };
        starts.find(is_cut).unwrap_or(length)
    }
}

/// Looks at each byte only where some are no text.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cuts_make_no_difference(text in ".{0,20}", size in 1..5_usize) {
            let mut whole = String::new();
            let mut pieces = Text::default();
            text.as_bytes().chunks(size).for_each(|piece| whole += &pieces.push(piece));
            prop_assert_eq!(whole + &pieces.rest(), text);
        }

        #[test]
        fn no_byte_is_kept_for_long(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut text = Text::default();
            text.push(&bytes);
            prop_assert!(text.0.len() <= MAX_CUT);
        }
    }
}
