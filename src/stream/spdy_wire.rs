//! Channels as streams of SPDY, which the client opens and says what they are for; on a connection of
//! its own, or tunnelled through a WebSocket.

use std::collections::BTreeMap;

use super::channel::{Channel, Connection, Observer, Purpose, Seen};
use super::conversation::{Content, Outgoing, connect, status};
use super::spdy::{Frame, Headers, REFUSED_STREAM, Reader, Writer};
use super::websocket::{Form, Writes};
use super::websocket_wire::PING;
use super::{StreamError, websocket as ws};

/// Of the gateway's own pings: even, as a server's are, and none that a server comes to.
const PING_ID: u32 = 0xffff_fffe;
/// The same to the server, odd as a client's are.
const SERVER_PING_ID: u32 = 0xffff_fffd;
/// At once: exec has five; every forwarded connection has two.
const MAX_STREAMS: usize = 2048;
/// A normal end (RFC 6455, 7.4.1).
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();

/// Both directions.
pub(super) struct SpdyWire {
    streams: Streams,
    client: Reader,
    server: Reader,
    writers: Writers,
    tunnel: Option<Tunnel>,
}

struct Writers {
    to_client: Writer,
    to_server: Writer,
}

/// The WebSocket around it.
struct Tunnel {
    client: ws::Reader,
    server: ws::Reader,
}

const TO_CLIENT: ws::Writer = ws::Writer { form: Form::Bytes, from: Writes::Server };
const TO_SERVER: ws::Writer = ws::Writer { form: Form::Bytes, from: Writes::Client };

/// The streams that are open, and who has said that nothing more comes.
#[derive(Default)]
struct Streams {
    open: BTreeMap<u32, Stream>,
    /// How many connections to ports were opened.
    connections: u32,
    client_left: bool,
    server_left: bool,
}

struct Stream {
    channel: Channel,
    /// A connection to a port that policy refuses: the server knows nothing of it.
    is_refused: bool,
    client_ended: bool,
    server_ended: bool,
}

impl SpdyWire {
    pub(super) fn plain() -> Self {
        let writers = Writers { to_client: Writer::new(), to_server: Writer::new() };
        let (client, server) = (Reader::new(), Reader::new());
        Self { streams: Streams::default(), client, server, writers, tunnel: None }
    }

    pub(super) fn tunnelled() -> Self {
        let tunnel = Tunnel {
            client: ws::Reader::new(Form::Bytes, Writes::Client),
            server: ws::Reader::new(Form::Bytes, Writes::Server),
        };
        Self { tunnel: Some(tunnel), ..Self::plain() }
    }

    pub(super) fn push_client(
        &mut self,
        bytes: &[u8],
        (content, observer): (&mut Content, &mut dyn Observer),
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        let Self { streams, client, writers, tunnel, .. } = self;
        let mut read = |bytes: &[u8], out: &mut Outgoing| {
            client.push(bytes, &mut |frame| {
                client_frame(&frame, (streams, writers), (content, observer), out)
            })
        };
        match tunnel {
            None => read(bytes, out),
            Some(tunnel) => unwrap((&mut tunnel.client, bytes), &mut read, out),
        }
    }

    pub(super) fn push_server(
        &mut self,
        bytes: &[u8],
        (content, observer): (&mut Content, &mut dyn Observer),
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        let Self { streams, server, writers, tunnel, .. } = self;
        let mut read = |bytes: &[u8], out: &mut Outgoing| {
            server.push(bytes, &mut |frame| {
                server_frame(&frame, (streams, writers), (content, observer), out)
            })
        };
        match tunnel {
            None => read(bytes, out),
            Some(tunnel) => unwrap((&mut tunnel.server, bytes), &mut read, out),
        }
    }

    pub(super) fn release(
        &mut self,
        stream: u32,
        (content, observer): (&mut Content, &mut dyn Observer),
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        let Some(channel) = self.streams.open.get(&stream).map(|of| of.channel) else {
            return Ok(());
        };
        let bytes = content.left((stream, channel), false, observer);
        let frame = Frame::Data { stream, bytes: &bytes, last: false };
        self.writers.to_client.write(&frame, &mut out.to_client)
    }

