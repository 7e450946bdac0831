//! Policy files as trees of located values, so that everything wrong with a file can be reported
//! at once and in its place: deriving the documents from serde would stop at the first mistake.

mod json;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Location, Spanned};

use super::problem::{Place, Problems, did_you_mean};
use crate::audit::hex::sha256;

/// A value and where it stands.
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) value: Value,
}

/// A YAML value, without what policies have no use for.
pub(super) enum Value {
    Bool(bool),
    Float(f64),
    Int(i64),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
    Null,
    Other(&'static str),
    Text(String),
}

/// A key of a map.
pub(super) struct Key {
    pub(super) at: Place,
    pub(super) name: String,
}

/// The documents of a file. A syntax error is a problem and ends the file: what follows it cannot
/// be read for sure.
pub(super) fn parse(text: &str, problems: &mut Problems<'_>) -> Vec<Node> {
    // Policies need little of YAML. The limits are far above what people write and far below what
    // an alias bomb needs.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 500_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_depth: 32,
            max_documents: 10_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        emit_comments: false,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options(text, options).unwrap_or_else(|error| {
        let at = error.location().map_or(START, Place::from);
        let message = error.without_snippet().render();
        let hint = message
            .contains("alias")
            .then(|| "a leading `*` is an alias in YAML: quote the pattern, \"*\"".to_owned());
        problems.add_with(at, format!("not valid YAML: {message}"), hint);
        Vec::new()
    })
}

const START: Place = Place { line: 1, column: 1, byte: None };

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        let byte = location.span().byte_offset().and_then(|byte| usize::try_from(byte).ok());
        Self { line: location.line(), column: location.column(), byte }
    }
}

impl Value {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Float(_) => "a fraction",
            Self::Int(_) => "a number",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Null => "nothing",
            Self::Other(kind) => kind,
            Self::Text(_) => "a text",
        }
    }

    /// SHA-256 of what it says, hex, wherever and however it stands there.
    pub(super) fn digest(&self) -> String {
        let mut text = Vec::new();
        self.write(&mut text);
        sha256(&text)
    }

    /// Writes it so that no two values are written alike: each with its kind, and with its length.
    fn write(&self, text: &mut Vec<u8>) {
        let mut leaf = |kind: u8, value: &str| {
            text.push(kind);
            text.extend_from_slice(&(value.len() as u64).to_be_bytes());
            text.extend_from_slice(value.as_bytes());
        };
        match self {
            Self::Bool(truth) => leaf(b'b', &truth.to_string()),
            Self::Float(number) => leaf(b'f', &number.to_string()),
            Self::Int(number) => leaf(b'i', &number.to_string()),
            Self::List(items) => {
                leaf(b'l', &items.len().to_string());
                for item in items {
                    item.value.write(text);
                }
            }
            Self::Map(entries) => {
                leaf(b'm', &entries.len().to_string());
                for (key, node) in entries {
                    Self::Text(key.name.clone()).write(text);
                    node.value.write(text);
                }
            }
            Self::Null => leaf(b'n', ""),
            Self::Other(kind) => leaf(b'o', kind),
            Self::Text(value) => leaf(b't', value),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { at: referenced.into(), value })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { at: referenced.into(), name: value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Other("a huge number"), Value::Int))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Other("a huge number"))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Other("a huge number"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Value, E> {
        Ok(Value::Other("binary data"))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }
}

/// A map that is being read: every field is taken once, and what is left is unknown.
pub(super) struct Fields {
    /// Where the map starts.
    pub(super) at: Place,
    known: &'static [&'static str],
    entries: Vec<(Key, Option<Node>)>,
}

impl Fields {
    /// Reads `node` as a map of `known` fields; unknown and repeated ones are problems. `None` if
    /// it is no map.
    pub(super) fn read(
        node: Node,
        what: &str,
        known: &'static [&'static str],
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let Value::Map(entries) = node.value else {
            problems.add(node.at, format!("{what} has to be a map, not {}", node.value.kind()));
            return None;
        };
        let mut seen: Vec<(Key, Option<Node>)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if !known.contains(&key.name.as_str()) {
                let hint = did_you_mean(&key.name, known);
                problems.add_with(key.at, format!("unknown field `{}` in {what}", key.name), hint);
            } else if let Some((first, _)) = seen.iter().find(|(seen, _)| seen.name == key.name) {
                let message = format!(
                    "field `{}` stands here twice, first in line {}",
                    key.name, first.at.line
                );
                problems.add(key.at, message);
            } else if matches!(value.value, Value::Null) {
                // To take it as left out would make a policy wider than its author may think.
                let hint = Some("give it a value, or leave it out".to_owned());
                problems.add_with(key.at, format!("`{}` is empty", key.name), hint);
                seen.push((key, None));
            } else {
                seen.push((key, Some(value)));
            }
        }
        Some(Self { at: node.at, known, entries: seen })
    }

    /// Whether a field stands there, taken or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(key, _)| key.name == name)
    }

    /// Takes a field.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        debug_assert!(self.known.contains(&name), "`{name}` is taken but not known");
        let (_, node) = self.entries.iter_mut().find(|(key, _)| key.name == name)?;
        node.take()
    }

    /// Takes a field that has to be there.
    pub(super) fn require(&mut self, name: &str, problems: &mut Problems<'_>) -> Option<Node> {
        let node = self.take(name);
        if node.is_none() && !self.has(name) {
            problems.add(self.at, format!("`{name}` is missing"));
        }
        node
    }

    /// Takes a field that is a text.
    pub(super) fn text(
        &mut self,
        name: &str,
        problems: &mut Problems<'_>,
    ) -> Option<(Place, String)> {
        let node = self.take(name)?;
        node.into_text(name, problems)
    }

    /// Takes a field that is a list of texts. An empty one is a problem: it would match nothing.
    pub(super) fn texts(
        &mut self,
        name: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<(Place, String)>> {
        let node = self.take(name)?;
        let Value::List(items) = node.value else {
            let hint =
                matches!(node.value, Value::Text(_)).then(|| "put it in brackets: [..]".into());
            let message = format!("`{name}` has to be a list of texts, not {}", node.value.kind());
            problems.add_with(node.at, message, hint);
            return None;
        };
        if items.is_empty() {
            let hint = Some("leave the field out to match everything".to_owned());
            problems.add_with(node.at, format!("`{name}` is empty and would match nothing"), hint);
        }
        Some(items.into_iter().filter_map(|item| item.into_text(name, problems)).collect())
    }
}

impl Node {
    /// What a document says of its own kind.
    pub(super) fn kind_of_document(&self) -> Option<&str> {
        let Value::Map(entries) = &self.value else { return None };
        let (_, kind) = entries.iter().find(|(key, _)| key.name == "kind")?;
        match &kind.value {
            Value::Text(kind) => Some(kind),
            _ => None,
        }
    }

    /// The node as a text; anything else is a problem.
    pub(super) fn into_text(
        self,
        name: &str,
        problems: &mut Problems<'_>,
    ) -> Option<(Place, String)> {
        if let Value::Text(text) = self.value {
            return Some((self.at, text));
        }
        let hint = (!matches!(self.value, Value::List(_) | Value::Map(_)))
            .then(|| "put it in quotes".to_owned());
        let message = format!("`{name}` has to be a text, not {}", self.value.kind());
        problems.add_with(self.at, message, hint);
        None
    }
}
