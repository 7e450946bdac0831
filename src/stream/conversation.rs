//! Both directions of one connection.

use std::borrow::Cow;
use std::sync::Arc;

use super::channel::{Channel, Connection, Observer, Purpose, Seen, Sizes};
use super::spdy_wire::SpdyWire;
use super::texts::{Texts, Typed};
use super::websocket_wire::WebSocketWire;
use super::{Protocol, StreamError};
use crate::mask::{MaskReport, TextPlan};

/// What is to be written to each side.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// To the client.
    pub to_client: Vec<u8>,
    /// To the server.
    pub to_server: Vec<u8>,
}

/// One connection, after both sides have agreed on its protocol.
pub struct Conversation {
    wire: Wire,
    content: Content,
}

enum Wire {
    Spdy(Box<SpdyWire>),
    WebSocket(Box<WebSocketWire>),
}

/// What does not depend on the protocol.
pub(super) struct Content {
    pub(super) purpose: Purpose,
    texts: Option<Texts>,
    typed: Typed,
    sizes: Sizes,
}

impl Conversation {
    /// A connection that begins. Without a plan nothing is masked.
    pub fn new(protocol: Protocol, purpose: Purpose, plan: Option<Arc<TextPlan>>) -> Self {
        let wire = match protocol {
            Protocol::Spdy => Wire::Spdy(Box::new(SpdyWire::plain())),
            Protocol::Tunnel => Wire::Spdy(Box::new(SpdyWire::tunnelled())),
            Protocol::WebSocket | Protocol::WebSocketBase64 => {
                Wire::WebSocket(Box::new(WebSocketWire::new(protocol.form())))
            }
        };
        let (texts, typed, sizes) = (plan.map(Texts::new), Typed::default(), Sizes::default());
        let content = Content { purpose, texts, typed, sizes };
        Self { wire, content }
    }

    /// Takes the client's next bytes.
    pub fn push_client(
        &mut self,
        bytes: &[u8],
        observer: &mut dyn Observer,
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        match &mut self.wire {
            Wire::Spdy(wire) => wire.push_client(bytes, (&mut self.content, observer), out),
            Wire::WebSocket(wire) => wire.push_client(bytes, (&mut self.content, observer), out),
        }
    }

    /// Takes the server's next bytes.
    pub fn push_server(
        &mut self,
        bytes: &[u8],
        observer: &mut dyn Observer,
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        match &mut self.wire {
            Wire::Spdy(wire) => wire.push_server(bytes, (&mut self.content, observer), out),
            Wire::WebSocket(wire) => wire.push_server(bytes, (&mut self.content, observer), out),
        }
    }

    /// Whether some text is held back until it is clear.
    pub fn is_holding(&self) -> bool {
        self.content.texts.as_ref().is_some_and(|texts| !texts.holding().is_empty())
    }

    /// Writes what is held back, when it must not wait longer.
    pub fn release(
        &mut self,
        observer: &mut dyn Observer,
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        let channels = self.content.texts.as_ref().map(Texts::holding).unwrap_or_default();
        for channel in channels {
            match &mut self.wire {
                Wire::Spdy(wire) => wire.release(channel, (&mut self.content, observer), out)?,
                Wire::WebSocket(wire) => {
                    wire.release(channel, (&mut self.content, observer), out);
                }
            }
        }
        Ok(())
    }

    /// Asks the client whether it is still there, in the way of its protocol. Pings and their answers
    /// go no further.
    pub fn ping_client(&mut self, out: &mut Outgoing) -> Result<(), StreamError> {
        match &mut self.wire {
            Wire::Spdy(wire) => wire.ping_client(out),
            Wire::WebSocket(wire) => {
                wire.ping_client(out);
                Ok(())
            }
        }
    }

    /// The same of the server, for whatever is in between and ends idle connections.
    pub fn ping_server(&mut self, out: &mut Outgoing) -> Result<(), StreamError> {
        match &mut self.wire {
            Wire::Spdy(wire) => wire.ping_server(out),
            Wire::WebSocket(wire) => {
                wire.ping_server(out);
                Ok(())
            }
        }
    }

