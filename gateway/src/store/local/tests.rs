use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use jiff::Timestamp;
use kguard::audit::chain::RecordText;
use kguard::audit::record::Outcome;
use kguard::audit::{Line, Record, SigningKey};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::store::samples::{caller, hold, read, request, response, target};
use crate::store::{Filter, NewEntry, PastHolds, Window};

async fn store(folder: &TempDir) -> LocalStore {
    LocalStore::open(folder.path()).await.unwrap()
}

fn batch(mut head: Head, records: &[Record]) -> Arc<Batch> {
    let key = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap().to_pkcs8().unwrap();
    let entries = records.iter().map(|record| {
        let sealed = head.seal(RecordText::write(record).unwrap());
        head = sealed.head();
        NewEntry { sealed, record: record.clone() }
    });
    let entries = entries.collect();
    let key = SigningKey::from_pkcs8(key.as_ref()).unwrap();
    Arc::new(Batch { entries, checkpoint: key.sign(head, Timestamp::UNIX_EPOCH) })
}

async fn append(store: &LocalStore, records: &[Record]) {
    let batch = batch(store.head().await.unwrap(), records);
    store.append(Arc::clone(&batch)).await.unwrap();
    assert_eq!(store.head().await.unwrap(), batch.checkpoint.head());
}

#[tokio::test]
async fn what_was_appended_is_read_back_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let first: Vec<_> = (1..=3).map(|id| request(id, json!({}))).collect();
    let second: Vec<_> = (4..=150).map(|id| request(id, json!({}))).collect();
    {
        let store = store(&folder).await;
        append(&store, &first).await;
        append(&store, &second).await;
    }
    let store = store(&folder).await;
    let lines = store.lines(0, 1000).await.unwrap();
    assert_eq!(lines.len(), 152);
    assert!(matches!((&lines[3], &lines[151]), (Line::Checkpoint(_), Line::Checkpoint(_))));
    let mut head = Head::GENESIS;
    for (line, record) in
        lines.iter().filter(|line| matches!(line, Line::Entry(_))).zip(first.iter().chain(&second))
    {
        let Line::Entry(entry) = line else { unreachable!() };
        assert!(head.is_followed_by(entry));
        assert_eq!(&entry.record.read().unwrap(), record);
        head = entry.head();
    }
    let paged = [store.lines(0, 2).await.unwrap(), store.lines(2, 1000).await.unwrap()].concat();
    assert_eq!(serde_json::to_string(&paged).unwrap(), serde_json::to_string(&lines).unwrap());
}

/// A folder with two batches, where the second begins, and its size.
async fn two_batches() -> (TempDir, usize, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trail.jsonl");
    let store = store(&folder).await;
    append(&store, &[request(1, json!({}))]).await;
    let start = std::fs::read(&file).unwrap().len();
    append(&store, &[request(2, json!({})), request(3, json!({}))]).await;
    (folder, start, std::fs::read(&file).unwrap())
}

/// Puts the file there as a crash has left it, before the index followed.
fn crash(folder: &TempDir, text: &[u8]) {
    std::fs::write(folder.path().join("trail.jsonl"), text).unwrap();
    for file in ["gateway.db", "gateway.db-wal", "gateway.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(file));
    }
}

#[tokio::test]
async fn what_a_crash_left_of_a_batch_is_removed() {
    let (folder, start, whole) = two_batches().await;
    let mut unwritten = whole.clone();
    unwritten[start..start + 100].fill(0);
    let cuts = (start + 1..whole.len()).step_by(7).map(|cut| whole[..cut].to_vec());
    for left in cuts.chain([unwritten]) {
        crash(&folder, &left);
        let store = store(&folder).await;
        assert_eq!(store.head().await.unwrap().seq, 1, "{} bytes", left.len());
        append(&store, &[request(2, json!({}))]).await;
        assert_eq!(store.lines(0, 10).await.unwrap().len(), 4);
    }
}

#[tokio::test]
async fn what_no_crash_leaves_is_evidence() {
    let (folder, start, whole) = two_batches().await;
    let mut damaged = whole.clone();
    damaged[start + 100] = b'\x01';
    let mut followed = whole.clone();
    followed[start..start + 100].fill(0);
    followed.extend_from_slice(&whole[start..]);
    let other = [&whole[..], &whole[start..]].concat();
    for left in [damaged, followed, other] {
        crash(&folder, &left);
        let error = LocalStore::open(folder.path()).await.unwrap_err();
        assert!(matches!(error, StoreError::Altered { .. }), "{error:?}");
        assert_eq!(std::fs::read(folder.path().join("trail.jsonl")).unwrap(), left);
    }
}

#[tokio::test]
async fn what_no_batch_can_be_is_not_read_into_memory() {
    let (folder, _, whole) = two_batches().await;
    crash(&folder, &whole);
    let path = folder.path().join("trail.jsonl");
    // Takes no room on the disk, and reads as zeros.
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(2 << 40).unwrap();
    let error = LocalStore::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::Altered { .. }), "{error:?}");
}

