//! The key that signs ID tokens.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use super::state::{self, StateError};

/// Signs with ES256.
pub(super) struct Signer {
    key: EncodingKey,
    header: Header,
    jwk: Jwk,
}

/// What an ID token says.
#[derive(Serialize)]
pub(super) struct IdToken<'a> {
    pub(super) iss: &'a str,
    pub(super) sub: &'a str,
    pub(super) aud: &'a str,
    pub(super) groups: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth_time: Option<i64>,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

impl Signer {
    /// The key of `folder`, made if there is none.
    pub(super) fn open(folder: &Path) -> Result<Self, StateError> {
        let path = folder.join("signing-key.der");
        let der = match state::read(&path)? {
            Some(der) => der,
            None => make_key(&path)?,
        };
        Self::new(&der).ok_or(StateError::Parse { path })
    }

    fn new(pkcs8: &[u8]) -> Option<Self> {
        let key = EncodingKey::from_ec_der(pkcs8);
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).ok()?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let header = Header { kid: Some(kid), ..Header::new(Algorithm::ES256) };
        Some(Self { key, header, jwk })
    }

    /// The public half.
    pub(super) fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// A signed token.
    pub(super) fn sign(&self, claims: &IdToken<'_>) -> Option<String> {
        encode(&self.header, claims, &self.key).ok()
    }
}

fn make_key(path: &Path) -> Result<Vec<u8>, StateError> {
    let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new()).map_err(|_| {
        let source = std::io::Error::other("no key could be generated");
        StateError::Write { path: path.to_owned(), source }
    })?;
    state::write(path, key.as_ref())?;
    Ok(key.as_ref().to_vec())
}
