//! What a request would do, worked out of what API servers answered: the difference between two
//! objects without noise, and what goes along with a delete.
//!
//! The gateway reads, in the name of the one as whom the request would run; here is what becomes of
//! that. Objects are masked by then, except where it says otherwise.

pub mod budgets;
pub mod diff;
pub mod discovery;
pub mod listing;
pub mod managers;
pub mod noise;
pub mod orphans;
pub mod owners;
pub mod selector;
pub mod volumes;
pub mod written;

use serde_json::Value;

/// A text within an object; empty if there is none.
fn text<'v>(of: &'v Value, pointer: &str) -> &'v str {
    of.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list within an object.
fn items<'v>(of: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    of.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}
