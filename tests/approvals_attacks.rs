//! Attacks on what approvers are shown: a request that does something else than its card says.

use serde_json::{Value, json};

use crate::binding::Scene;
use crate::harness::{Cluster, eventually};

/// All that alice changes waits.
const HELD: &str = "\
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: all}
spec: {match: {callers: ['*']}, effect: allow}
---
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: held}
spec:
  match: {callers: ['user:oidc:alice'], verbs: [create, delete, patch, update]}
  effect: hold
  hold: {approvers: ['group:oidc:sre'], timeout: 10m}
";

impl Scene {
    fn seen(&self, hold: &Value) -> Value {
        let shown = self.bob.kguard(&["requests", hold.as_str().unwrap(), "-o", "json"]).ok();
        serde_json::from_str::<Value>(&shown).unwrap()["effect"].take()
    }
}

#[test]
fn a_token_that_is_only_tried_is_a_token() {
    let scene = Scene::with(HELD, "attack-token");
    let token =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let head = "POST /api/v1/namespaces/$NS/serviceaccounts/default/token?dryRun=All\n\
                Content-Type: application/json";
    let hold = scene.hold(head, &token);
    let effect = scene.seen(&hold);
    assert!(!effect["notes"].to_string().contains("only tries"), "{effect}");
    // It is one, whatever the query says.
    scene.approve(&hold);
    let made = scene.send(head, &token);
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.json()["status"]["token"].is_string(), "{made:?}");
}

#[test]
fn a_status_that_anybody_may_write_is_shown() {
    let scene = Scene::with(HELD, "attack-status");
    let group = format!("{}.kguard.test", scene.namespace.name);
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("doors.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"plural": "doors", "singular": "door", "kind": "Door"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }}}],
        },
    });
    Cluster::get().apply(&crd.to_string());
    let door = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Door", "metadata": {"name": "front"},
        "status": {"lock": "closed"},
    });
    eventually("the new kind", || {
        let known = Cluster::get().admin(&["get", &format!("doors.{group}"), "-A"]);
        (known.code == 0).then_some(())
    });
    scene.namespace.apply(&door.to_string());
    let patch = format!(
        "PATCH /apis/{group}/v1/namespaces/$NS/doors/front\nContent-Type: application/merge-patch+json"
    );
    let hold = scene.hold(&patch, &json!({"status": {"lock": "open"}}));
    let effect = scene.seen(&hold);
    let diff = effect["change"]["diff"].as_str().unwrap_or_default();
    assert!(diff.contains("-  lock: closed") && diff.contains("+  lock: open"), "{effect}");
    Cluster::get().admin(&["delete", "crd", &format!("doors.{group}"), "--wait=false"]).ok();
}

#[test]
fn a_delete_says_in_which_way() {
    let scene = Scene::with(HELD, "attack-delete");
    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    let target = "/api/v1/namespaces/$NS/configmaps/c";
    let plain = scene.seen(&scene.hold(&format!("DELETE {target}"), &Value::Null));
    assert!(!plain["notes"].to_string().contains("forced"), "{plain}");
    for (query, body) in [
        ("?gracePeriodSeconds=0", Value::Null),
        ("", json!({"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})),
    ] {
        let head = format!("DELETE {target}{query}\nContent-Type: application/json");
        let effect = scene.seen(&scene.hold(&head, &body));
        assert!(effect["notes"].to_string().contains("forced delete"), "{effect}");
    }
}

#[test]
fn an_approval_is_on_the_terms_of_now() {
    let scene = Scene::with(HELD, "attack-terms");
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
    let head = "POST /api/v1/namespaces/$NS/configmaps\nContent-Type: application/json";
    let hold = scene.hold(head, &object);
    scene.approve(&hold);
    // Two have to agree now, and one has.
    scene.gateway.set_policies(&HELD.replace("timeout: 10m", "timeout: 10m, quorum: 2"));
    let again = scene.hold(head, &object);
    assert_ne!(again, hold);
    let missing = scene.namespace.admin(&["get", "configmap", "c"]);
    assert_ne!(missing.code, 0, "nothing ran");
}
