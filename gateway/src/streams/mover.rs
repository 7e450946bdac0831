//! Moves finished recordings to the object store: what lies in the folder and is not being written is the
//! queue, so that neither a restart nor a store that is away loses one.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use tokio::sync::Notify;
use uuid::Uuid;

use super::object_store::RecordingStore;
use super::recording;

/// After how long what could not be moved is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// Moves recordings out of a folder.
pub(super) struct Mover {
    store: RecordingStore,
    finished: Notify,
}

impl Mover {
    pub(super) fn new(store: RecordingStore) -> Self {
        Self { store, finished: Notify::new() }
    }

    /// Something has ended.
    pub(super) fn wake(&self) {
        self.finished.notify_one();
    }

    /// Reads what has been moved; none if it never was.
    pub(super) async fn read(
        &self,
        id: Uuid,
    ) -> std::io::Result<Option<BoxStream<'static, std::io::Result<Bytes>>>> {
        let found = self.store.read(id).await.map_err(std::io::Error::other)?;
        Ok(found.map(|pieces| Box::pin(pieces.map_err(std::io::Error::other)) as BoxStream<'_, _>))
    }

    /// Moves all but what `is_running`, again and again.
    pub(super) async fn run(&self, folder: &Path, is_running: impl Fn(Uuid) -> bool) {
        loop {
            self.round(folder, &is_running).await;
            let _ = tokio::time::timeout(AGAIN, self.finished.notified()).await;
        }
    }

    async fn round(&self, folder: &Path, is_running: impl Fn(Uuid) -> bool) {
        let finished = match finished(folder, is_running).await {
            Ok(finished) => finished,
            Err(error) => {
                tracing::error!(%error, "the folder of recordings cannot be read");
                return;
            }
        };
        for (done, id) in finished.iter().enumerate() {
            if let Err(error) = self.store.take(folder, *id).await {
                let waiting = finished.len() - done;
                tracing::warn!(
                    %error,
                    waiting,
                    "a recording could not be moved to the object store; it stays for now"
                );
                // The next one would fare no better.
                return;
            }
        }
    }
}

/// The recordings in a folder that nobody writes to any more.
async fn finished(folder: &Path, is_running: impl Fn(Uuid) -> bool) -> std::io::Result<Vec<Uuid>> {
    let mut found = Vec::new();
    let mut files = tokio::fs::read_dir(folder).await?;
    while let Some(file) = files.next_entry().await? {
        let Some(id) = file.file_name().to_str().and_then(recording::id_of) else { continue };
        // Looked at last: what never began has gone by now.
        if !is_running(id) && file.metadata().await.is_ok() {
            found.push(id);
        }
    }
    found.sort_unstable();
    Ok(found)
}
