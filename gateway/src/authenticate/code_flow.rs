//! The authorization code flow (RFC 6749, 4.1, with the PKCE of RFC 7636) at the issuer of people:
//! how a browser logs in. What comes of it is the same ID token that `kguard login` gets by the
//! device flow, and it is verified in the same way.

use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use kguard::redact::Secret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::config::acceptable_url;
use super::provider::{Endpoints, Provider, read};

/// Codes that are exchanged at once: a flood of made-up ones must not become one at the issuer.
const MAX_CODES: usize = 32;
/// The same of refresh tokens, of which nobody can make up any: logins that flood keep no session
/// from being renewed.
const MAX_REFRESHES: usize = 64;

const OFFLINE_ACCESS: &str = "offline_access";

/// As whom the gateway asks the issuer.
#[derive(Debug, Clone)]
pub struct CodeClient {
    /// The client's id.
    pub id: String,
    /// A file with its secret, if it is a confidential one. Read anew each time.
    pub secret_file: Option<PathBuf>,
    /// Where the browser comes back to.
    pub redirect_uri: String,
}

/// The flow at one issuer.
pub struct CodeFlow {
    issuer: String,
    provider: Arc<Provider>,
    scopes: Vec<String>,
    client: CodeClient,
    codes: Semaphore,
    refreshes: Semaphore,
}

/// What one login is recognised by, of which the browser sees the first two.
pub struct LoginSecrets<'a> {
    /// Comes back with the code: the answer is to this question.
    pub state: &'a str,
    /// Comes back in the ID token: the token is for this question.
    pub nonce: &'a str,
    /// Sent with the code: who redeems it is who asked for it.
    pub verifier: &'a Secret<String>,
}

/// What the issuer gives for a code or a refresh token.
#[derive(Deserialize)]
pub struct Tokens {
    /// Who it is; refreshing need not yield one.
    pub id_token: Option<Secret<String>>,
    /// For the next time. Without a new one, the old one stays.
    pub refresh_token: Option<Secret<String>>,
}

/// Why the issuer gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Too many people log in at this moment.
    #[error("too many people are logging in at this moment; try again in a few seconds")]
    Busy,
    /// It has no such flow.
    #[error("{0} offers no login in a browser (the authorization code flow)")]
    NoCodeFlow(String),
    /// It says no: the code or the token is used up, or its owner may not log in any more.
    #[error("{issuer} refused: {code}")]
    Refused {
        /// The issuer.
        issuer: String,
        /// Its word for it (RFC 6749, 5.2).
        code: String,
    },
    /// The file with the client's secret cannot be read.
    #[error("the client's secret cannot be read from {path}")]
    Secret {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be asked.
    #[error("{issuer} cannot be asked; try again when it is reachable")]
    Unreachable {
        /// The issuer.
        issuer: String,
        /// Why, if it is known.
        source: Option<reqwest::Error>,
    },
}

impl CodeFlow {
    pub(super) fn new(
        issuer: String,
        provider: Arc<Provider>,
        scopes: Vec<String>,
        client: CodeClient,
    ) -> Self {
        let (codes, refreshes) = (Semaphore::new(MAX_CODES), Semaphore::new(MAX_REFRESHES));
        Self { issuer, provider, scopes, client, codes, refreshes }
    }

    /// The issuer at which people log in.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where to send the browser. `fresh` asks the issuer to see the person again even if he is
    /// logged in there.
    pub async fn address(
        &self,
        secrets: &LoginSecrets<'_>,
        fresh: bool,
    ) -> Result<Url, IssuerError> {
        let endpoints = self.endpoints().await?;
        let mut url = self.endpoint(endpoints.authorization_endpoint.as_deref())?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", &self.client.redirect_uri)
            .append_pair("scope", &self.scope(endpoints.scopes_supported.as_deref()))
            .append_pair("state", secrets.state)
            .append_pair("nonce", secrets.nonce)
            .append_pair("code_challenge", &challenge(secrets.verifier))
            .append_pair("code_challenge_method", "S256");
        if fresh {
            url.query_pairs_mut().append_pair("prompt", "login").append_pair("max_age", "0");
        }
        Ok(url)
    }

