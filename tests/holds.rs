//! Holds: a request waits for another person, runs once, and never later.

use serde_json::{Value, json};

use crate::harness::http::{self, raw};
use crate::harness::{Cluster, Gateway, Namespace, Running, User, eventually};

struct Scene {
    gateway: Gateway,
    alice: User,
    bob: User,
    namespace: Namespace,
}

/// Deletes of `ConfigMap`s wait, and what is new of them.
const HELD: &str = "\
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: held}
spec:
  match: {resources: [configmaps], verbs: [create, delete]}
  effect: hold
  hold: {approvers: ['group:oidc:sre'], timeout: 10m}
---
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: all}
spec: {match: {callers: ['*']}, effect: allow}
---
";

impl Scene {
    /// With the starter pack.
    fn set(purpose: &str) -> Self {
        Self::with(&kguard::policy::starter().text, purpose)
    }

    fn with(policies: &str, purpose: &str) -> Self {
        let gateway = Gateway::with_policies(policies);
        let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
        Self { gateway, alice, bob, namespace: Namespace::create(purpose) }
    }

    /// The holds that bob sees waiting.
    fn pending(&self) -> Vec<Value> {
        let listed = self.bob.kguard(&["requests", "-o", "json"]).ok();
        let all: Vec<Value> = serde_json::from_str(&listed).unwrap();
        all.into_iter().filter(|hold| hold["state"] == "pending").collect()
    }

    fn one_pending(&self) -> Value {
        eventually("a hold", || self.pending().pop())
    }

    /// The hold that a started `kguard kubectl` waits for.
    fn held(&self, requester: &mut Running) -> Value {
        let id = requester.wait_for("the line to pass on", |line| {
            Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
        });
        self.hold(&json!(id))
    }

    fn hold(&self, id: &Value) -> Value {
        let shown = self.bob.kguard(&["requests", id.as_str().unwrap(), "-o", "json"]).ok();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        shown.as_array().map_or_else(|| shown.clone(), |list| list[0].clone())
    }

    fn exists(&self, what: &str) -> bool {
        self.namespace.admin(&["get", what]).code == 0
    }

    /// A decision past the client, as an attacker would send it.
    fn decide(&self, by: &User, id: &Value, body: &Value) -> http::Answer {
        let head = format!(
            "POST /v1/holds/{}/decision HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            id.as_str().unwrap(),
            by.token
        );
        raw(&self.gateway.url, &self.gateway.ca, &head, &body.to_string())
    }
}

