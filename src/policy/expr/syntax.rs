//! From text to a tree, by CEL's grammar. Macros stay calls, so that what is wrong with one is said
//! in the author's words, and every node knows where it stands.
//!
//! A parser of our own, since whatever is said of an expression needs places, and since everything
//! here is bounded: the length, the nesting, and the height of the tree.

mod lexer;
mod literal;
mod parser;

use super::Flaw;
use super::value::Value;

pub(super) use parser::dotted;

/// In bytes.
pub(super) const MAX_LENGTH: usize = 4096;

/// How high a tree may grow; everything that walks trees recurses.
pub(super) const MAX_HEIGHT: u16 = 96;

/// A part of an expression.
pub(super) struct Node {
    /// The byte at which it is named: an operator, a field, a function.
    pub(super) at: usize,
    /// How many levels of nodes it has, itself included.
    height: u16,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    And(Vec<Node>),
    /// Operators are functions with names such as `_+_`. A method has a target.
    Call {
        target: Option<Box<Node>>,
        name: String,
        arguments: Vec<Node>,
    },
    Conditional(Box<[Node; 3]>),
    Index {
        operand: Box<Node>,
        index: Box<Node>,
        optional: bool,
    },
    List(Vec<Item>),
    Literal(Value<'static>),
    Map(Vec<Entry>),
    Name(String),
    Or(Vec<Node>),
    /// `Name{..}`.
    Record(String),
    Select {
        operand: Box<Node>,
        field: String,
        optional: bool,
    },
}

pub(super) struct Item {
    pub(super) value: Node,
    pub(super) optional: bool,
}

pub(super) struct Entry {
    pub(super) key: Node,
    pub(super) value: Node,
    pub(super) optional: bool,
}

/// What is wrong at a byte.
pub(super) struct SyntaxError {
    at: usize,
    message: String,
}

impl SyntaxError {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// The tree of an expression.
pub(super) fn parse(text: &str) -> Result<Node, Flaw> {
    if text.len() > MAX_LENGTH {
        let message = format!("the expression is longer than {MAX_LENGTH} bytes");
        return Err(Flaw { line: 1, column: 1, message, hint: None });
    }
    lexer::tokens(text).and_then(parser::parse).map_err(|error| {
        Flaw::at(text, error.at, format!("not a valid expression: {}", error.message), None)
    })
}
