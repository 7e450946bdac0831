//! A websocket as a stream of bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, error::ProtocolError};

/// The largest message that either end sends or takes.
pub const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// The default of 128 KiB, allocated at once, is what an idle tunnel would mostly consist of.
const READ_BUFFER_BYTES: usize = 16 << 10;

/// The bytes that a websocket's binary messages carry.
///
/// Writes are gathered into one message until they are flushed or the message is full; while the
/// connection takes no more, at most one message waits and writing is pending.
#[derive(Debug)]
pub struct WsBytes<S> {
    websocket: WebSocketStream<S>,
    incoming: Bytes,
    outgoing: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WsBytes<S> {
    /// The gateway's end of a connection that was just upgraded.
    pub async fn server(upgraded: S) -> Self {
        Self::new(WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config())).await)
    }

    pub(super) fn new(websocket: WebSocketStream<S>) -> Self {
        Self { websocket, incoming: Bytes::new(), outgoing: BytesMut::new() }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.outgoing.is_empty() {
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(&mut self.websocket).poll_ready(cx)).map_err(io_error)?;
        let message = Message::Binary(self.outgoing.split().freeze());
        Poll::Ready(Pin::new(&mut self.websocket).start_send(message).map_err(io_error))
    }
}

/// The limits of a tunnel's websocket.
pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        // Messages are gathered before they come here, so each goes out at once.
        .write_buffer_size(0)
        // A message that waits, the one behind it, and answers to pings.
        .max_write_buffer_size(4 * MAX_MESSAGE_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WsBytes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.incoming.is_empty() {
            match ready!(Pin::new(&mut self.websocket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => self.incoming = bytes,
                // The websocket answers pings by itself.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ok(())),
                Some(Ok(Message::Text(_))) => {
                    let text = "a text message, where the tunnel carries binary ones only";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, text)));
                }
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
            }
        }
        let length = self.incoming.len().min(buf.remaining());
        let taken = self.incoming.split_to(length);
        buf.put_slice(&taken);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WsBytes<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.outgoing.len() >= MAX_MESSAGE_BYTES {
            ready!(self.poll_send(cx))?;
        }
        let room = MAX_MESSAGE_BYTES - self.outgoing.len();
        let taken = buf.take(room);
        let length = taken.remaining();
        self.outgoing.extend_from_slice(taken.chunk());
        Poll::Ready(Ok(length))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.websocket).poll_flush(cx).map_err(io_error)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // After the peer's close nothing more can be said, and nobody would hear it.
        match ready!(self.poll_send(cx)) {
            Ok(()) => Pin::new(&mut self.websocket).poll_close(cx).map_err(io_error),
            Err(_) => Poll::Ready(Ok(())),
        }
    }
}

fn io_error(error: Error) -> io::Error {
    let kind = match error {
        Error::Io(error) => return error,
        Error::ConnectionClosed | Error::AlreadyClosed => io::ErrorKind::BrokenPipe,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            io::ErrorKind::UnexpectedEof
        }
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}
