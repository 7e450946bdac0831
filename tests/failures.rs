//! Bad days: what does not work says so, in one clear line, and nothing is lost.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

use crate::harness::disk::Disk;
use crate::harness::gateway::free_address;
use crate::harness::process::{Output, binary, run};
use crate::harness::{Cluster, Gateway, Namespace, Settings, User, eventually, http};
use crate::trail::count_recorded_changes;

const ALLOW_ALL: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: all}\n\
                         spec: {match: {callers: ['*']}, effect: allow}\n";
const DENY_ALL: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: nothing}\n\
                        spec: {match: {callers: ['*']}, effect: deny, message: not today}\n";
const HOLD_DELETES: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\n\
                            metadata: {name: deletes}\nspec:\n  match: {verbs: [delete]}\n  \
                            effect: hold\n  hold: {approvers: ['group:oidc:sre']}\n";

fn serve(config: &Path) -> Output {
    // A gateway that does start must not keep the test.
    let command = [binary("kguard-gateway").into_os_string(), "serve".into(), "--config".into()];
    run(Command::new("timeout").arg("20").args(command).arg(config))
}

/// Replaces a file of the folder, or removes it.
fn put(folder: &Path, name: &str, text: Option<&str>) {
    match text {
        Some(text) => std::fs::write(folder.join(name), text).unwrap(),
        None => std::fs::remove_file(folder.join(name)).unwrap(),
    }
}

/// Changes the configuration.
fn edit(folder: &Path, from: &str, to: &str) {
    let path = folder.join("config.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

type Spoil = fn(&Path);

#[test]
fn a_gateway_that_cannot_start_says_why_in_one_error() {
    let cases: [(Spoil, &[&str]); 15] = [
        (
            |at| edit(at, "drainSeconds", "drainSecond"),
            &[
                "config.yaml:22:1: unknown field `drainSecond`",
                "hint: did you mean `drainSeconds`?",
            ],
        ),
        (|at| edit(at, "listen: 1", "listen: x1"), &["config.yaml:3:9: "]),
        (|at| edit(at, "kind: GatewayConfig", "kind: Pod"), &["config.yaml", "GatewayConfig"]),
        (|at| put(at, "config.yaml", None), &["cannot read", "config.yaml"]),
        (|at| put(at, "config.yaml", Some("")), &["config.yaml"]),
        (|at| put(at, "cert.pem", Some("x")), &["cert.pem"]),
        (|at| put(at, "key.pem", None), &["cannot read", "key.pem"]),
        (|at| edit(at, "path: /", "path: /no/"), &["cluster `test`", "kubeconfig /no/"]),
        (|at| edit(at, "}\nissuers", ", context: no}\nissuers"), &["cluster `test`", "no"]),
        (|at| edit(at, "issuers:", "- name: test\nissuers:"), &["two clusters named `test`"]),
        (|at| edit(at, "name: test", "name: Test_1"), &["cluster name `Test_1`", "lower-case"]),
        (|at| edit(at, "url: \"https", "url: \"ftp"), &["issuers:", "ftp:"]),
        (
            |at| put(at, "policies/test.yaml", Some("kind: Policy\nspec: {effct: allow}\n")),
            &["policies/test.yaml:2:", "effct", "hint", "effect"],
        ),
        (|at| put(at, "policies/test.yaml", None), &["policies"]),
        (
            |at| edit(at, "/policies", "/nowhere"),
            &["policies cannot be used", "nowhere", "cannot be read"],
        ),
    ];
    for (index, (spoil, words)) in cases.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        Settings::default().write(folder.path());
        spoil(folder.path());
        let refused = serve(&folder.path().join("config.yaml"));
        assert_eq!(refused.code, 1, "{index}: {refused:?}");
        assert!(refused.stderr.starts_with("error: "), "{index}: {refused:?}");
        assert_eq!(refused.stderr.matches("\nerror: ").count() + 1, 1, "{index}: {refused:?}");
        assert!(!refused.stderr.contains("panicked"), "{index}: {refused:?}");
        for word in words {
            assert!(refused.stderr.contains(word), "{index}: no {word}: {refused:?}");
        }
    }
}

#[test]
fn a_second_gateway_on_the_same_state_or_address_does_not_start() {
    let gateway = Gateway::start();
    let state = serve(&gateway.folder.join("config.yaml"));
    assert_eq!(state.code, 1, "{state:?}");
    assert!(state.stderr.contains("another gateway is using"), "{state:?}");

    let folder = tempfile::tempdir().unwrap();
    let listen = gateway.url.strip_prefix("https://").unwrap().to_owned();
    let config = Settings { listen: listen.clone(), ..Settings::default() }.write(folder.path());
    let address = serve(&config);
    assert_eq!(address.code, 1, "{address:?}");
    assert!(address.stderr.contains(&format!("cannot listen on {listen}")), "{address:?}");
    assert_eq!(http::raw(&gateway.url, &gateway.ca, "GET /livez HTTP/1.1\r\n", "").status, 200);
}

#[test]
fn a_gateway_that_is_away_is_told_from_all_else_by_its_exit_code() {
    let mut gateway = Gateway::with_policies(ALLOW_ALL);
    let (known, new) = (User::person(&gateway, "alice"), User::person(&gateway, "alice"));
    known.kubectl(&["version"]).ok();
    gateway.kill();
    // One knows the clusters already, the other has to ask for them first.
    for user in [known, new] {
        for args in
            [&["kubectl", "get", "pods"][..], &["whoami"], &["run", "--", "sh", "-c", "exit 1"]]
        {
            let refused = user.kguard(args);
            if args[0] == "run" && refused.code == 1 {
                continue; // It asked for nothing, so it failed of something else.
            }
            assert_eq!(refused.code, 69, "{args:?}: {refused:?}");
            assert!(refused.stderr.contains("does not answer"), "{refused:?}");
            assert!(refused.stderr.contains("hint: is the address right"), "{refused:?}");
            assert!(!refused.stderr.contains("panicked"), "{refused:?}");
        }
    }
}

#[test]
fn a_gateway_whose_certificate_is_not_trusted_is_said_to_be_just_that() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let user = User::person(&gateway, "alice");
    for args in [&["kubectl", "version"][..], &["whoami"]] {
        let mut command = user.command("1.33", args);
        // The platform's certificates instead, and those know no such CA.
        let refused = run(command.env_remove("KGUARD_CA_FILE"));
        assert_eq!(refused.code, 69, "{refused:?}");
        assert!(refused.stderr.contains("its certificate is not trusted here"), "{refused:?}");
        assert!(refused.stderr.contains("login --ca FILE`"), "{refused:?}");
    }
}

