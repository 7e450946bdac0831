//! Expressions in CEL. This module and its children are the only code that names the CEL crate,
//! and supply what it lacks: names are checked at load, work is bounded, errors are silent about
//! values.
//!
//! Work is bounded twice. At load, expressions that are long, deep or nest loops too far are
//! refused. At evaluation, every loop pays for all its rounds before the first one, weighed by
//! what a round can cost on the objects at hand, out of a fixed amount of fuel; an expression that
//! runs out is an error, whatever it would have said.

mod lint;
mod meter;
mod value;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use cel::common::value::CowVal;
use cel::parser::PrattParser;
use cel::{Context, Env, ExecutionError, FunctionContext, Value};
use jiff::Timestamp;

use super::Facts;
use super::capability::Capabilities;

/// What one evaluation may spend on loops; a round of a small loop costs 1.
const FUEL: u64 = 50_000;

/// Brackets may nest this deep.
const MAX_NESTING: u16 = 32;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// An expression that passed all checks that can be made without a request.
pub(super) struct Expression {
    tree: cel::IdedExpr,
    uses: Uses,
}

/// Which of the variables that are costly to have an expression names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Uses {
    pub(super) object: bool,
    pub(super) old_object: bool,
}

/// Which variables an expression may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// Everything: in `when`.
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

/// Why an evaluation failed. Says the kind alone: the CEL crate's own texts carry values.
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
    #[error("it fails on a number, a division, an index or a pattern")]
    Other,
    #[error("it loops over too much")]
    OutOfFuel,
}

impl Expression {
    pub(super) fn compile(text: &str, vocabulary: Vocabulary) -> Result<Self, Vec<Flaw>> {
        lint::size(text)?;
        // Not the crate's default parser: that one takes milliseconds, and its recursion is not
        // stopped by its own limit.
        let parser =
            PrattParser::new().enable_optional_syntax(true).max_recursion_depth(MAX_NESTING);
        let mut tree = parser.parse(text).map_err(|errors| vec![lint::syntax(&errors)])?;
        let uses = lint::check(&tree, text, vocabulary)?;
        meter::wrap_ranges(&mut tree);
        Ok(Self { tree, uses })
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

/// The variables of one request, converted once for all expressions on it.
pub(super) struct Scope {
    context: Context<'static, 'static>,
    fuel: Arc<AtomicU64>,
}

impl Scope {
    /// The scope that every expression on the request sees: `request` and `caller`.
    pub(super) fn new(facts: &Facts<'_>, carried: Capabilities) -> Self {
        let mut context = Context::with_env(Arc::clone(&ENV));
        context.add_variable_from_value("request", value::request(facts, carried));
        context.add_variable_from_value("caller", value::caller(facts.caller));
        let fuel = Arc::new(AtomicU64::new(0));
        let mut scope = Self { context, fuel };
        scope.charge_rounds(1);
        scope
    }

    /// Adds the time.
    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.context.add_variable_from_value("now", value::timestamp(now));
    }

    /// Adds `object` and `oldObject`; what is absent is null, as in Kubernetes.
    pub(super) fn set_objects(
        &mut self,
        object: Option<&serde_json::Value>,
        old_object: Option<&serde_json::Value>,
    ) -> Result<(), Failure> {
        let mut room = value::Room::default();
        for (name, json) in [("object", object), ("oldObject", old_object)] {
            let value = json.map_or(Ok(Value::Null), |json| room.convert(json))?;
            self.context.add_variable_from_value(name, value);
        }
        self.charge_rounds(1 + room.taken() / 64);
        Ok(())
    }

    /// The truth of `expression`.
    pub(super) fn holds(&self, expression: &Expression) -> Result<bool, Failure> {
        match self.evaluate(expression)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(Failure::NotBoolean),
        }
    }

    /// The value of `expression` as a text for people, if it has one.
    pub(super) fn text(&self, expression: &Expression) -> Result<String, Failure> {
        match self.evaluate(expression)? {
            Value::String(text) => Ok(text.to_string()),
            Value::Int(number) => Ok(number.to_string()),
            Value::UInt(number) => Ok(number.to_string()),
            Value::Float(number) => Ok(number.to_string()),
            Value::Bool(truth) => Ok(truth.to_string()),
            _ => Err(Failure::MismatchedTypes),
        }
    }

    fn evaluate(&self, expression: &Expression) -> Result<Value, Failure> {
        self.fuel.store(FUEL, Ordering::Relaxed);
        let value = Value::resolve(&expression.tree, &self.context);
        // `||` and `&&` absorb errors; running out of fuel must not be absorbed.
        if self.fuel.load(Ordering::Relaxed) == 0 {
            return Err(Failure::OutOfFuel);
        }
        value.map_err(|error| failure(&error))
    }

    /// Defines what a loop pays for a round: its own steps, and `wide` units for each operation in
    /// it that may go through a whole object.
    fn charge_rounds(&mut self, wide: u64) {
        let fuel = Arc::clone(&self.fuel);
        let charge: Function = Box::new(move |call| charge(call, &fuel, wide));
        // Fails for names of the standard library alone, and no user can write this one.
        let _ = self.context.add_function(meter::CHARGE, charge);
    }
}

/// A function of the CEL crate that hands its argument back without a copy.
type Function = Box<
    dyn for<'c, 'v> Fn(&mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError>
        + Send
        + Sync,
>;

/// `@charge(range, steps of a round, wide operations of a round)` is the range.
fn charge<'c, 'v>(
    call: &mut FunctionContext<'c, 'v>,
    fuel: &AtomicU64,
    wide: u64,
) -> Result<CowVal<'c, 'v>, ExecutionError> {
    let mut number = || match call.args.pop().as_deref().map(Value::try_from) {
        Some(Ok(Value::Int(number))) => number.unsigned_abs(),
        _ => u64::MAX,
    };
    let operations = number();
    let steps = number();
    let range = call.args.pop().ok_or_else(ExecutionError::missing_argument_or_target)?;
    let rounds = range.as_sizer().map_or(0, |sizer| sizer.size().into_inner().unsigned_abs());
    let cost = rounds.saturating_mul(operations.saturating_mul(wide).saturating_add(steps));
    let left = fuel.load(Ordering::Relaxed).saturating_sub(cost);
    fuel.store(left, Ordering::Relaxed);
    if left == 0 { Err(ExecutionError::function_error(meter::CHARGE, "fuel")) } else { Ok(range) }
}

fn failure(error: &ExecutionError) -> Failure {
    use ExecutionError as E;
    match error {
        E::NoSuchKey(_) | E::IndexOutOfBounds(_) => Failure::NoSuchField,
        E::NoSuchOverload(_)
        | E::UnexpectedType { .. }
        | E::UnsupportedTargetType { .. }
        | E::UnsupportedBinaryOperator(..)
        | E::UnsupportedIndex(..)
        | E::UnsupportedKeyType(_)
        | E::ValuesNotComparable(..) => Failure::MismatchedTypes,
        _ => Failure::Other,
    }
}

#[cfg(test)]
mod tests;
