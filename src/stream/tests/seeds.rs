//! What the fuzzer of streams begins with (`fuzz/fuzz_targets/stream.rs`): of each protocol a conversation
//! in which something is said, since no fuzzer finds SPDY's compressed headers by itself.

use std::path::{Path, PathBuf};

use super::*;

/// The fuzzer's first byte.
const SPDY: u8 = 0;
const WEBSOCKET: u8 = 1;
const BASE64: u8 = 2;
const TUNNEL: u8 = 3;
const FORWARD: u8 = 4;
const TTY: u8 = 8;
const DOWNLOAD: u8 = 16;
const UPLOAD: u8 = 32;

/// The length of what the client says is told in these units.
const UNIT: usize = 8;

struct Seed {
    name: &'static str,
    kind: u8,
    client: Vec<u8>,
    server: Vec<u8>,
}

/// An archive with one file.
fn archive() -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..4].copy_from_slice(b"name");
    header[124..135].copy_from_slice(b"00000000005");
    header[148..156].fill(b' ');
    header[156] = b'0';
    header[257..263].copy_from_slice(b"ustar\0");
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header.extend_from_slice(b"hello");
    header.resize(1024, 0);
    header
}

fn spdy_forward() -> (Vec<u8>, Vec<u8>) {
    let mut server = Vec::new();
    let reply = Frame::Reply { stream: 3, flags: 0, headers: Headers::default() };
    Writer::new().write(&reply, &mut server).unwrap();
    server.extend(spdy_data(3, true, b"world"));
    (forward::port_streams("80"), server)
}

fn of_spdy() -> Vec<Seed> {
    let spdy_output = |text: &[u8]| [spdy_data(5, false, text), spdy_data(5, true, b"")].concat();
    let typed = spdy_data(3, false, b"ls\n");
    let size = spdy_data(9, false, br#"{"Width":80,"Height":24}"#);
    let status = spdy_data(1, true, br#"{"status":"Success"}"#);
    let (forward, forwarded) = spdy_forward();
    let spdy_exec = || opening(&mut Writer::new());
    vec![
        Seed {
            name: "spdy",
            kind: SPDY | TTY,
            client: [spdy_exec(), typed, size].concat(),
            server: [spdy_output(b"a hunter2 b"), status].concat(),
        },
        Seed {
            name: "spdy-download",
            kind: SPDY | DOWNLOAD,
            client: spdy_exec(),
            server: spdy_output(&archive()),
        },
        Seed {
            name: "spdy-upload",
            kind: SPDY | UPLOAD,
            client: [spdy_exec(), spdy_data(3, true, &archive())].concat(),
            server: spdy_output(b""),
        },
        Seed { name: "spdy-forward", kind: SPDY | FORWARD, client: forward, server: forwarded },
    ]
}

fn of_websockets() -> Vec<Seed> {
    let channel = |channel: u8, text: &[u8]| [&[channel][..], text].concat();
    let (forward, forwarded) = spdy_forward();
    vec![
        Seed {
            name: "tunnel-forward",
            kind: TUNNEL | FORWARD,
            client: client_ws(0x82, &forward),
            server: ws(0x82, &forwarded),
        },
        Seed {
            name: "websocket",
            kind: WEBSOCKET,
            client: client_ws(0x82, &channel(0, b"ls\n")),
            server: [ws(0x82, &channel(1, b"a hunter2 b")), ws(0x88, &[3, 232])].concat(),
        },
        Seed {
            name: "websocket-download",
            kind: WEBSOCKET | DOWNLOAD,
            client: Vec::new(),
            server: ws(0x82, &channel(1, &archive())),
        },
        Seed {
            name: "websocket-forward",
            kind: WEBSOCKET | FORWARD,
            client: client_ws(0x82, &channel(0, b"hello")),
            server: [ws(0x82, &[0, 80, 0]), ws(0x82, &channel(0, b"world"))].concat(),
        },
        Seed {
            name: "base64",
            kind: BASE64,
            client: client_ws(0x81, base64(&channel(0, b"ls\n")).as_bytes()),
            server: ws(0x81, base64(&channel(1, b"a hunter2 b")).as_bytes()),
        },
    ]
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/stream").join(name)
}

/// As the fuzzer reads it: the kind, the size of chunks, the length of what the client says, and both.
fn bytes(Seed { kind, client, server, .. }: &Seed) -> Vec<u8> {
    let length = u8::try_from(client.len().div_ceil(UNIT)).unwrap();
    [&[*kind, 7, length][..], client, server].concat()
}

/// `KGUARD_UPDATE_SEEDS=1` writes them.
#[test]
fn the_fuzzer_begins_with_a_conversation_of_each_protocol() {
    for mut seed in of_spdy().into_iter().chain(of_websockets()) {
        let protocols =
            [Protocol::Spdy, Protocol::WebSocket, Protocol::WebSocketBase64, Protocol::Tunnel];
        let purpose = if seed.kind & FORWARD == 0 {
            Purpose::Command { tty: seed.kind & TTY != 0 }
        } else {
            Purpose::PortForward { ports: vec![80, 443] }
        };
        // To a whole number of units, so that all that is the server's begins there.
        while !seed.client.len().is_multiple_of(UNIT) {
            seed.client.extend(filler(seed.kind & 3, UNIT - seed.client.len() % UNIT));
        }
        let protocol = protocols[usize::from(seed.kind & 3)];
        let mut conversation = Conversation::new(protocol, purpose, Some(plan()));
        let (mut notes, mut out) = (Notes::default(), Outgoing::default());
        conversation.push_client(&seed.client, &mut notes, &mut out).unwrap();
        conversation.push_server(&seed.server, &mut notes, &mut out).unwrap();
        let said = notes.output.len() + notes.input.len() + notes.other.len();
        assert!(said > 0, "{}", seed.name);
        if std::env::var_os("KGUARD_UPDATE_SEEDS").is_some() {
            std::fs::write(path(seed.name), bytes(&seed)).unwrap();
        }
        assert!(std::fs::read(path(seed.name)).unwrap() == bytes(&seed), "{}", seed.name);
    }
}

/// Frames that say nothing, of just so many bytes or of some more.
fn filler(protocol: u8, missing: usize) -> Vec<u8> {
    match protocol {
        SPDY => spdy_data(3, false, &vec![b' '; missing]),
        _ => client_ws(0x8a, &vec![b' '; missing + 2]),
    }
}
