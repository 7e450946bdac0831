//! Who is calling: verifies the bearer tokens of people and workloads.
//!
//! The token's unverified `iss` selects one configured issuer; that issuer's keys, audiences and
//! claim mappings decide everything else. A token that was verified a moment ago is known by its
//! digest and costs no signature check.

mod cache;
mod claims;
mod code_flow;
mod config;
mod error;
mod keys;
mod names;
mod provider;
mod token;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kguard::api::LoginInfo;
use kguard::identity::Caller;

pub use self::code_flow::{CodeClient, CodeFlow, IssuerError, LoginSecrets, Tokens};
pub use self::config::{
    AudienceMatchPolicy, Claim, ClaimMappings, ClaimRule, ConfigError, Issuer, IssuerConfig,
    PrefixedClaim,
};
pub use self::error::AuthError;
pub use self::names::NameError;

use self::cache::{TokenCache, TokenDigest};
use self::keys::Verdict;
use self::provider::Provider;
use self::token::{LEEWAY, UnverifiedToken};
use crate::clock::Clock;

/// Tokens per generation of the cache; two generations of these are kept at most.
const CACHED_TOKENS: usize = 2048;

/// Verifies bearer tokens against the configured issuers.
pub struct Authenticator {
    issuers: HashMap<String, TrustedIssuer>,
    login: Option<LoginInfo>,
    cache: TokenCache,
    clock: Clock,
}

struct TrustedIssuer {
    config: IssuerConfig,
    provider: Arc<Provider>,
}

/// What a verified token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Whom it names.
    pub caller: Arc<Caller>,
    /// When it ends.
    pub expires: Timestamp,
    /// When he last proved to his issuer who he is, if the issuer tells.
    pub auth_time: Option<Timestamp>,
}

impl Authenticated {
    /// Whether it has ended, with the patience towards other clocks that a fresh token gets too.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.expires) > LEEWAY
    }

    /// Whether he logged in within `age`. Unknown is no; a login that is yet to come is none.
    pub fn is_fresh(&self, age: SignedDuration, now: Timestamp) -> bool {
        let since = self.auth_time.map(|at| now.duration_since(at));
        since.is_some_and(|since| (-LEEWAY..=age).contains(&since))
    }
}

impl Authenticator {
    /// An authenticator that believes these issuers. Fetches nothing yet: see
    /// [`Authenticator::prefetch`].
    pub fn new(
        issuers: impl IntoIterator<Item = IssuerConfig>,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        let cache = TokenCache::new(CACHED_TOKENS);
        let mut this = Self { issuers: HashMap::new(), login: None, cache, clock };
        for config in issuers {
            this.trust(config)?;
        }
        Ok(this)
    }

    fn trust(&mut self, config: IssuerConfig) -> Result<(), ConfigError> {
        config.validate()?;
        let certificates = config.issuer.certificates()?;
        if self.login.is_none() {
            self.login = config.login_info(certificates.as_deref());
        }
        let (url, clock) = (config.issuer.url.clone(), self.clock.clone());
        let provider = Provider::new(config.issuer.clone(), certificates.as_deref(), clock)?;
        let trusted = TrustedIssuer { config, provider: Arc::new(provider) };
        match self.issuers.insert(url.clone(), trusted) {
            None => Ok(()),
            Some(_) => Err(ConfigError::Duplicate(url)),
        }
    }

    /// How people log in: the first issuer with a `clientID`.
    pub fn login(&self) -> Option<&LoginInfo> {
        self.login.as_ref()
    }

    /// The login in a browser at the issuer of [`Authenticator::login`], if people log in here.
    pub fn code_flow(&self, client: CodeClient) -> Option<CodeFlow> {
        let LoginInfo { issuer, scopes, .. } = self.login.as_ref()?;
        let provider = Arc::clone(&self.issuers.get(issuer)?.provider);
        Some(CodeFlow::new(issuer.clone(), provider, scopes.clone(), client))
    }

    /// Verifies the ID token that a login in a browser ended with: its bearer is the very caller
    /// that he would be with the same token at the client, and the token answers the login that
    /// began with `nonce`.
    pub async fn authenticate_login(
        &self,
        id_token: &str,
        nonce: &str,
    ) -> Result<Authenticated, AuthError> {
        let authenticated = self.authenticate(id_token).await?;
        let token = UnverifiedToken::parse(id_token)?;
        let of_login =
            self.login.as_ref().is_some_and(|it| it.issuer == authenticated.caller.issuer);
        if of_login && token.claims.get("nonce").is_some_and(|it| it == nonce) {
            Ok(authenticated)
        } else {
            Err(AuthError::OtherLogin { issuer: authenticated.caller.issuer.clone() })
        }
    }

    /// Starts fetching all issuers' keys, so that the first callers need not wait for them. An
    /// issuer that does not answer now is asked again when one of its tokens comes.
    pub fn prefetch(&self) {
        for TrustedIssuer { provider, .. } in self.issuers.values() {
            let provider = Arc::clone(provider);
            tokio::spawn(async move { provider.refresh().await });
        }
    }

    /// Verifies a bearer token: the text after `Bearer `.
    pub async fn authenticate(&self, bearer: &str) -> Result<Authenticated, AuthError> {
        let digest = TokenDigest::of(bearer);
        if let Some(authenticated) = self.cache.get(digest, self.clock.now()) {
            return Ok(authenticated);
        }
        let token = UnverifiedToken::parse(bearer)?;
        let issuer = token.issuer().and_then(|issuer| self.issuers.get(issuer));
        let TrustedIssuer { config, provider } = issuer.ok_or(AuthError::UnknownIssuer)?;
        // Before the signature: a token that is of no use anyway must cost no fetch of keys.
        let expires = token.check_use(config, self.clock.now())?;
        let issuer = || config.issuer.url.clone();
        match provider.verify(&token).await {
            Some(Verdict::Genuine) => {}
            Some(Verdict::Forged) => return Err(AuthError::Signature { issuer: issuer() }),
            Some(Verdict::UnknownKey) => return Err(AuthError::UnknownKey { issuer: issuer() }),
            None => return Err(AuthError::KeysUnavailable { issuer: issuer() }),
        }
        let caller = claims::caller(config, &token.claims)?;
        let auth_time = token.auth_time()?;
        let authenticated = Authenticated { caller: Arc::new(caller), expires, auth_time };
        self.cache.insert(digest, authenticated.clone(), self.clock.now());
        Ok(authenticated)
    }
}

#[cfg(test)]
mod tests;
