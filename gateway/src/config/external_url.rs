//! Under which address people reach the gateway. Configured, since what a request says of it is its
//! sender's choice.

use std::fmt;

use reqwest::Url;
use serde::{Deserialize, Deserializer};

/// The address of the gateway as a browser has it: `https://HOST[:PORT]` and nothing behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalUrl(String);

/// Why an address cannot be the gateway's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be the gateway's address: write `https://HOST` or `https://HOST:PORT`")]
pub struct InvalidExternalUrl(String);

impl ExternalUrl {
    /// The address without a slash at its end, which is also what browsers send as `Origin`.
    pub fn origin(&self) -> &str {
        &self.0
    }

    /// Whether the gateway is for this machine alone.
    pub fn is_loopback(&self) -> bool {
        let url = Url::parse(&self.0).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let ip = host.trim_matches(['[', ']']).parse();
        host == "localhost" || ip.is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }
}

impl fmt::Display for ExternalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for ExternalUrl {
    type Err = InvalidExternalUrl;

    fn from_str(text: &str) -> Result<Self, InvalidExternalUrl> {
        let invalid = || InvalidExternalUrl(text.chars().take(200).collect());
        let url = Url::parse(text).map_err(|_| invalid())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https" || !url.has_host() || !bare || !nobody {
            return Err(invalid());
        }
        // As a browser writes it: lower case, punycode, no port 443.
        Ok(Self(url.origin().ascii_serialization()))
    }
}

impl<'de> Deserialize<'de> for ExternalUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_a_browser_writes_its_origin() {
        for (written, origin) in [
            ("https://kguard.example", "https://kguard.example"),
            ("https://kguard.example/", "https://kguard.example"),
            ("https://Kguard.Example:443", "https://kguard.example"),
            ("https://kguard.example:8443", "https://kguard.example:8443"),
            ("https://[::1]:7443", "https://[::1]:7443"),
            ("https://zürich.example", "https://xn--zrich-kva.example"),
        ] {
            assert_eq!(written.parse::<ExternalUrl>().unwrap().origin(), origin);
        }
    }

    #[test]
    fn whatever_is_more_or_less_than_an_address_is_refused() {
        for written in [
            "",
            "kguard.example",
            "http://kguard.example",
            "https://kguard.example/kguard",
            "https://kguard.example/?a",
            "https://kguard.example/#a",
            "https://user@kguard.example",
            "https://",
            "file:///etc",
        ] {
            assert!(written.parse::<ExternalUrl>().is_err(), "{written}");
        }
    }

    #[test]
    fn loopback_is_known() {
        for (written, loopback) in [
            ("https://127.0.0.1:7443", true),
            ("https://[::1]:7443", true),
            ("https://localhost", true),
            ("https://localhost.example", false),
        ] {
            assert_eq!(written.parse::<ExternalUrl>().unwrap().is_loopback(), loopback);
        }
    }
}
