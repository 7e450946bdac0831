//! Connections to the database: one that writes, a few that read, each used by one at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::store::BoxError;

/// How long a statement waits for another connection's lock: longer than a WAL checkpoint takes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Readers at a time.
const READERS: usize = 4;

/// Opens a connection.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // 16 MB between checkpoints: each of them costs several syncs and rewrites pages.
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    Ok(connection)
}

/// The connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    /// None after an error: the next write opens a new one.
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Writer {
    pub(super) fn new(path: &Path, first: Connection) -> Self {
        Self { path: path.to_owned(), connection: Arc::new(Mutex::new(Some(first))) }
    }

    /// Does some work on the connection.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> rusqlite::Result<T> {
        let (path, slot) = (self.path.clone(), Arc::clone(&self.connection));
        blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            let mut connection = match slot.take() {
                Some(connection) => connection,
                None => connect(&path)?,
            };
            let done = work(&mut connection)?;
            *slot = Some(connection);
            Ok(done)
        })
        .await
    }
}

/// The connections that read.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    free: Semaphore,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Arc::default(), free: Semaphore::new(READERS) }
    }

    /// Does some work on one of them.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, BoxError> {
        let _free = self.free.acquire().await?;
        let (path, idle) = (self.path.clone(), Arc::clone(&self.idle));
        blocking(move || {
            let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = lock().pop();
            let connection = match kept {
                Some(connection) => connection,
                None => read_only(&path)?,
            };
            let done = work(&connection)?;
            lock().push(connection);
            Ok(done)
        })
        .await
    }
}

fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Runs on a thread that may block. Once begun it runs to its end, whether or not anybody waits.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}
