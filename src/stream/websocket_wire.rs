//! Channels in the messages of a WebSocket, numbered (k8s.io/kubelet `cri/streaming`):
//!
//! | | exec, attach | port-forward |
//! |---|---|---|
//! | 0 | stdin | first port |
//! | 1 | stdout | its error |
//! | 2 | stderr | second port |
//! | 3 | exit status | its error |
//! | 4 | size of the terminal | … |

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::StreamError;
use super::channel::{Channel, Connection, Observer, Purpose, Seen};
use super::conversation::{Content, Outgoing, status};
use super::websocket::{CODE_BYTES, Form, Frame, Reader, Writer, Writes};

/// A normal end (RFC 6455, 7.4.1).
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();
/// What a close has room for behind its code (RFC 6455, 5.5).
const MAX_REASON_BYTES: usize = 123;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;

/// What the gateway's own pings say.
pub(super) const PING: &[u8] = b"kguard";
/// Of a port-forward a server says first on each channel which port it is of (k8s.io/kubelet
/// `cri/streaming/portforward/websocket.go`).
const ANNOUNCED_BYTES: usize = size_of::<u16>();
/// More than a status ever takes.
const MAX_STATUS_BYTES: usize = 64 << 10;

/// Both directions.
pub(super) struct WebSocketWire {
    client: Reader,
    server: Reader,
    /// The channels on which a side has said that nothing more comes.
    client_closed: BTreeSet<u8>,
    server_closed: BTreeSet<u8>,
    /// The exit status, as far as it has come: clients read one message.
    status: Vec<u8>,
    /// How much of its port has been said of each channel.
    announced: BTreeMap<u8, usize>,
    has_begun: bool,
    to_client: Writer,
    to_server: Writer,
}

impl WebSocketWire {
    pub(super) fn new(form: Form) -> Self {
        Self {
            client: Reader::new(form, Writes::Client),
            server: Reader::new(form, Writes::Server),
            client_closed: BTreeSet::new(),
            server_closed: BTreeSet::new(),
            status: Vec::new(),
            announced: BTreeMap::new(),
            has_begun: false,
            to_client: Writer { form, from: Writes::Server },
            to_server: Writer { form, from: Writes::Client },
        }
    }

    /// Tells of the connections of a port-forward, of which there are as many as the URL names ports, from
    /// the beginning.
    fn begin(&mut self, purpose: &Purpose, observer: &mut dyn Observer) {
        let Purpose::PortForward { ports } = purpose else { return };
        if !std::mem::replace(&mut self.has_begun, true) {
            let all = (0..=u8::MAX).step_by(2).map_while(|channel| connection(ports, channel).ok());
            all.for_each(|connection| observer.saw(&Seen::Connected(connection)));
        }
    }

    pub(super) fn push_client(
        &mut self,
        bytes: &[u8],
        (content, observer): (&mut Content, &mut dyn Observer),
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        self.begin(&content.purpose, observer);
        let (writer, closed, answers) = (self.to_server, &mut self.client_closed, self.to_client);
        self.client.push(bytes, &mut |frame| {
            match &frame {
                Frame::Data { channel, .. } if closed.contains(channel) => return Ok(()),
                Frame::Data { channel, bytes } => {
                    content.up(up(&content.purpose, *channel)?, bytes, observer);
                }
                Frame::Empty { channel: Some(channel) } => {
                    up(&content.purpose, *channel)?;
                }
                Frame::Closed { channel } => {
                    up(&content.purpose, *channel)?;
                    closed.insert(*channel);
                }
                Frame::Close(_) => closed.extend(0..=u8::MAX),
                // Answered here: an API server whose kubelet has ended may drop what it still has to
                // send when it is written to.
                Frame::Ping(payload) => {
                    answers.write(&Frame::Pong(payload), &mut out.to_client);
                    return Ok(());
                }
                Frame::Pong(_) => return Ok(()),
                _ => {}
            }
            writer.write(&frame, &mut out.to_server);
            Ok(())
        })
    }

