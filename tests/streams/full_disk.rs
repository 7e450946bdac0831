//! Recordings have a disk of their own, and it is full; the trail has room.

use serde_json::Value;

use super::recorded::text;
use super::{Scene, VERSIONS};
use crate::harness::disk::Disk;
use crate::harness::terminal::at_a_terminal;
use crate::harness::{Gateway, Running, Settings, eventually};

const WHY: &str = "it cannot be recorded any more";

/// A scene whose recordings are on that disk.
fn scene(disk: &Disk) -> Scene {
    let extra = format!("recordings: {{folder: {}/recordings}}\n", disk.mount.display());
    Scene::of(Gateway::with(Settings { extra, ..Settings::default() }))
}

/// Whole lines of the recordings that are there.
fn recorded(disk: &Disk) -> Vec<Vec<Value>> {
    let files = std::fs::read_dir(disk.mount.join("recordings")).unwrap();
    files
        .map(|file| {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            // The last line may have been cut off by the end of the disk.
            let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            whole.map(|line| serde_json::from_str(line).unwrap()).collect()
        })
        .collect()
}

#[test]
fn a_session_whose_recorder_fails_ends_and_says_so_inside_and_in_its_entry() {
    // Before the gateway, so that it is unmounted after the gateway's end.
    let disk = Disk::make();
    let scene = scene(&disk);
    // What is left of a block that is begun is soon used up.
    let script = "echo here; while true; do seq -s ' ' 200; sleep 0.1; done";
    let mut ended = 0;
    for version in VERSIONS {
        for terminal in [false, true] {
            let it = if terminal { "-it" } else { "-i" };
            let exec = scene.command(version, &["exec", it, "main", "--", "sh", "-c", script]);
            let mut exec =
                Running::start(&mut if terminal { at_a_terminal(&exec, (24, 80)) } else { exec });
            eventually("its recording", || {
                let begun = |lines: &&Vec<Value>| text(lines, "o").starts_with("here");
                (recorded(&disk).iter().filter(begun).count() > ended).then_some(())
            });
            disk.fill();
            assert_eq!(exec.exit_code(), 1, "{version} {it}: {}", exec.said());
            assert!(exec.said().contains(WHY), "{version} {it}: {}", exec.said());
            eventually("the end of it", || scene.running(&scene.bob).is_empty().then_some(()));
            ended += 1;
            let trail = scene.trail("exec");
            assert_eq!(trail.len(), ended);
            let end = &trail[ended - 1].1;
            let failure = end["failure"].as_str().unwrap_or_default();
            assert!(failure.contains("recorded any more") || failure.contains("cannot be written"));
            assert!(end["recording"].is_null(), "{end}");
            disk.free();
        }
    }
    assert_eq!(recorded(&disk).len(), ended);
    for lines in recorded(&disk) {
        let output = text(&lines, "o");
        assert!(output.starts_with("here"), "{output}");
    }
    // The trail is whole, and with room again all goes on.
    scene.bob.kguard(&["audit", "verify"]).ok();
    assert_eq!(scene.kubectl("1.34", &["exec", "main", "--", "echo", "again"]).ok(), "again\n");
    let trail = scene.trail("exec");
    let last = trail.iter().find(|(_, end)| end["recording"].is_object()).unwrap();
    let id = last.0["id"].as_str().unwrap();
    let played = scene.bob.kguard(&["audit", "replay", id, "--no-delay"]).ok();
    assert_eq!(played, "again\n");
}

#[test]
fn where_recordings_have_no_room_nothing_runs() {
    let disk = Disk::make();
    let scene = scene(&disk);
    disk.fill();
    for version in VERSIONS {
        let refused = scene.kubectl(version, &["exec", "main", "--", "touch", "/tmp/ran"]);
        assert_ne!(refused.code, 0, "{version}");
        assert!(refused.stderr.contains("record"), "{version}: {}", refused.stderr);
    }
    assert_eq!(scene.inside("test -e /tmp/ran || echo no"), "no\n");
    disk.free();
    scene.kubectl("1.34", &["exec", "main", "--", "touch", "/tmp/ran"]).ok();
    assert_eq!(scene.inside("test -e /tmp/ran && echo yes"), "yes\n");
}

#[test]
fn a_forward_whose_recorder_fails_ends_too() {
    let disk = Disk::make();
    let scene = scene(&disk);
    scene.echoes();
    for version in VERSIONS {
        let mut forward = scene.start(version, &["port-forward", "pod/main", ":8080"]);
        let address = forward.wait_for("the port", |line| {
            Some(line.strip_prefix("Forwarding from ")?.split(' ').next()?.to_owned())
        });
        disk.fill();
        // Each connection is a line of the recording.
        eventually("the end of the session", || {
            if let Ok(mut connection) = std::net::TcpStream::connect(&address) {
                let _ = std::io::Write::write_all(&mut connection, b"hello\n");
                let _ = std::io::Read::read(&mut connection, &mut [0; 6]);
            }
            scene.running(&scene.bob).is_empty().then_some(())
        });
        forward.signal("KILL");
        forward.exit_code();
        disk.free();
    }
    for (_, end) in scene.trail("portforward") {
        assert!(end["failure"].is_string() && end["recording"].is_null(), "{end}");
    }
}
