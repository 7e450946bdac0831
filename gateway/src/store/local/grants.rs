//! The grants' table.

use kguard::api::Grant;
use rusqlite::{Connection, params};

use crate::store::BoxError;

pub(super) fn put(connection: &Connection, grant: &Grant) -> rusqlite::Result<()> {
    let body = serde_json::to_string(grant)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO grants (id, ended, created, body) VALUES (?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, body = excluded.body",
        )?
        .execute(params![grant.id, grant.ended.is_some(), grant.created.as_microsecond(), body])?;
    Ok(())
}

/// Those that have ended or those that have not, newest first.
pub(super) fn list(
    connection: &Connection,
    ended: bool,
    limit: u32,
) -> Result<Vec<Grant>, BoxError> {
    let mut statement = connection
        .prepare_cached("SELECT body FROM grants WHERE ended = ? ORDER BY created DESC LIMIT ?")?;
    let mut rows = statement.query(params![ended, limit])?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        grants.push(serde_json::from_str(row.get_ref(0)?.as_str()?)?);
    }
    Ok(grants)
}
