//! Policies, as those meet them who write them and those whom they stop.

use crate::harness::http::send;
use crate::harness::{Cluster, Gateway, Namespace, User};

const HEAD: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\n";

fn policy(name: &str, spec: &str) -> String {
    format!("---\n{HEAD}metadata: {{name: {name}}}\nspec:\n  {}\n", spec.replace('\n', "\n  "))
}

#[test]
fn all_mistakes_are_reported_at_once_with_place_and_hint() {
    let gateway = Gateway::start();
    let alice = User::person(&gateway, "alice");
    let file = alice.home().join("bad.yaml");
    let text = format!(
        "{HEAD}metadata: {{name: a}}\nspec:\n  match: {{namespace: [x], verbs: [remove]}}\n  \
         when: reqest.verb == 'get'\n  effect: alow\n{}",
        policy("b", "match: {resources: [deployments]}\neffect: hold")
    );
    std::fs::write(&file, text).unwrap();
    let checked = alice.kguard(&["policy", "check", file.to_str().unwrap()]);
    assert_eq!(checked.code, 1, "{checked:?}");
    for expected in [
        "bad.yaml:5:11: ",
        "did you mean `namespaces`?",
        "unknown verb `remove`",
        "did you mean `request`?",
        "did you mean `allow`?",
        "did you mean `deployments.apps`?",
    ] {
        assert!(checked.stderr.contains(expected), "{expected}: {}", checked.stderr);
    }
}

#[test]
fn the_starter_pack_is_printed_and_good() {
    let gateway = Gateway::start();
    let alice = User::person(&gateway, "alice");
    let file = alice.home().join("starter.yaml");
    std::fs::write(&file, alice.kguard(&["policy", "starter"]).ok()).unwrap();
    alice.kguard(&["policy", "check", file.to_str().unwrap()]).ok();
}

#[test]
fn what_no_policy_allows_is_denied_and_kubectl_says_so() {
    let discovery = policy("discovery", "match: {paths: ['*']}\neffect: allow");
    let gateway = Gateway::with_policies(&discovery);
    let alice = User::person(&gateway, "alice");
    let denied = alice.kubectl(&["get", "pods"]);
    assert_eq!((denied.code, denied.stdout.as_str()), (77, ""), "{denied:?}");
    let expected = "Error from server (Forbidden): no policy allows";
    assert!(denied.stderr.contains(expected), "{denied:?}");
    assert!(denied.stderr.contains("oidc:alice"), "{denied:?}");
}

#[test]
fn deny_beats_hold_beats_allow_in_whatever_order_they_stand() {
    let namespace = Namespace::create("order");
    let n = namespace.name.as_str();
    let deny = policy("deny", "match: {resources: [configmaps], names: [denied]}\neffect: deny");
    let allow = policy("allow", "match: {callers: ['*']}\neffect: allow");
    let hold = policy(
        "hold",
        "match: {resources: [configmaps], names: ['*d'], verbs: [get]}\neffect: hold\n\
         hold: {approvers: ['group:oidc:sre'], timeout: 1s}",
    );
    namespace.allow(&[("user", "oidc:alice")]);
    for name in ["denied", "held", "free"] {
        namespace.admin(&["create", "configmap", name]).ok();
    }
    for policies in [format!("{deny}{hold}{allow}"), format!("{allow}{hold}{deny}")] {
        let gateway = Gateway::with_policies(&policies);
        let alice = User::person(&gateway, "alice");
        for (name, code) in [("denied", 77), ("held", 75), ("free", 0)] {
            let got = alice.kubectl(&["-n", n, "get", "configmap", name]);
            assert_eq!(got.code, code, "{name} {got:?}");
        }
    }
}

