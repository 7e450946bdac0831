//! Whom the gateway believes: issuers in the shape of Kubernetes' structured authentication
//! configuration, and what kguard adds to it.

use std::path::PathBuf;

use kguard::api::LoginInfo;
use kguard::identity::CallerKind;
use reqwest::Url;
use serde::Deserialize;

use super::names::SYSTEM_PREFIX;

/// One issuer of tokens and what its tokens mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerConfig {
    /// Where tokens come from and for whom they must be.
    pub issuer: Issuer,
    /// Claims that every token must have.
    #[serde(default)]
    pub claim_validation_rules: Vec<ClaimRule>,
    /// Which claims name the caller. Required, unless `serviceAccounts` is set.
    #[serde(default)]
    pub claim_mappings: Option<ClaimMappings>,
    /// Whether this issuer's tokens are held by people or by machines.
    pub kind: CallerKind,
    /// For people: the public client that `kguard login` logs in as.
    #[serde(default, rename = "clientID")]
    pub client_id: Option<String>,
    /// For people: the scopes that `kguard login` asks for.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// Takes the issuer for a cluster's own service-account issuer: subjects keep their names
    /// (`system:serviceaccount:NAMESPACE:NAME`) and get the groups that an API server gives them.
    ///
    /// The same name means another account in another cluster, so set this only where the gateway
    /// serves no cluster but the one that issues the tokens; elsewhere map `sub` with a prefix.
    #[serde(default)]
    pub service_accounts: bool,
    /// Groups that may pass although they begin with `system:`, such as `system:masters`. Whoever
    /// can make this issuer put a name into a token's groups has what these groups have.
    #[serde(default)]
    pub allowed_system_groups: Vec<String>,
}

/// Where tokens come from and for whom they must be.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Issuer {
    /// What the tokens' `iss` claim says, to the letter.
    pub url: String,
    /// Where the discovery document is, if not under the issuer's own URL.
    #[serde(default, rename = "discoveryURL")]
    pub discovery_url: Option<String>,
    /// A file with a bearer token for reading the discovery document and the keys; API servers
    /// ask for one. Read anew each time.
    #[serde(default)]
    pub discovery_token_file: Option<PathBuf>,
    /// The audiences of which a token needs one.
    pub audiences: Vec<String>,
    /// How audiences are compared; there is one way.
    #[serde(default)]
    pub audience_match_policy: Option<AudienceMatchPolicy>,
    /// PEM certificates to trust for this issuer, instead of the system's.
    #[serde(default)]
    pub certificate_authority: Option<String>,
    /// The same in a file.
    #[serde(default)]
    pub certificate_authority_file: Option<PathBuf>,
}

/// How audiences are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum AudienceMatchPolicy {
    /// One common audience is enough.
    MatchAny,
}

/// A claim that every token must have.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimRule {
    /// The claim's name.
    pub claim: String,
    /// The text that it must be.
    pub required_value: String,
}

/// Which claims name the caller.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimMappings {
    /// The user name. `email` counts only if the token says that it is verified.
    pub username: PrefixedClaim,
    /// The groups: a text or a list of them.
    #[serde(default)]
    pub groups: Option<PrefixedClaim>,
    /// The stable id.
    #[serde(default)]
    pub uid: Option<Claim>,
}

/// A claim with a prefix that keeps one issuer's names apart from another's.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrefixedClaim {
    /// The claim's name.
    pub claim: String,
    /// What goes before its value; `""` must be said explicitly.
    pub prefix: String,
}

/// A claim.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// The claim's name.
    pub claim: String,
}

