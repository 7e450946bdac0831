//! Terminals: their sizes while somebody works, and attach to one.

use super::recorded::text;
use super::{Scene, VERSIONS};
use crate::harness::Running;
use crate::harness::eventually;
use crate::harness::terminal::at_a_terminal;
use crate::harness::tmux::Tmux;

#[test]
fn a_terminal_that_changes_its_size_does_so_in_the_pod_and_in_the_recording() {
    let scene = Scene::set();
    for version in VERSIONS {
        let script = "while ! test -e /tmp/over; do stty size; sleep 0.1; done; exit 5";
        let tmux = Tmux::start(
            &scene.command(version, &["exec", "-it", "main", "--", "sh", "-c", script]),
        );
        for (columns, rows) in [(100, 40), (31, 7), (200, 50)] {
            tmux.resize(columns, rows);
            tmux.wait_for(&format!("{rows} {columns}"));
        }
        scene.inside("touch /tmp/over");
        eventually("the end", || scene.running(&scene.bob).is_empty().then_some(()));
        scene.inside("rm /tmp/over");
        let trail = scene.trail("exec");
        let entry = trail.last().unwrap();
        let lines = scene.recording(entry);
        let sizes: Vec<_> = lines.iter().filter(|line| line[1] == "r").collect();
        let position = |size: &str| sizes.iter().position(|line| line[2] == *size);
        let [first, second, third] = ["100x40", "31x7", "200x50"].map(position);
        assert!(first.is_some() && first < second && second < third, "{version}: {sizes:?}");
        let output = text(&lines, "o");
        for size in ["40 100", "7 31", "50 200"] {
            assert!(output.contains(size), "{version}: {output}");
        }
        assert_eq!(text(&lines, "x"), "5", "{version}");
    }
}

#[test]
fn somebody_attaches_to_a_terminal_types_and_hears_how_it_ended() {
    let scene = Scene::set();
    for version in VERSIONS {
        let pod = format!("reader-{}", version.replace('.', "-"));
        let script = "while ! read -t 1 line; do echo ready; done; echo got $line at $(stty size); \
                      read line; exit 3";
        scene.namespace.apply(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {pod}}}\nspec:\n  restartPolicy: Never\n  \
             terminationGracePeriodSeconds: 1\n  containers:\n  - {{name: main, stdin: true, \
             tty: true, image: 'kguard.test/busybox:1', imagePullPolicy: Never, command: [sh, -c, \
             '{script}']}}\n"
        ));
        let ready = ["wait", "--for=condition=Ready", "--timeout=60s", &format!("pod/{pod}")];
        scene.namespace.admin(&ready).ok();
        let attach = scene.command(version, &["attach", "-it", &pod]);
        let mut attach = Running::start(&mut at_a_terminal(&attach, (33, 77)));
        attach.wait_for("the program", |line| (line == "ready").then_some(()));
        attach.say("hello\r");
        attach.wait_for("its answer", |line| (line == "got hello at 33 77").then_some(()));
        attach.say("goodbye\r");
        attach.exit_code();
        let trail = scene.trail("attach");
        let lines = scene.recording(trail.last().unwrap());
        assert!(text(&lines, "o").contains("got hello at 33 77"), "{version}: {lines:?}");
        assert!(text(&lines, "r").contains("77x33"), "{version}: {lines:?}");
        assert_eq!(lines[0]["kguard"]["tty"], true);
        assert_eq!(lines[0]["kguard"]["kind"], "attach");
    }
}
