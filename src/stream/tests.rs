use proptest::prelude::*;

use super::*;
use crate::mask::{KnownValue, TextRule, TextRules};

const SECRET: &str = "hunter2-swordfish";
const SHOWN: &str = "[masked:db/password]";

fn plan() -> Arc<TextPlan> {
    let rule = TextRule { document: "m".into(), known_secrets: true, ..TextRule::default() };
    let value = KnownValue { secret: "db".into(), key: "password".into(), value: SECRET.into() };
    Arc::new(TextRules::new([rule]).compile(&[value]))
}

/// What comes out of pieces, and what was masked.
fn masked(protocol: Protocol, pieces: &[&[u8]]) -> Result<(Vec<u8>, u64), StreamError> {
    let mut masker = StreamMasker::new(protocol, plan());
    let mut out = Vec::new();
    for piece in pieces {
        masker.push(piece, &mut out)?;
    }
    let report = masker.finish(&mut out);
    Ok((out, report.masked.values().sum()))
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
    assert!(frames.contains(&(0x89, b"ping".to_vec())));
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
    let reply = spdy_control(2, &[0, 0, 0, 5, 1, 2, 3]);
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
    let many: Vec<_> = (0..100).flat_map(|stream| spdy_data(stream, false, b"x")).collect();
    assert_eq!(masked(Protocol::Spdy, &[&many]).unwrap_err(), StreamError::TooManyChannels);
}

#[test]
fn what_is_held_back_is_let_go_in_a_frame_of_its_own() {
    for (protocol, bytes) in [
        (Protocol::WebSocket, ws(0x82, b"\x01hunter2")),
        (Protocol::Spdy, spdy_data(5, false, b"hunter2")),
    ] {
        let mut masker = StreamMasker::new(protocol, plan());
        let mut out = Vec::new();
        masker.push(&bytes, &mut out).unwrap();
        assert!(out.is_empty() && masker.is_holding());
        masker.release(&mut out);
        assert_eq!(out, bytes);
        assert!(!masker.is_holding());
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
                Protocol::Spdy => spdy_data(u32::from(*channel), false, text.as_bytes()),
                Protocol::WebSocket => ws(0x82, &[&[*channel], text.as_bytes()].concat()),
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
            match protocol {
                Protocol::Spdy => {
                    let [whole, cut] = [&whole, &cut].map(|it| spdy_text(&spdy_frames(it), u32::from(channel)));
                    prop_assert_eq!(&whole, &cut);
                    prop_assert!(!whole.contains(SECRET));
                }
                Protocol::WebSocket => {
                    let [whole, cut] = [&whole, &cut].map(|it| ws_text(&ws_frames(it), channel));
                    prop_assert_eq!(&whole, &cut);
                    prop_assert!(!whole.contains(SECRET));
                }
            }
        }
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), spdy in any::<bool>()) {
        let protocol = if spdy { Protocol::Spdy } else { Protocol::WebSocket };
        let _ = masked(protocol, &[&bytes]);
    }
}
