//! Where the bearer token comes from: environment, token file, what CI offers, the login.
//!
//! Finding the source reads nothing secret, so that no keyring is asked and nothing can hang when
//! a token is in the environment. Of a login, the refresh token is in the keyring (or a file, if
//! asked for) and the short-lived ID token in a file of the runtime folder: a keyring takes
//! milliseconds to seconds, and this file is of no use a few minutes later.

pub(crate) mod store;

mod login;
mod token;
mod workload;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kguard::redact::Secret;
use tokio::sync::Mutex;

use crate::config::{Config, Folders, Login};
use crate::environment::Environment;
use crate::files::FileError;
use crate::gateway::Gateway;
use crate::oidc::OidcError;
use crate::tls::TlsError;

pub(crate) use login::{LoginTokens, issuer_client};
pub(crate) use token::Token;

/// A token that is mounted for us, by the chart's convention.
const MOUNTED_TOKEN: &str = "/var/run/secrets/kguard/token";

/// A pod's own token. Last of all, since a person may well have logged in inside a pod.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialError {
    #[error("the login has ended")]
    Ended(#[source] OidcError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("GitHub gave no token for this job")]
    GitHub(#[source] reqwest::Error),
    #[error("the keyring does not work: {0}")]
    Keyring(String),
    #[error("you are not logged in")]
    None,
    #[error("you are not logged in to the gateway {0}")]
    Nowhere(Gateway),
    #[error(transparent)]
    Oidc(OidcError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Where the token comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// `KGUARD_TOKEN`, or GitLab's `KGUARD_ID_TOKEN`.
    Environment { variable: &'static str, token: Secret<String> },
    /// A file, read anew for each token since whoever mounts it also renews it.
    File(PathBuf),
    /// GitHub Actions' OIDC endpoint.
    GitHub { url: String, request_token: Secret<String>, audience: String },
    /// A login of a person.
    Login(Login),
    /// None.
    Nowhere,
}

impl Source {
    /// Looks where a token comes from, without reading it.
    pub(crate) fn find(
        environment: &Environment,
        login: Option<&Login>,
        exists: impl Fn(&Path) -> bool,
    ) -> Self {
        let of_variable = |variable| {
            let token = Secret::new(environment.get(variable)?.to_owned());
            Some(Self::Environment { variable, token })
        };
        let named_file =
            || environment.get("KGUARD_TOKEN_FILE").map(|path| Self::File(path.into()));
        let given = of_variable("KGUARD_TOKEN")
            .or_else(named_file)
            .or_else(|| of_variable("KGUARD_ID_TOKEN"));
        if let Some(source) = given {
            return source;
        }
        let url = environment.get("ACTIONS_ID_TOKEN_REQUEST_URL");
        if let (Some(url), Some(token)) = (url, environment.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")) {
            return Self::GitHub {
                url: url.to_owned(),
                request_token: Secret::new(token.to_owned()),
                audience: environment.get("KGUARD_AUDIENCE").unwrap_or("kguard").to_owned(),
            };
        }
        let mounted = environment.get("KGUARD_MOUNTED_TOKEN").unwrap_or(MOUNTED_TOKEN);
        if exists(Path::new(mounted)) {
            return Self::File(mounted.into());
        }
        if let Some(login) = login {
            return Self::Login(login.clone());
        }
        let pod = environment.get("KGUARD_SERVICE_ACCOUNT_TOKEN").unwrap_or(SERVICE_ACCOUNT_TOKEN);
        if exists(Path::new(pod)) { Self::File(pod.into()) } else { Self::Nowhere }
    }

    /// Names the source, for `doctor`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Environment { variable, .. } => format!("the variable {variable}"),
            Self::File(path) => format!("the file {}", path.display()),
            Self::GitHub { .. } => "GitHub Actions".to_owned(),
            Self::Login(_) => "`kguard login`".to_owned(),
            Self::Nowhere => "nowhere".to_owned(),
        }
    }
}

/// Hands out tokens that are still good for a while.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    source: Source,
    gateway: Gateway,
    login: LoginTokens,
    current: Arc<Mutex<Option<Token>>>,
}

impl Tokens {
    pub(crate) fn new(
        environment: &Environment,
        config: &Config,
        folders: &Folders,
        gateway: &Gateway,
    ) -> Self {
        let source = Source::find(environment, config.login.as_ref(), Path::exists);
        let login = LoginTokens::new(folders, gateway);
        Self { source, gateway: gateway.clone(), login, current: Arc::default() }
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// A token that is good for a while.
    pub(crate) async fn get(&self) -> Result<Secret<String>, CredentialError> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| token.is_fresh()) {
            return Ok(token.secret().clone());
        }
        let token = self.fetch(None).await?;
        Ok(current.insert(token).secret().clone())
    }

    /// Another token than the one that the gateway did not take; none if there is no other.
    pub(crate) async fn renew(
        &self,
        rejected: &Secret<String>,
    ) -> Result<Option<Secret<String>>, CredentialError> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| token.secret() != rejected) {
            return Ok(Some(token.secret().clone()));
        }
        let token = self.fetch(Some(rejected)).await?;
        let secret = current.insert(token).secret().clone();
        Ok((secret != *rejected).then_some(secret))
    }

    async fn fetch(&self, rejected: Option<&Secret<String>>) -> Result<Token, CredentialError> {
        match &self.source {
            Source::Environment { token, .. } => Ok(Token::new(token.clone())),
            Source::File(path) => workload::read(path),
            Source::GitHub { url, request_token, audience } => {
                workload::github(url, request_token, audience).await
            }
            Source::Login(login) => self.login.get(login, rejected).await,
            Source::Nowhere => Err(CredentialError::Nowhere(self.gateway.clone())),
        }
    }
}

#[cfg(test)]
mod tests;
