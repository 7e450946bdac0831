//! What was read masked is written back, with every command that writes.

use super::*;

const BOTH: [(&str, &str); 2] = [("password", "hunter2"), ("user", "swordfish")];

#[test]
fn a_secret_is_edited_and_keeps_what_nobody_touched() {
    let desk = Desk::new("edit");
    desk.secret("db");
    desk.edit("secret/db", "s/^kind:.*/&/").ok();
    desk.edit("secret/db", "'/^  name:/i\\  labels: {edited: \"yes\"}'").ok();
    assert_eq!(desk.values("db"), pairs(&BOTH));
    assert_eq!(desk.stored("secret/db")["metadata"]["labels"]["edited"], "yes");
    let changed = format!("'s/^  password:.*/  password: {}/'", encoded("changed"));
    desk.edit("secret/db", &changed).ok();
    assert_eq!(desk.values("db"), pairs(&[("password", "changed"), ("user", "swordfish")]));
    desk.edit("secret/db", "'s/^  password:/  passphrase:/'").ok();
    assert_eq!(desk.values("db"), pairs(&[("passphrase", "changed"), ("user", "swordfish")]));
}

#[test]
fn a_file_that_was_read_masked_is_applied_and_replaced() {
    let desk = Desk::new("apply");
    desk.secret("db");
    let file = desk.file("db.yaml", &desk.kubectl(&["get", "secret", "db", "-o", "yaml"]).ok());
    for args in [
        &["apply", "-f", &file][..],
        &["apply", "-f", &file],
        &["replace", "-f", &file],
        &["apply", "--server-side", "--force-conflicts", "-f", &file],
    ] {
        // A file says which version it is of, so each needs what the one before has stored.
        let text = desk.kubectl(&["get", "secret", "db", "-o", "yaml"]).ok();
        let text = match args[1] {
            "--server-side" => without_managers(&text),
            _ => text,
        };
        std::fs::write(&file, text).unwrap();
        let said = desk.kubectl(args);
        assert_eq!(said.code, 0, "{args:?}: {said:?}");
        assert_eq!(desk.values("db"), pairs(&BOTH), "{args:?}");
        let stored = desk.stored("secret/db");
        let annotations = stored["metadata"]["annotations"].to_string();
        assert!(!annotations.contains("kguard:masked"), "{annotations}");
        assert!(!annotations.contains(&encoded("kguard:masked")[..12]), "{annotations}");
    }
}

/// Server-side apply takes no `managedFields`.
fn without_managers(text: &str) -> String {
    text.lines().filter(|line| !line.contains("managedFields")).map(|l| format!("{l}\n")).collect()
}

#[test]
fn diff_of_what_was_read_is_empty() {
    let desk = Desk::new("diff");
    desk.secret("db");
    let file = desk.file("db.yaml", &desk.kubectl(&["get", "secret", "db", "-o", "yaml"]).ok());
    // kubectl notes in the object what it applied; from then on there is nothing to change.
    desk.kubectl(&["apply", "-f", &file]).ok();
    let file = desk
        .file("db.yaml", &unversioned(&desk.kubectl(&["get", "secret", "db", "-o", "yaml"]).ok()));
    desk.kubectl(&["apply", "-f", &file]).ok();
    let version = || desk.stored("secret/db")["metadata"]["resourceVersion"].clone();
    let before = version();
    for flags in [&[][..], &["--server-side", "--force-conflicts"]] {
        let said = desk.kubectl(&[&["diff", "-f", &file], flags].concat());
        assert_eq!((said.code, said.stdout.as_str()), (0, ""), "{flags:?} {said:?}");
    }
    desk.kubectl(&["apply", "-f", &file]).ok();
    assert_eq!(version(), before);
}

/// As a file without what tells one version from another.
fn unversioned(text: &str) -> String {
    let of = |line: &&str| {
        !["resourceVersion:", "uid:", "creationTimestamp:"]
            .iter()
            .any(|it| line.trim().starts_with(it))
    };
    text.lines().filter(of).map(|line| format!("{line}\n")).collect()
}

