//! Policies tell one command from another: by its words, by its container, and by whether somebody sits
//! at a terminal.

use super::{Scene, VERSIONS};
use crate::harness::process::run;
use crate::harness::terminal::at_a_terminal;
use crate::harness::{Gateway, Output};

const HEAD: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\n";

fn policy(name: &str, spec: &str) -> String {
    let spec = spec.replace('\n', "\n  ");
    format!("{HEAD}metadata: {{name: {name}}}\nspec:\n  {spec}\n")
}

#[track_caller]
fn assert_refused(output: &Output, word: &str, what: &str) {
    assert_eq!(output.code, 77, "{what}: {output:?}");
    assert!(output.stderr.contains(word) || output.stdout.contains(word), "{what}: {output:?}");
}

#[test]
fn a_command_is_allowed_by_its_exact_words_and_no_other_is() {
    // Nothing but what is needed to ask for a pod, and the one command.
    let reads = policy("reads", "match: {verbs: [get, list]}\neffect: allow");
    let reads = reads.replace("match: {", "match: {resources: [pods], ");
    let discovery = policy("discovery", "match: {paths: ['*']}\neffect: allow");
    let one = policy(
        "one-command",
        "match: {callers: ['user:oidc:alice'], resources: [pods/exec]}\nwhen: >-\n  \
         request.query.command == ['cat', '/etc/hostname'] && !('tty' in request.query)\n\
         effect: allow",
    );
    let policies = [reads, discovery, one].join("---\n");
    let scene = Scene::of(Gateway::with_policies(&policies));
    let outside: &[&[&str]] = &[
        &["cat", "/etc/passwd"],
        &["cat", "/etc/hostname", "/etc/passwd"],
        &["cat", "/etc/hostname", ""],
        &["cat"],
        &["/bin/cat", "/etc/hostname"],
        &["cat /etc/hostname"],
        &["sh", "-c", "cat /etc/hostname"],
        &["touch", "/tmp/ran"],
    ];
    for version in VERSIONS {
        let allowed = scene.kubectl(version, &["exec", "main", "--", "cat", "/etc/hostname"]);
        assert_eq!(allowed.ok(), "main\n", "{version}");
        for words in outside {
            let refused = scene.kubectl(version, &[&["exec", "main", "--"], *words].concat());
            assert_refused(&refused, "no policy allows", &format!("{version} {words:?}"));
        }
        let tty = scene.command(version, &["exec", "-it", "main", "--", "cat", "/etc/hostname"]);
        let refused = run(&mut at_a_terminal(&tty, (24, 80)));
        assert_refused(&refused, "no policy allows", &format!("{version} at a terminal"));
        for args in [&["attach", "main"][..], &["port-forward", "pod/main", ":80"]] {
            let refused = scene.kubectl(version, args);
            assert_refused(&refused, "no policy allows", &format!("{version} {args:?}"));
        }
    }
    assert_eq!(scene.inside("test -e /tmp/ran || echo no"), "no\n");
}

#[test]
fn a_command_is_refused_by_its_container() {
    let deny = policy(
        "no-sidecar",
        "match: {resources: [pods/exec, pods/attach]}\nwhen: >-\n  'container' in request.query && \
         request.query.container.exists(name, name == 'sidecar')\n\
         effect: deny\nmessage: The sidecar is not yours.",
    );
    let scene = Scene::with(&deny);
    let container = |name: &str| {
        format!(
            "  - {{name: {name}, image: 'kguard.test/busybox:1', imagePullPolicy: Never, \
             command: [sh, -c, 'trap exit TERM; while true; do echo here; sleep 0.2; done']}}\n"
        )
    };
    for (pod, first, second) in [("pair", "app", "sidecar"), ("riap", "sidecar", "app")] {
        scene.namespace.apply(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {pod}}}\nspec:\n  \
             terminationGracePeriodSeconds: 1\n  containers:\n{}{}",
            container(first),
            container(second)
        ));
        let ready = ["wait", "--for=condition=Ready", "--timeout=60s", &format!("pod/{pod}")];
        scene.namespace.admin(&ready).ok();
    }
    for version in VERSIONS {
        for pod in ["pair", "riap"] {
            let exec = |container: &[&str]| {
                let args = [&["exec", pod], container, &["--", "echo", "ran"]].concat();
                scene.kubectl(version, &args)
            };
            assert_eq!(exec(&["-c", "app"]).ok(), "ran\n", "{version}");
            let what = format!("{version} {pod}");
            assert_refused(&exec(&["-c", "sidecar"]), "The sidecar is not yours.", &what);
            let attach = scene.kubectl(version, &["attach", pod, "-c", "sidecar"]);
            assert_refused(&attach, "The sidecar is not yours.", &what);
        }
        // The one that is taken where none is named is named by kubectl.
        let first = |pod: &str| scene.kubectl(version, &["exec", pod, "--", "echo", "ran"]);
        assert_eq!(first("pair").ok(), "ran\n", "{version}");
        assert_refused(&first("riap"), "The sidecar is not yours.", version);
    }
}

#[test]
fn a_shell_at_a_terminal_is_refused_and_one_command_is_not() {
    let deny = policy(
        "no-shell",
        "match: {callers: ['user:oidc:alice'], resources: [pods/exec, pods/attach]}\n\
         when: \"'tty' in request.query && 'stdin' in request.query\"\n\
         effect: deny\nmessage: No shells.",
    );
    let scene = Scene::with(&deny);
    for version in VERSIONS {
        let shell = scene.command(version, &["exec", "-it", "main", "--", "sh"]);
        let shell = run(&mut at_a_terminal(&shell, (24, 80)));
        assert_refused(&shell, "No shells.", version);
        let once = scene.kubectl(version, &["exec", "main", "--", "echo", "ran"]);
        assert_eq!(once.ok(), "ran\n", "{version}");
        let piped = scene.with_input(version, &["exec", "-i", "main", "--", "cat"], b"typed\n");
        assert_eq!(piped.ok(), "typed\n", "{version}");
    }
    // Nor is it told apart by how it is spelled.
    for query in ["tty=true&stdin=true", "stdin=1&tty=1", "tty=TRUE&stdin=t"] {
        let line = format!(
            "POST /clusters/test/api/v1/namespaces/{}/pods/main/exec?command=sh&stdout=1&{query}",
            scene.namespace.name
        );
        assert_eq!(scene.call(&scene.alice, &line, "").status, 403, "{query}");
    }
}

#[test]
fn no_body_makes_an_object_of_a_stream() {
    let labelled = policy(
        "labelled",
        "match: {callers: ['user:oidc:alice'], resources: [pods/exec]}\n\
         when: object != null\neffect: allow",
    );
    let discovery = policy("discovery", "match: {paths: ['*']}\neffect: allow");
    let scene = Scene::of(Gateway::with_policies(&[discovery, labelled].join("---\n")));
    let line = format!(
        "POST /clusters/test/api/v1/namespaces/{}/pods/main/exec?command=id&stdout=1",
        scene.namespace.name
    );
    let body = r#"{"metadata":{"labels":{"team":"x"}}}"#;
    assert_eq!(scene.call(&scene.alice, &line, body).status, 403);
}
