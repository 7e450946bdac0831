//! Notifications: those who must decide learn of it, and nobody else has to wait for that.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::receiver::{Received, Receiver};
use crate::harness::{Gateway, Namespace, Running, Settings, User, eventually};

const SECRET: &str = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

struct Scene {
    gateway: Gateway,
    alice: User,
    bob: User,
    namespace: Namespace,
    _files: tempfile::TempDir,
}

/// A policy that holds deletions of ConfigMaps, and lets everything else through.
fn policies(hold: &str) -> String {
    format!(
        "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: deletes}}\nspec:\n  \
         match: {{resources: [configmaps], verbs: [delete]}}\n  effect: hold\n  hold: {hold}\n  \
         message: Deletes a ConfigMap.\n---\n\
         apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: all}}\n\
         spec: {{match: {{callers: ['*']}}, effect: allow}}\n"
    )
}

impl Scene {
    /// `config` makes the targets out of the files that it asks for: name and content.
    fn set(
        purpose: &str,
        hold: &str,
        config: impl FnOnce(&dyn Fn(&str, &str) -> String) -> String,
    ) -> Self {
        let files = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = files.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let extra =
            format!("externalUrl: https://kguard.example\nnotifications:\n{}", config(&file));
        let gateway =
            Gateway::with(Settings { policies: policies(hold), extra, ..Settings::default() });
        let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
        let namespace = Namespace::create(purpose);
        namespace.allow(&[("user", "oidc:alice")]);
        namespace.admin(&["create", "configmap", "c"]).ok();
        Self { gateway, alice, bob, namespace, _files: files }
    }

    /// Asks for the deletion; the hold's id.
    fn delete(&self, reason: &str) -> (Running, String) {
        let n = self.namespace.name.as_str();
        let mut delete =
            self.alice.start(&["--reason", reason, "kubectl", "-n", n, "delete", "configmap", "c"]);
        let id = delete.wait_for("the line to pass on", |line| {
            Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
        });
        (delete, id)
    }

    fn undelivered(&self) -> Vec<Value> {
        let listed = self.bob.kguard(&["notifications", "-o", "json"]).ok();
        serde_json::from_str(&listed).unwrap()
    }
}

fn webhook(name: &str, receiver: &Receiver, secret: &str, when: &str) -> String {
    format!(
        "- name: {name}\n  when: {when}\n  webhook: {{url: '{}', secretFile: {secret}, \
         certificateAuthorityFile: {}}}\n",
        receiver.url("/hook"),
        receiver.ca.display()
    )
}

/// A chat is called as its kind is.
fn chat(kind: &str, receiver: &Receiver, file: &dyn Fn(&str, &str) -> String) -> String {
    let url = file(kind, &receiver.url("/secret-path"));
    let ca = receiver.ca.display();
    format!(
        "- name: {kind}\n  when: {{approvers: ['group:oidc:sre']}}\n  \
         {kind}: {{urlFile: {url}, certificateAuthorityFile: {ca}}}\n"
    )
}

fn email(server: &Receiver, file: &dyn Fn(&str, &str) -> String) -> String {
    format!(
        "- name: mail\n  email: {{smtp: 'smtps://127.0.0.1:{}', from: kguard@a.example, to: \
         [sre@a.example], usernameFile: {}, passwordFile: {}, certificateAuthorityFile: {}}}\n",
        server.port,
        file("user", "kguard"),
        file("password", "hunter2"),
        server.ca.display()
    )
}

const HOLD: &str = "{approvers: ['group:oidc:sre'], timeout: 10m}";

