//! Refresh tokens: each is good once, for a new one of its family. One that comes again was
//! stolen, or stolen from; its whole family ends (RFC 9700, 4.14.2).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::state::{self, StateError, random_text, sha256_text};

/// How long an unused family stays.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Families that are kept; the one that was unused for longest goes first.
const MAX_FAMILIES: usize = 64;

/// The families, kept in a file that holds only hashes.
pub(super) struct RefreshTokens {
    path: PathBuf,
    families: Families,
}

/// A user, and when he logged in.
type Login = (String, Option<Timestamp>);

/// By the part of the token that all of a family share.
type Families = BTreeMap<String, Family>;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    user: String,
    /// SHA-256 of the one part that is good now.
    current: String,
    used: Timestamp,
    /// When the user logged in; of families that an earlier version began, nobody knows.
    #[serde(default)]
    auth_time: Option<Timestamp>,
}

impl RefreshTokens {
    /// The families of `folder`.
    pub(super) fn open(folder: &Path) -> Result<Self, StateError> {
        let path = folder.join("refresh-tokens.json");
        let families = state::read_json(&path)?.unwrap_or_default();
        Ok(Self { path, families })
    }

    /// The first token of a new family.
    pub(super) fn issue(&mut self, user: &str, now: Timestamp) -> Result<String, StateError> {
        self.families.retain(|_, family| family.is_alive(now));
        while self.families.len() >= MAX_FAMILIES {
            let oldest = self.families.iter().min_by_key(|(_, family)| family.used);
            let Some(id) = oldest.map(|(id, _)| id.clone()) else { break };
            self.families.remove(&id);
        }
        self.renew(random_text()?, (user.to_owned(), Some(now)), now)
    }

    /// The user of a token with the time of his login, and the token that replaces it; `None` when it
    /// is not good.
    pub(super) fn rotate(
        &mut self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<(Login, String)>, StateError> {
        let Some((id, secret)) = token.split_once('.') else { return Ok(None) };
        let Some(family) = self.families.remove(id) else { return Ok(None) };
        if !family.is_alive(now) || family.current != sha256_text(secret) {
            self.save()?;
            return Ok(None);
        }
        let login = (family.user, family.auth_time);
        let token = self.renew(id.to_owned(), login.clone(), now)?;
        Ok(Some((login, token)))
    }

    /// Saves before it answers: a token that was given out is known after a crash.
    fn renew(
        &mut self,
        id: String,
        (user, auth_time): Login,
        now: Timestamp,
    ) -> Result<String, StateError> {
        let secret = random_text()?;
        let token = format!("{id}.{secret}");
        let current = sha256_text(&secret);
        self.families.insert(id, Family { user, current, used: now, auth_time });
        self.save()?;
        Ok(token)
    }

    fn save(&self) -> Result<(), StateError> {
        state::write_json(&self.path, &self.families)
    }
}

impl Family {
    fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) < LIFETIME
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn each_token_is_good_once_and_reuse_ends_its_family() {
        let folder = tempfile::tempdir().unwrap();
        let mut tokens = RefreshTokens::open(folder.path()).unwrap();
        let first = tokens.issue("alice", second(0)).unwrap();
        let other = tokens.issue("bob", second(0)).unwrap();
        let (login, next) = tokens.rotate(&first, second(1)).unwrap().unwrap();
        assert_eq!(login, ("alice".to_owned(), Some(second(0))), "a refresh is no login");
        assert_eq!(tokens.rotate(&first, second(2)).unwrap(), None);
        assert_eq!(tokens.rotate(&next, second(3)).unwrap(), None, "the family has ended");
        assert!(tokens.rotate(&other, second(4)).unwrap().is_some(), "others have not");
    }

    #[test]
    fn a_restart_remembers_the_families_and_knows_no_token() {
        let folder = tempfile::tempdir().unwrap();
        let token = RefreshTokens::open(folder.path()).unwrap().issue("alice", second(0)).unwrap();
        let saved = std::fs::read_to_string(folder.path().join("refresh-tokens.json")).unwrap();
        assert!(!saved.contains(token.split_once('.').unwrap().1));
        let mut tokens = RefreshTokens::open(folder.path()).unwrap();
        let (login, _) = tokens.rotate(&token, second(1)).unwrap().unwrap();
        assert_eq!(login.0, "alice");
        let mut tokens = RefreshTokens::open(folder.path()).unwrap();
        assert_eq!(tokens.rotate(&token, second(2)).unwrap(), None, "nor is it good again");
    }

    #[test]
    fn unused_families_end_and_their_number_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let mut tokens = RefreshTokens::open(folder.path()).unwrap();
        let first = tokens.issue("alice", second(0)).unwrap();
        assert_eq!(tokens.rotate(&first, second(LIFETIME.as_secs())).unwrap(), None);
        let first = tokens.issue("alice", second(0)).unwrap();
        for n in 0..MAX_FAMILIES {
            tokens.issue("bob", second(1 + i64::try_from(n).unwrap())).unwrap();
        }
        assert_eq!(tokens.families.len(), MAX_FAMILIES);
        assert_eq!(tokens.rotate(&first, second(99)).unwrap(), None);
    }
}
