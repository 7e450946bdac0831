//! The trail against the disk: durable entries a second, and syncs of one append each.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kguard::api::Claims;
use kguard::audit::record::{Event, Outcome, Record, RequestRecord, ResponseRecord};
use kguard::identity::{Caller, CallerKind};
use kguard::kube::request_info::{RequestInfo, Verb};
use kguard::policy::capability::Capabilities;
use kguard_gateway::record::Recorder;
use kguard_gateway::store::LocalStore;
use uuid::Uuid;

use crate::Failure;
use crate::setup::Setup;
use crate::table::{Limit, Row, Table, say};

const IN_FLIGHT: usize = 64;
const TIME: Duration = Duration::from_secs(2);
const ENTRY_BYTES: usize = 600;

/// Both rates, in the same folder.
pub(crate) async fn measure(
    setup: &Setup,
    rounds: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    let folder = setup.folder.join("trail");
    std::fs::create_dir_all(&folder)?;
    let store = Arc::new(LocalStore::open(&folder).await?);
    let recorder = Arc::new(Recorder::start(store, &folder.join("trail.key")).await?);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        say(&format!("trail, round {round} of {rounds} (0 warms up)"));
        let pair = (entries_per_second(&recorder).await?, syncs_per_second(&folder)?);
        if round > 0 {
            ours.push(pair.0);
            theirs.push(pair.1);
        }
    }
    recorder.shutdown().await;
    table.add(Row {
        what: "(e) durable trail entries, 64 in flight",
        unit: "1/s",
        ours,
        peer: "fdatasync",
        theirs,
        limit: Limit::AtLeast(15.0),
    });
    Ok(())
}

async fn entries_per_second(recorder: &Arc<Recorder>) -> Result<f64, Failure> {
    let start = Instant::now();
    let writing = (0..IN_FLIGHT).map(|_| {
        let recorder = Arc::clone(recorder);
        tokio::spawn(async move {
            let mut written = 0u32;
            while start.elapsed() < TIME {
                // As the gateway does: a request waits for its entry, the entry of its end for
                // nobody.
                let id = Uuid::now_v7();
                recorder.append(request(id)).await?.durable().await?;
                recorder.append_unattended(response(id))?;
                written += 2;
            }
            Ok::<u32, Failure>(written)
        })
    });
    let mut written = 0;
    for task in writing.collect::<Vec<_>>() {
        written += task.await??;
    }
    Ok(f64::from(written) / start.elapsed().as_secs_f64())
}

fn syncs_per_second(folder: &Path) -> Result<f64, Failure> {
    let mut file = std::fs::File::create(folder.join("plain"))?;
    let (start, mut synced) = (Instant::now(), 0u32);
    while start.elapsed() < TIME {
        file.write_all(&[b'x'; ENTRY_BYTES])?;
        file.sync_data()?;
        synced += 1;
    }
    Ok(f64::from(synced) / start.elapsed().as_secs_f64())
}

fn request(id: Uuid) -> Record {
    let caller = Caller {
        name: "system:serviceaccount:ci:deploy".to_owned(),
        groups: vec!["system:serviceaccounts".to_owned(), "system:serviceaccounts:ci".to_owned()],
        uid: Some("5f0c1f6e-8a52-4d3e-9f07-0b6a7f1c2d3e".to_owned()),
        kind: CallerKind::Workload,
        issuer: "https://kubernetes.default.svc".to_owned(),
    };
    let path = "/api/v1/namespaces/shop/pods/web-0".to_owned();
    let request = RequestRecord {
        id,
        session: None,
        caller: Arc::new(caller),
        impersonated: None,
        cluster: "production".to_owned(),
        method: "GET".to_owned(),
        request: Arc::new(RequestInfo { verb: Verb::Get, path, resource: None }),
        query: Vec::new(),
        body_digest: None,
        decision: Outcome::Allow,
        policy: Some("workloads".to_owned()),
        why: None,
        observed: None,
        capabilities: Capabilities::default(),
        charges: BTreeMap::new(),
        hold: None,
        plan: None,
        grants: Vec::new(),
        elevated: Vec::new(),
        break_glass: None,
        pre_image: None,
        undoes: None,
        claims: Claims::default(),
        peer: "10.0.0.7:40000".to_owned(),
        user_agent: Some("kubectl/v1.33.0 (linux/amd64) kubernetes/0000000".to_owned()),
    };
    Record { at: Timestamp::now(), event: Event::Request(Box::new(request)) }
}

fn response(id: Uuid) -> Record {
    let response = ResponseRecord {
        id,
        code: Some(200),
        bytes: 1255,
        masked: BTreeMap::new(),
        duration_ms: 5,
        failure: None,
        recording: None,
    };
    Record { at: Timestamp::now(), event: Event::Response(response) }
}
