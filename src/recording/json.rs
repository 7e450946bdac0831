//! JSON of much text, quickly: serde_json looks at each byte by itself, which is a tenth of the time
//! of a recorded output.

use std::io::Write as _;

/// Looked at together.
const BLOCK: usize = 16;

/// Writes a text as serde_json does (RFC 8259, section 7).
pub(super) fn write_string(text: &str, into: &mut Vec<u8>) {
    let text = text.as_bytes();
    into.reserve(text.len() + text.len() / 32 + 2);
    into.push(b'"');
    // What is plain is copied as a whole, up to what is not.
    let mut copied = 0;
    for (index, block) in text.chunks(BLOCK).enumerate() {
        // Without a way out in between, so that it becomes a few instructions for all of them.
        if block.iter().fold(true, |all, byte| all & is_plain(*byte)) {
            continue;
        }
        let odd = block.iter().enumerate().filter(|(_, byte)| !is_plain(**byte));
        for (at, byte) in odd {
            let at = index * BLOCK + at;
            into.extend_from_slice(text.get(copied..at).unwrap_or_default());
            write_escaped(*byte, into);
            copied = at + 1;
        }
    }
    into.extend_from_slice(text.get(copied..).unwrap_or_default());
    into.push(b'"');
}

fn is_plain(byte: u8) -> bool {
    !matches!(byte, 0..b' ' | b'"' | b'\\')
}

fn write_escaped(byte: u8, into: &mut Vec<u8>) {
    let escaped: &[u8] = match byte {
        b'"' => br#"\""#,
        b'\\' => br"\\",
        b'\n' => br"\n",
        b'\r' => br"\r",
        b'\t' => br"\t",
        0x08 => br"\b",
        0x0c => br"\f",
        _ => {
            // Into memory, which takes everything.
            let _ = write!(into, "\\u{byte:04x}");
            return;
        }
    };
    into.extend_from_slice(escaped);
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
