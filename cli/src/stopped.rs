//! What makes a command end that runs until it is told to.

use std::io;

/// Ctrl-C, and a friendly end by the system. From when it listens, the process does not die of
/// them any more.
#[derive(Debug)]
pub(crate) struct Stops {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
    #[cfg(windows)]
    signals: [tokio::signal::windows::CtrlC; 1],
}

impl Stops {
    pub(crate) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        let signals = {
            use tokio::signal::unix::{SignalKind, signal};
            [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ]
        };
        #[cfg(windows)]
        let signals = [tokio::signal::windows::ctrl_c()?];
        Ok(Self { signals })
    }

    /// Waits for the first of them.
    pub(crate) async fn stopped(mut self) {
        let signals = self.signals.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures_util::future::select_all(signals).await;
    }
}

/// Waits until the command is told to end.
pub(crate) async fn stopped() -> io::Result<()> {
    Stops::listen()?.stopped().await;
    Ok(())
}
