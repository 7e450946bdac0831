//! The embedded store: a folder with the trail's file, and a SQLite database beside it.
//!
//! The file is the trail: lines as an export has them, so that `kguard audit verify` reads it as it
//! is. A batch costs one write and one sync of it. The database holds an index of the file, which
//! follows by itself, and the holds. A lock on a third file keeps a second gateway out.
//!
//! SQLite and files block, so every use of them is one closure on a thread made for that; except that a
//! batch is written on the thread that asks for it, as the trail's writer has one of its own.

mod connections;
mod dead_letters;
mod files;
mod grants;
mod holds;
mod index;
mod indexer;
mod log;
mod migrations;
mod plans;
mod pre_images;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kguard::api::plans::Plan;
use kguard::api::{DeadLetter, Grant, Hold, HoldState};
use kguard::audit::{Checkpoint, Head, Line, Sealed};
use rusqlite::{Connection, ErrorCode};

use self::connections::{Readers, Writer, blocking};
use self::indexer::Indexer;
use self::log::{Extent, Log, Place};
use super::{
    Batch, BoxError, OpenRequest, PastHolds, PreImage, Query, Spending, Store, StoreError, Waiting,
};

/// A store in a folder.
#[derive(Debug)]
pub struct LocalStore {
    database: PathBuf,
    trail: PathBuf,
    log: Arc<Log>,
    indexer: Indexer,
    writer: Arc<Writer>,
    readers: Readers,
    _lock: File,
}

impl LocalStore {
    /// Opens the store in a state folder, which is made if it is not there.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let (database, trail) = (folder.join("gateway.db"), folder.join("trail.jsonl"));
        let parts = {
            let (folder, database, trail) = (folder.to_owned(), database.clone(), trail.clone());
            blocking(move || open_parts(&folder, &database, &trail)).await?
        };
        let Parts { lock, connection, log, known } = parts;
        let (log, writer) = (Arc::new(log), Arc::new(Writer::new(&database, connection)));
        let indexer = Indexer::start(Arc::clone(&log), Arc::clone(&writer), known);
        let readers = Readers::new(&database);
        Ok(Self { database, trail, log, indexer, writer, readers, _lock: lock })
    }

    /// Asks the index, once it knows all that is in the file by now, and reads the lines that it
    /// names.
    async fn find<T: Send + 'static>(
        &self,
        places: impl FnOnce(&Connection) -> rusqlite::Result<Vec<Place>> + Send + 'static,
        pick: fn(Line) -> Option<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.index().await?;
        let log = Arc::clone(&self.log);
        let read = move |connection: &Connection| {
            let lines = places(connection)?.into_iter().map(|place| log.line(place));
            let picked = lines
                .map(|line| pick(line?).ok_or_else(|| "a line is not what the index says".into()));
            picked.collect()
        };
        self.read(read, &self.trail).await
    }

    async fn index(&self) -> Result<(), StoreError> {
        let reached = self.indexer.reach(self.log.extent().size).await;
        reached.map_err(|behind| read_error(&self.trail, behind))
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, BoxError> + Send + 'static,
        file: &Path,
    ) -> Result<T, StoreError> {
        self.readers.run(work).await.map_err(|source| read_error(file, source))
    }

    fn not_written(&self, error: rusqlite::Error) -> StoreError {
        let is_full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        write_error(&self.database, is_full, error)
    }

    async fn write(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        let written = self.writer.run(move |connection| work(connection)).await;
        written.map_err(|error| self.not_written(error))
    }

    /// Does what nobody but a test does on the connection that writes.
    #[cfg(test)]
    pub(crate) async fn execute(&self, sql: &'static str) {
        self.writer.run(move |connection| connection.execute_batch(sql)).await.unwrap();
    }
}

/// What a store is opened to.
struct Parts {
    lock: File,
    connection: Connection,
    log: Log,
    /// How far the index goes.
    known: Extent,
}

fn open_parts(folder: &Path, database: &Path, trail: &Path) -> Result<Parts, StoreError> {
    let lock = files::lock(folder)?;
    files::create_private(database)?;
    let failed = |source: rusqlite::Error| open_error(database, source);
    let mut connection = connections::connect(database).map_err(failed)?;
    migrations::run(&mut connection, database)?;
    let known = index::extent(&connection).map_err(failed)?;
    let log = Log::open(trail, known)?;
    Ok(Parts { lock, connection, log, known })
}

fn open_error(path: &Path, source: impl Into<BoxError>) -> StoreError {
    StoreError::Open { path: path.to_owned(), source: source.into() }
}

fn read_error(path: &Path, source: impl Into<BoxError>) -> StoreError {
    StoreError::Read { path: path.to_owned(), source: source.into() }
}

/// What a failed write is.
fn write_error(path: &Path, is_full: bool, source: impl Into<BoxError>) -> StoreError {
    let path = path.to_owned();
    if is_full {
        StoreError::Full { path }
    } else {
        StoreError::Write { path, source: source.into() }
    }
}

fn checkpoint(line: Line) -> Option<Checkpoint> {
    match line {
        Line::Checkpoint(checkpoint) => Some(checkpoint),
        Line::Entry(_) => None,
    }
}

fn entry(line: Line) -> Option<Sealed> {
    match line {
        Line::Entry(entry) => Some(entry),
        Line::Checkpoint(_) => None,
    }
}

