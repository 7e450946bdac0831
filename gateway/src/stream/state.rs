//! What is under way in a connection, and what is over.

use kguard::stream::{Conversation, Outgoing, StreamError};

use crate::entry::Closing;
use crate::streams::{Recorded, Tap};

/// What a recording waits for, so that not every piece is written by itself.
const WRITTEN_AT_ONCE_BYTES: usize = 384 * 1024;

/// What may be under way to one side before more is read.
const MOST_UNDER_WAY_BYTES: usize = 64 * 1024;

/// What may wait to be told to a side that is being read, but does not read itself. More than comes of
/// what the other side says before that is not read any more.
const MOST_ANSWERED_BYTES: usize = 256 * 1024;

/// The same to the recording, whose thread takes its turn among all others of a busy machine.
const MOST_UNRECORDED_BYTES: usize = 1024 * 1024;

/// Why a stream ended before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    #[error("the {0} broke the stream off")]
    Broken(Side),
    #[error("the stream cannot go on: {0}")]
    Stream(#[from] StreamError),
}

impl Cut {
    /// What a stream cannot go on after.
    pub(super) fn stream(self) -> Result<(), StreamError> {
        match self {
            Self::Broken(_) => Ok(()),
            Self::Stream(error) => Err(error),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl std::fmt::Display for Side {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if *self == Self::Client { "client" } else { "cluster" })
    }
}

/// What is over with one side.
#[derive(Debug, Default)]
struct Half {
    /// Nothing more comes from it.
    has_ended: bool,
    /// It takes nothing any more, though it may still say something.
    is_deaf: bool,
}

/// One connection and what is under way in it.
pub(super) struct State {
    conversation: Conversation,
    tap: Tap,
    out: Outgoing,
    sent: usize,
    /// Whether the cluster has said nothing since it was looked at.
    is_idle: bool,
    client: Half,
    server: Half,
    /// Nothing more comes for the recording.
    is_finished: bool,
    /// Why it did not end by itself.
    failure: Option<String>,
}

impl State {
    pub(super) fn new(conversation: Conversation, tap: Tap) -> Self {
        Self {
            conversation,
            tap,
            out: Outgoing::default(),
            sent: 0,
            is_idle: false,
            client: Half::default(),
            server: Half::default(),
            is_finished: false,
            failure: None,
        }
    }

    /// Whether more may be read of a side. What the other way is stuck with does not count, as a program
    /// that reads nothing may still write; but what a side is answered here (pings, refused ports) has an
    /// end, too, if it does not read that.
    pub(super) fn has_room(&self, side: Side) -> bool {
        let (to_client, to_server) = (self.out.to_client.len(), self.out.to_server.len());
        let (onward, back) = match side {
            Side::Client => (to_server, to_client),
            Side::Server => (to_client, to_server),
        };
        onward < MOST_UNDER_WAY_BYTES
            && back < MOST_ANSWERED_BYTES
            && self.tap.waiting() < MOST_UNRECORDED_BYTES
    }

    /// Whether nothing is to be recorded now, but may be later. No memory is kept for it meanwhile.
    pub(super) fn rests(&mut self) -> bool {
        let rests = self.tap.waiting() == 0 && !self.is_finished;
        if rests {
            self.tap.exchange(Vec::new());
        }
        rests
    }

    /// Whether the recording has waited long enough.
    pub(super) fn has_gathered(&self) -> bool {
        self.tap.waiting() >= WRITTEN_AT_ONCE_BYTES || self.is_finished
    }

    pub(super) fn push(&mut self, side: Side, bytes: &[u8]) -> Result<(), StreamError> {
        let Self { conversation, tap, out, .. } = self;
        match side {
            Side::Client => conversation.push_client(bytes, tap, out)?,
            Side::Server => {
                self.is_idle = false;
                conversation.push_server(bytes, tap, out)?;
            }
        }
        if self.server.is_deaf {
            self.out.to_server.clear();
        }
        Ok(())
    }

