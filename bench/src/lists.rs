//! Lists through the gateway: what masking costs where it masks nothing, and what a list of Secrets
//! of 100 MB takes while it passes.

use std::time::Instant;

use http_body_util::BodyExt as _;

use crate::api_server::{NODES_PATH, SECRETS_PATH};
use crate::load::Target;
use crate::masking::LIST_BYTES;
use crate::process::{Process, Watched};
use crate::proxies::per_cpu_second;
use crate::setup::Setup;
use crate::table::{Limit, Row, Table, milliseconds, say};
use crate::{Failure, PROXY_CPU};

/// By how much the gateway may grow while something big passes, or something long.
pub(crate) const GROWTH_MIB: f64 = 16.0;

pub(crate) async fn measure(
    setup: &Setup,
    rounds: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    let _api_server = setup.start_api_server().await?;
    let gateway = setup.start_gateway(Some(PROXY_CPU)).await?;
    let unmasking = setup.start_unmasking(Some(PROXY_CPU)).await?;
    let tls = setup.connector()?;
    let at = |address, path| Target {
        address,
        path: format!("/clusters/fast{path}"),
        token: setup.token.clone(),
        tls: tls.clone(),
    };
    let (nodes, nodes_unmasked) = (at(setup.gateway, NODES_PATH), at(setup.unmasking, NODES_PATH));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        say(&format!("nodes, round {round} of {rounds} (0 warms up)"));
        let pair = (
            per_cpu_second(&gateway, &nodes).await?,
            per_cpu_second(&unmasking, &nodes_unmasked).await?,
        );
        if round > 0 {
            ours.push(pair.0);
            theirs.push(pair.1);
        }
    }
    let what = "(i) lists of 64 KB, nothing to mask";
    let limit = Limit::AtLeast(0.98);
    table.add(Row { what, unit: "1/s", ours, peer: "without masks", theirs, limit });
    drop(unmasking);
    let secrets = at(setup.gateway, SECRETS_PATH);
    let mut passed = Vec::new();
    for round in 0..=rounds {
        say(&format!("100 MB, round {round} of {rounds} (0 warms up)"));
        let one = pass(&gateway, &secrets).await?;
        passed.extend((round > 0).then_some(one));
    }
    let grown = passed.iter().map(|passed| passed.grown_mib).collect();
    let what = "(h) memory while the 100 MB pass";
    let limit = Limit::AtMost(1.0);
    let theirs = vec![GROWTH_MIB; rounds];
    table.add(Row { what, unit: "MiB", ours: grown, peer: "limit", theirs, limit });
    let first = passed.iter().map(|passed| passed.first_ms).collect();
    let whole = passed.iter().map(|passed| passed.whole_ms).collect();
    let what = "(h) first of the 100 MB";
    table.add(Row { what, unit: "ms", ours: first, peer: "all of them", theirs: whole, limit });
    Ok(())
}

/// What it took to pass the list once.
struct Passed {
    /// By how much the gateway's memory grew, at most.
    grown_mib: f64,
    /// Until the first item was here.
    first_ms: f64,
    /// Until all of it was.
    whole_ms: f64,
}

async fn pass(gateway: &Process, target: &Target) -> Result<Passed, Failure> {
    let mut connection = target.connect().await?;
    let mut watched = Watched::new(gateway)?;
    let start = Instant::now();
    let mut body = connection.send().await?.into_body();
    let (mut first_ms, mut length) = (None, 0);
    while let Some(frame) = body.frame().await {
        length += frame?.into_data().map_or(0, |data| data.len());
        first_ms.get_or_insert_with(|| milliseconds(start));
        watched.sample()?;
    }
    // What is masked is shorter.
    if length < LIST_BYTES / 8 {
        return Err(format!("only {length} bytes of the list came").into());
    }
    let whole_ms = milliseconds(start);
    let first_ms = first_ms.ok_or("nothing came")?;
    Ok(Passed { grown_mib: watched.grown_mib(), first_ms, whole_ms })
}