#[test]
fn the_live_object_is_read_only_for_a_policy_that_names_it() {
    let namespace = Namespace::create("live");
    let n = namespace.name.as_str();
    namespace.allow(&[("user", "oidc:alice"), ("user", "oidc:carol")]);
    namespace.admin(&["create", "configmap", "c", "--from-literal=locked=yes"]).ok();
    let allow = policy("allow", "match: {callers: ['*']}\neffect: allow");
    let locked = policy(
        "locked",
        "match: {callers: ['user:oidc:alice'], resources: [configmaps], verbs: [delete, patch]}\n\
         when: oldObject.data.locked == 'yes' && !('force' in object.metadata.annotations)\n\
         effect: deny\nmessage: It is locked.",
    );
    let gateway = Gateway::with_policies(&format!("{allow}{locked}"));
    let alice = User::person(&gateway, "alice");
    let annotate = ["-n", n, "annotate", "configmap", "c"];
    let plain = alice.kubectl(&[&annotate[..], &["a=b"]].concat());
    assert!(plain.code == 77 && plain.stderr.contains("It is locked."), "{plain:?}");
    alice.kubectl(&[&annotate[..], &["force=yes"]].concat()).ok();

    // Nobody asks for the object where no policy that matches names it.
    let carol = User::person(&gateway, "carol");
    carol.kubectl(&["-n", n, "get", "configmap", "c", "-o", "name"]).ok();
    let gets = |user: &str| {
        let log = std::fs::read_to_string(&Cluster::get().audit_log).unwrap();
        let object = format!("/namespaces/{n}/configmaps/c\"");
        let by = format!("\"username\":\"{user}\"");
        let lines = log.lines().filter(|line| line.contains(&object) && line.contains(&by));
        lines.filter(|line| line.contains("\"verb\":\"get\"")).count()
    };
    assert_eq!(gets("oidc:carol"), 1);
    assert!(gets("oidc:alice") > 2, "kubectl's own and the gateway's");
}

#[test]
fn an_expression_that_cannot_be_evaluated_denies_and_shows_no_value() {
    let namespace = Namespace::create("error");
    namespace.allow(&[("user", "oidc:alice")]);
    let allow = policy("allow", "match: {callers: ['*']}\neffect: allow");
    let broken = policy(
        "broken",
        "match: {resources: [secrets], verbs: [create]}\n\
         when: object[object.data.password] == 'x'\neffect: deny",
    );
    let gateway = Gateway::with_policies(&format!("{allow}{broken}"));
    let alice = User::person(&gateway, "alice");
    let target = format!("POST /api/v1/namespaces/{}/secrets", namespace.name);
    let body = r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"},"data":{"password":"aHVudGVyMg=="}}"#;
    let head = format!("{target}\nContent-Type: application/json");
    let answer = send(&gateway, &alice, &head, body);
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.message().contains("broken"), "{answer:?}");
    assert!(!answer.body.contains("aHVudGVyMg") && !gateway.log().contains("aHVudGVyMg"));
}

#[test]
fn robots_run_no_code_under_the_starter_pack() {
    let namespace = Namespace::create("robots");
    namespace.pod("p");
    let gateway = Gateway::start();
    let robot = User::workload(&gateway, &namespace, "robot");
    let account = format!("{}:robot", namespace.name);
    namespace.allow(&[("serviceaccount", &account)]);
    let n = namespace.name.as_str();
    robot.kubectl(&["-n", n, "get", "pods"]).ok();
    robot.kubectl(&["-n", n, "create", "configmap", "c"]).ok();
    for args in [
        &["exec", "p", "--", "id"][..],
        &["run", "q", "--image=kguard.test/busybox:1"],
        &["create", "deployment", "d", "--image=kguard.test/busybox:1"],
        &["create", "token", "default"],
        &["get", "--raw", "/api/v1/nodes/kguard-node/proxy/pods"],
        &["delete", "--raw", "/api/v1/nodes/kguard-node/proxy/run"],
    ] {
        let denied = robot.kubectl(&[&["-n", n], args].concat());
        assert_eq!(denied.code, 77, "{args:?} {denied:?}");
    }
}
