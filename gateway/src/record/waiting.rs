//! Those who wait for their records. Of a commit that many wait for, each thread is woken once and tells
//! its own: to wake a thread from another one is a system call for each task, and where both share a
//! core, a change to it and back.

use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

use super::TrailUnavailable;

/// Whether a record is durable.
pub(super) type Outcome = Result<(), TrailUnavailable>;

/// One who waits.
#[derive(Debug)]
pub(super) struct Waiting {
    done: oneshot::Sender<Outcome>,
    /// Where he waits.
    runtime: Option<Handle>,
}

impl Waiting {
    /// One who waits here, with what he is to be told by.
    pub(super) fn new() -> (Self, oneshot::Receiver<Outcome>) {
        let (done, receipt) = oneshot::channel();
        (Self { done, runtime: Handle::try_current().ok() }, receipt)
    }

    fn tell(self, outcome: Outcome) {
        // Who no longer waits does not mind.
        let _ = self.done.send(outcome);
    }
}

/// Tells all of them.
pub(super) fn tell(all: Vec<Waiting>, outcome: &Outcome) {
    let mut groups: Vec<(Option<Id>, Vec<Waiting>)> = Vec::new();
    for waiting in all {
        let id = waiting.runtime.as_ref().map(Handle::id);
        match groups.iter_mut().find(|(of, _)| *of == id) {
            Some((_, group)) => group.push(waiting),
            None => groups.push((id, vec![waiting])),
        }
    }
    for (_, group) in groups {
        let runtime = group.first().and_then(|waiting| waiting.runtime.clone());
        let outcome = outcome.clone();
        match runtime.filter(|_| group.len() > 1) {
            Some(runtime) => {
                runtime.spawn(async move { tell_group(group, &outcome) });
            }
            None => tell_group(group, &outcome),
        }
    }
}

fn tell_group(group: Vec<Waiting>, outcome: &Outcome) {
    for waiting in group {
        waiting.tell(outcome.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn all_are_told_wherever_they_wait() {
        let (sender, waiting) = std::sync::mpsc::channel();
        let threads: Vec<_> = [1, 3, 5]
            .into_iter()
            .map(|count| {
                let sender = sender.clone();
                thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(async {
                        let mut receipts = Vec::new();
                        for _ in 0..count {
                            let (waiting, receipt) = Waiting::new();
                            sender.send(waiting).unwrap();
                            receipts.push(receipt);
                        }
                        for receipt in receipts {
                            receipt.await.unwrap().unwrap();
                        }
                    });
                })
            })
            .collect();
        let (nowhere, mut receipt) = Waiting::new();
        let mut all: Vec<_> = waiting.iter().take(9).collect();
        all.push(nowhere);
        tell(all, &Ok(()));
        assert!(matches!(receipt.try_recv(), Ok(Ok(()))));
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
