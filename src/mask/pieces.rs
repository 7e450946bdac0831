//! What detectors find within one string: only that is replaced, the rest stays as it is spelled.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::detect::Detectors;
use super::edit::{self, Edit, quote};
use super::string::decode;
use super::value::{Location, Values};

/// A secret in a text, and the rule that hides it.
pub(super) struct Piece<'r> {
    pub range: Range<usize>,
    rule: &'r str,
}

/// Everything that detectors find in a text, in its order. What overlaps is one piece.
pub(super) fn pieces<'r>(text: &[u8], detectors: &[(&'r str, &'r Detectors)]) -> Vec<Piece<'r>> {
    let mut pieces: Vec<Piece<'r>> = Vec::new();
    for (rule, detectors) in detectors {
        let found = detectors.find(text);
        pieces.extend(found.into_iter().map(|found| Piece { range: found.range, rule }));
    }
    pieces.sort_by_key(|piece| piece.range.start);
    pieces.dedup_by(|next, piece| {
        let overlaps = next.range.start < piece.range.end;
        if overlaps {
            piece.range.end = piece.range.end.max(next.range.end);
        }
        overlaps
    });
    pieces
}

/// The text with constants in the place of what they find, and the rules that hid something.
pub(super) fn replaced<'r>(
    text: &str,
    detectors: &[(&'r str, &'r Detectors)],
) -> (String, Vec<&'r str>) {
    let (mut replaced, mut at, mut rules) = (String::with_capacity(text.len()), 0, Vec::new());
    for piece in pieces(text.as_bytes(), detectors) {
        replaced.push_str(text.get(at..piece.range.start).unwrap_or_default());
        replaced.push_str("<masked>");
        at = piece.range.end;
        rules.push(piece.rule);
    }
    replaced.push_str(text.get(at..).unwrap_or_default());
    (replaced, rules)
}

/// The edits of a string, quotes included, that stands at `span`.
pub(super) fn edits<'r>(
    (string, span): (&str, Range<usize>),
    detectors: &[(&'r str, &'r Detectors)],
    (values, location, place): (&Values, Location, &[Cow<'_, str>]),
) -> Vec<Edit<'r>> {
    let raw = string.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(raw) = raw.filter(|raw| !raw.is_empty()) else { return Vec::new() };
    let text = decode(raw);
    let key = values.key_of(place);
    let token = |ordinal: usize, secret: &[u8]| {
        // One string may hold several.
        let place: Vec<_> =
            place.iter().cloned().chain([Cow::Owned(ordinal.to_string())]).collect();
        values.token((location, &place, key.map(|(_, key)| key)), secret)
    };
    if let Some(bytes) = encoded(values, place, &text) {
        let found = pieces(&bytes, detectors);
        let Some(rule) = found.first().map(|piece| piece.rule) else { return Vec::new() };
        let shown = match String::from_utf8(bytes) {
            Ok(mut text) => {
                for (ordinal, piece) in found.into_iter().enumerate().rev() {
                    let secret = text.get(piece.range.clone()).unwrap_or_default();
                    let token = token(ordinal, secret.as_bytes());
                    text.replace_range(piece.range, &token);
                }
                text
            }
            Err(error) => token(0, error.as_bytes()),
        };
        let replacement = quote(&STANDARD.encode(shown));
        return vec![Edit { span, replacement, rule: Some(rule) }];
    }
    let found = pieces(text.as_bytes(), detectors).into_iter().enumerate();
    let found = found.map(|(ordinal, piece)| {
        let secret = text.as_bytes().get(piece.range.clone()).unwrap_or_default();
        let replacement = token(ordinal, secret);
        Edit { span: piece.range, replacement, rule: Some(piece.rule) }
    });
    edit::to_raw(raw.as_bytes(), span.start + 1, found.collect())
}

/// The bytes behind a value that is base64: in Secrets, and in `binaryData` of `ConfigMap`s.
fn encoded(values: &Values, place: &[Cow<'_, str>], text: &str) -> Option<Vec<u8>> {
    let is_binary = matches!(place, [field, _] if field == "binaryData");
    let is_encoded = is_binary || values.key_of(place).is_some_and(|(encoded, _)| encoded);
    is_encoded.then(|| STANDARD.decode(text).ok()).flatten()
}
