//! A right guess and a wrong one come to the same.

use super::*;

const RIGHT: &str = "hunter2";
const WRONG: &str = "letmein";
/// Where the salts stand.
const OWN: &str = "/metadata/annotations/kguard.dev~1written";

fn body(field: &str, value: &str) -> Value {
    let value = if field == "data" { encoded(value) } else { value.to_owned() };
    json!({"metadata": {"name": "db"}, field: {"password": value}})
}

#[test]
fn what_is_written_is_never_what_was_there() {
    let desk = Desk::secret();
    for form in FORMS {
        for field in ["data", "stringData"] {
            let is_apply = matches!(form, Form::Apply { .. });
            if is_apply && field == "data" {
                continue; // Another manages it.
            }
            let mut seen = Vec::new();
            for guess in [RIGHT, WRONG] {
                let (sent, echo) = desk.write(form, &body(field, guess)).unwrap();
                assert!(salts(&sent)["password"].is_string(), "{form:?} {field} {guess}");
                assert_eq!(echo, Echo::Keys(Arc::new(["password".to_owned()].into())));
                seen.push(salts(&sent));
            }
            assert_ne!(seen[0], seen[1]);
        }
    }
    let patch = json!([{"op": "replace", "path": "/data/password", "value": encoded(RIGHT)}]);
    let (sent, _) = desk.write(Form::JsonPatch, &patch).unwrap();
    assert_eq!(sent[1]["path"], OWN);
}

#[test]
fn the_placeholder_of_a_written_value_is_another_one_whatever_was_written() {
    let desk = Desk::secret();
    let before = desk.shown()["data"]["password"].clone();
    let (sent, _) = desk.write(Form::MergePatch, &body("data", RIGHT)).unwrap();
    let mut live = desk.live.clone();
    live["metadata"]["annotations"][WRITTEN] = sent["metadata"]["annotations"][WRITTEN].clone();
    let after = desk.shown_of(&live);
    assert_ne!(after["data"]["password"], before);
    assert_eq!(after["data"]["user"], desk.shown()["data"]["user"]);
}

