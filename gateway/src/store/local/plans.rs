//! The plans' table.

use jiff::Timestamp;
use kguard::api::plans::Plan;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::store::BoxError;

pub(super) fn put(connection: &Connection, plan: &Plan) -> rusqlite::Result<()> {
    let body = serde_json::to_string(plan)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let (created, expires) = (plan.created.as_microsecond(), plan.expires.as_microsecond());
    connection
        .prepare_cached(
            "INSERT INTO plans (id, created, expires, body) VALUES (?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![plan.id, created, expires, body])?;
    Ok(())
}

pub(super) fn one(connection: &Connection, id: &str) -> Result<Option<Plan>, BoxError> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM plans WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

pub(super) fn list(connection: &Connection, limit: u32) -> Result<Vec<Plan>, BoxError> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM plans ORDER BY created DESC LIMIT ?")?;
    let mut rows = statement.query([limit])?;
    let mut plans = Vec::new();
    while let Some(row) = rows.next()? {
        plans.push(serde_json::from_str(row.get_ref(0)?.as_str()?)?);
    }
    Ok(plans)
}

pub(super) fn forget(connection: &Connection, until: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM plans WHERE expires < ?")?
        .execute([until.as_microsecond()])?;
    Ok(())
}
