//! One identity provider and its keys: fetched in the background, by one fetch at a time, and kept
//! while the provider is down, so that its outage logs nobody out.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Certificate, Client, Response, Url, redirect};
use serde::Deserialize;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::config::{ConfigError, Issuer, acceptable_url, is_loopback};
use super::keys::{KeySet, Verdict};
use super::token::UnverifiedToken;
use crate::clock::Clock;

/// Keys older than this are refreshed, in the background.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// Keys older than this are not used any more: a revoked key must end some day.
const USABLE: SignedDuration = SignedDuration::from_hours(24);
/// The least time between two fetches, so that forged key ids cannot flood the provider.
const REFETCH: SignedDuration = SignedDuration::from_secs(10);
/// The same while there are no keys at all and every token is refused.
const REFETCH_EMPTY: SignedDuration = SignedDuration::from_secs(1);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(8);
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// A provider and what is known of its keys.
pub(super) struct Provider {
    issuer: Issuer,
    client: Client,
    clock: Clock,
    keys: ArcSwapOption<Fetched>,
    /// Held while fetching; remembers when the last fetch ended.
    fetching: Arc<Mutex<Option<Timestamp>>>,
}

struct Fetched {
    keys: KeySet,
    endpoints: Endpoints,
    at: Timestamp,
}

/// Where an issuer logs people in, as far as it says so.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Endpoints {
    /// Where a browser goes.
    pub(super) authorization_endpoint: Option<String>,
    /// Where codes and refresh tokens are exchanged.
    pub(super) token_endpoint: Option<String>,
    /// The scopes that it knows.
    pub(super) scopes_supported: Option<Vec<String>>,
}

/// Why no keys came. For the log: callers are told only that there are none.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("{0} names no acceptable jwks_uri: it must be https (http only on the loopback)")]
    JwksUri(String),
    #[error("{0} has no JWK set with a usable key")]
    Keys(String),
    #[error("{url} speaks for another issuer")]
    OtherIssuer { url: String },
    #[error("{0} is no discovery document")]
    Parse(String),
    #[error("the token in {path} cannot be read")]
    ReadToken { path: String, source: std::io::Error },
    #[error("{url} cannot be read")]
    Request { url: String, source: reqwest::Error },
    #[error("{0} answers with more than {MAX_RESPONSE_BYTES} bytes")]
    TooLarge(String),
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    #[serde(flatten)]
    endpoints: Endpoints,
}

impl Provider {
    /// A provider whose keys are not known yet.
    pub(super) fn new(
        issuer: Issuer,
        certificates: Option<&str>,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        let failed = |source| ConfigError::Client { issuer: issuer.url.clone(), source };
        let certificates = certificates.map(|pem| Certificate::from_pem_bundle(pem.as_bytes()));
        let certificates = certificates.transpose().map_err(failed)?;
        if certificates.as_ref().is_some_and(Vec::is_empty) {
            let rule = "its certificate authority holds no PEM certificate";
            return Err(ConfigError::Invalid { issuer: issuer.url, rule });
        }
        let client = client(&issuer, certificates).map_err(failed)?;
        let (keys, fetching) = (ArcSwapOption::empty(), Arc::default());
        Ok(Self { issuer, client, clock, keys, fetching })
    }

    /// Checks a token's signature; `None` when no keys are to be had. A signature that fits no
    /// known key may be by a new one, which some providers publish under the old one's id.
    pub(super) async fn verify(self: &Arc<Self>, token: &UnverifiedToken<'_>) -> Option<Verdict> {
        if let Some(keys) = self.usable() {
            if self.clock.now().duration_since(keys.at) > FRESH {
                self.refresh_in_background();
            }
            if keys.keys.verify(token) == Verdict::Genuine {
                return Some(Verdict::Genuine);
            }
        }
        self.refresh().await;
        self.usable().map(|keys| keys.keys.verify(token))
    }

