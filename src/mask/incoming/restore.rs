//! Placeholders become the values that they stand for.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD};
use serde_json::Value;

use super::super::placeholder::{self, ObjectPlaceholders};
use super::difference::Hidden;
use super::spans::{NamedDetectors, Span, spans};
use super::{Place, Step, Unwritable, json};

/// Base64 as it comes; with padding or without.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The values of one object, by what is shown for them.
#[derive(Default)]
pub(super) struct Originals {
    /// By the whole text that is shown.
    wholes: HashMap<String, Whole>,
    /// By placeholder, those of which a value holds several or beside other text.
    parts: HashMap<String, Fragment>,
    /// Every placeholder that stands for something now.
    current: HashSet<String>,
    object: Option<ObjectPlaceholders>,
}

/// A value, and which bytes of it are hidden.
struct Whole {
    hidden: Hidden,
    ranges: Vec<Range<usize>>,
}

/// A part of a value that is shown as one placeholder.
struct Fragment {
    place: Place,
    text: String,
}

/// Where a restored value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the annotation: it is what the object has in that place.
    Copied,
    /// It stands somewhere else, or is put together.
    Moved,
    /// It stands there already.
    Own,
}

/// What was restored.
#[derive(Debug)]
pub(super) struct Restored {
    pub place: Place,
    /// Which bytes of what it became were hidden, without the base64 around them.
    pub ranges: Vec<Range<usize>>,
    /// Where it comes from.
    pub origin: Origin,
    /// As it came.
    pub given: String,
}

impl Restored {
    /// Whether everything that was hidden is hidden. What a detector finds has to be just that and no
    /// more: whether it finds something longer, of which the caller gave the rest, may tell how long
    /// it is.
    pub(super) fn lies_within(&self, spans: &[Span]) -> bool {
        let covers = |span: &Span, range: &Range<usize>| {
            span.range == *range || span.is_field && range.end <= span.range.end
        };
        self.ranges.iter().all(|range| spans.iter().any(|span| covers(span, range)))
    }
}

/// What counts as the place that a placeholder comes from.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Whether the object is a Secret, within which values may move from key to key.
    pub is_secret: bool,
    /// Whether it has to be the same position of a list.
    pub exact: bool,
}

impl Originals {
    /// Those of an object, of which `hidden` is what masking hides.
    pub(super) fn of(
        hidden: Vec<Hidden>,
        object: ObjectPlaceholders,
        detectors: &NamedDetectors<'_>,
    ) -> Self {
        let mut originals = Self { object: Some(object), ..Self::default() };
        for hidden in hidden {
            let shown = placeholder::find(&hidden.shown);
            originals
                .current
                .extend(shown.filter_map(|at| hidden.shown.get(at).map(str::to_owned)));
            let (stored, mut ranges) = (hidden.stored(), Vec::new());
            for Span { range, placeholder, .. } in spans(&hidden, detectors) {
                let part = stored.get(range.clone()).unwrap_or_default();
                if let Ok(text) = String::from_utf8(part.to_vec())
                    && range != (0..stored.len())
                {
                    let place = hidden.place.clone();
                    originals.parts.insert(placeholder, Fragment { place, text });
                }
                ranges.push(range);
            }
            if ranges.is_empty() {
                ranges.push(0..stored.len());
            }
            originals.wholes.insert(hidden.shown.clone(), Whole { hidden, ranges });
        }
        originals
    }

    /// Puts values where placeholders stand in `value`, which is at `place`.
    pub(super) fn restore(
        &self,
        (place, value): (&Place, &mut Value),
        bounds: Bounds,
    ) -> Result<Vec<Restored>, Unwritable> {
        let mut restoring = Restoring { originals: self, bounds, restored: Vec::new() };
        restoring.value(place, value)?;
        Ok(restoring.restored)
    }

    /// Why a placeholder stands for nothing at `place`.
    fn unknown(&self, placeholder: &str, place: &Place) -> Unwritable {
        let place = place.to_string();
        let is_current = self.current.contains(placeholder);
        match &self.object {
            Some(object) if object.made(placeholder) && !is_current => {
                Unwritable::Changed { place }
            }
            _ => Unwritable::Foreign { place },
        }
    }
}

struct Restoring<'o> {
    originals: &'o Originals,
    bounds: Bounds,
    restored: Vec<Restored>,
}

