//! Nothing is lost on the way back, and nothing comes to where it does not belong.

use super::super::super::detect::{BuiltIn, DetectorSpec, Detectors};
use super::*;

#[test]
fn what_was_read_is_written_back_as_it_was() {
    for desk in [Desk::secret(), Desk::deployment()] {
        for form in FORMS {
            let (mut sent, echo) = desk.write(form, &desk.shown()).unwrap();
            // It was shown as empty, which the API server takes for "as it is".
            if let Some(managers) = desk.live["metadata"].get("managedFields") {
                sent["metadata"]["managedFields"] = managers.clone();
            }
            assert_eq!(sent, desk.live, "{form:?}");
            assert_eq!(echo, Echo::None);
        }
    }
}

#[test]
fn a_changed_value_is_stored_beside_one_that_stays() {
    let desk = Desk::secret();
    let mut body = desk.shown();
    body["data"]["password"] = encoded("changed").into();
    let (sent, echo) = desk.write(Form::Object, &body).unwrap();
    assert_eq!(sent["data"], json!({"password": encoded("changed"), "user": encoded("swordfish")}));
    assert_eq!(echo, Echo::Keys(Arc::new(["password".to_owned()].into())));
}

#[test]
fn a_renamed_key_keeps_its_value() {
    let desk = Desk::secret();
    let shown = desk.shown()["data"]["password"].clone();
    let body = json!({"data": {"passphrase": shown, "password": null}});
    let (sent, echo) = desk.write(Form::MergePatch, &body).unwrap();
    assert_eq!(sent["data"], json!({"passphrase": encoded("hunter2"), "password": null}));
    assert_eq!(echo, Echo::None);
    let patch = json!([{"op": "add", "path": "/data/copy", "value": shown}]);
    let (sent, _) = desk.write(Form::JsonPatch, &patch).unwrap();
    assert_eq!(sent[0]["value"], encoded("hunter2"));
}

#[test]
fn a_placeholder_is_restored_in_the_clear_and_encoded() {
    let desk = Desk::secret();
    let token = String::from_utf8(
        STANDARD.decode(desk.shown()["data"]["password"].as_str().unwrap()).unwrap(),
    );
    let body = json!({"stringData": {"password": token.unwrap()}});
    let (sent, _) = desk.write(Form::StrategicMergePatch, &body).unwrap();
    assert_eq!(sent["stringData"]["password"], "hunter2");
}

#[test]
fn last_applied_says_what_was_applied_and_never_a_placeholder() {
    let desk = Desk::secret();
    // As kubectl does with a file that was read before.
    let mut file = desk.shown();
    file["metadata"] = json!({"name": "db", "namespace": "shop"});
    let mut body = json!({"metadata": {"annotations": {LAST_APPLIED: format!("{file}\n")}}});
    let (sent, _) = desk.write(Form::StrategicMergePatch, &body).unwrap();
    let applied = sent["metadata"]["annotations"][LAST_APPLIED].as_str().unwrap();
    assert!(applied.ends_with('\n'));
    let applied: Value = serde_json::from_str(applied).unwrap();
    assert_eq!(applied["data"], desk.live["data"]);
    // One that stands for nothing is left out.
    file["data"]["other"] = encoded("kguard:masked:v1:of-something-else").into();
    body["metadata"]["annotations"][LAST_APPLIED] = file.to_string().into();
    let (sent, _) = desk.write(Form::StrategicMergePatch, &body).unwrap();
    let applied = sent["metadata"]["annotations"][LAST_APPLIED].as_str().unwrap();
    let applied: Value = serde_json::from_str(applied).unwrap();
    assert_eq!(applied["data"], desk.live["data"]);
}

#[test]
fn a_value_that_was_changed_meanwhile_is_a_conflict() {
    let desk = Desk::secret();
    let body = desk.shown();
    let mut rotated = desk.live.clone();
    rotated["data"]["password"] = encoded("rotated").into();
    for form in FORMS {
        let refused = desk.write_to(Some(&rotated), form, &body).unwrap_err();
        assert_eq!(refused, Unwritable::Changed { place: "data.password".into() }, "{form:?}");
    }
}

#[test]
fn a_placeholder_is_refused_wherever_it_would_be_shown_or_stands_for_nothing() {
    let desk = Desk::secret();
    let shown = desk.shown()["data"]["password"].clone();
    let token = String::from_utf8(STANDARD.decode(shown.as_str().unwrap()).unwrap()).unwrap();
    for (body, place) in [
        (json!({"metadata": {"labels": {"a": token}}}), "metadata.labels.a"),
        (json!({"metadata": {"annotations": {"a": shown}}}), "metadata.annotations.a"),
        (json!({"metadata": {"labels": {token.as_str(): "a"}}}), "metadata.labels"),
        (json!({"data": {"a": token}}), "data.a"),
        (json!({"data": {"a": encoded(&format!("x{token}"))}}), "data.a"),
        (json!({"stringData": {"a": format!("{token} ")}}), "stringData.a"),
        (json!({"data": {"a": encoded("kguard:masked:v1:short")}}), "data.a"),
        (json!({"type": token}), "type"),
        (json!({"data": {"a": encoded(shown.as_str().unwrap())}}), "data.a"),
        (json!({"metadata": {"labels": {"a": encoded(&encoded(&token))}}}), "metadata.labels.a"),
    ] {
        for form in FORMS {
            let refused = desk.write(form, &body).unwrap_err();
            assert_eq!(refused, foreign(place), "{form:?} {body}");
        }
    }
    let other = Desk::deployment();
    let body = json!({"spec": {"template": {"spec": {"containers": [
        {"env": [{"name": "A", "value": token}]},
    ]}}}});
    let place = "spec.template.spec.containers.0.env.0.value";
    assert_eq!(other.write(Form::StrategicMergePatch, &body).unwrap_err(), foreign(place));
}