    /// Fetches the keys, unless somebody did so a moment ago. A caller that goes away does not
    /// take the fetch along: others wait for it.
    pub(super) async fn refresh(self: &Arc<Self>) {
        let last = Arc::clone(&self.fetching).lock_owned().await;
        if self.is_due(*last) {
            let fetch = tokio::spawn(Arc::clone(self).fetch(last));
            // The fetch has told the log whatever there is to tell.
            drop(fetch.await);
        }
    }

    fn refresh_in_background(self: &Arc<Self>) {
        if let Ok(last) = Arc::clone(&self.fetching).try_lock_owned()
            && self.is_due(*last)
        {
            tokio::spawn(Arc::clone(self).fetch(last));
        }
    }

    fn usable(&self) -> Option<Arc<Fetched>> {
        let now = self.clock.now();
        self.keys.load_full().filter(|keys| now.duration_since(keys.at) <= USABLE)
    }

    fn is_due(&self, last: Option<Timestamp>) -> bool {
        let pause = if self.usable().is_some() { REFETCH } else { REFETCH_EMPTY };
        last.is_none_or(|last| self.clock.now().duration_since(last) >= pause)
    }

    async fn fetch(self: Arc<Self>, mut last: OwnedMutexGuard<Option<Timestamp>>) {
        match self.fetch_keys().await {
            Ok((keys, endpoints)) => {
                let fetched = Fetched { keys, endpoints, at: self.clock.now() };
                self.keys.store(Some(Arc::new(fetched)));
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(issuer = self.issuer.url, error, "keys cannot be fetched");
            }
        }
        *last = Some(self.clock.now());
    }

    async fn fetch_keys(&self) -> Result<(KeySet, Endpoints), FetchError> {
        let url = self.issuer.discovery();
        let discovery: Discovery = serde_json::from_slice(&self.get(&url).await?)
            .map_err(|_| FetchError::Parse(url.clone()))?;
        if discovery.issuer != self.issuer.url {
            return Err(FetchError::OtherIssuer { url });
        }
        if !acceptable_url(&discovery.jwks_uri) {
            return Err(FetchError::JwksUri(url));
        }
        let keys = self.get(&discovery.jwks_uri).await?;
        let keys = KeySet::parse(&keys).ok_or(FetchError::Keys(discovery.jwks_uri))?;
        Ok((keys, discovery.endpoints))
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let failed = |source| FetchError::Request { url: url.to_owned(), source };
        let mut request = self.client.get(url);
        if let Some(path) = &self.issuer.discovery_token_file {
            request = request.bearer_auth(read_token(path).await?);
        }
        let response = request.send().await.and_then(Response::error_for_status);
        read(response.map_err(failed)?)
            .await
            .map_err(failed)?
            .ok_or_else(|| FetchError::TooLarge(url.to_owned()))
    }

    /// Where people log in; `None` while the provider cannot be asked.
    pub(super) async fn endpoints(self: &Arc<Self>) -> Option<Endpoints> {
        if self.usable().is_none() {
            self.refresh().await;
        }
        self.usable().map(|fetched| fetched.endpoints.clone())
    }

    /// The client that reaches this provider.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }
}

/// The body of an answer; `None` if it is longer than an honest one.
pub(super) async fn read(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

async fn read_token(path: &Path) -> Result<String, FetchError> {
    let token = tokio::fs::read_to_string(path).await;
    token.map(|token| token.trim().to_owned()).map_err(|source| {
        let path = path.display().to_string();
        FetchError::ReadToken { path, source }
    })
}

fn client(
    issuer: &Issuer,
    certificates: Option<Vec<Certificate>>,
) -> Result<Client, reqwest::Error> {
    let mut builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        // A redirect could lead from https to anywhere.
        .redirect(redirect::Policy::none())
        .user_agent(concat!("kguard-gateway/", env!("CARGO_PKG_VERSION")));
    if Url::parse(&issuer.discovery()).is_ok_and(|url| is_loopback(&url)) {
        builder = builder.no_proxy();
    }
    if let Some(certificates) = certificates {
        builder = builder.tls_certs_only(certificates);
    }
    builder.build()
}
