//! Recordings that are there already: which, and what each says of itself in its head.
//!
//! One that is moved to the object store leaves its head behind, so that a list asks nobody else.

use std::path::Path;

use jiff::Timestamp;
use kguard::api::PastStream;
use kguard::recording::Facts;
use serde::Deserialize;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use uuid::Uuid;

use super::recording;

/// The longest head: one with a command as long as a request's target may be.
const MAX_HEAD_BYTES: u64 = 256 << 10;

/// The ids of all recordings in a folder before one, newest first: ids begin with the time.
pub(super) fn list(folder: &Path, before: Option<Uuid>) -> std::io::Result<Vec<Uuid>> {
    let mut ids = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let id = name.to_str().and_then(|name| recording::id_of(name).or_else(|| left_by(name)));
        ids.extend(id.filter(|id| before.is_none_or(|before| *id < before)));
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    // One that is being moved is there twice.
    ids.dedup();
    Ok(ids)
}

/// What a recording says of itself; nothing if it cannot be read.
pub(super) async fn read(folder: &Path, id: Uuid) -> Option<PastStream> {
    if let Some((head, bytes)) = head_of(&recording::path(folder, id)).await {
        return about(&head, bytes);
    }
    let left = tokio::fs::read_to_string(folder.join(left_name(id))).await.ok()?;
    let (head, bytes) = left.split_once('\n')?;
    about(head, bytes.trim().parse().ok()?)
}

/// Leaves the head of a recording behind, and how long it is, as the rest is about to go.
pub(super) async fn leave_head(folder: &Path, id: Uuid) -> std::io::Result<()> {
    let Some((head, bytes)) = head_of(&recording::path(folder, id)).await else { return Ok(()) };
    let text = format!("{}\n{bytes}\n", head.trim_end());
    let path = folder.join(left_name(id));
    // Made anew if it is there: an earlier move may not have come to its end.
    let make = move || {
        let _ = std::fs::remove_file(&path);
        crate::private_file::create(&path, text.as_bytes())
    };
    tokio::task::spawn_blocking(make).await.map_err(std::io::Error::other)?
}

/// The first line of a recording, and how many bytes it has.
async fn head_of(path: &Path) -> Option<(String, u64)> {
    let file = File::open(path).await.ok()?;
    let bytes = file.metadata().await.ok()?.len();
    let mut head = String::new();
    BufReader::new(file).take(MAX_HEAD_BYTES).read_line(&mut head).await.ok()?;
    Some((head, bytes))
}

fn about(head: &str, bytes: u64) -> Option<PastStream> {
    #[derive(Deserialize)]
    struct Head {
        timestamp: i64,
        kguard: Facts,
    }
    let Head { timestamp, kguard: facts } = serde_json::from_str(head).ok()?;
    Some(PastStream { facts, started: Timestamp::from_second(timestamp).ok()?, bytes })
}

fn left_name(id: Uuid) -> String {
    format!("{id}.head")
}

fn left_by(name: &str) -> Option<Uuid> {
    name.strip_suffix(".head")?.parse().ok()
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
        let past = read(folder.path(), ids[0]).await.unwrap();
        assert_eq!(
            (past.facts.caller.as_str(), past.started.as_second()),
            ("oidc:alice", 1_700_000_000)
        );
        // One that has gone is told by what it left.
        leave_head(folder.path(), ids[0]).await.unwrap();
        std::fs::remove_file(recording::path(folder.path(), ids[0])).unwrap();
        assert_eq!(list(folder.path(), None).unwrap(), newest_first);
        assert_eq!(read(folder.path(), ids[0]).await.unwrap().bytes, past.bytes);
        std::fs::write(recording::path(folder.path(), ids[1]), "{").unwrap();
        assert!(read(folder.path(), ids[1]).await.is_none());
    }
}
