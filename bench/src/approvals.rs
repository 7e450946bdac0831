//! What approvers wait for: a hold's way to two hundred of them, and lists when there is much in them;
//! and what a hold costs the gateway.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use http::Method;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use jiff::ToSpan as _;
use kguard::api::{Hold, HoldState};
use kguard_gateway::store::{LocalStore, Store as _};
use tokio::sync::mpsc;

use crate::client::Client;
use crate::process::Process;
use crate::setup::Setup;
use crate::table::{Limit, Row, Table, milliseconds, say};
use crate::{Failure, Options};

const APPROVERS: usize = 200;
const PUSHED: usize = 50;
const PUSH_MS: f64 = 100.0;
const PENDING: usize = 1_000;
/// Of those that wait one caller may have 64.
const ASKERS: usize = 20;
const AT_ONCE: usize = 50;
const SETTLED: usize = 10_000;
const ANSWER_MS: f64 = 200.0;
const HOLD_KIB: f64 = 32.0;
const BODY_BYTES: usize = 64;

pub(crate) async fn measure(
    setup: &Setup,
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    say("approvals: who asks");
    let askers = askers(options).await?;
    let first = askers.first().ok_or("nobody asks")?;
    let gateway = setup.start_approvals().await?;
    let sample = sample(setup, first).await?;
    gateway.stop().await?;
    say(&format!("approvals: {SETTLED} holds of earlier"));
    remember(&setup.folder.join("approvals-state"), &sample).await?;

    let gateway = setup.start_approvals_again().await?;
    let mut pushed = Vec::new();
    for round in 0..=options.rounds {
        say(&format!("pushes, round {round} of {} (0 warms up)", options.rounds));
        let asker = askers.get(round % askers.len()).ok_or("nobody asks")?;
        let took = push(setup, asker).await?;
        if round > 0 {
            pushed.push(took);
        }
    }
    let rounds = options.rounds;
    add(table, ("(q) a hold's way to 200 approvers, p99", "ms"), (pushed, PUSH_MS, rounds));
    drop(gateway);

    // Anew, so that what was pushed is none of those that wait.
    let gateway = setup.start_approvals_again().await?;
    let each = fill(setup, &askers, &gateway).await?;
    lists(setup, rounds, table).await?;
    add(table, ("(s) memory per hold", "KiB"), (vec![each], HOLD_KIB, 1));
    Ok(())
}

/// A row against a limit.
fn add(
    table: &mut Table,
    (what, unit): (&'static str, &'static str),
    (ours, limit, rounds): (Vec<f64>, f64, usize),
) {
    let theirs = vec![limit; rounds];
    table.add(Row { what, unit, ours, peer: "limit", theirs, limit: Limit::AtMost(1.0) });
}

/// The tokens of those whose requests are held.
async fn askers(options: &Options) -> Result<Vec<String>, Failure> {
    let kubectl = async |args: &[&str]| -> Result<String, Failure> {
        let output = tokio::process::Command::new(&options.kubectl)
            .arg("--kubeconfig")
            .arg(&options.kubeconfig)
            .args(["-n", &options.namespace])
            .args(args)
            .output()
            .await?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let mut tokens = Vec::new();
    for number in 0..ASKERS {
        let name = format!("asker-{number}");
        kubectl(&["create", "serviceaccount", &name]).await?;
        let token = ["create", "token", &name, "--audience", "kguard", "--duration", "1h"];
        tokens.push(kubectl(&token).await?);
    }
    Ok(tokens)
}

/// Asks for something that is held, and is told to come back.
async fn ask(client: &mut Client, name: &str) -> Result<(), Failure> {
    let filler = "x".repeat(BODY_BYTES);
    let body = format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"}},"data":{{"a":"{filler}"}}}}"#
    );
    let path = "/clusters/fast/api/v1/namespaces/shop/configmaps";
    let response = client.send(Method::POST, path, &body).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    if status != http::StatusCode::TOO_MANY_REQUESTS || !body.windows(7).any(|at| at == b"waiting")
    {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(())
}

/// A hold as it is.
async fn sample(setup: &Setup, token: &str) -> Result<Hold, Failure> {
    let mut client = Client::connect((setup, setup.approvals), token).await?;
    ask(&mut client, "sample").await?;
    let holds: Vec<Hold> = serde_json::from_slice(&read(&mut client, "/v1/holds").await?)?;
    holds.into_iter().next().ok_or_else(|| "nothing is held".into())
}

async fn read(client: &mut Client, path: &str) -> Result<bytes::Bytes, Failure> {
    let response = client.send(Method::GET, path, "").await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        return Err(format!("{status} for {path}").into());
    }
    Ok(body)
}

/// Has the gateway's store know of holds that were settled.
async fn remember(state: &Path, sample: &Hold) -> Result<(), Failure> {
    let store = LocalStore::open(state).await?;
    for number in 0..SETTLED {
        let created = sample.created - i64::try_from(number)?.seconds();
        let id = format!("{}{number}", sample.id);
        let hold = Hold { id, created, state: HoldState::Used, ..sample.clone() };
        store.put_hold(&hold).await?;
    }
    Ok(())
}