    pub(super) fn ping_client(&mut self, out: &mut Outgoing) -> Result<(), StreamError> {
        if self.tunnel.is_some() {
            TO_CLIENT.write(&ws::Frame::Ping(PING), &mut out.to_client);
            return Ok(());
        }
        self.writers.to_client.write(&Frame::Ping(PING_ID), &mut out.to_client)
    }

    pub(super) fn ping_server(&mut self, out: &mut Outgoing) -> Result<(), StreamError> {
        if self.tunnel.is_some() {
            TO_SERVER.write(&ws::Frame::Ping(PING), &mut out.to_server);
            return Ok(());
        }
        self.writers.to_server.write(&Frame::Ping(SERVER_PING_ID), &mut out.to_server)
    }

    pub(super) fn end(
        &mut self,
        why: &str,
        (content, observer): (&mut Content, &mut dyn Observer),
        out: &mut Outgoing,
    ) -> Result<(), StreamError> {
        let mut inner = Outgoing::default();
        let words = content.last_words(why);
        let tty = content.purpose == Purpose::Command { tty: true };
        let speaker = if tty { Channel::Stdout } else { Channel::Stderr };
        // The status comes last: clients do not wait for words after it.
        let mut streams: Vec<_> =
            self.streams.open.iter().filter(|(_, of)| !of.server_ended).collect();
        streams.sort_by_key(|(_, of)| of.channel == Channel::Status);
        for (stream, of) in streams {
            let bytes = match of.channel {
                Channel::Status => status(why).into_bytes(),
                Channel::PortError(_) => words.clone().into_bytes(),
                channel if channel == speaker => {
                    content.down((*stream, channel), words.as_bytes(), observer).into_owned()
                }
                _ => Vec::new(),
            };
            let frame = Frame::Data { stream: *stream, bytes: &bytes, last: true };
            self.writers.to_client.write(&frame, &mut inner.to_client)?;
        }
        let away = Frame::GoAway { last: 0, status: 0 };
        self.writers.to_client.write(&away, &mut inner.to_client)?;
        self.writers.to_server.write(&away, &mut inner.to_server)?;
        self.streams.open.clear();
        if self.tunnel.is_some() {
            wrap(&inner, out);
            TO_CLIENT.write(&ws::Frame::Close(&NORMAL), &mut out.to_client);
            TO_SERVER.write(&ws::Frame::Close(&NORMAL), &mut out.to_server);
        } else {
            out.to_client.extend_from_slice(&inner.to_client);
            out.to_server.extend_from_slice(&inner.to_server);
        }
        Ok(())
    }
}

/// What reads the SPDY of one side.
type Read<'r> = dyn FnMut(&[u8], &mut Outgoing) -> Result<(), StreamError> + 'r;

/// Takes SPDY out of the messages of one side. Pings of the WebSocket are answered here.
fn unwrap(
    (reader, bytes): (&mut ws::Reader, &[u8]),
    read: &mut Read<'_>,
    out: &mut Outgoing,
) -> Result<(), StreamError> {
    let from = reader.from();
    reader.push(bytes, &mut |frame| {
        let (back, onward) = match from {
            Writes::Client => ((TO_CLIENT, &mut out.to_client), (TO_SERVER, &mut out.to_server)),
            Writes::Server => ((TO_SERVER, &mut out.to_server), (TO_CLIENT, &mut out.to_client)),
        };
        match &frame {
            ws::Frame::Data { bytes, .. } => {
                let mut inner = Outgoing::default();
                read(bytes, &mut inner)?;
                wrap(&inner, out);
            }
            ws::Frame::Ping(payload) => back.0.write(&ws::Frame::Pong(payload), back.1),
            ws::Frame::Pong(_) => {}
            // Without its reason, a text that nobody masks or records.
            ws::Frame::Close(payload) => {
                let code = payload.get(..ws::CODE_BYTES).unwrap_or_default();
                onward.0.write(&ws::Frame::Close(code), onward.1);
            }
            other => onward.0.write(other, onward.1),
        }
        Ok(())
    })
}

/// Puts what SPDY says into messages.
fn wrap(inner: &Outgoing, out: &mut Outgoing) {
    let data = |bytes| ws::Frame::Data { channel: 0, bytes };
    TO_CLIENT.write(&data(&inner.to_client), &mut out.to_client);
    TO_SERVER.write(&data(&inner.to_server), &mut out.to_server);
}

