//! A recording's file: written as the stream goes, hashed on the way.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use kguard::audit::hex::Sha256;
use kguard::audit::record::RecordingDigest;
use tokio::sync::watch;
use uuid::Uuid;

use super::Opening;

/// Where the recording of a request is.
pub(super) fn path(folder: &Path, id: Uuid) -> PathBuf {
    folder.join(file_name(id))
}

/// What the recording of a request is called.
pub(super) fn file_name(id: Uuid) -> String {
    format!("{id}.cast")
}

/// The request whose recording is called so.
pub(super) fn id_of(file_name: &str) -> Option<Uuid> {
    file_name.strip_suffix(".cast")?.parse().ok()
}

/// The file of a recording that is being made.
pub(crate) struct RecordingFile {
    /// Away while something is written; and for good, if that failed.
    hashed: Option<Hashed>,
    path: PathBuf,
    written: watch::Sender<u64>,
    most_bytes: u64,
    /// Until its stream begins.
    opening: Option<Opening>,
}

/// A file, and the hash of what is in it.
struct Hashed {
    file: File,
    hashing: Sha256,
}

impl Hashed {
    fn append(&mut self, lines: &[u8]) -> std::io::Result<()> {
        self.file.write_all(lines)?;
        self.hashing.update(lines);
        Ok(())
    }
}

impl RecordingFile {
    /// Makes the file, for nobody else to read, with its first lines: a disk without room for those has
    /// none for what comes.
    pub(super) async fn create(
        (folder, opening): (&Path, Opening),
        lines: Vec<u8>,
        most_bytes: u64,
    ) -> std::io::Result<Self> {
        let path = path(folder, opening.id);
        // All of it there: if nobody waits for it any more, the file goes with what is made here.
        blocking(move || {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut hashed = Hashed { file: options.open(&path)?, hashing: Sha256::default() };
            let appended = hashed.append(&lines);
            let (written, _) = watch::channel(lines.len() as u64);
            let (hashed, opening) = (Some(hashed), Some(opening));
            let made = Self { hashed, path, written, most_bytes, opening };
            appended.map(|()| made)
        })
        .await
    }

    /// From now on it stays, whatever comes of it.
    #[must_use]
    pub(super) fn begun(mut self) -> Self {
        self.opening = None;
        self
    }

    /// How long it is.
    fn bytes(&self) -> u64 {
        *self.written.borrow()
    }

    /// Whether it is as long as one may be. A little more is written all the same: why it ended.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes() >= self.most_bytes
    }

    /// How much of it is there to be read.
    pub(super) fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// Appends whole lines; gives back their memory, empty.
    pub(crate) async fn write(&mut self, mut lines: Vec<u8>) -> std::io::Result<Vec<u8>> {
        let length = lines.len() as u64;
        let mut hashed = self.hashed.take().ok_or_else(broken)?;
        // Both at once: to go to another thread costs more than to write a little.
        let hashed = blocking(move || {
            hashed.append(&lines)?;
            lines.clear();
            Ok((hashed, lines))
        });
        let (hashed, memory) = hashed.await?;
        self.hashed = Some(hashed);
        self.written.send_modify(|written| *written += length);
        Ok(memory)
    }

    /// Appends the last lines and makes all of it durable; what ties it to its entry.
    pub(crate) async fn finish(mut self, lines: Vec<u8>) -> std::io::Result<RecordingDigest> {
        let length = lines.len() as u64;
        let mut hashed = self.hashed.take().ok_or_else(broken)?;
        let finished = blocking(move || {
            hashed.append(&lines)?;
            hashed.file.sync_all()?;
            Ok(hashed.hashing.finish())
        });
        let sha256 = finished.await?;
        self.written.send_modify(|written| *written += length);
        Ok(RecordingDigest { sha256, bytes: self.bytes() })
    }
}

/// Of what never ran there is no recording.
impl Drop for RecordingFile {
    fn drop(&mut self) {
        if self.opening.is_some()
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "a recording of nothing could not be removed");
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
