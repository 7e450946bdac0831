//! What goes on for long costs no more memory than what is short: a copy of 10 GB, and a log that is
//! followed while hundreds of megabytes are written to it.

use std::time::Instant;

use http::Method;
use http_body_util::BodyExt as _;

use crate::client::Client;
use crate::lists::GROWTH_MIB;
use crate::process::{Process, Watched};
use crate::setup::Setup;
use crate::table::{Limit, Row, Table, say};
use crate::terminal::{POD, Pod, Terminal};
use crate::{Failure, Options};

const COPIED_BYTES: usize = 10_000_000_000;
/// By then there is what every copy needs.
const FIRST_BYTES: usize = 1_000_000_000;
/// The same of a log.
const FIRST_OF_LOG_BYTES: usize = 50_000_000;
/// It takes no room on the disk.
const MAKE_FILE: &str = "mkdir -p /data/big && truncate -s 10000000000 /data/big/file && echo made";

/// Written to the pod's own log, 10 MB each half second.
const TALK: &str = "for i in $(seq 60); do \
    yes '2026-11-25T12:00:00.123Z INFO shop::cart user=4711 path=/cart/items status=200 took=12ms' \
    | head -c 10000000 > /proc/1/fd/1; sleep 0.5; done; echo said";
/// The kubelet rotates what nobody has read yet, so that some of it may be missing.
const FOLLOWED_BYTES: usize = 300_000_000;

pub(crate) async fn measure(
    setup: &Setup,
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    let direct = Pod::direct(options)?;
    direct.exec(&["sh", "-c", MAKE_FILE], Terminal::No).await?.read_out().await?;
    let gateway = setup.start_streams().await?;
    let pod = Pod::behind(setup, setup.streams, options)?;
    // So that what is needed once is there before.
    pod.exec(&["tar", "cf", "-", "etc"], Terminal::No).await?.read_out().await?;
    let theirs = || vec![GROWTH_MIB];
    let (unit, peer, limit) = ("MiB", "limit", Limit::AtMost(1.0));
    say("copying 10 GB");
    let (all, later) = copy(&pod, &gateway).await?;
    let what = "(u) memory while 10 GB are copied";
    table.add(Row { what, unit, ours: vec![all], peer, theirs: theirs(), limit });
    let (what, ours) = ("    of that, after the first GB", vec![later]);
    table.add(Row { what, unit, ours, peer: "all", theirs: vec![all], limit: Limit::None });
    say("following a log");
    let (all, later) = follow(setup, options, (&direct, &gateway)).await?;
    let what = "(u) memory while a log is followed";
    table.add(Row { what, unit, ours: vec![all], peer, theirs: theirs(), limit });
    let (what, ours) = ("    of that, after the first 50 MB", vec![later]);
    table.add(Row { what, unit, ours, peer: "all", theirs: vec![all], limit: Limit::None });
    Ok(())
}

/// By how many MiB the gateway grows, in all and after the first gigabyte.
async fn copy(pod: &Pod, gateway: &Process) -> Result<(f64, f64), Failure> {
    let mut watched = Watched::new(gateway)?;
    let mut first = None;
    let mut copy = pod.exec(&["tar", "cf", "-", "data/big"], Terminal::No).await?;
    let (start, mut length) = (Instant::now(), 0);
    while let Some(said) = copy.output().await? {
        length += said.len();
        watched.sample()?;
        if length > FIRST_BYTES {
            first.get_or_insert_with(|| watched.grown_mib());
        }
    }
    if length < COPIED_BYTES {
        return Err(format!("only {length} bytes came").into());
    }
    say(&format!("it took {:.0} s", start.elapsed().as_secs_f64()));
    let all = watched.grown_mib();
    Ok((all, all - first.unwrap_or_default()))
}

/// The same, after the first 50 MB.
async fn follow(
    setup: &Setup,
    options: &Options,
    (direct, gateway): (&Pod, &Process),
) -> Result<(f64, f64), Failure> {
    let mut client = Client::connect((setup, setup.streams), &setup.token).await?;
    let path = format!(
        "/clusters/real/api/v1/namespaces/{}/pods/{POD}/log?follow=true&tailLines=0",
        options.namespace
    );
    let response = client.send(Method::GET, &path, "").await?;
    if !response.status().is_success() {
        return Err(format!("no log: {}", response.status()).into());
    }
    let mut body = response.into_body();
    let mut talking = direct.exec(&["sh", "-c", TALK], Terminal::No).await?;
    let mut watched = Watched::new(gateway)?;
    let (mut first, mut length) = (None, 0);
    loop {
        tokio::select! {
            frame = body.frame() => {
                let frame = frame.ok_or("the log has ended")??;
                length += frame.into_data().map_or(0, |data| data.len());
                watched.sample()?;
                if length > FIRST_OF_LOG_BYTES {
                    first.get_or_insert_with(|| watched.grown_mib());
                }
            }
            said = talking.output() => {
                if said?.is_none_or(|said| said.starts_with(b"said")) {
                    break;
                }
            }
        }
    }
    if length < FOLLOWED_BYTES {
        return Err(format!("only {length} bytes of the log came").into());
    }
    say(&format!("{} MB of the log came", length / 1_000_000));
    let all = watched.grown_mib();
    Ok((all, all - first.unwrap_or_default()))
}
