//! HTTP/2 as both ends of the tunnel are to configure it.

use std::time::Duration;

use hyper::{client, server};
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// The window of the whole connection: HTTP/2's limit, so that it never is what blocks.
pub const CONNECTION_WINDOW_BYTES: u32 = (1 << 31) - 1;

/// What the client takes of one stream without having passed it on. Lists and logs come this way:
/// 1 MiB is 20 MB/s at 50 ms.
pub const CLIENT_STREAM_WINDOW_BYTES: u32 = 1 << 20;

/// What the gateway takes of one stream without having passed it on.
pub const SERVER_STREAM_WINDOW_BYTES: u32 = 256 << 10;

/// How many streams a tunnel may have open at once; k9s and held requests need many.
pub const MAX_STREAMS: u32 = 1024;

/// How large a request's headers may be; tokens with many groups are the largest.
pub const MAX_HEADER_BYTES: u32 = 64 << 10;

/// How long a tunnel may be silent before it is probed. Load balancers drop what is idle for 60 s.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long the answer to a probe may take before the tunnel counts as lost.
pub const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(15);

/// What a body may queue for a stream that does not take it.
const SEND_BUFFER_BYTES: usize = 256 << 10;

/// The client's end.
pub fn client() -> client::conn::http2::Builder<TokioExecutor> {
    let mut builder = client::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(CLIENT_STREAM_WINDOW_BYTES)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true);
    builder
}

/// The gateway's end.
pub fn server() -> server::conn::http2::Builder<TokioExecutor> {
    let mut builder = server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(SERVER_STREAM_WINDOW_BYTES)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT);
    builder
}