#[test]
fn patches_labels_and_annotations_leave_values_alone() {
    let desk = Desk::new("patch");
    desk.secret("db");
    let password = desk.shown("db", "password");
    desk.kubectl(&["label", "secret", "db", "a=b"]).ok();
    desk.kubectl(&["annotate", "secret", "db", "a=b"]).ok();
    let copy = format!(r#"{{"data":{{"copy":"{password}","user":null}}}}"#);
    desk.kubectl(&["patch", "secret", "db", "--type=merge", "-p", &copy]).ok();
    assert_eq!(desk.values("db"), pairs(&[("copy", "hunter2"), ("password", "hunter2")]));
    let replace = format!(r#"[{{"op":"replace","path":"/data/copy","value":"{}"}}]"#, encoded("x"));
    desk.kubectl(&["patch", "secret", "db", "--type=json", "-p", &replace]).ok();
    assert_eq!(desk.values("db"), pairs(&[("copy", "x"), ("password", "hunter2")]));
    let strategic = r#"{"stringData":{"copy":"y"}}"#;
    desk.kubectl(&["patch", "secret", "db", "-p", strategic]).ok();
    assert_eq!(desk.values("db"), pairs(&[("copy", "y"), ("password", "hunter2")]));
}

#[test]
fn a_value_that_was_rotated_meanwhile_is_not_overwritten() {
    let desk = Desk::new("rotated");
    desk.secret("db");
    let shown = desk.shown("db", "password");
    let rotated = format!(r#"{{"data":{{"password":"{}"}}}}"#, encoded("rotated"));
    desk.namespace.admin(&["patch", "secret", "db", "-p", &rotated]).ok();
    let patch = format!(r#"{{"data":{{"password":"{shown}"}}}}"#);
    let refused = desk.kubectl(&["patch", "secret", "db", "-p", &patch]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("(Conflict)"), "{refused:?}");
    assert!(refused.stderr.contains("data.password was changed since you read it"), "{refused:?}");
    assert_eq!(desk.values("db")[0].1, "rotated");
}

#[test]
fn a_placeholder_anywhere_else_is_refused_by_its_key() {
    let desk = Desk::new("foreign");
    desk.secret("db");
    desk.secret("other");
    let shown = desk.shown("db", "password");
    let patch = format!(r#"{{"data":{{"password":"{shown}"}}}}"#);
    let refused = |of: Output, place: &str| {
        assert!(of.code == 1 && of.stderr.contains("is invalid"), "{of:?}");
        assert!(of.stderr.contains(place) && of.stderr.contains("masked by kguard"), "{of:?}");
    };
    refused(desk.kubectl(&["patch", "secret", "other", "-p", &patch]), "data.password");
    // Taken for the value, it is encoded once more.
    let literal = format!("--from-literal=p={shown}");
    let created = desk.kubectl(&["create", "secret", "generic", "twice", &literal]);
    assert!(created.stderr.contains("data.p holds a value masked by kguard"), "{created:?}");
    let text = desk.kubectl(&["get", "secret", "db", "-o", "yaml"]).ok();
    let file = desk.file("db.yaml", &text.replace("name: db", "name: new"));
    let created = desk.kubectl(&["create", "-f", &file]);
    assert!(created.stderr.contains("data.password"), "{created:?}");
    let file = desk.file("db.yaml", &text);
    desk.kubectl(&["delete", "secret", "db"]).ok();
    refused(desk.kubectl(&["create", "-f", &file]), "data.password");
}

pub(super) const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  \
    replicas: 0\n  selector: {matchLabels: {a: web}}\n  template:\n    metadata: {labels: {a: web}}\n    \
    spec: {containers: [{name: c, image: none, env: [{name: A, value: first}, {name: B, value: second}]}]}\n";

#[test]
fn other_kinds_keep_their_masked_fields_too() {
    let desk = Desk::new("workload");
    desk.namespace.apply(DEPLOYMENT);
    let env = || {
        let stored = desk.stored("deployment/web");
        stored["spec"]["template"]["spec"]["containers"][0]["env"].to_string()
    };
    let before = env();
    let text = desk.kubectl(&["get", "deployment", "web", "-o", "yaml"]).ok();
    assert!(!text.contains("first") && !text.contains("second"), "{text}");
    let file = desk.file("web.yaml", &text);
    desk.kubectl(&["apply", "-f", &file]).ok();
    assert_eq!(env(), before);
    desk.edit("deployment/web", "'s/replicas: 0/replicas: 0/;s/image: none/image: some/'").ok();
    assert_eq!(env(), before);
    desk.kubectl(&["set", "env", "deployment/web", "C=third"]).ok();
    assert!(env().starts_with(before.trim_end_matches(']')), "{}", env());
    desk.kubectl(&["scale", "deployment", "web", "--replicas=0"]).ok();
    desk.kubectl(&["rollout", "restart", "deployment/web"]).ok();
    let annotations = desk.stored("deployment/web")["metadata"]["annotations"].to_string();
    assert!(!annotations.contains("kguard:masked"), "{annotations}");
    let applied = desk.namespace.admin(&["apply", "view-last-applied", "deployment/web"]).ok();
    assert!(applied.contains("value: first"), "{applied}");
}

#[test]
fn what_could_not_be_created_again_is_not_deleted_by_force() {
    let desk = Desk::new("force");
    desk.secret("db");
    desk.namespace.apply(DEPLOYMENT);
    let read = |what: &str| unversioned(&desk.kubectl(&["get", what, "-o", "yaml"]).ok());
    let secret = desk.file("secret.yaml", &read("secret/db"));
    let web = read("deployment/web").replace("      a: web", "      a: other");
    let web = desk.file("web.yaml", &web);
    let rotated = format!(r#"{{"data":{{"password":"{}"}}}}"#, encoded("rotated"));
    desk.namespace.admin(&["patch", "secret", "db", "-p", &rotated]).ok();
    for args in [
        ["replace", "--force", "-f", &secret],
        ["apply", "--force", "-f", &secret],
        ["apply", "--force", "-f", &web],
    ] {
        let refused = desk.kubectl(&args);
        assert!(refused.code != 0 && refused.stderr.contains("without --force"), "{refused:?}");
    }
    assert_eq!(desk.values("db"), pairs(&[("password", "rotated"), ("user", "swordfish")]));
    assert!(desk.stored("deployment/web").is_object());
    // What holds nothing of the kind may be forced, and what may be lost deleted.
    desk.namespace.admin(&["create", "configmap", "c"]).ok();
    let config = desk.file("config.yaml", &read("configmap/c"));
    desk.kubectl(&["replace", "--force", "-f", &config]).ok();
    desk.kubectl(&["delete", "secret", "db"]).ok();
}

#[test]
fn what_was_read_is_applied_server_side_again_and_again() {
    let desk = Desk::new("again");
    for (name, is_applied) in [("bare", false), ("applied", true)] {
        let clear = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{b: x}}\ndata: {{a: {}}}\n",
            encoded("hunter2")
        );
        let file = desk.file("clear.yaml", &clear);
        let apply = ["apply", "--server-side", "--force-conflicts", "-f"];
        if is_applied {
            desk.kubectl(&["apply", "-f", &file]).ok();
            desk.edit(
                &format!("secret/{name}"),
                &format!("'s/^  a:.*/  a: {}/'", encoded("changed")),
            )
            .ok();
        } else {
            desk.kubectl(&[&apply[..], &[&file]].concat()).ok();
            desk.kubectl(&[&apply[..], &[&file]].concat()).ok();
        }
        let read = desk.kubectl(&["get", "secret", name, "-o", "yaml"]).ok();
        let file = desk.file("masked.yaml", &without_managers(&unversioned(&read)));
        let before = desk.shown(name, "a");
        for _ in 0..3 {
            desk.kubectl(&[&apply[..], &[&file]].concat()).ok();
        }
        assert_eq!(desk.shown(name, "a"), before);
        // A version in last-applied is in nobody's way.
        desk.namespace.apply(&clear);
    }
}
