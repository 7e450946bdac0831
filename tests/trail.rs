//! The trail: every request leaves its entry, nobody can change one, and a crash loses none.

use std::collections::HashSet;
use std::io::Write as _;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::harness::gateway::free_address;
use crate::harness::process::run;
use crate::harness::{Cluster, Gateway, Namespace, Settings, User, eventually, http};

const POLICIES: &str = "\
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: all}
spec: {match: {callers: ['*']}, effect: allow}
---
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: no-secrets}
spec: {match: {resources: [secrets]}, effect: deny}
";

fn list(user: &User, args: &[&str]) -> Vec<Value> {
    let listed = user.kguard(&[&["audit", "list", "-o", "json", "--limit", "1000"], args].concat());
    serde_json::from_str(&listed.ok()).unwrap()
}

/// An entry's record: it is listed as the text that its hash is over, or as what that text says.
fn record(entry: &Value) -> Value {
    match entry.get("record").unwrap_or(entry) {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        record => record.clone(),
    }
}

fn decisions(entries: &[Value]) -> Vec<String> {
    let decision = |entry| record(entry)["decision"].as_str().map(str::to_owned);
    entries.iter().filter_map(decision).collect()
}

#[test]
fn every_request_leaves_an_entry_and_each_is_found_by_what_it_was() {
    let gateway = Gateway::with_policies(POLICIES);
    let namespace = Namespace::create("entries");
    namespace.allow(&[("user", "oidc:alice")]);
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| User::person(&gateway, name));
    let base = format!("/api/v1/namespaces/{}", namespace.name);
    let json = "Content-Type: application/json";
    let body = r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"}}"#;
    for (user, head, body, status) in [
        (&alice, format!("GET {base}/configmaps"), "", 200),
        (&alice, format!("POST {base}/configmaps\n{json}"), body, 201),
        (&alice, format!("GET {base}/secrets/s"), "", 403),
        (&alice, format!("PUT {base}/configmaps/a\n{json}"), r#"{"a":1,"a":2}"#, 400),
        // Policy lets it through, RBAC does not.
        (&carol, format!("GET {base}/configmaps"), "", 403),
    ] {
        let answer = http::send(&gateway, user, &head, body);
        assert_eq!(answer.status, status, "{head}: {answer:?}");
    }

    let alices = list(&bob, &["--caller", "oidc:alice"]);
    assert_eq!(decisions(&alices), ["allow", "allow", "deny"]);
    assert!(alices.iter().any(|entry| record(entry)["event"] == "rejected"), "{alices:?}");
    for (filter, count) in [
        (&["--decision", "deny"][..], 1),
        (&["--verb", "create"], 1),
        (&["--verb", "list"], 2),
        (&["-n", &namespace.name], 4),
        (&["-n", "elsewhere"], 0),
        (&["--on", "test", "--verb", "get"], 1),
        (&["--on", "other"], 0),
        (&["--until", "2020-01-01T00:00:00Z"], 0),
        (&["--since", "2020-01-01T00:00:00Z", "--verb", "create"], 1),
        (&["--since", "1h", "--verb", "create"], 1),
        (&["--until", "1h"], 0),
        (&["--search", "NO-SECRETS secrets/s"], 1),
        (&["--search", "nobody wrote this"], 0),
    ] {
        assert_eq!(decisions(&list(&bob, filter)).len(), count, "{filter:?}");
    }
    let table = bob.kguard(&["audit", "list"]).ok();
    assert!(table.contains("no-secrets") && table.contains("oidc:carol"), "{table}");

    let made = record(&list(&bob, &["--verb", "create"])[0]);
    let id = made["id"].as_str().unwrap();
    assert!(made["bodyDigest"].is_string(), "{made}");
    let shown = eventually("the end of the request", || {
        let shown = bob.kguard(&["audit", "show", id]).ok();
        shown.contains("201").then_some(shown)
    });
    assert!(shown.contains("oidc:alice"), "{shown}");
    assert!(shown.contains("decision: allow") && !shown.contains("RawValue"), "{shown}");
    lists_are_read_by_people(&bob, id);
}

/// Ids are what `show` takes, and what makes no sense is said.
fn lists_are_read_by_people(bob: &User, made: &str) {
    let names = bob.kguard(&["audit", "list", "--verb", "create", "-o", "name"]).ok();
    assert_eq!(names.trim_end(), made);
    // What has no id of its own is known by where it is.
    let first = bob.kguard(&["audit", "show", "1", "-o", "json"]).ok();
    let first: Vec<Value> = serde_json::from_str(&first).unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0]["seq"], 1);
    let nothing = bob.kguard(&["audit", "list", "-n", "elsewhere"]);
    assert!(nothing.code == 0 && nothing.stderr.contains("no record fits"), "{nothing:?}");
    let no_verb = bob.kguard(&["audit", "list", "--verb", "exec"]);
    assert!(no_verb.code == 64 && no_verb.stderr.contains("--search"), "{no_verb:?}");
    let by_day = ["audit", "list", "--since", "2020-01-31", "-o", "name"];
    assert!(!bob.kguard(&by_day).ok().is_empty());
    let misspelt = bob.kguard(&["audit", "list", "--since", "yesterday"]);
    assert!(misspelt.code == 64 && misspelt.stderr.contains("2026-01-31"), "{misspelt:?}");
    assert_eq!(bob.kguard(&["audit", "show", "0190d6a5-0000-7000-8000-000000000000"]).code, 1);
}