#[test]
fn a_cluster_that_is_away_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(&Cluster::get().gateway).unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let text = text.replace(&Cluster::get().server, &format!("https://{}", free_address()));
    std::fs::write(&kubeconfig, text).unwrap();
    let gateway = Gateway::with(Settings {
        kubeconfig,
        policies: ALLOW_ALL.to_owned(),
        ..Settings::default()
    });
    let alice = User::person(&gateway, "alice");
    let answer = http::send(&gateway, &alice, "GET /api/v1/namespaces/x/pods", "");
    assert_eq!(answer.status, 502, "{answer:?}");
    assert!(answer.message().contains("cluster `test`"), "{answer:?}");
    for refused in [alice.kubectl(&["get", "pods"]), alice.plain_kubectl(&["get", "pods"])] {
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("cluster `test`"), "{refused:?}");
    }
    // What got no answer has ended all the same.
    let bob = User::person(&gateway, "bob");
    let ended = eventually("the entry's end", || {
        let trail = bob.kguard(&["audit", "export"]).ok();
        let mut lines = trail.lines();
        lines.find(|line| line.contains(r#""code":502"#)).map(str::to_owned)
    });
    assert!(ended.contains("cluster `test`"), "{ended}");
    assert!(!bob.kguard(&["audit", "verify"]).ok().contains("under way"));
}

#[test]
fn on_a_full_disk_nothing_runs_and_with_room_again_all_goes_on() {
    // Before the gateway, so that it is unmounted after the gateway's end.
    let disk = Disk::make();
    let gateway = Gateway::with(Settings {
        state: Some(disk.mount.join("state")),
        policies: ALLOW_ALL.to_owned(),
        ..Settings::default()
    });
    let namespace = Namespace::create("full");
    namespace.allow(&[("user", "oidc:alice")]);
    let alice = User::person(&gateway, "alice");
    let ready = || http::raw(&gateway.url, &gateway.ca, "GET /readyz HTTP/1.1\r\n", "");
    let create = |name: &str| {
        alice.plain_kubectl(&[
            "-n",
            &namespace.name,
            "create",
            "configmap",
            name,
            "--validate=false",
        ])
    };
    create("before").ok();
    assert_eq!(ready().status, 200);

    disk.fill();
    // The end of the file's last block may take an entry more: that request did run.
    let refused = eventually("the disk to be full", || {
        let tried = create("during");
        if tried.code == 0 {
            namespace.admin(&["delete", "configmap", "during"]).ok();
            return None;
        }
        Some(tried)
    });
    assert!(
        refused.stderr.contains("cannot record this request, so it does not run"),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("trail cannot be written"), "{refused:?}");
    assert_ne!(namespace.admin(&["get", "configmap", "during"]).code, 0, "it ran unrecorded");
    let target = format!("GET /api/v1/namespaces/{}/configmaps", namespace.name);
    let read = http::send(&gateway, &alice, &target, "");
    assert_eq!(read.status, 503, "{read:?}");
    assert_eq!(read.json()["reason"], "ServiceUnavailable");
    assert_eq!(ready().status, 503);
    assert!(ready().body.contains("trail cannot be written"), "{:?}", ready());
    assert!(gateway.log().contains("no space is left"), "{}", gateway.log());
    let live = http::raw(&gateway.url, &gateway.ca, "GET /livez HTTP/1.1\r\n", "");
    assert_eq!(live.status, 200, "a restart would not help");

    disk.free();
    eventually("the recovery", || (ready().status == 200).then_some(()));
    create("after").ok();
    let bob = User::person(&gateway, "bob");
    bob.kguard(&["audit", "verify"]).ok();
    let trail = bob.kguard(&["audit", "export"]).ok();
    assert!(trail.contains(r#""event":"outage""#), "the outage is in the trail itself");
    let path = format!("/api/v1/namespaces/{}/configmaps", namespace.name);
    assert!(count_recorded_changes(&trail, &path) >= 2);
}

#[test]
fn changed_policies_take_over_and_broken_ones_do_not() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let alice = User::person(&gateway, "alice");
    let ask = || http::send(&gateway, &alice, "GET /version", "").status;
    let ready = || http::raw(&gateway.url, &gateway.ca, "GET /readyz HTTP/1.1\r\n", "");
    let path = gateway.folder.join("policies/test.yaml");
    assert_eq!(ask(), 200);
    gateway.set_policies(DENY_ALL);
    assert_eq!(ask(), 403);
    let refused = alice.kubectl(&["get", "--raw", "/version"]);
    assert_eq!(refused.code, 77, "{refused:?}");
    assert!(refused.stderr.contains("not today"), "{refused:?}");

    std::fs::write(&path, ALLOW_ALL.replace("effect", "efect")).unwrap();
    eventually("the log", || gateway.log().contains("policies are broken").then_some(()));
    let why = gateway.log();
    assert!(why.contains("test.yaml:4:") && why.contains("efect"), "{why}");
    assert_eq!(ask(), 403, "the last good set stays");
    assert_eq!(ready().status, 200);
    assert!(ready().body.contains("the last good set is in force"), "{:?}", ready());

    let metrics = || http::raw(&gateway.url, &gateway.ca, "GET /metrics HTTP/1.1\r\n", "").body;
    assert!(metrics().contains("kguard_policy_problems 2"), "{}", metrics());

    // What cannot be read at all, or would take all memory, is no different.
    let anchors = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned()
        + &('b'..'j').zip('a'..).fold(String::new(), |text, (name, of)| {
            text + &format!("{name}: &{name} [*{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}]\n")
        });
    let deep = "when: ".to_owned() + &"[".repeat(100_000);
    for (content, what) in [
        (vec![0xff], "not UTF-8"),
        (vec![b' '; 50_000_000], "larger than 1 MiB"),
        (anchors.into_bytes(), "not valid YAML"),
        (b"a: &a\n  b: *a\n".to_vec(), "not valid YAML"),
        (deep.into_bytes(), "not valid YAML"),
    ] {
        std::fs::write(&path, content).unwrap();
        eventually(what, || gateway.log().contains(what).then_some(()));
        assert_eq!(ask(), 403, "the last good set stays");
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    eventually("the unreadable file", || gateway.log().contains("cannot be read").then_some(()));
    assert_eq!(ask(), 403);
    std::fs::remove_dir(&path).unwrap();

    // To take all policies away is a mistake too, not a set that denies everything.
    eventually("the empty folder", || gateway.log().contains("there is no policy").then_some(()));
    gateway.set_policies(ALLOW_ALL);
    assert_eq!(ask(), 200);
    assert_eq!(ready().body, "ok\n");
}

#[test]
fn a_gateway_that_is_told_to_stop_finishes_what_it_has_begun() {
    let mut gateway = Gateway::with_policies(&[ALLOW_ALL, HOLD_DELETES].join("---\n"));
    let namespace = Namespace::create("stop");
    namespace.allow(&[("user", "oidc:alice")]);
    let alice = User::person(&gateway, "alice");
    namespace.admin(&["create", "configmap", "held"]).ok();
    let mut held = alice.start(&["kubectl", "-n", &namespace.name, "delete", "configmap", "held"]);
    held.wait_for("the hold", |line| line.contains("kguard approve").then_some(()));

    // A request of which the second half is still to come.
    let body = r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"late"}}"#;
    let (first, second) = body.split_at(20);
    let mut slow = http::connect(&gateway.url, &gateway.ca);
    let (token, length, name) = (&alice.token, body.len(), &namespace.name);
    write!(
        slow,
        "POST /clusters/test/api/v1/namespaces/{name}/configmaps HTTP/1.1\r\nHost: gateway\r\n\
         Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{first}"
    )
    .unwrap();
    slow.flush().unwrap();

    // A watch, which ends with the time that a shutdown takes.
    let mut watch = http::connect(&gateway.url, &gateway.ca);
    write!(
        watch,
        "GET /clusters/test/api/v1/namespaces/{name}/configmaps?watch=1 HTTP/1.1\r\n\
         Host: gateway\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .unwrap();
    watch.read_exact(&mut [0; 12]).unwrap();

    gateway.process.signal("TERM");
    write!(slow, "{second}").unwrap();
    slow.flush().unwrap();
    let mut answer = String::new();
    let _ = slow.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(gateway.process.exit_code(), 0, "{}", gateway.log());
    // It has waited for another run of the gateway, which does not come.
    assert_eq!(held.exit_code(), 69, "{}", held.said());
    namespace.admin(&["get", "configmap", "late"]).ok();
    namespace.admin(&["get", "configmap", "held"]).ok();

    gateway.restart();
    let mut bob = User::person(&gateway, "bob");
    bob.follow(&gateway);
    bob.kguard(&["audit", "verify"]).ok();
    let trail = bob.kguard(&["audit", "export"]).ok();
    assert!(trail.contains(r#""code":201"#), "{trail}");
    assert!(!trail.contains("interrupted"), "what ended well is recorded so: {trail}");
}

/// The types and flags of the frames (RFC 9113, 4.1) of the first stream, up to the last of it.
fn frames(from: &mut http::Tls) -> Vec<(u8, u8)> {
    const END_STREAM: u8 = 1;
    let mut frames = Vec::new();
    loop {
        let mut head = [0; 9];
        from.read_exact(&mut head).unwrap();
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)];
        from.read_exact(&mut payload).unwrap();
        if stream == [0, 0, 0, 1] {
            frames.push((kind, flags & END_STREAM));
        }
        if frames.last().is_some_and(|(_, ends)| *ends == END_STREAM) {
            return frames;
        }
    }
}

#[test]
fn the_answer_to_a_head_has_no_body_over_http_2_either() {
    let gateway = Gateway::start();
    for path in ["/livez", "/nothing", "/clusters/test/api/v1/pods"] {
        let mut tls = http::connect_as(&gateway.url, &gateway.ca, None, b"h2");
        let fields =
            [(":method", "HEAD"), (":scheme", "https"), (":path", path), (":authority", "x")];
        let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let field = |(name, value)| [vec![0], text(name), text(value)].concat();
        let block = fields.map(field).concat();
        let length = u8::try_from(block.len()).unwrap();
        tls.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
        tls.write_all(&[0, 0, length, 1, 5, 0, 0, 0, 1]).unwrap();
        tls.write_all(&block).unwrap();
        assert_eq!(frames(&mut tls), [(1, 1)], "{path}");
    }
}