fn client_frame(
    frame: &Frame<'_>,
    (streams, writers): (&mut Streams, &mut Writers),
    (content, observer): (&mut Content, &mut dyn Observer),
    out: &mut Outgoing,
) -> Result<(), StreamError> {
    // Nobody reads on.
    if streams.client_left {
        return Ok(());
    }
    match frame {
        Frame::Open { stream, headers, .. } => {
            if let Some(why) = streams.open((*stream, headers), &content.purpose, observer)? {
                return refuse((*stream, &why), (streams, writers), out);
            }
        }
        Frame::Data { stream, bytes, last } => {
            let Some(of) = streams.open.get_mut(stream).filter(|of| !of.client_ended) else {
                return Ok(());
            };
            let (channel, is_refused) = (of.channel, of.is_refused);
            of.client_ended = *last;
            if is_refused {
                streams.forget_ended(*stream, observer);
                return Ok(());
            }
            // Nobody reads it, so nobody would see what is hidden there.
            if !bytes.is_empty() && !channel.is_of_client() {
                return Err(StreamError::Frame);
            }
            content.up(channel, bytes, observer);
            streams.forget_ended(*stream, observer);
        }
        Frame::Reset { stream, .. } | Frame::Headers { stream, .. } => {
            let is_reset = matches!(frame, Frame::Reset { .. });
            let Some(of) = streams.open.get(stream).filter(|of| !of.is_refused) else {
                return Ok(());
            };
            if is_reset {
                content.left((*stream, of.channel), true, observer);
                streams.forget(*stream, observer);
            }
        }
        // Servers open none that a client would accept.
        Frame::Reply { .. } => return Err(StreamError::Frame),
        Frame::GoAway { .. } => streams.client_left = true,
        Frame::Ping(PING_ID) => return Ok(()),
        // Answered here: an API server whose kubelet has ended may drop what it still has to send
        // when it is written to.
        Frame::Ping(_) => return writers.to_client.write(frame, &mut out.to_client),
    }
    writers.to_server.write(frame, &mut out.to_server)
}

/// Answers in the server's place, in the way of a pod on which nobody listens.
fn refuse(
    (stream, why): (u32, &str),
    (streams, writers): (&mut Streams, &mut Writers),
    out: &mut Outgoing,
) -> Result<(), StreamError> {
    let reply = Frame::Reply { stream, flags: 0, headers: Headers::default() };
    writers.to_client.write(&reply, &mut out.to_client)?;
    let is_error = |of: &Stream| matches!(of.channel, Channel::PortError(_));
    let says = streams.open.get(&stream).is_some_and(is_error);
    let why = format!("kguard: {why}");
    let bytes = if says { why.as_bytes() } else { &[] };
    let data = Frame::Data { stream, bytes, last: true };
    writers.to_client.write(&data, &mut out.to_client)?;
    if !says {
        let reset = Frame::Reset { stream, status: REFUSED_STREAM };
        writers.to_client.write(&reset, &mut out.to_client)?;
        streams.open.remove(&stream);
    }
    Ok(())
}

fn server_frame(
    frame: &Frame<'_>,
    (streams, writers): (&mut Streams, &mut Writers),
    (content, observer): (&mut Content, &mut dyn Observer),
    out: &mut Outgoing,
) -> Result<(), StreamError> {
    if streams.server_left {
        return Ok(());
    }
    let Outgoing { to_client: out, to_server } = out;
    let writer = &mut writers.to_client;
    match *frame {
        Frame::Data { stream, bytes, last } => {
            let Some(of) = streams.open.get_mut(&stream).filter(|of| !of.server_ended) else {
                return Ok(());
            };
            let channel = of.channel;
            if !bytes.is_empty() && !channel.is_of_server() {
                return Err(StreamError::Frame);
            }
            of.server_ended = last;
            let mut shown = content.down((stream, channel), bytes, observer);
            if last {
                shown.to_mut().extend(content.left((stream, channel), true, observer));
            }
            streams.forget_ended(stream, observer);
            writer.write(&Frame::Data { stream, bytes: &shown, last }, out)
        }
        Frame::Reset { stream, .. } => {
            let Some(of) = streams.open.get(&stream) else { return Ok(()) };
            let left = content.left((stream, of.channel), true, observer);
            streams.forget(stream, observer);
            writer.write(&Frame::Data { stream, bytes: &left, last: false }, out)?;
            writer.write(frame, out)
        }
        Frame::GoAway { .. } => {
            streams.server_left = true;
            for (stream, of) in &streams.open {
                let left = content.left((*stream, of.channel), true, observer);
                writer.write(&Frame::Data { stream: *stream, bytes: &left, last: false }, out)?;
            }
            writer.write(frame, out)
        }
        // Clients read no headers of it, and nobody masks or records them.
        Frame::Reply { stream, flags, .. } if streams.open.contains_key(&stream) => {
            writer.write(&Frame::Reply { stream, flags, headers: Headers::default() }, out)
        }
        Frame::Headers { stream, flags, .. } if streams.open.contains_key(&stream) => {
            writer.write(&Frame::Headers { stream, flags, headers: Headers::default() }, out)
        }
        Frame::Reply { .. } | Frame::Headers { .. } | Frame::Ping(SERVER_PING_ID) => Ok(()),
        Frame::Ping(_) => writers.to_server.write(frame, to_server),
        Frame::Open { .. } => Err(StreamError::Frame),
    }
}

