//! The trail: what is recorded of a request, how records are chained and signed, how anybody can
//! verify that nothing was altered.
//!
//! An exported trail is newline-delimited JSON, each line a [`Line`]: an entry in its place in the
//! chain, or a checkpoint that signs everything before it. The hash covers the record's text as
//! it was written, so that a later version with other fields still verifies old entries.

pub mod chain;
pub mod checkpoint;
pub mod hex;
pub mod record;
pub mod trail;
pub mod verify;

use serde::{Deserialize, Serialize};

pub use chain::{Digest, Head, Sealed};
pub use checkpoint::{Checkpoint, PublicKey, SigningKey};
pub use record::{Event, Record};
pub use verify::{Expected, Flaw, Summary, Verifier, VerifyError};

/// One line of an exported trail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// A signature over everything before it.
    Checkpoint(Checkpoint),
    /// A record in its place.
    Entry(Sealed),
}
