//! Exec, attach and port-forward: both sides of a connection read, what is seen told to an observer,
//! what containers say masked, and everything written anew.
//!
//! ```text
//! client → reader → who may say that, on which channel → writer → server
//! client ← writer ← masked ← which channel             ← reader ← server
//!                      └→ observer (recording, sums of port-forward)
//! ```
//!
//! Nothing is passed on as it came: what an observer sees is what the other side gets, whatever tricks
//! are played with frames. What is no frame ends the connection. Pure: who calls does the reading, the
//! writing and the waiting.

mod channel;
mod conversation;
mod frame;
mod spdy;
mod spdy_wire;
mod texts;
mod websocket;
mod websocket_wire;

#[cfg(test)]
mod tests;

pub use channel::{Connection, Observer, Purpose, Seen};
pub use conversation::{Conversation, Outgoing};

use websocket::Form;

/// The protocol of an upgraded connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// SPDY/3.1, as `moby/spdystream` speaks it.
    Spdy,
    /// RFC 6455 with a binary subprotocol `channel.k8s.io`.
    WebSocket,
    /// The same in text, with a subprotocol `base64.channel.k8s.io`.
    WebSocketBase64,
    /// `SPDY/3.1+portforward.k8s.io`: SPDY as a stream of bytes in the messages of a WebSocket.
    Tunnel,
}

/// Why a connection cannot go on. None quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A frame that the protocol does not have here.
    #[error("a frame came that does not belong here")]
    Frame,
    /// More channels than there may be.
    #[error("too many channels were opened")]
    TooManyChannels,
}

impl Protocol {
    /// The one that both sides agreed on: `upgrade` is `websocket` or `SPDY/3.1`, `subprotocol` what
    /// the server chose; none if kguard does not speak it.
    pub fn agreed(upgrade: &str, subprotocol: Option<&str>) -> Option<Self> {
        let is = |name: &str| upgrade.eq_ignore_ascii_case(name);
        match subprotocol {
            None if is("SPDY/3.1") => Some(Self::Spdy),
            _ if !is("websocket") => None,
            None
            | Some(
                "" | "channel.k8s.io" | "v2.channel.k8s.io" | "v3.channel.k8s.io"
                | "v4.channel.k8s.io" | "v5.channel.k8s.io",
            ) => Some(Self::WebSocket),
            Some("base64.channel.k8s.io" | "v4.base64.channel.k8s.io") => {
                Some(Self::WebSocketBase64)
            }
            Some("SPDY/3.1+portforward.k8s.io") => Some(Self::Tunnel),
            Some(_) => None,
        }
    }

    fn form(self) -> Form {
        match self {
            Self::WebSocketBase64 => Form::Base64,
            Self::Tunnel => Form::Bytes,
            Self::Spdy | Self::WebSocket => Form::Channels,
        }
    }
}
