//! Where a value stands in an object, and which parts of an object a body brings.

use std::fmt;

use serde_json::{Map, Value};

use super::super::helm;
use super::super::object::LAST_APPLIED;
use super::{Form, contains_placeholder};
use crate::kube::json_patch::tokens;

/// More elements than a list in an object has; what claims to be further is no index.
const MAX_INDEX: usize = 10_000;

/// A key of an object or a position in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mask) enum Step {
    Index(usize),
    Key(String),
}

/// A place in an object, or in the one that its last-applied annotation holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::mask) struct Place {
    pub applied: bool,
    pub steps: Vec<Step>,
}

/// A part of an object that a body brings.
pub(super) struct Part<'b> {
    pub place: Place,
    pub value: &'b mut Value,
}

impl Place {
    /// Where the last-applied annotation's object begins.
    pub(super) fn applied() -> Self {
        Self { applied: true, steps: Vec::new() }
    }

    /// The place one step further.
    pub(super) fn then(&self, step: Step) -> Self {
        let steps = self.steps.iter().cloned().chain([step]).collect();
        Self { applied: self.applied, steps }
    }

    /// Whether this is the last-applied annotation itself.
    pub(super) fn is_last_applied(&self) -> bool {
        let keys = ["metadata", "annotations", LAST_APPLIED];
        !self.applied && self.steps.len() == keys.len() && self.keys().eq(keys.map(Some))
    }

    /// Whether this is where a Helm release stands.
    pub(super) fn is_release(&self) -> bool {
        !self.applied && self.keys().eq(["data", helm::KEY].map(Some))
    }

    /// The field and the key, if this is one of a Secret's values.
    pub(super) fn secret_key(&self) -> Option<(&str, String)> {
        let [Step::Key(field), key] = self.steps.as_slice() else { return None };
        let is_values = matches!(field.as_str(), "data" | "stringData");
        is_values.then(|| (field.as_str(), key.to_string()))
    }

    /// Whether this is one of a Secret's values in the clear.
    pub(super) fn is_string_data(&self) -> bool {
        !self.applied && self.secret_key().is_some_and(|(field, _)| field == "stringData")
    }

    /// Whether values are base64 here: in Secrets, and in `binaryData` of `ConfigMap`s.
    pub(super) fn is_base64(&self, is_secret: bool) -> bool {
        let [Step::Key(field), _] = self.steps.as_slice() else { return false };
        field == "binaryData" || field == "data" && is_secret
    }

    /// Whether both are the same field, of whichever elements of lists unless that matters.
    pub(super) fn is_field_of(&self, other: &Self, exact: bool) -> bool {
        self.steps.len() == other.steps.len()
            && self.steps.iter().zip(&other.steps).all(|steps| match steps {
                (Step::Index(_), Step::Index(_)) if !exact => true,
                (one, other) => one == other,
            })
    }

    /// An object that holds just `value`, here.
    pub(super) fn holding(&self, value: Value) -> Value {
        self.steps.iter().rev().fold(value, |value, step| match step {
            Step::Key(key) => Value::Object(Map::from_iter([(key.clone(), value)])),
            Step::Index(index) => {
                let mut elements = vec![Value::Null; *index];
                elements.push(value);
                Value::Array(elements)
            }
        })
    }

    fn keys(&self) -> impl Iterator<Item = Option<&str>> {
        self.steps.iter().map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }

    /// Where a JSON patch's pointer leads in `live`. Beyond that, numbers count as positions.
    fn of_pointer(tokens: Vec<String>, live: Option<&Value>) -> Self {
        let (mut place, mut node) = (Self::default(), live);
        for key in tokens {
            let index = match (key.as_str(), node) {
                (_, Some(Value::Object(_))) => None,
                ("-", Some(Value::Array(elements))) => Some(elements.len()),
                ("-", _) => Some(0),
                _ => key.parse().ok(),
            };
            node = match (node, index) {
                (Some(Value::Object(members)), _) => members.get(&key),
                (Some(Value::Array(elements)), Some(index)) => elements.get(index),
                _ => None,
            };
            let index = index.filter(|index| *index <= MAX_INDEX);
            place.steps.push(index.map_or(Step::Key(key), Step::Index));
        }
        place
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => formatter.write_str(key),
            Self::Index(index) => write!(formatter, "{index}"),
        }
    }
}

/// As field paths are written.
impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.applied {
            write!(formatter, "metadata.annotations.{LAST_APPLIED}: ")?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            let dot = if index > 0 { "." } else { "" };
            write!(formatter, "{dot}{step}")?;
        }
        Ok(())
    }
}

/// The parts of an object that a body brings: itself, or what the operations of a JSON patch add.
pub(super) fn parts<'b>(
    body: &'b mut Value,
    form: Form<'_>,
    live: Option<&Value>,
) -> Vec<Part<'b>> {
    if form != Form::JsonPatch {
        return vec![Part { place: Place::default(), value: body }];
    }
    let operations = body.as_array_mut().into_iter().flatten();
    operations.filter_map(|operation| added(operation, live)).collect()
}

fn added<'b>(operation: &'b mut Value, live: Option<&Value>) -> Option<Part<'b>> {
    let place = Place::of_pointer(tokens(operation, "path"), live);
    operation.get_mut("value").map(|value| Part { place, value })
}

/// The place of a placeholder in a body, in whatever disguise. Keys count for the object around.
pub(super) fn of_placeholder(body: &Value) -> Option<String> {
    contains_placeholder(body.to_string().as_bytes()).then(|| {
        let place = search(body, &Place::default()).unwrap_or_default();
        if place.steps.is_empty() { "the body".to_owned() } else { place.to_string() }
    })
}

fn search(value: &Value, place: &Place) -> Option<Place> {
    let below = |value, step| search(value, &place.then(step));
    match value {
        Value::Object(members) => members.iter().find_map(|(key, value)| {
            if contains_placeholder(Value::from(key.as_str()).to_string().as_bytes()) {
                return Some(place.clone());
            }
            below(value, Step::Key(key.clone()))
        }),
        Value::Array(elements) => {
            let mut elements = elements.iter().enumerate();
            elements.find_map(|(index, value)| below(value, Step::Index(index)))
        }
        scalar => contains_placeholder(scalar.to_string().as_bytes()).then(|| place.clone()),
    }
}
