//! The index of the trail's file: what entries are found by, and where they stand.
//!
//! It follows the file and can be made again from it, so nothing but the file has to be written
//! before a request is sent.

use jiff::Timestamp;
use kguard::audit::Head;
use kguard::audit::hex::Hex;
use kguard::audit::record::{Event, Outcome};
use rusqlite::{
    Connection, Row, ToSql, Transaction, TransactionBehavior, params, params_from_iter,
};
use uuid::Uuid;

use super::log::{Extent, Place, Placed};
use crate::store::{
    BoxError, Columns, Filter, NewEntry, OpenRequest, Query, Spending, Step, Window,
};

/// How far the file is indexed.
pub(super) fn extent(connection: &Connection) -> rusqlite::Result<Extent> {
    connection.prepare_cached("SELECT seq, hash, size FROM progress")?.query_row([], |row| {
        let head = Head { seq: unsigned(row, 0)?, hash: Hex(row.get(1)?) };
        Ok(Extent { head, size: unsigned(row, 2)? })
    })
}

/// Adds batches that follow each other, and returns how far the file is indexed then: no farther
/// than before if the first of them does not follow what is there.
pub(super) fn add(connection: &mut Connection, batches: &[Placed]) -> rusqlite::Result<Extent> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = extent(&transaction)?;
    let (Some(first), Some(last)) = (batches.first(), batches.last()) else { return Ok(before) };
    if first.start != before.size {
        return Ok(before);
    }
    for batch in batches {
        add_batch(&transaction, batch)?;
    }
    let after = last.extent();
    transaction.prepare_cached("UPDATE progress SET seq = ?, hash = ?, size = ?")?.execute(
        params![after.head.seq.cast_signed(), after.head.hash.0, after.size.cast_signed()],
    )?;
    transaction.commit()?;
    Ok(after)
}

fn add_batch(transaction: &Transaction<'_>, placed: &Placed) -> rusqlite::Result<()> {
    for (entry, place) in placed.batch.entries.iter().zip(&placed.entries) {
        add_entry(transaction, entry, *place)?;
        match Step::of(&entry.record) {
            // A repeated id would be a bug for the verifier to find.
            Some(Step::Sent(id)) => transaction
                .prepare_cached("INSERT OR IGNORE INTO open_requests (id, at) VALUES (?, ?)")?
                .execute(params![id.as_bytes(), entry.record.at.as_microsecond()])?,
            Some(Step::Ended(id)) => transaction
                .prepare_cached("DELETE FROM open_requests WHERE id = ?")?
                .execute([id.as_bytes()])?,
            None => 0,
        };
        add_spending(transaction, entry)?;
    }
    let Place { start, length } = placed.checkpoint;
    let seq = placed.batch.checkpoint.seq;
    transaction
        .prepare_cached("INSERT INTO checkpoints (seq, start, length) VALUES (?, ?, ?)")?
        .execute(params![seq.cast_signed(), start.cast_signed(), length.cast_signed()])?;
    Ok(())
}

fn add_entry(
    transaction: &Transaction<'_>,
    NewEntry { sealed, record }: &NewEntry,
    Place { start, length }: Place,
) -> rusqlite::Result<()> {
    let columns = Columns::of(record);
    let mut insert = transaction.prepare_cached(
        "INSERT INTO entries (seq, start, length, at, event, request_id, hold, caller, cluster, \
         decision, verb, namespace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        sealed.seq.cast_signed(),
        start.cast_signed(),
        length.cast_signed(),
        columns.at.as_microsecond(),
        columns.event,
        columns.request.as_ref().map(Uuid::as_bytes),
        columns.hold,
        columns.caller,
        columns.cluster,
        columns.decision.map(Outcome::as_str),
        columns.verb,
        columns.namespace,
    ])?;
    Ok(())
}

/// A request that is refused or waits has spent nothing.
fn add_spending(transaction: &Transaction<'_>, entry: &NewEntry) -> rusqlite::Result<()> {
    let Event::Request(request) = &entry.record.event else { return Ok(()) };
    if request.decision != Outcome::Allow {
        return Ok(());
    }
    for (budget, amount) in &request.charges {
        transaction
            .prepare_cached(
                "INSERT INTO spending (seq, budget, caller, at, amount) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![
                entry.sealed.seq.cast_signed(),
                budget,
                request.caller.name,
                entry.record.at.as_microsecond(),
                i64::try_from(*amount).unwrap_or(i64::MAX),
            ])?;
    }
    Ok(())
}

/// What was taken out of budgets in each second since a moment, oldest first.
pub(super) fn spending(
    connection: &Connection,
    since: Timestamp,
) -> Result<Vec<Spending>, BoxError> {
    let mut statement = connection.prepare_cached(
        // Second by second, since there may be millions of them; bounded, since a sum that
        // overflows is an error.
        "SELECT budget, caller, MAX(at) AS last, SUM(MIN(amount, 1000000000)) FROM spending \
         WHERE at >= ? GROUP BY budget, caller, at / 1000000 ORDER BY last",
    )?;
    let mut rows = statement.query([since.as_microsecond()])?;
    let mut spending = Vec::new();
    while let Some(row) = rows.next()? {
        spending.push(Spending {
            budget: row.get(0)?,
            caller: row.get(1)?,
            at: Timestamp::from_microsecond(row.get(2)?)?,
            amount: unsigned(row, 3)?,
        });
    }
    Ok(spending)
}

/// Where the entries stand that a query selects, oldest first.
pub(super) fn entries(connection: &Connection, wanted: &Query) -> rusqlite::Result<Vec<Place>> {
    let mut select = Select::new("SELECT start, length FROM entries WHERE TRUE");
    select.restrict(&wanted.filter);
    match wanted.window {
        Window::After(seq) => {
            select.push(" AND seq > ?", seq.cast_signed());
            select.sql.push_str(" ORDER BY seq");
        }
        Window::Before(seq) => {
            select.push(" AND seq < ?", seq.cast_signed());
            select.sql.push_str(" ORDER BY seq DESC");
        }
        Window::Newest => select.sql.push_str(" ORDER BY seq DESC"),
    }
    select.push(" LIMIT ?", wanted.limit);
    let mut statement = connection.prepare_cached(&select.sql)?;
    let places = statement.query_map(params_from_iter(&select.values), place)?;
    let mut entries = places.collect::<rusqlite::Result<Vec<_>>>()?;
    if !matches!(wanted.window, Window::After(_)) {
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

/// Where the checkpoints of the entries `after < seq <= through` stand, oldest first.
pub(super) fn checkpoints(
    connection: &Connection,
    after: u64,
    through: u64,
) -> rusqlite::Result<Vec<Place>> {
    let mut statement = connection.prepare_cached(
        "SELECT start, length FROM checkpoints WHERE seq > ? AND seq <= ? ORDER BY seq",
    )?;
    statement.query_map(params![after.cast_signed(), through.cast_signed()], place)?.collect()
}

/// Where the last checkpoints stand, oldest first.
pub(super) fn last_checkpoints(
    connection: &Connection,
    count: u32,
) -> rusqlite::Result<Vec<Place>> {
    let mut statement = connection
        .prepare_cached("SELECT start, length FROM checkpoints ORDER BY seq DESC LIMIT ?")?;
    let places = statement.query_map([count], place)?;
    let mut places = places.collect::<rusqlite::Result<Vec<_>>>()?;
    places.reverse();
    Ok(places)
}

/// Requests that were sent on and have not ended.
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

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place { start: unsigned(row, 0)?, length: unsigned(row, 1)? })
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}
