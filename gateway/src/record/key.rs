//! The key that signs the trail: a file beside it, made at the trail's beginning and never again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kguard::audit::SigningKey;

const HEADER: &str = "-----BEGIN PRIVATE KEY-----";
const FOOTER: &str = "-----END PRIVATE KEY-----";

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The cryptographic library could not make one.
    #[error("cannot make a signing key for the trail")]
    Generate,
    /// The file is no key.
    #[error("{path} holds no Ed25519 key in PKCS#8 PEM; put the trail's key back from a backup")]
    Malformed {
        /// The key's file.
        path: PathBuf,
    },
    /// The file is gone, and another key would make the trail look forged.
    #[error(
        "the trail has {entries} entries, but its signing key {path} is missing; put it back from \
         a backup, or move the trail away to begin a new one"
    )]
    Missing {
        /// The key's file.
        path: PathBuf,
        /// How long the trail is.
        entries: u64,
    },
    /// The file cannot be read.
    #[error("cannot read the trail's signing key {path}")]
    Read {
        /// The key's file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the trail's signing key {path}")]
    Write {
        /// The key's file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Reads the key of a trail of so many entries; makes one for a trail that has none yet.
pub(super) fn load_or_create(path: &Path, entries: u64) -> Result<SigningKey, KeyError> {
    match fs::read_to_string(path) {
        Ok(pem) => parse(&pem).ok_or_else(|| KeyError::Malformed { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && entries == 0 => create(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(KeyError::Missing { path: path.to_owned(), entries })
        }
        Err(source) => Err(KeyError::Read { path: path.to_owned(), source }),
    }
}

fn parse(pem: &str) -> Option<SigningKey> {
    let body = pem.trim().strip_prefix(HEADER)?.strip_suffix(FOOTER)?;
    let der = STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?;
    SigningKey::from_pkcs8(&der).ok()
}

fn create(path: &Path) -> Result<SigningKey, KeyError> {
    let der = Ed25519KeyPair::generate()
        .and_then(|pair| pair.to_pkcs8())
        .map_err(|_| KeyError::Generate)?;
    let key = SigningKey::from_pkcs8(der.as_ref()).map_err(|_| KeyError::Generate)?;
    let pem = format!("{HEADER}\n{}\n{FOOTER}\n", STANDARD.encode(der.as_ref()));
    save(path, &pem).map_err(|source| KeyError::Write { path: path.to_owned(), source })?;
    Ok(key)
}

/// Puts the file in its place complete or not at all, durably before anything is signed with it.
fn save(path: &Path, pem: &str) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&part)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
