//! A bearer token taken apart, before anything in it is believed. What this module answers is good
//! for refusing a token, and for finding the key that proves it; never for accepting one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::config::IssuerConfig;
use super::error::AuthError;

/// The longest token that is read at all.
pub(super) const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// How far the clocks of an issuer and of the gateway may be apart.
pub(super) const LEEWAY: SignedDuration = SignedDuration::from_secs(30);

/// A token whose signature was not checked.
pub(super) struct UnverifiedToken<'a> {
    /// How it is said to be signed.
    pub(super) algorithm: Algorithm,
    /// By which of the issuer's keys.
    pub(super) kid: Option<String>,
    /// What the signature covers.
    pub(super) message: &'a str,
    /// The signature, encoded.
    pub(super) signature: &'a str,
    /// What it says.
    pub(super) claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

impl<'a> UnverifiedToken<'a> {
    /// Takes a token apart.
    pub(super) fn parse(bearer: &'a str) -> Result<Self, AuthError> {
        if bearer.len() > MAX_TOKEN_BYTES {
            return Err(AuthError::TooLarge(MAX_TOKEN_BYTES));
        }
        let parts = AuthError::Malformed("it does not have three parts");
        let (message, signature) = bearer.rsplit_once('.').ok_or_else(|| parts.clone())?;
        let (header, claims) = message.split_once('.').ok_or(parts)?;
        let header: Header =
            decode(header).ok_or(AuthError::Malformed("its header does not decode"))?;
        let algorithm = asymmetric(&header.alg).ok_or(AuthError::Algorithm)?;
        if header.crit.is_some() {
            return Err(AuthError::Malformed("its header has critical extensions"));
        }
        if !header.typ.as_deref().is_none_or(is_identity_type) {
            return Err(AuthError::Malformed("it is of another type"));
        }
        let claims = decode(claims).ok_or(AuthError::Malformed("its claims do not decode"))?;
        Ok(Self { algorithm, kid: header.kid, message, signature, claims })
    }

    /// Who says that it issued this: good for choosing whose keys to check it with.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// Checks what makes a token useless however it is signed, and returns when it ends.
    pub(super) fn check_use(
        &self,
        config: &IssuerConfig,
        now: Timestamp,
    ) -> Result<Timestamp, AuthError> {
        let issuer = &config.issuer.url;
        let expires = self.time("exp")?.ok_or(AuthError::Malformed("it has no end (`exp`)"))?;
        if now.duration_since(expires) > LEEWAY {
            return Err(AuthError::Expired { at: expires, kind: config.kind });
        }
        for claim in ["nbf", "iat"] {
            if self.time(claim)?.is_some_and(|begin| begin.duration_since(now) > LEEWAY) {
                return Err(AuthError::NotYetValid { issuer: issuer.clone() });
            }
        }
        let audiences = &config.issuer.audiences;
        if self.is_for(audiences) {
            Ok(expires)
        } else {
            Err(AuthError::Audience { issuer: issuer.clone(), audiences: audiences.clone() })
        }
    }

    /// When its holder last proved who he is (OpenID Connect Core 1.0, 2), if it says so.
    pub(super) fn auth_time(&self) -> Result<Option<Timestamp>, AuthError> {
        self.time("auth_time")
    }

    fn time(&self, claim: &str) -> Result<Option<Timestamp>, AuthError> {
        let Some(value) = self.claims.get(claim) else { return Ok(None) };
        // Some issuers write fractions of a second, or 1.8e+09.
        let seconds = value.as_f64().and_then(|it| SignedDuration::try_from_secs_f64(it).ok());
        let time = seconds.and_then(|since_epoch| Timestamp::from_duration(since_epoch).ok());
        time.map(Some).ok_or(AuthError::Malformed("one of its times is none"))
    }

    fn is_for(&self, accepted: &[String]) -> bool {
        let is_accepted = |audience: &Value| accepted.iter().any(|it| audience == it.as_str());
        match self.claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(is_accepted),
            Some(audience) => is_accepted(audience),
            None => false,
        }
    }
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The algorithms whose verification key is no secret. With the others (`none`, HMAC) whoever can
/// verify a token can forge one.
fn asymmetric(name: &str) -> Option<Algorithm> {
    Some(match name {
        "EdDSA" => Algorithm::EdDSA,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        _ => return None,
    })
}

/// Whether a token of this type says who its holder is; a logout token, say, does not.
fn is_identity_type(typ: &str) -> bool {
    ["JWT", "JOSE", "at+jwt", "application/at+jwt"].iter().any(|it| it.eq_ignore_ascii_case(typ))
}
