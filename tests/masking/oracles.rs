//! Guesses of a value, right and wrong: by whatever the API server tells them apart, through kguard
//! nothing does.

use super::*;
use crate::harness::http;

const RIGHT: &str = "hunter2";
const WRONG: &str = "letmein";

/// What comes of a write of each guess to a Secret of its own, with everything that shows: the exit
/// code, the answer, and what a read says before and after.
fn compare(desk: &Desk, setup: impl Fn(&str), write: impl Fn(&str, &str) -> Output) {
    let [right, wrong] = [("right", RIGHT), ("wrong", WRONG)].map(|(name, guess)| {
        desk.secret(name);
        setup(name);
        let before = desk.kubectl(&["get", "secret", name, "-o", "json"]).ok();
        let said = write(name, guess);
        let after = desk.kubectl(&["get", "secret", name, "-o", "json"]).ok();
        let [before, after]: [Value; 2] =
            [before, after].map(|it| serde_json::from_str(&it).unwrap());
        let same = |pointer: &str| before.pointer(pointer) == after.pointer(pointer);
        let changes = [
            "/metadata/resourceVersion",
            "/metadata/managedFields",
            "/metadata/generation",
            "/data/password",
            "/data/user",
        ];
        // A denial names its entry in the trail.
        let stderr = said.stderr.split(" (why: ").next().unwrap().replace(name, "NAME");
        (said.code, stderr, changes.map(same))
    });
    assert_eq!(right, wrong);
}

fn patch(desk: &Desk, (name, kind): (&str, &str), body: &str, flags: &[&str]) -> Output {
    let kind = format!("--type={kind}");
    desk.kubectl(&[&["patch", "secret", name, &kind, "-p", body], flags].concat())
}

