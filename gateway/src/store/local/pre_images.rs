//! The table of objects as they were before a change.

use jiff::Timestamp;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use crate::store::{BoxError, PreImage};

/// Saves one; of more than `most` bytes in all, the oldest go.
pub(super) fn put(
    connection: &mut Connection,
    image: &PreImage,
    most: u64,
) -> rusqlite::Result<()> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .prepare_cached(
            "INSERT INTO pre_images (id, hold, at, expires, about, sealed, outcome) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            image.id,
            image.hold,
            image.at.as_microsecond(),
            image.expires.as_microsecond(),
            image.about,
            image.sealed,
            image.outcome,
        ])?;
    transaction
        .prepare_cached(
            "DELETE FROM pre_images WHERE id IN (SELECT id FROM (SELECT id, SUM(length(sealed)) \
             OVER (ORDER BY at DESC, id DESC) AS bytes FROM pre_images) WHERE bytes > ?)",
        )?
        .execute([most])?;
    transaction.commit()
}

/// Notes what a change left.
pub(super) fn set_outcome(
    connection: &Connection,
    id: &str,
    outcome: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE pre_images SET outcome = ?2 WHERE id = ?1")?
        .execute([id, outcome])?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM pre_images WHERE id = ?")?.execute([id])?;
    Ok(())
}

pub(super) fn expire(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM pre_images WHERE expires <= ?")?
        .execute([now.as_microsecond()])?;
    Ok(())
}

/// By the id of the request, or of the hold that let it through.
pub(super) fn find(
    connection: &Connection,
    id: &str,
    limit: u32,
) -> Result<Vec<PreImage>, BoxError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, hold, at, expires, about, sealed, outcome FROM pre_images \
         WHERE id = ?1 OR hold = ?1 ORDER BY at DESC, id DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![id, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// What is said of the newest ones whose change was seen to succeed.
pub(super) fn about(connection: &Connection, limit: u32) -> Result<Vec<String>, BoxError> {
    let mut statement = connection.prepare_cached(
        "SELECT about FROM pre_images WHERE outcome IS NOT NULL ORDER BY at DESC, id DESC LIMIT ?",
    )?;
    let about = statement.query_map([limit], |row| row.get(0))?;
    Ok(about.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> Result<PreImage, BoxError> {
    Ok(PreImage {
        id: row.get(0)?,
        hold: row.get(1)?,
        at: Timestamp::from_microsecond(row.get(2)?)?,
        expires: Timestamp::from_microsecond(row.get(3)?)?,
        about: row.get(4)?,
        sealed: row.get(5)?,
        outcome: row.get(6)?,
    })
}
