//! What somebody notices who is far away from the gateway: how late his keystrokes come back while
//! something big comes through the same tunnel.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, HOST};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::handshake;
use tokio::task::{LocalSet, spawn_local};

use crate::api_server::SECRETS_PATH;
use crate::link::{Link, ROUND_TRIP_MS};
use crate::setup::Setup;
use crate::streams::{TYPED, typist};
use crate::table::{Limit, Row, Table, milliseconds, percentile, say};
use crate::terminal::Pod;
use crate::tunnel::Tunnel;
use crate::{Failure, Options};

const KEYSTROKES: usize = 300;
/// What may come on top of a round trip.
const ADDED_MS: f64 = 40.0;

pub(crate) async fn measure(
    setup: &Setup,
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    let _api_server = setup.start_api_server().await?;
    let _gateway = setup.start_streams().await?;
    let link = Link::to(setup.streams)?;
    let tunnel = Rc::new(Tunnel::open(setup, link.address).await?);
    let (mut beside, mut alone) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        say(&format!("far away, round {round} of {} (0 warms up)", options.rounds));
        let pod = Pod::inside(Rc::clone(&tunnel), options);
        let quiet = echo(&pod).await?;
        let both = LocalSet::new().run_until(echo_beside_lists(&pod, &tunnel)).await?;
        if round > 0 {
            alone.push(quiet);
            beside.push(both);
        }
    }
    let theirs = |ms| vec![ms; options.rounds];
    let (what, limit) = ("    echo's p99 over 100 Mbit/s, 50 ms", Limit::None);
    let peer = "round trip";
    table.add(Row { what, unit: "ms", ours: alone, peer, theirs: theirs(ROUND_TRIP_MS), limit });
    let (what, limit) = ("(t) the same while lists of 100 MB come", Limit::AtMost(1.0));
    let most = theirs(ROUND_TRIP_MS + ADDED_MS);
    table.add(Row { what, unit: "ms", ours: beside, peer: "limit", theirs: most, limit });
    Ok(())
}

/// The p99 of keystrokes, each typed when the one before has come back.
async fn echo(pod: &Pod) -> Result<f64, Failure> {
    let mut session = typist(pod).await?;
    let mut took = Vec::with_capacity(KEYSTROKES);
    for key in TYPED.iter().cycle().take(KEYSTROKES) {
        let start = Instant::now();
        session.send(&[*key]).await?;
        session.output().await?.ok_or("the session has ended")?;
        took.push(milliseconds(start));
    }
    Ok(percentile(&mut took, 99))
}

/// The same, while one list after the other comes.
async fn echo_beside_lists(pod: &Pod, tunnel: &Rc<Tunnel>) -> Result<f64, Failure> {
    let bytes = Rc::new(Cell::new(0));
    let (listing, counted) = (Rc::clone(tunnel), Rc::clone(&bytes));
    let lists = spawn_local(async move {
        loop {
            list(&listing, &counted).await?;
        }
    });
    while bytes.get() == 0 {
        if lists.is_finished() {
            return lists.await?;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let (start, before) = (Instant::now(), bytes.get());
    let took = echo(pod).await?;
    let seconds = start.elapsed().as_secs_f64();
    lists.abort();
    let rate = f64::from(u32::try_from(bytes.get() - before)?) / seconds / 1e6;
    say(&format!("{rate:.1} MB/s of lists meanwhile"));
    // Less, and something else than the link would be measured.
    if rate < 6.0 { Err("the lists do not fill the link".into()) } else { Ok(took) }
}

async fn list(tunnel: &Tunnel, counted: &Cell<usize>) -> Result<(), Failure> {
    let stream = tunnel.stream("fast").await?.into_inner();
    let (mut sender, connection) = handshake(stream).await?;
    tokio::spawn(connection);
    let request = Request::get(SECRETS_PATH)
        .header(HOST, "fast")
        .header(ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())?;
    let mut body = sender.send_request(request).await?.into_body();
    while let Some(frame) = body.frame().await {
        let length = frame?.into_data().map_or(0, |data| data.len());
        counted.set(counted.get() + length);
    }
    Ok(())
}
