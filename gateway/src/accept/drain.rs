//! Lets connections end well when the gateway is told to stop: each is told to finish what is
//! under way and to take nothing new.

use std::pin::{Pin, pin};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Knows the connections that are open. Clones know the same ones.
#[derive(Clone, Default)]
pub(super) struct Drain {
    stopping: CancellationToken,
    out_of_time: CancellationToken,
    open: TaskTracker,
}

impl Drain {
    /// Runs a connection; `finish` tells it to end once the gateway stops. None if it had not
    /// ended in time, and was cut off.
    pub(super) async fn run<C: Future>(
        &self,
        connection: C,
        finish: impl FnOnce(Pin<&mut C>),
    ) -> Option<C::Output> {
        self.run_until(std::future::pending(), connection, finish).await
    }

    /// Runs a connection that is told to end at `end` already.
    pub(super) async fn run_until<C: Future>(
        &self,
        end: impl Future<Output = ()>,
        connection: C,
        finish: impl FnOnce(Pin<&mut C>),
    ) -> Option<C::Output> {
        let _open = self.open.token();
        let mut connection = pin!(connection);
        tokio::select! {
            output = &mut connection => return Some(output),
            () = self.stopping.cancelled() => {}
            () = end => {}
        }
        finish(connection.as_mut());
        tokio::select! {
            output = connection => Some(output),
            () = self.out_of_time.cancelled() => None,
        }
    }

    /// Tells all connections to finish, and waits until they have.
    pub(super) async fn drain(&self) {
        self.stopping.cancel();
        self.open.close();
        self.open.wait().await;
    }

    /// Cuts off what is still open, so that whatever is under way there records its end.
    pub(super) async fn cut(&self) {
        self.out_of_time.cancel();
        self.open.wait().await;
    }
}