    /// Asks the client whether it is still there, and the cluster if that has said nothing. What cannot
    /// be written now could not be later.
    pub(super) fn ping(&mut self) {
        let Self { conversation, out, server, is_idle, .. } = self;
        if out.to_client.is_empty() && !server.has_ended {
            let _ = conversation.ping_client(out);
        }
        if std::mem::replace(is_idle, true) && !server.has_ended && !server.is_deaf {
            let _ = conversation.ping_server(out);
        }
    }

    /// Whether text is held back until it is clear.
    pub(super) fn is_holding(&self) -> bool {
        self.conversation.is_holding()
    }

    /// The next lines of the recording, in exchange for memory of those behind them, and whether they
    /// are the last.
    pub(super) fn lines(&mut self, memory: Vec<u8>) -> (Vec<u8>, bool) {
        (self.tap.exchange(memory), self.is_finished)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.client.has_ended && self.server.has_ended
    }

    /// Writes down that it is over.
    pub(super) fn finish(&mut self) {
        self.tap.end(self.failure.as_deref());
        self.is_finished = true;
    }

    /// Closes the entry with what is known in the end.
    pub(super) fn close(&mut self, mut closing: Closing, recorded: Recorded) {
        closing.sent(self.sent);
        closing.masked(self.conversation.report());
        match &self.failure {
            Some(failure) => closing.failed(failure),
            None => closing.went_well(),
        }
        closing.recorded(recorded);
    }

    pub(super) fn release(&mut self) -> Result<(), StreamError> {
        self.conversation.release(&mut self.tap, &mut self.out)
    }

    /// Peers do not always say goodbye when a command has ended.
    pub(super) fn fail(&mut self, cut: &Cut) {
        if !self.tap.has_status() {
            self.failure.get_or_insert_with(|| cut.to_string());
        }
    }

    pub(super) fn end(&mut self, side: Side) {
        match side {
            Side::Client => self.client.has_ended = true,
            Side::Server => self.server.has_ended = true,
        }
    }

    pub(super) fn deafen_server(&mut self) {
        self.server.is_deaf = true;
        self.out.to_server.clear();
    }

    pub(super) fn stop(&mut self, why: &str) {
        self.failure.get_or_insert_with(|| why.to_owned());
        // What cannot be said is left out: it ends all the same.
        let _ = self.conversation.end(why, &mut self.tap, &mut self.out);
        self.end(Side::Client);
        self.end(Side::Server);
    }

    /// What is for a side, and whether that is all.
    pub(super) fn take(&mut self, side: Side) -> (Vec<u8>, bool) {
        match side {
            Side::Client => {
                let bytes = std::mem::take(&mut self.out.to_client);
                self.sent += bytes.len();
                (bytes, self.server.has_ended)
            }
            Side::Server => (std::mem::take(&mut self.out.to_server), self.client.has_ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use kguard::stream::{Protocol, Purpose};

    use super::*;

    /// A ping of a client, with a mask of zeros.
    const PING: [u8; 10] = [0x89, 0x84, 0, 0, 0, 0, b'p', b'i', b'n', b'g'];

    #[test]
    fn a_client_that_asks_and_never_reads_is_not_read_any_more() {
        let purpose = Purpose::Command { tty: false };
        let conversation = Conversation::new(Protocol::WebSocket, purpose, None);
        let mut state = State::new(conversation, Tap::of_nothing());
        let pings = PING.repeat(1000);
        let mut pushed = 0;
        while state.has_room(Side::Client) {
            state.push(Side::Client, &pings).unwrap();
            pushed += 1;
            assert!(pushed < 1000);
        }
        assert!(state.out.to_client.len() < 2 * MOST_ANSWERED_BYTES);
        // What the cluster has to say is read all the same once the client has read that.
        state.take(Side::Client);
        assert!(state.has_room(Side::Client) && state.has_room(Side::Server));
    }
}
