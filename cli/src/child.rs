//! Runs the user's program: our terminal is its terminal, our signals are its signals.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use tokio::process::{Child, Command};

use crate::environment::Environment;
use crate::failure::{Failure, Kind};
use crate::session::InPlan;

/// What makes a file of ours recognisable, see `kguard shim`.
pub(crate) const SHIM_MARK: &str = "kguard-shim";

/// Where a shim has its mark.
const SHIM_HEAD_BYTES: u64 = 256;

/// What a program finds around it.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) kubeconfig: &'a Path,
    pub(crate) plan: Option<&'a InPlan>,
    /// Whether what it prints goes to standard error.
    pub(crate) is_aside: bool,
}

/// Starts a program with a kubeconfig.
pub(crate) fn spawn(
    program: &Path,
    arguments: &[OsString],
    surroundings: &Surroundings<'_>,
) -> Result<Child, Failure> {
    let mut command = Command::new(program);
    command.args(arguments).env("KUBECONFIG", surroundings.kubeconfig);
    if let Some(plan) = surroundings.plan {
        command.env(InPlan::VARIABLE, plan.to_string());
    }
    if surroundings.is_aside {
        command.stdout(io::stderr());
    }
    command.spawn().map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => Kind::NotFound,
            _ => Kind::NotExecutable,
        };
        let mut failure = Failure::new(kind, format_args!("cannot run {}", program.display()));
        failure.causes.push(error.to_string());
        failure
    })
}

/// What would end us. From when it listens, we do not die of it any more, which has to be before there is
/// a program that would be left behind.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupts: tokio::signal::unix::Signal,
    quits: tokio::signal::unix::Signal,
    terminations: tokio::signal::unix::Signal,
    hangups: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupts: signal(SignalKind::interrupt())?,
            quits: signal(SignalKind::quit())?,
            terminations: signal(SignalKind::terminate())?,
            hangups: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the program. An interrupt reaches it by itself, being in the terminal's foreground
    /// as we are; what reaches only us is passed on.
    pub(crate) async fn pass_on_to(mut self, child: &mut Child) -> io::Result<ExitStatus> {
        use rustix::process::Signal;
        loop {
            let pass_on = tokio::select! {
                status = child.wait() => return status,
                _ = self.interrupts.recv() => continue,
                _ = self.quits.recv() => continue,
                _ = self.terminations.recv() => Signal::TERM,
                _ = self.hangups.recv() => Signal::HUP,
            };
            send(child, pass_on);
        }
    }
}

#[cfg(unix)]
fn send(child: &Child, signal: rustix::process::Signal) {
    use rustix::process::{Pid, kill_process};
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    // It may have ended just now, which whoever waits for it sees.
    let _ = pid.map(|pid| kill_process(pid, signal));
}

/// An interrupt reaches all programs of a console. From when it listens, we do not die of it.
#[cfg(not(unix))]
pub(crate) struct Signals(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// Waits for the program.
    pub(crate) async fn pass_on_to(mut self, child: &mut Child) -> io::Result<ExitStatus> {
        loop {
            tokio::select! {
                status = child.wait() => return status,
                _ = self.0.recv() => {}
            }
        }
    }
}

/// Asks the program to end.
#[cfg(unix)]
pub(crate) fn end(child: &mut Child) {
    send(child, rustix::process::Signal::TERM);
}

/// Ends the program; here is no way to ask it.
#[cfg(not(unix))]
pub(crate) fn end(child: &mut Child) {
    let _ = child.start_kill();
}

/// The exit code, as a shell counts it: 128 and the signal's number for a program that was ended
/// by a signal.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128_u8.saturating_add(u8::try_from(signal).unwrap_or(u8::MAX));
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// The real kubectl: `KGUARD_KUBECTL`, or the first on the PATH that is no shim of ours.
pub(crate) fn find_kubectl(environment: &Environment) -> Result<PathBuf, Failure> {
    if let Some(kubectl) = environment.get("KGUARD_KUBECTL") {
        return Ok(kubectl.into());
    }
    let names: &[&str] =
        if cfg!(windows) { &["kubectl.exe", "kubectl.cmd", "kubectl.bat"] } else { &["kubectl"] };
    let path = environment.get("PATH").unwrap_or_default();
    std::env::split_paths(path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| is_executable(file) && !is_shim(file))
        .ok_or_else(|| {
            Failure::new(Kind::NotFound, "there is no kubectl on the PATH").hint(
                "install it from https://kubernetes.io/docs/tasks/tools, or set KGUARD_KUBECTL",
            )
        })
}

fn is_executable(file: &Path) -> bool {
    let Ok(metadata) = file.metadata() else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 == 0 {
        return false;
    }
    metadata.is_file()
}

fn is_shim(file: &Path) -> bool {
    use std::io::Read as _;
    let mut head = Vec::new();
    let read = std::fs::File::open(file)
        .and_then(|file| file.take(SHIM_HEAD_BYTES).read_to_end(&mut head));
    read.is_ok() && String::from_utf8_lossy(&head).contains(SHIM_MARK)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn a_signal_counts_from_128_on() {
        assert_eq!(exit_code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(exit_code(ExitStatus::from_raw(2)), 130);
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
    }

    #[test]
    fn the_real_kubectl_is_found_behind_the_shim() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str, mode: u32| {
            let file = folder.path().join(name).join("kubectl");
            std::fs::create_dir(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            file
        };
        let shim = write("shim", &format!("#!/bin/sh\n# {SHIM_MARK}\n"), 0o755);
        let text = write("text", "not a program", 0o644);
        let real = write("real", "#!/bin/sh\n", 0o755);
        let path = std::env::join_paths([&shim, &text, &real].map(|file| file.parent().unwrap()));
        let path = path.unwrap().into_string().unwrap();
        let environment = [("PATH", path.as_str())].into_iter().collect();
        assert_eq!(find_kubectl(&environment).unwrap(), real);
        let none = [("PATH", shim.parent().unwrap().to_str().unwrap())].into_iter().collect();
        assert_eq!(find_kubectl(&none).unwrap_err().kind, Kind::NotFound);
    }
}
