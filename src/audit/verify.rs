//! Verifies an exported trail, line by line and offline: that no byte of it was altered, that
//! nothing is missing, and that it tells a story that can have happened.
//!
//! Removing the end of a trail leaves a shorter one that is sound in itself. Who keeps a head from
//! an earlier look finds that out, by giving it as [`Expected::head`].

use std::borrow::Cow;
use std::collections::HashSet;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::Line;
use super::chain::{Head, Sealed};
use super::checkpoint::{Checkpoint, PublicKey};

/// What is known of a trail before it is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected {
    /// The key that signs it. Without one, the key of the first checkpoint is trusted and
    /// reported.
    pub key: Option<PublicKey>,
    /// A head that it had before, and so must still contain.
    pub head: Option<Head>,
}

/// What a sound trail contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many entries.
    pub entries: u64,
    /// How many checkpoints.
    pub checkpoints: u64,
    /// The first entry's time.
    pub first: Option<Timestamp>,
    /// The last entry's time.
    pub last: Option<Timestamp>,
    /// How many entries at the end no checkpoint covers yet: nothing proves those.
    pub unsigned: u64,
    /// Requests that were sent on and whose end is not recorded, by id.
    pub open: Vec<Uuid>,
    /// Where the chain ends. Keep it to find out later whether entries were cut off.
    pub head: Head,
    /// The key that signed; none without a checkpoint.
    pub key: Option<PublicKey>,
}

/// Where a trail is not sound.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {flaw}")]
pub struct VerifyError {
    /// The line, counted from 1; one past the last if the end is what is wrong.
    pub line: u64,
    /// What is wrong with it.
    #[source]
    pub flaw: Flaw,
}

/// What is wrong with a trail.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// The record, or the hash before it, is not what was written.
    #[error("entry {seq} was altered: its hash does not fit")]
    Altered {
        /// The entry.
        seq: u64,
    },
    /// The checkpoint was altered, or somebody without the key made it.
    #[error("the signature of the checkpoint at entry {seq} is wrong")]
    BadSignature {
        /// The entry it names.
        seq: u64,
    },
    /// The head that is known from before is not in this trail: it was rewritten.
    #[error("entry {seq} is not the one that is known from before: the trail was rewritten")]
    Forked {
        /// The entry.
        seq: u64,
    },
    /// The line is none that a gateway writes.
    #[error("not a line of a trail")]
    Malformed,
    /// The checkpoint does not sign the entries before it.
    #[error("the checkpoint signs entry {found}, not entry {expected} before it")]
    Misplaced {
        /// The last entry before the checkpoint.
        expected: u64,
        /// The entry it names.
        found: u64,
    },
    /// Entries are missing, repeated, swapped or inserted.
    #[error("entry {found} stands where entry {expected} belongs")]
    OutOfOrder {
        /// The entry that follows.
        expected: u64,
        /// The entry that is there.
        found: u64,
    },
    /// Somebody else signed.
    #[error("the checkpoint at entry {seq} is signed by key {found}, not by {expected}")]
    OtherKey {
        /// The entry it names.
        seq: u64,
        /// The key that should have signed.
        expected: PublicKey,
        /// The key that did.
        found: PublicKey,
    },
    /// A request was sent on twice.
    #[error("entry {seq} sends request {id} on, which is still under way")]
    RequestRepeated {
        /// The entry.
        seq: u64,
        /// The request.
        id: Uuid,
    },
    /// A request ended that was never sent on.
    #[error("entry {seq} ends request {id}, which was not under way")]
    ResponseUnasked {
        /// The entry.
        seq: u64,
        /// The request.
        id: Uuid,
    },
    /// Entries that are known from before are gone.
    #[error("the trail ends at entry {end}; entry {known} is known from before and gone")]
    Truncated {
        /// The last entry.
        end: u64,
        /// The entry that was there.
        known: u64,
    },
    /// An entry whose record lacks what every record has.
    #[error("entry {seq} holds no record")]
    Unreadable {
        /// The entry.
        seq: u64,
    },
}

/// Reads a trail from its first line to its last.
#[derive(Debug)]
pub struct Verifier {
    expected: Expected,
    lines: u64,
    head: Head,
    signed: u64,
    checkpoints: u64,
    key: Option<PublicKey>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    open: HashSet<Uuid>,
}

