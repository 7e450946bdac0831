//! Replacements of spans, and how they are written out around the bytes that stay.

use std::ops::Range;

use super::string::Pieces;

/// One span of a text and what comes in its place.
#[derive(Debug)]
pub(super) struct Edit<'r> {
    pub span: Range<usize>,
    pub replacement: String,
    /// The rule that hides a value by it; none if it hides none.
    pub rule: Option<&'r str>,
}

/// Puts edits in the order of the text. Where two want the same span, the first stays.
pub(super) fn sort(edits: &mut Vec<Edit<'_>>) {
    edits.sort_by_key(|edit| edit.span.start);
    let mut end = 0;
    edits.retain(|edit| {
        let apart = edit.span.start >= end;
        end = end.max(edit.span.end);
        apart
    });
}

/// Writes `text` with sorted edits.
pub(super) fn write(text: &str, edits: &[Edit<'_>], out: &mut Vec<u8>) {
    let text = text.as_bytes();
    let mut at = 0;
    for edit in edits {
        out.extend_from_slice(text.get(at..edit.span.start).unwrap_or_default());
        out.extend_from_slice(edit.replacement.as_bytes());
        at = edit.span.end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
}

/// Turns sorted edits of a decoded string into edits of the text that it was decoded from, so
/// that everything between them keeps its spelling. `raw` starts at `base` of the outer text.
pub(super) fn to_raw<'r>(raw: &[u8], base: usize, edits: Vec<Edit<'r>>) -> Vec<Edit<'r>> {
    let mut spelling = Spelling { pieces: Pieces::new(raw), decoded: 0, raw: base, run: 0 };
    edits
        .into_iter()
        .map(|edit| {
            let start = spelling.raw_at(edit.span.start);
            let end = spelling.raw_at(edit.span.end);
            Edit { span: start..end, replacement: escape(&edit.replacement), rule: edit.rule }
        })
        .collect()
}

/// A text as it stands within the quotes of a JSON string.
fn escape(text: &str) -> String {
    let quoted = quote(text);
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// A text as a JSON string.
pub(super) fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Walks a string as written and as meant in step.
struct Spelling<'t> {
    pieces: Pieces<'t>,
    decoded: usize,
    raw: usize,
    /// What is left of the current run of plain bytes.
    run: usize,
}

impl Spelling<'_> {
    fn raw_at(&mut self, decoded: usize) -> usize {
        while self.decoded < decoded {
            let step = self.run.min(decoded - self.decoded);
            self.run -= step;
            self.decoded += step;
            self.raw += step;
            if self.decoded == decoded {
                break;
            }
            match self.pieces.next().map(|piece| piece.lengths()) {
                Some((raw, decoded)) if raw == decoded => self.run = raw,
                Some((raw, decoded)) => {
                    self.raw += raw;
                    self.decoded += decoded;
                }
                None => break,
            }
        }
        self.raw
    }
}