#[test]
fn people_see_their_own_entries_and_auditors_all() {
    let gateway = Gateway::with_policies(POLICIES);
    let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
    for user in [&alice, &bob] {
        assert_eq!(http::send(&gateway, user, "GET /version", "").status, 200);
    }
    let callers = |entries: Vec<Value>| -> HashSet<String> {
        let caller = |entry| record(entry)["caller"]["name"].as_str().map(str::to_owned);
        entries.iter().filter_map(caller).collect()
    };
    assert_eq!(callers(list(&bob, &[])).len(), 2);
    for filter in [&[][..], &["--caller", "oidc:bob"], &["--on", "test"]] {
        assert_eq!(callers(list(&alice, filter)), HashSet::from(["oidc:alice".to_owned()]));
    }
    let bobs = record(&list(&bob, &["--caller", "oidc:bob"])[0]);
    assert_eq!(alice.kguard(&["audit", "show", bobs["id"].as_str().unwrap()]).code, 1);
    for args in [["audit", "export"], ["audit", "verify"]] {
        let refused = alice.kguard(&args);
        assert_eq!(refused.code, 77, "{refused:?}");
        assert!(refused.stderr.contains("only auditors may read the whole trail"), "{refused:?}");
        bob.kguard(&args).ok();
    }
}

#[test]
fn an_exported_trail_proves_itself_and_any_change_of_it_is_found() {
    let gateway = Gateway::with_policies(POLICIES);
    let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
    for _ in 0..3 {
        http::send(&gateway, &alice, "GET /version", "");
    }
    let live = bob.kguard(&["audit", "verify"]).ok();
    let head = live.lines().find_map(|line| line.strip_prefix("head ")).unwrap().trim().to_owned();
    let key = live.lines().find_map(|line| line.strip_prefix("key ")).unwrap().trim();
    let key = key.split(' ').next().unwrap().to_owned();
    let trail = bob.kguard(&["audit", "export"]).ok();
    let file = bob.home().join("trail.jsonl");
    let verify = |text: &[u8], more: &[&str]| {
        std::fs::write(&file, text).unwrap();
        // Offline: nobody is asked, and no token is needed.
        let mut command =
            bob.command("1.34", &[&["audit", "verify", file.to_str().unwrap()], more].concat());
        run(command.env_remove("KGUARD_TOKEN").env_remove("KGUARD_GATEWAY"))
    };
    let sound = verify(trail.as_bytes(), &["--key", &key, "--contains", &head]).ok();
    assert!(sound.starts_with("sound: "), "{sound}");

    let other_key = key.chars().rev().collect::<String>();
    for more in [["--key", &other_key], ["--contains", &format!("1{head}")]] {
        assert_ne!(verify(trail.as_bytes(), &more).code, 0, "{more:?}");
    }
    let lines: Vec<_> = trail.lines().collect();
    let without = |index: usize| {
        let kept = lines.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, line)| *line);
        kept.collect::<Vec<_>>().join("\n")
    };
    let entry = lines.iter().skip(1).position(|line| line.contains("oidc:alice")).unwrap() + 1;
    assert_eq!(verify(without(entry).as_bytes(), &[]).code, 1, "a line less");
    let cut = lines[..lines.len() / 2].join("\n");
    assert_ne!(verify(cut.as_bytes(), &["--contains", &head]).code, 0, "the end is cut off");
    // Any byte: here one in each line, so that the test ends today.
    let mut start = 0;
    for line in &lines {
        let mut flipped = trail.clone().into_bytes();
        flipped[start + line.len() / 2] ^= 1;
        let found = verify(&flipped, &[]);
        assert_eq!(found.code, 1, "{line}: {found:?}");
        assert!(found.stderr.contains("the trail is not sound"), "{found:?}");
        start += line.len() + 1;
    }
}

#[test]
fn a_request_that_was_open_when_the_gateway_died_is_ended_as_unknown() {
    let mut gateway = Gateway::with_policies(POLICIES);
    let namespace = Namespace::create("open");
    namespace.allow(&[("user", "oidc:alice")]);
    let alice = User::person(&gateway, "alice");
    let watch = ["kubectl", "-n", &namespace.name, "get", "configmaps", "--watch", "-o", "name"];
    let mut watching = alice.start(&watch);
    watching.wait_for("the watch", |line| line.starts_with("configmap/").then_some(()));
    let mut bob = User::person(&gateway, "bob");
    let watches = eventually("its entry", || {
        Some(list(&bob, &["--verb", "watch"])).filter(|found| !found.is_empty())
    });
    let id = record(&watches[0])["id"].as_str().unwrap().to_owned();
    gateway.kill();
    gateway.restart();
    bob.follow(&gateway);
    let shown = bob.kguard(&["audit", "show", &id]).ok();
    assert!(shown.contains("the gateway was interrupted; the outcome is unknown"), "{shown}");
    bob.kguard(&["audit", "verify"]).ok();
}

