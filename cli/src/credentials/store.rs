//! Keeps the refresh token: in the system's keyring, or in a file if the user asked for one.

use std::path::PathBuf;
use std::time::Duration;

use kguard::redact::Secret;

use super::CredentialError;
use crate::config::{Folders, Storage};
use crate::files;
use crate::gateway::Gateway;

/// The keyring's name for what is ours.
const SERVICE: &str = "kguard";

/// A locked keyring may wait for a dialogue that nobody sees.
const PATIENCE: Duration = Duration::from_secs(2);

/// The place of one gateway's refresh token.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    storage: Storage,
    gateway: String,
    file: PathBuf,
}

impl Store {
    pub(crate) fn new(storage: Storage, folders: &Folders, gateway: &Gateway) -> Self {
        let file = folders.data.join(format!("refresh-token-{}", gateway.label()));
        Self { storage, gateway: gateway.authority(), file }
    }

    /// Finds out whether the store works, before anybody logs in for nothing.
    pub(crate) async fn probe(&self) -> Result<(), CredentialError> {
        match self.storage {
            Storage::File => Ok(files::private_folder(&self.file.with_file_name(""))?),
            Storage::Keyring => {
                let read = self.keyring(|entry| match entry.get_password() {
                    Err(keyring::Error::NoEntry) => Ok(()),
                    other => other.map(drop),
                });
                read.await
            }
        }
    }

    pub(crate) async fn load(&self) -> Result<Secret<String>, CredentialError> {
        match self.storage {
            Storage::File => {
                let token = files::read_optional(&self.file)?.ok_or(CredentialError::None)?;
                let token = String::from_utf8(token).map_err(|_| CredentialError::None)?;
                Ok(Secret::new(token))
            }
            Storage::Keyring => {
                let read = self.keyring(|entry| match entry.get_password() {
                    Err(keyring::Error::NoEntry) => Ok(None),
                    other => other.map(Some),
                });
                read.await?.map(Secret::new).ok_or(CredentialError::None)
            }
        }
    }

    pub(crate) async fn save(&self, token: &Secret<String>) -> Result<(), CredentialError> {
        match self.storage {
            Storage::File => Ok(files::write_private(&self.file, token.expose().as_bytes())?),
            Storage::Keyring => {
                let token = token.clone();
                self.keyring(move |entry| entry.set_password(token.expose())).await
            }
        }
    }

    pub(crate) async fn delete(&self) -> Result<(), CredentialError> {
        match self.storage {
            Storage::File => Ok(files::remove(&self.file)?),
            Storage::Keyring => {
                let delete = self.keyring(|entry| match entry.delete_credential() {
                    Err(keyring::Error::NoEntry) => Ok(()),
                    other => other,
                });
                delete.await
            }
        }
    }

    /// Asks the keyring on a thread of its own: it blocks, and if it hangs it must not keep the
    /// process from ending.
    async fn keyring<T: Send + 'static>(
        &self,
        ask: impl FnOnce(keyring::Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<T, CredentialError> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let gateway = self.gateway.clone();
        std::thread::spawn(move || {
            let result = match keyring::Entry::store_status() {
                // It tells why; what `Entry::new` says after it only tells that.
                Err(error) => Err(error.to_string()),
                Ok(()) => keyring::Entry::new(SERVICE, &gateway)
                    .and_then(ask)
                    .map_err(|error| error.to_string()),
            };
            // Nobody listens any more when the keyring took too long.
            let _ = answer.send(result.map_err(CredentialError::Keyring));
        });
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(CredentialError::Keyring("it gave no answer".to_owned())),
            Err(_) => Err(CredentialError::Keyring("it does not answer; is it locked?".to_owned())),
        }
    }
}
