//! Why a token was not accepted, in words that tell its holder what to do and repeat nothing of
//! the token.

use http::StatusCode;
use jiff::Timestamp;
use kguard::identity::CallerKind;

use super::names::NameError;

/// A refused token. The texts are made for the caller's eyes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The token is signed with `none`, with a shared secret, or with something exotic.
    #[error("the token's signature algorithm is not accepted: use RS*, PS*, ES256, ES384 or EdDSA")]
    Algorithm,
    /// The token was made for somebody else.
    #[error("the token of {issuer} is for another audience: ask for one for `{}`", audiences.join("` or `"))]
    Audience {
        /// Who issued it.
        issuer: String,
        /// For whom it should be.
        audiences: Vec<String>,
    },
    /// A claim is missing, or is not what the gateway's configuration wants.
    #[error("the token of {issuer} has no acceptable claim `{claim}`: {want}")]
    Claim {
        /// Who issued it.
        issuer: String,
        /// The claim's name, out of the gateway's configuration.
        claim: String,
        /// What the claim should be.
        want: &'static str,
    },
    /// The token was good once.
    #[error("the token ended at {at}: {}", fresh_token(*.kind))]
    Expired {
        /// When it ended.
        at: Timestamp,
        /// Who holds it, which decides how to get another.
        kind: CallerKind,
    },
    /// The identity provider could not be asked for its keys, and none are known that are
    /// recent enough. Nobody's fault at the client.
    #[error("the keys of {issuer} cannot be fetched; try again when it is reachable")]
    KeysUnavailable {
        /// Whose keys.
        issuer: String,
    },
    /// The text is not a JSON Web Token.
    #[error("the bearer token is not a signed JSON Web Token: {0}")]
    Malformed(&'static str),
    /// The identity would be a dangerous one to impersonate.
    #[error("the token of {issuer} names an identity that is not accepted: {problem}")]
    Name {
        /// Who issued it.
        issuer: String,
        /// What is wrong with the name.
        problem: NameError,
    },
    /// The token becomes good later, or the clocks differ.
    #[error("the token is not valid yet: compare the clocks of {issuer} and of the gateway")]
    NotYetValid {
        /// Who issued it.
        issuer: String,
    },
    /// The ID token is genuine, and the answer to a login that somebody else began.
    #[error("the token of {issuer} is not that of the login which was begun: log in again")]
    OtherLogin {
        /// Who issued it.
        issuer: String,
    },
    /// The signature is wrong: a forged or damaged token.
    #[error("the token's signature is not one of {issuer}")]
    Signature {
        /// Who is said to have issued it.
        issuer: String,
    },
    /// Tokens of that size are not read.
    #[error("the bearer token is longer than {0} bytes")]
    TooLarge(usize),
    /// The configuration names no such issuer.
    #[error("the token's issuer is not one that this gateway accepts: run `kguard login`")]
    UnknownIssuer,
    /// The issuer publishes no key like the one that signed the token.
    #[error("the token is signed with a key that {issuer} does not publish: get a fresh token")]
    UnknownKey {
        /// Who is said to have issued it.
        issuer: String,
    },
}

impl AuthError {
    /// The HTTP status to refuse the request with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::KeysUnavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }
}

fn fresh_token(kind: CallerKind) -> &'static str {
    match kind {
        CallerKind::Person => "run `kguard login`",
        CallerKind::Workload => "get a fresh one from its issuer",
    }
}
