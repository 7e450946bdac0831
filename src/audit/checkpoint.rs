//! Signs how far a chain has come. One signature, made once per batch, covers every entry before
//! it, because the hash that it signs does.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::{Digest, Head};
use super::hex::Hex;

/// Keeps these signatures apart from all other uses of the key.
const TAG: &[u8] = b"kguard.dev/trail/v1/checkpoint\n";

/// What RFC 8410 puts before the 32 bytes of an Ed25519 public key.
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A signed statement of how far the chain has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The last entry that the statement covers.
    pub seq: u64,
    /// That entry's hash.
    pub hash: Digest,
    /// When it was signed, by the gateway's clock.
    pub at: Timestamp,
    /// The key that signed it, which is its own name.
    pub key: PublicKey,
    /// Ed25519 over all of this.
    pub signature: Hex<64>,
}

impl Checkpoint {
    /// The place in the chain that was signed.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    /// Whether the holder of the named key signed this.
    pub fn is_authentic(&self) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key.0.0)
            .verify(&message(self.head(), self.at, self.key), &self.signature.0)
            .is_ok()
    }
}

fn message(head: Head, at: Timestamp, key: PublicKey) -> Vec<u8> {
    let mut message = Vec::with_capacity(128);
    message.extend_from_slice(TAG);
    message.extend_from_slice(&head.seq.to_be_bytes());
    message.extend_from_slice(&head.hash.0);
    message.extend_from_slice(&at.as_nanosecond().to_be_bytes());
    message.extend_from_slice(&key.0.0);
    message
}

/// The key that signs a trail.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// The bytes are no Ed25519 key in PKCS#8.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("not an Ed25519 key in PKCS#8")]
pub struct NotASigningKey;

impl SigningKey {
    /// Reads a PKCS#8 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, NotASigningKey> {
        Self::new(Ed25519KeyPair::from_pkcs8(der).map_err(|_| NotASigningKey)?)
    }

    fn new(pair: Ed25519KeyPair) -> Result<Self, NotASigningKey> {
        let public = pair.public_key().as_ref().try_into().map_err(|_| NotASigningKey)?;
        Ok(Self { pair, public: PublicKey(Hex(public)) })
    }

    /// The half that verifies.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Signs how far the chain has come.
    pub fn sign(&self, head: Head, at: Timestamp) -> Checkpoint {
        let signed = self.pair.sign(&message(head, at, self.public));
        let mut signature = [0; 64];
        signature.copy_from_slice(signed.as_ref());
        let Head { seq, hash } = head;
        Checkpoint { seq, hash, at, key: self.public, signature: Hex(signature) }
    }

    /// A key that is the same in every run.
    #[cfg(test)]
    pub(super) fn for_test(seed: u8) -> Self {
        Self::new(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()).unwrap()
    }
}

/// Verifies the checkpoints of a trail. Read from hex or from PEM, written as hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(Hex<32>);

/// The text is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 public key; give it as 64 hex digits or as PEM")]
pub struct NotAPublicKey;

impl PublicKey {
    /// The key for other tools.
    pub fn to_pem(&self) -> String {
        let der = [SPKI_PREFIX.as_slice(), &self.0.0].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
    }

    fn from_pem(text: &str) -> Option<Self> {
        let body = text
            .strip_prefix("-----BEGIN PUBLIC KEY-----")?
            .strip_suffix("-----END PUBLIC KEY-----")?;
        let key = STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?;
        Some(Self(Hex(key.strip_prefix(&SPKI_PREFIX)?.try_into().ok()?)))
    }
}

impl FromStr for PublicKey {
    type Err = NotAPublicKey;

    fn from_str(text: &str) -> Result<Self, NotAPublicKey> {
        let text = text.trim();
        text.parse().map(Self).ok().or_else(|| Self::from_pem(text)).ok_or(NotAPublicKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_every_field() {
        let good = SigningKey::for_test(1).sign(Head::GENESIS, Timestamp::UNIX_EPOCH);
        assert!(good.is_authentic());
        let other = SigningKey::for_test(2).public_key();
        for altered in [
            Checkpoint { seq: 1, ..good.clone() },
            Checkpoint { hash: Hex([1; 32]), ..good.clone() },
            Checkpoint { at: Timestamp::MAX, ..good.clone() },
            Checkpoint { key: other, ..good.clone() },
            Checkpoint { signature: Hex([0; 64]), ..good },
        ] {
            assert!(!altered.is_authentic(), "{altered:?}");
        }
    }

    #[test]
    fn a_public_key_reads_back_from_hex_and_from_pem() {
        let key = SigningKey::for_test(1).public_key();
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(key.to_pem().parse(), Ok(key));
        for text in ["", "00", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
            assert_eq!(text.parse::<PublicKey>(), Err(NotAPublicKey), "{text}");
        }
    }
}
