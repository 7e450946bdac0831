mod faulty;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use kguard::audit::{Event, Expected, Line, Summary, Verifier};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::store::LocalStore;
use crate::store::samples::{request, response};
use faulty::{FaultyStore, Mode};

struct State {
    folder: TempDir,
}

impl State {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("trail.key")
    }

    async fn store(&self) -> Arc<LocalStore> {
        Arc::new(LocalStore::open(self.folder.path()).await.unwrap())
    }

    async fn faulty(&self) -> Arc<FaultyStore> {
        Arc::new(FaultyStore::new(LocalStore::open(self.folder.path()).await.unwrap()))
    }

    async fn recorder(&self, store: Arc<dyn Store>) -> Recorder {
        Recorder::start(store, &self.key()).await.unwrap()
    }

    /// Why the trail cannot be gone on with.
    async fn start_error(&self) -> String {
        match LocalStore::open(self.folder.path()).await {
            Ok(store) => {
                Recorder::start(Arc::new(store), &self.key()).await.unwrap_err().to_string()
            }
            Err(error) => error.to_string(),
        }
    }
}

/// Verifies an export, and gives the kinds of its events.
async fn verify(store: &dyn Store, key: PublicKey) -> (Summary, Vec<Event>) {
    let mut verifier = Verifier::new(Expected { key: Some(key), head: None });
    let mut events = Vec::new();
    for line in store.lines(0, 100_000).await.unwrap() {
        verifier.line(&serde_json::to_vec(&line).unwrap()).unwrap();
        if let Line::Entry(entry) = line {
            events.push(entry.record.read().unwrap().event);
        }
    }
    let summary = verifier.finish().unwrap();
    assert_eq!(summary.unsigned, 0);
    (summary, events)
}

async fn record(recorder: &Recorder, record: Record) -> Result<(), TrailUnavailable> {
    recorder.append(record).await?.durable().await
}

