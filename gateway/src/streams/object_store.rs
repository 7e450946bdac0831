//! The object store that recordings go to when they are finished: S3, Google Cloud Storage, Azure Blob
//! Storage, and whatever speaks like them.
//!
//! The folder stays the first place: a session is recorded only if its recording can be written there,
//! and it is watched from there. What is finished is moved, again and again until that succeeds; so a
//! store that is away delays nothing and loses nothing, as long as the disk has room.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use futures_util::Stream;
use kguard::redact::Secret;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::buffered::BufWriter;
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path as ObjectPath;
use object_store::{
    Certificate, ClientOptions, ObjectStore, ObjectStoreExt as _, ObjectStoreScheme,
};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::{past, recording};

/// What is sent at a time; stores take no less, except for the last part.
const PART_BYTES: usize = 5 * 1024 * 1024;

/// An object store and a place in it. Credentials come from where each vendor's own tools look for
/// them: the environment, or the machine's identity.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectStoreConfig {
    /// `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`.
    pub url: String,
    /// PEM certificates to trust for it besides the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The options of the crate `object_store`, such as `aws_region` and `aws_endpoint`.
    #[serde(default)]
    pub options: BTreeMap<String, Secret<String>>,
}

/// Why an object store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ObjectStoreError {
    /// The certificates to trust.
    #[error("recordings.objectStore.caFile: cannot read {path}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An option that there is not.
    #[error("recordings.objectStore.options: there is no option `{name}` for such a store")]
    Option {
        /// Its name.
        name: String,
    },
    /// The store's own words.
    #[error("recordings.objectStore: {0}")]
    Store(#[from] object_store::Error),
    /// Another kind of address.
    #[error(
        "recordings.objectStore.url: `{url}` is neither s3://BUCKET/PREFIX nor gs://BUCKET/PREFIX nor \
         az://CONTAINER/PREFIX"
    )]
    Url {
        /// It.
        url: String,
    },
}

/// An object store that takes finished recordings.
pub(super) struct RecordingStore {
    store: Arc<dyn ObjectStore>,
    prefix: ObjectPath,
}

impl RecordingStore {
    /// Makes ready to talk to it; nothing is sent yet.
    pub(super) fn new(config: &ObjectStoreConfig) -> Result<Self, ObjectStoreError> {
        let wrong = || ObjectStoreError::Url { url: config.url.clone() };
        let url = config.url.parse().map_err(|_| wrong())?;
        let (scheme, prefix) = ObjectStoreScheme::parse(&url).map_err(|_| wrong())?;
        let client = client_options(config)?;
        let (url, options) = (config.url.as_str(), &config.options);
        let store: Arc<dyn ObjectStore> = match scheme {
            ObjectStoreScheme::AmazonS3 => {
                let builder = AmazonS3Builder::from_env().with_url(url).with_client_options(client);
                let builder = options.iter().try_fold(builder, |builder, (name, value)| {
                    Ok::<_, ObjectStoreError>(
                        builder.with_config(option::<AmazonS3ConfigKey>(name)?, value.expose()),
                    )
                })?;
                Arc::new(builder.build()?)
            }
            ObjectStoreScheme::GoogleCloudStorage => {
                let builder =
                    GoogleCloudStorageBuilder::from_env().with_url(url).with_client_options(client);
                let builder = options.iter().try_fold(builder, |builder, (name, value)| {
                    Ok::<_, ObjectStoreError>(
                        builder.with_config(option::<GoogleConfigKey>(name)?, value.expose()),
                    )
                })?;
                Arc::new(builder.build()?)
            }
            ObjectStoreScheme::MicrosoftAzure => {
                let builder =
                    MicrosoftAzureBuilder::from_env().with_url(url).with_client_options(client);
                let builder = options.iter().try_fold(builder, |builder, (name, value)| {
                    Ok::<_, ObjectStoreError>(
                        builder.with_config(option::<AzureConfigKey>(name)?, value.expose()),
                    )
                })?;
                Arc::new(builder.build()?)
            }
            _ => return Err(wrong()),
        };
        Ok(Self { store, prefix })
    }

