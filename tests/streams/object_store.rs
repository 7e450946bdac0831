//! Finished recordings go to an object store: a real server that speaks S3 and checks signatures.

use std::path::{Path, PathBuf};
use std::process::Command;

use kguard::audit::hex::sha256;
use serde_json::Value;

use super::Scene;
use crate::harness::gateway::{Settings, free_address};
use crate::harness::{Gateway, Running, eventually};

const KEY: &str = "recorder";
const SECRET: &str = "the recorder's secret";

/// An S3 server with one bucket.
struct Store {
    address: String,
    root: tempfile::TempDir,
    server: Option<Running>,
}

impl Store {
    /// One that does not run yet.
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("recordings")).unwrap();
        Self { address: free_address(), root, server: None }
    }

    fn start(&mut self) {
        let (host, port) = self.address.split_once(':').unwrap();
        let mut command = Command::new(binary());
        command.args(["--host", host, "--port", port, "--access-key", KEY, "--secret-key", SECRET]);
        self.server = Some(Running::start(command.arg(self.root.path())));
    }

    fn config(&self, secret: &str) -> String {
        format!(
            "recordings:\n  objectStore:\n    url: s3://recordings/shop\n    options:\n      \
             aws_endpoint: http://{}\n      aws_allow_http: 'true'\n      aws_region: us-east-1\n      \
             aws_access_key_id: {KEY}\n      aws_secret_access_key: \"{secret}\"\n",
            self.address
        )
    }

    fn stored(&self, id: &str) -> Option<Vec<u8>> {
        std::fs::read(self.root.path().join(format!("recordings/shop/{id}.cast"))).ok()
    }
}

fn binary() -> PathBuf {
    let cache = std::env::var("KGUARD_CACHE").map_or_else(
        |_| Path::new(&std::env::var("HOME").unwrap()).join(".cache/kguard"),
        PathBuf::from,
    );
    let binary = cache.join("s3/bin/s3s-fs");
    assert!(binary.exists(), "run tests/s3/build.sh");
    binary
}

fn scene(store: &Store, secret: &str) -> Scene {
    let extra = store.config(secret);
    Scene::of(Gateway::with(Settings { extra, ..Settings::default() }))
}

/// The entry's digest of a recording, by the id of its request.
fn recorded(scene: &Scene, command: &str) -> (String, Value) {
    let trail = scene.trail("exec");
    let said = |request: &Value| request["query"].to_string().contains(command);
    let (request, end) = trail.iter().find(|(request, _)| said(request)).unwrap();
    (request["id"].as_str().unwrap().to_owned(), end["recording"].clone())
}

/// How many recordings are in the folder.
fn left(scene: &Scene) -> usize {
    let files = std::fs::read_dir(scene.gateway.folder.join("state/recordings")).unwrap();
    files.filter(|file| file.as_ref().unwrap().path().extension().unwrap() == "cast").count()
}

/// The recordings that are listed.
fn listed(scene: &Scene) -> Vec<Value> {
    let list = scene.call(&scene.bob, "GET /v1/recordings", "").json();
    list.as_array().unwrap().clone()
}

#[test]
fn a_finished_recording_moves_to_the_object_store_and_is_found_there() {
    let mut store = Store::new();
    store.start();
    let scene = scene(&store, SECRET);
    // More than one part, unless the machine is so busy that the cluster drops the end.
    let script = "echo first; head -c 9000000 /dev/zero | tr '\\0' 'a'; echo last";
    let printed = scene.kubectl("1.34", &["exec", "main", "--", "sh", "-c", script]).ok();
    let (id, digest) = recorded(&scene, "first");
    let stored = eventually("the recording in the store", || store.stored(&id));
    assert_eq!(digest["sha256"], sha256(&stored));
    eventually("an empty folder", || (left(&scene) == 0).then_some(()));
    let listed = listed(&scene);
    assert_eq!((listed.len(), &listed[0]["bytes"]), (1, &digest["bytes"]), "{listed:?}");
    let played = scene.bob.kguard(&["audit", "replay", &id, "--no-delay"]).ok();
    assert!(played.trim_end() == printed.trim_end(), "{} of {}", played.len(), printed.len());
    let verified = scene.bob.kguard(&["audit", "verify", "--recordings"]).ok();
    assert!(verified.contains("recordings: 1 as the trail names them"), "{verified}");

    // Whoever owns the store changes nothing unseen, and takes nothing away.
    assert_eq!(scene.kubectl("1.34", &["exec", "main", "--", "echo", "second"]).code, 0);
    let (other, _) = recorded(&scene, "second");
    eventually("the other recording in the store", || store.stored(&other));
    let path = |id| store.root.path().join(format!("recordings/shop/{id}.cast"));
    let forged = String::from_utf8(stored).unwrap().replace("first", "other");
    std::fs::write(path(&id), forged).unwrap();
    eventually("an empty folder", || (left(&scene) == 0).then_some(()));
    std::fs::remove_file(path(&other)).unwrap();
    let verified = scene.bob.kguard(&["audit", "verify", "--recordings"]);
    assert_ne!(verified.code, 0);
    for said in [
        "of 2 recordings 2 cannot be relied on".to_owned(),
        format!("{id}: it is not the one that the trail names"),
        format!("{other}: it is not there any more"),
    ] {
        assert!(verified.stderr.contains(&said), "{said}: {verified:?}");
    }
}

#[test]
fn while_the_object_store_is_away_recordings_stay_and_are_found() {
    let mut store = Store::new();
    let mut scene = scene(&store, SECRET);
    assert_eq!(scene.kubectl("1.34", &["exec", "main", "--", "echo", "early"]).code, 0);
    let (id, digest) = recorded(&scene, "early");
    let played = scene.bob.kguard(&["audit", "replay", &id, "--no-delay"]).ok();
    assert_eq!(played.trim(), "early");
    assert_eq!(left(&scene), 1);
    // What an earlier run has left is moved by the next one.
    scene.gateway.kill();
    store.start();
    scene.gateway.restart();
    let stored = eventually("the recording in the store", || store.stored(&id));
    assert_eq!(digest["sha256"], sha256(&stored));
}

#[test]
fn a_store_that_refuses_the_gateway_takes_nothing_and_costs_nothing() {
    let mut store = Store::new();
    store.start();
    let scene = scene(&store, "another secret");
    assert_eq!(scene.kubectl("1.34", &["exec", "main", "--", "echo", "kept"]).code, 0);
    let (id, _) = recorded(&scene, "kept");
    eventually("the warning", || {
        scene.gateway.log().contains("could not be moved to the object store").then_some(())
    });
    assert_eq!((left(&scene), store.stored(&id)), (1, None));
    assert!(!scene.gateway.log().contains("another secret"));
    assert_eq!(scene.bob.kguard(&["audit", "replay", &id, "--no-delay"]).ok().trim(), "kept");
}
