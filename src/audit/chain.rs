//! Chains records: each carries a hash over the one before it and its own text.
//!
//! `hash(n) = SHA-256(tag || hash(n-1) || text(n))`, where the text is the record's JSON exactly as
//! it was first written and `hash(0)` is 32 zero bytes.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::hex::Hex;
use super::record::Record;

/// Keeps these hashes apart from all other uses of SHA-256, and names the version of the format.
const TAG: &[u8] = b"kguard.dev/trail/v1/entry\n";

/// A SHA-256 hash.
pub type Digest = Hex<32>;

/// How far a chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last entry's position, 0 before the first.
    pub seq: u64,
    /// The last entry's hash.
    pub hash: Digest,
}

impl Head {
    /// The head of a chain without entries.
    pub const GENESIS: Self = Self { seq: 0, hash: Hex([0; 32]) };

    /// Puts a record behind this head.
    pub fn seal(self, text: RecordText) -> Sealed {
        Sealed { seq: self.seq + 1, hash: self.hash_of(&text), record: text }
    }

    /// Whether the entry is what followed this head when it was written.
    pub fn is_followed_by(self, entry: &Sealed) -> bool {
        entry.seq == self.seq + 1 && entry.hash == self.hash_of(&entry.record)
    }

    fn hash_of(self, text: &RecordText) -> Digest {
        let mut context = Context::new(&SHA256);
        context.update(TAG);
        context.update(&self.hash.0);
        context.update(text.as_str().as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Hex(hash)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// The text is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the head of a trail; write it as NUMBER:HASH")]
pub struct NotAHead;

impl FromStr for Head {
    type Err = NotAHead;

    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (seq, hash) = text.split_once(':').ok_or(NotAHead)?;
        let seq = seq.parse().map_err(|_| NotAHead)?;
        Ok(Self { seq, hash: hash.parse().map_err(|_| NotAHead)? })
    }
}

/// A record in its place in the chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// Position in the chain, counted from 1 without gaps.
    pub seq: u64,
    /// The hash over the previous entry's hash and this record's text.
    pub hash: Digest,
    /// The record's text.
    pub record: RecordText,
}

impl Sealed {
    /// The chain's head once this entry is its last.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }
}

/// A record's JSON, kept byte for byte as it was first written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordText(Box<RawValue>);

impl RecordText {
    /// Writes a record down.
    pub fn write(record: &Record) -> serde_json::Result<Self> {
        to_raw_value(record).map(Self)
    }

    /// Takes over what was written before; fails if that is not JSON.
    pub fn from_stored(text: String) -> serde_json::Result<Self> {
        RawValue::from_string(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads the record; fails on one that only a newer version understands.
    pub fn read(&self) -> serde_json::Result<Record> {
        serde_json::from_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> RecordText {
        RecordText::from_stored(json.to_owned()).unwrap()
    }

    #[test]
    fn an_entry_follows_only_the_head_it_was_sealed_behind() {
        let first = Head::GENESIS.seal(text(r#"{"a":1}"#));
        let second = first.head().seal(text(r#"{"a":1}"#));
        assert_eq!((first.seq, second.seq), (1, 2));
        assert_ne!(first.hash, second.hash);
        assert!(Head::GENESIS.is_followed_by(&first) && first.head().is_followed_by(&second));
        assert!(!Head::GENESIS.is_followed_by(&second) && !first.head().is_followed_by(&first));
    }

    #[test]
    fn the_format_of_the_hash_is_fixed() {
        let entry = Head::GENESIS.seal(text(r#"{"at":"2026-01-01T00:00:00Z"}"#));
        let mut bytes = b"kguard.dev/trail/v1/entry\n".to_vec();
        bytes.extend([0; 32]);
        bytes.extend(br#"{"at":"2026-01-01T00:00:00Z"}"#);
        let expected = aws_lc_rs::digest::digest(&SHA256, &bytes);
        assert_eq!(entry.hash.as_ref(), expected.as_ref());
    }

    #[test]
    fn a_head_reads_back_from_its_text() {
        let head = Head::GENESIS.seal(text("1")).head();
        assert_eq!(head.to_string().parse(), Ok(head));
        for wrong in ["", "1", "1:00", ":", "x:y"] {
            assert_eq!(wrong.parse::<Head>(), Err(NotAHead), "{wrong}");
        }
    }

    #[test]
    fn a_record_keeps_its_spelling_through_the_envelope() {
        let odd = r#"{ "n": 1.50e0, "unknown": [ ],"s":"\u0041" }"#;
        let entry = Head::GENESIS.seal(text(odd));
        let line = serde_json::to_string(&entry).unwrap();
        let back: Sealed = serde_json::from_str(&line).unwrap();
        assert_eq!(back.record.as_str(), odd);
        assert!(Head::GENESIS.is_followed_by(&back));
    }
}
