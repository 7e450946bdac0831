//! Tokens that were verified a moment ago, so that repeating one costs a hash and no signature.
//! Keyed by digest: a dump of the memory gives no token away.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};

use super::Authenticated;

/// How long a token is believed without another look at the issuer's keys.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);

/// The SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Hashes a token.
    pub(super) fn of(bearer: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, bearer.as_bytes()).as_ref());
        Self(bytes)
    }
}

/// The cache. Two generations bound it: when the young one is full it becomes the old one, and
/// what nobody asked for in the old one's lifetime is gone.
pub(super) struct TokenCache {
    generation_size: usize,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<TokenDigest, Entry>,
    old: HashMap<TokenDigest, Entry>,
}

#[derive(Clone)]
struct Entry {
    authenticated: Authenticated,
    until: Timestamp,
}

impl TokenCache {
    /// A cache for at most twice `generation_size` tokens.
    pub(super) fn new(generation_size: usize) -> Self {
        Self { generation_size, generations: Mutex::default() }
    }

    /// What the token stands for, if it was verified lately.
    pub(super) fn get(&self, token: TokenDigest, now: Timestamp) -> Option<Authenticated> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if !generations.young.contains_key(&token) {
            let entry = generations.old.remove(&token)?;
            generations.insert(token, entry, self.generation_size);
        }
        let entry = generations.young.get(&token)?;
        (now < entry.until).then(|| entry.authenticated.clone())
    }

    /// Remembers a token that was just verified.
    pub(super) fn insert(&self, token: TokenDigest, authenticated: Authenticated, now: Timestamp) {
        let until = now.saturating_add(MAX_AGE).unwrap_or(now).min(authenticated.expires);
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.insert(token, Entry { authenticated, until }, self.generation_size);
    }
}

impl Generations {
    fn insert(&mut self, token: TokenDigest, entry: Entry, size: usize) {
        if self.young.len() >= size {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, entry);
    }
}

#[cfg(test)]
mod tests {
    use kguard::identity::{Caller, CallerKind};

    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn authenticated(name: &str, expires: i64) -> Authenticated {
        let (name, issuer) = (name.to_owned(), String::new());
        let kind = CallerKind::Person;
        let caller = Caller { name, groups: vec![], uid: None, kind, issuer };
        Authenticated { caller: caller.into(), expires: second(expires), auth_time: None }
    }

    #[test]
    fn a_token_is_remembered_until_its_end_and_five_minutes_at_most() {
        for (expires, known_at, forgotten_at) in [(60, 59, 60), (9_000, 299, 300)] {
            let (cache, token) = (TokenCache::new(8), TokenDigest::of("token"));
            cache.insert(token, authenticated("alice", expires), second(0));
            assert!(cache.get(token, second(known_at)).is_some());
            assert!(cache.get(token, second(forgotten_at)).is_none());
        }
    }

    #[test]
    fn a_flood_of_tokens_neither_grows_the_cache_nor_drops_what_is_in_use() {
        let (cache, used) = (TokenCache::new(8), TokenDigest::of("used"));
        cache.insert(used, authenticated("alice", 60), second(0));
        for n in 0..100 {
            cache.insert(TokenDigest::of(&n.to_string()), authenticated("x", 60), second(0));
            assert_eq!(cache.get(used, second(1)).unwrap().caller.name, "alice");
        }
        let generations = cache.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 16);
    }
}
