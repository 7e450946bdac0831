//! `kguard env`: a shell whose kubectl goes through a proxy in the background, one per user and
//! gateway, started by the first shell and used by all.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::args::{EnvArgs, EnvShell};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::files::{self, FileError};
use crate::gateway::Gateway;
use crate::output;

/// More than the line that the proxy announces itself with.
const MAX_ANNOUNCEMENT_BYTES: u64 = 16 << 10;

/// How long a proxy may take to be ready that another shell has started, and how often to look.
const START_PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The proxy in the background, as its files show it.
pub(super) struct Background {
    state: PathBuf,
    lock: PathBuf,
    log: PathBuf,
    gateway: Gateway,
}

/// What the proxy says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    pid: u32,
    kubeconfig: PathBuf,
}

pub(super) async fn run(context: &Context, args: &EnvArgs) -> Result<(), Failure> {
    let background = Background::of(context)?;
    if args.stop {
        background.stop().await?;
        return output::text(match args.shell {
            EnvShell::Posix => "unset KUBECONFIG\n",
            EnvShell::Fish => "set -e KUBECONFIG\n",
            EnvShell::Powershell => "Remove-Item Env:KUBECONFIG\n",
        });
    }
    let state = background.found_or_started(context).await?;
    let kubeconfig = state.kubeconfig.to_string_lossy();
    output::text(&match args.shell {
        EnvShell::Posix => format!("export KUBECONFIG='{}'\n", kubeconfig.replace('\'', r"'\''")),
        EnvShell::Fish => format!("set -gx KUBECONFIG '{}'\n", kubeconfig.replace('\'', r"\'")),
        EnvShell::Powershell => {
            format!("$env:KUBECONFIG = '{}'\n", kubeconfig.replace('\'', "''"))
        }
    })
}

impl Background {
    pub(super) fn of(context: &Context) -> Result<Self, Failure> {
        let gateway = context.gateway()?;
        let file =
            |kind| context.folders.runtime.join(format!("background-{}.{kind}", gateway.label()));
        Ok(Self { state: file("json"), lock: file("lock"), log: file("log"), gateway })
    }

    /// Whoever holds the lock is the proxy; none if there is one already.
    pub(super) fn lock(&self) -> Result<Option<File>, FileError> {
        let file = files::open_lock(&self.lock)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => {
                Err(FileError::Lock { path: self.lock.clone(), source })
            }
        }
    }

    /// Tells the world, and the `kguard env` that waits for it, that the proxy is ready.
    pub(super) fn announce(&self, kubeconfig: &Path) -> Result<(), Failure> {
        let state = State { pid: std::process::id(), kubeconfig: kubeconfig.to_owned() };
        let line = serde_json::to_string(&state)?;
        files::write_private(&self.state, line.as_bytes())?;
        output::text(&format!("{line}\n"))
    }

    pub(super) fn withdraw(&self) -> Result<(), Failure> {
        Ok(files::remove(&self.state)?)
    }

    fn running(&self) -> Result<Option<State>, Failure> {
        if self.lock()?.is_some() {
            return Ok(None);
        }
        let state = files::read_optional(&self.state)?;
        Ok(state.and_then(|state| serde_json::from_slice(&state).ok()))
    }

    /// The proxy that runs, or a new one. Of many shells that start at once one is first; the
    /// others find the lock taken, and nothing announced yet.
    async fn found_or_started(&self, context: &Context) -> Result<State, Failure> {
        let deadline = tokio::time::Instant::now() + START_PATIENCE;
        loop {
            if let Some(state) = self.running()? {
                return Ok(state);
            }
            if let Some(state) = self.start(context).await? {
                return Ok(state);
            }
            if tokio::time::Instant::now() > deadline {
                return Err(Failure::new(
                    Kind::Other,
                    "another proxy is starting, and never ready",
                ));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Starts the proxy, detached from this terminal, and waits until it is ready; none if there
    /// is another one.
    async fn start(&self, context: &Context) -> Result<Option<State>, Failure> {
        files::write_private(&self.log, b"")?;
        let log = File::options().append(true).open(&self.log)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["proxy", "--background", "--gateway", &self.gateway.to_string()]);
        if let Some(cluster) = &context.common.cluster {
            command.args(["--cluster", cluster]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        // Ctrl-C in this terminal is not meant for it.
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(windows)]
        command.creation_flags(0x0000_0008); // DETACHED_PROCESS
        let mut proxy = command.spawn()?;
        let mut line = String::new();
        if let Some(stdout) = proxy.stdout.take() {
            let mut stdout = tokio::io::BufReader::new(stdout.take(MAX_ANNOUNCEMENT_BYTES));
            tokio::io::AsyncBufReadExt::read_line(&mut stdout, &mut line).await?;
        }
        if let Ok(state) = serde_json::from_str(&line) {
            return Ok(Some(state));
        }
        let status = proxy.wait().await?;
        if status.success() {
            return Ok(None);
        }
        let said = String::from_utf8_lossy(&std::fs::read(&self.log)?).trim().to_owned();
        let mut failure = Failure::new(Kind::Other, "the proxy in the background did not start");
        failure.causes.extend(said.lines().map(str::to_owned));
        failure.causes.push(status.to_string());
        Err(failure)
    }

    /// Ends the proxy, if one runs.
    pub(super) async fn stop(&self) -> Result<(), Failure> {
        let Some(state) = self.running()? else { return Ok(()) };
        end(state.pid);
        // It lets go of the lock when it has ended.
        let lock = files::open_lock(&self.lock)?;
        let waited = tokio::task::spawn_blocking(move || lock.lock());
        let patience = Duration::from_secs(5);
        match tokio::time::timeout(patience, waited).await {
            Ok(_) => self.withdraw(),
            Err(_) => Err(Failure::new(
                Kind::Other,
                format_args!("the proxy in the background, process {}, does not end", state.pid),
            )),
        }
    }
}

#[cfg(unix)]
fn end(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // If it is gone already, so much the better.
    let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
}

#[cfg(windows)]
fn end(pid: u32) {
    // If it is gone already, so much the better.
    let _ = std::process::Command::new("taskkill").args(["/F", "/PID", &pid.to_string()]).output();
}