#[tokio::test]
async fn records_that_come_in_during_a_commit_share_the_next() {
    let state = State::new();
    let store = state.faulty().await;
    let recorder = state.recorder(Arc::clone(&store) as Arc<dyn Store>).await;
    store.gate.forget_permits(usize::MAX);
    let first = recorder.append(request(1, json!({}))).await.unwrap();
    store.begun.subscribe().wait_for(|begun| *begun == 1).await.unwrap();
    let mut receipts = vec![first];
    for id in 2..=100 {
        receipts.push(recorder.append(request(id, json!({}))).await.unwrap());
    }
    store.gate.add_permits(2);
    for receipt in receipts {
        receipt.durable().await.unwrap();
    }
    assert_eq!(store.committed.load(Ordering::Relaxed), 2);
    assert_eq!(recorder.heads().borrow().seq, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_record_at_once_verifies() {
    let state = State::new();
    let store = state.store().await;
    let recorder = Arc::new(state.recorder(Arc::clone(&store) as Arc<dyn Store>).await);
    let callers = (0..64_u128).map(|caller| {
        let recorder = Arc::clone(&recorder);
        tokio::spawn(async move {
            for turn in 0..10 {
                let id = caller * 10 + turn;
                record(&recorder, request(id, json!({}))).await.unwrap();
                let _ = recorder.append(response(id)).await.unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    recorder.shutdown().await;
    let (summary, _) = verify(&*store, recorder.public_key()).await;
    assert_eq!((summary.entries, summary.open.len()), (1280, 0));
}

#[tokio::test]
async fn a_restart_continues_the_chain() {
    let state = State::new();
    let recorder = state.recorder(state.store().await).await;
    let key = recorder.public_key();
    let _ = recorder.append(request(1, json!({}))).await.unwrap();
    let _ = recorder.append(response(1)).await.unwrap();
    recorder.shutdown().await;
    assert!(matches!(record(&recorder, response(1)).await, Err(TrailUnavailable::Closed)));
    drop(recorder);
    let store = state.store().await;
    let recorder = state.recorder(Arc::clone(&store) as Arc<dyn Store>).await;
    assert_eq!((recorder.heads().borrow().seq, recorder.public_key()), (2, key));
    record(&recorder, request(2, json!({ "decision": "deny" }))).await.unwrap();
    let (summary, _) = verify(&*store, key).await;
    assert_eq!((summary.entries, summary.open.len()), (3, 0));
}

#[tokio::test]
async fn a_crash_leaves_a_sound_trail_whose_open_requests_are_ended_at_the_next_start() {
    let state = State::new();
    let recorder = state.recorder(state.store().await).await;
    for id in 0..600 {
        let receipt = recorder.append(request(id, json!({}))).await.unwrap();
        if id == 599 {
            receipt.durable().await.unwrap();
        }
    }
    record(&recorder, response(7)).await.unwrap();
    let _ = recorder.append(request(1000, json!({}))).await.unwrap();
    // What a crash leaves is what is there while the writer writes; the index is made again.
    let crashed = State::new();
    for name in ["trail.jsonl", "trail.key"] {
        let copy = crashed.folder.path().join(name);
        std::fs::copy(state.folder.path().join(name), copy).unwrap();
    }
    recorder.shutdown().await;
    let store = crashed.store().await;
    let recorder = crashed.recorder(Arc::clone(&store) as Arc<dyn Store>).await;
    let (summary, events) = verify(&*store, recorder.public_key()).await;
    assert!(summary.open.is_empty());
    assert!(summary.entries >= 1200, "{}", summary.entries);
    let Some(Event::Response(last)) = events.last() else { panic!("{:?}", events.last()) };
    let failure = "the gateway was interrupted; the outcome is unknown";
    assert_eq!((last.code, last.failure.as_deref()), (None, Some(failure)));
}

#[tokio::test]
async fn an_outage_refuses_requests_and_keeps_responses() {
    let state = State::new();
    let store = state.faulty().await;
    let recorder = state.recorder(Arc::clone(&store) as Arc<dyn Store>).await;
    record(&recorder, request(1, json!({}))).await.unwrap();
    record(&recorder, request(2, json!({}))).await.unwrap();
    store.mode.send_replace(Mode::Fails);
    record(&recorder, response(1)).await.unwrap_err();
    assert!(matches!(recorder.healthy(), Err(TrailUnavailable::Store(_))));
    // During an outage a record is refused before anybody gets to hope.
    recorder.append(request(3, json!({}))).await.unwrap_err();
    recorder.append(response(2)).await.unwrap_err();
    recorder.append(response(3)).await.unwrap_err();
    store.mode.send_replace(Mode::Works);
    record(&recorder, request(4, json!({ "decision": "deny" }))).await.unwrap();
    recorder.healthy().unwrap();
    let (summary, events) = verify(&*store, recorder.public_key()).await;
    assert_eq!((summary.entries, summary.open.len()), (6, 0));
    assert!(matches!(events[2], Event::Outage { refused: 1, .. }), "{:?}", events[2]);
    assert!(matches!((&events[3], &events[4]), (Event::Response(_), Event::Response(_))));
}

#[tokio::test]
async fn an_outage_ends_without_anybody_asking() {
    let state = State::new();
    let store = state.faulty().await;
    let recorder = state.recorder(Arc::clone(&store) as Arc<dyn Store>).await;
    store.mode.send_replace(Mode::Fails);
    record(&recorder, request(1, json!({}))).await.unwrap_err();
    store.mode.send_replace(Mode::Works);
    recorder.outage.clone().wait_for(Option::is_none).await.unwrap();
    let (summary, _) = verify(&*store, recorder.public_key()).await;
    assert_eq!(summary.entries, 1);
}

#[tokio::test]
async fn a_commit_that_failed_only_seemingly_is_not_repeated() {
    let state = State::new();
    let store = state.faulty().await;
    let recorder = state.recorder(Arc::clone(&store) as Arc<dyn Store>).await;
    record(&recorder, request(1, json!({}))).await.unwrap();
    store.mode.send_replace(Mode::Lies);
    record(&recorder, response(1)).await.unwrap_err();
    record(&recorder, request(2, json!({}))).await.unwrap_err();
    store.mode.send_replace(Mode::Works);
    record(&recorder, request(3, json!({}))).await.unwrap();
    let (_, events) = verify(&*store, recorder.public_key()).await;
    let responses = events.iter().filter(|event| matches!(event, Event::Response(_)));
    assert_eq!(responses.count(), 1);
}

#[tokio::test]
async fn a_response_without_its_request_stays_out_of_the_trail() {
    let state = State::new();
    let store = state.store().await;
    let recorder = state.recorder(Arc::clone(&store) as Arc<dyn Store>).await;
    record(&recorder, response(1)).await.unwrap();
    record(&recorder, request(2, json!({}))).await.unwrap();
    record(&recorder, response(2)).await.unwrap();
    record(&recorder, response(2)).await.unwrap();
    let (summary, _) = verify(&*store, recorder.public_key()).await;
    assert_eq!(summary.entries, 2);
}

#[tokio::test]
async fn the_key_is_made_once_and_for_the_gateway_alone() {
    let state = State::new();
    let recorder = state.recorder(state.store().await).await;
    assert_eq!(state.key().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    record(&recorder, request(1, json!({}))).await.unwrap();
    recorder.shutdown().await;
    drop(recorder);
    let pem = std::fs::read_to_string(state.key()).unwrap();

    std::fs::write(state.key(), "no key").unwrap();
    assert!(state.start_error().await.contains("holds no Ed25519 key"));
    std::fs::remove_file(state.key()).unwrap();
    assert!(state.start_error().await.contains("has 1 entries, but its signing key"));

    let other = State::new();
    other.recorder(other.store().await).await.shutdown().await;
    std::fs::copy(other.key(), state.key()).unwrap();
    assert!(state.start_error().await.contains("not signed by this gateway's key"));
    std::fs::write(state.key(), pem).unwrap();
    state.recorder(state.store().await).await.shutdown().await;
}

#[tokio::test]
async fn a_trail_whose_end_was_altered_is_not_gone_on_with() {
    /// What somebody does to the lines, that is two entries with a checkpoint behind each.
    type Alter = fn(&mut Vec<String>);
    let with_index: [(Alter, &str); 4] = [
        (|lines| lines.truncate(2), "was cut off"),
        (|lines| lines.truncate(3), "was cut off"),
        (|lines| lines[2] = lines[2].replace("alice", "carol"), "hashes do not fit"),
        (|lines| lines.extend_from_within(2..), "not the gateway's"),
    ];
    let without_index: [(Alter, &str); 4] = [
        (|lines| drop(lines.remove(0)), "not the gateway's"),
        (|lines| drop(lines.remove(2)), "not the gateway's"),
        (|lines| lines[0] = lines[0].replace("alice", "carol"), "not the gateway's"),
        (|lines| lines.swap(0, 2), "not the gateway's"),
    ];
    let cases = with_index.map(|case| (true, case)).into_iter();
    for (indexed, (alter, expected)) in cases.chain(without_index.map(|case| (false, case))) {
        let state = State::new();
        let store = state.store().await;
        let recorder = state.recorder(Arc::clone(&store) as Arc<dyn Store>).await;
        for id in [1, 2] {
            record(&recorder, request(id, json!({ "decision": "deny" }))).await.unwrap();
        }
        recorder.shutdown().await;
        verify(&*store, recorder.public_key()).await;
        drop((store, recorder));
        let file = state.folder.path().join("trail.jsonl");
        let mut lines: Vec<_> = std::fs::read_to_string(&file)
            .unwrap()
            .lines()
            .map(|line| format!("{line}\n"))
            .collect();
        alter(&mut lines);
        std::fs::write(&file, lines.concat()).unwrap();
        if !indexed {
            std::fs::remove_file(state.folder.path().join("gateway.db")).unwrap();
        }
        let error = state.start_error().await;
        assert!(error.contains(expected), "{error}");
    }
}