/// Python's HMAC, which shares nothing with the gateway's.
fn signature(secret: &str, received: &Received) -> String {
    let program = "import sys, hmac, base64\n\
        key = base64.b64decode(sys.argv[1].removeprefix('whsec_'))\n\
        head = f'{sys.argv[2]}.{sys.argv[3]}.'.encode()\n\
        mac = hmac.new(key, head + sys.stdin.buffer.read(), 'sha256').digest()\n\
        print('v1,' + base64.b64encode(mac).decode())";
    let mut python = Command::new("python3")
        .args(["-c", program, secret])
        .args([received.header("webhook-id"), received.header("webhook-timestamp")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(received.body.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_hold_is_told_to_those_whom_it_concerns_by_signed_webhook_chat_and_mail() {
    let [all, slack, teams, other] = [(); 4].map(|()| Receiver::https());
    let mail = Receiver::smtps();
    let scene = Scene::set("told", HOLD, |file| {
        let secret = file("secret", SECRET);
        [
            webhook("all", &all, &secret, "{events: [held, settled]}"),
            webhook("other", &other, &secret, "{approvers: ['group:oidc:dba']}"),
            chat("slack", &slack, file),
            chat("teams", &teams, file),
            email(&mail, file),
        ]
        .concat()
    });
    let (mut delete, id) = scene.delete("x\r\nBcc: eve@a.example <!channel> **b**");
    let held = &all.wait_for(1)[0];
    let body = held.json();
    assert_eq!(body["type"], "hold.held");
    assert_eq!(body["data"]["id"], id.as_str());
    assert_eq!(body["data"]["caller"]["name"], "oidc:alice");
    assert_eq!(body["data"]["url"], format!("https://kguard.example/ui/#/holds/{id}"));
    assert_eq!(held.header("webhook-signature"), signature(SECRET, held));
    let forged = Received { body: held.body.replace("alice", "bob"), ..held.clone() };
    assert_ne!(held.header("webhook-signature"), signature(SECRET, &forged));

    let slack = slack.wait_for(1)[0].json().to_string();
    assert!(slack.contains(&format!("`kguard approve {id}`")), "{slack}");
    assert!(slack.contains("&lt;!channel&gt;") && !slack.contains("<!"), "{slack}");
    let teams = teams.wait_for(1)[0].json();
    assert_eq!(teams["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    assert!(teams.to_string().contains(&format!("/ui/#/holds/{id}")), "{teams}");
    let mail = &mail.wait_for(1)[0];
    assert!(mail.head.contains("AUTH PLAIN"), "{}", mail.head);
    assert_eq!(mail.head.matches("RCPT TO").count(), 1, "{}", mail.head);
    let (head, _) = mail.body.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("\nbcc"), "{head}");
    assert!(head.contains(&id), "{head}");

    scene.bob.kguard(&["deny", &id, "--comment", "no"]).ok();
    assert_eq!(delete.exit_code(), 77, "{}", delete.said());
    let settled = &all.wait_for(2)[1];
    assert_eq!(settled.json()["type"], "hold.settled");
    assert_eq!(settled.json()["data"]["decisions"][0]["comment"], "no");
    assert_eq!(settled.header("webhook-signature"), signature(SECRET, settled));
    assert!(other.received().is_empty(), "{:?}", other.received());
    // No secret is where it does not belong.
    let log = scene.gateway.log();
    for secret in ["secret-path", "hunter2", SECRET] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn who_asks_all_the_time_is_not_told_of_all_the_time() {
    const ASKED: usize = 24;
    let [chat_of_all, robot] = [(); 2].map(|()| Receiver::https());
    let hold = "{approvers: ['user:*'], timeout: 10m}";
    let scene = Scene::set("flood", hold, |file| {
        let ca = chat_of_all.ca.display();
        let url = file("slack", &chat_of_all.url("/"));
        format!(
            "{}- name: chat\n  slack: {{urlFile: {url}, certificateAuthorityFile: {ca}}}\n",
            webhook("robot", &robot, &file("secret", SECRET), "{events: [held]}")
        )
    });
    let object = |number| {
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{number}}}}}\n---\n")
    };
    scene.namespace.apply(&(0..ASKED).map(object).collect::<String>());
    let n = scene.namespace.name.as_str();
    let start = std::time::Instant::now();
    let _asking: Vec<Running> = (0..ASKED)
        .map(|number| format!("c{number}"))
        .map(|name| scene.alice.start(&["kubectl", "-n", n, "delete", "configmap", &name]))
        .collect();
    assert_eq!(robot.wait_for(ASKED).len(), ASKED, "programs are told all");
    // What others ask is told.
    let _calm = scene.bob.start(&["kubectl", "-n", n, "delete", "configmap", "c0"]);
    eventually("what bob asks", || {
        let told = chat_of_all.received();
        told.iter().any(|told| told.body.contains("oidc:bob")).then_some(())
    });
    let told = chat_of_all.wait_for(21);
    let last = |told: &&Received| told.body.contains("asks so often");
    eventually("the last of many", || {
        chat_of_all.received().iter().find(last).map(|told| told.body.clone())
    });
    // One more each half a minute, on a slow machine.
    let more = usize::try_from(start.elapsed().as_secs() / 30).unwrap();
    assert!(told.len() <= 21 + more, "{} of {ASKED}", told.len());
}

#[test]
fn what_is_refused_for_a_while_comes_again_with_the_same_id() {
    let receiver = Receiver::https();
    receiver.answer(&["500 Oops", "429 Slow Down\r\nRetry-After: 1"]);
    let scene =
        Scene::set("again", HOLD, |file| webhook("hook", &receiver, &file("secret", SECRET), "{}"));
    let (_delete, _) = scene.delete("x");
    let received = receiver.wait_for(3);
    for one in &received {
        assert_eq!(one.header("webhook-id"), received[0].header("webhook-id"));
        assert_eq!(one.header("webhook-signature"), signature(SECRET, one));
    }
    let metrics = eventually("the figures", || {
        let metrics = metrics(&scene.gateway);
        metrics.contains("outcome=\"delivered\"").then_some(metrics)
    });
    let failed = "kguard_notifications_total{target=\"hook\",outcome=\"failed\"} 2";
    assert!(metrics.contains(failed), "{metrics}");
    assert!(scene.undelivered().is_empty());
}

fn metrics(gateway: &Gateway) -> String {
    let head = "GET /metrics HTTP/1.1\r\n";
    crate::harness::http::raw(&gateway.url, &gateway.ca, head, "").body
}

#[test]
fn what_cannot_be_delivered_is_kept_also_over_a_stop_and_is_sent_again() {
    let receiver = Receiver::https();
    let moved = format!("302 Found\r\nLocation: {}", receiver.url("/elsewhere"));
    receiver.answer(&[&moved]);
    let mut scene =
        Scene::set("dead", HOLD, |file| webhook("hook", &receiver, &file("secret", SECRET), "{}"));
    let (delete, id) = scene.delete("x");
    let letters = eventually("the dead letter", || {
        let letters = scene.undelivered();
        (!letters.is_empty()).then_some(letters)
    });
    assert_eq!(letters[0]["notification"]["hold"]["id"], id.as_str());
    assert!(letters[0]["error"].as_str().unwrap().contains("HTTP 302"), "{letters:?}");
    assert_eq!(receiver.received().len(), 1, "a redirect is not followed");
    let letter = letters[0]["id"].as_str().unwrap().to_owned();
    let refused = scene.alice.kguard(&["notifications", "retry", &letter]);
    assert_eq!(refused.code, 77, "{refused:?}");
    receiver.answer(&["404 Gone"]);
    let again = scene.bob.kguard(&["notifications", "retry", &letter]);
    assert!(again.code != 0 && again.stderr.contains("HTTP 404"), "{again:?}");
    assert_eq!(scene.undelivered()[0]["attempts"], 2);
    drop(delete);

    // Another waits for its next attempt while the gateway is stopped.
    receiver.answer(&["503 Later\r\nRetry-After: 60"]);
    let (delete, _) = scene.delete("y");
    receiver.wait_for(3);
    scene.gateway.process.signal("TERM");
    scene.gateway.process.exit_code();
    drop(delete);
    scene.gateway.restart();
    scene.bob.follow(&scene.gateway);
    let letters = scene.undelivered();
    assert_eq!(letters.len(), 2, "{letters:?}");
    assert!(letters[0]["error"].as_str().unwrap().contains("was stopped"), "{letters:?}");
    for letter in &letters {
        scene.bob.kguard(&["notifications", "retry", letter["id"].as_str().unwrap()]).ok();
    }
    assert!(scene.undelivered().is_empty());
    let received = receiver.received();
    assert_eq!(received.len(), 5);
    assert_eq!(received[0].header("webhook-id"), received[4].header("webhook-id"));

    scene.bob.kguard(&["notifications", "test", "hook"]).ok();
    assert_eq!(receiver.received()[5].json()["type"], "test");
    let unknown = scene.bob.kguard(&["notifications", "test", "nope"]);
    assert!(unknown.code != 0 && unknown.stderr.contains("there are: hook"), "{unknown:?}");
}

#[test]
fn a_target_that_never_answers_is_in_nobodys_way() {
    let [silent, quick] = [(); 2].map(|()| Receiver::https());
    silent.answer(&["-"; 50]);
    let scene = Scene::set("slow", HOLD, |file| {
        let secret = file("secret", SECRET);
        [webhook("silent", &silent, &secret, "{}"), webhook("quick", &quick, &secret, "{}")]
            .concat()
    });
    let (mut delete, id) = scene.delete("x");
    quick.wait_for(1);
    silent.wait_for(0);
    scene.bob.kguard(&["approve", &id, "--yes"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
    assert!(silent.received().is_empty(), "its one request is still unanswered");
}

#[test]
fn a_hold_that_nobody_decides_on_escalates_to_others() {
    let receiver = Receiver::https();
    let hold = "{approvers: ['group:oidc:sre'], timeout: 10m, escalate: {after: 2s, approvers: \
                ['user:oidc:carol']}}";
    let scene = Scene::set("escalate", hold, |file| {
        webhook("carol", &receiver, &file("secret", SECRET), "{approvers: ['user:*carol']}")
    });
    let carol = User::person(&scene.gateway, "carol");
    let (mut delete, id) = scene.delete("x");
    let early = carol.kguard(&["requests", &id]);
    assert_ne!(early.code, 0, "she has no part in it yet: {early:?}");
    let escalated = receiver.wait_for(1);
    assert_eq!(escalated[0].json()["type"], "hold.escalated", "{escalated:?}");
    delete.wait_for("the requester's news", |line| line.contains("user:oidc:carol").then_some(()));
    carol.kguard(&["approve", &id, "--yes"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
    let trail = scene.bob.kguard(&["audit", "show", &id]).ok();
    assert!(trail.contains("event: holdEscalated"), "{trail}");
}

#[test]
fn a_target_that_cannot_work_stops_the_gateway_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        extra: "notifications:\n- name: a\n  slack: {urlFile: /nowhere/url}\n".to_owned(),
        ..Settings::default()
    };
    let config = settings.write(folder.path());
    let mut gateway = Command::new(crate::harness::process::binary("kguard-gateway"));
    let ended = crate::harness::process::run(gateway.args(["serve", "--config"]).arg(config));
    assert_ne!(ended.code, 0);
    assert!(ended.stderr.contains("notifications: `a`: cannot read /nowhere/url"), "{ended:?}");
}
