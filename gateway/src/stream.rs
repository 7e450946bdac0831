//! Carries an upgraded connection: exec, attach, port-forward.
//!
//! It comes to this only after the API server itself has answered 101 with the protocol that was
//! asked for; anything else is an ordinary answer (CVE-2018-1002105 was a relay that did not look).
//!
//! ```text
//! read ──→ Conversation (frames, masks, observer) ──→ to_client, to_server ──→ write
//!   ↑ waits while too much is under way                └→ lines ──→ recording
//! ```
//!
//! Each side is read and written by itself, so that neither waits for the other: a program that writes
//! before it reads on would stand still otherwise.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderValue, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use kguard::mask::TextPlan;
use kguard::stream::{Conversation, Outgoing, Protocol, StreamError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Notify, watch};

use crate::answer_body::AnswerBody;
use crate::entry::Closing;
use crate::request::Upgrade;
use crate::streams::{Recorded, RecordingFile, Session, Tap};

/// Headers of the handshake that the client needs.
const PASSED: [HeaderName; 6] = [
    SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_PROTOCOL,
    HeaderName::from_static("x-stream-protocol-version"),
    HeaderName::from_static("x-accepted-stream-protocol-versions"),
    HeaderName::from_static("audit-id"),
    HeaderName::from_static("date"),
];

/// How long the beginning of what may be a secret is held back where somebody types, who does not
/// notice that.
const INTERACTIVE_HOLD: Duration = Duration::from_millis(30);

/// The same where nobody waits for each letter.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

/// What is read at once where much comes.
const BUFFER_BYTES: usize = 16 * 1024;

/// The same where little does: most connections are quiet for most of the time.
const SMALL_BUFFER_BYTES: usize = 1024;

/// What a recording waits for, so that not every piece is written by itself.
const WRITTEN_AT_ONCE_BYTES: usize = 64 * 1024;

/// How long it waits; whoever watches does not notice that.
const GATHERING: Duration = Duration::from_millis(20);

/// What may be under way to one side before more is read.
const MOST_UNDER_WAY_BYTES: usize = 64 * 1024;

/// The same to the recording, whose thread takes its turn among all others of a busy machine.
const MOST_UNRECORDED_BYTES: usize = 512 * 1024;

/// How often a client is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// How long a side may take for the last words of a stream that is ended.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How long a client may take to read the rest of what it was sent, once the entry is closed.
const LONGEST_GOODBYE: Duration = Duration::from_mins(5);

const UNRECORDED: &str = "it cannot be recorded any more";

/// How text is masked in a stream, if it is.
pub(crate) struct Masking {
    /// With what.
    pub(crate) plan: Option<Arc<TextPlan>>,
    /// Whether somebody may be typing into it.
    pub(crate) is_interactive: bool,
}

/// The protocol that the API server agreed to; none if kguard does not speak it.
pub(crate) fn protocol<B>(upstream: &Response<B>, client: &Upgrade) -> Option<Protocol> {
    let chosen = upstream.headers().get(SEC_WEBSOCKET_PROTOCOL).map(HeaderValue::to_str);
    Protocol::agreed(client.protocol, chosen.transpose().ok()?)
}

/// The client's answer to an upgrade that the API server agreed to. The streams are joined behind
/// it.
pub(crate) fn join<B>(
    mut upstream: Response<B>,
    (client, protocol): (Upgrade, Protocol),
    (session, masking): (Session, Masking),
    closing: Closing,
) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    for name in PASSED {
        for value in upstream.headers().get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(client.protocol));
    let server = hyper::upgrade::on(&mut upstream);
    tokio::spawn(carry((client.client, server), protocol, (session, masking), closing));
    response
}

/// Carries until both sides are done, then closes the recording and the entry.
async fn carry(
    (client, server): (OnUpgrade, OnUpgrade),
    protocol: Protocol,
    (session, masking): (Session, Masking),
    mut closing: Closing,
) {
    let (Ok(client), Ok(server)) = tokio::join!(client, server) else {
        return closing.failed("the upgrade did not come about");
    };
    let Session { tap, purpose, recording, mut ended, listed } = session;
    let longest_hold = if masking.is_interactive { INTERACTIVE_HOLD } else { LONGEST_HOLD };
    let relay = Relay::new(Conversation::new(protocol, purpose, masking.plan), tap);
    let (client_reads, client_writes) = tokio::io::split(TokioIo::new(client));
    let (server_reads, server_writes) = tokio::io::split(TokioIo::new(server));
    let traffic = async {
        tokio::join!(
            relay.read(client_reads, (Side::Client, None)),
            relay.read(server_reads, (Side::Server, Some(longest_hold))),
            relay.write(client_writes, Side::Client),
            relay.write(server_writes, Side::Server),
        );
    };
    let traffic = async {
        tokio::select! {
            () = traffic => {}
            () = relay.ping() => {}
        }
    };
    let mut traffic = std::pin::pin!(traffic);
    let carried = async {
        let end = tokio::select! {
            () = &mut traffic => End::Done,
            end = relay.end(&mut ended) => end,
        };
        relay.finish();
        end
    };
    let (recorded, end) = tokio::join!(relay.record(recording), carried);
    relay.close(closing, recorded);
    drop(listed);
    if matches!(end, End::Told) {
        // It ends with its client, which may be slow to read what is on its way.
        let _ = tokio::time::timeout(LONGEST_GOODBYE, traffic).await;
    }
}

/// How a stream came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Both sides are done.
    Done,
    /// The client has been told everything, and is not gone yet.
    Told,
    /// It was ended from here.
    Stopped,
}

