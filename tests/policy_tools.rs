//! The tools for writing policies, on what a real gateway recorded.

use std::process::Command;

use serde_json::Value;

use crate::harness::process::{binary, run};
use crate::harness::{Gateway, Namespace, User};

/// The trail as `kguard audit export` writes it, in a file of the user's.
fn export(auditor: &User) -> String {
    let file = auditor.home().join("trail.jsonl");
    std::fs::write(&file, auditor.kguard(&["audit", "export"]).ok()).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn what_is_suggested_from_a_trail_lets_the_same_through_and_nothing_else() {
    let namespace = Namespace::create("suggest");
    let n = namespace.name.as_str();
    namespace.allow(&[("user", "oidc:alice")]);
    let gateway = Gateway::start();
    let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
    let work = [
        &["-n", n, "create", "configmap", "c", "--from-literal=a=b"][..],
        &["-n", n, "annotate", "configmap", "c", "x=y"],
        &["-n", n, "get", "configmap", "c"],
        &["-n", n, "get", "pods"],
        &["-n", n, "delete", "configmap", "c"],
    ];
    for args in work {
        alice.kubectl(args).ok();
    }
    let trail = export(&bob);
    let suggest = ["policy", "suggest", "--trail", &trail, "--caller", "user:oidc:alice"];
    let suggested = bob.kguard(&suggest).ok();
    let file = bob.home().join("suggested.yaml");
    std::fs::write(&file, &suggested).unwrap();
    let file = file.to_str().unwrap();
    bob.kguard(&["policy", "check", file]).ok();
    let replay = ["policy", "replay", "--policies", file, "--trail", &trail, "-o", "json"];
    let replayed: Value = serde_json::from_str(&bob.kguard(&replay).ok()).unwrap();
    let changes = replayed["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["caller"] != "oidc:alice"), "{replayed}");

    let gateway = Gateway::with_policies(&suggested);
    let alice = User::person(&gateway, "alice");
    for args in work {
        alice.kubectl(args).ok();
    }
    for args in [&["-n", n, "get", "secrets"][..], &["get", "pods", "-A"]] {
        let denied = alice.kubectl(args);
        assert_eq!(denied.code, 77, "{args:?} {denied:?}");
    }
}

#[test]
fn a_recorded_request_is_explained_by_other_policies() {
    let namespace = Namespace::create("explain");
    let n = namespace.name.as_str();
    namespace.allow(&[("user", "oidc:alice")]);
    let gateway = Gateway::start();
    let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
    alice.kubectl(&["-n", n, "get", "pods"]).ok();
    let list = ["audit", "list", "--verb", "list", "-n", n, "-o", "name"];
    let listed = bob.kguard(&list).ok();
    let id = listed.lines().next().unwrap();
    let explain = |policies: &str| {
        let told = bob.kguard(&["policy", "explain", id, "--policies", policies, "-o", "json"]);
        serde_json::from_str::<Value>(&told.ok()).unwrap()
    };
    let told = explain("pack:starter");
    assert_eq!((&told["decision"], &told["policy"]), (&"allow".into(), &"people".into()), "{told}");
    assert_eq!(told["caller"]["name"], "oidc:alice");
    let told = explain("pack:robots");
    assert_eq!(told["decision"], "deny");
    let near = told["near"].as_array().unwrap();
    let read = near.iter().find(|near| near["policy"] == "robots-read").unwrap();
    assert_eq!(read["field"], "callers", "{told}");
    // Without a file it is the gateway's trail that is replayed.
    let replay = bob.kguard(&["policy", "replay", "--policies", "pack:robots"]);
    assert!(replay.ok().contains("allow→deny"));
    let missing = bob.kguard(&["policy", "explain", "0198c5f4-0000-7000-8000-000000000000"]);
    assert!(missing.code != 0 && missing.stderr.contains("kguard audit list"), "{missing:?}");
}

#[test]
fn what_would_be_masked_is_shown_without_a_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("manifests.yaml");
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {password: \
                aHVudGVyMg==}\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: \
                ConfigMap\n  metadata: {name: c}\n  data: {url: 'redis://:swordfish@r'}\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let kguard = |args: &[&str]| run(Command::new(binary("kguard")).args(args));
    let told = kguard(&["policy", "mask", file]).ok();
    assert_eq!(
        told,
        "secret/db\n  data.password  masked by secrets\nconfigmap/c\n  data.url  masked by \
         secrets-elsewhere\n2 values of 2 objects masked\n"
    );
    assert_eq!(kguard(&["doctor", "mask", file]).ok(), told);
    let shown = kguard(&["policy", "mask", "-o", "yaml", file]).ok();
    assert!(!shown.contains("aHVudGVyMg") && !shown.contains("swordfish"), "{shown}");
    let json: Value =
        serde_json::from_str(&kguard(&["doctor", "mask", "-o", "json", file]).ok()).unwrap();
    assert_eq!(json[1]["path"], "data.url");
    let misspelt = folder.path().join("misspelt.yaml");
    std::fs::write(&misspelt, "apiVersion: v1\nkind: Secrt\nmetadata: {name: db}\n").unwrap();
    let masks = folder.path().join("masks.yaml");
    let text = "apiVersion: kguard.dev/v1alpha1\nkind: Mask\nmetadata: {name: mine}\nspec: {match: \
                {resources: [secrets]}, fields: ['dat.*']}\n";
    std::fs::write(&masks, text).unwrap();
    let [misspelt, masks] = [&misspelt, &masks].map(|path| path.to_str().unwrap());
    let warned = kguard(&["policy", "mask", "--policies", masks, misspelt]);
    assert!(warned.code == 0 && warned.stderr.contains("no kind `Secrt`"), "{warned:?}");
    assert!(warned.stderr.contains("did you mean `data`?"), "{warned:?}");
    let refused = kguard(&["policy", "mask", "/nowhere"]);
    assert!(refused.code == 64 && refused.stderr.contains("cannot be read"), "{refused:?}");
}