#[async_trait]
impl Store for LocalStore {
    async fn append(&self, batch: Arc<Batch>) -> Result<(), StoreError> {
        let placed = self.log.append(batch).map_err(|error| {
            write_error(&self.trail, error.kind() == io::ErrorKind::StorageFull, error)
        })?;
        self.indexer.hand_over(placed).await;
        Ok(())
    }

    async fn head(&self) -> Result<Head, StoreError> {
        Ok(self.log.extent().head)
    }

    async fn entries(&self, query: &Query) -> Result<Vec<Sealed>, StoreError> {
        let query = query.clone();
        self.find(move |connection| index::entries(connection, &query), entry).await
    }

    async fn checkpoints(&self, after: u64, through: u64) -> Result<Vec<Checkpoint>, StoreError> {
        self.find(move |connection| index::checkpoints(connection, after, through), checkpoint)
            .await
    }

    async fn last_checkpoints(&self, count: u32) -> Result<Vec<Checkpoint>, StoreError> {
        self.find(move |connection| index::last_checkpoints(connection, count), checkpoint).await
    }

    async fn open_requests(&self, limit: u32) -> Result<Vec<OpenRequest>, StoreError> {
        self.index().await?;
        self.read(move |connection| index::open_requests(connection, limit), &self.database).await
    }

    async fn spending(&self, since: Timestamp) -> Result<Vec<Spending>, StoreError> {
        self.index().await?;
        self.read(move |connection| index::spending(connection, since), &self.database).await
    }

    async fn put_hold(&self, hold: &Hold) -> Result<(), StoreError> {
        let hold = hold.clone();
        self.write(move |connection| holds::put(connection, &hold)).await
    }

    async fn put_waiting(&self, waiting: &Waiting) -> Result<(), StoreError> {
        let waiting = waiting.clone();
        self.write(move |connection| holds::put_waiting(connection, &waiting)).await
    }

    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        self.read(holds::waiting, &self.database).await
    }

    async fn hold(&self, id: &str) -> Result<Option<Hold>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| holds::one(connection, &id), &self.database).await
    }

    async fn put_plan(&self, plan: &Plan) -> Result<(), StoreError> {
        let plan = plan.clone();
        self.write(move |connection| plans::put(connection, &plan)).await
    }

    async fn plan(&self, id: &str) -> Result<Option<Plan>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| plans::one(connection, &id), &self.database).await
    }

    async fn plans(&self, limit: u32) -> Result<Vec<Plan>, StoreError> {
        self.read(move |connection| plans::list(connection, limit), &self.database).await
    }

    async fn forget_plans(&self, until: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| plans::forget(connection, until)).await
    }

    async fn holds(&self, state: Option<HoldState>, limit: u32) -> Result<Vec<Hold>, StoreError> {
        self.read(move |connection| holds::list(connection, state, limit), &self.database).await
    }

    async fn past_holds(&self, query: &PastHolds) -> Result<Vec<Hold>, StoreError> {
        let query = query.clone();
        self.read(move |connection| holds::past(connection, &query), &self.database).await
    }

    async fn put_dead_letter(&self, letter: &DeadLetter, most: u32) -> Result<(), StoreError> {
        let letter = letter.clone();
        let put = move |connection: &mut Connection| dead_letters::put(connection, &letter, most);
        self.writer.run(put).await.map_err(|error| self.not_written(error))
    }

    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(move |connection| dead_letters::list(connection, limit), &self.database).await
    }

    async fn remove_dead_letter(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        let removed = self.writer.run(move |connection| dead_letters::remove(connection, &id));
        removed.await.map_err(|error| self.not_written(error))
    }

    async fn owed_reviews(&self, limit: u32) -> Result<Vec<Hold>, StoreError> {
        self.read(move |connection| holds::owing(connection, limit), &self.database).await
    }

    async fn put_grant(&self, grant: &Grant) -> Result<(), StoreError> {
        let grant = grant.clone();
        let put = self.writer.run(move |connection| grants::put(connection, &grant)).await;
        put.map_err(|error| self.not_written(error))
    }

    async fn grants(&self, ended: bool, limit: u32) -> Result<Vec<Grant>, StoreError> {
        self.read(move |connection| grants::list(connection, ended, limit), &self.database).await
    }

    async fn put_pre_image(&self, image: PreImage, most: u64) -> Result<(), StoreError> {
        let put = move |connection: &mut Connection| pre_images::put(connection, &image, most);
        self.writer.run(put).await.map_err(|error| self.not_written(error))
    }

    async fn set_pre_image_outcome(&self, id: &str, outcome: &str) -> Result<(), StoreError> {
        let (id, outcome) = (id.to_owned(), outcome.to_owned());
        let set = self.writer.run(move |of| pre_images::set_outcome(of, &id, &outcome));
        set.await.map_err(|error| self.not_written(error))
    }

    async fn pre_images(&self, id: &str, limit: u32) -> Result<Vec<PreImage>, StoreError> {
        let id = id.to_owned();
        self.read(move |of| pre_images::find(of, &id, limit), &self.database).await
    }

    async fn pre_images_about(&self, limit: u32) -> Result<Vec<String>, StoreError> {
        self.read(move |of| pre_images::about(of, limit), &self.database).await
    }

    async fn remove_pre_image(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        let removed = self.writer.run(move |of| pre_images::remove(of, &id));
        removed.await.map_err(|error| self.not_written(error))
    }

    async fn expire_pre_images(&self, now: Timestamp) -> Result<(), StoreError> {
        let expired = self.writer.run(move |of| pre_images::expire(of, now));
        expired.await.map_err(|error| self.not_written(error))
    }
}

#[cfg(test)]
mod tests;
