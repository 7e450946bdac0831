//! The trail's tables.

use jiff::Timestamp;
use kguard::audit::chain::RecordText;
use kguard::audit::hex::Hex;
use kguard::audit::record::Outcome;
use kguard::audit::{Checkpoint, Head, Sealed};
use rusqlite::{
    CachedStatement, Connection, OptionalExtension as _, Row, ToSql, TransactionBehavior, params,
    params_from_iter,
};
use uuid::Uuid;

use super::read_json;
use crate::store::{Batch, BoxError, Columns, Filter, NewEntry, OpenRequest, Query, Step, Window};

pub(super) fn append(connection: &mut Connection, batch: &Batch) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO entries (seq, hash, at, event, request_id, hold, caller, cluster, \
             decision, verb, namespace, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        // A repeated id would be a bug for the verifier to find, never a reason to stop recording.
        let mut sent = transaction
            .prepare_cached("INSERT OR IGNORE INTO open_requests (id, at) VALUES (?, ?)")?;
        let mut ended = transaction.prepare_cached("DELETE FROM open_requests WHERE id = ?")?;
        for entry in &batch.entries {
            add(&mut insert, entry)?;
            match Step::of(&entry.record) {
                Some(Step::Sent(id)) => {
                    sent.execute(params![id.as_bytes(), entry.record.at.as_microsecond()])?;
                }
                Some(Step::Ended(id)) => {
                    ended.execute([id.as_bytes()])?;
                }
                None => {}
            }
        }
        let checkpoint = serde_json::to_string(&batch.checkpoint)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        transaction
            .prepare_cached("INSERT INTO checkpoints (seq, body) VALUES (?, ?)")?
            .execute(params![batch.checkpoint.seq.cast_signed(), checkpoint])?;
    }
    transaction.commit()
}

fn add(insert: &mut CachedStatement<'_>, entry: &NewEntry) -> rusqlite::Result<()> {
    let NewEntry { sealed, record } = entry;
    let columns = Columns::of(record);
    insert.execute(params![
        sealed.seq.cast_signed(),
        sealed.hash.0,
        columns.at.as_microsecond(),
        columns.event,
        columns.request.as_ref().map(Uuid::as_bytes),
        columns.hold,
        columns.caller,
        columns.cluster,
        columns.decision.map(Outcome::as_str),
        columns.verb,
        columns.namespace,
        sealed.record.as_str(),
    ])?;
    Ok(())
}

pub(super) fn head(connection: &Connection) -> Result<Head, BoxError> {
    let last = connection
        .prepare_cached("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok(Head { seq: seq(row, 0)?, hash: Hex(row.get(1)?) }))
        .optional()?;
    Ok(last.unwrap_or(Head::GENESIS))
}

pub(super) fn entries(connection: &Connection, wanted: &Query) -> Result<Vec<Sealed>, BoxError> {
    let mut select = Select::new("SELECT seq, hash, body FROM entries WHERE TRUE");
    select.restrict(&wanted.filter);
    match wanted.window {
        Window::After(seq) => {
            select.push(" AND seq > ?", seq.cast_signed());
            select.sql.push_str(" ORDER BY seq");
        }
        Window::Newest => select.sql.push_str(" ORDER BY seq DESC"),
    }
    select.push(" LIMIT ?", wanted.limit);
    let mut statement = connection.prepare_cached(&select.sql)?;
    let mut rows = statement.query(params_from_iter(&select.values))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    if wanted.window == Window::Newest {
        entries.reverse();
    }
    Ok(entries)
}

/// A statement under construction, with a value for each of its question marks.
struct Select {
    sql: String,
    values: Vec<Box<dyn ToSql>>,
}

impl Select {
    fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    fn push(&mut self, sql: &str, value: impl ToSql + 'static) {
        self.sql.push_str(sql);
        self.values.push(Box::new(value));
    }

    fn restrict(&mut self, filter: &Filter) {
        let decision = filter.decision.map(|decision| decision.as_str().to_owned());
        let texts = [
            (" AND caller = ?", filter.caller.clone()),
            (" AND cluster = ?", filter.cluster.clone()),
            (" AND decision = ?", decision),
            (" AND verb = ?", filter.verb.clone()),
            (" AND namespace = ?", filter.namespace.clone()),
            (" AND hold = ?", filter.hold.clone()),
        ];
        for (condition, text) in texts {
            if let Some(text) = text {
                self.push(condition, text);
            }
        }
        for (condition, at) in [(" AND at >= ?", filter.since), (" AND at < ?", filter.until)] {
            if let Some(at) = at {
                self.push(condition, at.as_microsecond());
            }
        }
        if let Some(id) = filter.request {
            self.push(" AND request_id = ?", id.into_bytes());
        }
    }
}

fn entry(row: &Row<'_>) -> Result<Sealed, BoxError> {
    Ok(Sealed {
        seq: seq(row, 0)?,
        hash: Hex(row.get(1)?),
        record: RecordText::from_stored(row.get(2)?)?,
    })
}

pub(super) fn checkpoints(
    connection: &Connection,
    after: u64,
    through: u64,
) -> Result<Vec<Checkpoint>, BoxError> {
    let mut statement = connection
        .prepare_cached("SELECT body FROM checkpoints WHERE seq > ? AND seq <= ? ORDER BY seq")?;
    read_json(statement.query(params![after.cast_signed(), through.cast_signed()])?)
}

pub(super) fn last_checkpoints(
    connection: &Connection,
    count: u32,
) -> Result<Vec<Checkpoint>, BoxError> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM checkpoints ORDER BY seq DESC LIMIT ?")?;
    let mut checkpoints: Vec<_> = read_json(statement.query([count])?)?;
    checkpoints.reverse();
    Ok(checkpoints)
}

pub(super) fn open_requests(
    connection: &Connection,
    limit: u32,
) -> Result<Vec<OpenRequest>, BoxError> {
    let mut statement = connection.prepare_cached("SELECT id, at FROM open_requests LIMIT ?")?;
    let mut rows = statement.query([limit])?;
    let mut requests = Vec::new();
    while let Some(row) = rows.next()? {
        requests.push(OpenRequest {
            id: Uuid::from_bytes(row.get(0)?),
            at: Timestamp::from_microsecond(row.get(1)?)?,
        });
    }
    Ok(requests)
}

fn seq(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}