impl Verifier {
    /// Starts with what is known beforehand.
    pub fn new(expected: Expected) -> Self {
        Self {
            expected,
            lines: 0,
            head: Head::GENESIS,
            signed: 0,
            checkpoints: 0,
            key: expected.key,
            first: None,
            last: None,
            open: HashSet::new(),
        }
    }

    /// Takes the next line, without its newline. Empty ones keep a connection alive and say
    /// nothing.
    pub fn line(&mut self, line: &[u8]) -> Result<(), VerifyError> {
        self.lines += 1;
        if line.is_empty() {
            return Ok(());
        }
        self.check(line).map_err(|flaw| VerifyError { line: self.lines, flaw })
    }

    /// Says what the trail contains, now that its last line was taken.
    pub fn finish(self) -> Result<Summary, VerifyError> {
        if let Some(known) = self.expected.head.filter(|known| known.seq > self.head.seq) {
            let flaw = Flaw::Truncated { end: self.head.seq, known: known.seq };
            return Err(VerifyError { line: self.lines + 1, flaw });
        }
        let mut open: Vec<_> = self.open.into_iter().collect();
        open.sort_unstable();
        Ok(Summary {
            entries: self.head.seq,
            checkpoints: self.checkpoints,
            first: self.first,
            last: self.last,
            unsigned: self.head.seq - self.signed,
            open,
            head: self.head,
            key: self.key.filter(|_| self.checkpoints > 0),
        })
    }

    fn check(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        let line: Line = serde_json::from_slice(bytes).map_err(|_| Flaw::Malformed)?;
        // What is outside the hash, such as the spaces between tokens, has only one spelling.
        if serde_json::to_vec(&line).map_err(|_| Flaw::Malformed)? != bytes {
            return Err(Flaw::Malformed);
        }
        match line {
            Line::Checkpoint(checkpoint) => self.checkpoint(&checkpoint),
            Line::Entry(entry) => self.entry(&entry),
        }
    }

    fn entry(&mut self, entry: &Sealed) -> Result<(), Flaw> {
        let (seq, expected) = (entry.seq, self.head.seq + 1);
        if seq != expected {
            return Err(Flaw::OutOfOrder { expected, found: seq });
        }
        if !self.head.is_followed_by(entry) {
            return Err(Flaw::Altered { seq });
        }
        if self.expected.head.is_some_and(|known| known.seq == seq && known.hash != entry.hash) {
            return Err(Flaw::Forked { seq });
        }
        self.head = entry.head();
        let text = entry.record.as_str();
        let fact: Fact<'_> = read(text, seq)?;
        self.first.get_or_insert(fact.at);
        self.last = Some(fact.at);
        self.follow(seq, &fact.event, text)
    }

    fn follow(&mut self, seq: u64, event: &str, text: &str) -> Result<(), Flaw> {
        match event {
            "request" => {
                let Asked { id, decision } = read(text, seq)?;
                if decision == "allow" && !self.open.insert(id) {
                    return Err(Flaw::RequestRepeated { seq, id });
                }
            }
            "response" => {
                let Answered { id } = read(text, seq)?;
                if !self.open.remove(&id) {
                    return Err(Flaw::ResponseUnasked { seq, id });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Flaw> {
        let seq = checkpoint.seq;
        if checkpoint.head() != self.head || seq == self.signed {
            return Err(Flaw::Misplaced { expected: self.head.seq, found: seq });
        }
        let expected = *self.key.get_or_insert(checkpoint.key);
        if expected != checkpoint.key {
            return Err(Flaw::OtherKey { seq, expected, found: checkpoint.key });
        }
        if !checkpoint.is_authentic() {
            return Err(Flaw::BadSignature { seq });
        }
        self.signed = seq;
        self.checkpoints += 1;
        Ok(())
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, seq: u64) -> Result<T, Flaw> {
    serde_json::from_str(text).map_err(|_| Flaw::Unreadable { seq })
}

// The few fields that the story rests on. Whatever else there is in a record, or in an event that
// only another version knows, is its own affair.

#[derive(Deserialize)]
struct Fact<'a> {
    at: Timestamp,
    #[serde(borrow)]
    event: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Asked<'a> {
    id: Uuid,
    #[serde(borrow)]
    decision: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Answered {
    id: Uuid,
}

#[cfg(test)]
mod tests;
