//! Frames of SPDY/3.1, as far as `moby/spdystream` speaks it: no flow control, so that data may
//! become longer or shorter; SETTINGS and WINDOW_UPDATE, which it ignores, end here.

mod headers;

pub(super) use headers::Headers;

use headers::{HeaderReader, HeaderWriter};

use super::StreamError;
use super::frame::Collected;

const HEADER_BYTES: usize = 8;
/// The first two bytes of a control frame: the highest bit, and version 3.
const CONTROL: [u8; 2] = [0x80, 3];
const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const SETTINGS: u16 = 4;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;
const WINDOW_UPDATE: u16 = 9;
const FIN: u8 = 1;
const UNIDIRECTIONAL: u8 = 2;
/// A stream's number has 31 bits.
const STREAM: u32 = 0x7fff_ffff;
/// Header blocks of exec and attach are some hundred bytes.
const MAX_CONTROL_BYTES: usize = 64 << 10;
/// A frame's length has three bytes.
const MAX_DATA_BYTES: usize = (1 << 24) - 1;
/// Of RST_STREAM.
pub(super) const REFUSED_STREAM: u32 = 3;

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'f> {
    /// SYN_STREAM.
    Open { stream: u32, associated: u32, priority: u8, flags: u8, headers: Headers },
    /// SYN_REPLY.
    Reply { stream: u32, flags: u8, headers: Headers },
    /// RST_STREAM.
    Reset { stream: u32, status: u32 },
    /// PING.
    Ping(u32),
    /// GOAWAY.
    GoAway { last: u32, status: u32 },
    /// HEADERS.
    Headers { stream: u32, flags: u8, headers: Headers },
    /// A piece of a stream's data; whether it is the last.
    Data { stream: u32, bytes: &'f [u8], last: bool },
}

/// Reads the frames of one direction.
pub(super) struct Reader {
    state: State,
    collected: Collected,
    headers: HeaderReader,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Header,
    /// A control frame of this length in all.
    Control {
        length: usize,
    },
    /// What is left of a frame's data.
    Data {
        stream: u32,
        left: usize,
        last: bool,
    },
}

impl Reader {
    pub(super) fn new() -> Self {
        let (state, collected) = (State::Header, Collected::default());
        Self { state, collected, headers: HeaderReader::new() }
    }

    /// Reads on. Data comes in pieces as it arrives.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        each: &mut dyn FnMut(Frame<'_>) -> Result<(), StreamError>,
    ) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            match self.state {
                State::Header => {
                    if self.collected.take(HEADER_BYTES, &mut bytes) {
                        self.header(each)?;
                    }
                }
                State::Control { length } => {
                    if self.collected.take(length, &mut bytes) {
                        self.control(each)?;
                    }
                }
                State::Data { stream, left, last } => {
                    let (own, rest) = bytes.split_at(left.min(bytes.len()));
                    bytes = rest;
                    let left = left - own.len();
                    let is_end = left == 0;
                    self.state =
                        if is_end { State::Header } else { State::Data { stream, left, last } };
                    each(Frame::Data { stream, bytes: own, last: last && is_end })?;
                }
            }
        }
        Ok(())
    }

    fn header(
        &mut self,
        each: &mut dyn FnMut(Frame<'_>) -> Result<(), StreamError>,
    ) -> Result<(), StreamError> {
        let &[a, b, c, d, flags, long, middle, short] = self.collected.bytes() else {
            return Err(StreamError::Frame);
        };
        let length = u32::from_be_bytes([0, long, middle, short]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if a & 0x80 != 0 {
            if [a, b] != CONTROL || length > MAX_CONTROL_BYTES {
                return Err(StreamError::Frame);
            }
            self.state = State::Control { length: HEADER_BYTES + length };
            return if length == 0 { self.control(each) } else { Ok(()) };
        }
        if flags & !FIN != 0 {
            return Err(StreamError::Frame);
        }
        self.collected.finish();
        let (stream, last) = (u32::from_be_bytes([a, b, c, d]), flags & FIN != 0);
        if length == 0 {
            self.state = State::Header;
            return each(Frame::Data { stream, bytes: &[], last });
        }
        self.state = State::Data { stream, left: length, last };
        Ok(())
    }

    fn control(
        &mut self,
        each: &mut dyn FnMut(Frame<'_>) -> Result<(), StreamError>,
    ) -> Result<(), StreamError> {
        self.state = State::Header;
        let frame = self.collected.finish();
        let mut fields = Fields(&frame);
        let (_, kind, flags) = (fields.short()?, fields.short()?, fields.byte()?);
        let _length = [fields.byte()?, fields.byte()?, fields.byte()?];
        if flags & !(FIN | UNIDIRECTIONAL) != 0 && kind != SETTINGS {
            return Err(StreamError::Frame);
        }
        let parsed = match kind {
            SYN_STREAM => {
                let (stream, associated) = (fields.stream()?, fields.stream()?);
                let (priority, _slot) = (fields.byte()?, fields.byte()?);
                let headers = self.headers.read(fields.rest())?;
                Frame::Open { stream, associated, priority, flags, headers }
            }
            SYN_REPLY => {
                let stream = fields.stream()?;
                Frame::Reply { stream, flags, headers: self.headers.read(fields.rest())? }
            }
            HEADERS => {
                let stream = fields.stream()?;
                Frame::Headers { stream, flags, headers: self.headers.read(fields.rest())? }
            }
            RST_STREAM => Frame::Reset { stream: fields.stream()?, status: fields.long()? },
            PING => Frame::Ping(fields.long()?),
            GOAWAY => Frame::GoAway { last: fields.stream()?, status: fields.long()? },
            SETTINGS | WINDOW_UPDATE => return Ok(()),
            _ => return Err(StreamError::Frame),
        };
        if !fields.rest().is_empty() {
            return Err(StreamError::Frame);
        }
        each(parsed)
    }
}

/// What is left to read of a control frame.
struct Fields<'f>(&'f [u8]);

impl<'f> Fields<'f> {
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], StreamError> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or(StreamError::Frame)?;
        self.0 = rest;
        Ok(*chunk)
    }

    fn byte(&mut self) -> Result<u8, StreamError> {
        self.chunk().map(|[byte]| byte)
    }

    fn short(&mut self) -> Result<u16, StreamError> {
        self.chunk().map(u16::from_be_bytes)
    }

    fn long(&mut self) -> Result<u32, StreamError> {
        self.chunk().map(u32::from_be_bytes)
    }

    fn stream(&mut self) -> Result<u32, StreamError> {
        self.long().map(|stream| stream & STREAM)
    }

    fn rest(&mut self) -> &'f [u8] {
        std::mem::take(&mut self.0)
    }
}