    pub(super) fn push_server(
        &mut self,
        bytes: &[u8],
        (content, observer): (&mut Content, &mut dyn Observer),
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        self.begin(&content.purpose, observer);
        let (writer, answers) = (self.to_client, self.to_server);
        let Outgoing { to_client: out, to_server } = out;
        let Self { server, server_closed: closed, status, announced, .. } = self;
        server.push(bytes, &mut |frame| {
            match &frame {
                Frame::Data { channel, .. } if closed.contains(channel) => return Ok(()),
                Frame::Data { channel: STATUS, bytes } if content.is_command() => {
                    let room = MAX_STATUS_BYTES.saturating_sub(status.len()).min(bytes.len());
                    status.extend_from_slice(bytes.get(..room).unwrap_or_default());
                    return Ok(());
                }
                Frame::Data { channel, bytes } => {
                    let announced = announced.entry(*channel).or_default();
                    return said((*channel, bytes), announced, (content, observer), (writer, out));
                }
                Frame::Closed { channel } => {
                    left(writer, (*channel, true), (content, observer), out)?;
                    closed.insert(*channel);
                }
                // Clients that have it may read nothing more.
                Frame::EndOfMessage { channel: STATUS } if content.is_command() => {
                    left(writer, (STDOUT, false), (content, observer), out)?;
                    left(writer, (STDERR, false), (content, observer), out)?;
                    let of = (u32::from(STATUS), down(&content.purpose, STATUS)?);
                    let mut shown =
                        content.down(of, &std::mem::take(status), observer).into_owned();
                    shown.extend(content.left(of, false, observer));
                    writer.write(&Frame::Data { channel: STATUS, bytes: &shown }, out);
                }
                Frame::Ping(payload) => {
                    answers.write(&Frame::Pong(payload), to_server);
                    return Ok(());
                }
                Frame::Pong(_) => return Ok(()),
                Frame::Close(payload) => {
                    for channel in 0..=u8::MAX {
                        if down(&content.purpose, channel).is_ok() {
                            left(writer, (channel, true), (content, observer), out)?;
                        }
                    }
                    closed.extend(0..=u8::MAX);
                    // The reason behind the code is a text that nobody masks or records.
                    let code = payload.get(..CODE_BYTES).unwrap_or_default();
                    writer.write(&Frame::Close(code), out);
                    return Ok(());
                }
                _ => {}
            }
            writer.write(&frame, out);
            Ok(())
        })
    }

    pub(super) fn release(
        &mut self,
        channel: u32,
        (content, observer): (&mut Content, &mut dyn Observer),
        out: &mut Outgoing,
    ) {
        let [.., channel] = channel.to_be_bytes();
        // What is no channel holds nothing back.
        let _ = left(self.to_client, (channel, false), (content, observer), &mut out.to_client);
    }

    pub(super) fn ping_client(&self, out: &mut Outgoing) {
        self.to_client.write(&Frame::Ping(PING), &mut out.to_client);
    }

    pub(super) fn ping_server(&self, out: &mut Outgoing) {
        self.to_server.write(&Frame::Ping(PING), &mut out.to_server);
    }

    pub(super) fn end(
        &mut self,
        why: &str,
        (content, observer): (&mut Content, &mut dyn Observer),
        out: &mut Outgoing,
    ) {
        let words = content.last_words(why);
        if let Purpose::Command { tty } = content.purpose {
            let channel = if tty { STDOUT } else { STDERR };
            let of = if tty { Channel::Stdout } else { Channel::Stderr };
            let said = content.down((u32::from(channel), of), words.as_bytes(), observer);
            self.to_client.write(&Frame::Data { channel, bytes: &said }, &mut out.to_client);
            let status = status(why);
            let status = Frame::Data { channel: STATUS, bytes: status.as_bytes() };
            self.to_client.write(&status, &mut out.to_client);
        }
        self.to_client.write(&Frame::Close(&close(&content.purpose, why)), &mut out.to_client);
        self.to_server.write(&Frame::Close(&NORMAL), &mut out.to_server);
    }
}