#[tokio::test]
async fn the_index_is_made_again_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let all = async |store: &LocalStore| {
        let lines = serde_json::to_string(&store.lines(0, 1000).await.unwrap()).unwrap();
        (lines, store.open_requests(1000).await.unwrap())
    };
    let before = {
        let store = store(&folder).await;
        for id in 1..=300 {
            append(&store, &[request(id, json!({})), response(id - 1)]).await;
        }
        all(&store).await
    };
    crash(&folder, &std::fs::read(folder.path().join("trail.jsonl")).unwrap());
    let store = store(&folder).await;
    assert_eq!(all(&store).await, before);
    assert_eq!(before.1.len(), 1);
}

#[tokio::test]
async fn an_index_that_cannot_be_written_stops_nothing_and_catches_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    append(&store, &[request(1, json!({}))]).await;
    assert_eq!(store.lines(0, 10).await.unwrap().len(), 2);
    store.execute("ALTER TABLE progress RENAME TO gone").await;
    append(&store, &[request(2, json!({}))]).await;
    append(&store, &[request(3, json!({}))]).await;
    let error = store.lines(0, 10).await.unwrap_err();
    assert!(matches!(error, StoreError::Read { .. }), "{error:?}");
    store.execute("ALTER TABLE gone RENAME TO progress").await;
    while store.lines(0, 10).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(store.lines(0, 10).await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_second_gateway_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder).await;
    let error = LocalStore::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    drop(first);
    store(&folder).await;
}

#[tokio::test]
async fn a_database_of_a_newer_gateway_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    {
        let store = store(&folder).await;
        store.execute("PRAGMA user_version = 99").await;
    }
    let error = LocalStore::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { .. }), "{error:?}");
}

