//! The tunnel between `kguard` and `kguard-gateway`: one websocket that carries HTTP/2, generic
//! over the byte stream below it.
//!
//! # The protocol, version 1
//!
//! 1. The client opens TLS to the gateway (ALPN `http/1.1`) and asks for a websocket at [`PATH`]
//!    with the subprotocol [`SUBPROTOCOL`], `Authorization: Bearer …` and [`SESSION`]. The gateway
//!    answers 101 and echoes the subprotocol, or refuses with an ordinary response: 401 for a
//!    token it does not accept. There is no compression and no text.
//! 2. Binary messages of at most [`MAX_MESSAGE_BYTES`] carry a byte stream. Their boundaries mean
//!    nothing. A websocket ping is answered; a close ends both directions.
//! 3. Inside speaks HTTP/2 with prior knowledge; the end that opened the websocket is its client.
//!    PINGs keep the connection alive and find a dead one.
//! 4. `CONNECT CLUSTER:443` opens a byte stream to a cluster. After a 2xx it carries plain
//!    HTTP/1.1 (no TLS), as kubectl sent it, upgrades and half-closes included. Anything but a 2xx
//!    refuses the stream and explains itself in a `Status` object.
//! 5. A client that wants to know what becomes of its requests asks for its session's events
//!    before it opens the first stream. Events are for people to look at: they and the answers come
//!    on streams of their own, and either may be read first. Whoever has an answer and wants to know
//!    why a program failed of it asks for the session's outcome, which is known before the answer.
//! 6. Every other request is one of the control API (see [`crate::api`]), `:authority` being
//!    whatever the client calls the gateway.
//!
//! **Every stream carries its own bearer.** A tunnel outlives the token that opened it, so
//! `CONNECT` and control requests alike come with a fresh `Authorization`, and the gateway
//! verifies each (a token it has verified before costs a look-up). A 401 to one stream says
//! nothing about the others: the client refreshes its token and asks again. [`SESSION`] groups
//! the streams of one client invocation and [`CLAIMS`] is what the client says of itself, see
//! [`crate::api::Claims`]; [`PLAN`] says that a stream plans, or runs a plan, see
//! [`crate::api::plans`]. They may differ from stream to stream, since a shared local port serves
//! many commands.
//!
//! # Windows
//!
//! The connection's window is as large as HTTP/2 allows and only the streams' windows push back:
//! with the default of 64 KiB for all, three readers who stall (a paused `kubectl logs | less`)
//! use it up and everybody else waits for them. What one end can make the other hold in memory is
//! therefore [`MAX_STREAMS`] times the stream window, and no more.
//!
//! Streams take turns with what is written, so that what is small does not wait for what is big; but
//! not with what the kernel has taken already, which is why it takes little: see [`prepare`].

mod handshake;
mod headers;
mod http2;
mod socket;
mod websocket;

#[cfg(test)]
mod tests;

pub use handshake::{AcceptError, ConnectError, accept, connect};
pub use headers::{
    InvalidHeader, MAX_CLAIMS_BYTES, Stream, bearer, cluster, connect_request, in_plan,
    read_bearer, read_break_glass, read_claims, read_keep_hold, read_plan, read_session,
};
pub use http2::{
    CLIENT_STREAM_WINDOW_BYTES, CONNECTION_WINDOW_BYTES, KEEP_ALIVE, KEEP_ALIVE_TIMEOUT,
    MAX_HEADER_BYTES, MAX_STREAMS, SERVER_STREAM_WINDOW_BYTES, client, server,
};
pub use socket::prepare;
pub use websocket::{MAX_MESSAGE_BYTES, WsBytes};

/// Where the gateway accepts tunnels.
pub const PATH: &str = "/tunnel";

/// The websocket subprotocol; its version is the protocol's.
pub const SUBPROTOCOL: &str = "kguard.tunnel.v1";

/// Names the header with the session's UUID.
pub const SESSION: &str = "kguard-session";

/// Names the header with the client's claims: base64url, without padding, of
/// [`crate::api::Claims`] as JSON.
pub const CLAIMS: &str = "kguard-claims";

/// Names the header by which the client of a workload asks, with `true`, that its holds stay when it
/// goes away: whoever runs the same job again finds them.
pub const KEEP_HOLD: &str = "kguard-keep-hold";

/// Names the header with the use of a plan that a stream is for: `plan ID`, in which no write is stored,
/// or `apply ID`, in which no other writes run than those of the plan.
pub const PLAN: &str = "kguard-plan";

/// Names the header with the reason why a request that would be held is to run without waiting, in
/// UTF-8: on a tunnel's stream, and on a plain client's request.
pub const BREAK_GLASS: &str = "kguard-break-glass";