impl Streams {
    /// Takes note of a stream that the client opens; why not, if policy refuses it.
    fn open(
        &mut self,
        (stream, headers): (u32, &Headers),
        purpose: &Purpose,
        observer: &mut dyn Observer,
    ) -> Result<Option<String>, StreamError> {
        // Clients have the odd numbers.
        if stream.is_multiple_of(2) || self.open.contains_key(&stream) {
            return Err(StreamError::Frame);
        }
        if self.open.len() >= MAX_STREAMS {
            return Err(StreamError::TooManyChannels);
        }
        let kind = headers.get("streamtype").ok_or(StreamError::Frame)?;
        let (channel, refusal) = match purpose {
            // Of two of a kind servers take the last.
            Purpose::Command { .. } => {
                let channel = command_channel(kind)?;
                if self.open.values().any(|of| of.channel == channel) {
                    return Err(StreamError::Frame);
                }
                (channel, None)
            }
            Purpose::PortForward { .. } => {
                let port = headers.get("port").and_then(port).ok_or(StreamError::Frame)?;
                match kind {
                    // Once for both streams of a connection.
                    "error" => (Channel::PortError(port), observer.may_connect(port).err()),
                    "data" => self.connect(port, observer),
                    _ => return Err(StreamError::Frame),
                }
            }
        };
        let is_refused = refusal.is_some();
        let opened = Stream { channel, is_refused, client_ended: false, server_ended: is_refused };
        self.open.insert(stream, opened);
        Ok(refusal)
    }

    /// The channel of a connection; and why it is refused, if it is.
    fn connect(&mut self, port: u16, observer: &mut dyn Observer) -> (Channel, Option<String>) {
        let connection = Connection { number: self.connections.wrapping_add(1), port };
        let refusal = connect(connection, observer).err();
        if refusal.is_none() {
            self.connections = connection.number;
        }
        (Channel::Port(connection), refusal)
    }

    fn forget_ended(&mut self, stream: u32, observer: &mut dyn Observer) {
        let ended = |of: &Stream| of.client_ended && of.server_ended;
        if self.open.get(&stream).is_some_and(ended) {
            self.forget(stream, observer);
        }
    }

    /// Forgets a stream on which nothing more comes; of one that the server knows it is told.
    fn forget(&mut self, stream: u32, observer: &mut dyn Observer) {
        if let Some(Stream { channel: Channel::Port(connection), is_refused: false, .. }) =
            self.open.remove(&stream)
        {
            observer.saw(&Seen::Closed(connection));
        }
    }
}

/// As kubelets read it (`strconv.ParseUint`), and no other number.
fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port != 0)
}

/// Those of k8s.io/api `core/v1`; servers ignore any other, and nobody sees what is said there.
fn command_channel(kind: &str) -> Result<Channel, StreamError> {
    match kind {
        "error" => Ok(Channel::Status),
        "stdin" => Ok(Channel::Stdin),
        "stdout" => Ok(Channel::Stdout),
        "stderr" => Ok(Channel::Stderr),
        "resize" => Ok(Channel::Resize),
        _ => Err(StreamError::Frame),
    }
}
