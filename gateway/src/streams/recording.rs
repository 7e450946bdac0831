//! A recording's file: written as the stream goes, hashed on the way.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use kguard::audit::hex::Hex;
use kguard::audit::record::RecordingDigest;
use tokio::fs::OpenOptions;
use tokio::sync::watch;
use uuid::Uuid;

/// Where the recording of a request is.
pub(super) fn path(folder: &Path, id: Uuid) -> PathBuf {
    folder.join(format!("{id}.cast"))
}

/// The file of a recording that is being made.
pub(crate) struct RecordingFile {
    /// Away while something is written; and for good, if that failed.
    hashed: Option<Hashed>,
    path: PathBuf,
    written: watch::Sender<u64>,
}

/// A file, and the hash of what is in it.
struct Hashed {
    file: File,
    digest: Context,
}

impl RecordingFile {
    /// Makes the file, for nobody else to read.
    pub(super) async fn create(folder: &Path, id: Uuid) -> std::io::Result<Self> {
        let path = path(folder, id);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&path).await?.into_std().await;
        let (written, _) = watch::channel(0);
        let hashed = Hashed { file, digest: Context::new(&SHA256) };
        Ok(Self { hashed: Some(hashed), path, written })
    }

    /// How much of it is there to be read.
    pub(super) fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// Appends whole lines.
    pub(crate) async fn write(&mut self, lines: Vec<u8>) -> std::io::Result<()> {
        let length = lines.len() as u64;
        let mut hashed = self.hashed.take().ok_or_else(broken)?;
        // Both at once: to go to another thread costs more than to write a little.
        let hashed = blocking(move || {
            hashed.file.write_all(&lines)?;
            hashed.digest.update(&lines);
            Ok(hashed)
        });
        self.hashed = Some(hashed.await?);
        self.written.send_modify(|written| *written += length);
        Ok(())
    }

    /// Makes it durable; what ties it to its entry.
    pub(crate) async fn finish(mut self) -> std::io::Result<RecordingDigest> {
        let Hashed { file, digest } = self.hashed.take().ok_or_else(broken)?;
        blocking(move || file.sync_all()).await?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest.finish().as_ref());
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

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

fn broken() -> std::io::Error {
    std::io::Error::other("a part of it could not be written")
}
