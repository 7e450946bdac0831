//! What we say to an OpenID provider: discovery, the device flow of RFC 8628, refreshing.

mod device;

use kguard::redact::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) use device::{Pending, Poll, Proof};

/// More than any provider answers.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Why the provider gave no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    #[error("{url} answered {status} with something that is no answer of an OpenID provider")]
    Answer { url: String, status: u16 },
    #[error("nobody entered the code in time")]
    CodeExpired,
    #[error("the login was denied")]
    Denied,
    #[error("the issuer calls itself `{found}`, but the gateway calls it `{expected}`")]
    IssuerMismatch { expected: String, found: String },
    #[error("the issuer has no device flow, which `kguard login` needs")]
    NoDeviceFlow,
    #[error("the issuer gave no ID token; the scope `openid` is missing")]
    NoIdToken,
    #[error("{0} is not https, and tokens do not go there")]
    NotHttps(String),
    #[error("the issuer refused: {code}{}", description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused { code: String, description: Option<String> },
    #[error("cannot reach the issuer at {url}")]
    Unreachable { url: String, source: reqwest::Error },
}

/// The parts of a provider's metadata that we use.
#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    token_endpoint: String,
    device_authorization_endpoint: Option<String>,
}

/// Tokens as the provider gives them.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenSet {
    pub(crate) id_token: Option<Secret<String>>,
    /// A new one takes the old one's place; without one, the old one stays.
    pub(crate) refresh_token: Option<Secret<String>>,
}

/// RFC 6749, 5.2.
#[derive(Debug, Deserialize)]
struct ErrorAnswer {
    error: String,
    error_description: Option<String>,
}

/// A client of one provider.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    pub(crate) http: reqwest::Client,
    pub(crate) client_id: String,
    pub(crate) token_endpoint: String,
}

impl Provider {
    /// Asks an issuer where its endpoints are. The second is that of the device flow.
    pub(crate) async fn discover(
        http: reqwest::Client,
        issuer: &str,
        client_id: &str,
    ) -> Result<(Self, String), OidcError> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        require_https(&url)?;
        let metadata: Metadata = answer(&url, http.get(&url)).await??;
        if metadata.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
            let expected = issuer.to_owned();
            return Err(OidcError::IssuerMismatch { expected, found: metadata.issuer });
        }
        let device = metadata.device_authorization_endpoint.ok_or(OidcError::NoDeviceFlow)?;
        require_https(&device)?;
        require_https(&metadata.token_endpoint)?;
        let token_endpoint = metadata.token_endpoint;
        Ok((Self { http, client_id: client_id.to_owned(), token_endpoint }, device))
    }

    /// Trades a refresh token for fresh tokens.
    pub(crate) async fn refresh(&self, refresh: &Secret<String>) -> Result<TokenSet, OidcError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("refresh_token", refresh.expose()),
        ];
        let request = self.http.post(&self.token_endpoint).form(&form);
        Ok(answer(&self.token_endpoint, request).await??)
    }
}

impl From<ErrorAnswer> for OidcError {
    fn from(answer: ErrorAnswer) -> Self {
        match answer.error.as_str() {
            "access_denied" => Self::Denied,
            "expired_token" => Self::CodeExpired,
            _ => Self::Refused { code: answer.error, description: answer.error_description },
        }
    }
}

/// Sends a request; inside, the provider's answer or its refusal.
async fn answer<T: DeserializeOwned>(
    url: &str,
    request: reqwest::RequestBuilder,
) -> Result<Result<T, ErrorAnswer>, OidcError> {
    let unreachable = |source: reqwest::Error| OidcError::Unreachable {
        url: url.to_owned(),
        source: source.without_url(),
    };
    let mut response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let invalid = || OidcError::Answer { url: url.to_owned(), status: status.as_u16() };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            return Err(invalid());
        }
    }
    if status.is_success() {
        serde_json::from_slice(&body).map(Ok).map_err(|_| invalid())
    } else {
        serde_json::from_slice(&body).map(Err).map_err(|_| invalid())
    }
}

/// Plain http is for a provider on this very machine.
fn require_https(url: &str) -> Result<(), OidcError> {
    let uri: http::Uri = url.parse().map_err(|_| OidcError::NotHttps(url.to_owned()))?;
    let local = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if local => Ok(()),
        _ => Err(OidcError::NotHttps(url.to_owned())),
    }
}
