//! Masks field values in what an API server answers, as the bytes pass: byte-identical outside
//! the masked values, memory of one object at most, and nothing that it cannot understand passes.
//!
//! What is masked follows from what is *in* the response (the kind of each object), never from
//! what was asked for. The request only helps where a response does not say the kind by itself
//! (`PartialObjectMetadata`, a `Status` that quotes an object), and says how to cut the stream.
//!
//! It is for the JSON answers to requests on resources, at every status code; text (`log`, errors
//! of proxies) and upgraded connections are not its matter.
//!
//! There is one shortcut: a response passes unread if its head says that it is of the built-in kind
//! that was asked for, and no rule is about that ([`head`]).
//!
//! ```text
//! bytes → stream (lexer cuts: document | list elements | events)
//!       → pass   (what is it: list, table, event, status or object)
//!       → object (which rules match it, and its last-applied annotation)
//!       → walk   (their field paths through the object) → edits
//! ```

pub mod detect;
mod edit;
mod head;
mod helm;
mod incoming;
mod kind;
mod lexer;
mod members;
mod object;
mod pass;
mod patch;
pub mod path;
mod pieces;
pub mod placeholder;
mod preview;
pub mod rule;
mod scan;
mod status;
mod stream;
mod string;
pub mod text;
mod value;
mod walk;
mod written;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use helm::{HelmMode, release_of};
pub use incoming::{Form, Incoming, Prepared, Unwritable};
pub use path::{FieldPath, FieldPathError};
pub use placeholder::{Echo, PlaceholderKey, Placeholders, contains_placeholder};
pub use preview::{HiddenField, Preview, unknown_kind};
pub use rule::{MaskRule, MaskRules};
pub use stream::Masker;
pub use text::{KnownPatterns, KnownValue, TextMasker, TextPlan, TextRule, TextRules};

use crate::kube::request_info::ResourceInfo;

/// How much of one object is held in memory before the response is refused.
pub const MAX_ELEMENT_BYTES: usize = 16 << 20;

/// Everything that masking one response needs to know.
#[derive(Debug, Clone)]
pub struct Context {
    /// The rules, already narrowed down to the caller and the cluster. With none, bytes pass
    /// unread.
    pub rules: Arc<MaskRules>,
    /// How to cut the stream.
    pub shape: Shape,
    /// The resource that was asked for: the kind behind a `PartialObjectMetadata`, the subject of
    /// an error, the namespace and name of an object that does not give its own.
    pub requested: Option<ResourceInfo>,
    /// What stands in for values.
    pub placeholders: Placeholders,
    /// The most that one object, list element or event may take; [`MAX_ELEMENT_BYTES`].
    pub max_element_bytes: usize,
}

/// How a response is cut into pieces that are masked and sent on one by one.
///
/// It never decides *whether* something is masked: a list that arrives under `Object` is masked
/// all the same, only in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Mostly collections (`list`, `deletecollection`): `items` or `rows` pass one by one.
    List,
    /// One object, held until it is complete.
    Object,
    /// A stream of events, each sent on as it completes.
    Watch,
}

/// How many values were masked, by the name of the rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskReport {
    /// Rule name to number of values.
    pub masked: BTreeMap<String, u64>,
}

impl MaskReport {
    fn count(&mut self, rule: &str) {
        match self.masked.get_mut(rule) {
            Some(count) => *count += 1,
            None => self.masked.extend([(rule.to_owned(), 1)]),
        }
    }
}

/// Why a response cannot be masked, so that it must not be sent on.
///
/// All are caused by the upstream's answer. None quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MaskError {
    /// A JSON object that decides what is masked has the same key twice; readers disagree on
    /// which one counts.
    #[error("an object in the response has the same key twice")]
    DuplicateKey,
    /// The response failed to be masked before; what follows cannot be understood either.
    #[error("the response could not be masked further up")]
    Failed,
    /// Something with `items` passed as a list and then said that it is none.
    #[error("a list in the response does not say that it is a list")]
    NotAList,
    /// Where Kubernetes has an object, there is something else.
    #[error("the response is not made of JSON objects")]
    NotAnObject,
    /// Not JSON.
    #[error("the response is not valid JSON")]
    Syntax,
    /// Nested deeper than any Kubernetes object.
    #[error("the response is nested too deeply")]
    TooDeep,
    /// One object is larger than the limit.
    #[error("an object in the response is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// More follows after the object.
    #[error("the response goes on after its end")]
    TrailingData,
    /// The response ended within an object.
    #[error("the response ends too early")]
    Truncated,
}
