//! The gateway's configuration file.

mod external_url;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kguard::identity::SubjectPattern;
use kguard::policy::{Problem, did_you_mean};
use serde::Deserialize;

pub use self::external_url::{ExternalUrl, InvalidExternalUrl};

use crate::authenticate::IssuerConfig;
use crate::notify::NotificationConfig;
use crate::policies::Mode;
use crate::streams::RecordingConfig;
use crate::undo::UndoConfig;
use crate::web::WebConfig;

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// `kguard.dev/v1alpha1`.
    pub api_version: String,
    /// `GatewayConfig`.
    pub kind: String,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Under which address people reach it: what logins come back to and what links begin with.
    #[serde(default)]
    pub external_url: Option<ExternalUrl>,
    /// The certificate to listen with.
    pub tls: TlsConfig,
    /// A folder for the trail, its signing key, and the keys that placeholders are made with and that
    /// what is kept for undoing is encrypted with.
    pub state_dir: PathBuf,
    /// A folder of `*.yaml` policy files, reloaded when they change; or one file.
    pub policies: PathBuf,
    /// Whether the policies are in force, or only observe.
    #[serde(default)]
    pub policy_mode: Mode,
    /// The clusters.
    pub clusters: Vec<ClusterConfig>,
    /// Whose tokens are accepted.
    pub issuers: Vec<IssuerConfig>,
    /// Who may read the whole trail; everybody may read his own part.
    #[serde(default)]
    pub auditors: Vec<SubjectPattern>,
    /// What is recorded of exec, attach and port-forward.
    #[serde(default)]
    pub recordings: RecordingConfig,
    /// The approvers' web page.
    #[serde(default)]
    pub web: WebConfig,
    /// Who is told of what happens to holds, and how.
    #[serde(default)]
    pub notifications: Vec<NotificationConfig>,
    /// What is kept to undo changes with.
    #[serde(default)]
    pub undo: UndoConfig,
    /// How long a shutdown waits for requests under way, in seconds.
    #[serde(default = "default_drain_seconds")]
    pub drain_seconds: u64,
    /// How long a held request of a plain client waits before it is told to come back, in seconds.
    /// Below the time after which whatever stands before the gateway cuts an idle connection.
    #[serde(default = "default_plain_wait_seconds")]
    pub plain_wait_seconds: u64,
}

/// A certificate and its key.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM: the certificate, then its chain.
    pub cert_file: PathBuf,
    /// PEM: the private key.
    pub key_file: PathBuf,
}

/// One cluster and how the gateway logs in to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterConfig {
    /// The name that policies, contexts and paths know it by: a DNS label.
    pub name: String,
    /// A context of a kubeconfig; without it, the service account of the gateway's own pod.
    #[serde(default)]
    pub kubeconfig: Option<KubeconfigSource>,
}

/// A context of a kubeconfig.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KubeconfigSource {
    /// The file.
    pub path: PathBuf,
    /// The context; the current one if none is named.
    #[serde(default)]
    pub context: Option<String>,
}

fn default_drain_seconds() -> u64 {
    20
}

/// Most load balancers cut a connection that has been idle for 60 s.
pub(crate) fn default_plain_wait_seconds() -> u64 {
    45
}

/// The version that a file has to name.
pub const API_VERSION: &str = "kguard.dev/v1alpha1";

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A cluster name that cannot be part of a host name.
    #[error("{path}: cluster name `{name}` must be lower-case letters, digits and `-`")]
    ClusterName {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// Two clusters share a name.
    #[error("{path}: there are two clusters named `{name}`")]
    DuplicateCluster {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// Nothing to guard.
    #[error("{path}: `{field}` is empty, so nobody could use this gateway")]
    Empty {
        /// The file.
        path: PathBuf,
        /// The field.
        field: &'static str,
    },
    /// Another kind of file.
    #[error("{path}: expected `apiVersion: {API_VERSION}` and `kind: GatewayConfig`")]
    Kind {
        /// The file.
        path: PathBuf,
    },
    /// Not the YAML that it should be; says where, what, and the way out.
    #[error("{0}")]
    Parse(Problem),
    /// It cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Config {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let config = Self::parse(path, &text)?;
        config.check(path)?;
        Ok(config)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        serde_saphyr::from_str(text).map_err(|error| ConfigError::Parse(problem(path, &error)))
    }

    fn check(&self, path: &Path) -> Result<(), ConfigError> {
        let path = path.to_owned();
        if self.api_version != API_VERSION || self.kind != "GatewayConfig" {
            return Err(ConfigError::Kind { path });
        }
        for (field, empty) in
            [("clusters", self.clusters.is_empty()), ("issuers", self.issuers.is_empty())]
        {
            if empty {
                return Err(ConfigError::Empty { path, field });
            }
        }
        let mut seen = std::collections::HashSet::new();
        for name in self.clusters.iter().map(|cluster| cluster.name.clone()) {
            if !is_dns_label(&name) {
                return Err(ConfigError::ClusterName { path, name });
            }
            if !seen.insert(name.clone()) {
                return Err(ConfigError::DuplicateCluster { path, name });
            }
        }
        Ok(())
    }
}

fn problem(path: &Path, error: &serde_saphyr::Error) -> Problem {
    let error = error.without_snippet();
    let (line, column) =
        error.location().map_or((0, 0), |location| (location.line(), location.column()));
    let file = path.display().to_string();
    let (message, hint) = match error {
        serde_saphyr::Error::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown field `{field}`"), did_you_mean(field, expected))
        }
        error => (error.render(), None),
    };
    Problem { file, line, column, message, hint }
}

/// Cluster names become a part of host names and of paths.
pub fn is_dns_label(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(fits)
        && !name.starts_with('-')
        && !name.ends_with('-')
}
