//! What a server sends through exec and attach, cut into chunks.

#![no_main]

use std::sync::{Arc, LazyLock};

use kguard::mask::{KnownValue, TextPlan, TextRule, TextRules};
use kguard::stream::{Protocol, StreamMasker};
use libfuzzer_sys::fuzz_target;

static PLAN: LazyLock<Arc<TextPlan>> = LazyLock::new(|| {
    let rule = TextRule { document: "m".into(), known_secrets: true, ..TextRule::default() };
    let known = KnownValue { secret: "s".into(), key: "k".into(), value: b"hunter2".to_vec() };
    Arc::new(TextRules::new([rule]).compile(&[known]))
});

/// How many values were masked, and whether the stream goes on.
fn masked(protocol: Protocol, chunks: &[&[u8]]) -> (u64, bool) {
    let mut masker = StreamMasker::new(protocol, Arc::clone(&PLAN));
    let mut out = Vec::new();
    let goes_on = chunks.iter().all(|chunk| masker.push(chunk, &mut out).is_ok());
    (masker.finish(&mut out).masked.values().sum(), goes_on)
}

fuzz_target!(|data: &[u8]| {
    let Some(([kind, size], body)) = data.split_first_chunk() else { return };
    let protocol = if kind % 2 == 0 { Protocol::Spdy } else { Protocol::WebSocket };
    let chunks: Vec<_> = body.chunks(usize::from(*size).max(1)).collect();
    assert_eq!(masked(protocol, &[body]), masked(protocol, &chunks));
});
