mod forward;
mod seeds;
mod unsaid;

use std::sync::Arc;

use proptest::prelude::*;

use super::spdy::{Frame, Headers, Reader, Writer};
use super::*;
use crate::mask::{KnownValue, TextPlan, TextRule, TextRules};

const SECRET: &str = "hunter2-swordfish";
const SHOWN: &str = "[masked:db/password]";

fn plan() -> Arc<TextPlan> {
    let rule = TextRule { document: "m".into(), known_secrets: true, ..TextRule::default() };
    let value = KnownValue { secret: "db".into(), key: "password".into(), value: SECRET.into() };
    Arc::new(TextRules::new([rule]).compile(&[value]))
}

/// Writes down what it is told.
#[derive(Default)]
struct Notes {
    output: String,
    input: String,
    other: Vec<String>,
    refused_port: Option<u16>,
}

impl Observer for Notes {
    fn saw(&mut self, seen: &Seen<'_>) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match seen {
            Seen::Output { bytes, .. } => self.output += &text(bytes),
            Seen::Input(bytes) => self.input += &text(bytes),
            other => self.other.push(format!("{other:?}")),
        }
    }

    fn may_connect(&mut self, port: u16) -> Result<(), String> {
        if self.refused_port == Some(port) { Err("not this one".to_owned()) } else { Ok(()) }
    }
}

const COMMAND: Purpose = Purpose::Command { tty: false };

/// The client's streams of an exec: 1 status, 3 stdin, 5 stdout, 7 stderr, 9 resize.
fn opening(writer: &mut Writer) -> Vec<u8> {
    let kinds = ["error", "stdin", "stdout", "stderr", "resize"];
    let mut out = Vec::new();
    for (stream, kind) in (1..).step_by(2).zip(kinds) {
        let headers = Headers::of(&[("streamtype", kind)]);
        let open = Frame::Open { stream, associated: 0, priority: 0, flags: 0, headers };
        writer.write(&open, &mut out).unwrap();
    }
    out
}

/// A connection on which the client has done what it does first.
fn begun(protocol: Protocol) -> Conversation {
    let mut conversation = Conversation::new(protocol, COMMAND, Some(plan()));
    if protocol == Protocol::Spdy {
        let opening = opening(&mut Writer::new());
        conversation
            .push_client(&opening, &mut Notes::default(), &mut Outgoing::default())
            .unwrap();
    }
    conversation
}

/// What the client gets of the server's pieces, and what was masked.
fn masked(protocol: Protocol, pieces: &[&[u8]]) -> Result<(Vec<u8>, u64), StreamError> {
    let (mut conversation, mut notes) = (begun(protocol), Notes::default());
    let mut out = Outgoing::default();
    for piece in pieces {
        conversation.push_server(piece, &mut notes, &mut out)?;
    }
    conversation.release(&mut notes, &mut out)?;
    Ok((out.to_client, conversation.report().masked.values().sum()))
}

