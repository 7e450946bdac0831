//! Bodies of writes to a masked Secret: whatever is sent on holds no placeholder, and what is not
//! forced never takes away the salts.

#![no_main]

use std::sync::{Arc, LazyLock};

use kguard::kube::request_info::ResourceInfo;
use kguard::mask::{
    Echo, Form, Incoming, MaskRule, MaskRules, PlaceholderKey, Placeholders, contains_placeholder,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

static RULES: LazyLock<Arc<MaskRules>> = LazyLock::new(|| {
    let rule = MaskRule {
        name: "secrets".into(),
        resources: vec!["secrets".parse().unwrap()],
        fields: vec!["data.*".parse().unwrap()],
        ..MaskRule::default()
    };
    Arc::new(MaskRules { rules: vec![Arc::new(rule)] })
});

static LIVE: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {
            "name": "db", "namespace": "n", "uid": "u", "resourceVersion": "5",
            "annotations": {"kguard.dev/written": r#"{"password":"s1"}"#},
        },
        "data": {"password": "aHVudGVyMg==", "user": "YWRtaW4tdXNlcg=="},
    })
});

fn placeholders() -> Placeholders {
    PlaceholderKey::new(&[1; 32]).placeholders("fuzz", Echo::None)
}

fuzz_target!(|data: &[u8]| {
    let Some(([form], body)) = data.split_first_chunk() else { return };
    let Ok(mut body) = kguard::kube::strict_json::parse(body) else { return };
    let form = match form % 6 {
        0 => Form::Apply { manager: "ci", force: true },
        1 => Form::Apply { manager: "kubectl", force: false },
        2 => Form::JsonPatch,
        3 => Form::MergePatch,
        4 => Form::Object,
        _ => Form::StrategicMergePatch,
    };
    let resource = ResourceInfo {
        resource: "secrets".into(),
        namespace: "n".into(),
        name: "db".into(),
        ..ResourceInfo::default()
    };
    let incoming = Incoming {
        rules: Arc::clone(&RULES),
        placeholders: placeholders(),
        resource: &resource,
        form,
        live: Some(&LIVE),
    };
    if incoming.prepare(&mut body).is_err() {
        return;
    }
    assert!(!contains_placeholder(body.to_string().as_bytes()));
    if form == Form::Object && body.get("metadata").is_some_and(Value::is_object) {
        let annotations = &body["metadata"]["annotations"];
        assert!(!annotations.is_object() || annotations["kguard.dev/written"].is_string());
    }
});
