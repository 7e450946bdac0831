//! The holds' table.

use kguard::api::{Hold, HoldState};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::store::BoxError;

pub(super) fn put(connection: &Connection, hold: &Hold) -> rusqlite::Result<()> {
    let body = serde_json::to_string(hold)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO holds (id, state, created, body) VALUES (?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
        )?
        .execute(params![hold.id, hold.state.as_str(), hold.created.as_microsecond(), body])?;
    Ok(())
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
    let mut rows = statement.query(params![state.map(HoldState::as_str), limit])?;
    let mut holds = Vec::new();
    while let Some(row) = rows.next()? {
        holds.push(serde_json::from_str(row.get_ref(0)?.as_str()?)?);
    }
    Ok(holds)
}
