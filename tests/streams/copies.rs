//! `kubectl cp` of a pod that knows secrets: what is no secret is copied byte by byte, and the recording
//! says what was.

use kguard::audit::hex::sha256;
use serde_json::{Value, json};

use super::recorded::facts;
use super::transfer::noise;
use super::{Scene, VERSIONS};

/// What recordings say of the files that were copied.
fn listed(scene: &Scene) -> Vec<Value> {
    let mut listed = Vec::new();
    for entry in scene.trail("exec") {
        let lines = scene.recording(&entry);
        listed.extend(facts(&lines).into_iter().filter_map(|fact| fact.get("file").cloned()));
    }
    listed
}

fn file(name: &str, bytes: &[u8], direction: &str) -> Value {
    json!({"name": name, "bytes": bytes.len(), "sha256": sha256(bytes), "direction": direction})
}

#[test]
fn binary_files_of_a_pod_with_secrets_are_copied_whole_and_listed_by_name() {
    let scene = Scene::set();
    scene.keeper();
    let folder = tempfile::tempdir().unwrap();
    let bytes = [&noise(700_000)[..], &[0; 3000], b"\r\n\x1b[31m\xff\xfe"].concat();
    assert!(bytes.contains(&0));
    let local = folder.path().join("binary file");
    std::fs::write(&local, &bytes).unwrap();
    let mut expected = Vec::new();
    for version in VERSIONS {
        let there = format!("keeper:/tmp/up {version}");
        scene.kubectl(version, &["cp", local.to_str().unwrap(), &there]).ok();
        let sum = ["exec", "keeper", "--", "sha256sum", &format!("/tmp/up {version}")];
        let sum = scene.namespace.admin(&sum).ok();
        assert_eq!(sum.split(' ').next(), Some(&*sha256(&bytes)), "{version}");
        let back = folder.path().join(version);
        scene.kubectl(version, &["cp", &there, back.to_str().unwrap()]).ok();
        assert!(std::fs::read(&back).unwrap() == bytes, "{version}");
        expected.push(file(&format!("up {version}"), &bytes, "up"));
        expected.push(file(&format!("tmp/up {version}"), &bytes, "down"));
    }
    assert_eq!(listed(&scene), expected);
}

#[test]
fn a_value_within_a_binary_file_is_hidden_and_nothing_else_of_it() {
    let scene = Scene::set();
    scene.keeper();
    let folder = tempfile::tempdir().unwrap();
    let bytes = noise(150_004);
    let (before, after) = bytes.split_at(100_001);
    let around = |value: &[u8]| [before, value, after].concat();
    let local = folder.path().join("local");
    std::fs::write(&local, around(b"hunter2")).unwrap();
    let pod = format!("{}/keeper:/tmp/file", scene.namespace.name);
    scene.namespace.admin(&["cp", local.to_str().unwrap(), &pod]).ok();
    let mut expected = Vec::new();
    for version in VERSIONS {
        let back = folder.path().join(version);
        scene.kubectl(version, &["cp", "keeper:/tmp/file", back.to_str().unwrap()]).ok();
        // It keeps its length, as an archive says how long its files are.
        assert!(std::fs::read(&back).unwrap() == around(b"*******"), "{version}");
        expected.push(file("tmp/file", &around(b"*******"), "down"));
    }
    assert_eq!(listed(&scene), expected);
}

#[test]
fn a_tree_of_a_pod_with_secrets_is_listed_file_by_file() {
    let scene = Scene::set();
    scene.keeper();
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    std::fs::create_dir_all(tree.join("deep/er")).unwrap();
    let long = format!("{}.bin", "n".repeat(150));
    let files = [
        ("empty", Vec::new()),
        ("deep/nöise ☃", noise(40_000)),
        ("deep/er/zeros", vec![0; 20_480]),
        (&long, noise(513)),
    ];
    for (name, bytes) in &files {
        std::fs::write(tree.join(name), bytes).unwrap();
    }
    for version in VERSIONS {
        let there = format!("keeper:/tmp/tree-{version}");
        scene.kubectl(version, &["cp", tree.to_str().unwrap(), &there]).ok();
        let back = folder.path().join(version);
        scene.kubectl(version, &["cp", &there, back.to_str().unwrap()]).ok();
        for (name, bytes) in &files {
            assert!(std::fs::read(back.join(name)).unwrap() == *bytes, "{version} {name}");
        }
    }
    let mut listed = listed(&scene);
    for version in VERSIONS {
        for (name, bytes) in &files {
            for (prefix, direction) in [("", "up"), ("tmp/", "down")] {
                let wanted = file(&format!("{prefix}tree-{version}/{name}"), bytes, direction);
                let at = listed.iter().position(|file| *file == wanted);
                listed.remove(at.unwrap_or_else(|| panic!("{wanted} is not in {listed:?}")));
            }
        }
    }
    assert_eq!(listed, Vec::<Value>::new());
}
