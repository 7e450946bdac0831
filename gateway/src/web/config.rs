//! The page's part of the configuration.

use std::path::PathBuf;

use serde::Deserialize;

/// The approvers' page.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WebConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// As which client it logs people in; by default as that of `kguard login`.
    pub client_id: Option<String>,
    /// A file with that client's secret, if it is a confidential one.
    pub client_secret_file: Option<PathBuf>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self { enabled: true, client_id: None, client_secret_file: None }
    }
}

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The machine gives no randomness.
    #[error("the system gave no random bytes")]
    Random,
    /// The client's secret cannot be read.
    #[error("web.clientSecretFile: cannot read {path}")]
    Secret {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl WebConfig {
    /// A secret that cannot be read is told at the start, not at the first login.
    pub(super) fn check(&self) -> Result<(), WebError> {
        let Some(path) = &self.client_secret_file else { return Ok(()) };
        std::fs::read_to_string(path)
            .map(drop)
            .map_err(|source| WebError::Secret { path: path.clone(), source })
    }
}
