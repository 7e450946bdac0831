//! The forms in which a value turns up in text: as it is, line by line, and in the encodings that
//! programs print.
//!
//! | form | |
//! |---|---|
//! | raw | without the white space around it, which the value in a file often has and that in use not |
//! | lines | each line that is long enough to be told: a key that is printed with a prefix per line |
//! | JSON | the string's inside, also as Go writes it (`<`, `>` and `&` as `\u003c`) |
//! | percent | of up to 8 KiB: Go's `QueryEscape` and `PathEscape`, JavaScript's `encodeURIComponent`; upper and lower hex |
//! | base64 | standard and URL-safe, within anything: at each of the three alignments the characters that depend on the value alone; also in the lines of `base64` and of PEM |
//!
//! Of base64 the characters at both ends that depend on the neighbours, too, are masked with the
//! rest; so says [`Form::before`] and [`Form::after`].

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::common::{MIN_VALUE_BYTES, is_too_common};

/// A longer form is looked for in pieces, so that little is held back when text streams.
const PIECE_BYTES: usize = 1024;
/// Shorter lines of a value of several lines, and shorter ends of pieces, are not looked for by
/// themselves.
const MIN_LINE_BYTES: usize = 16;
/// What is longer stands in no URL: servers take no longer lines.
const LONGEST_IN_URL_BYTES: usize = 8 << 10;
/// How `base64` and PEM break lines.
const BASE64_LINES: [usize; 2] = [76, 64];

/// One form of a value, or a piece of it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub bytes: Vec<u8>,
    /// A base64 character in front of it belongs to it.
    pub before: bool,
    /// A base64 character behind it belongs to it, and padding.
    pub after: bool,
}

/// All forms of a value; none if it is too common.
pub(super) fn forms(value: &[u8]) -> Vec<Form> {
    let value = value.trim_ascii();
    if is_too_common(value) {
        return Vec::new();
    }
    let mut forms = Vec::new();
    plain(value, &mut forms);
    for line in lines(value) {
        plain(line, &mut forms);
    }
    base64(value, &mut forms);
    forms
}

/// The lines of a value that has several. The frame of a PEM is no secret.
fn lines(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let several = value.contains(&b'\n');
    let lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(move |line| {
        several
            && line.len() >= MIN_LINE_BYTES
            && !line.starts_with(b"-----")
            && !is_too_common(line)
    })
}

fn plain(value: &[u8], forms: &mut Vec<Form>) {
    let mut spellings = vec![value.to_vec()];
    if let Some(json) = str::from_utf8(value).ok().and_then(json) {
        spellings.push(go_json(&json).into_bytes());
        spellings.push(json.into_bytes());
    }
    if value.len() <= LONGEST_IN_URL_BYTES {
        spellings.extend(percent(value));
    }
    spellings.sort();
    spellings.dedup();
    for bytes in spellings {
        cut(&bytes, |bytes, _, _| forms.push(Form { bytes, before: false, after: false }));
    }
}

fn json(value: &str) -> Option<String> {
    let quoted = serde_json::to_string(value).ok()?;
    Some(quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

fn go_json(json: &str) -> String {
    let escaped = json.replace('<', r"\u003c").replace('>', r"\u003e").replace('&', r"\u0026");
    escaped.replace('\u{2028}', r"\u2028").replace('\u{2029}', r"\u2029")
}

fn percent(value: &[u8]) -> Vec<Vec<u8>> {
    // What each leaves as it is besides letters, digits and `-_.~`, and what a space becomes.
    const KINDS: [(&[u8], &str); 4] =
        [(b"", "+"), (b"", "%20"), (b"!'()*", "%20"), (b"$&+=:@", "%20")];
    let spell = |(kept, space): (&[u8], &str), upper: bool| {
        let mut spelled = String::new();
        for byte in value {
            match byte {
                b'-' | b'_' | b'.' | b'~' => spelled.push(char::from(*byte)),
                _ if byte.is_ascii_alphanumeric() => spelled.push(char::from(*byte)),
                _ if kept.contains(byte) => spelled.push(char::from(*byte)),
                b' ' => spelled.push_str(space),
                _ if upper => _ = write!(spelled, "%{byte:02X}"),
                _ => _ = write!(spelled, "%{byte:02x}"),
            }
        }
        spelled.into_bytes()
    };
    KINDS.into_iter().flat_map(|kind| [spell(kind, true), spell(kind, false)]).collect()
}

fn base64(value: &[u8], forms: &mut Vec<Form>) {
    for alignment in 0..3 {
        let mut shifted = vec![0; alignment];
        shifted.extend_from_slice(value);
        let bits = shifted.len() * 8;
        let own = (alignment * 8).div_ceil(6)..bits / 6;
        let (before, after) = (alignment != 0, bits % 6 != 0);
        let standard = STANDARD_NO_PAD.encode(&shifted).into_bytes();
        let url = URL_SAFE_NO_PAD.encode(&shifted).into_bytes();
        let alphabets = if url == standard { vec![standard] } else { vec![standard, url] };
        for encoded in alphabets {
            let Some(own) = encoded.get(own.clone()) else { continue };
            cut(own, |bytes, first, last| {
                forms.push(Form { bytes, before: before && first, after: after && last });
            });
            if alignment == 0 {
                wrapped(&encoded, forms);
            }
        }
    }
}

fn wrapped(encoded: &[u8], forms: &mut Vec<Form>) {
    for width in BASE64_LINES.into_iter().filter(|width| encoded.len() > *width) {
        let lines = encoded.chunks(width).filter(|line| line.len() >= MIN_VALUE_BYTES + 2);
        forms.extend(lines.map(|line| Form {
            bytes: line.to_vec(),
            before: false,
            after: line.len() < width,
        }));
    }
}

/// Gives pieces of a length that can be held back, and whether each is the first and the last.
fn cut(bytes: &[u8], mut give: impl FnMut(Vec<u8>, bool, bool)) {
    let (mut rest, mut first) = (bytes, true);
    while let Some((piece, after)) = rest.split_at_checked(PIECE_BYTES) {
        if after.len() < MIN_LINE_BYTES {
            break;
        }
        give(piece.to_vec(), first, false);
        (rest, first) = (after, false);
    }
    give(rest.to_vec(), first, true);
}
