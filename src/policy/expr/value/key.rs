//! Keys of maps. Numbers are one key whatever their type: `{1: 'a'}[1u]` is `'a'`.

use std::cmp::Ordering;

use super::{Text, Value};

/// A key of a map.
#[derive(Clone)]
pub(in super::super) enum Key<'a> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    String(Text<'a>),
}

impl<'a> Key<'a> {
    /// The key that a map may be built with.
    pub(in super::super) fn to_store(value: &Value<'a>) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(Self::Bool(*truth)),
            Value::Int(number) => Some(Self::Int(*number)),
            Value::Uint(number) => Some(Self::Uint(*number)),
            Value::String(text) => Some(Self::String(text.clone())),
            _ => None,
        }
    }

    /// The key that a map may be asked for: whole doubles too.
    #[expect(clippy::cast_possible_truncation, reason = "the cast is undone to see what it lost")]
    #[expect(clippy::cast_precision_loss, reason = "what the cast loses is no whole int")]
    #[expect(clippy::float_cmp, reason = "exactly the same number is meant")]
    pub(in super::super) fn to_look_up(value: &Value<'a>) -> Option<Self> {
        match value {
            Value::Double(number) => {
                let int = *number as i64;
                (int as f64 == *number && int != i64::MAX).then_some(Self::Int(int))
            }
            _ => Self::to_store(value),
        }
    }

    pub(in super::super) fn into_value(self) -> Value<'a> {
        match self {
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(number) => Value::Int(number),
            Self::Uint(number) => Value::Uint(number),
            Self::String(text) => Value::String(text),
        }
    }

    /// How long looking for it takes.
    pub(in super::super) fn len(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            _ => 1,
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Int(_) | Self::Uint(_) => 1,
            Self::String(_) => 2,
        }
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Uint(a), Self::Uint(b)) => a.cmp(b),
            (Self::Int(a), Self::Uint(b)) => i128::from(*a).cmp(&i128::from(*b)),
            (Self::Uint(a), Self::Int(b)) => i128::from(*a).cmp(&i128::from(*b)),
            (Self::String(a), Self::String(b)) => (**a).cmp(&**b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key<'_> {}
