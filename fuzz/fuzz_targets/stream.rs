//! What a client and a server send each other through exec, attach and port-forward, cut into chunks.

#![no_main]

use std::sync::{Arc, LazyLock};

use kguard::mask::{KnownValue, TextPlan, TextRule, TextRules};
use kguard::recording::{Cast, Facts};
use kguard::stream::{Conversation, Observer, Outgoing, Protocol, Purpose, Seen};
use libfuzzer_sys::fuzz_target;

static PLAN: LazyLock<Arc<TextPlan>> = LazyLock::new(|| {
    let rule = TextRule { document: "m".into(), known_secrets: true, ..TextRule::default() };
    let known = KnownValue { secret: "s".into(), key: "k".into(), value: b"hunter2".to_vec() };
    Arc::new(TextRules::new([rule]).compile(&[known]))
});

const PROTOCOLS: [Protocol; 4] =
    [Protocol::Spdy, Protocol::WebSocket, Protocol::WebSocketBase64, Protocol::Tunnel];

/// Records, and adds up what went through.
struct Tap {
    cast: Cast,
    output: Vec<u8>,
    input: Vec<u8>,
}

impl Observer for Tap {
    fn saw(&mut self, seen: &Seen<'_>) {
        self.cast.saw(0.0, seen);
        match seen {
            Seen::Output { bytes, .. } => self.output.extend_from_slice(bytes),
            Seen::Input(bytes) => self.input.extend_from_slice(bytes),
            _ => {}
        }
    }

    fn may_connect(&mut self, port: u16) -> Result<(), String> {
        if port % 2 == 0 { Ok(()) } else { Err("odd".to_owned()) }
    }
}

/// What was typed and what was printed, and whether both sides go on.
fn carried(kind: u8, (client, server): (&[u8], &[u8]), size: usize) -> (Vec<u8>, Vec<u8>, bool) {
    let protocol = PROTOCOLS[usize::from(kind) % PROTOCOLS.len()];
    let purpose = if kind & 4 == 0 {
        Purpose::Command { tty: kind & 8 != 0 }
    } else {
        Purpose::PortForward { ports: vec![80, 443] }
    };
    let command: &[&str] = match kind & 0x30 {
        0x10 => &["tar", "cf", "-", "data"],
        0x20 => &["tar", "-xmf", "-"],
        _ => &["sh"],
    };
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    let facts = Facts { kind: "exec".into(), command, ..Facts::default() };
    let cast = Cast::begin(&facts, true, 0);
    let mut tap = Tap { cast, output: Vec::new(), input: Vec::new() };
    let mut conversation = Conversation::new(protocol, purpose, Some(Arc::clone(&PLAN)));
    let mut out = Outgoing::default();
    let mut goes_on =
        client.chunks(size).all(|chunk| conversation.push_client(chunk, &mut tap, &mut out).is_ok());
    goes_on &=
        server.chunks(size).all(|chunk| conversation.push_server(chunk, &mut tap, &mut out).is_ok());
    let _ = conversation.end("over", &mut tap, &mut out);
    tap.cast.end(0.0, None);
    for line in tap.cast.take().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        assert!(serde_json::from_slice::<serde_json::Value>(line).is_ok());
    }
    (tap.input, tap.output, goes_on)
}

fuzz_target!(|data: &[u8]| {
    let Some(([kind, size, cut], body)) = data.split_first_chunk() else { return };
    let halves = body.split_at((usize::from(*cut) * 8).min(body.len()));
    let whole = carried(*kind, halves, body.len().max(1));
    assert_eq!(whole, carried(*kind, halves, usize::from(*size).max(1)));
});