    /// Moves a finished recording out of the folder: it is removed there once the store has all of it.
    pub(super) async fn take(&self, folder: &Path, id: Uuid) -> Result<(), MoveError> {
        let path = recording::path(folder, id);
        let mut file = tokio::fs::File::open(&path).await?;
        let object = self.object(id);
        let mut writer =
            BufWriter::with_capacity(Arc::clone(&self.store), object.clone(), PART_BYTES);
        let sent = tokio::io::copy(&mut file, &mut writer).await;
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) => {
                // Parts that were sent already would be kept, and paid for.
                let _ = writer.abort().await;
                return Err(error.into());
            }
        };
        writer.shutdown().await?;
        let stored = self.store.head(&object).await?.size;
        if stored != sent {
            return Err(MoveError::Incomplete { stored, sent });
        }
        past::leave_head(folder, id).await?;
        Ok(tokio::fs::remove_file(&path).await?)
    }

    /// Reads a recording; none if it is not there.
    pub(super) async fn read(
        &self,
        id: Uuid,
    ) -> object_store::Result<
        Option<impl Stream<Item = object_store::Result<bytes::Bytes>> + Send + use<>>,
    > {
        match self.store.get(&self.object(id)).await {
            Ok(found) => Ok(Some(found.into_stream())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn object(&self, id: Uuid) -> ObjectPath {
        self.prefix.clone().join(recording::file_name(id))
    }
}

/// Why a recording stays in the folder for now.
#[derive(Debug, thiserror::Error)]
pub(super) enum MoveError {
    #[error("the object store has {stored} bytes of {sent}")]
    Incomplete { stored: u64, sent: u64 },
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] object_store::Error),
}

fn client_options(config: &ObjectStoreConfig) -> Result<ClientOptions, ObjectStoreError> {
    let mut options = ClientOptions::new();
    if let Some(path) = &config.ca_file {
        let unreadable = |source| ObjectStoreError::Certificates { path: path.clone(), source };
        let pem = std::fs::read(path).map_err(unreadable)?;
        for certificate in Certificate::from_pem_bundle(&pem)? {
            options = options.with_root_certificate(certificate);
        }
    }
    Ok(options)
}

fn option<K: FromStr>(name: &str) -> Result<K, ObjectStoreError> {
    name.parse().map_err(|_| ObjectStoreError::Option { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, options: &[(&str, &str)]) -> ObjectStoreConfig {
        let secret = |text: &str| Secret::new(text.to_owned());
        let options = options.iter().map(|&(key, value)| (key.to_owned(), secret(value)));
        ObjectStoreConfig { url: url.to_owned(), ca_file: None, options: options.collect() }
    }

    #[test]
    fn each_kind_of_store_has_its_options_and_a_place() {
        let s3 = config("s3://bucket/kguard/prod", &[("aws_region", "eu-central-1")]);
        let store = RecordingStore::new(&s3).unwrap();
        let object = store.object(Uuid::nil());
        assert_eq!(object.as_ref(), format!("kguard/prod/{}.cast", Uuid::nil()));
        let azure = config("az://container/kguard", &[("azure_storage_account_name", "shop")]);
        assert!(RecordingStore::new(&azure).is_ok());
        assert!(RecordingStore::new(&config("gs://bucket/kguard", &[])).is_ok());
    }

    #[test]
    fn what_is_no_store_and_no_option_is_refused() {
        let refused = |url: &str, options: &[(&str, &str)]| {
            RecordingStore::new(&config(url, options)).err().unwrap().to_string()
        };
        for url in ["bucket", "file:///tmp", "memory:///", "http://host/bucket", "ftp://host"] {
            assert!(refused(url, &[]).contains("neither s3://"), "{url}");
        }
        let typo = refused("s3://bucket", &[("aws_regoin", "eu-central-1")]);
        assert!(typo.contains("no option `aws_regoin`"), "{typo}");
        assert!(
            refused("s3://bucket", &[("azure_storage_account_name", "a")]).contains("no option")
        );
    }
}
