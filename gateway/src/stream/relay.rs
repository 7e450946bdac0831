//! Reads, writes and records one connection until it is over.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kguard::stream::Conversation;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Notify, watch};

use super::state::{Cut, Side, State};
use crate::entry::Closing;
use crate::streams::{Recorded, RecordingFile, Tap};

/// What is read at once where much comes.
const BUFFER_BYTES: usize = 16 * 1024;

/// The same where little does: most connections are quiet for most of the time.
const SMALL_BUFFER_BYTES: usize = 1024;

/// How long a recording waits for more to write at once; whoever watches does not notice that.
const GATHERING: Duration = Duration::from_millis(50);

/// How often a client is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// How long a side may take for the last words of a stream that is ended.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(5);

const UNRECORDED: &str = "it cannot be recorded any more";
const FULL: &str = "it has been recorded as long as a recording may be (`recordings.maxMebibytes`)";

/// How a stream came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Both sides are done.
    Done,
    /// The client has been told everything, and is not gone yet.
    Told,
    /// It was ended from here.
    Stopped,
}

/// One connection, carried.
pub(super) struct Relay {
    state: Mutex<State>,
    /// There is something to write, or nothing will come any more.
    to_client: Notify,
    to_server: Notify,
    to_recording: Notify,
    /// There is room again for what a side sends.
    room_for_client: Notify,
    room_for_server: Notify,
    /// The client has been told everything.
    is_told: Notify,
    /// Nothing more is read.
    stopped: watch::Sender<bool>,
}

impl Relay {
    pub(super) fn new(conversation: Conversation, tap: Tap) -> Self {
        Self {
            state: Mutex::new(State::new(conversation, tap)),
            to_client: Notify::new(),
            to_server: Notify::new(),
            to_recording: Notify::new(),
            room_for_client: Notify::new(),
            room_for_server: Notify::new(),
            is_told: Notify::new(),
            stopped: watch::channel(false).0,
        }
    }

