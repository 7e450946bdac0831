//! Recordings that are there already: which, and what each says of itself in its head.

use std::path::Path;

use jiff::Timestamp;
use kguard::api::PastStream;
use kguard::recording::Facts;
use serde::Deserialize;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use uuid::Uuid;

/// The longest head: one with a command as long as a request's target may be.
const MAX_HEAD_BYTES: u64 = 256 << 10;

/// The ids of all recordings in a folder before one, newest first: ids begin with the time.
pub(super) fn list(folder: &Path, before: Option<Uuid>) -> std::io::Result<Vec<Uuid>> {
    let mut ids = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".cast"));
        let id = id.and_then(|id| id.parse::<Uuid>().ok());
        ids.extend(id.filter(|id| before.is_none_or(|before| *id < before)));
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    Ok(ids)
}

/// What a recording says of itself; nothing if it cannot be read.
pub(super) async fn read(path: &Path) -> Option<PastStream> {
    #[derive(Deserialize)]
    struct Head {
        timestamp: i64,
        kguard: Facts,
    }
    let file = File::open(path).await.ok()?;
    let bytes = file.metadata().await.ok()?.len();
    let mut head = String::new();
    BufReader::new(file).take(MAX_HEAD_BYTES).read_line(&mut head).await.ok()?;
    let Head { timestamp, kguard: facts } = serde_json::from_str(&head).ok()?;
    Some(PastStream { facts, started: Timestamp::from_second(timestamp).ok()?, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn recordings_are_listed_newest_first_and_say_whose_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let ids: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
        for id in &ids {
            let head = format!(
                r#"{{"version":2,"timestamp":1700000000,"kguard":{{"id":"{id}","caller":"oidc:alice"}}}}"#
            );
            std::fs::write(folder.path().join(format!("{id}.cast")), head + "\n[1,\"o\",\"x\"]\n")
                .unwrap();
        }
        std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
        let newest_first: Vec<Uuid> = ids.iter().rev().copied().collect();
        assert_eq!(list(folder.path(), None).unwrap(), newest_first);
        assert_eq!(list(folder.path(), Some(ids[1])).unwrap(), [ids[0]]);
        let past = read(&folder.path().join(format!("{}.cast", ids[0]))).await.unwrap();
        assert_eq!(
            (past.facts.caller.as_str(), past.started.as_second()),
            ("oidc:alice", 1_700_000_000)
        );
        std::fs::write(folder.path().join("broken.cast"), "{").unwrap();
        assert!(read(&folder.path().join("broken.cast")).await.is_none());
    }
}
