//! A recording's file: written as the stream goes, hashed on the way.

use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use kguard::audit::hex::Hex;
use kguard::audit::record::RecordingDigest;
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use uuid::Uuid;

/// Where the recording of a request is.
pub(super) fn path(folder: &Path, id: Uuid) -> PathBuf {
    folder.join(format!("{id}.cast"))
}

/// The file of a recording that is being made.
pub(crate) struct RecordingFile {
    file: File,
    path: PathBuf,
    digest: Context,
    written: watch::Sender<u64>,
}

impl RecordingFile {
    /// Makes the file, for nobody else to read.
    pub(super) async fn create(folder: &Path, id: Uuid) -> std::io::Result<Self> {
        let path = path(folder, id);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&path).await?;
        let (written, _) = watch::channel(0);
        Ok(Self { file, path, digest: Context::new(&SHA256), written })
    }

    /// How much of it is there to be read.
    pub(super) fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// Appends whole lines.
    pub(crate) async fn write(&mut self, lines: &[u8]) -> std::io::Result<()> {
        self.file.write_all(lines).await?;
        self.file.flush().await?;
        self.digest.update(lines);
        self.written.send_modify(|written| *written += lines.len() as u64);
        Ok(())
    }

    /// Makes it durable; what ties it to its entry.
    pub(crate) async fn finish(self) -> std::io::Result<RecordingDigest> {
        self.file.sync_all().await?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.digest.clone().finish().as_ref());
        let bytes = *self.written.borrow();
        Ok(RecordingDigest { sha256: Hex(sha256).to_string(), bytes })
    }
}

/// Of what never ran there is no recording.
impl Drop for RecordingFile {
    fn drop(&mut self) {
        if *self.written.borrow() == 0
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "an empty recording could not be removed");
        }
    }
}
