//! The OpenID provider that `kguard-gateway dev` brings along: the device flow of RFC 8628 for the
//! client and the authorization code flow for the web page, for a few local users, on the gateway's
//! own loopback listener.
//!
//! It is a real provider, so that the first try takes the very path of real use: discovery, a page
//! to log in at, signed ID tokens, refresh tokens that rotate. Its key and its refresh tokens are
//! in the state folder; a restart logs nobody out.

mod attempts;
mod authorize;
mod codes;
mod device;
mod http;
mod page;
mod refresh;
mod signer;
mod state;
mod users;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use kguard::identity::CallerKind;

pub use self::state::StateError;
pub use self::users::{DevUser, local_users};

use self::attempts::Attempts;
use self::codes::Codes;
use self::device::{DeviceCodes, LoggedIn, Poll};
use self::refresh::RefreshTokens;
use self::signer::{IdToken, Signer};
use crate::authenticate::{ClaimMappings, Issuer, IssuerConfig, PrefixedClaim};
use crate::clock::Clock;

/// The one client that may log in, and the audience of its tokens.
pub const CLIENT_ID: &str = "kguard";

/// How long an ID token is good; short, because refreshing is silent.
const ID_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// The provider. Cheap to clone; clones are the same provider.
#[derive(Clone)]
pub struct DevIdp(Arc<Inner>);

struct Inner {
    issuer: String,
    /// Where the web page's logins go back to.
    redirect_uri: String,
    users: Vec<DevUser>,
    signer: Signer,
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    attempts: Attempts,
    codes: Codes,
    device_codes: DeviceCodes,
    refresh_tokens: RefreshTokens,
}

/// What a client gets for a device code or a refresh token.
struct Tokens {
    id_token: String,
    refresh_token: String,
}

/// Why a client gets no tokens, in the words of RFC 6749 and RFC 8628.
enum GrantError {
    /// Nobody has typed the code yet.
    AuthorizationPending,
    /// The code ran out.
    ExpiredToken,
    /// The code or token is none of ours, is used up, or its user is gone.
    InvalidGrant,
    /// The provider itself failed; the log says how.
    Server,
    /// The client asks too often.
    SlowDown,
}

/// What came of a person's attempt to log in on the page.
enum Login {
    /// The device is logged in.
    Done,
    /// No such code waits for a person.
    UnknownCode,
    /// The user or the password is wrong.
    WrongPassword,
    /// Too many attempts were wrong lately.
    TooManyAttempts,
}

impl DevIdp {
    /// A provider for `users` that calls itself `issuer`, the URL at which [`DevIdp::router`] is
    /// mounted; browsers go back from it to `redirect_uri`. Keeps its key and its refresh tokens in `folder`, which it makes if need be.
    pub fn open(
        (issuer, redirect_uri): (&str, &str),
        users: Vec<DevUser>,
        folder: &Path,
        clock: Clock,
    ) -> Result<Self, StateError> {
        state::make_folder(folder)?;
        let state = State {
            attempts: Attempts::default(),
            codes: Codes::default(),
            device_codes: DeviceCodes::default(),
            refresh_tokens: RefreshTokens::open(folder)?,
        };
        let (signer, state) = (Signer::open(folder)?, Mutex::new(state));
        let (issuer, redirect_uri) = (issuer.to_owned(), redirect_uri.to_owned());
        Ok(Self(Arc::new(Inner { issuer, redirect_uri, users, signer, clock, state })))
    }

    /// How the gateway has to be configured to accept this provider's tokens, fetching its keys
    /// through TLS that `certificate_authority` vouches for. Names carry no prefix; the `system:`
    /// groups that the users were explicitly given pass.
    pub fn issuer_config(&self, certificate_authority: Option<String>) -> IssuerConfig {
        let claim = |claim: &str| PrefixedClaim { claim: claim.to_owned(), prefix: String::new() };
        let groups = self.0.users.iter().flat_map(|user| user.groups.iter().cloned());
        IssuerConfig {
            issuer: Issuer {
                url: self.0.issuer.clone(),
                discovery_url: None,
                discovery_token_file: None,
                audiences: vec![CLIENT_ID.to_owned()],
                audience_match_policy: None,
                certificate_authority,
                certificate_authority_file: None,
            },
            claim_validation_rules: Vec::new(),
            claim_mappings: Some(ClaimMappings {
                username: claim("sub"),
                groups: Some(claim("groups")),
                uid: None,
            }),
            kind: CallerKind::Person,
            client_id: Some(CLIENT_ID.to_owned()),
            scopes: vec!["openid".to_owned(), "offline_access".to_owned()],
            service_accounts: false,
            allowed_system_groups: groups.filter(|group| group.starts_with("system:")).collect(),
        }
    }