    /// Ends it from here: the client is told why, as far as its protocol can say that.
    pub fn end(
        &mut self,
        why: &str,
        observer: &mut dyn Observer,
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        self.release(observer, out)?;
        match &mut self.wire {
            Wire::Spdy(wire) => wire.end(why, (&mut self.content, observer), out),
            Wire::WebSocket(wire) => {
                wire.end(why, (&mut self.content, observer), out);
                Ok(())
            }
        }
    }

    /// What was masked, once it is over.
    pub fn report(&mut self) -> MaskReport {
        self.content.texts.take().map(Texts::report).unwrap_or_default()
    }
}

impl Content {
    /// Tells of what the client sent.
    pub(super) fn up(&mut self, channel: Channel, bytes: &[u8], observer: &mut dyn Observer) {
        if channel == Channel::Resize {
            return self.sizes.push(bytes, observer);
        }
        if channel == Channel::Stdin && self.purpose == (Purpose::Command { tty: true }) {
            self.typed.push(bytes);
        }
        if let Some(seen) = channel.seen_up(bytes).filter(|_| !bytes.is_empty()) {
            observer.saw(&seen);
        }
    }

    /// What the client gets of the server's bytes, and tells of it.
    pub(super) fn down<'b>(
        &mut self,
        (id, channel): (u32, Channel),
        bytes: &'b [u8],
        observer: &mut dyn Observer,
    ) -> Cow<'b, [u8]> {
        let is_echo = channel == Channel::Stdout && self.typed.echoed(bytes);
        let shown = match &mut self.texts {
            Some(texts) if channel.is_text() => Cow::Owned(texts.push(id, bytes, is_echo)),
            _ => Cow::Borrowed(bytes),
        };
        tell(channel, &shown, observer);
        shown
    }

    /// What is left of a channel: held back so far, or, if it ends, all there is.
    pub(super) fn left(
        &mut self,
        (id, channel): (u32, Channel),
        ends: bool,
        observer: &mut dyn Observer,
    ) -> Vec<u8> {
        let left = match &mut self.texts {
            Some(texts) if ends => texts.end(id),
            Some(texts) => texts.release(id),
            None => Vec::new(),
        };
        tell(channel, &left, observer);
        left
    }

    /// Whether it is of exec or attach.
    pub(super) fn is_command(&self) -> bool {
        matches!(self.purpose, Purpose::Command { .. })
    }

    /// What a user is told whose connection ends from here, in the way of a program's last words.
    pub(super) fn last_words(&self, why: &str) -> String {
        match self.purpose {
            // A terminal in raw mode does not return by itself.
            Purpose::Command { tty: true } => format!("\r\nkguard: {why}\r\n"),
            _ => format!("kguard: {why}\n"),
        }
    }
}

fn tell(channel: Channel, bytes: &[u8], observer: &mut dyn Observer) {
    if let Some(seen) = channel.seen_down(bytes).filter(|_| !bytes.is_empty()) {
        observer.saw(&seen);
    }
}

impl Channel {
    /// Whether what the server sends on it is text that may hold secrets.
    fn is_text(self) -> bool {
        !matches!(self, Self::Port(_) | Self::PortError(_))
    }
}

/// The exit status that says why, as clients read it from the channel of the status (client-go
/// `remotecommand/v4.go`).
pub(super) fn status(why: &str) -> String {
    serde_json::json!({
        "metadata": {}, "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": format!("kguard: {why}"),
    })
    .to_string()
}

/// Tells of a connection to a port, and whether it may be opened.
pub(super) fn connect(connection: Connection, observer: &mut dyn Observer) -> Result<(), String> {
    let allowed = observer.may_connect(connection.port);
    observer.saw(&match allowed {
        Ok(()) => Seen::Connected(connection),
        Err(_) => Seen::Refused(connection.port),
    });
    allowed
}
