//! What streams carry arrives whole.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use super::{Scene, VERSIONS};
use crate::harness::eventually;
use crate::harness::process::run;

/// Bytes of every value, the same at every run, that no compression could shrink.
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(next).collect()
}

fn sha256(file: &std::path::Path) -> String {
    let sum = run(Command::new("sha256sum").arg(file)).ok();
    sum.split(' ').next().unwrap().to_owned()
}

#[test]
fn exec_carries_input_output_and_the_exit_code() {
    let scene = Scene::set();
    let folder = tempfile::tempdir().unwrap();
    let (file, bytes) = (folder.path().join("noise"), noise(3_000_000));
    std::fs::write(&file, &bytes).unwrap();
    for version in VERSIONS {
        let sum = scene.with_input(version, &["exec", "-i", "main", "--", "sha256sum"], &bytes);
        assert_eq!(sum.ok(), format!("{}  -\n", sha256(&file)), "{version}");
        let lines = scene.kubectl(version, &["exec", "main", "--", "seq", "100000"]).ok();
        assert_eq!(lines.lines().count(), 100_000, "{version}");
        let script = "echo out; echo err >&2; exit 3";
        let apart = scene.kubectl(version, &["exec", "main", "--", "sh", "-c", script]);
        assert_eq!((apart.stdout.as_str(), apart.code), ("out\n", 3), "{version}");
        assert!(apart.stderr.starts_with("err\n"), "{version}: {}", apart.stderr);
        for (script, code) in [("true", 0), ("exit 1", 1), ("kill -9 $$", 137)] {
            let output = scene.kubectl(version, &["exec", "main", "--", "sh", "-c", script]);
            assert_eq!(output.code, code, "{version} {script}: {output:?}");
        }
    }
    scene.assert_streams_recorded("exec", 2 * 6);
}

#[test]
fn exec_has_a_terminal_where_there_is_one() {
    let scene = Scene::set();
    for version in VERSIONS {
        let command = scene.command(version, &[]);
        let script = "until stty size 2>/dev/null | grep -q 33; do sleep 0.1; done; \
                      echo a terminal of $(stty size); exit 5";
        let line = format!(
            "stty rows 33 cols 77; {} kubectl -n {} exec -it main -- sh -c '{script}'",
            command.get_program().display(),
            scene.namespace.name
        );
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &line, "/dev/null"]).env_clear();
        for (key, value) in command.get_envs() {
            terminal.env(key, value.unwrap_or_default());
        }
        let output = run(&mut terminal);
        assert!(output.stdout.contains("a terminal of 33 77"), "{version}: {output:?}");
        assert_eq!(output.code, 5, "{version}: {output:?}");
    }
}

#[test]
fn trees_are_copied_both_ways() {
    const LIST: &str = "find . -type f -exec sha256sum {} + | sort; \
                        find . -type l | sort | while read l; do echo \"$l $(readlink \"$l\")\"; done";
    let scene = Scene::set();
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    std::fs::create_dir_all(tree.join("deep/er")).unwrap();
    for (name, length) in [
        ("plain", 10),
        ("with space", 100_000),
        ("-dash", 1),
        ("ünï-cødé ☃", 5000),
        ("empty", 0),
        ("deep/er/large", 2_000_000),
        ("quote'\"$x;&", 30),
    ] {
        std::fs::write(tree.join(name), noise(length)).unwrap();
    }
    std::os::unix::fs::symlink("plain", tree.join("link")).unwrap();
    let list = |folder: &std::path::Path| {
        run(Command::new("sh").args(["-c", LIST]).current_dir(folder).env("LC_ALL", "C")).ok()
    };
    for version in VERSIONS {
        let there = format!("main:/tmp/tree-{version}");
        scene.kubectl(version, &["cp", tree.to_str().unwrap(), &there]).ok();
        let uploaded = scene.inside(&format!("cd /tmp/tree-{version} && {LIST}"));
        assert_eq!(uploaded, list(&tree), "{version}");
        // kubectl leaves links out on the way back.
        let back = folder.path().join(version);
        scene.kubectl(version, &["cp", &there, back.to_str().unwrap()]).ok();
        let files = list(&tree).replace("./link plain\n", "");
        assert_eq!(list(&back), files, "{version}");
    }
    scene.assert_streams_recorded("exec", 2 * 2);
}

