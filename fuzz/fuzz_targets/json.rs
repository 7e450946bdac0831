//! Answers of an API server, lists and watches too, cut into chunks: how they are cut makes no
//! difference, and what comes out of JSON is JSON.

#![no_main]

use std::sync::{Arc, LazyLock};

use kguard::mask::detect::{BuiltIn, DetectorSpec, Detectors};
use kguard::mask::{
    Context, Echo, MaskError, MaskRule, MaskRules, Masker, PlaceholderKey, Shape,
};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<Arc<MaskRules>> = LazyLock::new(|| {
    let secrets = MaskRule {
        name: "secrets".into(),
        resources: vec!["secrets".parse().unwrap()],
        fields: vec!["data.*".parse().unwrap()],
        ..MaskRule::default()
    };
    let specs = BuiltIn::ALL.map(DetectorSpec::BuiltIn);
    let everywhere = MaskRule {
        name: "everywhere".into(),
        fields: vec!["**.password".parse().unwrap()],
        values: Detectors::compile(&specs).unwrap(),
        ..MaskRule::default()
    };
    Arc::new(MaskRules { rules: vec![Arc::new(secrets), Arc::new(everywhere)] })
});

fn masked(shape: Shape, chunks: &[&[u8]]) -> Result<Vec<u8>, MaskError> {
    let mut masker = Masker::new(Context {
        rules: Arc::clone(&RULES),
        shape,
        requested: None,
        placeholders: PlaceholderKey::new(&[1; 32]).placeholders("fuzz", Echo::None),
        max_element_bytes: 1 << 20,
    });
    let mut out = Vec::new();
    for chunk in chunks {
        masker.push(chunk, &mut out)?;
    }
    masker.finish()?;
    Ok(out)
}

fuzz_target!(|data: &[u8]| {
    let Some(([kind, size], body)) = data.split_first_chunk() else { return };
    let shape = match kind % 3 {
        0 => Shape::List,
        1 => Shape::Object,
        _ => Shape::Watch,
    };
    let chunks: Vec<_> = body.chunks(usize::from(*size).max(1)).collect();
    let [whole, cut] = [masked(shape, &[body]), masked(shape, &chunks)];
    assert_eq!(whole, cut);
    if let Ok(out) = whole
        && shape != Shape::Watch
        && serde_json::from_slice::<serde_json::Value>(body).is_ok()
    {
        serde_json::from_slice::<serde_json::Value>(&out).unwrap();
    }
});
