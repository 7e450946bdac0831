//! Brings a database to the present schema, whose version SQLite keeps in its `user_version`.

use std::path::Path;

use sqlx::{AssertSqlSafe, SqliteConnection, query_scalar, raw_sql};

use super::open_error;
use crate::store::StoreError;

/// In order; what was released is never edited, only added to.
const MIGRATIONS: [&str; 1] = [include_str!("../../../migrations/sqlite/0001_trail.sql")];

pub(super) async fn run(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let version: i64 = query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await
        .map_err(|source| open_error(path, source))?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(pending) = MIGRATIONS.get(done..) else {
        return Err(StoreError::Newer { path: path.to_owned() });
    };
    for (number, migration) in (done + 1..).zip(pending) {
        let sql = format!("BEGIN IMMEDIATE; {migration}; PRAGMA user_version = {number}; COMMIT;");
        raw_sql(AssertSqlSafe(sql))
            .execute(&mut *connection)
            .await
            .map_err(|source| open_error(path, source))?;
    }
    Ok(())
}
