//! JSON of much text, quickly: serde_json looks at each byte by itself, which is a tenth of the time
//! of a recorded output.

use std::io::Write as _;

/// Looked at together.
const BLOCK: usize = 4 * WORD;
const WORD: usize = size_of::<u64>();

/// Writes a text as serde_json does (RFC 8259, section 7).
pub(super) fn write_string(text: &str, into: &mut Vec<u8>) {
    let text = text.as_bytes();
    into.reserve(text.len() + text.len() / 32 + 2);
    into.push(b'"');
    // What is plain is copied as a whole, up to what is not.
    let mut copied = 0;
    let mut escape = |at: usize, into: &mut Vec<u8>| {
        let Some(byte) = text.get(at).filter(|byte| is_odd(**byte)) else { return };
        into.extend_from_slice(text.get(copied..at).unwrap_or_default());
        write_escaped(*byte, into);
        copied = at + 1;
    };
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for (index, block) in blocks.iter().enumerate() {
        let (words, _) = block.as_chunks();
        if words.iter().fold(0, |any, word| any | odd(*word)) == 0 {
            continue;
        }
        for (word, at) in words.iter().zip((index * BLOCK..).step_by(WORD)) {
            let mut odd = odd(*word);
            while odd != 0 {
                escape(at + odd.trailing_zeros() as usize / 8, into);
                odd &= odd - 1;
            }
        }
    }
    (text.len() - rest.len()..text.len()).for_each(|at| escape(at, into));
    into.extend_from_slice(text.get(copied..).unwrap_or_default());
    into.push(b'"');
}

/// A bit for each byte of a word that may be odd, of the first one the lowest. The first that has one
/// is odd; behind it, some are not, since the subtraction borrows of them.
fn odd(word: [u8; WORD]) -> u64 {
    const EACH: u64 = u64::MAX / 0xff;
    const HIGHEST: u64 = EACH << 7;
    let word = u64::from_le_bytes(word);
    let below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit)) & !word & HIGHEST;
    let equal = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    below(word, b' ') | equal(b'"') | equal(b'\\')
}

/// Whether a byte cannot stand for itself.
fn is_odd(byte: u8) -> bool {
    matches!(byte, 0..b' ' | b'"' | b'\\')
}

fn write_escaped(byte: u8, into: &mut Vec<u8>) {
    // Of lengths that the compiler knows, so that none is a call to copy a slice.
    match byte {
        b'"' => into.extend_from_slice(br#"\""#),
        b'\\' => into.extend_from_slice(br"\\"),
        b'\n' => into.extend_from_slice(br"\n"),
        b'\r' => into.extend_from_slice(br"\r"),
        b'\t' => into.extend_from_slice(br"\t"),
        0x08 => into.extend_from_slice(br"\b"),
        0x0c => into.extend_from_slice(br"\f"),
        _ => {
            // Into memory, which takes everything.
            let _ = write!(into, "\\u{byte:04x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut json = Vec::new();
        write_string(text, &mut json);
        String::from_utf8(json).unwrap()
    }

    #[test]
    fn each_character_is_written_as_serde_json_does() {
        let all: String = (0..=0x17f).filter_map(char::from_u32).collect();
        assert_eq!(written(&all), serde_json::to_string(&all).unwrap());
    }

    proptest! {
        #[test]
        fn texts_are_written_as_serde_json_does(text in "[\\x00-\\x7f\u{e9}\u{2028}\u{1f600}]{0,160}") {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
