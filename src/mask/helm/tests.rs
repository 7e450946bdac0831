use std::collections::BTreeSet;

use serde_json::json;

use super::super::placeholder::{Echo, PlaceholderKey};
use super::super::rule::{MaskRule, MaskRules};
use super::super::{MAX_ELEMENT_BYTES, Masker};
use super::*;

const MANIFEST: &str = "---\n# Source: app/templates/config.yaml\napiVersion: v1\nkind: ConfigMap\n\
    metadata: {name: c}\ndata: {motto: hunter2-swordfish}\n---\n# Source: app/templates/secret.yaml\n\
    apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: \
    aHVudGVyMi1zd29yZGZpc2g=}\n---\n# Source: app/templates/none.yaml\n";

fn release() -> Value {
    json!({
        "name": "app", "version": 1, "namespace": "shop",
        "info": {"status": "deployed", "notes": "The password is hunter2-swordfish."},
        "chart": {"metadata": {"name": "app"}, "values": {"replicas": 1}},
        "config": {"auth": {"password": "from-the-user"}, "replicas": 2, "none": null, "empty": ""},
        "manifest": MANIFEST,
        "hooks": [{"name": "h", "manifest": "apiVersion: v1\nkind: Secret\nmetadata: {name: h}\n\
            stringData: {token: hook-token}\n"}],
    })
}

fn secret(release: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {"name": "sh.helm.release.v1.app.v1", "namespace": "shop", "uid": "u1"},
        "data": {"release": close(Keeper::Secret, release).unwrap()},
    })
}

fn context(mode: HelmMode) -> Context {
    let rule = MaskRule {
        name: "secrets".into(),
        resources: vec!["secrets".parse().unwrap()],
        fields: vec!["data.*".parse().unwrap()],
        helm: mode,
        ..MaskRule::default()
    };
    Context {
        rules: Arc::new(MaskRules { rules: vec![Arc::new(rule)] }),
        shape: Shape::Object,
        requested: None,
        placeholders: PlaceholderKey::new(&[1; 32]).placeholders("test", Echo::None),
        max_element_bytes: MAX_ELEMENT_BYTES,
    }
}

fn shown(context: Context, object: &Value) -> Value {
    let mut masker = Masker::new(context);
    let mut out = Vec::new();
    masker.push(object.to_string().as_bytes(), &mut out).unwrap();
    masker.finish().unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn opened(object: &Value) -> Option<Value> {
    open(Keeper::Secret, object["data"]["release"].as_str().unwrap())
}

#[test]
fn a_release_is_closed_as_it_was_opened() {
    for keeper in [Keeper::Secret, Keeper::ConfigMap] {
        let closed = close(keeper, &release()).unwrap();
        assert_eq!(closed, close(keeper, &release()).unwrap());
        assert_eq!(open(keeper, &closed), Some(release()));
    }
    // helm takes what is not compressed as it is.
    let plain = STANDARD.encode(release().to_string());
    assert_eq!(open(Keeper::ConfigMap, &plain), Some(release()));
    for broken in ["", "!", "aGVsbG8=", "H4sIAAAAAAAA"] {
        assert_eq!(open(Keeper::ConfigMap, broken), None);
    }
}

#[test]
fn a_release_that_opens_to_more_than_anybody_stores_is_not_opened() {
    let huge = json!({"a": " ".repeat(20 << 20)});
    assert_eq!(open(Keeper::Secret, &close(Keeper::Secret, &huge).unwrap()), None);
}

#[test]
fn what_is_secret_in_a_release_is_hidden_and_the_rest_is_not() {
    let masked = shown(context(HelmMode::View), &secret(&release()));
    let view = opened(&masked).unwrap();
    let text = view.to_string();
    for hidden in ["hunter2", "aHVudGVyMi1zd29yZGZpc2g", "from-the-user", "hook-token"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert_eq!(view["info"]["notes"], "The password is kguard:masked:v1:as-in-the-manifests.");
    assert_eq!(view["chart"], release()["chart"]);
    assert_eq!((&view["config"]["none"], &view["config"]["empty"]), (&Value::Null, &json!("")));
    let manifest = view["manifest"].as_str().unwrap();
    assert!(manifest.starts_with("---\n# Source: app/templates/config.yaml\napiVersion: v1\n"));
    assert!(manifest.contains("motto: kguard:masked:v1:as-in-the-manifests"), "{manifest}");
    assert!(manifest.contains("# Source: app/templates/secret.yaml\n{"), "{manifest}");
    for document in manifest.split("\n---") {
        strict_yaml::parse(document.as_bytes()).unwrap();
    }
    assert_eq!(masked, shown(context(HelmMode::View), &secret(&release())), "it is stable");
}

#[test]
fn the_modes_hide_all_or_nothing() {
    let object = secret(&release());
    assert_eq!(shown(context(HelmMode::Raw), &object), object);
    let denied = shown(context(HelmMode::Deny), &object);
    assert!(contains_placeholder(denied.to_string().as_bytes()));
    assert_eq!(opened(&denied), None);
    let mut broken = object;
    broken["data"]["release"] = STANDARD.encode("no release").into();
    let masked = shown(context(HelmMode::View), &broken);
    assert!(contains_placeholder(masked.to_string().as_bytes()));
}

#[test]
fn placeholders_within_a_release_are_its_own() {
    let view = |uid: &str| {
        let mut object = secret(&release());
        object["metadata"]["uid"] = uid.into();
        opened(&shown(context(HelmMode::View), &object)).unwrap()
    };
    let [one, other] = [view("u1"), view("u2")];
    assert_ne!(one["config"], other["config"]);
    assert_ne!(one["manifest"], other["manifest"]);
    let echo = Context {
        placeholders: PlaceholderKey::new(&[1; 32])
            .placeholders("test", Echo::Keys(Arc::new(BTreeSet::from(["release".to_owned()])))),
        ..context(HelmMode::View)
    };
    let echoed = opened(&shown(echo, &secret(&release()))).unwrap();
    assert!(echoed["config"]["replicas"].as_str().unwrap().contains("written"));
    assert!(echoed["manifest"].as_str().unwrap().contains("3cml0dGVuLS0t"), "{echoed}");
}

#[test]
fn what_was_shown_becomes_what_was_stored_wherever_it_still_stands() {
    let stored = release();
    let shown = opened(&shown(context(HelmMode::View), &secret(&stored))).unwrap();
    let mut written = shown.clone();
    written["info"]["status"] = "superseded".into();
    let mut expected = stored.clone();
    expected["info"]["status"] = "superseded".into();
    assert_eq!(restore(&written, &shown, &stored), Some(expected));
    written["config"]["copy"] = shown["config"]["auth"]["password"].clone();
    assert_eq!(restore(&written, &shown, &stored), None);
}
