//! What an approver is shown of a held request: what it would really do.

use serde_json::{Value, json};

use crate::binding::Scene;
use crate::harness::{Cluster, Namespace, eventually};

/// Everything that a person changes waits.
fn held() -> String {
    let hold = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: held}\nspec:\n  \
        match: {callers: ['user:oidc:alice'], verbs: [create, delete, patch, update]}\n  effect: hold\n  \
        hold: {approvers: ['group:oidc:sre'], timeout: 10m}\n---\n\
        apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: held-exec}\nspec:\n  \
        match: {resources: [pods/exec]}\n  effect: hold\n  \
        hold: {approvers: ['group:oidc:sre'], timeout: 10m}\n---\n";
    format!("{hold}{}", kguard::policy::starter().text)
}

impl Scene {
    /// What the client tells of a hold's effect.
    #[track_caller]
    fn effect(&self, hold: &Value) -> Value {
        let shown = self.bob.kguard(&["requests", hold.as_str().unwrap(), "-o", "json"]).ok();
        let mut shown: Value = serde_json::from_str(&shown).unwrap();
        let effect = shown["effect"].take();
        assert_eq!(effect["complete"], true, "{effect}");
        effect
    }

    fn card(&self, hold: &Value) -> String {
        self.bob.kguard(&["requests", hold.as_str().unwrap()]).ok()
    }
}

fn count(effect: &Value, kind: &str) -> u64 {
    let kinds = effect["blastRadius"]["kinds"].as_array().cloned().unwrap_or_default();
    let of_kind = kinds.iter().filter(|of| of["kind"] == kind);
    of_kind.filter_map(|of| of["count"].as_u64()).sum()
}

fn diff(effect: &Value) -> &str {
    effect["change"]["diff"].as_str().unwrap_or_default()
}

const MERGE: &str = "Content-Type: application/merge-patch+json";

#[test]
fn a_change_is_shown_as_what_would_be_stored() {
    let scene = Scene::with(&held(), "effect-change");
    scene.namespace.apply(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations: {meta.helm.sh/release-name: shop}\n\
         spec:\n  replicas: 3\n  selector: {matchLabels: {app: web}}\n  template:\n    \
         metadata: {labels: {app: web}}\n    spec:\n      nodeSelector: {no: where}\n      \
         containers: [{name: web, image: 'kguard.test/busybox:1'}]\n---\n\
         apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec:\n  \
         minAvailable: 3\n  selector: {matchLabels: {app: web}}\n",
    );
    let patch = format!("PATCH /apis/apps/v1/namespaces/$NS/deployments/web\n{MERGE}");
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "other:2"}]}}}});
    let hold = scene.hold(&patch, &image);
    let effect = scene.effect(&hold);
    let diff = diff(&effect);
    assert!(
        diff.contains("-      - image: kguard.test/busybox:1")
            || diff.contains("image: kguard.test/busybox:1"),
        "{diff}"
    );
    assert!(diff.contains("image: other:2"), "{diff}");
    // What the patch does not say, and the API server does: the list is replaced as a whole.
    for noise in
        ["managedFields", "resourceVersion", "generation", "creationTimestamp", "last-applied"]
    {
        assert!(!diff.contains(noise), "{noise}: {diff}");
    }
    assert_eq!(effect["managedBy"], json!(["Helm, release shop"]));
    let card = scene.card(&hold);
    assert!(
        card.contains("Managed by Helm, release shop") && card.contains("image: other:2"),
        "{card}"
    );

    let scale = format!("PATCH /apis/apps/v1/namespaces/$NS/deployments/web/scale\n{MERGE}");
    let hold = scene.hold(&scale, &json!({"spec": {"replicas": 1}}));
    let effect = eventually("the budget's status", || {
        let effect = scene.effect(&hold);
        effect["blastRadius"]["budgets"].is_array().then_some(effect)
    });
    assert_eq!(effect["scale"], json!({"from": 3, "to": 1}));
    assert_eq!(effect["blastRadius"]["budgets"][0]["name"], "web");
    assert!(scene.card(&hold).contains("3 → 1"));
}

#[test]
fn a_change_of_who_owns_fields_is_no_empty_change() {
    let scene = Scene::with(&held(), "effect-owners");
    scene.namespace.admin(&["create", "configmap", "c", "--from-literal=a=1"]).ok();
    let patch = format!("PATCH /api/v1/namespaces/$NS/configmaps/c\n{MERGE}");
    let hold = scene.hold(&patch, &json!({"metadata": {"managedFields": [{}]}}));
    let effect = scene.effect(&hold);
    assert_eq!(diff(&effect), "", "{effect}");
    assert!(effect["notes"].to_string().contains("managedFields"), "{effect}");
}