/// Why a stream ended before its end.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the {0} broke the stream off")]
    Broken(Side),
    #[error("the stream cannot go on: {0}")]
    Stream(#[from] StreamError),
}

impl Cut {
    /// What a stream cannot go on after.
    fn stream(self) -> Result<(), StreamError> {
        match self {
            Self::Broken(_) => Ok(()),
            Self::Stream(error) => Err(error),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

impl std::fmt::Display for Side {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if *self == Self::Client { "client" } else { "cluster" })
    }
}

/// One connection and what is under way in it.
struct Relay {
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

/// What is over with one side.
#[derive(Debug, Default)]
struct Half {
    /// Nothing more comes from it.
    has_ended: bool,
    /// It takes nothing any more, though it may still say something.
    is_deaf: bool,
}

struct State {
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

impl Relay {
    fn new(conversation: Conversation, tap: Tap) -> Self {
        let state = State {
            conversation,
            tap,
            out: Outgoing::default(),
            sent: 0,
            is_idle: false,
            client: Half::default(),
            server: Half::default(),
            is_finished: false,
            failure: None,
        };
        Self {
            state: Mutex::new(state),
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
    async fn read(&self, from: impl AsyncRead + Unpin, of: (Side, Option<Duration>)) {
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
            let hold = longest_hold.filter(|_| self.lock().conversation.is_holding());
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
    async fn ping(&self) {
        loop {
            tokio::time::sleep(PING_EVERY).await;
            let mut state = self.lock();
            let State { conversation, out, server, is_idle, .. } = &mut *state;
            // What cannot be written now could not be later.
            if out.to_client.is_empty() && !server.has_ended {
                let _ = conversation.ping_client(out);
            }
            if std::mem::replace(is_idle, true) && !server.has_ended && !server.is_deaf {
                let _ = conversation.ping_server(out);
            }
            drop(state);
            self.wake();
        }
    }

    /// Writes to a side what is for it, until nothing more comes.
    async fn write(&self, mut to: impl AsyncWrite + Unpin, side: Side) {
        let (some, room) = match side {
            Side::Client => (&self.to_client, &self.room_for_server),
            Side::Server => (&self.to_server, &self.room_for_client),
        };
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
            room.notify_one();
        }
    }

    /// Writes the recording until the end. If it cannot be written, the stream ends.
    async fn record(&self, file: Option<RecordingFile>) -> Recorded {
        let Some(mut file) = file else { return Ok(None) };
        loop {
            while self.lock().is_quiet() {
                self.to_recording.notified().await;
            }
            let _ = tokio::time::timeout(GATHERING, self.gathered()).await;
            let lines = self.lock().tap.take();
            if lines.is_empty() {
                return file.finish().await.map(Some);
            }
            if let Err(error) = file.write(lines).await {
                self.stop(UNRECORDED);
                return Err(error);
            }
            self.room_for_client.notify_one();
            self.room_for_server.notify_one();
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
    async fn end(&self, ended: &mut watch::Receiver<Option<String>>) -> End {
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
    fn close(&self, mut closing: Closing, recorded: Recorded) {
        let mut state = self.lock();
        closing.sent(state.sent);
        closing.masked(state.conversation.report());
        if let Some(failure) = &state.failure {
            closing.failed(failure);
        }
        match recorded {
            Ok(digest) => closing.recorded(digest),
            Err(error) => closing.failed(&format!("the recording cannot be written: {error}")),
        }
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
        if !state.client.has_ended || !state.server.has_ended {
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

    fn finish(&self) {
        let mut state = self.lock();
        let failure = state.failure.clone();
        state.tap.end(failure.as_deref());
        state.is_finished = true;
        drop(state);
        self.wake();
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

impl State {
    /// Whether more may be read of a side. What the other way is stuck with does not count: a
    /// program that reads nothing may still write.
    fn has_room(&self, side: Side) -> bool {
        let under_way = match side {
            Side::Client => self.out.to_server.len(),
            Side::Server => self.out.to_client.len(),
        };
        under_way < MOST_UNDER_WAY_BYTES && self.tap.waiting() < MOST_UNRECORDED_BYTES
    }

    /// Whether nothing is to be recorded now, but may be later.
    fn is_quiet(&self) -> bool {
        self.tap.waiting() == 0 && !self.is_finished
    }

    /// Whether the recording has waited long enough.
    fn has_gathered(&self) -> bool {
        self.tap.waiting() >= WRITTEN_AT_ONCE_BYTES || self.is_finished
    }

    fn push(&mut self, side: Side, bytes: &[u8]) -> Result<(), StreamError> {
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

    fn release(&mut self) -> Result<(), StreamError> {
        self.conversation.release(&mut self.tap, &mut self.out)
    }

    /// Peers do not always say goodbye when a command has ended.
    fn fail(&mut self, cut: &Cut) {
        if !self.tap.has_status() {
            self.failure.get_or_insert_with(|| cut.to_string());
        }
    }

    fn end(&mut self, side: Side) {
        match side {
            Side::Client => self.client.has_ended = true,
            Side::Server => self.server.has_ended = true,
        }
    }

    fn deafen_server(&mut self) {
        self.server.is_deaf = true;
        self.out.to_server.clear();
    }

    fn stop(&mut self, why: &str) {
        self.failure.get_or_insert_with(|| why.to_owned());
        // What cannot be said is left out: it ends all the same.
        let _ = self.conversation.end(why, &mut self.tap, &mut self.out);
        self.end(Side::Client);
        self.end(Side::Server);
    }

    /// What is for a side, and whether that is all.
    fn take(&mut self, side: Side) -> (Vec<u8>, bool) {
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
