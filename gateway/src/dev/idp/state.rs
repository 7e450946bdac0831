//! Small files that only their owner may read, and the randomness that goes into them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why the provider's state cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The folder cannot be made.
    #[error("{} cannot be made", path.display())]
    MakeFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} is damaged; remove it to start anew", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
    },
    /// The machine gives no randomness.
    #[error("the machine gives no random numbers")]
    Random,
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Makes a folder for its owner alone.
pub(super) fn make_folder(path: &Path) -> Result<(), StateError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .recursive(true)
        .create(path)
        .map_err(|source| StateError::MakeFolder { path: path.to_owned(), source })
}

/// The content of a file, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StateError::Read { path: path.to_owned(), source }),
    }
}

/// The content of a JSON file, if there is one.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    let Some(content) = read(path)? else { return Ok(None) };
    let parsed = serde_json::from_slice(&content);
    parsed.map(Some).map_err(|_| StateError::Parse { path: path.to_owned() })
}

/// Replaces a file as a whole; after a crash there is the old one or the new one.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), StateError> {
    let new = path.with_extension("new");
    let written = create_private(&new).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    written.map_err(|source| StateError::Write { path: path.to_owned(), source })
}

/// Replaces a JSON file as a whole.
pub(super) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), StateError> {
    let content = serde_json::to_vec_pretty(value).map_err(io::Error::from);
    let failed = |source| StateError::Write { path: path.to_owned(), source };
    write(path, &content.map_err(failed)?)
}

fn create_private(path: &Path) -> io::Result<File> {
    // What an earlier crash left could have other permissions.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StateError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| StateError::Random)?;
    Ok(bytes)
}

/// 256 random bits as text that fits into URLs.
pub(super) fn random_text() -> Result<String, StateError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// SHA-256 of a text, as text.
pub(super) fn sha256_text(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}
