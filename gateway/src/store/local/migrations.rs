//! Brings a database to the present schema, whose version SQLite keeps in its `user_version`.

use std::path::Path;

use rusqlite::Connection;

use super::open_error;
use crate::store::StoreError;

/// In order; what was released is never edited, only added to.
const MIGRATIONS: [&str; 8] = [
    include_str!("../../../migrations/sqlite/0001_index.sql"),
    include_str!("../../../migrations/sqlite/0002_spending.sql"),
    include_str!("../../../migrations/sqlite/0003_holds_by_time.sql"),
    include_str!("../../../migrations/sqlite/0004_dead_letters.sql"),
    include_str!("../../../migrations/sqlite/0005_plans.sql"),
    include_str!("../../../migrations/sqlite/0006_grants.sql"),
    include_str!("../../../migrations/sqlite/0007_pre_images.sql"),
    include_str!("../../../migrations/sqlite/0008_waiting_holds.sql"),
];

pub(super) fn run(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let version: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(|source| open_error(path, source))?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(pending) = MIGRATIONS.get(done..) else {
        return Err(StoreError::Newer { path: path.to_owned() });
    };
    for (number, migration) in (done + 1..).zip(pending) {
        let sql = format!("BEGIN IMMEDIATE; {migration}; PRAGMA user_version = {number}; COMMIT;");
        connection.execute_batch(&sql).map_err(|source| open_error(path, source))?;
    }
    Ok(())
}
