//! The holds' table.

use kguard::api::{Hold, HoldState};
use sqlx::sqlite::SqlitePool;
use sqlx::{SqliteConnection, query, query_scalar};

use crate::store::BoxError;
use crate::store::columns::name_of;

pub(super) async fn put(connection: &mut SqliteConnection, hold: &Hold) -> sqlx::Result<()> {
    let body = serde_json::to_string(hold).map_err(|error| sqlx::Error::Encode(error.into()))?;
    query(
        "INSERT INTO holds (id, state, created, body) VALUES (?, ?, ?, ?) \
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
    )
    .bind(hold.id.clone())
    .bind(name_of(&hold.state))
    .bind(hold.created.as_microsecond())
    .bind(body)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn one(readers: &SqlitePool, id: &str) -> Result<Option<Hold>, BoxError> {
    let body: Option<String> = query_scalar("SELECT body FROM holds WHERE id = ?")
        .bind(id.to_owned())
        .fetch_optional(readers)
        .await?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

pub(super) async fn list(
    readers: &SqlitePool,
    state: Option<HoldState>,
    limit: u32,
) -> Result<Vec<Hold>, BoxError> {
    let bodies: Vec<String> = match state {
        Some(state) => {
            query_scalar("SELECT body FROM holds WHERE state = ? ORDER BY created DESC LIMIT ?")
                .bind(name_of(&state))
        }
        None => query_scalar("SELECT body FROM holds ORDER BY created DESC LIMIT ?"),
    }
    .bind(limit)
    .fetch_all(readers)
    .await?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}
