//! Channels in the messages of a WebSocket, numbered (k8s.io/kubelet `cri/streaming`):
//!
//! | | exec, attach | port-forward |
//! |---|---|---|
//! | 0 | stdin | first port |
//! | 1 | stdout | its error |
//! | 2 | stderr | second port |
//! | 3 | exit status | its error |
//! | 4 | size of the terminal | … |

use std::collections::BTreeSet;

use super::StreamError;
use super::channel::{Channel, Observer, Purpose};
use super::conversation::{Content, Outgoing, status};
use super::websocket::{Form, Frame, Reader, Writer, Writes};

/// A normal end (RFC 6455, 7.4.1).
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;

/// What the gateway's own pings say.
pub(super) const PING: &[u8] = b"kguard";
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
            to_client: Writer { form, from: Writes::Server },
            to_server: Writer { form, from: Writes::Client },
        }
    }

    pub(super) fn push_client(
        &mut self,
        bytes: &[u8],
        (content, observer): (&mut Content, &mut dyn Observer),
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
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
        let (writer, answers) = (self.to_client, self.to_server);
        let Outgoing { to_client: out, to_server } = out;
        let (closed, status) = (&mut self.server_closed, &mut self.status);
        self.server.push(bytes, &mut |frame| {
            match &frame {
                Frame::Data { channel, .. } if closed.contains(channel) => return Ok(()),
                Frame::Data { channel: STATUS, bytes } if content.is_command() => {
                    let room = MAX_STATUS_BYTES.saturating_sub(status.len()).min(bytes.len());
                    status.extend_from_slice(bytes.get(..room).unwrap_or_default());
                    return Ok(());
                }
                Frame::Data { channel, bytes } => {
                    let of = (u32::from(*channel), down(&content.purpose, *channel)?);
                    let shown = content.down(of, bytes, observer);
                    writer.write(&Frame::Data { channel: *channel, bytes: &shown }, out);
                    return Ok(());
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
                Frame::Close(_) => {
                    for channel in 0..=u8::MAX {
                        if down(&content.purpose, channel).is_ok() {
                            left(writer, (channel, true), (content, observer), out)?;
                        }
                    }
                    closed.extend(0..=u8::MAX);
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
        self.to_client.write(&Frame::Close(&NORMAL), &mut out.to_client);
        self.to_server.write(&Frame::Close(&NORMAL), &mut out.to_server);
    }
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
            let port = ports.get(usize::from(channel / 2)).ok_or(StreamError::Frame)?;
            Ok(Channel::Port(*port))
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
            let port = ports.get(usize::from(channel / 2)).ok_or(StreamError::Frame)?;
            let is_error = !channel.is_multiple_of(2);
            Ok(if is_error { Channel::PortError(*port) } else { Channel::Port(*port) })
        }
        _ => Err(StreamError::Frame),
    }
}
