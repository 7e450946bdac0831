//! The embedded store: one SQLite database in the gateway's state folder.
//!
//! WAL with `synchronous=FULL`: a commit costs one sync, and readers never wait for it. There is
//! one connection that writes; after an error it is thrown away with whatever it had begun. A lock
//! on a file beside the database keeps a second gateway out.

mod files;
mod holds;
mod migrations;
mod trail;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use kguard::api::{Hold, HoldState};
use kguard::audit::{Checkpoint, Head, Sealed};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, SqliteConnection};
use tokio::sync::Mutex;

use super::{Batch, BoxError, OpenRequest, Query, Store, StoreError};

/// How long a statement waits for another connection's lock: longer than a WAL checkpoint takes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Readers at a time.
const READERS: u32 = 4;

/// A store in a SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    options: SqliteConnectOptions,
    /// None after an error: the next write opens a new one.
    writer: Mutex<Option<SqliteConnection>>,
    readers: SqlitePool,
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in a state folder, which is made if it is not there.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let lock = files::lock(folder)?;
        let path = folder.join("trail.db");
        files::create_private(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("trusted_schema", "OFF")
            // 16 MB between checkpoints: each of them costs several syncs and rewrites pages.
            .pragma("wal_autocheckpoint", "4000")
            .disable_statement_logging();
        let mut writer = options.connect().await.map_err(|source| open_error(&path, source))?;
        migrations::run(&mut writer, &path).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(options.clone().pragma("query_only", "ON"));
        Ok(Self { path, options, writer: Mutex::new(Some(writer)), readers, _lock: lock })
    }

    fn read_error(&self, source: impl Into<BoxError>) -> StoreError {
        StoreError::Read { path: self.path.clone(), source: source.into() }
    }

    fn write_error(&self, error: sqlx::Error) -> StoreError {
        const SQLITE_FULL: &str = "13";
        let path = self.path.clone();
        match &error {
            sqlx::Error::Database(cause) if cause.code().as_deref() == Some(SQLITE_FULL) => {
                StoreError::Full { path }
            }
            _ => StoreError::Write { path, source: error.into() },
        }
    }

    async fn writer(&self, kept: Option<SqliteConnection>) -> sqlx::Result<SqliteConnection> {
        match kept {
            Some(connection) => Ok(connection),
            None => self.options.connect().await,
        }
    }

    /// Does what nobody but a test does on the connection that writes.
    #[cfg(test)]
    pub(crate) async fn execute(&self, sql: &'static str) {
        let mut writer = self.writer.lock().await;
        sqlx::raw_sql(sql).execute(writer.as_mut().unwrap()).await.unwrap();
    }
}

fn open_error(path: &Path, source: impl Into<BoxError>) -> StoreError {
    StoreError::Open { path: path.to_owned(), source: source.into() }
}

#[async_trait]
impl Store for SqliteStore {
    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut slot = self.writer.lock().await;
        let written = async {
            let mut connection = self.writer(slot.take()).await?;
            trail::append(&mut connection, batch).await?;
            Ok(connection)
        };
        *slot = Some(written.await.map_err(|error| self.write_error(error))?);
        Ok(())
    }

    async fn head(&self) -> Result<Head, StoreError> {
        trail::head(&self.readers).await.map_err(|error| self.read_error(error))
    }

    async fn entries(&self, query: &Query) -> Result<Vec<Sealed>, StoreError> {
        trail::entries(&self.readers, query).await.map_err(|error| self.read_error(error))
    }

    async fn checkpoints(&self, after: u64, through: u64) -> Result<Vec<Checkpoint>, StoreError> {
        trail::checkpoints(&self.readers, after, through)
            .await
            .map_err(|error| self.read_error(error))
    }

    async fn last_checkpoints(&self, count: u32) -> Result<Vec<Checkpoint>, StoreError> {
        trail::last_checkpoints(&self.readers, count).await.map_err(|error| self.read_error(error))
    }

    async fn open_requests(&self, limit: u32) -> Result<Vec<OpenRequest>, StoreError> {
        trail::open_requests(&self.readers, limit).await.map_err(|error| self.read_error(error))
    }

    async fn put_hold(&self, hold: &Hold) -> Result<(), StoreError> {
        let mut slot = self.writer.lock().await;
        let written = async {
            let mut connection = self.writer(slot.take()).await?;
            holds::put(&mut connection, hold).await?;
            Ok(connection)
        };
        *slot = Some(written.await.map_err(|error| self.write_error(error))?);
        Ok(())
    }

    async fn hold(&self, id: &str) -> Result<Option<Hold>, StoreError> {
        holds::one(&self.readers, id).await.map_err(|error| self.read_error(error))
    }

    async fn holds(&self, state: Option<HoldState>, limit: u32) -> Result<Vec<Hold>, StoreError> {
        holds::list(&self.readers, state, limit).await.map_err(|error| self.read_error(error))
    }
}

#[cfg(test)]
mod tests;
