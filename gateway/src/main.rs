//! `kguard-gateway`: one way in to Kubernetes API servers.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use kguard_gateway::config::Config;
use kguard_gateway::dev::{self, Welcome};
use kguard_gateway::policies::Mode;
use kguard_gateway::run;
use tracing_subscriber::EnvFilter;

/// A request is some hundred small allocations; the C library's allocator takes twice as long.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The gateway of kguard: decides, masks, holds and records every Kubernetes request
#[derive(Parser)]
#[command(name = "kguard-gateway", version)]
struct Cli {
    /// How log lines look
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// What is logged, e.g. `info` or `kguard_gateway=debug`
    #[arg(long, global = true, env = "KGUARD_LOG", default_value = "info")]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// For machines: one JSON object a line
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Run a gateway as its configuration file describes it
    Serve {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Try kguard on this machine with nothing but a kubeconfig
    ///
    /// Listens on loopback with a certificate of its own, the starter policies and two local
    /// users: alice, who works, and bob, who approves. Prints how to log in.
    Dev(DevArgs),
}

#[derive(Args)]
struct DevArgs {
    /// The kubeconfig [default: $KUBECONFIG or ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context [default: the current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Where to listen; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7443")]
    listen: SocketAddr,
    /// Where to keep trail, keys and passwords [default: the user's data folder]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// A folder or file of policies, or pack:NAME, instead of the starter pack
    #[arg(long, value_name = "PATH")]
    policies: Option<PathBuf>,
    /// Let everything through, and record what the policies would have decided
    #[arg(long)]
    observe: bool,
}

type Failure = Box<dyn std::error::Error>;

/// What accepts connections and does what belongs to none; the workers serve them.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(&cli);
    // Never set before: this is the first thing that the process does with TLS.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let result = match cli.command {
        Command::Serve { config } => serve(config).await,
        Command::Dev(args) => try_out(args).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = format!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                let _ = write!(text, ": {cause}");
                source = cause.source();
            }
            let _ = writeln!(std::io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(cli: &Cli) {
    let filter = EnvFilter::try_new(&cli.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    match cli.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

async fn serve(config: PathBuf) -> Result<(), Failure> {
    let setup = run::from_config(Config::read(&config)?).await?;
    run::start(setup).await?.run(stop_signal()).await;
    Ok(())
}

async fn try_out(args: DevArgs) -> Result<(), Failure> {
    let home = directories::BaseDirs::new();
    let home = home.as_ref().ok_or("there is no home folder; give --kubeconfig and --state-dir")?;
    let options = dev::Options {
        kubeconfig: args
            .kubeconfig
            .or_else(kubeconfig_of_environment)
            .unwrap_or_else(|| home.home_dir().join(".kube").join("config")),
        context: args.context,
        listen: args.listen,
        state_dir: args.state_dir.unwrap_or_else(|| home.data_dir().join("kguard-gateway")),
        policies: args.policies,
        policy_mode: if args.observe { Mode::Observe } else { Mode::Enforce },
    };
    let (setup, welcome) = dev::setup(options).await?;
    let started = run::start(setup).await?;
    writeln!(std::io::stderr(), "{}", greeting(&welcome))?;
    started.run(stop_signal()).await;
    Ok(())
}

/// The first file of `KUBECONFIG`; a gateway guards one cluster of one file here.
fn kubeconfig_of_environment() -> Option<PathBuf> {
    let paths = std::env::var_os("KUBECONFIG")?;
    std::env::split_paths(&paths).find(|path| !path.as_os_str().is_empty())
}

fn greeting(welcome: &Welcome) -> String {
    let Welcome { url, ca_file, cluster, users, state_dir } = welcome;
    let (ca_file, state_dir) = (ca_file.display(), state_dir.display());
    let mut text = format!(
        "kguard guards cluster `{cluster}` at {url}\n\n  kguard login --gateway {url} --ca {ca_file}\n  kguard kubectl get pods\n\nThe page for approvers is {url}/ui/\n\nLog in as\n"
    );
    for user in users {
        let (name, password) = (&user.name, user.password.expose());
        let groups = user.groups.join(", ");
        let _ = writeln!(text, "  {name:<6} password {password}   groups {groups}");
    }
    let _ = write!(
        text,
        "alice works; bob also approves what policies hold (`kguard approve`, or on the page).\nIn the cluster both may do whatever its administrators may (group system:masters).\nPolicies name them as here, without a prefix: user:bob, group:sre.\n\nThe trail, keys and passwords are in {state_dir}\n"
    );
    text
}

/// Resolves when the process is asked to stop.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
    }
}
