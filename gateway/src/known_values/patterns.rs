//! What is looked for of known values, shared by all streams of a cluster that may hold the same ones: a
//! hundred people who follow the log of one pod do not need it a hundred times.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use kguard::audit::hex::Sha256;
use kguard::mask::{KnownPatterns, KnownValue};

/// What is longer is compiled where it holds nobody up: a Secret of 1 MiB takes some 100 ms.
const LONG_BYTES: usize = 64 << 10;

/// Entries that may be of streams that have ended.
const MOST_ENDED: usize = 256;

/// By the values that they are of.
#[derive(Debug, Default)]
pub struct SharedPatterns(Mutex<Shared>);

#[derive(Debug, Default)]
struct Shared {
    patterns: HashMap<String, Weak<KnownPatterns>>,
    /// How many there may be before those are looked for that nobody has any more.
    room: usize,
}

impl SharedPatterns {
    /// Those of these values.
    pub(super) async fn of(
        &self,
        values: Vec<KnownValue>,
    ) -> (Vec<KnownValue>, Arc<KnownPatterns>) {
        let key = key(&values);
        if let Some(patterns) = self.lock().patterns.get(&key).and_then(Weak::upgrade) {
            return (values, patterns);
        }
        let (values, patterns) = compile(values).await;
        (values, self.lock().keep(key, patterns))
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Keeps it, or takes what somebody else has kept meanwhile.
    fn keep(&mut self, key: String, patterns: Arc<KnownPatterns>) -> Arc<KnownPatterns> {
        if let Some(kept) = self.patterns.get(&key).and_then(Weak::upgrade) {
            return kept;
        }
        if self.patterns.len() >= self.room {
            self.patterns.retain(|_, patterns| patterns.strong_count() > 0);
            self.room = self.patterns.len() * 2 + MOST_ENDED;
        }
        self.patterns.insert(key, Arc::downgrade(&patterns));
        patterns
    }
}

async fn compile(values: Vec<KnownValue>) -> (Vec<KnownValue>, Arc<KnownPatterns>) {
    let compiled = |values: Vec<KnownValue>| {
        let patterns = Arc::new(KnownPatterns::of(&values));
        (values, patterns)
    };
    if super::length(&values) < LONG_BYTES {
        return compiled(values);
    }
    let own = values.clone();
    match tokio::task::spawn_blocking(move || compiled(own)).await {
        Ok(compiled) => compiled,
        // The gateway ends.
        Err(_) => compiled(values),
    }
}

/// Values are told apart by what they are and by their order, whatever they are called.
fn key(values: &[KnownValue]) -> String {
    let mut hashing = Sha256::default();
    for KnownValue { value, .. } in values {
        hashing.update(&(value.len() as u64).to_be_bytes());
        hashing.update(value);
    }
    hashing.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(of: &[&str]) -> Vec<KnownValue> {
        let value = |value: &&str| KnownValue {
            secret: "db".to_owned(),
            key: "password".to_owned(),
            value: value.as_bytes().to_vec(),
        };
        of.iter().map(value).collect()
    }

    #[tokio::test]
    async fn streams_with_the_same_values_share_what_is_looked_for() {
        let shared = SharedPatterns::default();
        let (_, first) = shared.of(values(&["correct-horse", "battery"])).await;
        let (_, same) = shared.of(values(&["correct-horse", "battery"])).await;
        assert!(Arc::ptr_eq(&first, &same));
        for other in [&["battery", "correct-horse"][..], &["correct-horsebattery"], &[]] {
            let (_, other) = shared.of(values(other)).await;
            assert!(!Arc::ptr_eq(&first, &other));
        }
    }

    #[tokio::test]
    async fn streams_that_begin_at_once_share_it_too() {
        let shared = SharedPatterns::default();
        let long = "correct horse battery staple ".repeat(LONG_BYTES / 16);
        let (first, second) =
            tokio::join!(shared.of(values(&[&long])), shared.of(values(&[&long])));
        assert!(Arc::ptr_eq(&first.1, &second.1));
    }

    #[tokio::test]
    async fn what_nobody_has_any_more_is_forgotten() {
        let shared = SharedPatterns::default();
        let (_, kept) = shared.of(values(&["correct-horse"])).await;
        for number in 0..3 * MOST_ENDED {
            shared.of(values(&[&format!("value-{number}")])).await;
        }
        assert!(shared.lock().patterns.len() <= MOST_ENDED + 2);
        let (_, again) = shared.of(values(&["correct-horse"])).await;
        assert!(Arc::ptr_eq(&kept, &again));
    }
}
