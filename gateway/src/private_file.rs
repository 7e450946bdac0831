//! Files that only the gateway's own user may read.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;

/// Writes a file that does not exist yet, readable for its owner alone.
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    let mut file: File = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

/// Elsewhere a file in the user's own folder inherits that folder's access list.
#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or written.
    #[error("cannot read or write {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has not 32 bytes.
    #[error(
        "{path} is damaged: put it back from a backup, or delete it, and what was made with it is lost"
    )]
    Length {
        /// The file.
        path: PathBuf,
    },
    /// The system has no randomness.
    #[error("the system gave no random bytes")]
    Random,
}

/// A random key: read from its file, made at first.
pub fn key(path: &Path) -> Result<[u8; 32], KeyError> {
    let at = |source| KeyError::Io { path: path.to_owned(), source };
    match std::fs::read(path) {
        Ok(bytes) => <[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| KeyError::Length { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut key = [0u8; 32];
            rand::fill(&mut key).map_err(|_| KeyError::Random)?;
            create(path, &key).map_err(at)?;
            Ok(key)
        }
        Err(error) => Err(at(error)),
    }
}