#[test]
fn an_object_that_is_gone_takes_no_placeholder_back() {
    for desk in [Desk::secret(), Desk::deployment()] {
        let refused = desk.write_to(None, Form::Object, &desk.shown()).unwrap_err();
        assert!(matches!(refused, Unwritable::Foreign { .. }), "{refused}");
    }
}

#[test]
fn an_object_of_the_same_name_is_another_one() {
    let desk = Desk::secret();
    let mut again = desk.live.clone();
    again["metadata"]["uid"] = "another".into();
    let refused = desk.write_to(Some(&again), Form::Object, &desk.shown()).unwrap_err();
    assert_eq!(refused, foreign("data.password"));
}

#[test]
fn elements_of_lists_may_change_their_places_unless_a_mask_counts_them() {
    let desk = Desk::deployment();
    let env = desk.shown()["spec"]["template"]["spec"]["containers"][0]["env"].clone();
    let env = |order: [usize; 2]| {
        json!({"spec": {"template": {"spec": {"containers": [
            {"name": "c", "env": order.map(|index| env[index].clone())},
        ]}}}})
    };
    let (sent, _) = desk.write(Form::StrategicMergePatch, &env([1, 0])).unwrap();
    let values = &sent["spec"]["template"]["spec"]["containers"][0]["env"];
    assert_eq!((&values[0]["value"], &values[1]["value"]), (&json!("second"), &json!("first")));

    let fields = ["spec.template.spec.containers.0.env.0.value"];
    let counting = Desk::new("deployments", "apps", &fields, desk.live);
    let shown = counting.shown();
    assert!(counting.write(Form::Object, &shown).is_ok());
    assert!(counting.write(Form::StrategicMergePatch, &shown).is_err());
}

#[test]
fn a_mask_of_another_kind_counts_no_elements_of_this_one() {
    let desk = Desk::deployment();
    let fields = ["spec.template.spec.containers.0.env.0.value"];
    let other = Desk::new("statefulsets", "apps", &fields, json!({}));
    let rules = [&desk.rules, &other.rules].map(|rules| Arc::clone(&rules.rules[0]));
    let desk = Desk { rules: Arc::new(MaskRules { rules: rules.into() }), ..desk };
    assert!(desk.write(Form::StrategicMergePatch, &desk.shown()).is_ok());
}

#[test]
fn a_json_patch_restores_where_its_pointers_lead() {
    let desk = Desk::deployment();
    let env = desk.shown()["spec"]["template"]["spec"]["containers"][0]["env"].clone();
    let patch = json!([
        {"op": "replace", "path": "/spec/template/spec/containers/0/env/0", "value": env[1]},
        {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": env[0]},
    ]);
    let (sent, echo) = desk.write(Form::JsonPatch, &patch).unwrap();
    assert_eq!(
        (&sent[0]["value"]["value"], &sent[1]["value"]["value"]),
        (&json!("second"), &json!("first"))
    );
    assert_eq!(echo, Echo::All);
    let patch = json!([{"op": "add", "path": "/metadata/labels/a", "value": env[0]["value"]}]);
    assert_eq!(desk.write(Form::JsonPatch, &patch).unwrap_err(), foreign("metadata.labels.a"));
}

#[test]
fn docker_configs_and_binary_values_come_back_as_they_were() {
    let desk = Desk::secret();
    let mut live = desk.live.clone();
    live["type"] = "kubernetes.io/dockerconfigjson".into();
    live["data"] = json!({
        ".dockerconfigjson": encoded(r#"{"auths":{"r.io":{"auth":"eDp5"}}}"#),
        "binary": STANDARD.encode([0, 255, 3]),
        "public": "",
    });
    let desk = Desk { live, ..desk };
    let mut body = desk.shown();
    body.as_object_mut().unwrap().shift_remove("metadata");
    let (sent, _) = desk.write(Form::MergePatch, &body).unwrap();
    assert_eq!(sent["data"], desk.live["data"]);
    // What has no text has none to be put into a field of text.
    let token = STANDARD.decode(desk.shown()["data"]["binary"].as_str().unwrap()).unwrap();
    let body = json!({"stringData": {"binary": String::from_utf8(token).unwrap()}});
    assert_eq!(desk.write(Form::MergePatch, &body).unwrap_err(), foreign("stringData.binary"));
}

/// A `ConfigMap` in which detectors look for passwords in URLs and for bearer tokens.
fn config(data: &Value) -> Desk {
    let specs = [BuiltIn::UrlPassword, BuiltIn::Bearer].map(DetectorSpec::BuiltIn);
    let live = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "db", "namespace": "shop", "uid": "u", "resourceVersion": "5"},
        "data": data,
    });
    let mut desk = Desk::new("configmaps", "", &[], live);
    let rule = MaskRule {
        values: Detectors::compile(&specs).unwrap(),
        ..MaskRule::clone(&desk.rules.rules[0])
    };
    desk.rules = Arc::new(MaskRules { rules: vec![Arc::new(rule)] });
    desk
}

