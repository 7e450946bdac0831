//! Posts JSON over HTTPS. Redirects are not followed, or a receiver could lead the gateway to
//! whatever it reaches; answers are not read, since nobody here wants to know what they say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use kguard::redact::Secret;
use reqwest::{Certificate, Client, StatusCode, Url, redirect};

use super::config::Misconfigured;
use super::undelivered::Undelivered;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);

/// One receiver.
pub(super) struct Post {
    client: Client,
    address: Address,
}

/// Where it is.
pub(super) enum Address {
    /// No secret.
    Known(Url),
    /// A file with the address. It is read each time, so that it can be changed while we run.
    File(PathBuf),
}

impl Post {
    /// Checks all that can be checked before there is anything to say.
    pub(super) fn new(address: Address, authorities: Option<&Path>) -> Result<Self, Misconfigured> {
        address.read()?;
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .https_only(true)
            .user_agent(concat!("kguard-gateway/", env!("CARGO_PKG_VERSION")));
        let client = match authorities {
            None => client,
            Some(path) => {
                let pem = read(path)?;
                let bad = || Misconfigured::Certificate(path.to_owned());
                let certificates = Certificate::from_pem_bundle(pem.expose().as_bytes());
                let certificates = certificates.map_err(|_| bad())?;
                if certificates.is_empty() {
                    return Err(bad());
                }
                client.tls_certs_only(certificates)
            }
        };
        let client = client.build().map_err(|error| Misconfigured::Client(causes(&error)))?;
        Ok(Self { client, address })
    }

    /// Posts a body.
    pub(super) async fn send(&self, body: String, headers: HeaderMap) -> Result<(), Undelivered> {
        let url = self.address.read()?;
        let request = self.client.post(url.expose().clone()).headers(headers);
        let request = request
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body)
            .send();
        match request.await {
            Ok(response) => judge(response.status(), response.headers()),
            // Its address may be a secret.
            Err(error) => Err(Undelivered::later(causes(&error.without_url()))),
        }
    }
}

impl Address {
    fn read(&self) -> Result<Secret<Url>, Misconfigured> {
        match self {
            Self::Known(url) => Ok(Secret::new(url.clone())),
            Self::File(path) => parse(read(path)?.expose().trim()).map(Secret::new),
        }
    }
}

/// An address that a message may be sent to.
pub(super) fn parse(text: &str) -> Result<Url, Misconfigured> {
    let url = Url::parse(text).map_err(|_| Misconfigured::Url)?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    if url.scheme() == "https" && url.has_host() && is_plain {
        Ok(url)
    } else {
        Err(Misconfigured::Url)
    }
}

/// A file that may hold a secret.
pub(super) fn read(path: &Path) -> Result<Secret<String>, Misconfigured> {
    let text = std::fs::read_to_string(path);
    text.map(Secret::new).map_err(|source| Misconfigured::File { path: path.to_owned(), source })
}

/// What an answer means. One that says that the message itself is at fault, or that nobody is there,
/// will be the same next time.
fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), Undelivered> {
    let what = format!("it answered HTTP {}", status.as_u16());
    match status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err(Undelivered::never(format!("{what}, and redirects are not followed"))),
        408 | 425 | 429 | 500..=599 => {
            Err(Undelivered::after(what, retry_after(headers, Timestamp::now())))
        }
        _ => Err(Undelivered::never(what)),
    }
}

/// How long the receiver wants to be left alone: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

/// An error and what caused it, in one line.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::super::undelivered::Again;
    use super::*;

    #[test]
    fn answers_say_whether_to_try_again_and_when() {
        let headers = |after: &'static str| {
            let after = (!after.is_empty()).then(|| HeaderValue::from_static(after));
            after.map(|after| (RETRY_AFTER, after)).into_iter().collect::<HeaderMap>()
        };
        for (status, after, again) in [
            (400, "", Again::Never),
            (302, "", Again::Never),
            (410, "7", Again::Never),
            (500, "", Again::Later(None)),
            (503, "7", Again::Later(Some(Duration::from_secs(7)))),
            (429, "7", Again::Later(Some(Duration::from_secs(7)))),
            (429, "soon", Again::Later(None)),
            (408, "", Again::Later(None)),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let undelivered = judge(status, &headers(after)).unwrap_err();
            assert_eq!(undelivered.again, again, "{status}");
        }
        judge(StatusCode::NO_CONTENT, &headers("")).unwrap();
    }

    #[test]
    fn a_date_is_a_time_to_wait_too() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let headers = |text: &'static str| {
            [(RETRY_AFTER, HeaderValue::from_static(text))].into_iter().collect::<HeaderMap>()
        };
        for (text, seconds) in
            [("Thu, 01 Jan 2026 00:00:30 GMT", 30), ("Wed, 31 Dec 2025 00:00:00 GMT", 0)]
        {
            assert_eq!(retry_after(&headers(text), now), Some(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn addresses_are_https_without_a_login() {
        for text in ["http://a.example", "https://u:p@a.example", "ftp://a", "", "a.example"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("https://hooks.example/services/x?y=1").is_ok());
    }
}
