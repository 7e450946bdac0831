use std::os::unix::fs::PermissionsExt as _;

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
use crate::store::{Filter, NewEntry, Window};

async fn store(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(folder.path()).await.unwrap()
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

async fn append(store: &SqliteStore, records: &[Record]) {
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

#[tokio::test]
async fn a_batch_is_added_wholly_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    append(&store, &[request(1, json!({}))]).await;
    let head = store.head().await.unwrap();
    let mut torn = batch(head, &[request(2, json!({})), request(3, json!({}))]);
    Arc::get_mut(&mut torn).unwrap().entries[1].sealed.seq = 1;
    assert!(matches!(store.append(torn).await, Err(StoreError::Write { .. })));
    assert_eq!(store.head().await.unwrap(), head);
    append(&store, &[request(2, json!({}))]).await;
}

#[tokio::test]
async fn a_full_database_says_so_and_takes_records_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    append(&store, &[request(1, json!({}))]).await;
    store.execute("PRAGMA max_page_count = 1").await;
    let many: Vec<_> = (2..200).map(|id| request(id, json!({}))).collect();
    let batch = batch(store.head().await.unwrap(), &many);
    let error = store.append(Arc::clone(&batch)).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    // The limit went with the connection, as a full disk goes with the files of somebody else.
    store.append(Arc::clone(&batch)).await.unwrap();
    assert_eq!(store.head().await.unwrap().seq, 199);
}

#[tokio::test]
async fn a_second_gateway_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder).await;
    let error = SqliteStore::open(folder.path()).await.unwrap_err();
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
    let error = SqliteStore::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { .. }), "{error:?}");
}

#[tokio::test]
async fn nobody_else_can_read_the_state() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("state");
    let store = SqliteStore::open(&folder).await.unwrap();
    append(&store, &[request(1, json!({}))]).await;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
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
