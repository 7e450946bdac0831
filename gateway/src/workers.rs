//! The threads that serve connections, each with an event loop of its own.
//!
//! ```text
//! accept ──→ the least busy worker ──→ TLS, HTTP, pipeline, the API server's connection, streams
//! ```
//!
//! A connection stays with the worker that it was given to, and with it whatever its requests spawn. With
//! one queue that all threads take from, nearly every step of a request (a task that wakes another,
//! an answer that comes in) wakes a second thread, which costs more than the step; that was a fifth of
//! what an exec costs. The price: who shares a thread with somebody who is busy waits for a turn, while
//! another thread may be idle. Turns are short, as bodies and streams are worked on piece by piece, and
//! connections are spread by how many tasks a worker has.

use std::io;
use std::num::NonZero;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// All workers. They end when this is dropped, with what they still do.
pub(crate) struct Workers(Vec<Worker>);

struct Worker {
    runtime: Handle,
    /// Dropped, it ends.
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts one for each core that the process may use.
    pub(crate) fn start() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        (0..count).map(Worker::start).collect::<io::Result<_>>().map(Self)
    }

    /// Gives a connection to the least busy one.
    pub(crate) fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        // What goes on behind an upgrade is a task, too.
        let tasks = |worker: &&Worker| worker.runtime.metrics().num_alive_tasks();
        // There is one at least.
        if let Some(worker) = self.0.iter().min_by_key(tasks) {
            worker.runtime.spawn(connection);
        }
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
    fn start(index: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel();
        let thread = thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
            // Nothing is ever sent: it resolves when the sender is gone.
            let _ = runtime.block_on(ended);
        })?;
        let (running, thread) = (Some(running), Some(thread));
        Ok(Self { runtime: handle, running, thread })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn connections_are_spread_and_what_they_spawn_stays_with_them() {
        let workers = Workers((0..3).map(|index| Worker::start(index).unwrap()).collect());
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

    #[test]
    fn they_end_with_what_they_still_do() {
        let workers = Workers(vec![Worker::start(0).unwrap()]);
        let (ended, has_ended) = mpsc::channel::<()>();
        workers.spawn(async move {
            let _ended = ended;
            std::future::pending().await
        });
        drop(workers);
        assert!(has_ended.recv().is_err());
    }
}
