//! Connections to one API server, shared by all callers: identity is in the headers, not in the
//! connection.
//!
//! - Short requests take an idle HTTP/1.1 connection, so that they never queue behind each other; one
//!   of their own thread if there is one, since an answer need not wake another then.
//! - Watches and followed logs are streams of HTTP/2 connections of their own thread, at most
//!   [`STREAMS`] on each: an API server allows 100, and the 101st would block everybody behind it.
//! - An upgrade has a connection of its own.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kguard::mask::contains_placeholder;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connect::{ConnectError, Endpoint, Version};

/// Streams on one HTTP/2 connection; below the API server's 100.
const STREAMS: usize = 80;
/// Requests under way at once to one cluster, besides watches.
const CONNECTIONS: usize = 512;
/// Connections kept for the next request, and for how long.
const IDLE: usize = 64;
const IDLE_TIME: Duration = Duration::from_mins(1);
/// What one watch may have in flight towards a reader who does not read.
const STREAM_WINDOW: u32 = 256 * 1024;

type Http1 = http1::SendRequest<Full<Bytes>>;
/// Connections without a request, and since when.
type Idle = Arc<Mutex<Vec<(Reusable, Instant)>>>;
type Http2 = http2::SendRequest<Full<Bytes>>;

/// A connection for short requests.
struct Reusable {
    sender: Http1,
    /// Whose event loop it belongs to.
    thread: ThreadId,
}

/// A request as it goes on the wire.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    /// Path and query, without the endpoint's base path.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No connection could be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection broke before an answer came.
    #[error("the connection to the API server broke")]
    Broken(#[source] hyper::Error),
    /// A masked value was about to be sent; a fault of the gateway's own.
    #[error("the request still holds a masked value, so it is not sent")]
    Placeholder,
    /// The request cannot be put on the wire.
    #[error("the request cannot be sent")]
    Unsendable(#[from] http::Error),
}

/// The connections to one API server.
pub struct Pool {
    endpoint: Endpoint,
    idle: Idle,
    slots: Arc<Semaphore>,
    shards: Mutex<Vec<Shard>>,
    connecting: tokio::sync::Mutex<()>,
}

struct Shard {
    sender: Http2,
    /// Whose event loop it belongs to: streams of another thread would wait for this one.
    thread: ThreadId,
    streams: Arc<AtomicUsize>,
}

impl Shard {
    /// One more stream of it.
    fn stream(&self) -> LongRunning {
        LongRunning::Stream(self.sender.clone(), StreamLease::new(&self.streams))
    }
}

impl Pool {
    /// A pool without connections yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            idle: Arc::default(),
            slots: Arc::new(Semaphore::new(CONNECTIONS)),
            shards: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends a short request.
    pub(super) async fn send(&self, request: &Outgoing) -> Result<Response<PooledBody>, SendError> {
        // The semaphore is never closed; were it, there would be nothing to wait for.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        while let Some(mut connection) = self.take_idle() {
            let sender = &mut connection.sender;
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(self.request(request, Version::Http1)?).await {
                Ok(response) => return Ok(self.pooled(response, connection, slot)),
                // The server closed the connection before it saw anything of the request, or the
                // request may be repeated without harm.
                Err(mut error) => {
                    if error.take_message().is_none() && request.method != Method::GET {
                        return Err(SendError::Broken(error.into_error()));
                    }
                }
            }
        }
        let mut sender = Box::pin(self.open_http1()).await?;
        let sent = sender.send_request(self.request(request, Version::Http1)?);
        let response = sent.await.map_err(SendError::Broken)?;
        let connection = Reusable { sender, thread: std::thread::current().id() };
        Ok(self.pooled(response, connection, slot))
    }

    /// Sends a request whose answer goes on for as long as the client likes.
    pub(super) async fn send_long(
        &self,
        request: &Outgoing,
    ) -> Result<Response<PooledBody>, SendError> {
        match self.stream().await? {
            LongRunning::Stream(mut sender, lease) => {
                let sent = sender.send_request(self.request(request, Version::Http2)?);
                let response = sent.await.map_err(SendError::Broken)?;
                Ok(response.map(|body| PooledBody {
                    body: Source::Connection(body),
                    _lease: Lease::Stream(lease),
                    idle: None,
                }))
            }
            LongRunning::Own(mut sender) => {
                let sent = sender.send_request(self.request(request, Version::Http1)?);
                let response = sent.await.map_err(SendError::Broken)?;
                Ok(response.map(|body| PooledBody {
                    body: Source::Connection(body),
                    _lease: Lease::Own(sender),
                    idle: None,
                }))
            }
        }
    }

    /// Sends a request that asks for an upgrade, on a connection of its own.
    pub(super) async fn send_upgrade(
        &self,
        request: &Outgoing,
    ) -> Result<Response<PooledBody>, SendError> {
        let mut sender = Box::pin(self.open_http1()).await?;
        let sent = sender.send_request(self.request(request, Version::Http1)?);
        let response = sent.await.map_err(SendError::Broken)?;
        Ok(response.map(|body| PooledBody {
            body: Source::Connection(body),
            _lease: Lease::Own(sender),
            idle: None,
        }))
    }

    fn take_idle(&self) -> Option<Reusable> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(of, since)| !of.sender.is_closed() && since.elapsed() < IDLE_TIME);
        let here = std::thread::current().id();
        let own = idle.iter().rposition(|(of, _)| of.thread == here);
        // One whose thread has not got to it yet would have to be waited for.
        let other = || idle.iter().rposition(|(of, _)| of.sender.is_ready());
        own.or_else(other).map(|at| idle.remove(at).0)
    }

    async fn open_http1(&self) -> Result<Http1, SendError> {
        let (io, _) = self.endpoint.connect(Version::Http1).await?;
        let (sender, connection) = http1::handshake(io).await.map_err(ConnectError::Handshake)?;
        tokio::spawn(connection.with_upgrades());
        Ok(sender)
    }

    /// A place on an HTTP/2 connection, or a connection of its own if the server has no HTTP/2.
    async fn stream(&self) -> Result<LongRunning, SendError> {
        if let Some(stream) = self.free_stream() {
            return Ok(stream);
        }
        // One new connection at a time; those who wait for it find a place on it.
        let _turn = self.connecting.lock().await;
        if let Some(stream) = self.free_stream() {
            return Ok(stream);
        }
        let (io, version) = Box::pin(self.endpoint.connect(Version::Http2)).await?;
        if version == Version::Http1 {
            let (sender, connection) =
                http1::handshake(io).await.map_err(ConnectError::Handshake)?;
            tokio::spawn(connection);
            return Ok(LongRunning::Own(sender));
        }
        let (sender, connection) =
            Box::pin(http2_builder().handshake(io)).await.map_err(ConnectError::Handshake)?;
        tokio::spawn(connection);
        let thread = std::thread::current().id();
        let shard = Shard { sender, thread, streams: Arc::default() };
        let stream = shard.stream();
        self.shards().push(shard);
        Ok(stream)
    }

    fn free_stream(&self) -> Option<LongRunning> {
        let mut shards = self.shards();
        shards.retain(|shard| !shard.sender.is_closed());
        let here = std::thread::current().id();
        let mut own = shards.iter().filter(|shard| shard.thread == here);
        own.find(|shard| shard.streams.load(Ordering::Relaxed) < STREAMS).map(Shard::stream)
    }

    fn shards(&self) -> MutexGuard<'_, Vec<Shard>> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(
        &self,
        outgoing: &Outgoing,
        version: Version,
    ) -> Result<Request<Full<Bytes>>, SendError> {
        // The last moment, and the only way out.
        if contains_placeholder(&outgoing.body) {
            return Err(SendError::Placeholder);
        }
        let path = format!("{}{}", self.endpoint.base_path(), outgoing.target);
        let uri: Uri = match version {
            Version::Http1 => path.parse().map_err(http::Error::from)?,
            Version::Http2 => {
                let uri = format!("https://{}{path}", self.endpoint.authority());
                uri.parse().map_err(http::Error::from)?
            }
        };
        let mut request = Request::new(Full::new(outgoing.body.clone()));
        *request.method_mut() = outgoing.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = outgoing.headers.clone();
        if version == Version::Http1 {
            let host = HeaderValue::from_str(self.endpoint.authority());
            let host = host.map_err(http::Error::from)?;
            request.headers_mut().insert(http::header::HOST, host);
        }
        Ok(request)
    }

    fn pooled(
        &self,
        response: Response<Incoming>,
        connection: Reusable,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Response<PooledBody> {
        let idle = Some((Arc::clone(&self.idle), connection));
        response.map(|body| PooledBody {
            body: Source::Connection(body),
            _lease: Lease::Slot(slot),
            idle,
        })
    }
}

