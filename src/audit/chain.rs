//! Chains records: each carries the hash of the one before it, and now and then a checkpoint signs
//! how far the chain has come.

use serde::{Deserialize, Serialize};

use super::record::Record;

/// A record in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Position in the chain, counted from 1 without gaps.
    pub seq: u64,
    /// SHA-256 over the previous hash and this record, hex.
    pub hash: String,
    /// The record.
    pub record: Record,
}

/// A signed statement of how far the chain has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The last record that the statement covers.
    pub seq: u64,
    /// That record's hash, hex.
    pub hash: String,
}