#[test]
fn the_salts_are_kept_whatever_the_caller_writes() {
    let desk = Desk::secret();
    let mut live = desk.live.clone();
    live["metadata"]["annotations"][WRITTEN] = r#"{"password":"s1"}"#.into();
    let desk = Desk { live, ..desk };
    let kept = json!({"password": "s1"});
    for own in [json!(null), json!("{}"), json!(r#"{"password":"s0"}"#)] {
        for form in [APPLY, Form::Object] {
            let body = json!({"metadata": {"annotations": {WRITTEN: own}}});
            assert_eq!(salts(&desk.write(form, &body).unwrap().0), kept);
            let bare = json!({"metadata": {"name": "db"}});
            assert_eq!(salts(&desk.write(form, &bare).unwrap().0), kept);
        }
        for form in [Form::MergePatch, Form::StrategicMergePatch] {
            let body = json!({"metadata": {"annotations": {WRITTEN: own, "a": "b"}}});
            let (sent, _) = desk.write(form, &body).unwrap();
            assert_eq!(sent, json!({"metadata": {"annotations": {"a": "b"}}}));
        }
        let patch =
            json!([{"op": "add", "path": OWN, "value": own}, {"op": "remove", "path": OWN}]);
        assert_eq!(desk.write(Form::JsonPatch, &patch).unwrap().0, json!([]));
    }
}

#[test]
fn a_patch_that_may_take_the_salts_away_is_refused() {
    let desk = Desk::secret();
    let mut live = desk.live.clone();
    live["metadata"]["annotations"][WRITTEN] = r#"{"password":"s1"}"#.into();
    let salted = Desk { live, ..Desk::secret() };
    for (form, body) in [
        (Form::MergePatch, json!({"metadata": {"annotations": null}})),
        (Form::MergePatch, json!({"metadata": null})),
        (Form::StrategicMergePatch, json!({"$patch": "replace", "data": {}})),
        (Form::StrategicMergePatch, json!({"metadata": {"$patch": "replace"}})),
        (Form::StrategicMergePatch, json!({"metadata": {"annotations": {"$patch": "delete"}}})),
        (Form::StrategicMergePatch, json!({"$retainKeys": ["metadata"]})),
        (Form::JsonPatch, json!([{"op": "remove", "path": "/metadata/annotations"}])),
        (Form::JsonPatch, json!([{"op": "replace", "path": "/metadata", "value": {}}])),
        (Form::JsonPatch, json!([{"op": "replace", "path": "", "value": {}}])),
        (Form::JsonPatch, json!([{"op": "move", "from": OWN, "path": "/metadata/annotations/a"}])),
        (Form::JsonPatch, json!([{"op": "move", "from": "/metadata/annotations", "path": "/x"}])),
        (Form::JsonPatch, json!([{"op": "move", "path": "/metadata/labels/a"}])),
    ] {
        assert_eq!(salted.write(form, &body).unwrap_err(), Unwritable::Metadata, "{form:?} {body}");
        assert!(desk.write(form, &body).is_ok(), "{form:?} {body}");
    }
}

#[test]
fn a_json_patch_keeps_the_salts_behind_all_that_it_does_itself() {
    let desk = Desk::secret();
    let mut live = desk.live.clone();
    live["metadata"].as_object_mut().unwrap().shift_remove("annotations");
    let bare = Desk { live, ..Desk::secret() };
    let written = json!({"op": "add", "path": "/data/password", "value": encoded(WRONG)});
    let (sent, _) = bare.write(Form::JsonPatch, &json!([written])).unwrap();
    let paths: Vec<_> = sent.as_array().unwrap().iter().map(|of| of["path"].clone()).collect();
    let managers = "/metadata/managedFields";
    assert_eq!(paths, ["/metadata/annotations", "/data/password", OWN, managers]);
    let annotations = json!({"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}});
    for desk in [bare, desk] {
        let (sent, _) = desk.write(Form::JsonPatch, &json!([written, annotations])).unwrap();
        let paths: Vec<_> = sent.as_array().unwrap().iter().map(|of| of["path"].clone()).collect();
        assert_eq!(paths, ["/data/password", "/metadata/annotations", OWN, managers]);
    }
}

#[test]
fn an_immutable_secret_takes_no_value_at_all() {
    let desk = Desk::secret();
    let mut live = desk.live.clone();
    live["immutable"] = true.into();
    let desk = Desk { live, ..desk };
    for form in FORMS {
        for guess in [RIGHT, WRONG] {
            for field in ["data", "stringData"] {
                let refused = desk.write(form, &body(field, guess)).unwrap_err();
                assert_eq!(refused, Unwritable::Immutable);
            }
        }
        let token = desk.shown()["data"]["user"].clone();
        let moved = json!({"data": {"password": token}});
        assert_eq!(desk.write(form, &moved).unwrap_err(), Unwritable::Immutable);
        assert!(desk.write(form, &desk.shown()).is_ok(), "{form:?}");
    }
}

#[test]
fn applying_to_what_another_manages_is_a_conflict_whatever_the_value() {
    let desk = Desk::secret();
    for guess in [RIGHT, WRONG] {
        let refused = desk.write(APPLY, &body("data", guess)).unwrap_err();
        let fields = vec![".data.password".to_owned()];
        assert_eq!(refused, Unwritable::Conflict { fields: fields.clone() });
        let said = "Apply failed with 1 conflict: other managers have .data.password";
        assert_eq!(refused.to_string(), said);
        // By force neither: an apply that leaves it out again would take away what nobody else has.
        let refused = desk.write(FORCED, &body("data", guess)).unwrap_err();
        assert_eq!(refused, Unwritable::TakeOver { fields });
        assert!(desk.write(APPLY, &body("stringData", guess)).is_ok());
    }
    // How many they are tells whether somebody else guessed right.
    let mut live = desk.live.clone();
    let mut second = live["metadata"]["managedFields"][0].clone();
    second["manager"] = "zz".into();
    live["metadata"]["managedFields"].as_array_mut().unwrap().push(second);
    let shared = Desk { live, ..Desk::secret() };
    let refusals = [&desk, &shared].map(|desk| desk.write(APPLY, &body("data", RIGHT)));
    assert_eq!(refusals[0], refusals[1]);
    // What he manages himself, or nobody does, he may change.
    let mut live = desk.live.clone();
    live["metadata"]["managedFields"][0]["manager"] = "ci".into();
    live["metadata"]["managedFields"][0]["operation"] = "Apply".into();
    let own = Desk { live, ..Desk::secret() };
    assert!(own.write(APPLY, &body("data", WRONG)).is_ok());
    let new = json!({"metadata": {"name": "db"}, "data": {"new": encoded("x")}});
    assert!(desk.write(APPLY, &new).is_ok());
}

/// Who manages a key of a Secret.
fn managers(object: &Value, key: &str) -> Vec<(String, String)> {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let manage = |entry: &&Value| entry["fieldsV1"]["f:data"].get(format!("f:{key}")).is_some();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let name = |entry: &Value| (text(&entry["manager"]), text(&entry["operation"]));
    entries.iter().filter(manage).map(name).collect()
}

#[test]
fn what_is_written_comes_to_be_managed_by_an_update_even_if_it_is_what_was_there() {
    let mut live = Desk::secret().live;
    live["metadata"]["managedFields"][0]["operation"] = "Apply".into();
    let desk = Desk { live, ..Desk::secret() };
    let ours = [("kguard".to_owned(), "Update".to_owned())];
    for guess in [RIGHT, WRONG] {
        for form in [Form::MergePatch, Form::Object, Form::StrategicMergePatch] {
            for field in ["data", "stringData"] {
                let (sent, _) = desk.write(form, &body(field, guess)).unwrap();
                assert_eq!(managers(&sent, "password"), ours);
                assert_eq!(managers(&sent, "user"), managers(&desk.live, "user"));
                // Once more, upon that.
                let mut live = desk.live.clone();
                live["metadata"]["managedFields"] = sent["metadata"]["managedFields"].clone();
                let again = Desk { live, ..Desk::secret() };
                let (sent, _) = again.write(form, &json!({"stringData": {"user": "x"}})).unwrap();
                assert_eq!(
                    [managers(&sent, "password"), managers(&sent, "user")].concat().len(),
                    2
                );
                assert_eq!(sent["metadata"]["managedFields"].as_array().unwrap().len(), 2);
            }
        }
        let patch = json!([{"op": "add", "path": "/data/password", "value": encoded(guess)}]);
        let (sent, _) = desk.write(Form::JsonPatch, &patch).unwrap();
        assert_eq!(sent[2]["path"], "/metadata/managedFields");
        let object = json!({"metadata": {"managedFields": sent[2]["value"]}});
        assert_eq!(managers(&object, "password"), ours);
    }
    let (sent, _) = desk.write(Form::MergePatch, &json!({"metadata": {"labels": {}}})).unwrap();
    assert_eq!(sent, json!({"metadata": {"labels": {}}}));
}

#[test]
fn a_json_patch_asks_for_no_manager() {
    let desk = Desk::secret();
    let entry = "/metadata/managedFields/0/fieldsV1/f:data/f:password";
    for operation in [
        json!({"op": "remove", "path": entry}),
        json!({"op": "test", "path": "/metadata/managedFields/0/manager", "value": "zz"}),
        json!({"op": "copy", "from": entry, "path": "/metadata/x"}),
        json!({"op": "replace", "path": "/metadata/managedFields", "value": []}),
    ] {
        let refused = desk.write(Form::JsonPatch, &json!([operation])).unwrap_err();
        assert_eq!(refused, Unwritable::Managers, "{operation}");
    }
}

#[test]
fn a_moved_value_has_a_salt_that_tells_it_from_nothing() {
    let desk = Desk::secret();
    let mut live = desk.live.clone();
    live["data"]["user"] = live["data"]["password"].clone();
    let desk = Desk { live, ..desk };
    let shown = desk.shown();
    let written = |value: &Value| {
        let body = json!({"data": {"new": value}});
        salts(&desk.write(Form::MergePatch, &body).unwrap().0)["new"].clone()
    };
    let [password, user] = ["password", "user"].map(|key| written(&shown["data"][key]));
    let guess = written(&encoded(RIGHT).into());
    assert!(password != user && password != guess && user != guess);
}

#[test]
fn the_annotation_takes_guesses_of_what_is_applied_no_better() {
    let desk = Desk::secret();
    let annotation = |data: Value| {
        json!({"metadata": {"annotations": {
            LAST_APPLIED: json!({"kind": "Secret", "data": data}).to_string(),
        }}})
    };
    let guess = annotation(json!({"password": encoded(RIGHT)}));
    let shown = annotation(desk.shown()["data"].clone());
    let salted = |desk: &Desk, body: &Value| {
        salts(&desk.write(Form::MergePatch, body).unwrap().0)[LAST_APPLIED].is_string()
    };
    assert!(salted(&desk, &guess));
    // What is stored comes there with every apply; that tells nothing, until he wrote a guess there
    // or into the object.
    assert!(!salted(&desk, &shown));
    for key in [LAST_APPLIED, "password"] {
        let mut live = desk.live.clone();
        live["metadata"]["annotations"][WRITTEN] = json!({key: "s1"}).to_string().into();
        let desk = Desk { live, ..Desk::secret() };
        let data = desk.shown()["data"].clone();
        assert!(salted(&desk, &annotation(data)), "{key}");
    }
    // Which of two others it is would tell whether both are the same.
    let user = desk.shown()["data"]["user"].clone();
    assert!(salted(&desk, &annotation(json!({"password": user}))));
    let shown_text = desk.shown()["metadata"]["annotations"][LAST_APPLIED].clone();
    let applied: Value = serde_json::from_str(shown_text.as_str().unwrap()).unwrap();
    assert!(salted(&desk, &annotation(json!({"password": applied["data"]["user"]}))));
    // What the annotation hides is not known to be what is stored.
    let text = desk.shown()["metadata"]["annotations"][LAST_APPLIED].clone();
    let applied: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let body = json!({"data": {"password": applied["data"]["password"]}});
    assert_eq!(desk.write(Form::MergePatch, &body).unwrap_err(), foreign("data.password"));
}

#[test]
fn an_apply_that_says_salts_is_bound_to_the_version_that_has_them() {
    let desk = Desk::secret();
    let kubectl = Form::Apply { manager: "kubectl", force: true };
    let is_bound = |live: &Value, body: &Value| {
        let incoming = Incoming {
            rules: Arc::clone(&desk.rules),
            placeholders: Desk::placeholders(),
            resource: &desk.resource,
            form: kubectl,
            live: Some(live),
        };
        let mut sent = body.clone();
        let prepared = incoming.prepare(&mut sent).unwrap();
        assert_eq!(prepared.for_version, !salts(&sent).is_null(), "{sent}");
        prepared.for_version
    };
    let labelled = json!({"metadata": {"name": "db", "labels": {"a": "b"}}});
    let shown = json!({"metadata": {"name": "db"}, "data": desk.shown()["data"]});
    let new = json!({"metadata": {"name": "db"}, "data": {"new": encoded("x")}});
    // The API server would copy the version into last-applied, so otherwise there is none.
    assert!(!is_bound(&desk.live, &labelled) && !is_bound(&desk.live, &shown));
    assert!(is_bound(&desk.live, &new));
    let mut live = desk.live.clone();
    live["metadata"]["annotations"][WRITTEN] = r#"{"user":"s1"}"#.into();
    assert!(is_bound(&live, &labelled));
    let salted = Desk { live, ..Desk::secret() };
    let shown = json!({"metadata": {"name": "db"}, "data": salted.shown()["data"]});
    assert_eq!(salts(&salted.write(kubectl, &shown).unwrap().0), json!({"user": "s1"}));
}

#[test]
fn answers_to_other_kinds_show_a_constant_for_what_was_written() {
    let desk = Desk::deployment();
    let body = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "c", "env": [{"name": "A", "value": "first"}]},
    ]}}}});
    for form in FORMS {
        assert_eq!(desk.write(form, &body).unwrap().1, Echo::All);
        assert_eq!(desk.write(form, &json!({"metadata": {"labels": {}}})).unwrap().1, Echo::None);
    }
}
