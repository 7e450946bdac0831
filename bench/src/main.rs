//! Measures kguard against its peers, all in one run, and prints one table. `bench/README.md` says
//! what and how; `bench/run.sh` provides everything that this needs.

mod api_server;
mod approvals;
mod client;
mod effects;
mod far;
mod kubeconfig;
mod kubectl;
mod link;
mod lists;
mod load;
mod long;
mod masking;
mod policies;
mod process;
mod proxies;
mod setup;
mod streams;
mod table;
mod terminal;
mod text;
mod trail;
mod tunnel;
mod watching;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::setup::Setup;
use crate::table::Table;

/// Anything that ends a run; there is nobody to tell errors apart.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Where the proxies run, and where the load and the API server.
const PROXY_CPU: usize = 0;
const LOAD_CPU: usize = 1;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure
    Run(Options),
    /// Be the API server
    Serve {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        cert: PathBuf,
        #[arg(long)]
        key: PathBuf,
    },
}

/// What to measure, with what.
#[derive(Args)]
struct Options {
    /// Measurements; all by default
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Measure>,
    /// Interleaved rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// A folder for state, on the file system that a trail would be on
    #[arg(long)]
    folder: PathBuf,
    /// The `kguard-gateway` to measure
    #[arg(long)]
    gateway: PathBuf,
    /// The `kguard` to measure
    #[arg(long)]
    client: PathBuf,
    #[arg(long)]
    kubectl: PathBuf,
    /// For kubectl without kguard
    #[arg(long)]
    kubeconfig: PathBuf,
    /// For the gateway
    #[arg(long)]
    gateway_kubeconfig: PathBuf,
    /// Who signed the token
    #[arg(long)]
    issuer: String,
    #[arg(long)]
    issuer_ca: PathBuf,
    /// A token of a service account that may read pods
    #[arg(long, env = "KGUARD_TOKEN", hide_env_values = true)]
    token: String,
    #[arg(long)]
    namespace: String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    Kubectl,
    Throughput,
    Latency,
    Watches,
    Trail,
    Policies,
    Masking,
    Text,
    Lists,
    Streams,
    Sessions,
    Watching,
    Far,
    Long,
    Effects,
    Approvals,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Never set before: this is the first thing that the process does.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let result = match Cli::parse().command {
        Command::Serve { listen, cert, key } => api_server::serve(listen, &cert, &key).await,
        Command::Run(options) => tokio::select! {
            result = run(&options) => result,
            // Dropping the run ends what it has started.
            _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            table::say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Failure> {
    let wanted = |measure| options.only.is_empty() || options.only.contains(&measure);
    let setup = Setup::make(options)?;
    let mut table = Table::default();
    // What follows may use all cores, as it would at a user's.
    if wanted(Measure::Kubectl) {
        kubectl::measure(&setup, options, &mut table).await?;
    }
    if wanted(Measure::Trail) {
        trail::measure(&setup, options.rounds, &mut table).await?;
    }
    if wanted(Measure::Streams) {
        Box::pin(streams::measure(&setup, options, &mut table)).await?;
    }
    if wanted(Measure::Sessions) {
        Box::pin(streams::measure_sessions(&setup, options, &mut table)).await?;
    }
    if wanted(Measure::Watching) {
        Box::pin(watching::measure(&setup, options, &mut table)).await?;
    }
    if wanted(Measure::Far) {
        Box::pin(far::measure(&setup, options, &mut table)).await?;
    }
    if wanted(Measure::Long) {
        Box::pin(long::measure(&setup, options, &mut table)).await?;
    }
    if wanted(Measure::Effects) {
        Box::pin(effects::measure(&setup, options, &mut table)).await?;
    }
    if wanted(Measure::Approvals) {
        Box::pin(approvals::measure(&setup, options, &mut table)).await?;
    }
    process::pin(LOAD_CPU)?;
    if wanted(Measure::Policies) {
        policies::measure(options.rounds, &mut table)?;
    }
    if wanted(Measure::Masking) {
        masking::measure(&options.folder, options.rounds, &mut table)?;
    }
    if wanted(Measure::Text) {
        text::measure(options.rounds, &mut table)?;
    }
    if wanted(Measure::Throughput) {
        proxies::throughput(&setup, options.rounds, &mut table).await?;
    }
    if wanted(Measure::Lists) {
        lists::measure(&setup, options.rounds, &mut table).await?;
    }
    if wanted(Measure::Latency) {
        proxies::latency(&setup, options.rounds, &mut table).await?;
    }
    if wanted(Measure::Watches) {
        proxies::watches(&setup, options.rounds, &mut table).await?;
    }
    table.print()
}
