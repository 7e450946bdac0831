//! The processes that are measured: started on a core of their own, ended with the run.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::process::{Child, Command};

use crate::Failure;

/// What Linux counts CPU time in, whatever the kernel's own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running process. Dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    pid: u32,
}

impl Process {
    /// Starts a program, on one core if one is named. What it says goes to a log file.
    pub(crate) fn start<S: AsRef<OsStr>>(
        cpu: Option<usize>,
        program: &Path,
        args: &[S],
        log: &Path,
    ) -> Result<Self, Failure> {
        let log = std::fs::File::create(log)?;
        let mut command = match cpu {
            // taskset becomes the program, so its pid is the program's.
            Some(cpu) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &cpu.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let started = command
            .args(args)
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        let child =
            started.map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let pid = child.id().ok_or("the process has ended at once")?;
        Ok(Self { child, pid })
    }

    /// Waits until somebody listens on a port.
    pub(crate) async fn listens(&mut self, address: std::net::SocketAddr) -> Result<(), Failure> {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("a process ended before it listened: {status}").into());
            }
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(format!("nobody listens on {address}").into())
    }

    /// CPU seconds that it has used, in user and kernel.
    pub(crate) fn cpu_seconds(&self) -> Result<f64, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // Behind the name, which may contain anything but ends with the last parenthesis.
        let (_, fields) = stat.rsplit_once(") ").ok_or("unexpected /proc/PID/stat")?;
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? / TICKS_PER_SECOND)
    }

    /// Memory that is resident, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.ok_or("unexpected /proc/PID/status")?.parse()?)
    }

    /// Ends it and waits for that.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }
}

impl Drop for Process {
    /// Waits for its end: the next one to start listens on the same port.
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        while matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// How often memory is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(2);

/// The memory of a process while something happens.
pub(crate) struct Watched<'a> {
    process: &'a Process,
    before: f64,
    most: f64,
    sampled: Instant,
}

impl<'a> Watched<'a> {
    /// From now on.
    pub(crate) fn new(process: &'a Process) -> Result<Self, Failure> {
        let before = process.resident_kib()?;
        Ok(Self { process, before, most: before, sampled: Instant::now() })
    }

    /// Looks again, if it has not just been looked.
    pub(crate) fn sample(&mut self) -> Result<(), Failure> {
        if self.sampled.elapsed() > SAMPLE_EVERY {
            self.most = self.process.resident_kib()?.max(self.most);
            self.sampled = Instant::now();
        }
        Ok(())
    }

    /// By how many MiB it has grown, at most.
    pub(crate) fn grown_mib(&self) -> f64 {
        (self.most - self.before) / 1024.0
    }
}

/// Keeps this process, and what it starts, on one core.
pub(crate) fn pin(cpu: usize) -> Result<(), Failure> {
    let mut cpus = CpuSet::new();
    cpus.set(cpu);
    Ok(sched_setaffinity(None, &cpus)?)
}
