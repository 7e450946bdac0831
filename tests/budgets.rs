//! Budgets, and policies that only observe, on real workloads.

use crate::harness::{Gateway, Namespace, Settings, User};

const HEAD: &str = "apiVersion: kguard.dev/v1alpha1\nkind: ";

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("---\n{HEAD}{kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn allow() -> String {
    document("Policy", "all", "{match: {callers: ['*']}, effect: allow}")
}

/// A Deployment whose pods never start.
fn deployment(name: &str, replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{a: {name}}}}}\n  template:\n    metadata: {{labels: {{a: {name}}}}}\n    \
         spec: {{nodeSelector: {{no: where}}, containers: [{{name: c, image: none}}]}}\n"
    )
}

#[test]
fn a_budget_counts_the_pods_that_go_along_and_outlives_the_gateway() {
    let namespace = Namespace::create("budget");
    let n = namespace.name.as_str();
    namespace.allow(&[("user", "oidc:alice"), ("user", "oidc:carol")]);
    for (name, replicas) in [("a", 4), ("b", 3), ("c", 1)] {
        namespace.apply(&deployment(name, replicas));
    }
    let budget = "{match: {capabilities: [kill-workloads]}, max: 6, per: 1h, over: deny}";
    let mut gateway = Gateway::with(Settings {
        policies: format!("{}{}", allow(), document("Budget", "kills", budget)),
        ..Settings::default()
    });
    let mut alice = User::person(&gateway, "alice");
    let run = |user: &User, args: &[&str]| user.kubectl(&[&["-n", n], args].concat());

    run(&alice, &["scale", "deployment", "a", "--replicas=6"]).ok();
    run(&alice, &["label", "deployment", "a", "x=y"]).ok();
    run(&alice, &["delete", "deployment", "b", "--dry-run=server"]).ok();
    run(&alice, &["scale", "deployment", "a", "--replicas=1", "--dry-run=server"]);
    let all = run(&alice, &["scale", "deployment", "a", "--replicas=0"]).ok();
    assert!(all.contains("scaled"), "six of six: {all}");
    let over = run(&alice, &["delete", "deployment", "b"]);
    assert_eq!(over.code, 77, "{over:?}");
    assert!(over.stderr.contains("6 of 6 in 60 min are spent, and this takes 3"), "{over:?}");
    run(&User::person(&gateway, "carol"), &["delete", "deployment", "b"]).ok();

    gateway.kill();
    gateway.restart();
    alice.follow(&gateway);
    let over = run(&alice, &["delete", "deployment", "c"]);
    assert!(over.stderr.contains("6 of 6"), "the trail remembers: {over:?}");
    let trail = alice.kguard(&["audit", "list", "-o", "json"]).ok();
    assert!(trail.contains(r#""charges":{"kills":6}"#), "{trail}");
}

#[test]
fn what_goes_over_a_budget_is_held_and_what_holds_others_counts_as_them() {
    let namespace = Namespace::create("over");
    let n = namespace.name.as_str();
    namespace.allow(&[("user", "oidc:alice")]);
    namespace.apply(&deployment("a", 5));
    crate::harness::eventually("its pods", || {
        let pods = namespace.admin(&["get", "pods", "-o", "name"]).ok();
        (pods.lines().count() == 5).then_some(())
    });
    let budget = "{match: {verbs: [delete, deletecollection]}, max: 3, per: 10m, over: hold, \
                  hold: {approvers: ['group:oidc:sre'], timeout: 1s}}";
    let gateway =
        Gateway::with_policies(&format!("{}{}", allow(), document("Budget", "kills", budget)));
    let alice = User::person(&gateway, "alice");
    let held = alice.kubectl(&["delete", "namespace", n, "--wait=false"]);
    assert_eq!(held.code, 75, "{held:?}");
    assert!(held.stderr.contains("this takes 5"), "its pods: {held:?}");
    let raw = format!("/api/v1/namespaces/{n}/pods?labelSelector=a%3Da");
    let held = alice.kubectl(&["delete", "--raw", &raw]);
    assert!(held.code != 0 && held.stderr.contains("collection"), "{held:?}");
    let none = format!("/api/v1/namespaces/{n}/pods?labelSelector=a%3Dnone");
    alice.kubectl(&["delete", "--raw", &none]).ok();
}

#[test]
fn what_only_observes_lets_through_and_is_in_the_trail() {
    let namespace = Namespace::create("observe");
    let n = namespace.name.as_str();
    namespace.allow(&[("user", "oidc:alice")]);
    let deny = "{match: {verbs: [create], resources: [configmaps]}, effect: deny, mode: observe}";
    let budget = "{match: {verbs: [delete]}, max: 0, per: 1h, over: deny, mode: observe}";
    let gateway = Gateway::with_policies(&format!(
        "{}{}{}",
        allow(),
        document("Policy", "no-configmaps", deny),
        document("Budget", "none", budget)
    ));
    let alice = User::person(&gateway, "alice");
    alice.kubectl(&["-n", n, "create", "configmap", "c"]).ok();
    alice.kubectl(&["-n", n, "delete", "configmap", "c"]).ok();
    let trail = alice.kguard(&["audit", "list", "-o", "json"]).ok();
    for observed in [
        r#""observed":{"decision":"deny","policy":"no-configmaps"}"#,
        r#""observed":{"decision":"deny","policy":"none"}"#,
    ] {
        assert!(trail.contains(observed), "{observed}: {trail}");
    }
}

#[test]
fn a_set_that_only_observes_refuses_nothing() {
    let namespace = Namespace::create("observer");
    namespace.allow(&[("user", "oidc:alice")]);
    let gateway = Gateway::with(Settings {
        policies: document("Policy", "nothing", "{match: {callers: ['*']}, effect: deny}"),
        extra: "policyMode: observe".to_owned(),
        ..Settings::default()
    });
    let alice = User::person(&gateway, "alice");
    alice.kubectl(&["-n", &namespace.name, "create", "configmap", "c"]).ok();
    assert_eq!(
        alice.kubectl(&["-n", &namespace.name, "auth", "can-i", "get", "pods"]).ok().trim(),
        "yes"
    );
    let trail = alice.kguard(&["audit", "list", "-o", "json"]).ok();
    assert!(trail.contains(r#""observed":{"decision":"deny","policy":"nothing"}"#), "{trail}");
}
