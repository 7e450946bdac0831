//! The tokens of a login: cached for a few minutes, refreshed by one process at a time.

use std::path::PathBuf;

use kguard::redact::Secret;

use super::store::Store;
use super::{CredentialError, Token};
use crate::config::{Folders, Login};
use crate::files::{self, FileError};
use crate::gateway::Gateway;
use crate::oidc::{OidcError, Provider};

/// Where the tokens of one gateway's login are.
#[derive(Debug, Clone)]
pub(crate) struct LoginTokens {
    folders: Folders,
    gateway: Gateway,
    cache: PathBuf,
    lock: PathBuf,
}

impl LoginTokens {
    pub(crate) fn new(folders: &Folders, gateway: &Gateway) -> Self {
        let cache = folders.runtime.join(format!("id-token-{}", gateway.label()));
        let lock = folders.runtime.join(format!("refresh-{}.lock", gateway.label()));
        Self { folders: folders.clone(), gateway: gateway.clone(), cache, lock }
    }

    /// A fresh token: the cached one, or a new one. Many processes may ask at once, and refresh
    /// tokens are good for one use at many issuers, so a file lock lets one of them refresh and
    /// the others find what it got.
    pub(super) async fn get(
        &self,
        login: &Login,
        rejected: Option<&Secret<String>>,
    ) -> Result<Token, CredentialError> {
        if let Some(token) = self.cached(rejected)? {
            return Ok(token);
        }
        let path = self.lock.clone();
        let lock = files::open_lock(&path)?;
        let locked = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
        let _lock = locked
            .map_err(std::io::Error::other)
            .and_then(|locked| locked)
            .map_err(|source| FileError::Lock { path, source })?;
        match self.cached(rejected)? {
            Some(token) => Ok(token),
            None => self.refresh(login).await,
        }
    }

    async fn refresh(&self, login: &Login) -> Result<Token, CredentialError> {
        let store = Store::new(login.storage, &self.folders, &self.gateway);
        let refresh = store.load().await?;
        let provider = Provider {
            http: issuer_client(login.issuer_ca.as_deref())?,
            client_id: login.client_id.clone(),
            token_endpoint: login.token_endpoint.clone(),
        };
        let tokens = provider.refresh(&refresh).await.map_err(|error| match error {
            OidcError::Refused { .. } | OidcError::Denied => CredentialError::Ended(error),
            error => CredentialError::Oidc(error),
        })?;
        // The old one may be spent already: what replaces it must not get lost.
        if let Some(next) = &tokens.refresh_token {
            store.save(next).await?;
        }
        let id_token = tokens.id_token.ok_or(CredentialError::Oidc(OidcError::NoIdToken))?;
        self.remember(&id_token)?;
        Ok(Token::new(id_token))
    }

    pub(crate) fn remember(&self, id_token: &Secret<String>) -> Result<(), FileError> {
        files::write_private(&self.cache, id_token.expose().as_bytes())
    }

    pub(crate) fn forget(&self) -> Result<(), FileError> {
        files::remove(&self.cache)
    }

    fn cached(&self, rejected: Option<&Secret<String>>) -> Result<Option<Token>, FileError> {
        let Some(content) = files::read_optional(&self.cache)? else { return Ok(None) };
        let Ok(text) = String::from_utf8(content) else { return Ok(None) };
        let token = Token::new(Secret::new(text));
        Ok(Some(token).filter(|token| token.is_fresh() && Some(token.secret()) != rejected))
    }
}

/// An HTTP client for an issuer.
pub(crate) fn issuer_client(ca: Option<&str>) -> Result<reqwest::Client, CredentialError> {
    let tls = crate::tls::issuer(ca)?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(std::time::Duration::from_secs(20))
        .build()
        .map_err(|source| {
            CredentialError::Oidc(OidcError::Unreachable { url: "the issuer".to_owned(), source })
        })
}
