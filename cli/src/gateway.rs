//! The gateway's address, and the names that clusters get behind it.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use serde::{Deserialize, Serialize};

/// Ends the host names in our kubeconfigs. Nothing resolves them: the local port takes them.
const DOMAIN: &str = "kguard.internal";

/// A gateway's address: always https, never a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Gateway {
    host: String,
    port: u16,
}

/// Why a text is no gateway's address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no gateway's address: write https://HOST or https://HOST:PORT")]
pub(crate) struct InvalidGateway(String);

impl Gateway {
    /// The host, without the brackets of an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address as it goes into `Host`.
    pub(crate) fn authority(&self) -> String {
        match self.port {
            443 => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.authority())
    }

    /// The gateway as a part of file names and host names.
    pub(crate) fn label(&self) -> String {
        let host = self.host().replace(':', "-");
        match self.port {
            443 => host,
            port => format!("{host}-{port}"),
        }
    }

    /// The host name of a cluster, always the same: kubectl keys its caches by it.
    pub(crate) fn cluster_host(&self, cluster: &str) -> String {
        format!("{cluster}.{}.{DOMAIN}", self.label())
    }

    /// The cluster whose host name this is.
    pub(crate) fn cluster_of<'a>(&self, host: &'a str) -> Option<&'a str> {
        let rest = host.strip_suffix(DOMAIN)?.strip_suffix('.')?;
        let cluster = rest.strip_suffix(self.label().as_str())?.strip_suffix('.')?;
        (!cluster.is_empty()).then_some(cluster)
    }
}

impl FromStr for Gateway {
    type Err = InvalidGateway;

    fn from_str(text: &str) -> Result<Self, InvalidGateway> {
        let invalid = || InvalidGateway(text.to_owned());
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let (Some("https"), "/", None) = (uri.scheme_str(), uri.path(), uri.query()) else {
            return Err(invalid());
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(invalid)?;
        if authority.host().is_empty() {
            return Err(invalid());
        }
        let port = authority.port_u16().unwrap_or(443);
        Ok(Self { host: authority.host().to_ascii_lowercase(), port })
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.authority())
    }
}

impl TryFrom<String> for Gateway {
    type Error = InvalidGateway;

    fn try_from(text: String) -> Result<Self, InvalidGateway> {
        text.parse()
    }
}

impl From<Gateway> for String {
    fn from(gateway: Gateway) -> Self {
        gateway.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, url, host) in [
            ("gw.example", "https://gw.example", "prod.gw.example.kguard.internal"),
            ("https://GW.example/", "https://gw.example", "prod.gw.example.kguard.internal"),
            ("https://gw.example:443", "https://gw.example", "prod.gw.example.kguard.internal"),
            ("127.0.0.1:8443", "https://127.0.0.1:8443", "prod.127.0.0.1-8443.kguard.internal"),
            ("https://[::1]:8443", "https://[::1]:8443", "prod.--1-8443.kguard.internal"),
        ] {
            let gateway: Gateway = text.parse().unwrap();
            assert_eq!(gateway.to_string(), url);
            assert_eq!(gateway.cluster_host("prod"), host);
            assert_eq!(gateway.cluster_of(host), Some("prod"));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "http://gw.example", "https://gw.example/path", "https://a@b", "a b"] {
            assert!(text.parse::<Gateway>().is_err(), "{text}");
        }
    }

    #[test]
    fn other_hosts_are_no_clusters() {
        let gateway: Gateway = "gw.example".parse().unwrap();
        for host in [
            "kubernetes.default",
            "gw.example",
            ".gw.example.kguard.internal",
            "kguard.internal",
            "prod.other.kguard.internal",
        ] {
            assert_eq!(gateway.cluster_of(host), None, "{host}");
        }
        assert_eq!(gateway.cluster_of("a.b.gw.example.kguard.internal"), Some("a.b"));
    }
}
