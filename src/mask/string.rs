//! The text of JSON strings, and how it is spelled.

use std::borrow::Cow;

/// The text of a validated string.
pub(super) fn decode(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(String::from_utf8(decode_lossy(raw.as_bytes())).unwrap_or_default())
}

/// Any text with the escapes of JSON strings resolved.
pub(super) fn decode_lossy(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    for piece in Pieces::new(raw) {
        match piece {
            Piece::Plain(run) => text.extend_from_slice(run),
            Piece::Escape { character, .. } => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    text
}

/// A run of plain bytes, or one escaped character, of a validated string.
pub(super) enum Piece<'t> {
    Plain(&'t [u8]),
    Escape { raw_length: usize, character: char },
}

impl Piece<'_> {
    /// The lengths as written and as meant.
    pub(super) fn lengths(&self) -> (usize, usize) {
        match self {
            Self::Plain(run) => (run.len(), run.len()),
            Self::Escape { raw_length, character } => (*raw_length, character.len_utf8()),
        }
    }
}

/// The pieces of a validated string.
pub(super) struct Pieces<'t> {
    rest: &'t [u8],
}

impl<'t> Pieces<'t> {
    pub(super) fn new(raw: &'t [u8]) -> Self {
        Self { rest: raw }
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let plain = memchr::memchr(b'\\', self.rest).unwrap_or(self.rest.len());
        if plain > 0 {
            let (run, rest) = self.rest.split_at_checked(plain)?;
            self.rest = rest;
            return Some(Piece::Plain(run));
        }
        let (raw_length, character) = unescape(self.rest);
        self.rest = self.rest.get(raw_length..).unwrap_or_default();
        Some(Piece::Escape { raw_length, character })
    }
}

/// The escape at the start of `raw`: its length and the character. Half a surrogate pair is
/// U+FFFD, as in Go.
fn unescape(raw: &[u8]) -> (usize, char) {
    let simple = |character| (2, character);
    match raw.get(1) {
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'u') => {
            let high = code_unit(raw);
            let low = raw.get(6..).map_or(0, code_unit);
            let is_pair = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
            let code = if is_pair { 0x1_0000 + ((high & 0x3ff) << 10 | low & 0x3ff) } else { high };
            (if is_pair { 12 } else { 6 }, char::from_u32(code).unwrap_or('\u{fffd}'))
        }
        Some(byte) => simple(char::from(*byte)),
        None => (1, '\u{fffd}'),
    }
}

/// The number in a `\uXXXX` at the start of `raw`, or 0.
fn code_unit(raw: &[u8]) -> u32 {
    let digits = raw.strip_prefix(br"\u").and_then(|rest| rest.get(..4));
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_decodes_strings_as_serde_json_does(text in ".*") {
            let json = serde_json::to_string(&text).unwrap();
            let escaped = text.encode_utf16().fold(String::new(), |escaped, unit| {
                escaped + &format!("\\u{unit:04x}")
            });
            prop_assert_eq!(decode(json.get(1..json.len() - 1).unwrap()), text.as_str());
            prop_assert_eq!(decode(&escaped), text.as_str());
        }
    }
}