#[test]
fn nobody_learns_a_masked_value_from_an_effect() {
    let scene = Scene::with(&held(), "effect-masked");
    let canary = "correct-horse-battery";
    let literal = format!("--from-literal=password={canary}");
    scene.namespace.admin(&["create", "secret", "generic", "db", &literal]).ok();
    let patch = format!("PATCH /api/v1/namespaces/$NS/secrets/db\n{MERGE}");
    // A right guess and a wrong one look the same.
    let mut diffs = Vec::new();
    for guess in [canary, "wrong"] {
        let hold = scene.hold(&patch, &json!({"stringData": {"password": guess}}));
        let effect = scene.effect(&hold);
        for told in [effect.to_string(), scene.card(&hold)] {
            assert!(!told.contains(canary) && !told.contains("Y29ycmVjdC1ob3Jz"), "{told}");
        }
        let own = scene.alice.kguard(&["requests", hold.as_str().unwrap(), "-o", "json"]).ok();
        let own: Value = serde_json::from_str(&own).unwrap();
        assert_eq!(own["effect"]["change"], effect["change"], "his own hold");
        diffs.push(diff(&effect).to_owned());
    }
    assert!(diffs[0].contains("-  password: kguard:masked:"), "{}", diffs[0]);
    assert_eq!(diffs[0], diffs[1]);
}

#[test]
fn the_effect_is_for_those_who_may_see_the_hold() {
    let scene = Scene::with(&held(), "effect-whose");
    let body = json!({"metadata": {"name": "c"}, "data": {"a": "1"}});
    let hold =
        scene.hold("POST /api/v1/namespaces/$NS/configmaps\nContent-Type: application/json", &body);
    assert!(diff(&scene.effect(&hold)).contains("+kind: ConfigMap"));
    let carol = crate::harness::User::person(&scene.gateway, "carol");
    let head = |token: &str| {
        format!(
            "GET /v1/holds/{}/effect HTTP/1.1\r\nAuthorization: Bearer {token}\r\n",
            hold.as_str().unwrap()
        )
    };
    let ask = |token: &str| {
        crate::harness::http::raw(&scene.gateway.url, &scene.gateway.ca, &head(token), "").status
    };
    assert_eq!(
        (ask(&carol.token), ask(&scene.alice.token), ask(&scene.bob.token)),
        (404, 200, 200)
    );
}

#[test]
fn what_moved_since_the_hold_opened_is_shown() {
    let scene = Scene::with(&held(), "effect-moved");
    scene.namespace.admin(&["create", "configmap", "c", "--from-literal=a=1"]).ok();
    let patch = format!("PATCH /api/v1/namespaces/$NS/configmaps/c\n{MERGE}");
    let hold = scene.hold(&patch, &json!({"data": {"b": "2"}}));
    assert!(scene.effect(&hold)["moved"].is_null());
    let change = ["patch", "configmap", "c", "--type=merge", "-p", r#"{"data":{"a":"9"}}"#];
    scene.namespace.admin(&change).ok();
    let effect = scene.effect(&hold);
    let what = effect["moved"]["what"].as_str().unwrap();
    assert!(what.contains("was changed"), "{what}");
    assert!(
        what.contains("-  a: '1'\n+  a: '9'") || what.contains("-  a: \"1\"\n+  a: \"9\""),
        "{what}"
    );
    assert!(diff(&effect).contains("+  b:"), "the effect is of now: {effect}");
    scene.namespace.admin(&["delete", "configmap", "c"]).ok();
    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    let effect = scene.effect(&hold);
    assert!(effect["moved"]["what"].as_str().unwrap().contains("created anew"), "{effect}");
}

#[test]
fn a_namespace_is_shown_with_all_that_goes_with_it() {
    let scene = Scene::with(&held(), "effect-namespace");
    let doomed = Namespace::create("effect-doomed");
    doomed.apply(
        "apiVersion: v1\nkind: List\nitems:\n\
         - {apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [example.com/wait]}}\n\
         - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n\
         - {apiVersion: v1, kind: Service, metadata: {name: lb}, spec: {type: LoadBalancer, ports: [{port: 80}]}}\n",
    );
    let volume = format!("pv-{}", doomed.name);
    Cluster::get().apply(&format!(
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {volume}}}\nspec:\n  \
         capacity: {{storage: 8Gi}}\n  accessModes: [ReadWriteOnce]\n  \
         persistentVolumeReclaimPolicy: Retain\n  hostPath: {{path: /none}}\n  \
         claimRef: {{namespace: {}, name: data}}\n",
        doomed.name
    ));
    let hold = scene.hold(&format!("DELETE /api/v1/namespaces/{}", doomed.name), &Value::Null);
    let effect = scene.effect(&hold);
    Cluster::get().admin(&["delete", "pv", &volume, "--wait=false"]).ok();
    doomed
        .admin(&[
            "patch",
            "configmap",
            "a",
            "--type=merge",
            "-p",
            r#"{"metadata":{"finalizers":null}}"#,
        ])
        .ok();
    // With the one that every namespace has.
    assert_eq!(count(&effect, "ConfigMap"), 3, "{effect}");
    assert_eq!(count(&effect, "Service"), 1, "{effect}");
    let radius = &effect["blastRadius"];
    assert_eq!(radius["namespaces"], json!([doomed.name]));
    assert_eq!(
        radius["volumes"],
        json!([{"name": volume, "reclaimPolicy": "Retain", "storage": "8Gi"}])
    );
    assert_eq!(radius["loadBalancers"][0]["name"], "lb", "{effect}");
    assert!(effect["notes"].to_string().contains("example.com/wait"), "{effect}");
    assert!(scene.card(&hold).contains("3 ConfigMap (v1)"));
}

