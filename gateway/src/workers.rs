//! The threads that serve connections, each with an event loop of its own.
//!
//! ```text
//! accept ──→ the least busy worker ──→ TLS, HTTP, pipeline, the API server's connection, streams
//! ```
//!
//! A connection stays with the worker that it was given to, and with it whatever its requests spawn. With
//! one queue that all threads take from, nearly every step of a request (a task that wakes another,
//! an answer that comes in) wakes a second thread, which costs more than the step; that was a fifth of
//! what an exec costs. The price: one connection has one core at most, and who shares a thread with
//! somebody busy waits for his turn while another thread may be idle. So bodies and streams are worked on
//! piece by piece, and what is long and cannot be cut goes to a thread that may block. What one client
//! makes the gateway do holds up one worker, on the other hand, and not all of them.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Tasks that run before it is looked whether something came in: with the usual 61, keystrokes would wait
/// for that many pieces of long answers.
const TURNS: u32 = 13;

/// Threads that may block, of all workers.
const BLOCKING_THREADS: usize = 512;

/// How long what blocks may take until its end once its worker has ended.
const LAST_WORK: Duration = Duration::from_secs(5);

/// All workers. They end when this is dropped, with what they still do.
pub(crate) struct Workers(Vec<Worker>);

struct Worker {
    runtime: Handle,
    /// Whether it waits for something to do at this moment.
    is_idle: Arc<AtomicBool>,
    /// Dropped, it ends.
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts one for each core that the process may use.
    pub(crate) fn start() -> io::Result<Self> {
        Self::start_some(thread::available_parallelism().map_or(1, NonZero::get))
    }

    fn start_some(count: usize) -> io::Result<Self> {
        let blocking = (BLOCKING_THREADS / count).max(16);
        (0..count).map(|index| Worker::start(index, blocking)).collect::<io::Result<_>>().map(Self)
    }

    /// Gives a connection to one that is idle, if there is one, so that it waits for nobody who is busy;
    /// among those to the one with the fewest tasks. What goes on behind an upgrade is one, too.
    pub(crate) fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let load = |worker: &&Worker| {
            let is_busy = !worker.is_idle.load(Ordering::Relaxed);
            (is_busy, worker.runtime.metrics().num_alive_tasks())
        };
        let alive = self.0.iter().filter(|worker| worker.is_alive());
        if let Some(worker) = alive.min_by_key(load) {
            worker.runtime.spawn(connection);
        } else {
            tracing::error!("no thread is left that serves connections");
        }
    }

    /// Ends them, and waits for that where waiting does no harm.
    pub(crate) async fn end(self) {
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.0 {
            drop(worker.running.take());
        }
        for thread in self.0.iter_mut().filter_map(|worker| worker.thread.take()) {
            // It has told of a panic itself.
            let _ = thread.join();
        }
    }
}

impl Worker {
    fn start(index: usize, blocking: usize) -> io::Result<Self> {
        let is_idle = Arc::new(AtomicBool::new(true));
        let (parked, unparked) = (Arc::clone(&is_idle), Arc::clone(&is_idle));
        let runtime = Builder::new_current_thread()
            .enable_all()
            .on_thread_park(move || parked.store(true, Ordering::Relaxed))
            .on_thread_unpark(move || unparked.store(false, Ordering::Relaxed))
            .event_interval(TURNS)
            .global_queue_interval(TURNS)
            .max_blocking_threads(blocking)
            .build()?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel();
        let thread = thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
            // Nothing is ever sent: it resolves when the sender is gone.
            let _ = runtime.block_on(ended);
            runtime.shutdown_timeout(LAST_WORK);
        })?;
        let (running, thread) = (Some(running), Some(thread));
        Ok(Self { runtime: handle, is_idle, running, thread })
    }

    fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn connections_are_spread_and_what_they_spawn_stays_with_them() {
        let workers = Workers::start_some(3).unwrap();
        let (threads, seen) = mpsc::channel();
        let (end, ended) = tokio::sync::watch::channel(());
        for _ in 0..6 {
            let (threads, mut ended) = (threads.clone(), ended.clone());
            workers.spawn(async move {
                let own = thread::current().id();
                let spawned = tokio::spawn(async { thread::current().id() }).await.unwrap();
                threads.send((own, spawned)).unwrap();
                let _ = ended.changed().await;
            });
        }
        let seen: Vec<_> = seen.iter().take(6).collect();
        assert!(seen.iter().all(|(own, spawned)| own == spawned));
        let own: HashSet<_> = seen.iter().map(|(own, _)| own).collect();
        assert_eq!(own.len(), 3);
        drop(end);
    }

    #[tokio::test]
    async fn a_connection_does_not_wait_for_one_that_keeps_its_thread_busy() {
        let workers = Workers::start_some(2).unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        workers.spawn(async move {
            begun.send(()).unwrap();
            let _ = ended.recv();
        });
        has_begun.recv().unwrap();
        let (served, is_served) = mpsc::channel();
        for _ in 0..10 {
            // The one that has just served another is busy until it waits again.
            while !workers.0[1].is_idle.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            let served = served.clone();
            workers.spawn(async move { served.send(()).unwrap() });
            is_served.recv().unwrap();
        }
        drop(end);
    }

    #[test]
    fn they_end_with_what_they_still_do() {
        let workers = Workers::start_some(1).unwrap();
        let (ended, has_ended) = mpsc::channel::<()>();
        workers.spawn(async move {
            let _ended = ended;
            std::future::pending::<()>().await;
        });
        drop(workers);
        assert!(has_ended.recv().is_err());
    }
}