    /// Reads a side to its end, or until nothing more is to be read.
    pub(super) async fn read(&self, from: impl AsyncRead + Unpin, of: (Side, Option<Duration>)) {
        let mut stopped = self.stopped.subscribe();
        let read = tokio::select! {
            read = self.read_to_end(from, of) => read,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        if let Err(cut @ Cut::Broken(_)) = &read {
            self.lock().fail(cut);
        }
        // What came before the end, or the break, is still passed on.
        match read.or_else(Cut::stream).and_then(|()| self.lock().release()) {
            Ok(()) => {
                let mut state = self.lock();
                state.end(of.0);
                if of.0 == Side::Server {
                    // What has closed its connection reads nothing more either.
                    state.deafen_server();
                }
                drop(state);
                self.room_for_client.notify_one();
            }
            Err(error) => self.stop(&Cut::Stream(error).to_string()),
        }
        self.wake();
    }

    async fn read_to_end(
        &self,
        mut from: impl AsyncRead + Unpin,
        (side, longest_hold): (Side, Option<Duration>),
    ) -> Result<(), Cut> {
        let mut buffer = vec![0; SMALL_BUFFER_BYTES];
        let room = if side == Side::Client { &self.room_for_client } else { &self.room_for_server };
        loop {
            while !self.lock().has_room(side) {
                room.notified().await;
            }
            let hold = longest_hold.filter(|_| self.lock().is_holding());
            let read = from.read(&mut buffer);
            let read = match hold {
                Some(hold) => tokio::time::timeout(hold, read).await.ok(),
                None => Some(read.await),
            };
            match read {
                None => self.lock().release()?,
                Some(Ok(0)) => return Ok(()),
                Some(Ok(length)) => {
                    self.lock().push(side, buffer.get(..length).unwrap_or_default())?;
                    let is_full = length == buffer.len();
                    if is_full && length < BUFFER_BYTES {
                        buffer = vec![0; BUFFER_BYTES];
                    } else if length < SMALL_BUFFER_BYTES && buffer.len() > SMALL_BUFFER_BYTES {
                        buffer = vec![0; SMALL_BUFFER_BYTES];
                    }
                }
                Some(Err(_)) => return Err(Cut::Broken(side)),
            }
            self.wake();
        }
    }

    /// Asks the client now and then whether it is still there: while it is not read, as the cluster
    /// takes nothing, nothing else would tell. And the cluster, if that says nothing. Never returns.
    pub(super) async fn ping(&self) {
        loop {
            tokio::time::sleep(PING_EVERY).await;
            self.lock().ping();
            self.wake();
        }
    }

    /// Writes to a side what is for it, until nothing more comes.
    pub(super) async fn write(&self, mut to: impl AsyncWrite + Unpin, side: Side) {
        let some = if side == Side::Client { &self.to_client } else { &self.to_server };
        loop {
            let (bytes, is_last) = self.lock().take(side);
            if bytes.is_empty() && is_last {
                // It may be gone by now.
                let _ = to.shutdown().await;
                if side == Side::Client {
                    // It has all that there is, and may take its time for its goodbye, but not for ever.
                    self.is_told.notify_one();
                }
                return;
            }
            if bytes.is_empty() {
                some.notified().await;
                continue;
            }
            let written = async {
                to.write_all(&bytes).await?;
                to.flush().await
            };
            if written.await.is_err() {
                return self.cut(side);
            }
            self.make_room();
        }
    }

    /// Writes the recording until the end. If it cannot be written, the stream ends.
    pub(super) async fn record(&self, file: Option<RecordingFile>) -> Recorded {
        let Some(mut file) = file else { return Ok(None) };
        let mut memory = Vec::new();
        loop {
            while self.lock().rests() {
                memory = Vec::new();
                self.to_recording.notified().await;
            }
            let _ = tokio::time::timeout(GATHERING, self.gathered()).await;
            let (lines, are_last) = self.lock().lines(memory);
            if are_last {
                return file.finish(lines).await.map(Some);
            }
            memory = match file.write(lines).await {
                Ok(memory) => memory,
                Err(error) => {
                    self.stop(UNRECORDED);
                    return Err(error);
                }
            };
            if file.is_full() && !*self.stopped.borrow() {
                self.stop(FULL);
            }
            self.make_room();
        }
    }

    /// Waits until enough has come for the recording, or all.
    async fn gathered(&self) {
        while !self.lock().has_gathered() {
            self.to_recording.notified().await;
        }
    }

    /// Returns when the client has been told everything; or ends it when it has to end, and returns
    /// when that took too long.
    pub(super) async fn end(&self, ended: &mut watch::Receiver<Option<String>>) -> End {
        let mut stopped = self.stopped.subscribe();
        let why = tokio::select! {
            why = ended.wait_for(Option::is_some) => why.ok().and_then(|why| why.clone()),
            _ = stopped.wait_for(|stopped| *stopped) => None,
            () = self.is_told.notified() => return End::Told,
        };
        if let Some(why) = why {
            self.stop(&why);
        }
        tokio::time::sleep(LAST_WORDS).await;
        End::Stopped
    }

    /// Closes the entry with what is known in the end.
    pub(super) fn close(&self, closing: Closing, recorded: Recorded) {
        self.lock().close(closing, recorded);
    }

    /// Reads nothing more, and tells the client why.
    fn stop(&self, why: &str) {
        self.lock().stop(why);
        self.stopped.send_replace(true);
        self.wake();
    }

    /// A side takes nothing any more: without the client, there is nobody to go on for.
    fn cut(&self, side: Side) {
        let mut state = self.lock();
        if !state.has_ended() {
            state.fail(&Cut::Broken(side));
        }
        match side {
            Side::Client => {
                state.end(Side::Client);
                state.end(Side::Server);
                self.stopped.send_replace(true);
            }
            Side::Server => state.deafen_server(),
        }
        drop(state);
        self.wake();
        self.room_for_client.notify_one();
    }

    pub(super) fn finish(&self) {
        self.lock().finish();
        self.wake();
    }

    fn make_room(&self) {
        self.room_for_client.notify_one();
        self.room_for_server.notify_one();
    }

    fn wake(&self) {
        for waiting in [&self.to_client, &self.to_server, &self.to_recording] {
            waiting.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use kguard::stream::{Protocol, Purpose};
    use tokio::io::{duplex, split};

    use super::*;

    /// More than all buffers together.
    const MUCH: usize = 4 << 20;

    /// After that it is taken for stuck. Whoever is just slow takes less in.
    const PATIENCE: Duration = Duration::from_millis(500);

    /// Of a WebSocket's server: a KiB of stdout.
    fn output() -> Vec<u8> {
        [&[0x82, 126, 4, 1, 1][..], &[b'x'; 1024]].concat()
    }

    /// Of its client, masked with zeros.
    const TYPED: [u8; 9] = [0x82, 0x83, 0, 0, 0, 0, 0, b'l', b's'];

    #[tokio::test]
    async fn a_client_that_does_not_read_stops_the_cluster_and_can_still_type() {
        let purpose = Purpose::Command { tty: false };
        let conversation = Conversation::new(Protocol::WebSocket, purpose, None);
        let relay = Relay::new(conversation, Tap::of_nothing());
        let ((mut client, to_client), (mut server, to_server)) = (duplex(1024), duplex(1024));
        let ((client_reads, client_writes), (server_reads, server_writes)) =
            (split(to_client), split(to_server));
        let carried = async {
            tokio::join!(
                relay.read(client_reads, (Side::Client, None)),
                relay.read(server_reads, (Side::Server, None)),
                relay.write(client_writes, Side::Client),
                relay.write(server_writes, Side::Server),
            );
        };
        let tried = async {
            let mut taken = 0;
            while let Ok(written) =
                tokio::time::timeout(PATIENCE, server.write_all(&output())).await
            {
                written.unwrap();
                taken += output().len();
                assert!(taken < MUCH, "{taken} bytes lie somewhere");
            }
            client.write_all(&TYPED).await.unwrap();
            let mut frame = [0; TYPED.len()];
            server.read_exact(&mut frame).await.unwrap();
            let key = &frame[2..6];
            let typed: Vec<_> = frame[6..].iter().zip(key).map(|(byte, key)| byte ^ key).collect();
            assert_eq!(typed, b"\0ls");
        };
        tokio::select! {
            () = carried => panic!("it ended"),
            () = tried => {}
        }
    }
}
