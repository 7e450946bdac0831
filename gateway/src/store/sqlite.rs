//! The embedded store: one SQLite database in the gateway's state folder.
//!
//! WAL with `synchronous=FULL`: a commit costs one sync, and readers never wait for it. There is
//! one connection that writes; after an error it is thrown away with whatever it had begun. A lock
//! on a file beside the database keeps a second gateway out.
//!
//! SQLite blocks, so every use of a connection is one closure on a thread made for that: a batch
//! of entries goes there once and comes back once, whatever number of statements it takes.

mod connections;
mod files;
mod holds;
mod migrations;
mod trail;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use kguard::api::{Hold, HoldState};
use kguard::audit::{Checkpoint, Head, Sealed};
use rusqlite::{Connection, ErrorCode, Rows};
use serde::de::DeserializeOwned;

use self::connections::{Readers, Writer};
use super::{Batch, BoxError, OpenRequest, Query, Store, StoreError};

/// A store in a SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    writer: Writer,
    readers: Readers,
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in a state folder, which is made if it is not there.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let folder = folder.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(&folder)).await;
        opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn open_blocking(folder: &Path) -> Result<Self, StoreError> {
        let lock = files::lock(folder)?;
        let path = folder.join("trail.db");
        files::create_private(&path)?;
        let mut first = connections::connect(&path).map_err(|source| open_error(&path, source))?;
        migrations::run(&mut first, &path)?;
        let writer = Writer::new(&path, first);
        Ok(Self { readers: Readers::new(&path), writer, path, _lock: lock })
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(work).await.map_err(|error| {
            let path = self.path.clone();
            match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => StoreError::Full { path },
                _ => StoreError::Write { path, source: error.into() },
            }
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let read = self.readers.run(work).await;
        read.map_err(|source| StoreError::Read { path: self.path.clone(), source })
    }

    /// Does what nobody but a test does on the connection that writes.
    #[cfg(test)]
    pub(crate) async fn execute(&self, sql: &'static str) {
        self.write(move |connection| connection.execute_batch(sql)).await.unwrap();
    }
}

/// The values of a first column of JSON texts.
fn read_json<T: DeserializeOwned>(mut rows: Rows<'_>) -> Result<Vec<T>, BoxError> {
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(serde_json::from_str(row.get_ref(0)?.as_str()?)?);
    }
    Ok(values)
}

fn open_error(path: &Path, source: impl Into<BoxError>) -> StoreError {
    StoreError::Open { path: path.to_owned(), source: source.into() }
}

#[async_trait]
impl Store for SqliteStore {
    async fn append(&self, batch: Arc<Batch>) -> Result<(), StoreError> {
        self.write(move |connection| trail::append(connection, &batch)).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.read(trail::head).await
    }

    async fn entries(&self, query: &Query) -> Result<Vec<Sealed>, StoreError> {
        let query = query.clone();
        self.read(move |connection| trail::entries(connection, &query)).await
    }

    async fn checkpoints(&self, after: u64, through: u64) -> Result<Vec<Checkpoint>, StoreError> {
        self.read(move |connection| trail::checkpoints(connection, after, through)).await
    }

    async fn last_checkpoints(&self, count: u32) -> Result<Vec<Checkpoint>, StoreError> {
        self.read(move |connection| trail::last_checkpoints(connection, count)).await
    }

    async fn open_requests(&self, limit: u32) -> Result<Vec<OpenRequest>, StoreError> {
        self.read(move |connection| trail::open_requests(connection, limit)).await
    }

    async fn put_hold(&self, hold: &Hold) -> Result<(), StoreError> {
        let hold = hold.clone();
        self.write(move |connection| holds::put(connection, &hold)).await
    }

    async fn hold(&self, id: &str) -> Result<Option<Hold>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| holds::one(connection, &id)).await
    }

    async fn holds(&self, state: Option<HoldState>, limit: u32) -> Result<Vec<Hold>, StoreError> {
        self.read(move |connection| holds::list(connection, state, limit)).await
    }
}

#[cfg(test)]
mod tests;
