//! As much of HTTP/2 as it takes to send what no library would: one request on one connection,
//! its fields as they are written (RFC 9113; fields as literals of RFC 7541, 6.2.2).

use std::io::{Read, Write};

use crate::harness::http::{Answer, Tls};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Sends `name: value` lines as fields, and those behind an empty line as trailers. A status of
/// nothing is a stream or a connection that was broken off.
pub fn send(mut stream: Tls, fields: &str, body: &[u8]) -> Answer {
    let (fields, trailers) = fields.split_once("\n\n").unwrap_or((fields, ""));
    let (has_body, has_trailers) = (!body.is_empty(), !trailers.is_empty());
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    let end = if has_body || has_trailers { 0 } else { END_STREAM };
    bytes.extend(frame(HEADERS, END_HEADERS | end, 1, &block(fields)));
    if has_body {
        bytes.extend(frame(DATA, if has_trailers { 0 } else { END_STREAM }, 1, body));
    }
    if has_trailers {
        bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(trailers)));
    }
    let _ = stream.write_all(&bytes);
    let _ = stream.flush();
    answer(&mut stream)
}

fn answer(stream: &mut Tls) -> Answer {
    let mut answer = Answer { status: 0, head: String::new(), body: String::new() };
    while let Some((kind, flags, id, payload)) = next(stream) {
        match kind {
            HEADERS if id == 1 && answer.status == 0 => answer.status = status(&payload),
            DATA if id == 1 => answer.body += &String::from_utf8_lossy(&payload),
            RST_STREAM | GOAWAY => break,
            _ => continue,
        }
        if flags & END_STREAM != 0 {
            break;
        }
    }
    answer
}

fn next(stream: &mut Tls) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let [a, b, c, kind, flags, id @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    stream.read_exact(&mut payload).ok()?;
    Some((kind, flags, u32::from_be_bytes(id), payload))
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &id.to_be_bytes(), payload].concat()
}

/// `␍␊` stands for a line break within a value, `␀` for a NUL.
fn block(fields: &str) -> Vec<u8> {
    let mut block = Vec::new();
    for line in fields.lines() {
        let (name, value) = line[1..].split_once(':').unwrap();
        let name = format!("{}{name}", &line[..1]);
        let value = value.strip_prefix(' ').unwrap_or(value);
        block.push(0);
        for text in [&name, value] {
            let text = text.replace('␍', "\r").replace('␊', "\n").replace('␀', "\0");
            block.extend(length(text.len()));
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// An integer with a prefix of seven bits.
fn length(length: usize) -> Vec<u8> {
    let Some(mut rest) = length.checked_sub(127) else { return vec![byte(length)] };
    let mut bytes = vec![127];
    while rest >= 128 {
        bytes.push(128 | byte(rest % 128));
        rest /= 128;
    }
    bytes.push(byte(rest));
    bytes
}

fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap()
}

/// The status, which comes first: from the static table, or three digits in Huffman's code.
fn status(block: &[u8]) -> u16 {
    const INDEXED: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    match block {
        [0x20..=0x3f, rest @ ..] => status(rest),
        [index @ 0x88..=0x8e, ..] => INDEXED[usize::from(index - 0x88)],
        [0x08..=0x0e | 0x18..=0x1e | 0x48..=0x4e, 3, digits @ ..] => {
            String::from_utf8_lossy(&digits[..3]).parse().unwrap()
        }
        [0x08..=0x0e | 0x18..=0x1e | 0x48..=0x4e, _, digits @ ..] => huffman(digits),
        _ => panic!("no status: {block:x?}"),
    }
}

/// `0` to `2` have five bits, the other digits six.
fn huffman(bytes: &[u8]) -> u16 {
    let mut bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    let mut take =
        |count: usize| bits.by_ref().take(count).fold(0, |all, bit| all << 1 | u16::from(bit));
    (0..3).fold(0, |status, _| {
        let digit = take(5);
        let digit = if digit < 3 { digit } else { (digit << 1 | take(1)) - 0b01_1001 + 3 };
        status * 10 + digit
    })
}
