//! Child processes that end with the test that started them.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a finished process left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        // Killed by a signal: as a shell says it.
        code: output.status.code().unwrap_or_else(|| {
            128 + std::os::unix::process::ExitStatusExt::signal(&output.status).unwrap_or(0)
        }),
    }
}

impl Output {
    /// The standard output of a command that has to succeed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }
}

/// A process that runs beside the test. Dropped, it is killed, and so is what it has started.
pub struct Running {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts a command and collects the lines of its standard output and error.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let readers = vec![
            collect(child.stdout.take().unwrap(), Arc::clone(&lines)),
            collect(child.stderr.take().unwrap(), Arc::clone(&lines)),
        ];
        Self { child, lines, readers }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Says something to the process.
    pub fn say(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Everything that the process has said so far.
    pub fn said(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Waits for a line and returns what `find` makes of it.
    pub fn wait_for<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        super::eventually(&format!("{what}; it said:\n{}", self.said()), || {
            let found = self.lines.lock().unwrap().iter().find_map(|line| find(line));
            if found.is_none()
                && let Ok(Some(status)) = self.child.try_wait()
            {
                // Its last lines may still be on their way.
                std::thread::sleep(Duration::from_millis(100));
                let late = self.lines.lock().unwrap().iter().find_map(|line| find(line));
                assert!(late.is_some(), "{what}: it ended ({status}) and said:\n{}", self.said());
                return late;
            }
            found
        })
    }

    /// Sends a signal by name, e.g. `TERM`.
    pub fn signal(&self, name: &str) {
        run(Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string())).ok();
    }

    /// Waits for the end, and for its last words.
    pub fn exit_code(&mut self) -> i32 {
        let status = self.child.wait().unwrap();
        // Not longer: what it has started may live on and hold the pipes open.
        for _ in 0..100 {
            if self.readers.iter().all(JoinHandle::is_finished) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        status.code().unwrap_or_else(|| {
            128 + std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0)
        })
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

/// With what it has started, which need not hear of its end: a program at a terminal does not, where
/// hang-ups are ignored.
impl Drop for Running {
    fn drop(&mut self) {
        let mut pids = Vec::new();
        if let Ok(None) = self.child.try_wait() {
            descendants(self.pid(), &mut pids);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in pids {
            // It may be gone by now.
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).output();
        }
    }
}

fn descendants(of: u32, pids: &mut Vec<u32>) {
    let children = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children"));
    for child in children.unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse().ok())
    {
        pids.push(child);
        descendants(child, pids);
    }
}

fn collect(
    from: impl std::io::Read + Send + 'static,
    into: Arc<Mutex<Vec<String>>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let Ok(line) = line else { return };
            into.lock().unwrap().push(line);
        }
    })
}

/// One of the project's binaries, beside this test's own.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap();
    let binary = folder.join(name);
    assert!(binary.exists(), "{} is missing; run `cargo build --workspace`", binary.display());
    binary
}