    /// Its pages and endpoints, to be mounted where the issuer's URL points.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone())
    }

    /// A person types a code and a password.
    fn log_in(&self, user_code: &str, user: &str, password: &str) -> Login {
        let (now, mut state) = (self.0.clock.now(), self.state());
        if !state.attempts.may_try(now) {
            return Login::TooManyAttempts;
        }
        if !state.device_codes.is_pending(user_code, now) {
            state.attempts.failed(now);
            return Login::UnknownCode;
        }
        let Some(user) = self.user(user).filter(|user| user.has_password(password)) else {
            state.attempts.failed(now);
            return Login::WrongPassword;
        };
        state.device_codes.approve(user_code, &user.name, now);
        Login::Done
    }

    /// A device asks for the tokens that its code stands for.
    fn redeem_device_code(&self, device_code: &str) -> Result<Tokens, GrantError> {
        let (now, mut state) = (self.0.clock.now(), self.state());
        let LoggedIn { user, at } = match state.device_codes.poll(device_code, now) {
            Poll::Approved(logged_in) => logged_in,
            Poll::Expired => return Err(GrantError::ExpiredToken),
            Poll::Pending => return Err(GrantError::AuthorizationPending),
            Poll::TooSoon => return Err(GrantError::SlowDown),
            Poll::Unknown => return Err(GrantError::InvalidGrant),
        };
        let refresh_token = state.refresh_tokens.issue(&user, at);
        let refresh_token = refresh_token.map_err(|error| failed(&error))?;
        self.tokens((&user, Some(at)), None, refresh_token)
    }

    /// The web page exchanges the code that a browser brought along.
    fn redeem_code(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, GrantError> {
        let (now, mut state) = (self.0.clock.now(), self.state());
        let issued = state.codes.redeem(code, (verifier, redirect_uri), now);
        let issued = issued.ok_or(GrantError::InvalidGrant)?;
        let refresh_token = state.refresh_tokens.issue(&issued.user, issued.at);
        let refresh_token = refresh_token.map_err(|error| failed(&error))?;
        self.tokens((&issued.user, Some(issued.at)), issued.nonce.as_deref(), refresh_token)
    }

    /// A device exchanges its refresh token.
    fn redeem_refresh_token(&self, token: &str) -> Result<Tokens, GrantError> {
        let (now, mut state) = (self.0.clock.now(), self.state());
        let rotated = state.refresh_tokens.rotate(token, now).map_err(|error| failed(&error))?;
        let ((user, at), refresh_token) = rotated.ok_or(GrantError::InvalidGrant)?;
        self.tokens((&user, at), None, refresh_token)
    }

    fn tokens(
        &self,
        (user, auth_time): (&str, Option<Timestamp>),
        nonce: Option<&str>,
        refresh_token: String,
    ) -> Result<Tokens, GrantError> {
        let user = self.user(user).ok_or(GrantError::InvalidGrant)?;
        let now = self.0.clock.now();
        let claims = IdToken {
            iss: &self.0.issuer,
            sub: &user.name,
            aud: CLIENT_ID,
            groups: &user.groups,
            nonce,
            auth_time: auth_time.map(Timestamp::as_second),
            iat: now.as_second(),
            exp: now.as_second() + ID_TOKEN_LIFETIME.as_secs(),
        };
        let id_token = self.0.signer.sign(&claims).ok_or(GrantError::Server)?;
        Ok(Tokens { id_token, refresh_token })
    }

    fn user(&self, name: &str) -> Option<&DevUser> {
        self.0.users.iter().find(|user| user.name == name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: &StateError) -> GrantError {
    let error: &dyn std::error::Error = error;
    tracing::error!(error, "the login provider's state cannot be kept");
    GrantError::Server
}

#[cfg(test)]
mod tests;
