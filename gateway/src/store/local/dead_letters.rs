//! The dead letters' table.

use kguard::api::DeadLetter;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::store::BoxError;

/// Saves one; of more than `most`, the oldest go.
pub(super) fn put(
    connection: &mut Connection,
    letter: &DeadLetter,
    most: u32,
) -> rusqlite::Result<()> {
    let body = serde_json::to_string(letter)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO dead_letters (id, failed, body) VALUES (?, ?, ?)")?
        .execute(params![letter.id, letter.failed.as_microsecond(), body])?;
    transaction
        .prepare_cached(
            "DELETE FROM dead_letters WHERE id NOT IN \
             (SELECT id FROM dead_letters ORDER BY failed DESC, id LIMIT ?)",
        )?
        .execute([most])?;
    transaction.commit()
}

pub(super) fn list(connection: &Connection, limit: u32) -> Result<Vec<DeadLetter>, BoxError> {
    let mut statement = connection
        .prepare_cached("SELECT body FROM dead_letters ORDER BY failed DESC, id LIMIT ?")?;
    let mut rows = statement.query([limit])?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next()? {
        letters.push(serde_json::from_str(row.get_ref(0)?.as_str()?)?);
    }
    Ok(letters)
}

pub(super) fn remove(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM dead_letters WHERE id = ?")?.execute([id])?;
    Ok(())
}
