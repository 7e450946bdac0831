//! The holds' table.

use kguard::api::{Hold, HoldState};
use rusqlite::{Connection, OptionalExtension as _, Rows, params};

use crate::store::{BoxError, PastHolds, Waiting};

pub(super) fn put(connection: &Connection, hold: &Hold) -> rusqlite::Result<()> {
    let body = serde_json::to_string(hold)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO holds (id, state, created, body, owes_review) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body, \
             owes_review = excluded.owes_review, standing = \
             CASE WHEN excluded.state IN ('pending', 'approved') THEN standing END",
        )?
        .execute(params![
            hold.id,
            hold.state.as_str(),
            hold.created.as_microsecond(),
            body,
            hold.owes_review()
        ])?;
    Ok(())
}

pub(super) fn put_waiting(connection: &Connection, waiting: &Waiting) -> rusqlite::Result<()> {
    put(connection, &waiting.hold)?;
    connection
        .prepare_cached("UPDATE holds SET standing = ? WHERE id = ?")?
        .execute(params![waiting.standing, waiting.hold.id])?;
    Ok(())
}

pub(super) fn waiting(connection: &Connection) -> Result<Vec<Waiting>, BoxError> {
    let mut statement = connection.prepare_cached(
        "SELECT body, standing FROM holds WHERE state IN ('pending', 'approved') ORDER BY created",
    )?;
    let mut rows = statement.query([])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        let hold = serde_json::from_str(row.get_ref(0)?.as_str()?)?;
        waiting.push(Waiting { hold, standing: row.get(1)? });
    }
    Ok(waiting)
}

pub(super) fn one(connection: &Connection, id: &str) -> Result<Option<Hold>, BoxError> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM holds WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

pub(super) fn list(
    connection: &Connection,
    state: Option<HoldState>,
    limit: u32,
) -> Result<Vec<Hold>, BoxError> {
    let mut statement = connection.prepare_cached(match state {
        Some(_) => "SELECT body FROM holds WHERE state = ?1 ORDER BY created DESC LIMIT ?2",
        None => "SELECT body FROM holds WHERE ?1 IS NULL ORDER BY created DESC LIMIT ?2",
    })?;
    read(statement.query(params![state.map(HoldState::as_str), limit])?)
}

/// By time and id, since several may come at the same moment.
pub(super) fn past(connection: &Connection, query: &PastHolds) -> Result<Vec<Hold>, BoxError> {
    let mut statement = connection.prepare_cached(match query.state {
        Some(_) => {
            "SELECT body FROM holds WHERE state = ?1 AND (created, id) < (?2, ?3) \
             ORDER BY created DESC, id DESC LIMIT ?4"
        }
        None => {
            "SELECT body FROM holds WHERE ?1 IS NULL AND state <> 'pending' \
             AND (created, id) < (?2, ?3) ORDER BY created DESC, id DESC LIMIT ?4"
        }
    })?;
    let (created, id) = match &query.before {
        Some((created, id)) => (created.as_microsecond(), id.as_str()),
        None => (i64::MAX, ""),
    };
    let state = query.state.map(HoldState::as_str);
    read(statement.query(params![state, created, id, query.limit])?)
}

fn read(mut rows: Rows<'_>) -> Result<Vec<Hold>, BoxError> {
    let mut holds = Vec::new();
    while let Some(row) = rows.next()? {
        holds.push(serde_json::from_str(row.get_ref(0)?.as_str()?)?);
    }
    Ok(holds)
}

/// Those that owe a review, newest first.
pub(super) fn owing(connection: &Connection, limit: u32) -> Result<Vec<Hold>, BoxError> {
    let mut statement = connection.prepare_cached(
        "SELECT body FROM holds WHERE owes_review = 1 ORDER BY created DESC LIMIT ?",
    )?;
    read(statement.query([limit])?)
}