/// The 99th percentile of the milliseconds between a request's start and the line about its hold, of
/// all approvers.
async fn push(setup: &Setup, token: &str) -> Result<f64, Failure> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut following = Vec::new();
    for _ in 0..APPROVERS {
        let mut client = Client::connect((setup, setup.approvals), &setup.token).await?;
        let inbox = client.send(Method::GET, "/v1/inbox", "").await?.into_body();
        let tell = tell.clone();
        following.push(tokio::spawn(async move {
            let _open = client;
            follow(inbox, &tell).await;
        }));
    }
    // What waits already is told at once.
    tokio::time::sleep(Duration::from_secs(1)).await;
    while told.try_recv().is_ok() {}
    let mut took = Vec::new();
    for number in 0..PUSHED {
        let mut client = Client::connect((setup, setup.approvals), token).await?;
        let name = format!("pushed-{number}");
        let start = Instant::now();
        let asked = async { ask(&mut client, &name).await.and(Err("it was not pushed".into())) };
        let heard = async {
            for _ in 0..APPROVERS {
                let at: Instant = told.recv().await.ok_or("an approver has gone")?;
                took.push(at.duration_since(start).as_secs_f64() * 1e3);
            }
            Ok::<_, Failure>(())
        };
        // Nobody waits for the answer: the hold is cancelled.
        tokio::select! {
            failed = asked => failed?,
            heard = heard => heard?,
        }
    }
    following.iter().for_each(tokio::task::JoinHandle::abort);
    took.sort_by(f64::total_cmp);
    took.get(took.len() * 99 / 100).copied().ok_or_else(|| "nothing was pushed".into())
}

/// Tells of each hold that begins to wait.
async fn follow(mut inbox: Incoming, tell: &mpsc::UnboundedSender<Instant>) {
    let mut text = Vec::new();
    while let Some(Ok(frame)) = inbox.frame().await {
        text.extend_from_slice(&frame.into_data().unwrap_or_default());
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let waits = line.windows(17).any(|at| at == br#""state":"pending""#);
            if waits && tell.send(Instant::now()).is_err() {
                return;
            }
        }
    }
}

/// Has a thousand requests wait whose clients were told to come back; the KiB that each takes.
async fn fill(setup: &Setup, askers: &[String], gateway: &Process) -> Result<f64, Failure> {
    say(&format!("approvals: {PENDING} holds that wait"));
    let mut clients = Vec::new();
    for number in 0..AT_ONCE {
        let token = askers.get(number % askers.len()).ok_or("nobody asks")?;
        clients.push(Client::connect((setup, setup.approvals), token).await?);
    }
    // The first of each is not counted: connections have grown to what they need.
    let asking = clients.iter_mut().enumerate();
    try_join_all(
        asking.map(async |(number, client)| ask(client, &format!("first-{number}")).await),
    )
    .await?;
    let before = gateway.resident_kib()?;
    let asking = clients.iter_mut().enumerate().map(async |(number, client)| {
        for turn in (AT_ONCE..PENDING).step_by(AT_ONCE) {
            ask(client, &format!("held-{number}-{turn}")).await?;
        }
        Ok::<_, Failure>(())
    });
    try_join_all(asking).await?;
    let count = u32::try_from(PENDING - AT_ONCE)?;
    Ok((gateway.resident_kib()? - before) / f64::from(count))
}

/// How long lists take that the inbox and the page begin with.
async fn lists(setup: &Setup, rounds: usize, table: &mut Table) -> Result<(), Failure> {
    let mut client = Client::connect((setup, setup.approvals), &setup.token).await?;
    for (what, path) in [
        ("(r) the page's list of 1,000 that wait", "/v1/holds?state=pending&limit=1000"),
        ("(r) the page's list of 10,000 settled", "/v1/holds?state=settled&limit=50"),
        ("(r) `kguard requests`", "/v1/holds"),
    ] {
        let mut took = Vec::new();
        for _ in 0..=rounds {
            let start = Instant::now();
            read(&mut client, path).await?;
            took.push(milliseconds(start));
        }
        add(table, (what, "ms"), (took.split_off(1), ANSWER_MS, rounds));
    }
    let mut took = Vec::new();
    for _ in 0..=rounds {
        took.push(inbox(setup).await?);
    }
    add(table, ("(r) an inbox with 1,000 that wait", "ms"), (took.split_off(1), ANSWER_MS, rounds));
    Ok(())
}

/// Milliseconds until an approver who connects has been told of all that wait.
async fn inbox(setup: &Setup) -> Result<f64, Failure> {
    let start = Instant::now();
    let mut client = Client::connect((setup, setup.approvals), &setup.token).await?;
    let mut inbox = client.send(Method::GET, "/v1/inbox", "").await?.into_body();
    let mut lines = 0;
    while lines < PENDING {
        let frame = tokio::time::timeout(Duration::from_secs(20), inbox.frame()).await;
        let frame = frame.map_err(|_| format!("{lines} of {PENDING} came"))?;
        let data = frame.ok_or("the inbox has ended")??.into_data().unwrap_or_default();
        lines += data.windows(17).filter(|at| *at == br#""state":"pending""#).count();
    }
    Ok(milliseconds(start))
}
