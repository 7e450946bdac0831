//! What the check makes of a tree and the interpreter runs: names are resolved, macros are loops,
//! calls know the overloads that can fit.

use super::library::Overload;
use super::value::{Text, Value};

/// A checked expression.
pub(super) enum Code {
    And(Vec<Self>),
    Call {
        /// Those that the check could not rule out, in the order of the table.
        overloads: Vec<&'static Overload>,
        arguments: Vec<Self>,
    },
    Conditional(Box<[Self; 3]>),
    Constant(Value<'static>),
    /// `has(operand.field)`.
    Has {
        operand: Box<Self>,
        field: Text<'static>,
    },
    List(Vec<(Self, bool)>),
    /// A variable of a loop, by its place on the stack.
    Local(usize),
    Loop(Box<Loop>),
    Map(Vec<(Self, Self, bool)>),
    /// `a.optMap(x, f)`, or `optFlatMap` if the body is an optional itself.
    OptionalMap {
        operand: Box<Self>,
        body: Box<Self>,
        flat: bool,
    },
    Or(Vec<Self>),
    Select {
        operand: Box<Self>,
        field: Text<'static>,
        optional: bool,
    },
    Index {
        operand: Box<Self>,
        index: Box<Self>,
        optional: bool,
    },
    Variable(Variable),
}

/// Which variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    Caller,
    Now,
    Object,
    OldObject,
    Request,
}

/// A comprehension.
pub(super) struct Loop {
    pub(super) gather: Gather,
    pub(super) range: Code,
    /// One variable is the item or the key; two are index and item, or key and value.
    pub(super) two_variables: bool,
    /// Which rounds count.
    pub(super) filter: Option<Code>,
    pub(super) body: Code,
}

/// What a loop makes of its rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gather {
    All,
    Exists,
    ExistsOne,
    /// The items for which the body is true.
    Filter,
    /// A list of the bodies.
    List,
    /// A map from the keys to the bodies.
    Map,
    /// A map of the entries that the bodies are.
    MapEntries,
    /// The items in the order of the bodies.
    SortBy,
}
