//! What a person runs: kubectl, with and without kguard in front.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use tokio::process::Command;

use crate::setup::Setup;
use crate::table::{Limit, Row, Table, median, say};
use crate::{Failure, Options};

/// Runs of each, in turn, for one figure of a round.
const RUNS: usize = 8;

/// Wall time of `kubectl get pods` both ways, against the real API server.
pub(crate) async fn measure(
    setup: &Setup,
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    let _gateway = setup.start_gateway(None).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        say(&format!("kubectl, round {round} of {} (0 warms up)", options.rounds));
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let get = ["get", "pods", "-n", &options.namespace];
            with.push(millis(through(setup, setup.gateway, options).args(get)).await?);
            without.push(millis(direct(setup, options).args(get)).await?);
        }
        if round > 0 {
            ours.push(median(&with));
            theirs.push(median(&without));
        }
    }
    table.add(Row {
        what: "(a) kguard kubectl get pods, wall",
        unit: "ms",
        ours,
        peer: "kubectl",
        theirs,
        limit: Limit::AtMost(1.30),
    });
    Ok(())
}

/// `kguard kubectl` by way of a gateway.
pub(crate) fn through(setup: &Setup, gateway: SocketAddr, options: &Options) -> Command {
    let mut command = command(setup, &options.client);
    command
        .env("KGUARD_HOME", setup.folder.join("home/kguard"))
        .env("KGUARD_GATEWAY", format!("https://{gateway}"))
        .env("KGUARD_CA_FILE", setup.folder.join("ca.pem"))
        .env("KGUARD_CLUSTER", "real")
        .env("KGUARD_TOKEN", &setup.token)
        .env("KGUARD_KUBECTL", &options.kubectl)
        .arg("kubectl");
    command
}

fn direct(setup: &Setup, options: &Options) -> Command {
    let mut command = command(setup, &options.kubectl);
    command.env("KUBECONFIG", &options.kubeconfig);
    command
}

fn command(setup: &Setup, program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", setup.folder.join("home"))
        .kill_on_drop(true);
    command
}

async fn millis(command: &mut Command) -> Result<f64, Failure> {
    let start = Instant::now();
    let output = command.output().await?;
    let took = start.elapsed();
    if !output.status.success() || !output.stdout.starts_with(b"NAME") {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(took.as_secs_f64() * 1e3)
}