/// A frame of a server, as RFC 6455 draws it.
fn ws(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(u8::try_from(short).unwrap()),
        medium => {
            frame.push(126);
            frame.extend(u16::try_from(medium).unwrap().to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

/// The messages in what came out: first byte of the frame, payload.
fn ws_frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (length, rest) = match second {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            length => (usize::from(*length), rest),
        };
        frames.push((*first, rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    frames
}

/// All text of a channel.
fn ws_text(frames: &[(u8, Vec<u8>)], channel: u8) -> String {
    let of = frames.iter().filter(|(first, text)| *first == 0x82 && text.first() == Some(&channel));
    String::from_utf8(of.flat_map(|(_, text)| text[1..].to_vec()).collect()).unwrap()
}

fn spdy_data(stream: u32, fin: bool, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let mut frame = stream.to_be_bytes().to_vec();
    frame.extend([u8::from(fin), length[1], length[2], length[3]]);
    frame.extend(data);
    frame
}

fn spdy_control(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let mut frame = vec![0x80, 3, 0, kind, 0, 0, 0, length];
    frame.extend(payload);
    frame
}

/// The frames in what came out: the first four bytes, flags, payload.
fn spdy_frames(mut bytes: &[u8]) -> Vec<([u8; 4], u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let length =
            usize::try_from(u32::from_be_bytes([0, bytes[5], bytes[6], bytes[7]])).unwrap();
        frames.push((bytes[..4].try_into().unwrap(), bytes[4], bytes[8..8 + length].to_vec()));
        bytes = &bytes[8 + length..];
    }
    frames
}

fn spdy_text(frames: &[([u8; 4], u8, Vec<u8>)], stream: u32) -> String {
    let of = frames.iter().filter(|(id, ..)| *id == stream.to_be_bytes());
    String::from_utf8(of.flat_map(|(.., text)| text.clone()).collect()).unwrap()
}

#[test]
fn each_channel_of_a_websocket_is_masked_by_itself() {
    let (half, rest) = SECRET.split_at(5);
    let bytes = [
        ws(0x82, b""),
        ws(0x82, &[b"\x01out ", half.as_bytes()].concat()),
        ws(0x82, &[b"\x02err ", SECRET.as_bytes(), b" err"].concat()),
        ws(0x89, b"ping"),
        ws(0x82, &[b"\x01", rest.as_bytes(), b" out"].concat()),
        ws(0x82, b"\x03{\"status\":\"Success\"}"),
        ws(0x82, &[255, 1]),
        ws(0x88, b"\x03\xe8"),
    ]
    .concat();
    let (out, count) = masked(Protocol::WebSocket, &[&bytes]).unwrap();
    let frames = ws_frames(&out);
    assert_eq!(ws_text(&frames, 1), format!("out {SHOWN} out"));
    assert_eq!(ws_text(&frames, 2), format!("err {SHOWN} err"));
    assert_eq!(ws_text(&frames, 3), "{\"status\":\"Success\"}");
    assert_eq!(frames[0], (0x82, vec![]));
    assert!(!frames.contains(&(0x89, b"ping".to_vec())));
    let closed = frames.iter().position(|frame| *frame == (0x82, vec![255, 1])).unwrap();
    assert!(frames[closed..].iter().all(|(_, text)| text.first() != Some(&1)));
    assert_eq!(frames.last().unwrap(), &(0x88, b"\x03\xe8".to_vec()));
    assert_eq!(count, 2);
}

#[test]
fn fragments_are_put_together_and_control_frames_come_between_them() {
    let bytes = [
        ws(0x02, b"\x01a "),
        ws(0x8a, b""),
        ws(0x00, &SECRET.as_bytes()[..4]),
        ws(0x00, b""),
        ws(0x80, &SECRET.as_bytes()[4..]),
        ws(0x82, b"\x01"),
    ]
    .concat();
    let (out, _) = masked(Protocol::WebSocket, &[&bytes]).unwrap();
    assert_eq!(ws_text(&ws_frames(&out), 1), format!("a {SHOWN}"));
}

#[test]
fn what_a_server_of_websockets_never_sends_ends_the_stream() {
    for frame in [
        ws(0x81, b"\x01text"),
        ws(0xc2, b"\x01compressed"),
        ws(0x80, b"a continuation of nothing"),
        ws(0x09, b"a ping in pieces"),
        ws(0x83, b""),
        ws(0x89, &[0; 126]),
        vec![0x82, 0x81, 0, 0, 0, 0, 0],
        [ws(0x02, b"\x01"), ws(0x82, b"\x01")].concat(),
    ] {
        assert_eq!(masked(Protocol::WebSocket, &[&frame]).unwrap_err(), StreamError::Frame);
    }
}

#[test]
fn each_stream_of_spdy_is_masked_by_itself() {
    let (half, rest) = SECRET.split_at(5);
    let mut reply = Vec::new();
    let headers = Headers::default();
    Writer::new().write(&Frame::Reply { stream: 5, flags: 0, headers }, &mut reply).unwrap();
    let reset = spdy_control(3, &[0, 0, 0, 5, 0, 0, 0, 1]);
    let bytes = [
        reply.clone(),
        spdy_data(5, false, &[b"out ", half.as_bytes()].concat()),
        spdy_data(7, true, SECRET.as_bytes()),
        spdy_control(6, &[0, 0, 0, 1]),
        spdy_data(5, false, &[rest.as_bytes(), b" hun"].concat()),
        reset.clone(),
        spdy_data(1, true, b""),
    ]
    .concat();
    let (out, count) = masked(Protocol::Spdy, &[&bytes]).unwrap();
    let frames = spdy_frames(&out);
    assert_eq!(spdy_text(&frames, 5), format!("out {SHOWN} hun"));
    assert_eq!(spdy_text(&frames, 7), SHOWN);
    assert!(out.starts_with(&reply) && out.windows(reset.len()).any(|part| part == reset));
    let ends: Vec<_> =
        frames.iter().filter(|(id, flags, _)| id[0] & 0x80 == 0 && *flags == 1).collect();
    assert_eq!(ends.len(), 2);
    // What was held back came before the reset.
    let reset = frames.iter().position(|(id, ..)| *id == [0x80, 3, 0, 3]).unwrap();
    assert!(frames[reset..].iter().all(|(id, ..)| *id != 5_u32.to_be_bytes()));
    assert_eq!(count, 2);
}

#[test]
fn what_a_server_of_spdy_never_sends_ends_the_stream() {
    let mut compressed = spdy_data(5, false, b"x");
    compressed[4] = 2;
    for frame in [
        compressed,
        vec![0x80, 2, 0, 2, 0, 0, 0, 0],
        vec![0x80, 3, 0, 10, 0, 0, 0, 0],
        vec![0x80, 3, 0, 2, 0, 0xff, 0, 0],
    ] {
        assert_eq!(masked(Protocol::Spdy, &[&frame]).unwrap_err(), StreamError::Frame);
    }
}

#[test]
fn what_is_held_back_is_let_go_in_a_frame_of_its_own() {
    for (protocol, bytes) in [
        (Protocol::WebSocket, ws(0x82, b"\x01hunter2")),
        (Protocol::Spdy, spdy_data(5, false, b"hunter2")),
    ] {
        let (mut conversation, mut notes) = (begun(protocol), Notes::default());
        let mut out = Outgoing::default();
        conversation.push_server(&bytes, &mut notes, &mut out).unwrap();
        assert!(out.to_client.is_empty() && conversation.is_holding());
        conversation.release(&mut notes, &mut out).unwrap();
        assert_eq!(out.to_client, bytes);
        assert!(!conversation.is_holding());
        assert_eq!(notes.output, "hunter2");
    }
}

proptest! {
    #[test]
    fn chunks_make_no_difference(
        texts in prop::collection::vec(("[a-z ]{0,40}", 1..3_u8, any::<bool>()), 0..12),
        cuts in prop::collection::vec(1..40_usize, 1..60),
        spdy in any::<bool>(),
    ) {
        let protocol = if spdy { Protocol::Spdy } else { Protocol::WebSocket };
        let bytes: Vec<u8> = texts.iter().flat_map(|(text, channel, secret)| {
            let text = if *secret { format!("{text}{SECRET}") } else { text.clone() };
            match protocol {
                Protocol::Spdy => spdy_data(u32::from(*channel) * 2 + 3, false, text.as_bytes()),
                _ => ws(0x82, &[&[*channel], text.as_bytes()].concat()),
            }
        }).collect();
        let mut pieces = Vec::new();
        let (mut rest, mut cuts) = (bytes.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            pieces.push(piece);
            rest = after;
        }
        let [(whole, one), (cut, other)] =
            [masked(protocol, &[&bytes]).unwrap(), masked(protocol, &pieces).unwrap()];
        prop_assert_eq!(one, other);
        for channel in 1..3 {
            let text = |bytes: &Vec<u8>| if spdy {
                spdy_text(&spdy_frames(bytes), u32::from(channel) * 2 + 3)
            } else {
                ws_text(&ws_frames(bytes), channel)
            };
            prop_assert_eq!(text(&whole), text(&cut));
            prop_assert!(!text(&whole).contains(SECRET));
        }
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), spdy in any::<bool>()) {
        let protocol = if spdy { Protocol::Spdy } else { Protocol::WebSocket };
        let _ = masked(protocol, &[&bytes]);
    }
}

#[test]
fn what_comes_back_of_what_was_typed_is_not_held_back() {
    let terminal = Purpose::Command { tty: true };
    let mut conversation = Conversation::new(Protocol::WebSocket, terminal, Some(plan()));
    let mut notes = Notes::default();
    let mut shown = |typed: &[u8], output: &[u8]| {
        let mut out = Outgoing::default();
        if !typed.is_empty() {
            let typed = client_ws(0x82, &[b"\0", typed].concat());
            conversation.push_client(&typed, &mut notes, &mut out).unwrap();
        }
        let output = ws(0x82, &[b"\x01", output].concat());
        conversation.push_server(&output, &mut notes, &mut out).unwrap();
        ws_text(&ws_frames(&out.to_client), 1)
    };
    assert_eq!(shown(b"hun", b"h"), "h");
    assert_eq!(shown(b"", b"un"), "un");
    // Not typed.
    assert_eq!(shown(b"", b"t"), "");
    // Something is held back already, and a password is not shown.
    assert_eq!(shown(b"er", b"er"), "");
    assert_eq!(shown(b"x", b"2-swordfish\n"), format!("{SHOWN}\n"));
    // A value is hidden, whoever typed it.
    assert_eq!(shown(SECRET.as_bytes(), SECRET.as_bytes()), SHOWN);
    assert_eq!(shown(b"\n", b"\nhunter2"), "\n");
}

#[test]
fn all_output_comes_before_the_status() {
    let pieces = [ws(0x82, b"\x01hunt"), ws(0x82, b"\x02hunte"), ws(0x82, b"\x03{}")];
    let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    let (shown, _) = masked(Protocol::WebSocket, &pieces).unwrap();
    let channels: Vec<u8> = ws_frames(&shown).iter().map(|(_, message)| message[0]).collect();
    assert_eq!(channels, [1, 2, 3]);
}

proptest! {
    #[test]
    fn what_a_client_says_is_read_however_it_is_cut(
        typed in "[a-z]{0,60}", cuts in prop::collection::vec(1..9_usize, 1..9),
    ) {
        let mut conversation = Conversation::new(Protocol::WebSocket, COMMAND, None);
        let (mut notes, mut out) = (Notes::default(), Outgoing::default());
        let frame = client_ws(0x82, format!("\0{typed}").as_bytes());
        let (mut rest, mut cuts) = (frame.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            conversation.push_client(piece, &mut notes, &mut out).unwrap();
            rest = after;
        }
        prop_assert_eq!(notes.input, typed);
    }
}

/// A frame of a client.
fn client_ws(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = ws(first, payload);
    let head = frame.len() - payload.len();
    frame[1] |= 0x80;
    let key = [1, 2, 3, 4];
    let masked = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
    let masked: Vec<_> = masked.collect();
    frame.truncate(head);
    frame.extend(key);
    frame.extend(masked);
    frame
}

#[test]
fn what_a_client_types_is_seen_and_what_it_may_not_say_is_not_passed_on() {
    for (protocol, opcode) in [
        (Protocol::WebSocket, 0x82),
        (Protocol::WebSocket, 0x81),
        (Protocol::WebSocketBase64, 0x81),
    ] {
        let mut notes = Notes::default();
        let mut conversation = Conversation::new(protocol, COMMAND, None);
        let messages: [&[u8]; 3] = [b"\0ls", b"\x04{\"Width\":80,\"Hei", b"\x04ght\":24}\n"];
        let mut out = Outgoing::default();
        for message in messages {
            let frame = match protocol {
                Protocol::WebSocket => client_ws(opcode, message),
                _ => client_ws(0x81, base64(message).as_bytes()),
            };
            conversation.push_client(&frame, &mut notes, &mut out).unwrap();
        }
        assert_eq!(notes.input, "ls");
        assert_eq!(notes.other, ["Resize { columns: 80, rows: 24 }"]);
        assert!(!out.to_server.is_empty() && out.to_client.is_empty());
        let stdout = client_ws(if protocol == Protocol::WebSocket { 0x82 } else { 0x81 }, b"1x");
        assert!(conversation.push_client(&stdout, &mut notes, &mut out).is_err());
        let mut unmasked = Conversation::new(protocol, COMMAND, None);
        assert!(unmasked.push_client(&ws(0x82, b"\0ls"), &mut notes, &mut out).is_err());
    }
}

fn base64(message: &[u8]) -> String {
    use ::base64::Engine as _;
    let (channel, rest) = message.split_first().unwrap();
    format!("{channel}{}", ::base64::engine::general_purpose::STANDARD.encode(rest))
}

#[test]
fn base64_is_masked_like_bytes() {
    let message = |text: &str| ws(0x81, base64(&[b"\x01", text.as_bytes()].concat()).as_bytes());
    let (half, rest) = SECRET.split_at(5);
    let bytes = [message("a "), message(half), message(rest), message(" b")].concat();
    let (mut conversation, mut notes) = (begun(Protocol::WebSocketBase64), Notes::default());
    conversation.push_server(&bytes, &mut notes, &mut Outgoing::default()).unwrap();
    conversation.release(&mut notes, &mut Outgoing::default()).unwrap();
    assert_eq!(notes.output, format!("a {SHOWN} b"));
}

/// Reads everything that was written in SPDY.
fn read(bytes: &[u8]) -> Vec<String> {
    let mut frames = Vec::new();
    let each = &mut |frame: Frame<'_>| {
        frames.push(format!("{frame:?}"));
        Ok(())
    };
    Reader::new().push(bytes, each).unwrap();
    frames
}

#[test]
fn pings_are_answered_by_the_gateway_and_go_no_further() {
    for protocol in
        [Protocol::Spdy, Protocol::Tunnel, Protocol::WebSocket, Protocol::WebSocketBase64]
    {
        let mut conversation = Conversation::new(protocol, COMMAND, None);
        let (mut notes, mut out) = (Notes::default(), Outgoing::default());
        conversation.ping_client(&mut out).unwrap();
        conversation.ping_server(&mut out).unwrap();
        let Outgoing { to_client, to_server } = std::mem::take(&mut out);
        assert!(!to_client.is_empty() && !to_server.is_empty(), "{protocol:?}");
        // What answers the gateway's own pings ends here.
        let (from_client, from_server) = match protocol {
            // In SPDY the answer is the ping itself.
            Protocol::Spdy => (to_client, to_server),
            Protocol::Tunnel => {
                let ping = |frames: &[u8]| ws_frames(frames).remove(0).1;
                (client_ws(0x82, &ping(&to_client)), ws(0x82, &unmasked(&to_server)))
            }
            _ => (client_ws(0x8a, b"kguard"), ws(0x8a, b"kguard")),
        };
        conversation.push_client(&from_client, &mut notes, &mut out).unwrap();
        conversation.push_server(&from_server, &mut notes, &mut out).unwrap();
        assert!(out.to_client.is_empty() && out.to_server.is_empty(), "{protocol:?}");
        if protocol == Protocol::Spdy {
            continue;
        }
        // Theirs are answered, and not passed on.
        conversation.push_client(&client_ws(0x89, b"theirs"), &mut notes, &mut out).unwrap();
        assert_eq!(ws_frames(&out.to_client), [(0x8a, b"theirs".to_vec())], "{protocol:?}");
        assert!(out.to_server.is_empty(), "{protocol:?}");
        out = Outgoing::default();
        conversation.push_server(&ws(0x89, b"theirs"), &mut notes, &mut out).unwrap();
        assert_eq!(unmasked(&out.to_server), b"theirs", "{protocol:?}");
        assert!(out.to_client.is_empty(), "{protocol:?}");
    }
}

/// What a short frame of a client says.
fn unmasked(frame: &[u8]) -> Vec<u8> {
    let length = usize::from(frame[1] & 0x7f);
    let (key, payload) = frame[2..].split_at(4);
    assert_eq!(payload.len(), length);
    payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

#[test]
fn who_is_inside_is_told_why_it_ends() {
    for protocol in [Protocol::Spdy, Protocol::WebSocket] {
        let (mut conversation, mut notes) = (begun(protocol), Notes::default());
        let mut out = Outgoing::default();
        conversation.end("ended by bob", &mut notes, &mut out).unwrap();
        assert_eq!(notes.output, "kguard: ended by bob\n");
        let text = String::from_utf8_lossy(&out.to_client).into_owned();
        assert!(text.contains("kguard: ended by bob\n") && text.contains("\"Failure\""), "{text}");
        assert!(!out.to_server.is_empty());
    }
}

proptest! {
    #[test]
    fn no_bytes_of_a_client_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400), protocol in 0..4_usize,
        forwards in any::<bool>(),
    ) {
        let all = [Protocol::Spdy, Protocol::WebSocket, Protocol::WebSocketBase64, Protocol::Tunnel];
        let purpose = if forwards { Purpose::PortForward { ports: vec![80] } } else { COMMAND };
        let mut conversation = Conversation::new(all[protocol], purpose, None);
        let (mut notes, mut out) = (Notes::default(), Outgoing::default());
        let _ = conversation.push_client(&bytes, &mut notes, &mut out);
        let _ = conversation.push_server(&bytes, &mut notes, &mut out);
        let _ = conversation.end("x", &mut notes, &mut out);
    }
}
