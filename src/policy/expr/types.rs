//! The static types of expressions, and what fits what, by the rules of cel-go's checker
//! (`checker/types.go`).

use std::fmt;
use std::sync::Arc;

use super::value::Value;

/// A static type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    /// Known at evaluation only, as all that is out of an object; fits everything.
    Dyn,
    /// Not settled: the items of an empty list, the value of what is wrong.
    Unknown,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    /// A type as a value.
    Meta,
    List(Arc<Self>),
    Map(Arc<(Self, Self)>),
    Optional(Arc<Self>),
    /// Kubernetes' own types, by their names.
    Opaque(&'static str),
    /// A variable with fields of its own.
    Record(&'static Record),
    /// What a signature leaves open.
    Open(char),
}

/// A type with known fields.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) name: &'static str,
    /// By name, with their types as signatures write them.
    pub(super) fields: &'static [(&'static str, &'static str)],
}

impl Record {
    pub(super) fn field(&self, name: &str) -> Option<Type> {
        self.fields.iter().find(|(field, _)| *field == name).and_then(|(_, text)| Type::read(text))
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.fields.iter().map(|(name, _)| *name).collect()
    }
}

/// What the open types of a signature stand for.
pub(super) type Bindings = Vec<(char, Type)>;

const PLAIN: [(&str, Type); 17] = [
    ("dyn", Type::Dyn),
    ("null", Type::Null),
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("uint", Type::Uint),
    ("double", Type::Double),
    ("string", Type::String),
    ("bytes", Type::Bytes),
    ("duration", Type::Duration),
    ("timestamp", Type::Timestamp),
    ("type", Type::Meta),
    ("CIDR", Type::Opaque("CIDR")),
    ("Format", Type::Opaque("Format")),
    ("IP", Type::Opaque("IP")),
    ("Quantity", Type::Opaque("Quantity")),
    ("Semver", Type::Opaque("Semver")),
    ("URL", Type::Opaque("URL")),
];

impl Type {
    pub(super) fn list(item: Self) -> Self {
        Self::List(Arc::new(item))
    }

    pub(super) fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    pub(super) fn optional(inner: Self) -> Self {
        Self::Optional(Arc::new(inner))
    }

    /// The type that `text` writes: `map(string, list(T))`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((name, inner)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            return match name {
                "list" => Some(Self::list(Self::read(inner)?)),
                "optional" => Some(Self::optional(Self::read(inner)?)),
                "map" => {
                    let (key, value) = inner.split_once(',')?;
                    Some(Self::map(Self::read(key)?, Self::read(value)?))
                }
                _ => None,
            };
        }
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) if letter.is_ascii_uppercase() => Some(Self::Open(letter)),
            _ => PLAIN.iter().find(|(name, _)| *name == text).map(|(_, plain)| plain.clone()),
        }
    }

    /// Whether `actual` can be used where this is asked for, and with which types for open ones.
    pub(super) fn admits(&self, actual: &Self, bound: &mut Bindings) -> bool {
        match (self, actual) {
            (Self::Open(letter), _) => bind(*letter, actual, bound),
            (Self::Dyn | Self::Unknown, _) | (_, Self::Dyn | Self::Unknown) => true,
            (Self::Null, other) | (other, Self::Null) => other.is_nullable(),
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => {
                a.admits(b, bound)
            }
            (Self::Map(a), Self::Map(b)) => a.0.admits(&b.0, bound) && a.1.admits(&b.1, bound),
            _ => self == actual,
        }
    }

    /// What cel-go's checker lets null stand for.
    const fn is_nullable(&self) -> bool {
        matches!(
            self,
            Self::Null
                | Self::Duration
                | Self::Timestamp
                | Self::Optional(_)
                | Self::Opaque(_)
                | Self::Record(_)
        )
    }

    /// This type with what its open types stand for.
    pub(super) fn resolve(&self, bound: &Bindings) -> Self {
        match self {
            Self::Open(letter) => {
                let found = bound.iter().find(|(known, _)| known == letter);
                found.map_or(Self::Unknown, |(_, resolved)| resolved.clone())
            }
            Self::List(item) => Self::list(item.resolve(bound)),
            Self::Optional(inner) => Self::optional(inner.resolve(bound)),
            Self::Map(both) => Self::map(both.0.resolve(bound), both.1.resolve(bound)),
            _ => self.clone(),
        }
    }

    /// The one type that both are, if there is one.
    pub(super) fn join(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Unknown, other) | (other, Self::Unknown) => Some(other.clone()),
            (Self::Dyn, _) | (_, Self::Dyn) => Some(Self::Dyn),
            (Self::List(a), Self::List(b)) => Some(Self::list(a.join(b)?)),
            (Self::Optional(a), Self::Optional(b)) => Some(Self::optional(a.join(b)?)),
            (Self::Map(a), Self::Map(b)) => Some(Self::map(a.0.join(&b.0)?, a.1.join(&b.1)?)),
            (Self::Null, other) | (other, Self::Null) if other.is_nullable() => Some(other.clone()),
            _ => (self == other).then(|| self.clone()),
        }
    }

    /// Whether both are the same type, as far as they are settled. Anything is not the same as an
    /// int.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => true,
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => a.same(b),
            (Self::Map(a), Self::Map(b)) => a.0.same(&b.0) && a.1.same(&b.1),
            _ => self == other,
        }
    }

    /// Whether a value may be what this type asks for, as far as its outermost layer tells.
    pub(super) fn fits(&self, value: &Value<'_>) -> bool {
        matches!(
            (self, value),
            (Self::Dyn | Self::Unknown | Self::Open(_), _)
                | (Self::Null, Value::Null)
                | (Self::Bool, Value::Bool(_))
                | (Self::Int, Value::Int(_))
                | (Self::Uint, Value::Uint(_))
                | (Self::Double, Value::Double(_))
                | (Self::String, Value::String(_) | Value::Pattern(_))
                | (Self::Bytes, Value::Bytes(_))
                | (Self::Duration, Value::Duration(_))
                | (Self::Timestamp, Value::Timestamp(_))
                | (Self::Meta, Value::Type(_))
                | (Self::List(_), Value::List(_))
                | (Self::Map(_) | Self::Record(_), Value::Map(_))
                | (Self::Optional(_), Value::Optional(_))
                | (Self::Opaque("CIDR"), Value::Cidr(_))
                | (Self::Opaque("Format"), Value::Format(_))
                | (Self::Opaque("IP"), Value::Ip(_))
                | (Self::Opaque("Quantity"), Value::Quantity(_))
                | (Self::Opaque("Semver"), Value::Semver(_))
                | (Self::Opaque("URL"), Value::Url(_))
        )
    }
}

/// Takes `actual` for an open type, unless that stands for something else already.
fn bind(letter: char, actual: &Type, bound: &mut Bindings) -> bool {
    let Some((_, known)) = bound.iter_mut().find(|(known, _)| *known == letter) else {
        bound.push((letter, actual.clone()));
        return true;
    };
    match known.join(actual) {
        Some(joined) => {
            *known = joined;
            true
        }
        None => false,
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(item) => write!(f, "list({item})"),
            Self::Optional(inner) => write!(f, "optional({inner})"),
            Self::Map(both) => write!(f, "map({}, {})", both.0, both.1),
            Self::Record(record) => f.write_str(record.name),
            Self::Open(letter) => write!(f, "{letter}"),
            _ => {
                let plain = PLAIN.iter().find(|(_, plain)| plain == self);
                f.write_str(plain.map_or("dyn", |(name, _)| name))
            }
        }
    }
}