/// A normal end; with the reason, where no channel could say it (RFC 6455, 5.5.1).
fn close(purpose: &Purpose, why: &str) -> Vec<u8> {
    let mut payload = NORMAL.to_vec();
    if matches!(purpose, Purpose::PortForward { .. }) {
        let words = format!("kguard: {why}");
        let end = words.floor_char_boundary(MAX_REASON_BYTES);
        payload.extend_from_slice(words.get(..end).unwrap_or_default().as_bytes());
    }
    payload
}

/// Writes what a server says on a channel, as far as that is clear.
fn said(
    (channel, bytes): (u8, &[u8]),
    announced: &mut usize,
    (content, observer): (&mut Content, &mut dyn Observer),
    (writer, out): (Writer, &mut Vec<u8>),
) -> Result<(), StreamError> {
    let of = down(&content.purpose, channel)?;
    if !bytes.is_empty() && !of.is_of_server() {
        return Err(StreamError::Frame);
    }
    let shown = if matches!(of, Channel::Port(_)) {
        // Which port it is has not come through the connection; it is passed on with what has.
        let (own, carried) = bytes.split_at(bytes.len().min(ANNOUNCED_BYTES - *announced));
        *announced += own.len();
        content.down((u32::from(channel), of), carried, observer);
        Cow::Borrowed(bytes)
    } else {
        content.down((u32::from(channel), of), bytes, observer)
    };
    writer.write(&Frame::Data { channel, bytes: &shown }, out);
    Ok(())
}

/// Writes what is left of a channel.
fn left(
    writer: Writer,
    (channel, ends): (u8, bool),
    (content, observer): (&mut Content, &mut dyn Observer),
    out: &mut Vec<u8>,
) -> Result<(), StreamError> {
    let of = down(&content.purpose, channel)?;
    let left = content.left((u32::from(channel), of), ends, observer);
    writer.write(&Frame::Data { channel, bytes: &left }, out);
    Ok(())
}

/// What the client may write to.
fn up(purpose: &Purpose, channel: u8) -> Result<Channel, StreamError> {
    match (purpose, channel) {
        (Purpose::Command { .. }, 0) => Ok(Channel::Stdin),
        (Purpose::Command { .. }, 4) => Ok(Channel::Resize),
        (Purpose::PortForward { ports }, _) if channel.is_multiple_of(2) => {
            Ok(Channel::Port(connection(ports, channel)?))
        }
        _ => Err(StreamError::Frame),
    }
}

/// What the server may write to.
fn down(purpose: &Purpose, channel: u8) -> Result<Channel, StreamError> {
    match (purpose, channel) {
        (Purpose::Command { .. }, STDOUT) => Ok(Channel::Stdout),
        (Purpose::Command { .. }, STDERR) => Ok(Channel::Stderr),
        (Purpose::Command { .. }, STATUS) => Ok(Channel::Status),
        // kubelets say where they have closed it.
        (Purpose::Command { .. }, 0) => Ok(Channel::Stdin),
        (Purpose::PortForward { ports }, _) => {
            let connection = connection(ports, channel)?;
            let is_error = !channel.is_multiple_of(2);
            Ok(if is_error {
                Channel::PortError(connection.port)
            } else {
                Channel::Port(connection)
            })
        }
        _ => Err(StreamError::Frame),
    }
}

/// The connection of a channel: two of them have one.
fn connection(ports: &[u16], channel: u8) -> Result<Connection, StreamError> {
    let port = *ports.get(usize::from(channel / 2)).ok_or(StreamError::Frame)?;
    Ok(Connection { number: u32::from(channel / 2) + 1, port })
}