#[test]
fn a_delete_is_shown_with_what_it_owns_unless_that_stays() {
    let scene = Scene::with(&held(), "effect-owned");
    scene.namespace.apply(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  \
         selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    \
         spec:\n      nodeSelector: {no: where}\n      containers: [{name: web, image: 'kguard.test/busybox:1'}]\n",
    );
    eventually("its pods", || {
        let pods = scene.namespace.admin(&["get", "pods", "-o", "name"]).ok();
        (pods.lines().count() == 2).then_some(())
    });
    let delete = "DELETE /apis/apps/v1/namespaces/$NS/deployments/web";
    let effect = scene.effect(&scene.hold(delete, &Value::Null));
    assert_eq!((count(&effect, "ReplicaSet"), count(&effect, "Pod")), (1, 2), "{effect}");
    let orphan = format!("{delete}?propagationPolicy=Orphan");
    let effect = scene.effect(&scene.hold(&orphan, &Value::Null));
    assert_eq!((count(&effect, "ReplicaSet"), count(&effect, "Pod")), (0, 0), "{effect}");
    assert!(effect["notes"].to_string().contains("stays"), "{effect}");
}

#[test]
fn what_a_job_leaves_behind_is_shown_as_staying() {
    let scene = Scene::with(&held(), "effect-job");
    scene.namespace.apply(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec:\n  template:\n    spec:\n      \
         nodeSelector: {no: where}\n      restartPolicy: Never\n      \
         containers: [{name: main, image: 'kguard.test/busybox:1'}]\n",
    );
    let pods = || scene.namespace.admin(&["get", "pods", "-o", "name"]).ok().lines().count();
    eventually("its pod", || (pods() == 1).then_some(()));
    let delete = "DELETE /apis/batch/v1/namespaces/$NS/jobs/once";
    let effect =
        scene.effect(&scene.hold(&format!("{delete}?propagationPolicy=Background"), &Value::Null));
    assert_eq!(count(&effect, "Pod"), 1, "{effect}");
    let hold = scene.hold(delete, &Value::Null);
    let effect = scene.effect(&hold);
    assert_eq!(count(&effect, "Pod"), 0, "{effect}");
    assert!(effect["notes"].to_string().contains("stays"), "{effect}");
    // The API server is of the same opinion.
    scene
        .namespace
        .admin(&["delete", "--raw", &delete[7..].replace("$NS", &scene.namespace.name)])
        .ok();
    eventually("the end of the job", || {
        let jobs = scene.namespace.admin(&["get", "jobs", "-o", "name"]).ok();
        jobs.is_empty().then_some(())
    });
    assert_eq!(pods(), 1);
}

#[test]
fn an_exec_is_shown_with_its_pod_and_its_arguments() {
    let scene = Scene::with(&held(), "effect-exec");
    scene.namespace.pod("p");
    let n = scene.namespace.name.as_str();
    let mut exec =
        scene.alice.start(&["kubectl", "-n", n, "exec", "p", "--", "sh", "-c", "echo a b"]);
    let id = exec
        .wait_for("the hold", |line| Some(line.split("kguard approve ").nth(1)?.trim().to_owned()));
    let effect = scene.effect(&json!(id));
    let exec = &effect["exec"];
    assert_eq!(exec["argv"], json!(["sh", "-c", "echo a b"]), "{effect}");
    assert_eq!((&exec["pod"], &exec["container"]), (&json!("p"), &json!("main")));
    assert_eq!((&exec["image"], &exec["tty"]), (&json!("kguard.test/busybox:1"), &json!(false)));
    let uid = scene.namespace.admin(&["get", "pod", "p", "-o", "jsonpath={.metadata.uid}"]).ok();
    assert_eq!(exec["uid"], uid);
    assert!(scene.card(&json!(id)).contains("sh -c 'echo a b'"));
}
