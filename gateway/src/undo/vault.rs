//! Encrypts what is kept: AES-256-GCM, with a key that lies in the state folder beside the database
//! and not in it. What a seal is about is part of it, so that nothing can be put in another's place.

use std::fmt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::private_file::{KeyError, key};

/// The file of the key.
const KEY_FILE: &str = "undo.key";

/// Encrypts and decrypts.
pub struct Vault(RandomizedNonceKey);

/// What a sealed object is about.
pub(super) struct Seal<'a> {
    /// The description that is stored beside it; it names the request and the cluster.
    pub(super) about: &'a str,
}

/// Why there is no vault.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key's file.
    #[error(transparent)]
    File(#[from] KeyError),
    /// The key is none; a fault of the gateway's own.
    #[error("the key for undoing cannot be used")]
    Key,
}

impl Vault {
    /// With the key in a state folder, which is made at first.
    pub fn open_in(state_dir: &Path) -> Result<Self, VaultError> {
        Self::with_key(&key(&state_dir.join(KEY_FILE))?)
    }

    fn with_key(key: &[u8; 32]) -> Result<Self, VaultError> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self).map_err(|_| VaultError::Key)
    }

    /// Encrypts; none if there is no randomness.
    pub(super) fn seal(&self, seal: &Seal<'_>, mut plain: Vec<u8>) -> Option<Vec<u8>> {
        let nonce = self.0.seal_in_place_append_tag(Aad::from(seal.about), &mut plain).ok()?;
        Some([nonce.as_ref().as_slice(), &plain].concat())
    }

    /// Decrypts; none if it is not what was sealed.
    pub(super) fn open(&self, seal: &Seal<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let length = self.0.open_in_place(nonce, Aad::from(seal.about), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Vault(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_is_opened_and_only_for_what_it_is_about() {
        let vault = Vault::with_key(&[7; 32]).unwrap();
        let (about, other) = (Seal { about: "a" }, Seal { about: "b" });
        let sealed = vault.seal(&about, b"hunter2".to_vec()).unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(vault.open(&about, &sealed).unwrap(), b"hunter2");
        assert!(vault.open(&other, &sealed).is_none());
        assert!(Vault::with_key(&[8; 32]).unwrap().open(&about, &sealed).is_none());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(vault.open(&about, &altered).is_none(), "{at}");
            assert!(vault.open(&about, &sealed[..at]).is_none(), "{at}");
        }
        assert_eq!(format!("{vault:?}"), "Vault(..)");
    }

    #[test]
    fn the_key_stays_with_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal { about: "a" };
        let sealed = Vault::open_in(folder.path()).unwrap().seal(&seal, b"x".to_vec()).unwrap();
        assert_eq!(Vault::open_in(folder.path()).unwrap().open(&seal, &sealed).unwrap(), b"x");
        std::fs::write(folder.path().join(KEY_FILE), b"short").unwrap();
        let error = Vault::open_in(folder.path()).unwrap_err().to_string();
        assert!(error.contains("undo.key") && error.contains("delete it"), "{error}");
    }
}
