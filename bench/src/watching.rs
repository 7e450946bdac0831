//! How far whoever watches a session is behind the one who is in it.

use std::time::{Duration, Instant};

use http::Method;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use kguard::api::RunningStream;

use crate::client::Client;
use crate::setup::Setup;
use crate::streams::typist;
use crate::table::{Limit, Row, Table, percentile, say};
use crate::terminal::Pod;
use crate::{Failure, Options};

const LETTERS: usize = 100;
/// Slower than recordings are written, so that each letter is written by itself.
const PAUSE: Duration = Duration::from_millis(100);
const LIMIT_MS: f64 = 200.0;

pub(crate) async fn measure(
    setup: &Setup,
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    let pod = Pod::behind(setup, setup.streams, options)?;
    let _gateway = setup.start_streams().await?;
    let mut lags = Vec::new();
    for round in 0..=options.rounds {
        say(&format!("watching, round {round} of {} (0 warms up)", options.rounds));
        let mut lag = lag(setup, &pod).await?;
        if round > 0 {
            lags.push(percentile(&mut lag, 99));
        }
    }
    let (what, limit) = ("(v) a watcher behind the session, p99", Limit::AtMost(1.0));
    let (ours, theirs) = (lags, vec![LIMIT_MS; options.rounds]);
    table.add(Row { what, unit: "ms", ours, peer: "limit", theirs, limit });
    Ok(())
}

/// For each letter the milliseconds from when it came back to the one who typed it until the watcher had
/// it.
async fn lag(setup: &Setup, pod: &Pod) -> Result<Vec<f64>, Failure> {
    let mut session = typist(pod).await?;
    let mut client = Client::connect((setup, setup.streams), &setup.token).await?;
    let listed = client.send(Method::GET, "/v1/streams", "").await?.into_body();
    let running: Vec<RunningStream> = serde_json::from_slice(&listed.collect().await?.to_bytes())?;
    let newest = running.iter().max_by_key(|stream| stream.id).ok_or("no session is listed")?;
    let path = format!("/v1/streams/{}/recording", newest.id);
    let mut followed = client.send(Method::GET, &path, "").await?.into_body();
    until(&mut followed, "ready").await?;
    let mut lags = Vec::new();
    for number in 0..LETTERS {
        tokio::time::sleep(PAUSE).await;
        // None of them is in a line's time or code.
        let letter = char::from(if number % 2 == 0 { b'X' } else { b'Y' });
        session.send(letter.to_string().as_bytes()).await?;
        session.output().await?.ok_or("the session has ended")?;
        let start = Instant::now();
        until(&mut followed, &letter.to_string()).await?;
        lags.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(lags)
}

/// Reads on until a text has come.
async fn until(followed: &mut Incoming, text: &str) -> Result<(), Failure> {
    let mut seen = Vec::new();
    while !seen.windows(text.len()).any(|at| at == text.as_bytes()) {
        let frame = followed.frame().await.ok_or("the recording has ended")??;
        seen.extend_from_slice(&frame.into_data().unwrap_or_default());
    }
    Ok(())
}
