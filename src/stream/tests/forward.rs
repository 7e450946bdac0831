//! Forwarded connections: told apart, counted, refused.

use super::*;

pub(super) fn port_streams(port: &str) -> Vec<u8> {
    let mut out = Vec::new();
    connection(&mut Writer::new(), (1, port), &mut out);
    out.extend(spdy_data(3, false, b"hello"));
    out
}

/// The two streams of a connection, from this one on.
fn connection(writer: &mut Writer, (first, port): (u32, &str), out: &mut Vec<u8>) {
    for (stream, kind) in [(first, "error"), (first + 2, "data")] {
        let headers = Headers::of(&[("port", port), ("requestid", "0"), ("streamtype", kind)]);
        let open = Frame::Open { stream, associated: 0, priority: 0, flags: 0, headers };
        writer.write(&open, out).unwrap();
    }
}

const FIRST: Connection = Connection { number: 1, port: 5432 };

#[test]
fn forwarded_connections_are_counted_by_port() {
    let purpose = Purpose::PortForward { ports: Vec::new() };
    for protocol in [Protocol::Spdy, Protocol::Tunnel] {
        let mut conversation = Conversation::new(protocol, purpose.clone(), None);
        let (mut notes, mut out) = (Notes::default(), Outgoing::default());
        let opening = port_streams("5432");
        let (opening, answer) = match protocol {
            Protocol::Tunnel => (
                opening.chunks(7).flat_map(|piece| client_ws(0x82, piece)).collect(),
                ws(0x82, &spdy_data(3, false, b"world!")),
            ),
            _ => (opening, spdy_data(3, false, b"world!")),
        };
        conversation.push_client(&opening, &mut notes, &mut out).unwrap();
        conversation.push_server(&answer, &mut notes, &mut out).unwrap();
        assert_eq!(notes.other.first().unwrap(), &format!("{:?}", Seen::Connected(FIRST)));
        let up = notes.other.iter().filter(|seen| seen.contains("down: 0")).count();
        assert!(up > 0 && notes.other.last().unwrap().contains("down: 6"), "{:?}", notes.other);
        assert!(!out.to_server.is_empty() && !out.to_client.is_empty());
    }
}

#[test]
fn a_connection_is_closed_when_nothing_more_comes_on_it() {
    let purpose = Purpose::PortForward { ports: Vec::new() };
    let reset = spdy_control(3, &[0, 0, 0, 3, 0, 0, 0, 5]);
    // What the client says last, and the server.
    for (client, server) in [
        (spdy_data(3, true, b"hello"), spdy_data(3, true, b"world!")),
        (spdy_data(3, false, b"hello"), [spdy_data(3, false, b"world!"), reset.clone()].concat()),
        (spdy_data(3, true, b"hello"), [spdy_data(3, false, b"world!"), reset].concat()),
    ] {
        let mut conversation = Conversation::new(Protocol::Spdy, purpose.clone(), None);
        let (mut notes, mut out) = (Notes::default(), Outgoing::default());
        let (mut writer, mut opening) = (Writer::new(), Vec::new());
        connection(&mut writer, (1, "5432"), &mut opening);
        connection(&mut writer, (5, "80"), &mut opening);
        conversation.push_client(&opening, &mut notes, &mut out).unwrap();
        conversation.push_client(&client, &mut notes, &mut out).unwrap();
        conversation.push_server(&server, &mut notes, &mut out).unwrap();
        conversation.push_server(&server, &mut notes, &mut out).unwrap();
        let second = Connection { number: 2, port: 80 };
        let seen = [
            Seen::Connected(FIRST),
            Seen::Connected(second),
            Seen::Forwarded { connection: FIRST, up: 5, down: 0 },
            Seen::Forwarded { connection: FIRST, up: 0, down: 6 },
            Seen::Closed(FIRST),
        ];
        assert_eq!(notes.other, seen.map(|seen| format!("{seen:?}")));
        notes.other.clear();
        let reset = spdy_control(3, &[0, 0, 0, 7, 0, 0, 0, 5]);
        conversation.push_client(&reset, &mut notes, &mut out).unwrap();
        assert_eq!(notes.other, [format!("{:?}", Seen::Closed(second))]);
    }
}

#[test]
fn connections_of_the_older_protocol_begin_with_their_ports_which_do_not_count() {
    let purpose = Purpose::PortForward { ports: vec![5432, 80] };
    let port = |channel: u8, port: u16| [&[channel][..], &port.to_le_bytes()].concat();
    for protocol in [Protocol::WebSocket, Protocol::WebSocketBase64] {
        let message = |bytes: &[u8]| match protocol {
            Protocol::WebSocket => ws(0x82, bytes),
            _ => ws(0x81, base64(bytes).as_bytes()),
        };
        let server = [
            message(&port(0, 5432)),
            message(&port(1, 5432)),
            message(&[&port(2, 80)[..], b"welcome"].concat()),
            message(&port(3, 80)),
            message(b"\0hi"),
        ]
        .concat();
        for size in [1, server.len()] {
            let mut conversation = Conversation::new(protocol, purpose.clone(), None);
            let (mut notes, mut out) = (Notes::default(), Outgoing::default());
            for piece in server.chunks(size) {
                conversation.push_server(piece, &mut notes, &mut out).unwrap();
            }
            // Clients want a port in a message of its own.
            assert!(size == 1 || out.to_client == server);
            let mut sums = [0, 0];
            for seen in &notes.other {
                let down = seen.split_once("down: ").map(|(_, down)| down.trim_end_matches(" }"));
                let down: usize = down.map_or(0, |down| down.parse().unwrap());
                sums[usize::from(seen.contains("number: 2"))] += down;
            }
            assert_eq!(sums, [2, 7], "{:?}", notes.other);
            let second = Connection { number: 2, port: 80 };
            let begun = [Seen::Connected(FIRST), Seen::Connected(second)];
            assert_eq!(notes.other[..2], begun.map(|seen| format!("{seen:?}")));
            assert!(!notes.other[2..].iter().any(|seen| seen.contains("Connected")));
        }
    }
}

#[test]
fn a_port_that_policy_refuses_never_reaches_the_server() {
    let purpose = Purpose::PortForward { ports: Vec::new() };
    let mut conversation = Conversation::new(Protocol::Spdy, purpose, None);
    let mut notes = Notes { refused_port: Some(5432), ..Notes::default() };
    let mut out = Outgoing::default();
    conversation.push_client(&port_streams("5432"), &mut notes, &mut out).unwrap();
    assert_eq!(read(&out.to_server), Vec::<String>::new());
    let frames = read(&out.to_client);
    let says = format!("{:?}", b"kguard: not this one");
    assert!(frames.iter().any(|frame| frame.contains(&says)), "{frames:?}");
    assert!(frames.iter().any(|frame| frame.starts_with("Reset")), "{frames:?}");
    assert_eq!(notes.other, ["Refused(5432)"]);
    for port in ["0", "65536", "+80", "x", ""] {
        let mut conversation =
            Conversation::new(Protocol::Spdy, Purpose::PortForward { ports: Vec::new() }, None);
        let result = conversation.push_client(&port_streams(port), &mut notes, &mut out);
        assert_eq!(result, Err(StreamError::Frame), "{port}");
    }
}