fn merge(guess: &str) -> String {
    format!(r#"{{"data":{{"password":"{}"}}}}"#, encoded(guess))
}

#[test]
fn a_write_of_what_is_there_is_stored_like_any_other() {
    let desk = Desk::new("noop");
    compare(&desk, |_| {}, |name, guess| patch(&desk, (name, "merge"), &merge(guess), &[]));
    compare(&desk, |_| {}, |name, guess| patch(&desk, (name, "strategic"), &merge(guess), &[]));
    compare(
        &desk,
        |_| {},
        |name, guess| {
            let body =
                format!(r#"[{{"op":"add","path":"/data/password","value":"{}"}}]"#, encoded(guess));
            patch(&desk, (name, "json"), &body, &[])
        },
    );
    compare(
        &desk,
        |_| {},
        |name, guess| {
            let secret = format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: \
             {{password: {guess}}}\ndata: {{user: {}}}\n",
                desk.shown(name, "user")
            );
            desk.kubectl(&["replace", "-f", &desk.file("guess.yaml", &secret)])
        },
    );
    // Twice the same: still nothing to compare.
    let shown = |_: &str| desk.shown("right", "password");
    let first = shown(RIGHT);
    patch(&desk, ("right", "merge"), &merge(RIGHT), &[]).ok();
    let second = shown(RIGHT);
    patch(&desk, ("right", "merge"), &merge(RIGHT), &[]).ok();
    let third = shown(RIGHT);
    assert!(first != second && second != third && first != third);
}

#[test]
fn a_dry_run_shows_nothing_of_a_guess() {
    let desk = Desk::new("dry");
    desk.secret("db");
    let outputs = [RIGHT, WRONG].map(|guess| {
        let said =
            patch(&desk, ("db", "merge"), &merge(guess), &["--dry-run=server", "-o", "json"]);
        let mut said: Value = serde_json::from_str(&said.ok()).unwrap();
        // A salt of what was given: it tells nothing of what is stored.
        let annotations = said["metadata"]["annotations"].as_object_mut().unwrap();
        assert!(annotations.remove("kguard.dev/written").is_some());
        said
    });
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn an_immutable_secret_confirms_no_guess() {
    let desk = Desk::new("immutable");
    let freeze = |name: &str| {
        desk.namespace.admin(&["patch", "secret", name, "-p", r#"{"immutable":true}"#]).ok();
    };
    compare(&desk, freeze, |name, guess| {
        let refused = patch(&desk, (name, "merge"), &merge(guess), &[]);
        assert!(refused.stderr.contains("field is immutable"), "{refused:?}");
        refused
    });
    desk.kubectl(&["label", "secret", "right", "a=b"]).ok();
}

#[test]
fn applying_without_force_confirms_no_guess() {
    let desk = Desk::new("conflict");
    compare(
        &desk,
        |_| {},
        |name, guess| {
            let secret = format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\ndata: {{password: {}}}\n",
                encoded(guess)
            );
            let file = desk.file("guess.yaml", &secret);
            let refused = desk.kubectl(&["apply", "--server-side", "-f", &file]);
            assert!(refused.stderr.contains("Apply failed with 1 conflict"), "{refused:?}");
            refused
        },
    );
}

#[test]
fn json_patches_that_read_values_are_refused_whatever_they_are() {
    let desk = Desk::new("jsonpatch");
    for body in [
        |guess: &str| {
            format!(r#"[{{"op":"test","path":"/data/password","value":"{}"}}]"#, encoded(guess))
        },
        |_: &str| {
            r#"[{"op":"copy","from":"/data/password","path":"/metadata/labels/a"}]"#.to_owned()
        },
        |_: &str| r#"[{"op":"move","from":"/data/password","path":"/data/user"}]"#.to_owned(),
    ] {
        compare(
            &desk,
            |_| {},
            |name, guess| {
                let refused = patch(&desk, (name, "json"), &body(guess), &[]);
                assert!(refused.stderr.contains("why: kguard audit show "), "{refused:?}");
                assert!(
                    refused.code == 77 && refused.stderr.contains("the mask `secrets`"),
                    "{refused:?}"
                );
                refused
            },
        );
    }
}

#[test]
fn the_salts_cannot_be_taken_away() {
    let desk = Desk::new("salts");
    desk.secret("db");
    let before = desk.shown("db", "password");
    patch(&desk, ("db", "merge"), &merge(RIGHT), &[]).ok();
    let after = desk.shown("db", "password");
    assert_ne!(before, after);
    let written = "kguard.dev/written-";
    desk.kubectl(&["annotate", "secret", "db", written]).ok();
    for (kind, body) in [
        ("merge", r#"{"metadata":{"annotations":null}}"#),
        ("strategic", r#"{"metadata":{"annotations":{"$patch":"replace"}}}"#),
        ("json", r#"[{"op":"remove","path":"/metadata/annotations"}]"#),
    ] {
        let refused = patch(&desk, ("db", kind), body, &[]);
        assert!(refused.stderr.contains("kguard.dev/written"), "{refused:?}");
    }
    let own = "metadata/annotations/kguard.dev~1written";
    for body in [
        format!(r#"[{{"op":"remove","path":"x/{own}"}}]"#),
        format!(r#"[{{"op":"move","from":"/{own}","path":"/metadata/annotations/a"}}]"#),
        format!(r#"[{{"op":"move","from":"x/{own}","path":"/metadata/annotations/a"}}]"#),
    ] {
        assert_ne!(patch(&desk, ("db", "json"), &body, &[]).code, 0, "{body}");
    }
    let text = desk.kubectl(&["get", "secret", "db", "-o", "json"]).ok();
    let mut secret: Value = serde_json::from_str(&text).unwrap();
    secret["metadata"].as_object_mut().unwrap().remove("annotations");
    desk.kubectl(&["replace", "-f", &desk.file("bare.json", &secret.to_string())]).ok();
    assert_eq!(desk.shown("db", "password"), after);
    assert!(!desk.gateway.log().contains(RIGHT));
}

/// A message's field; everything in it is short.
fn field(number: u8, content: &str) -> String {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 0x80, "{content}");
    format!("{}{}{content}", char::from(number << 3 | 2), char::from(length))
}

#[test]
fn protobuf_confirms_no_guess_either() {
    let desk = Desk::new("protobuf");
    compare(
        &desk,
        |_| {},
        |name, guess| {
            let metadata = field(1, name) + &field(3, &desk.namespace.name);
            let entry = field(1, "password") + &field(2, guess);
            let secret = field(1, &metadata) + &field(2, &entry) + &field(3, "Opaque");
            let kind = field(1, "v1") + &field(2, "Secret");
            let body = format!("k8s\0{}{}", field(1, &kind), field(2, &secret));
            let head = format!(
                "PUT /api/v1/namespaces/{}/secrets/{name}\nContent-Type: \
             application/vnd.kubernetes.protobuf\nAccept: application/json",
                desk.namespace.name
            );
            let answer = http::send(&desk.gateway, &desk.user, &head, &body);
            assert_eq!(answer.status, 200, "{answer:?}");
            let written = answer.json()["data"]["password"].to_string();
            Output { stdout: String::new(), stderr: written, code: 0 }
        },
    );
    assert_eq!(desk.values("right"), pairs(&[("password", RIGHT)]));
    assert_eq!(desk.values("wrong"), pairs(&[("password", WRONG)]));
}