#[tokio::test]
async fn nobody_else_can_read_the_state() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("state");
    let store = LocalStore::open(&folder).await.unwrap();
    append(&store, &[request(1, json!({}))]).await;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn requests_are_open_from_being_sent_until_they_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    append(&store, &[request(1, json!({})), request(2, json!({ "decision": "deny" }))]).await;
    append(&store, &[request(3, json!({})), response(3), request(4, json!({}))]).await;
    let open = async || {
        let open = store.open_requests(10).await.unwrap();
        open.into_iter().map(|request| request.id.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(open().await, [1, 4]);
    append(&store, &[response(1)]).await;
    assert_eq!(open().await, [4]);
}

#[tokio::test]
async fn a_filter_selects_what_has_everything_in_common() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let records = [
        request(1, json!({})),
        request(2, json!({ "caller": caller("oidc:bob"), "at": "2026-02-01T00:00:00Z" })),
        request(3, json!({ "cluster": "test", "decision": "deny" })),
        request(4, json!({ "request": target("delete", "bank"), "hold": "h-1" })),
        response(1),
        read(json!({
            "at": "2026-01-02T03:04:05Z", "event": "holdState", "hold": "h-1", "state": "approved",
            "by": "oidc:bob", "verdict": "approve",
        })),
    ];
    append(&store, &records).await;
    let text = |text: &str| Some(text.to_owned());
    let any = Filter::default;
    let february: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
    let cases: [(Filter, &[u64]); 12] = [
        (any(), &[1, 2, 3, 4, 5, 6]),
        (Filter { caller: text("oidc:bob"), ..any() }, &[2, 6]),
        (Filter { cluster: text("test"), ..any() }, &[3]),
        (Filter { decision: Some(Outcome::Allow), ..any() }, &[1, 2, 4]),
        (Filter { verb: text("delete"), ..any() }, &[4]),
        (Filter { namespace: text("bank"), ..any() }, &[4]),
        (Filter { since: Some(february), ..any() }, &[2]),
        (Filter { until: Some(february), ..any() }, &[1, 3, 4, 5, 6]),
        (Filter { request: Some(Uuid::from_u128(1)), ..any() }, &[1, 5]),
        (Filter { hold: text("h-1"), ..any() }, &[4, 6]),
        (Filter { caller: text("oidc:bob"), decision: Some(Outcome::Allow), ..any() }, &[2]),
        (Filter { caller: text("' OR 1=1 --"), ..any() }, &[]),
    ];
    let select = async |filter: &Filter, window, limit| {
        let query = Query { filter: filter.clone(), window, limit };
        let entries = store.entries(&query).await.unwrap();
        entries.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    for (filter, expected) in cases {
        assert_eq!(select(&filter, Window::Newest, 10).await, expected, "{filter:?}");
        assert_eq!(select(&filter, Window::After(0), 10).await, expected, "{filter:?}");
    }
    assert_eq!(select(&any(), Window::Newest, 2).await, [5, 6]);
    assert_eq!(select(&any(), Window::After(2), 2).await, [3, 4]);
    assert_eq!(select(&any(), Window::Before(3), 1).await, [2]);
    assert_eq!(select(&any(), Window::Before(3), 9).await, [1, 2]);
}

#[tokio::test]
async fn a_hold_is_saved_in_its_latest_state() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let pending = hold("h-1", HoldState::Pending, "2026-01-01T00:00:00Z");
    store.put_hold(&pending).await.unwrap();
    let second = hold("h-2", HoldState::Pending, "2026-01-02T00:00:00Z");
    store.put_hold(&second).await.unwrap();
    let approved = Hold { state: HoldState::Approved, ..pending };
    store.put_hold(&approved).await.unwrap();
    let found = store.hold("h-1").await.unwrap().unwrap();
    assert_eq!(found.state, HoldState::Approved);
    assert!(store.hold("h-3").await.unwrap().is_none());
    let list = async |state| {
        let holds = store.holds(state, 10).await.unwrap();
        holds.into_iter().map(|hold| hold.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None).await, ["h-2", "h-1"]);
    assert_eq!(list(Some(HoldState::Pending)).await, ["h-2"]);
    assert_eq!(store.holds(None, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn past_holds_come_in_pages_without_those_that_wait() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    for (id, state, created) in [
        ("a", HoldState::Used, "2026-01-01T00:00:00Z"),
        ("b", HoldState::Denied, "2026-01-02T00:00:00Z"),
        // Two of one moment.
        ("c", HoldState::Used, "2026-01-02T00:00:00Z"),
        ("d", HoldState::Pending, "2026-01-03T00:00:00Z"),
    ] {
        store.put_hold(&hold(id, state, created)).await.unwrap();
    }
    let list = async |state, before, limit| {
        let found = store.past_holds(&PastHolds { state, before, limit }).await.unwrap();
        found.into_iter().map(|hold| hold.id).collect::<Vec<_>>()
    };
    let at = |id: &str| Some(("2026-01-02T00:00:00Z".parse().unwrap(), id.to_owned()));
    assert_eq!(list(None, None, 10).await, ["c", "b", "a"]);
    assert_eq!(list(None, None, 1).await, ["c"]);
    assert_eq!(list(None, at("c"), 10).await, ["b", "a"]);
    assert_eq!(list(None, at("b"), 10).await, ["a"]);
    assert_eq!(list(Some(HoldState::Used), None, 10).await, ["c", "a"]);
    assert_eq!(list(Some(HoldState::Used), at("c"), 10).await, ["a"]);
}

#[tokio::test]
async fn of_undelivered_notifications_the_newest_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let letter = |id: &str, failed: &str| -> DeadLetter {
        serde_json::from_value(json!({
            "id": id, "target": "sre", "attempts": 1, "error": "HTTP 500", "failed": failed,
            "notification": {"id": "msg_1", "event": "held", "at": failed},
        }))
        .unwrap()
    };
    let ids = async || {
        let letters = store.dead_letters(10).await.unwrap();
        letters.into_iter().map(|letter| letter.id).collect::<Vec<_>>()
    };
    for (id, second) in [("a", 1), ("b", 2), ("c", 3), ("a", 4)] {
        let letter = letter(id, &format!("2026-01-01T00:00:0{second}Z"));
        store.put_dead_letter(&letter, 2).await.unwrap();
    }
    assert_eq!(ids().await, ["a", "c"]);
    store.remove_dead_letter("a").await.unwrap();
    store.remove_dead_letter("none").await.unwrap();
    assert_eq!(ids().await, ["c"]);
}

fn pre_image(id: &str, at: i64, bytes: usize) -> PreImage {
    let at = Timestamp::from_second(at).unwrap();
    PreImage {
        id: id.to_owned(),
        hold: Some("7kq4m".to_owned()),
        at,
        expires: at + jiff::SignedDuration::from_secs(100),
        about: format!("about {id}"),
        sealed: vec![7; bytes],
        outcome: None,
    }
}

#[tokio::test]
async fn what_is_kept_for_undoing_is_found_and_goes_by_age_and_by_size() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).await.unwrap();
    for (id, at) in [("a", 1), ("b", 2), ("c", 3)] {
        store.put_pre_image(pre_image(id, at, 40), 100).await.unwrap();
    }
    // The oldest made room.
    assert!(store.pre_images("a", 9).await.unwrap().is_empty());
    assert_eq!(store.pre_images("b", 9).await.unwrap(), [pre_image("b", 2, 40)]);
    let of_hold = store.pre_images("7kq4m", 9).await.unwrap();
    assert_eq!(of_hold, [pre_image("c", 3, 40), pre_image("b", 2, 40)]);

    assert!(store.pre_images_about(9).await.unwrap().is_empty());
    store.set_pre_image_outcome("b", "nothing").await.unwrap();
    assert_eq!(store.pre_images_about(9).await.unwrap(), ["about b"]);
    store.expire_pre_images(Timestamp::from_second(102).unwrap()).await.unwrap();
    store.remove_pre_image("c").await.unwrap();
    assert!(store.pre_images("7kq4m", 9).await.unwrap().is_empty());
}
