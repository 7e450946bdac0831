//! The files of the state folder: for the gateway's own user alone, and for one gateway at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::open_error;
use crate::store::StoreError;

/// Makes the folder if need be and takes it for this process, until the file is closed.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| open_error(folder, source))?;
    let path = folder.join("gateway.lock");
    let file = create_private(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(open_error(&path, source)),
    }
}

/// Opens a file, which nobody else can read if it is new. SQLite gives the files that it adds
/// beside a database the database's own mode.
pub(super) fn create_private(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|file| {
            path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
            Ok(file)
        })
        .map_err(|source| open_error(path, source))
}