#[test]
fn fifty_connections_share_a_port_forward() {
    let scene = Scene::set();
    // Made in the pod: the container runtime itself loses input that ends before it is read.
    scene.inside("mkdir /www; seq 20000 | head -c 100000 > /www/page; httpd -p 8080 -h /www");
    let page: String = (1..=20_000).map(|line| format!("{line}\n")).collect();
    let page = &page.as_bytes()[..100_000];
    for version in VERSIONS {
        let mut forward = scene.start(version, &["port-forward", "pod/main", ":8080"]);
        let address = forward.wait_for("the port", |line| {
            let rest = line.strip_prefix("Forwarding from ")?;
            rest.split(' ').next().map(str::to_owned)
        });
        let fetch = || {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.set_read_timeout(Some(std::time::Duration::from_mins(1))).unwrap();
            stream.write_all(b"GET /page HTTP/1.0\r\n\r\n").unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).map(|_| answer.ends_with(page))
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..50).map(|_| scope.spawn(fetch)).collect();
            for thread in threads {
                let whole = thread.join().unwrap();
                assert!(matches!(whole, Ok(true)), "{version}: {whole:?} {}", forward.said());
            }
        });
        forward.signal("TERM");
        forward.exit_code();
    }
    scene.assert_streams_recorded("portforward", 2);
}

#[test]
fn attach_and_debug_reach_a_running_process() {
    let scene = Scene::set();
    for (version, pod) in VERSIONS.into_iter().zip(["first", "second"]) {
        let script = "read line; echo got $line; read line; exit 3";
        scene.namespace.apply(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {pod}}}\nspec:\n  restartPolicy: Never\n  \
             terminationGracePeriodSeconds: 1\n  containers:\n  - {{name: main, stdin: true, \
             image: 'kguard.test/busybox:1', command: [sh, -c, '{script}']}}\n"
        ));
        let ready = ["wait", "--for=condition=Ready", "--timeout=60s", &format!("pod/{pod}")];
        scene.namespace.admin(&ready).ok();
        let mut attach = scene.command(version, &["attach", "-q", "-i", pod]);
        assert_eq!(converse(&mut attach, "hello"), "got hello\n", "{version}");
        let image = "--image=kguard.test/busybox:1";
        let debug = ["debug", "-q", "-i", "main", image, "--", "sh", "-c", script];
        let mut debug = scene.command(version, &debug);
        assert_eq!(converse(&mut debug, "ephemeral"), "got ephemeral\n", "{version}");
    }
    scene.assert_streams_recorded("attach", 2 * 2);
    assert_eq!(scene.trail("ephemeralcontainers").len(), 2);
}

/// Says a word, returns the answer, and says goodbye. Word for word, since a kubelet drops the
/// output of a process whose input is over.
fn converse(command: &mut Command, word: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{word}").unwrap();
    let mut answer = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    writeln!(stdin, "goodbye").unwrap();
    child.wait().unwrap();
    answer
}

#[test]
fn a_flood_of_input_stops_neither_the_output_nor_the_end() {
    let scene = Scene::set();
    let line = |number: u32| format!("{number:07}\n").into_bytes();
    let flood: Vec<u8> = (0..2_000_000).flat_map(line).collect();
    for version in VERSIONS {
        let echoed = scene.with_input(version, &["exec", "-i", "main", "--", "cat"], &flood);
        assert_eq!((echoed.code, echoed.stdout.len()), (0, flood.len()), "{version}");
        assert_eq!(echoed.stdout.as_bytes(), flood, "{version}");
        // What nobody reads in the pod holds up only itself, and not for ever.
        let script = "head -c 8; sleep 1000";
        let mut stuck = scene.command(version, &["exec", "-i", "main", "--", "sh", "-c", script]);
        stuck.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = stuck.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| stdin.write_all(&flood));
            let mut said = [0; 8];
            child.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
            assert_eq!(&said, b"0000000\n");
            child.kill().unwrap();
        });
        child.wait().unwrap();
        eventually("the end of it", || scene.running(&scene.bob).is_empty().then_some(()));
    }
}
