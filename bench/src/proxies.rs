//! The gateway against nginx: throughput for each core, added latency, memory of idle watches.

use std::time::Duration;

use crate::load::Target;
use crate::process::Process;
use crate::setup::Setup;
use crate::table::{Limit, Row, Table, median, say};
use crate::{Failure, PROXY_CPU};

const POD: &str = "/api/v1/namespaces/shop/pods/web-0";
const WATCH: &str = "/api/v1/namespaces/shop/pods?watch=true";

const CONNECTIONS: usize = 64;
const THROUGHPUT_TIME: Duration = Duration::from_secs(3);
/// 250 a second.
const EVERY: Duration = Duration::from_millis(4);
const LATENCY_TIME: Duration = Duration::from_secs(3);
const WATCHES: u32 = 1000;
const AT_ONCE: u32 = 50;

/// The same path, behind each of the three.
struct Targets {
    direct: Target,
    gateway: Target,
    nginx: Target,
}

impl Targets {
    fn new(setup: &Setup, cluster: &str, path: &str) -> Result<Self, Failure> {
        let tls = setup.connector()?;
        let at =
            |address, path| Target { address, path, token: setup.token.clone(), tls: tls.clone() };
        let base = if cluster == "slow" { "/slow" } else { "" };
        Ok(Self {
            direct: at(setup.api_server, format!("{base}{path}")),
            gateway: at(setup.gateway, format!("/clusters/{cluster}{path}")),
            nginx: at(setup.nginx, format!("{base}{path}")),
        })
    }
}

/// Requests per second and core.
pub(crate) async fn throughput(
    setup: &Setup,
    rounds: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    let _api_server = setup.start_api_server().await?;
    let gateway = setup.start_gateway(Some(PROXY_CPU)).await?;
    let nginx = setup.start_nginx(Some(PROXY_CPU)).await?;
    let targets = Targets::new(setup, "fast", POD)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        say(&format!("throughput, round {round} of {rounds} (0 warms up)"));
        let pair = (
            per_cpu_second(&gateway, &targets.gateway).await?,
            per_cpu_second(&nginx, &targets.nginx).await?,
        );
        if round > 0 {
            ours.push(pair.0);
            theirs.push(pair.1);
        }
    }
    table.add(Row {
        what: "(b) requests per core, 64 connections",
        unit: "1/s",
        ours,
        peer: "nginx",
        theirs,
        limit: Limit::AtLeast(0.40),
    });
    Ok(())
}

/// Answers for each second that the proxy computes.
pub(crate) async fn per_cpu_second(proxy: &Process, target: &Target) -> Result<f64, Failure> {
    let before = proxy.cpu_seconds()?;
    let answers = target.closed(CONNECTIONS, THROUGHPUT_TIME).await?;
    let answers = f64::from(u32::try_from(answers)?);
    Ok(answers / (proxy.cpu_seconds()? - before))
}

/// What a request takes longer than without a proxy, at a rate that nobody is busy with.
pub(crate) async fn latency(
    setup: &Setup,
    rounds: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    let _api_server = setup.start_api_server().await?;
    let _gateway = setup.start_gateway(Some(PROXY_CPU)).await?;
    let _nginx = setup.start_nginx(Some(PROXY_CPU)).await?;
    let kinds = [
        ("slow", "(c) added p50 at 250/s, server takes 2 ms", Limit::AtMost(4.0)),
        ("fast", "    added p50 at 250/s, server takes 0 ms", Limit::None),
    ];
    for (cluster, what, limit) in kinds {
        let targets = Targets::new(setup, cluster, POD)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            say(&format!("latency, {cluster} server, round {round} of {rounds} (0 warms up)"));
            let direct = p50_micros(&targets.direct).await?;
            let pair = (p50_micros(&targets.gateway).await?, p50_micros(&targets.nginx).await?);
            if round > 0 {
                ours.push(pair.0 - direct);
                theirs.push(pair.1 - direct);
            }
        }
        table.add(Row { what, unit: "µs", ours, peer: "nginx", theirs, limit });
    }
    Ok(())
}

async fn p50_micros(target: &Target) -> Result<f64, Failure> {
    let took = target.open(EVERY, LATENCY_TIME).await?;
    Ok(median(&took.iter().map(|took| took.as_secs_f64() * 1e6).collect::<Vec<_>>()))
}

/// Resident memory of a watch in which nothing happens.
pub(crate) async fn watches(
    setup: &Setup,
    rounds: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    let _api_server = setup.start_api_server().await?;
    let targets = Targets::new(setup, "fast", WATCH)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        say(&format!("watches, round {round} of {rounds}"));
        let gateway = setup.start_gateway(Some(PROXY_CPU)).await?;
        ours.push(kib_per_watch(&gateway, &targets.gateway).await?);
        gateway.stop().await?;
        let nginx = setup.start_nginx(Some(PROXY_CPU)).await?;
        theirs.push(kib_per_watch(&nginx, &targets.nginx).await?);
        nginx.stop().await?;
    }
    table.add(Row {
        what: "(d) memory per idle watch, 1,000 watches",
        unit: "KiB",
        ours,
        peer: "nginx",
        theirs,
        limit: Limit::AtMost(0.75),
    });
    Ok(())
}

async fn kib_per_watch(proxy: &Process, target: &Target) -> Result<f64, Failure> {
    // So that what is needed once is there before.
    let mut first = target.connect().await?;
    let _first = first.send().await?;
    let before = proxy.resident_kib()?;
    let mut open = Vec::new();
    // Many at once: an entry each has to be on disk before a watch begins.
    for _ in 0..WATCHES / AT_ONCE {
        let opening = (0..AT_ONCE).map(|_| async {
            let mut connection = target.connect().await?;
            let response = connection.send().await?;
            Ok::<_, Failure>((connection, response))
        });
        open.extend(futures_util::future::try_join_all(opening).await?);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok((proxy.resident_kib()? - before) / f64::from(WATCHES))
}
