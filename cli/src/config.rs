//! Where the client keeps its things, and what it remembers between runs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::files::{self, FileError};
use crate::gateway::Gateway;

/// The folders of the client: the platform's (XDG on Linux), or all under `KGUARD_HOME`.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    /// What the user chose: `config.json`.
    pub(crate) config: PathBuf,
    /// What must not get lost: the local CA.
    pub(crate) data: PathBuf,
    /// What can be asked for again: cluster lists.
    pub(crate) cache: PathBuf,
    /// What ends with the session: kubeconfigs, short-lived tokens.
    pub(crate) runtime: PathBuf,
}

impl Folders {
    pub(crate) fn find(environment: &Environment) -> Result<Self, ConfigError> {
        if let Some(home) = environment.get("KGUARD_HOME") {
            let home = Path::new(home);
            return Ok(Self {
                config: home.join("config"),
                data: home.join("data"),
                cache: home.join("cache"),
                runtime: home.join("run"),
            });
        }
        let platform =
            directories::ProjectDirs::from("dev", "kguard", "kguard").ok_or(ConfigError::NoHome)?;
        let data = platform.data_local_dir().to_owned();
        Ok(Self {
            config: platform.config_dir().to_owned(),
            cache: platform.cache_dir().to_owned(),
            runtime: platform.runtime_dir().map_or_else(|| data.join("run"), Path::to_owned),
            data,
        })
    }

    fn config_file(&self) -> PathBuf {
        self.config.join("config.json")
    }
}

/// What `login` and `use` remember.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The gateway that was logged in to. All the rest is about this one and no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gateway: Option<Gateway>,
    /// The PEM certificates that `login --ca` named; trusted for the gateway instead of the
    /// system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<String>,
    /// The cluster that `use` chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cluster: Option<String>,
    /// How to get fresh tokens; none without a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) login: Option<Login>,
}

/// What it takes to refresh a login, besides the refresh token itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Login {
    /// The public client that was logged in as.
    pub(crate) client_id: String,
    /// Where tokens are refreshed.
    pub(crate) token_endpoint: String,
    /// PEM certificates to trust for the issuer besides the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issuer_ca: Option<String>,
    /// Where the refresh token is.
    pub(crate) storage: Storage,
}

/// Where the refresh token is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Storage {
    /// A file that only the user can read, because `--insecure-storage` asked for it.
    File,
    /// The operating system's keyring.
    Keyring,
}

/// Why the configuration could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the system names no home folder; set KGUARD_HOME to a folder of your own")]
    NoHome,
    #[error("{} is not what `kguard login` writes; remove it and log in again", path.display())]
    Parse { path: PathBuf, source: serde_json::Error },
}

impl Config {
    pub(crate) fn load(folders: &Folders) -> Result<Self, ConfigError> {
        let path = folders.config_file();
        let Some(content) = files::read_optional(&path)? else { return Ok(Self::default()) };
        serde_json::from_slice(&content).map_err(|source| ConfigError::Parse { path, source })
    }

    pub(crate) fn save(&self, folders: &Folders) -> Result<(), ConfigError> {
        let path = folders.config_file();
        let text = serde_json::to_vec_pretty(self)
            .map_err(|source| ConfigError::Parse { path: path.clone(), source })?;
        Ok(files::write_private(&path, &text)?)
    }

    /// What is remembered of `gateway`: nothing, if the login was to another one.
    pub(crate) fn of(self, gateway: &Gateway) -> Self {
        if self.gateway.as_ref() == Some(gateway) {
            self
        } else {
            Self { gateway: Some(gateway.clone()), ..Self::default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_one_gateway_is_not_used_for_another() {
        let config = Config {
            gateway: Some("https://a.example".parse().unwrap()),
            ca: Some("pem".into()),
            cluster: Some("prod".into()),
            login: None,
        };
        assert_eq!(config.clone().of(&"a.example:443".parse().unwrap()), config);
        let other = config.of(&"https://b.example".parse().unwrap());
        assert_eq!((other.ca, other.cluster), (None, None));
    }

    #[test]
    fn what_is_saved_is_loaded_and_a_broken_file_says_how_to_mend_it() {
        let home = tempfile::tempdir().unwrap();
        let environment = [("KGUARD_HOME", home.path().to_str().unwrap())].into_iter().collect();
        let folders = Folders::find(&environment).unwrap();
        assert_eq!(Config::load(&folders).unwrap(), Config::default());
        let config = Config { cluster: Some("prod".into()), ..Config::default() };
        config.save(&folders).unwrap();
        assert_eq!(Config::load(&folders).unwrap(), config);
        files::write_private(&folders.config_file(), b"{\"clutser\": 1}").unwrap();
        let error = Config::load(&folders).unwrap_err();
        assert!(error.to_string().contains("log in again"), "{error}");
    }
}