#[test]
fn a_request_whose_client_went_away_is_not_left_open() {
    // A cluster that takes connections and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let address = format!("https://{}", silent.local_addr().unwrap());
    let text = std::fs::read_to_string(&Cluster::get().gateway).unwrap();
    std::fs::write(&kubeconfig, text.replace(&Cluster::get().server, &address)).unwrap();
    let gateway = Gateway::with(Settings {
        kubeconfig,
        policies: POLICIES.to_owned(),
        ..Settings::default()
    });
    let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
    let mut client = http::connect(&gateway.url, &gateway.ca);
    let head = format!(
        "DELETE /clusters/test/api/v1/namespaces/x/configmaps/x HTTP/1.1\r\nHost: gateway\r\n\
         Authorization: Bearer {}\r\n\r\n",
        alice.token
    );
    client.write_all(head.as_bytes()).unwrap();
    let verified = || bob.kguard(&["audit", "verify"]).ok();
    eventually("the entry", || verified().contains("1 requests are under way").then_some(()));
    drop(client);
    eventually("its end", || (!verified().contains("under way")).then_some(()));
    let trail = bob.kguard(&["audit", "export"]).ok();
    assert!(trail.contains("the client went away before an answer came"), "{trail}");
}

/// How often the gateway is killed.
const KILLS: usize = 50;

/// Creates and deletes for as long as it is told to; the gateway may be away at any moment.
fn load(url: &str, alice: &User, ca: &std::path::Path, (base, name): (&str, &str), state: &Load) {
    let send = |method: &str, path: &str, body: &str| {
        let head = format!(
            "{method} /clusters/test{base}{path} HTTP/1.1\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\n",
            alice.token
        );
        let answered = http::try_raw(url, ca, &head, body).is_ok_and(|answer| answer.status < 300);
        if answered {
            state.answered.fetch_add(1, Ordering::Relaxed);
        } else {
            // It is away; asking as fast as one can would only slow its return.
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    };
    let object =
        format!(r#"{{"kind":"ConfigMap","apiVersion":"v1","metadata":{{"name":"{name}"}}}}"#);
    while !state.done.load(Ordering::Relaxed) {
        send("POST", "", &object);
        send("DELETE", &format!("/{name}"), "");
    }
}

#[derive(Default)]
struct Load {
    answered: AtomicUsize,
    done: AtomicBool,
}

#[test]
fn no_change_reaches_the_cluster_without_its_entry_however_often_the_gateway_is_killed() {
    let mut gateway = Gateway::with(Settings {
        listen: free_address(),
        policies: POLICIES.to_owned(),
        ..Settings::default()
    });
    let namespace = Namespace::create("kill");
    namespace.allow(&[("user", "oidc:alice")]);
    let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
    let base = format!("/api/v1/namespaces/{}/configmaps", namespace.name);
    let state = Load::default();
    let (url, ca) = (gateway.url.clone(), gateway.ca.clone());
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let (url, ca, base, alice, state) = (&url, &ca, &base, &alice, &state);
            scope.spawn(move || load(url, alice, ca, (base, name), state));
        }
        let killing = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for kill in 0..KILLS {
                // At another moment each time: right at the beginning, or with a backlog.
                let before = state.answered.load(Ordering::Relaxed);
                eventually("some answers", || {
                    let answered = state.answered.load(Ordering::Relaxed) - before;
                    (answered >= kill % 5).then_some(())
                });
                gateway.kill();
                gateway.restart();
            }
        }));
        state.done.store(true, Ordering::Relaxed);
        if let Err(panic) = killing {
            std::panic::resume_unwind(panic);
        }
    });

    bob.kguard(&["audit", "verify"]).ok();
    let trail = bob.kguard(&["audit", "export"]).ok();
    assert!(trail.contains("interrupted"), "no request was under way at any of the kills");

    let changes = count_recorded_changes(&trail, &base);
    assert!(changes >= KILLS, "only {changes} changes");
}

/// Compares a trail with the API server's own audit log: every change that alice made below a path
/// has its entry. How many there were.
pub fn count_recorded_changes(trail: &str, path: &str) -> usize {
    let mut recorded = HashSet::new();
    for line in trail.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let record = record(line.get("entry").unwrap_or(&line));
        if record["event"] == "request" && record["decision"] == "allow" {
            let id = record["id"].as_str().unwrap().to_owned();
            assert!(recorded.insert(id), "sent twice: {record}");
        }
    }
    let log = run(Command::new("grep").args(["-F", path]).arg(&Cluster::get().audit_log)).stdout;
    let is_change = |event: &Value| {
        event["impersonatedUser"]["username"] == "oidc:alice"
            && (event["verb"] == "create" || event["verb"] == "delete")
    };
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let changes: Vec<_> = events.filter(is_change).collect();
    for change in &changes {
        assert!(recorded.contains(change["auditID"].as_str().unwrap()), "unrecorded: {change}");
    }
    changes.len()
}