/// Why the configuration of an issuer does not hold together. The operator's to correct.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No HTTP client could be set up.
    #[error("issuer {issuer}: the HTTP client cannot be set up")]
    Client {
        /// The issuer.
        issuer: String,
        /// Why.
        source: reqwest::Error,
    },
    /// Two issuers with one URL, so that a token's `iss` would not tell them apart.
    #[error("issuer {0} is configured twice: one entry with both audiences does")]
    Duplicate(String),
    /// A rule of the format is broken.
    #[error("issuer {issuer}: {rule}")]
    Invalid {
        /// The issuer.
        issuer: String,
        /// The rule.
        rule: &'static str,
    },
    /// The file with the issuer's certificates cannot be read.
    #[error("issuer {issuer}: certificateAuthorityFile {} cannot be read", path.display())]
    ReadCertificateAuthority {
        /// The issuer.
        issuer: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn default_scopes() -> Vec<String> {
    ["openid", "profile", "email", "offline_access"].map(String::from).to_vec()
}

impl IssuerConfig {
    /// Whether the parts fit together.
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let broken = self.broken_rules().into_iter().find(|(broken, _)| *broken);
        broken.map_or(Ok(()), |(_, rule)| {
            Err(ConfigError::Invalid { issuer: self.issuer.url.clone(), rule })
        })
    }

    fn broken_rules(&self) -> [(bool, &'static str); 9] {
        let Issuer { url, discovery_url, audiences, .. } = &self.issuer;
        let prefixes = self.claim_mappings.iter().flat_map(ClaimMappings::prefixes);
        let person = self.kind == CallerKind::Person;
        [
            (!acceptable_url(url), "issuer.url must be https (http only on the loopback)"),
            (
                discovery_url.as_ref().is_some_and(|url| !acceptable_url(url)),
                "issuer.discoveryURL must be https (http only on the loopback)",
            ),
            (
                audiences.is_empty() || audiences.iter().any(String::is_empty),
                "issuer.audiences must name at least one audience, and none that is empty",
            ),
            (
                self.issuer.certificate_authority.is_some()
                    && self.issuer.certificate_authority_file.is_some(),
                "give certificateAuthority or certificateAuthorityFile, not both",
            ),
            (
                self.claim_mappings.is_some() == self.service_accounts,
                "give either claimMappings or serviceAccounts: true",
            ),
            (self.service_accounts && person, "serviceAccounts needs kind: workload"),
            (
                prefixes.into_iter().any(|prefix| prefix.starts_with(SYSTEM_PREFIX)),
                "a prefix must not begin with `system:`, which is Kubernetes' own",
            ),
            (
                self.allowed_system_groups.iter().any(|group| !group.starts_with(SYSTEM_PREFIX)),
                "allowedSystemGroups lists only groups that begin with `system:`",
            ),
            (!person && self.client_id.is_some(), "clientID is for kind: person"),
        ]
    }

    /// What `kguard login` needs to know, if people log in here.
    pub(super) fn login_info(&self, certificates: Option<&str>) -> Option<LoginInfo> {
        Some(LoginInfo {
            issuer: self.issuer.url.clone(),
            client_id: self.client_id.clone()?,
            scopes: self.scopes.clone(),
            issuer_ca: certificates.map(str::to_owned),
        })
    }
}

impl ClaimMappings {
    fn prefixes(&self) -> impl Iterator<Item = &str> {
        [Some(&self.username), self.groups.as_ref()].into_iter().flatten().map(|it| &*it.prefix)
    }
}

impl Issuer {
    /// Where the discovery document is.
    pub(super) fn discovery(&self) -> String {
        self.discovery_url.clone().unwrap_or_else(|| {
            format!("{}/.well-known/openid-configuration", self.url.trim_end_matches('/'))
        })
    }

    /// The certificates to trust, as PEM.
    pub(super) fn certificates(&self) -> Result<Option<String>, ConfigError> {
        let Some(path) = &self.certificate_authority_file else {
            return Ok(self.certificate_authority.clone());
        };
        std::fs::read_to_string(path).map(Some).map_err(|source| {
            let (issuer, path) = (self.url.clone(), path.clone());
            ConfigError::ReadCertificateAuthority { issuer, path, source }
        })
    }
}

/// Whether keys may be fetched from `url`: what comes over plain HTTP could come from anybody,
/// except on the loopback.
pub(super) fn acceptable_url(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)))
    })
}

/// Whether the host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests;