#[test]
fn a_value_is_not_put_beside_a_decoy_that_is_hidden_in_its_stead() {
    let desk = config(&json!({
        "url": "postgres://a:s3cr3tpw@h", "h": "Authorization: Bearer abcdef0123456789xyz",
    }));
    let shown = desk.shown()["data"].clone();
    let token = |key: &str| {
        let text = shown[key].as_str().unwrap();
        let at = crate::mask::placeholder::find(text).next().unwrap();
        text.get(at).unwrap().to_owned()
    };
    for (key, decoy) in [
        ("url", "postgres://a:decoy1@h"),
        ("h", "Authorization: Bearer decoydecoydecoy1"),
        ("h", "postgres://a:decoy1@h"),
        // Part of something longer, it would tell when that is long enough to be found.
        ("url", "Authorization: Bearer abcdef012345"),
    ] {
        let place = format!("data.{key}");
        for text in [format!("{} {decoy}", token(key)), format!("{decoy} {}", token(key))] {
            for form in FORMS {
                let body = json!({"data": {key: text}});
                assert_eq!(desk.write(form, &body).unwrap_err(), foreign(&place), "{text}");
            }
            let patch = json!([{"op": "add", "path": format!("/data/{key}"), "value": text}]);
            assert_eq!(desk.write(Form::JsonPatch, &patch).unwrap_err(), foreign(&place));
        }
    }
    let text = format!("Authorization: Bearer abcdef012345{}", token("url"));
    let body = json!({"data": {"url": text}});
    assert_eq!(desk.write(Form::MergePatch, &body).unwrap_err(), foreign("data.url"));
}

#[test]
fn values_in_the_same_surroundings_are_told_apart() {
    let lines = "postgres://a:one@h\npostgres://a:two@h\npostgres://a:three@h\nx=1\n";
    let desk = config(&json!({"urls": lines}));
    let shown = desk.shown()["data"]["urls"].as_str().unwrap().replace("x=1", "x=2");
    for form in FORMS {
        let (sent, _) = desk.write(form, &json!({"data": {"urls": shown}})).unwrap();
        assert_eq!(sent["data"]["urls"], lines.replace("x=1", "x=2"));
    }
    let last = shown.lines().nth(2).unwrap();
    let (sent, _) = desk.write(Form::MergePatch, &json!({"data": {"urls": last}})).unwrap();
    assert_eq!(sent["data"]["urls"], "postgres://a:three@h");
}

#[test]
fn what_detectors_hid_comes_back_in_its_text() {
    let desk = config(&json!({"url": "a=postgres://u:one@h b=redis://:two@h", "bare": "x"}));
    let shown = desk.shown();
    for form in FORMS {
        assert_eq!(desk.write(form, &shown).unwrap().0, desk.live, "{form:?}");
    }
    // The text around a secret may change, and its order.
    let text = shown["data"]["url"].as_str().unwrap();
    let (one, two) = text.split_once(" b=").unwrap();
    let swapped = json!({"data": {"url": format!("b={two} and {one}!")}});
    let (sent, _) = desk.write(Form::MergePatch, &swapped).unwrap();
    assert_eq!(sent["data"]["url"], "b=redis://:two@h and a=postgres://u:one@h!");
    // Where the detector would not see it, it is not put.
    let (token, _) = one.split_once("u:").unwrap().1.split_once('@').unwrap();
    for data in [json!({"url": token}), json!({"bare": one})] {
        assert!(desk.write(Form::MergePatch, &json!({"data": data})).is_err());
    }
}

#[test]
fn an_annotation_that_is_hidden_as_a_whole_comes_back_as_a_whole() {
    let desk = Desk::secret();
    let field = r"metadata.annotations.kubectl\.kubernetes\.io/last-applied-configuration";
    let whole = Desk::new("secrets", "", &["data.*", field], desk.live);
    let shown = whole.shown();
    assert!(!shown["metadata"]["annotations"].to_string().contains("apiVersion"));
    let (sent, echo) = whole.write(Form::Object, &shown).unwrap();
    assert_eq!(sent["metadata"]["annotations"], whole.live["metadata"]["annotations"]);
    assert_eq!(echo, Echo::None);
}
