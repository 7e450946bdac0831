//! The keys with which an issuer signs, as its JWK set lists them.

use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde_json::Value;

use super::token::UnverifiedToken;

/// More keys than this are not kept: a token without a key id is tried with all of them.
const MAX_KEYS: usize = 64;

/// The signing keys of one issuer.
#[derive(Default)]
pub(super) struct KeySet(Vec<Key>);

struct Key {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    public: DecodingKey,
}

/// What checking a signature came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A key made the signature.
    Genuine,
    /// The keys that could have made it did not.
    Forged,
    /// None of the keys could have made it.
    UnknownKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWK set. Keys of other kinds and for other uses are skipped, as RFC 7517 says;
    /// none when the document is no JWK set, or has no usable key.
    pub(super) fn parse(document: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(document).ok()?;
        let keys: Vec<Key> =
            document.keys.into_iter().filter_map(Key::parse).take(MAX_KEYS).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Checks a token's signature.
    pub(super) fn verify(&self, token: &UnverifiedToken<'_>) -> Verdict {
        let mut verdict = Verdict::UnknownKey;
        for key in self.0.iter().filter(|key| key.could_have_signed(token)) {
            if key.has_signed(token) {
                return Verdict::Genuine;
            }
            verdict = Verdict::Forged;
        }
        verdict
    }
}

impl Key {
    fn parse(jwk: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let mut algorithms = algorithms(&jwk.algorithm)?;
        if let Some(only) = jwk.common.key_algorithm {
            let only = Algorithm::try_from(only).ok()?;
            algorithms.retain(|algorithm| *algorithm == only);
        }
        if algorithms.is_empty() || !verifies(&jwk.common) {
            return None;
        }
        Some(Self { public: DecodingKey::from_jwk(&jwk).ok()?, kid: jwk.common.key_id, algorithms })
    }

    fn could_have_signed(&self, token: &UnverifiedToken<'_>) -> bool {
        let named = match (&token.kid, &self.kid) {
            (Some(wanted), Some(kid)) => wanted == kid,
            // A key without an id can be any.
            _ => true,
        };
        named && self.algorithms.contains(&token.algorithm)
    }

    fn has_signed(&self, token: &UnverifiedToken<'_>) -> bool {
        let message = token.message.as_bytes();
        crypto::verify(token.signature, message, &self.public, token.algorithm).unwrap_or(false)
    }
}

/// What a key of this type can sign with: its type decides, never the token.
fn algorithms(parameters: &AlgorithmParameters) -> Option<Vec<Algorithm>> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match parameters {
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => Some(vec![ES256]),
            EllipticCurve::P384 => Some(vec![ES384]),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(key) => {
            (key.curve == EllipticCurve::Ed25519).then(|| vec![EdDSA])
        }
        AlgorithmParameters::RSA(_) => Some(vec![RS256, RS384, RS512, PS256, PS384, PS512]),
        _ => None,
    }
}

fn verifies(common: &CommonParameters) -> bool {
    let operations = common.key_operations.as_ref();
    common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature)
        && operations.is_none_or(|all| all.contains(&KeyOperations::Verify))
}
