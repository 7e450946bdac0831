//! The trail: what is recorded of a request, how records are chained and signed, how anybody can
//! verify that nothing was altered.

pub mod chain;
pub mod record;
pub mod verify;

pub use chain::{Checkpoint, Sealed};
pub use record::Record;