fn http2_builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        // Readers who do not read hold up their own stream, never the connection.
        .initial_connection_window_size(i32::MAX.cast_unsigned())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(15));
    builder
}

enum LongRunning {
    Own(Http1),
    Stream(Http2, StreamLease),
}

/// Counts a stream of a shard for as long as it lives.
struct StreamLease(Arc<AtomicUsize>);

impl StreamLease {
    fn new(streams: &Arc<AtomicUsize>) -> Self {
        streams.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(streams))
    }
}

impl Drop for StreamLease {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What an answer's body keeps alive. Never read: it is there to be dropped.
#[allow(dead_code, reason = "held for its drop")]
enum Lease {
    Own(Http1),
    Slot(Option<OwnedSemaphorePermit>),
    Stream(StreamLease),
}

/// An answer's body. Read to its end it gives its connection back; dropped earlier it closes it.
pub struct PooledBody {
    body: Source,
    _lease: Lease,
    idle: Option<(Idle, Reusable)>,
}

enum Source {
    Connection(Incoming),
    Memory(Full<Bytes>),
}

impl PooledBody {
    /// A body that was read already.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        let body = Source::Memory(Full::new(bytes));
        Self { body, _lease: Lease::Slot(None), idle: None }
    }
}

impl Source {
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Connection(body) => body.is_end_stream(),
            Self::Memory(body) => body.is_end_stream(),
        }
    }
}

impl Body for PooledBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = match &mut self.body {
            Source::Connection(body) => Pin::new(body).poll_frame(cx),
            Source::Memory(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(|never| match never {}))),
        };
        let ended = matches!(frame, Poll::Ready(None)) || self.body.is_end_stream();
        if ended && let Some((idle, connection)) = self.idle.take() {
            let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE {
                idle.push((connection, Instant::now()));
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        // Claims not to know while it holds a connection, so that it is polled to the end and can
        // give it back.
        self.idle.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Source::Connection(body) => body.size_hint(),
            Source::Memory(body) => body.size_hint(),
        }
    }
}