impl Restoring<'_> {
    fn value(&mut self, place: &Place, value: &mut Value) -> Result<(), Unwritable> {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    self.value(&place.then(Step::Key(key.clone())), value)?;
                }
            }
            Value::Array(elements) => {
                for (index, value) in elements.iter_mut().enumerate() {
                    self.value(&place.then(Step::Index(index)), value)?;
                }
            }
            Value::String(text) if place.is_last_applied() => self.last_applied(text)?,
            Value::String(text) => {
                if let Some(original) = self.text(place, text)? {
                    *value = original;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Restores within the last-applied annotation. Whatever cannot be restored is left out: the
    /// annotation says what was applied, and must never say that a placeholder was.
    fn last_applied(&mut self, text: &mut String) -> Result<(), Unwritable> {
        if !super::contains_placeholder(text.as_bytes()) {
            return Ok(());
        }
        let applied = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
        let Some(mut applied) = applied else {
            // Hidden as a whole, or nothing that kubectl has made.
            if let Some(Value::String(original)) = self.text(&Place::applied(), text)? {
                *text = original;
            }
            return Ok(());
        };
        self.applied(&Place::applied(), &mut applied);
        let end = if text.ends_with('\n') { "\n" } else { "" };
        *text = json::as_go(&applied) + end;
        Ok(())
    }

    /// Whether `value` may stay where it is in the annotation.
    fn applied(&mut self, place: &Place, value: &mut Value) -> bool {
        match value {
            Value::Object(members) => {
                members
                    .retain(|key, value| self.applied(&place.then(Step::Key(key.clone())), value));
                true
            }
            Value::Array(elements) => {
                let mut index = 0;
                elements.retain_mut(|value| {
                    let stays = self.applied(&place.then(Step::Index(index)), value);
                    index += usize::from(stays);
                    stays
                });
                true
            }
            Value::String(text) => match self.text(place, text) {
                Ok(Some(original)) => {
                    *value = original;
                    true
                }
                Ok(None) => {
                    !super::contains_placeholder(Value::from(text.as_str()).to_string().as_bytes())
                }
                Err(_) => false,
            },
            _ => true,
        }
    }

    /// What a text becomes; none if no placeholder stands in it.
    fn text(&mut self, place: &Place, text: &str) -> Result<Option<Value>, Unwritable> {
        let is_base64 = place.is_base64(self.bounds.is_secret);
        let decoded = if is_base64 { decode(text).unwrap_or_default() } else { text.to_owned() };
        let found: Vec<_> = placeholder::find(&decoded).collect();
        if found.is_empty() {
            return Ok(None);
        }
        let foreign = || Unwritable::Foreign { place: place.to_string() };
        let whole = self.originals.wholes.get(&decoded);
        let (original, ranges, origin) = if let Some(Whole { hidden, ranges }) = whole {
            let origin = self.reaches(&hidden.place, place).ok_or_else(foreign)?;
            (converted(hidden, is_base64).ok_or_else(foreign)?, ranges.clone(), origin)
        } else {
            let (text, ranges) = self.composed(place, &decoded, found)?;
            (if is_base64 { STANDARD.encode(text) } else { text }.into(), ranges, Origin::Moved)
        };
        let (place, given) = (place.clone(), text.to_owned());
        self.restored.push(Restored { place, ranges, origin, given });
        Ok(Some(original))
    }

    /// A text with its placeholders replaced one by one. With other text around them, it need not be
    /// what stood there before. Also where in it the values stand.
    fn composed(
        &self,
        place: &Place,
        text: &str,
        found: Vec<Range<usize>>,
    ) -> Result<(String, Vec<Range<usize>>), Unwritable> {
        let (mut composed, mut at) = (String::with_capacity(text.len()), 0);
        let mut ranges = Vec::with_capacity(found.len());
        for range in found {
            let placeholder = text.get(range.clone()).unwrap_or_default();
            let fragment = self.originals.parts.get(placeholder);
            let fragment = fragment.ok_or_else(|| self.originals.unknown(placeholder, place))?;
            if self.reaches(&fragment.place, place).is_none() {
                return Err(Unwritable::Foreign { place: place.to_string() });
            }
            composed.push_str(text.get(at..range.start).unwrap_or_default());
            let start = composed.len();
            composed.push_str(&fragment.text);
            ranges.push(start..composed.len());
            at = range.end;
        }
        composed.push_str(text.get(at..).unwrap_or_default());
        Ok((composed, ranges))
    }

    /// What comes of it if what is hidden at one place stands at another; none if it may not. Of the
    /// annotation nobody knows that it says what is stored, so nothing goes
    /// from there into the object, and what goes there may be something new.
    fn reaches(&self, from: &Place, to: &Place) -> Option<Origin> {
        if from.applied && !to.applied {
            return None;
        }
        let stays = if from.applied == to.applied { Origin::Own } else { Origin::Copied };
        match (from.secret_key(), to.secret_key()) {
            (Some((_, from)), Some((_, to))) if self.bounds.is_secret => {
                Some(if from == to { stays } else { Origin::Moved })
            }
            _ => from.is_field_of(to, self.bounds.exact).then_some(stays),
        }
    }
}

/// The value in the encoding of the place that it is put in; none if it has none there.
fn converted(hidden: &Hidden, to_base64: bool) -> Option<Value> {
    match (hidden.is_base64, to_base64) {
        (true, true) | (false, false) => Some(hidden.original.clone()),
        (true, false) => decode(hidden.original.as_str()?).map(Value::from),
        (false, true) => Some(STANDARD.encode(hidden.original.as_str()?).into()),
    }
}

/// Text out of base64, in which Go ignores line breaks.
fn decode(text: &str) -> Option<String> {
    let text = text.replace(['\r', '\n'], "");
    String::from_utf8(BASE64.decode(text).ok()?).ok()
}
