//! Values that Secrets of a cluster held lately: a pod goes on with those that it was started with, and
//! prints them, when its Secret was changed or deleted long ago.
//!
//! What is read to mask text is remembered, and so is what somebody is about to overwrite or delete
//! from whom it is hidden, who could look for it in a log otherwise. It lies in memory alone, is
//! forgotten a day after it was last seen, and takes no more than a bounded room.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kguard::mask::KnownValue;

/// How long a value is remembered after it was last seen in its Secret.
const REMEMBERED: Duration = Duration::from_hours(24);
/// What the values of one Secret may take: the largest Secret there can be, and its version before.
const MAX_SECRET_BYTES: usize = 2 << 20;
/// What all may take.
const MAX_BYTES: usize = 64 << 20;
/// What a value takes besides its own bytes.
const OVERHEAD_BYTES: usize = 128;

/// How often all that is too old is looked for.
const SWEPT: Duration = Duration::from_hours(1);

/// The values that Secrets of a cluster hold, or held lately.
#[derive(Default)]
pub struct FormerValues(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    secrets: HashMap<Secret, Held>,
    swept: Option<Instant>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Secret {
    namespace: String,
    name: String,
}

#[derive(Default)]
struct Held {
    /// With their keys, and when they were last seen.
    values: HashMap<(String, Vec<u8>), Instant>,
    bytes: usize,
}

impl FormerValues {
    /// Remembers what a Secret holds now.
    pub fn remember(&self, namespace: &str, name: &str, values: &[KnownValue]) {
        self.memory().remember((namespace, name), values, Instant::now());
    }

    /// All that a Secret held lately.
    pub fn of(&self, namespace: &str, name: &str) -> Vec<KnownValue> {
        self.memory().of((namespace, name), Instant::now())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn remember(&mut self, secret: (&str, &str), values: &[KnownValue], now: Instant) {
        if values.is_empty() {
            return;
        }
        if self.swept.is_none_or(|swept| now.saturating_duration_since(swept) > SWEPT) {
            self.sweep(now);
        }
        let held = self.secrets.entry(secret.into()).or_default();
        let seen = values.iter().map(|of| ((of.key.clone(), of.value.clone()), now));
        held.values.extend(seen);
        held.count();
        if held.bytes > MAX_SECRET_BYTES {
            held.retain(|at| at == now);
        }
        if self.bytes() > MAX_BYTES {
            self.make_room();
        }
    }

    fn of(&mut self, (namespace, name): (&str, &str), now: Instant) -> Vec<KnownValue> {
        let Some(held) = self.secrets.get(&(namespace, name).into()) else { return Vec::new() };
        let remembered = held.values.iter().filter(|(_, at)| is_remembered(**at, now));
        let value = |((key, value), _): (&(String, Vec<u8>), _)| KnownValue {
            secret: name.to_owned(),
            key: key.clone(),
            value: value.clone(),
        };
        remembered.map(value).collect()
    }

    fn sweep(&mut self, now: Instant) {
        self.secrets.values_mut().for_each(|held| held.retain(|at| is_remembered(at, now)));
        self.secrets.retain(|_, held| !held.values.is_empty());
        self.swept = Some(now);
    }

    /// Forgets Secrets, the longest unseen first: at once so many that it need not be done for the
    /// next one again.
    fn make_room(&mut self) {
        let mut ages: Vec<_> = self
            .secrets
            .iter()
            .map(|(secret, held)| (held.values.values().max().copied(), secret.clone()))
            .collect();
        ages.sort_by_key(|(at, _)| *at);
        let mut left = self.bytes();
        for (_, secret) in ages {
            if left <= MAX_BYTES / 2 {
                break;
            }
            left -= self.secrets.remove(&secret).map_or(0, |held| held.bytes);
        }
    }

    fn bytes(&self) -> usize {
        self.secrets.values().map(|held| held.bytes).sum()
    }
}

impl Held {
    fn retain(&mut self, keeps: impl Fn(Instant) -> bool) {
        self.values.retain(|_, at| keeps(*at));
        self.count();
    }

    fn count(&mut self) {
        let size = |(key, value): &(String, Vec<u8>)| key.len() + value.len() + OVERHEAD_BYTES;
        self.bytes = self.values.keys().map(size).sum();
    }
}

fn is_remembered(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) < REMEMBERED
}

impl From<(&str, &str)> for Secret {
    fn from((namespace, name): (&str, &str)) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

impl fmt::Debug for FormerValues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FormerValues")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(key: &str, value: impl Into<Vec<u8>>) -> KnownValue {
        KnownValue { secret: "db".into(), key: key.into(), value: value.into() }
    }

    fn shown(values: &[KnownValue]) -> Vec<String> {
        let shown = |of: &KnownValue| {
            format!("{}/{}={}", of.secret, of.key, String::from_utf8_lossy(&of.value))
        };
        let mut shown: Vec<_> = values.iter().map(shown).collect();
        shown.sort();
        shown
    }

    #[test]
    fn a_value_is_remembered_for_a_day_after_it_was_last_seen() {
        let (mut former, db) = (Memory::default(), ("n", "db"));
        let start = Instant::now();
        let hours = |hours| start + Duration::from_hours(hours);
        former.remember(db, &[value("a", "one"), value("b", "same")], start);
        former.remember(db, &[value("a", "two"), value("b", "same")], hours(20));
        assert_eq!(shown(&former.of(db, hours(23))), ["db/a=one", "db/a=two", "db/b=same"]);
        assert_eq!(shown(&former.of(db, hours(24))), ["db/a=two", "db/b=same"]);
        assert!(former.of(db, hours(44)).is_empty());
        assert!(former.of(("other", "db"), start).is_empty());
    }

    #[test]
    fn whatever_is_written_takes_a_bounded_room_and_the_newest_stays() {
        let mut former = Memory::default();
        let start = Instant::now();
        let large = |n: u64| value("k", n.to_string().repeat(1 << 19));
        for n in 10..99 {
            let (name, now) = (n.to_string(), start + Duration::from_secs(n));
            former.remember(("n", &name), &[large(n)], now);
            former.remember(("n", "one"), &[large(n)], now);
            assert!(former.bytes() <= MAX_BYTES, "{}", former.bytes());
            assert_eq!(former.of(("n", &name), now).len(), 1);
            assert!(former.of(("n", "one"), now).iter().any(|of| of.value == large(n).value));
        }
        let many: Vec<_> = (0..50_000).map(|n| value(&n.to_string(), "x")).collect();
        former.remember(("n", "many"), &many, start + Duration::from_secs(100));
        assert_eq!(former.of(("n", "many"), start + Duration::from_secs(100)).len(), 50_000);
    }

    #[test]
    fn it_does_not_show_what_it_holds() {
        let former = FormerValues::default();
        former.remember("n", "db", &[value("k", "hunter2")]);
        assert_eq!(format!("{former:?}"), "FormerValues");
    }
}
