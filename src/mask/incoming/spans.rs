//! Which bytes of a value masking hides: all, or what detectors find in it.
//!
//! What is shown of a text does not tell where in the text a placeholder stands, as the same words may
//! stand there more than once. So the detectors are asked again, and what they say is held against
//! what is shown.

use std::ops::Range;

use super::super::detect::Detectors;
use super::super::pieces::pieces;
use super::super::placeholder;
use super::super::value::DOCKER_CONFIG;
use super::difference::Hidden;

/// The detectors that look at an object, each with the name of its rule.
pub(super) type NamedDetectors<'r> = [(&'r str, &'r Detectors)];

/// What is hidden of a value, and what stands for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// In the value as it is stored, without the base64 around it.
    pub range: Range<usize>,
    pub placeholder: String,
    /// Whether it is all of the value, whatever stands in it.
    pub is_field: bool,
}

/// The spans that are hidden of a value, in their order; none if nobody can tell which they are.
pub(super) fn spans(hidden: &Hidden, detectors: &NamedDetectors<'_>) -> Vec<Span> {
    let stored = hidden.stored();
    let ranges = pieces(&stored, detectors).into_iter().map(|piece| piece.range).collect();
    let found = within(hidden, &stored, ranges);
    found.or_else(|| whole(hidden, stored.len())).unwrap_or_default()
}

/// The placeholders that stand for these ranges, if all else is shown as it is stored.
fn within(hidden: &Hidden, stored: &[u8], ranges: Vec<Range<usize>>) -> Option<Vec<Span>> {
    let (mut shown, mut at, mut spans) = (hidden.shown.as_str(), 0, Vec::new());
    for range in ranges {
        shown = after(shown, stored.get(at..range.start)?)?;
        let placeholder = leading(shown)?;
        shown = shown.get(placeholder.len()..)?;
        at = range.end;
        spans.push(Span { range, placeholder: placeholder.to_owned(), is_field: false });
    }
    let is_all = shown.as_bytes() == stored.get(at..)?;
    (is_all && !spans.is_empty()).then_some(spans)
}

fn after<'t>(text: &'t str, start: &[u8]) -> Option<&'t str> {
    text.strip_prefix(std::str::from_utf8(start).ok()?)
}

/// The placeholder that a text begins with.
fn leading(text: &str) -> Option<&str> {
    let range = placeholder::find(text).next().filter(|range| range.start == 0)?;
    text.get(range).filter(|placeholder| placeholder.len() == placeholder::LENGTH)
}

/// Of a value that is hidden as a whole, no more is shown than one placeholder, or a docker config
/// with one in it.
fn whole(hidden: &Hidden, length: usize) -> Option<Vec<Span>> {
    let shown = hidden.shown.as_str();
    let (before, after) = DOCKER_CONFIG;
    let inner = shown.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    let placeholder = inner.unwrap_or(shown);
    let is_whole = leading(placeholder) == Some(placeholder);
    let placeholder = placeholder.to_owned();
    is_whole.then(|| vec![Span { range: 0..length, placeholder, is_field: true }])
}