/// Writes the frames of one direction.
pub(super) struct Writer {
    headers: HeaderWriter,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { headers: HeaderWriter::new() }
    }

    pub(super) fn write(
        &mut self,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), StreamError> {
        match frame {
            Frame::Open { stream, associated, priority, flags, headers } => {
                let block = self.headers.write(headers)?;
                let parts = [&stream.to_be_bytes()[..], &associated.to_be_bytes(), &[*priority, 0]];
                control(SYN_STREAM, *flags, &[&parts.concat(), &block], out);
            }
            Frame::Reply { stream, flags, headers } => {
                let block = self.headers.write(headers)?;
                control(SYN_REPLY, *flags, &[&stream.to_be_bytes(), &block], out);
            }
            Frame::Headers { stream, flags, headers } => {
                let block = self.headers.write(headers)?;
                control(HEADERS, *flags, &[&stream.to_be_bytes(), &block], out);
            }
            Frame::Reset { stream, status } => {
                control(RST_STREAM, 0, &[&stream.to_be_bytes(), &status.to_be_bytes()], out);
            }
            Frame::Ping(id) => control(PING, 0, &[&id.to_be_bytes()], out),
            Frame::GoAway { last, status } => {
                control(GOAWAY, 0, &[&last.to_be_bytes(), &status.to_be_bytes()], out);
            }
            Frame::Data { stream, bytes, last } => data(*stream, bytes, *last, out),
        }
        Ok(())
    }
}

fn control(kind: u16, flags: u8, parts: &[&[u8]], out: &mut Vec<u8>) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let [_, long, middle, short] = u32::try_from(length).unwrap_or(0).to_be_bytes();
    out.extend_from_slice(&CONTROL);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[flags, long, middle, short]);
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Nothing is written of nothing, unless it is the last.
fn data(stream: u32, mut data: &[u8], last: bool, out: &mut Vec<u8>) {
    loop {
        let (own, rest) = data.split_at(data.len().min(MAX_DATA_BYTES));
        data = rest;
        let ends = last && data.is_empty();
        if !own.is_empty() || ends {
            let [_, long, middle, short] = u32::try_from(own.len()).unwrap_or(0).to_be_bytes();
            out.extend_from_slice(&stream.to_be_bytes());
            out.extend_from_slice(&[u8::from(ends) * FIN, long, middle, short]);
            out.extend_from_slice(own);
        }
        if data.is_empty() {
            return;
        }
    }
}
