//! The values that expressions compute with. What comes out of an object is borrowed from its
//! JSON, so that only what an expression looks at costs anything.

pub(super) mod compare;
pub(super) mod key;
pub(super) mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use self::key::Key;
pub(super) use self::text::Text;
use super::Failure;
use super::fuel::Fuel;
use super::library::format::Format;
use super::library::net::{Cidr, Ip};
use super::library::quantity::Quantity;
use super::library::regex::Pattern;
use super::library::semver::Semver;
use super::library::time::{Duration, Timestamp};
use super::library::url::Url;

/// What an evaluation comes to.
pub(super) type Outcome<'a> = Result<Value<'a>, Failure>;

/// A value; cheap to clone. It has no `Debug`, since it may be out of a Secret.
#[derive(Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Text<'a>),
    Bytes(Arc<[u8]>),
    List(List<'a>),
    Map(Map<'a>),
    Duration(Duration),
    Timestamp(Timestamp),
    /// A type, by its name.
    Type(&'static str),
    Optional(Option<Arc<Self>>),
    Cidr(Cidr),
    Format(&'static Format),
    Ip(Ip),
    Quantity(Arc<Quantity>),
    Semver(Arc<Semver>),
    Url(Arc<Url>),
    /// A regular expression that was a literal, compiled at load.
    Pattern(Arc<Pattern>),
}

/// A list: a part of an object, or computed.
#[derive(Clone)]
pub(super) enum List<'a> {
    Json(&'a [Json]),
    Computed(Arc<[Value<'a>]>),
}

/// A map: a part of an object, or computed.
#[derive(Clone)]
pub(super) enum Map<'a> {
    Json(&'a serde_json::Map<String, Json>),
    Computed(Arc<BTreeMap<Key<'a>, Value<'a>>>),
}

impl<'a> Value<'a> {
    /// A list of what was computed.
    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(List::Computed(items.into()))
    }

    /// A list of texts.
    pub(super) fn texts<T: Into<Text<'a>>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::list(texts.into_iter().map(|text| Self::String(text.into())).collect())
    }

    pub(super) fn text(text: impl Into<Text<'a>>) -> Self {
        Self::String(text.into())
    }

    pub(super) fn map(entries: BTreeMap<Key<'a>, Self>) -> Self {
        Self::Map(Map::Computed(Arc::new(entries)))
    }

    pub(super) fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    pub(super) const NONE: Self = Self::Optional(None);

    /// A count as an int.
    pub(super) fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The name of its type, as `type(..)` tells it.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) | Self::Pattern(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
            Self::Cidr(_) => "net.CIDR",
            Self::Format(_) => "kubernetes.NamedFormat",
            Self::Ip(_) => "net.IP",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Url(_) => "kubernetes.URL",
        }
    }

    /// Whether `optional.ofNonZeroValue` takes it for nothing.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(truth) => !truth,
            Self::Int(number) => *number == 0,
            Self::Uint(number) => *number == 0,
            Self::Double(number) => *number == 0.0,
            Self::String(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::List(list) => list.len() == 0,
            Self::Map(map) => map.len() == 0,
            Self::Duration(duration) => duration.nanos() == 0,
            Self::Optional(inner) => inner.is_none(),
            _ => false,
        }
    }

    /// What JSON says, without looking into it. Whole numbers are ints however they are written:
    /// the API server reads `3.0` into an integer field as 3.
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked before the cast")]
    pub(super) fn from_json(json: &'a Json) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::String(text) => Self::text(text.as_str()),
            Json::Array(items) => Self::List(List::Json(items)),
            Json::Object(fields) => Self::Map(Map::Json(fields)),
            Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(int), ..) => Self::Int(int),
                (_, Some(uint), _) => Self::Uint(uint),
                (.., Some(float)) if float.fract() == 0.0 && float.abs() <= EXACT => {
                    Self::Int(float as i64)
                }
                (.., float) => Self::Double(float.unwrap_or(f64::NAN)),
            },
        }
    }
}

impl<'a> List<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::Computed(items) => items.len(),
        }
    }

    pub(super) fn at(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Json(items) => items.get(index).map(Value::from_json),
            Self::Computed(items) => items.get(index).cloned(),
        }
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|index| self.at(index))
    }

    /// All items, for a step each.
    pub(super) fn to_vec(&self, fuel: &mut Fuel) -> Result<Vec<Value<'a>>, Failure> {
        fuel.spend(self.len())?;
        Ok(self.iter().collect())
    }
}

impl<'a> Map<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Json(fields) => fields.len(),
            Self::Computed(entries) => entries.len(),
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Json(fields) => fields.get(name).map(Value::from_json),
            Self::Computed(entries) => entries.get(&Key::String(name.into())).cloned(),
        }
    }

    pub(super) fn find(&self, key: &Value<'_>) -> Option<Value<'a>> {
        match (self, key) {
            (_, Value::String(name)) => self.field(name),
            (Self::Computed(entries), _) => {
                let key = Key::to_look_up(key)?;
                entries.get(&key).cloned()
            }
            (Self::Json(_), _) => None,
        }
    }

    pub(super) fn keys(&self) -> Vec<Key<'a>> {
        match self {
            Self::Json(fields) => {
                fields.keys().map(|name| Key::String(name.as_str().into())).collect()
            }
            Self::Computed(entries) => entries.keys().cloned().collect(),
        }
    }
}
