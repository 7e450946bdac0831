//! Expressions in CEL, as Kubernetes 1.34 has it: `docs/expressions.md` is its chapter.
//!
//! An expression is read in three steps, each of which makes what the next one takes: `syntax`
//! makes a tree with places, `check` infers types over it and makes code, `interpret` runs that
//! within its fuel. What functions there are says one table, `library`.
//!
//! It is our own, since what is needed is not to be had: types and places at load, a bound on time
//! and memory, values that are borrowed from the object instead of a copy of it, and errors that
//! never carry a value. `tests/expressions.rs` holds it against Kubernetes' own.

mod check;
mod code;
mod evaluate;
mod fuel;
mod interpret;
mod library;
mod syntax;
mod types;
mod value;
mod variables;

use jiff::Timestamp;

use self::code::Code;
pub use self::evaluate::{Evaluated, evaluate};
use self::interpret::Run;
use self::types::Type;
use self::value::Value;
use super::Facts;
use super::capability::Capabilities;

/// An expression that passed all checks that can be made without a request.
pub(super) struct Expression {
    code: Code,
    uses: Uses,
}

/// Which of the variables that are costly to have an expression names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Uses {
    pub(super) object: bool,
    pub(super) old_object: bool,
    /// `request.capabilities`, which the object may have to settle.
    pub(super) capabilities: bool,
}

/// Which variables an expression may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// Everything: in `when`, so that it has to be a truth.
    Full,
    /// Only what holds no value out of an object: in messages, which end up in errors and logs.
    RequestOnly,
}

/// What is wrong with an expression, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Line of the expression, from 1.
    pub(super) line: usize,
    /// Character of that line, from 1.
    pub(super) column: usize,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// Why an evaluation failed. Says the kind alone, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("it computes with types that do not go together")]
    MismatchedTypes,
    #[error("it reads a field, key or index that is not there; guard it with `has(..)`")]
    NoSuchField,
    #[error("it is neither true nor false")]
    NotBoolean,
    #[error("the object is too large or too deep for expressions")]
    ObjectTooLarge,
    #[error("it fails on a number, a division, an index, a pattern or a text that does not parse")]
    Other,
    #[error("it goes through too much")]
    OutOfFuel,
}

impl Flaw {
    /// A flaw at a byte of the text.
    fn at(text: &str, byte: usize, message: String, hint: Option<String>) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column, message, hint }
    }
}

impl Expression {
    pub(super) fn compile(text: &str, vocabulary: Vocabulary) -> Result<Self, Vec<Flaw>> {
        let (expression, of) = Self::read(text, vocabulary)?;
        if vocabulary == Vocabulary::RequestOnly || Type::Bool.admits(&of, &mut Vec::new()) {
            return Ok(expression);
        }
        let message = format!("it is {}, neither true nor false", check::article(&of));
        let start = text.len() - text.trim_start().len();
        Err(vec![Flaw::at(text, start, message, None)])
    }

    /// The expression, whatever it comes to, and its type.
    fn read(text: &str, vocabulary: Vocabulary) -> Result<(Self, Type), Vec<Flaw>> {
        let tree = syntax::parse(text).map_err(|flaw| vec![flaw])?;
        let (code, of, uses) = check::check(&tree, text, vocabulary)?;
        Ok((Self { code, uses }, of))
    }

    pub(super) const fn uses(&self) -> Uses {
        self.uses
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expression").field("uses", &self.uses).finish_non_exhaustive()
    }
}

/// The variables of one request, for all expressions on it. Objects are borrowed.
pub(super) struct Scope<'a> {
    request: Value<'a>,
    caller: Value<'a>,
    now: Value<'a>,
    object: Value<'a>,
    old_object: Value<'a>,
}

impl<'a> Scope<'a> {
    /// The scope that every expression on the request sees: `request` and `caller`.
    pub(super) fn new(facts: &Facts<'_>, carried: Capabilities) -> Self {
        Self {
            request: variables::request(facts, carried),
            caller: variables::caller(facts.caller),
            now: Value::Null,
            object: Value::Null,
            old_object: Value::Null,
        }
    }

    /// Adds the time. One that CEL has no room for stays null, and fails in use.
    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.now = library::time::Timestamp::of(now).map_or(Value::Null, Value::Timestamp);
    }

    /// Adds `object` and `oldObject`; what is absent is null, as in Kubernetes.
    pub(super) fn set_objects(
        &mut self,
        object: Option<&'a serde_json::Value>,
        old_object: Option<&'a serde_json::Value>,
    ) -> Result<(), Failure> {
        variables::bound([object, old_object])?;
        self.object = object.map_or(Value::Null, Value::from_json);
        self.old_object = old_object.map_or(Value::Null, Value::from_json);
        Ok(())
    }

    /// The truth of `expression`.
    pub(super) fn holds(&self, expression: &Expression) -> Result<bool, Failure> {
        match Run::new(self).value(&expression.code)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(Failure::NotBoolean),
        }
    }

    /// The value of `expression` as a text for people, if it has one.
    pub(super) fn text(&self, expression: &Expression) -> Result<String, Failure> {
        match Run::new(self).value(&expression.code)? {
            Value::String(text) => Ok((*text).to_owned()),
            Value::Int(number) => Ok(number.to_string()),
            Value::Uint(number) => Ok(number.to_string()),
            Value::Double(number) => Ok(number.to_string()),
            Value::Bool(truth) => Ok(truth.to_string()),
            _ => Err(Failure::MismatchedTypes),
        }
    }
}

#[cfg(test)]
mod tests;
