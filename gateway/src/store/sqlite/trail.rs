//! The trail's tables.

use jiff::Timestamp;
use kguard::audit::chain::RecordText;
use kguard::audit::hex::Hex;
use kguard::audit::{Checkpoint, Head, Sealed};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{
    Connection as _, QueryBuilder, Row as _, Sqlite, SqliteConnection, query, query_scalar,
};
use uuid::Uuid;

use crate::store::columns::name_of;
use crate::store::{Batch, BoxError, Filter, NewEntry, OpenRequest, Query, Window};

/// How many rows one statement inserts. A few fixed sizes, so that each is prepared only once.
const ROWS_PER_INSERT: [usize; 3] = [64, 8, 1];

pub(super) async fn append(connection: &mut SqliteConnection, batch: &Batch) -> sqlx::Result<()> {
    let Some(first) = batch.entries.first() else { return Ok(()) };
    let before = first.sealed.seq.cast_signed() - 1;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut rest = batch.entries.as_slice();
    for size in ROWS_PER_INSERT {
        while let Some((rows, others)) = rest.split_at_checked(size) {
            insert(&mut transaction, rows).await?;
            rest = others;
        }
    }
    // A repeated id would be a bug for the verifier to find, never a reason to stop recording.
    query(
        "INSERT OR IGNORE INTO open_requests SELECT request_id, at FROM entries \
         WHERE seq > ? AND event = 'request' AND decision = 'allow'",
    )
    .bind(before)
    .execute(&mut *transaction)
    .await?;
    query(
        "DELETE FROM open_requests WHERE id IN \
         (SELECT request_id FROM entries WHERE seq > ? AND event = 'response')",
    )
    .bind(before)
    .execute(&mut *transaction)
    .await?;
    let checkpoint = &batch.checkpoint;
    query("INSERT INTO checkpoints (seq, body) VALUES (?, ?)")
        .bind(checkpoint.seq.cast_signed())
        .bind(serde_json::to_string(checkpoint).map_err(|error| sqlx::Error::Encode(error.into()))?)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

async fn insert(connection: &mut SqliteConnection, rows: &[NewEntry]) -> sqlx::Result<()> {
    // Rolling back the whole transaction spares SQLite a journal for this statement alone.
    let mut builder = QueryBuilder::<Sqlite>::new(
        "INSERT OR ROLLBACK INTO entries (seq, hash, at, event, request_id, hold, caller, cluster, decision, \
         verb, namespace, body) ",
    );
    builder.push_values(rows, |mut row, NewEntry { sealed, columns }| {
        row.push_bind(sealed.seq.cast_signed())
            .push_bind(sealed.hash.0.to_vec())
            .push_bind(columns.at.as_microsecond())
            .push_bind(columns.event)
            .push_bind(columns.request.map(|id| id.as_bytes().to_vec()))
            .push_bind(columns.hold.clone())
            .push_bind(columns.caller.clone())
            .push_bind(columns.cluster.clone())
            .push_bind(columns.decision.clone())
            .push_bind(columns.verb.clone())
            .push_bind(columns.namespace.clone())
            .push_bind(sealed.record.as_str().to_owned());
    });
    builder.build().execute(connection).await?;
    Ok(())
}

pub(super) async fn head(readers: &SqlitePool) -> Result<Head, BoxError> {
    let last = query("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")
        .fetch_optional(readers)
        .await?;
    let Some(row) = last else { return Ok(Head::GENESIS) };
    Ok(Head { seq: row.try_get::<i64, _>(0)?.cast_unsigned(), hash: Hex(bytes(&row, 1)?) })
}

pub(super) async fn entries(readers: &SqlitePool, wanted: &Query) -> Result<Vec<Sealed>, BoxError> {
    let mut builder = QueryBuilder::<Sqlite>::new("SELECT seq, hash, body FROM entries WHERE TRUE");
    restrict(&mut builder, &wanted.filter);
    match wanted.window {
        Window::After(seq) => {
            builder.push(" AND seq > ").push_bind(seq.cast_signed()).push(" ORDER BY seq");
        }
        Window::Newest => {
            builder.push(" ORDER BY seq DESC");
        }
    }
    builder.push(" LIMIT ").push_bind(i64::from(wanted.limit));
    let rows = builder.build().fetch_all(readers).await?;
    let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    if wanted.window == Window::Newest {
        entries.reverse();
    }
    Ok(entries)
}

fn restrict(builder: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    let texts = [
        (" AND caller = ", filter.caller.clone()),
        (" AND cluster = ", filter.cluster.clone()),
        (" AND decision = ", filter.decision.as_ref().and_then(name_of)),
        (" AND verb = ", filter.verb.clone()),
        (" AND namespace = ", filter.namespace.clone()),
        (" AND hold = ", filter.hold.clone()),
    ];
    for (condition, text) in texts {
        if let Some(text) = text {
            builder.push(condition).push_bind(text);
        }
    }
    for (condition, at) in [(" AND at >= ", filter.since), (" AND at < ", filter.until)] {
        if let Some(at) = at {
            builder.push(condition).push_bind(at.as_microsecond());
        }
    }
    if let Some(id) = filter.request {
        builder.push(" AND request_id = ").push_bind(id.as_bytes().to_vec());
    }
}

fn entry(row: &SqliteRow) -> Result<Sealed, BoxError> {
    Ok(Sealed {
        seq: row.try_get::<i64, _>(0)?.cast_unsigned(),
        hash: Hex(bytes(row, 1)?),
        record: RecordText::from_stored(row.try_get(2)?)?,
    })
}

pub(super) async fn checkpoints(
    readers: &SqlitePool,
    after: u64,
    through: u64,
) -> Result<Vec<Checkpoint>, BoxError> {
    let bodies: Vec<String> =
        query_scalar("SELECT body FROM checkpoints WHERE seq > ? AND seq <= ? ORDER BY seq")
            .bind(after.cast_signed())
            .bind(through.cast_signed())
            .fetch_all(readers)
            .await?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

pub(super) async fn last_checkpoints(
    readers: &SqlitePool,
    count: u32,
) -> Result<Vec<Checkpoint>, BoxError> {
    let bodies: Vec<String> =
        query_scalar("SELECT body FROM checkpoints ORDER BY seq DESC LIMIT ?")
            .bind(count)
            .fetch_all(readers)
            .await?;
    bodies.iter().rev().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

pub(super) async fn open_requests(
    readers: &SqlitePool,
    limit: u32,
) -> Result<Vec<OpenRequest>, BoxError> {
    let rows =
        query("SELECT id, at FROM open_requests LIMIT ?").bind(limit).fetch_all(readers).await?;
    let request = |row: &SqliteRow| {
        Ok(OpenRequest {
            id: Uuid::from_bytes(bytes(row, 0)?),
            at: Timestamp::from_microsecond(row.try_get(1)?)?,
        })
    };
    rows.iter().map(request).collect()
}

fn bytes<const N: usize>(row: &SqliteRow, column: usize) -> Result<[u8; N], BoxError> {
    Ok(<[u8; N]>::try_from(row.try_get::<&[u8], _>(column)?)?)
}