#[test]
fn a_namespace_is_deleted_once_somebody_else_has_approved_it() {
    let scene = Scene::set("approve");
    let doomed = Namespace::create("doomed");
    let mut delete =
        scene.alice.start(&["--reason", "it is old", "kubectl", "delete", "ns", &doomed.name]);
    let hold = scene.held(&mut delete);
    let id = hold["id"].as_str().unwrap().to_owned();
    assert_eq!(hold["caller"]["name"], "oidc:alice");
    assert_eq!(hold["claims"]["reason"], "it is old");
    assert!(hold["boundTo"]["uid"].is_string(), "{hold}");

    let own = scene.alice.kguard(&["approve", &id, "--yes"]);
    assert_ne!(own.code, 0, "{own:?}");
    scene.bob.kguard(&["approve", &id, "--yes"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
    assert_eq!(scene.hold(&json!(id))["state"], "used");

    let again = scene.bob.kguard(&["approve", &id, "--yes"]);
    assert_ne!(again.code, 0, "an approval is good once: {again:?}");
}

#[test]
fn a_denied_request_does_not_run_and_says_by_whom() {
    let scene = Scene::set("deny");
    let doomed = Namespace::create("kept");
    let mut delete = scene.alice.start(&["kubectl", "delete", "ns", &doomed.name]);
    let id = scene.held(&mut delete)["id"].as_str().unwrap().to_owned();
    scene.bob.kguard(&["deny", &id, "--comment", "still in use"]).ok();
    assert_eq!(delete.exit_code(), 77, "{}", delete.said());
    let said = delete.said();
    assert!(said.contains("Error from server (Forbidden)"), "{said}");
    assert!(said.contains("oidc:bob denied it") && said.contains("still in use"), "{said}");
    assert_eq!(Cluster::get().admin(&["get", "ns", &doomed.name]).code, 0);
}

#[test]
fn an_approver_at_the_inbox_is_prompted_as_the_hold_arrives() {
    let scene = Scene::set("inbox");
    let doomed = Namespace::create("inboxed");
    // A terminal, since without one there is nobody to ask.
    let kguard = scene.bob.command("1.34", &["approve"]);
    let line = format!("{} approve", kguard.get_program().to_str().unwrap());
    let mut terminal = std::process::Command::new("script");
    terminal.args(["-qefc", &line, "/dev/null"]).env_clear();
    terminal.envs(kguard.get_envs().filter_map(|(key, value)| Some((key, value?))));
    terminal.env("TERM", "xterm");
    let mut inbox = Running::start(&mut terminal);
    let mut delete = scene.alice.start(&["kubectl", "delete", "ns", &doomed.name]);
    inbox.wait_for("the prompt", |line| line.contains(&doomed.name).then_some(()));
    let id = scene.held(&mut delete)["id"].as_str().unwrap().to_owned();
    scene.bob.kguard(&["approve", &id, "--yes"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
}

#[test]
fn nothing_runs_when_the_requester_has_gone_away() {
    let scene = Scene::set("gone");
    let doomed = Namespace::create("orphan");
    let mut delete = scene.alice.start(&["kubectl", "delete", "ns", &doomed.name]);
    let hold = scene.held(&mut delete);
    drop(delete);
    eventually("the cancellation", || {
        (scene.hold(&hold["id"])["state"] == "cancelled").then_some(())
    });
    let late = scene.bob.kguard(&["approve", hold["id"].as_str().unwrap(), "--yes"]);
    assert_ne!(late.code, 0, "{late:?}");
    assert_eq!(Cluster::get().admin(&["get", "ns", &doomed.name]).code, 0);
}

#[test]
fn an_approval_is_for_the_object_that_was_there() {
    let scene = Scene::set("stale");
    let doomed = Namespace::create("changing");
    let mut delete = scene.alice.start(&["kubectl", "delete", "ns", &doomed.name]);
    let hold = scene.held(&mut delete);
    // It changes between the request and the approval.
    Cluster::get().admin(&["label", "ns", &doomed.name, "changed=yes"]).ok();
    scene.bob.kguard(&["approve", hold["id"].as_str().unwrap(), "--yes"]).ok();
    assert_ne!(delete.exit_code(), 0);
    assert!(delete.said().contains("Conflict"), "{}", delete.said());
    assert_eq!(Cluster::get().admin(&["get", "ns", &doomed.name]).code, 0);
}

#[test]
fn a_delete_that_cannot_be_bound_is_refused_and_recorded() {
    let scene = Scene::set("unbound");
    let missing = scene.alice.kubectl(&["delete", "namespace", "t-there-is-none"]);
    assert!(missing.stderr.contains("NotFound"), "{missing:?}");
    let target = format!("DELETE /api/v1/namespaces/{}/configmaps", scene.namespace.name);
    let many = http::send(&scene.gateway, &scene.alice, &target, "");
    assert_eq!(many.status, 403, "{many:?}");
    let denied = ["audit", "list", "--decision", "deny", "--caller", "oidc:alice", "-o", "json"];
    let denied: Vec<Value> = serde_json::from_str(&scene.bob.kguard(&denied).ok()).unwrap();
    let paths: Vec<_> = denied.iter().map(|entry| &entry["record"]["request"]["path"]).collect();
    assert_eq!(paths[0], "/api/v1/namespaces/t-there-is-none", "{denied:?}");
    assert_eq!(paths.len(), 2, "{denied:?}");
}

#[test]
fn a_decision_counts_only_for_what_was_shown_and_only_from_whom_the_policy_names() {
    let scene = Scene::set("forge");
    let doomed = Namespace::create("forged");
    let carol = User::person(&scene.gateway, "carol");
    let robot = User::workload(&scene.gateway, &scene.namespace, "robot");
    let mut delete = scene.alice.start(&["kubectl", "delete", "ns", &doomed.name]);
    let hold = scene.held(&mut delete);
    let good = json!({"verdict": "approve", "digest": hold["digest"]});
    for (by, body, code) in [
        (&scene.alice, good.clone(), 403),
        (&carol, good.clone(), 404),
        (&robot, good, 404),
        (&scene.bob, json!({"verdict": "approve", "digest": "0".repeat(64)}), 409),
        (&scene.bob, json!({"verdict": "approve"}), 422),
        (&scene.bob, json!({"verdict": "maybe", "digest": hold["digest"]}), 422),
        (&scene.bob, json!({"verdict": "approve", "digest": hold["digest"], "x": 1}), 422),
    ] {
        let answer = scene.decide(by, &hold["id"], &body);
        assert_eq!(answer.status, code, "{body} {answer:?}");
    }
    assert_eq!(scene.hold(&hold["id"])["state"], "pending");
    // Those who have no part in it do not even learn that it exists.
    let shown = carol.kguard(&["requests", hold["id"].as_str().unwrap()]);
    assert_ne!(shown.code, 0, "{shown:?}");
}

#[test]
fn a_plain_client_is_told_to_come_back_and_finds_its_hold_again() {
    let scene = Scene::set("plain");
    let doomed = Namespace::create("comeback");
    let target = format!("DELETE /api/v1/namespaces/{}", doomed.name);
    let first = http::send(&scene.gateway, &scene.alice, &target, "");
    assert_eq!(first.status, 429, "{first:?}");
    assert!(first.head.to_lowercase().contains("retry-after: 1"), "{first:?}");
    let hold = scene.one_pending();
    assert!(first.message().contains(hold["id"].as_str().unwrap()), "{first:?}");
    scene.bob.kguard(&["approve", hold["id"].as_str().unwrap(), "--yes"]).ok();

    // Neither another request nor another caller profits from the approval.
    let other = format!("{target}?pretty=1");
    assert_eq!(http::send(&scene.gateway, &scene.alice, &other, "").status, 429);
    assert_eq!(http::send(&scene.gateway, &scene.bob, &target, "").status, 429);

    let second = http::send(&scene.gateway, &scene.alice, &target, "");
    assert_eq!(second.status, 200, "{second:?}");
    assert_eq!(scene.hold(&hold["id"])["state"], "used");
}

#[test]
fn stock_kubectl_waits_through_the_retries_by_itself() {
    let scene = Scene::set("stock");
    let doomed = Namespace::create("patient");
    let name = doomed.name.clone();
    let mut delete =
        Running::start(&mut scene.alice.plain_command(&["delete", "ns", &name, "--wait=false"]));
    let hold = scene.one_pending();
    scene.bob.kguard(&["approve", hold["id"].as_str().unwrap(), "--yes"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
}

#[test]
fn a_stateful_set_shrunk_below_half_is_held_and_above_half_is_not() {
    let scene = Scene::set("shrink");
    scene.namespace.apply(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  replicas: 10\n  \
         serviceName: db\n  selector: {matchLabels: {app: db}}\n  template:\n    \
         metadata: {labels: {app: db}}\n    spec:\n      nodeSelector: {no: where}\n      \
         containers: [{name: db, image: 'kguard.test/busybox:1', imagePullPolicy: Never}]\n",
    );
    let n = scene.namespace.name.as_str();
    scene.alice.kubectl(&["-n", n, "scale", "statefulset", "db", "--replicas=6"]).ok();
    let mut shrink =
        scene.alice.start(&["kubectl", "-n", n, "scale", "statefulset", "db", "--replicas=2"]);
    let hold = scene.held(&mut shrink);
    assert_eq!(hold["request"]["subresource"], "scale");
    assert!(scene.exists("statefulset/db"));
    scene.bob.kguard(&["deny", hold["id"].as_str().unwrap()]).ok();
    assert_eq!(shrink.exit_code(), 77, "{}", shrink.said());
    let replicas = ["get", "statefulset", "db", "-o", "jsonpath={.spec.replicas}"];
    assert_eq!(scene.namespace.admin(&replicas).ok(), "6");
}

#[test]
fn a_held_exec_is_one_hold_although_kubectl_asks_twice() {
    let policies = format!(
        "{}---\napiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: hold-exec}}\n\
         spec:\n  match: {{resources: [pods/exec]}}\n  effect: hold\n  \
         hold: {{approvers: ['group:*sre'], timeout: 10m}}\n  message: Runs a command.\n",
        kguard::policy::starter().text
    );
    let scene = Scene::with(&policies, "exec");
    scene.namespace.pod("p");
    let n = scene.namespace.name.as_str();

    let mut denied = scene.alice.start(&["kubectl", "-n", n, "exec", "p", "--", "id"]);
    let hold = scene.held(&mut denied);
    scene.bob.kguard(&["deny", hold["id"].as_str().unwrap()]).ok();
    assert_eq!(denied.exit_code(), 77, "{}", denied.said());
    let listed = scene.bob.kguard(&["requests", "-o", "json"]).ok();
    let all: Vec<Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(all.len(), 1, "{listed}");

    let mut allowed = scene.alice.start(&["kubectl", "-n", n, "exec", "p", "--", "echo", "done"]);
    let hold = scene.held(&mut allowed);
    scene.bob.kguard(&["approve", hold["id"].as_str().unwrap(), "--yes"]).ok();
    assert_eq!(allowed.exit_code(), 0, "{}", allowed.said());
    assert!(allowed.said().contains("done"), "{}", allowed.said());
}

#[test]
fn a_quorum_counts_people() {
    let policy = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: two}\nspec:\n  \
         match: {resources: [configmaps], verbs: [delete]}\n  effect: hold\n  \
         hold: {approvers: ['user:*'], quorum: 2, timeout: 10m}\n  message: Needs two.\n---\n";
    let scene = Scene::with(&format!("{policy}{}", kguard::policy::starter().text), "quorum");
    let carol = User::person(&scene.gateway, "carol");
    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    let n = scene.namespace.name.as_str();
    let mut delete = scene.alice.start(&["kubectl", "-n", n, "delete", "configmap", "c"]);
    let id = scene.held(&mut delete)["id"].as_str().unwrap().to_owned();
    scene.bob.kguard(&["approve", &id, "--yes"]).ok();
    assert_ne!(scene.bob.kguard(&["approve", &id, "--yes"]).code, 0, "one person is one voice");
    assert!(scene.exists("configmap/c"));
    carol.kguard(&["approve", &id, "--yes"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());

    // Whoever has approved may think better of it, as long as it does not run.
    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    let mut delete = scene.alice.start(&["kubectl", "-n", n, "delete", "configmap", "c"]);
    let id = scene.held(&mut delete)["id"].as_str().unwrap().to_owned();
    scene.bob.kguard(&["approve", &id, "--yes"]).ok();
    scene.bob.kguard(&["deny", &id]).ok();
    assert_eq!(delete.exit_code(), 77, "{}", delete.said());
    assert!(scene.exists("configmap/c"));
}

#[test]
fn each_policy_that_holds_it_gets_the_approval_that_it_wants() {
    let policy = |name: &str, approver: &str| {
        format!(
            "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {name}}}\nspec:\n  \
             match: {{resources: [configmaps], verbs: [delete]}}\n  effect: hold\n  \
             hold: {{approvers: ['user:*{approver}'], timeout: 10m}}\n  message: Says {name}.\n---\n"
        )
    };
    let starter = kguard::policy::starter().text;
    let policies = policy("first", "bob") + &policy("second", "carol") + &starter;
    let scene = Scene::with(&policies, "two-policies");
    let carol = User::person(&scene.gateway, "carol");
    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    let n = scene.namespace.name.as_str();
    let mut delete = scene.alice.start(&["kubectl", "-n", n, "delete", "configmap", "c"]);
    let id = scene.held(&mut delete)["id"].as_str().unwrap().to_owned();
    let card = carol.kguard(&["requests", &id]).ok();
    for said in ["first: Says first.", "second: Says second.", "1 of user:*carol for second"] {
        assert!(card.contains(said), "{card}");
    }
    let approval = scene.bob.kguard(&["approve", &id, "--yes"]);
    assert!(approval.stderr.contains("waits for 1 more of user:*carol"), "{}", approval.stderr);
    assert!(scene.exists("configmap/c"));
    carol.kguard(&["approve", &id, "--yes"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
}

#[test]
fn a_hold_that_nobody_decides_on_expires() {
    let policy = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: brief}\nspec:\n  \
         match: {resources: [configmaps], verbs: [delete]}\n  effect: hold\n  \
         hold: {approvers: ['group:*sre'], timeout: 1s, reason: required}\n  message: Brief.\n---\n";
    let scene = Scene::with(&format!("{policy}{}", kguard::policy::starter().text), "expire");
    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    let n = scene.namespace.name.as_str();
    let wordless = scene.alice.kubectl(&["-n", n, "delete", "configmap", "c"]);
    assert!(wordless.stderr.contains("asks for a reason"), "{wordless:?}");
    let timed_out =
        scene.alice.kguard(&["--reason", "x", "kubectl", "-n", n, "delete", "configmap", "c"]);
    assert_eq!(timed_out.code, 75, "{timed_out:?}");
    assert!(timed_out.stderr.contains("nobody decided"), "{timed_out:?}");
    assert!(scene.exists("configmap/c"));
}

#[test]
fn an_approval_counts_under_the_policies_of_now() {
    let document = |kind: &str, name: &str, spec: &str| {
        format!(
            "apiVersion: kguard.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n\
             spec: {{{spec}}}\n---\n"
        )
    };
    let of_others = document("Policy", "other", "match: {resources: [jobs.batch]}, effect: deny");
    let denied = document(
        "Policy",
        "frozen",
        "match: {resources: [configmaps], verbs: [delete]}, effect: deny, message: Frozen.",
    );
    let masked = document("Mask", "data", "match: {resources: [configmaps]}, fields: ['data.*']");
    let two = HELD.replace("timeout: 10m", "timeout: 10m, quorum: 2");
    for (policies, said) in [
        (format!("{HELD}{of_others}"), ""),
        (format!("{HELD}{denied}"), "Frozen."),
        (format!("{HELD}{masked}"), "masked"),
        (two, "has changed"),
    ] {
        let scene = Scene::with(HELD, "terms-now");
        scene.namespace.admin(&["create", "configmap", "c"]).ok();
        let n = scene.namespace.name.as_str();
        let mut delete = scene.alice.start(&["kubectl", "-n", n, "delete", "configmap", "c"]);
        let id = scene.held(&mut delete)["id"].as_str().unwrap().to_owned();
        scene.gateway.set_policies(&policies);
        scene.bob.kguard(&["approve", &id, "--yes"]).ok();
        let code = delete.exit_code();
        assert_eq!(code == 0, said.is_empty(), "{said}: {}", delete.said());
        assert_eq!(scene.exists("configmap/c"), !said.is_empty(), "{}", delete.said());
        if !said.is_empty() {
            assert_eq!(code, 77, "{}", delete.said());
            let heard = delete.said();
            assert!(heard.contains(said) && heard.contains("policies have changed"), "{heard}");
        }
    }
}

#[test]
fn bodies_count_for_as_long_as_their_holds_wait() {
    let scene = Scene::with(HELD, "bodies");
    let scene = &scene;
    let create = |number: usize| {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("c{number}")},
            "data": {"big": "x".repeat(2_900_000)},
        });
        let n = &scene.namespace.name;
        let head =
            format!("POST /api/v1/namespaces/{n}/configmaps\nContent-Type: application/json");
        http::send(&scene.gateway, &scene.alice, &head, &object.to_string())
    };
    let waits = |answer: &http::Answer| answer.message().contains("waiting for approval");
    // As many as there is room for; their client has gone away then.
    let waiting = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..14).map(|number| scope.spawn(move || create(number))).collect();
        let answers = sent.into_iter().map(|sent| sent.join().unwrap());
        answers.filter(waits).count()
    });
    assert!((8..14).contains(&waiting), "{waiting}");
    let refused = create(20);
    assert_eq!(refused.status, 429, "{}", refused.message());
    assert!(refused.message().contains("too many large requests"), "{}", refused.message());
    let hold = scene.pending().pop().unwrap();
    scene.bob.kguard(&["deny", hold["id"].as_str().unwrap()]).ok();
    assert!(waits(&create(21)));
}
