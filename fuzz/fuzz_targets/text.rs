//! Logs, cut into chunks: how they are cut makes no difference, and no known value is left.

#![no_main]

use std::sync::{Arc, LazyLock};

use kguard::mask::detect::{BuiltIn, DetectorSpec, Detectors};
use kguard::mask::{KnownValue, TextPlan, TextRule, TextRules};
use libfuzzer_sys::fuzz_target;

const VALUES: [&str; 3] = ["hunter2", "hunter2-swordfish", "a\"b\\c<d>"];

static PLANS: LazyLock<[Arc<TextPlan>; 2]> = LazyLock::new(|| {
    let known = VALUES.map(|value| KnownValue {
        secret: "s".into(),
        key: value.len().to_string(),
        value: value.as_bytes().to_vec(),
    });
    let detectors = Detectors::compile(&BuiltIn::ALL.map(DetectorSpec::BuiltIn)).unwrap();
    [Detectors::default(), detectors].map(|detectors| {
        let rule = TextRule { document: "m".into(), known_secrets: true, detectors };
        Arc::new(TextRules::new([rule]).compile(&known))
    })
});

fn masked(plan: &Arc<TextPlan>, chunks: &[&[u8]]) -> Vec<u8> {
    let (mut masker, mut out) = (plan.masker(), Vec::new());
    for chunk in chunks {
        masker.push(chunk, &mut out);
    }
    masker.finish(&mut out);
    out
}

fuzz_target!(|data: &[u8]| {
    let Some(([size], text)) = data.split_first_chunk() else { return };
    let chunks: Vec<_> = text.chunks(usize::from(*size).max(1)).collect();
    for plan in &*PLANS {
        let whole = masked(plan, &[text]);
        assert_eq!(whole, masked(plan, &chunks));
        for value in VALUES {
            assert!(!whole.windows(value.len()).any(|part| part == value.as_bytes()));
        }
    }
});