    /// Exchanges a code.
    pub async fn redeem(
        &self,
        code: &str,
        verifier: &Secret<String>,
    ) -> Result<Tokens, IssuerError> {
        let _turn = self.codes.try_acquire().map_err(|_| IssuerError::Busy)?;
        self.exchange(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.client.redirect_uri),
            ("code_verifier", verifier.expose()),
        ])
        .await
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, token: &Secret<String>) -> Result<Tokens, IssuerError> {
        let _turn = self.refreshes.try_acquire().map_err(|_| IssuerError::Busy)?;
        self.exchange(&[("grant_type", "refresh_token"), ("refresh_token", token.expose())]).await
    }

    async fn exchange(&self, form: &[(&str, &str)]) -> Result<Tokens, IssuerError> {
        let url = self.endpoint(self.endpoints().await?.token_endpoint.as_deref())?;
        let mut form = form.to_vec();
        let mut request = self.provider.client().post(url);
        match &self.client.secret_file {
            // RFC 6749, 2.3.1: both are encoded as in a form before they are a user and a password.
            Some(path) => {
                let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
                let secret = read_secret(path).await?;
                request =
                    request.basic_auth(encode(&self.client.id), Some(encode(secret.expose())));
            }
            None => form.push(("client_id", &self.client.id)),
        }
        let unreachable = |source: reqwest::Error| self.unreachable(Some(source.without_url()));
        let response = request.form(&form).send().await.map_err(unreachable)?;
        let status = response.status();
        let body = read(response).await.map_err(unreachable)?.unwrap_or_default();
        self.understand(status, &body)
    }

    fn understand(&self, status: StatusCode, body: &[u8]) -> Result<Tokens, IssuerError> {
        if status.is_success() {
            return serde_json::from_slice(body).map_err(|_| self.unreachable(None));
        }
        let refusal: Option<Refusal> = serde_json::from_slice(body).ok();
        match refusal {
            // Everything else is a bad day of the issuer's, not its opinion of the person.
            Some(Refusal { error }) if status.is_client_error() => {
                Err(IssuerError::Refused { issuer: self.issuer.clone(), code: printable(&error) })
            }
            _ => Err(self.unreachable(None)),
        }
    }

    async fn endpoints(&self) -> Result<Endpoints, IssuerError> {
        self.provider.endpoints().await.ok_or_else(|| self.unreachable(None))
    }

    fn endpoint(&self, url: Option<&str>) -> Result<Url, IssuerError> {
        url.filter(|url| acceptable_url(url))
            .and_then(|url| Url::parse(url).ok())
            .ok_or_else(|| IssuerError::NoCodeFlow(self.issuer.clone()))
    }

    /// The scopes of the configuration; and a refresh token wherever there is one to be had, since
    /// without one a decision needs a new login.
    fn scope(&self, supported: Option<&[String]>) -> String {
        let offers = |scope: &str| supported.is_some_and(|all| all.iter().any(|it| it == scope));
        let mut scopes: Vec<_> = self.scopes.iter().map(String::as_str).collect();
        if !scopes.contains(&OFFLINE_ACCESS) && offers(OFFLINE_ACCESS) {
            scopes.push(OFFLINE_ACCESS);
        }
        if supported.is_some() && !offers(OFFLINE_ACCESS) {
            scopes.retain(|scope| *scope != OFFLINE_ACCESS);
        }
        scopes.join(" ")
    }

    fn unreachable(&self, source: Option<reqwest::Error>) -> IssuerError {
        IssuerError::Unreachable { issuer: self.issuer.clone(), source }
    }
}

/// RFC 6749, 5.2.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The S256 challenge of a verifier.
fn challenge(verifier: &Secret<String>) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.expose().as_bytes()))
}

async fn read_secret(path: &std::path::Path) -> Result<Secret<String>, IssuerError> {
    let secret = tokio::fs::read_to_string(path).await;
    let secret = secret.map_err(|source| IssuerError::Secret { path: path.to_owned(), source })?;
    Ok(Secret::new(secret.trim().to_owned()))
}

/// An issuer's word as far as it is one.
fn printable(word: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    word.chars().filter(fits).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn what_an_issuer_calls_a_refusal_is_a_word() {
        assert_eq!(printable("invalid_grant"), "invalid_grant");
        assert_eq!(printable("a\u{1b}[31m<b>\n"), "a31mb");
        assert_eq!(printable(&"x".repeat(500)).len(), 64);
    }
}
