//! The same effect by a request that a policy does not name.

use super::lab::Lab;

fn policies(rules: &[&str]) -> String {
    let document = |(index, spec): (usize, &&str)| {
        format!(
            "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: p{index}}}\nspec: {spec}\n"
        )
    };
    rules.iter().enumerate().map(document).collect::<Vec<_>>().join("---\n")
}

const ALLOW: &str = "{match: {callers: ['*']}, effect: allow}";
const WEBSOCKET: &str = "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\nSec-WebSocket-Protocol: v5.channel.k8s.io";
const SPDY: &str =
    "Connection: Upgrade\nUpgrade: SPDY/3.1\nX-Stream-Protocol-Version: v4.channel.k8s.io";

/// An exec is a GET over a websocket and a POST over SPDY. RBAC before 1.35 lets `get pods/exec`
/// run programs; a policy for either verb means both, and one for reading means neither.
#[test]
fn an_exec_is_an_exec_by_whichever_method() {
    let exec = "/api/v1/namespaces/$NS/pods/none/exec?command=id&stdout=1";
    let attempts = [format!("GET {exec}\n{WEBSOCKET}"), format!("POST {exec}\n{SPDY}")];
    for (denied, rules) in [
        (true, &[ALLOW, "{match: {verbs: [create], resources: [pods/exec]}, effect: deny}"][..]),
        (true, &[ALLOW, "{match: {verbs: [get], resources: [pods/exec]}, effect: deny}"]),
        (true, &["{match: {verbs: [get, list, watch], resources: ['*']}, effect: allow}"]),
        (false, &["{match: {verbs: [create], resources: [pods/exec]}, effect: allow}"]),
    ] {
        let lab = Lab::with(&policies(rules));
        for attempt in &attempts {
            let answer = lab.guarded_upgrade(attempt);
            // The pod does not exist: whoever gets that far was let through.
            assert_eq!(answer.status, if denied { 403 } else { 404 }, "{rules:?}: {answer:?}");
            assert_eq!(lab.unguarded_upgrade(attempt).status, 404);
        }
    }
}

/// A list over all namespaces shows those of the one that is denied, as does a list of everything
/// the one name that is.
#[test]
fn a_denied_namespace_is_denied_among_all_namespaces() {
    let lab = Lab::new();
    lab.space.admin(&["create", "configmap", "crown"]).ok();
    let user = format!("--user={}", "oidc:alice");
    let binding = format!("strict-{}", lab.space.name);
    let cluster = crate::harness::Cluster::get();
    cluster.admin(&["create", "clusterrolebinding", &binding, "--clusterrole=view", &user]).ok();
    let namespaces = format!("{{match: {{namespaces: [{}]}}, effect: deny}}", lab.space.name);
    let names = "{match: {resources: [configmaps], names: [crown]}, effect: deny}";
    let mut answers = Vec::new();
    for rule in [namespaces.as_str(), names] {
        lab.gateway.set_policies(&policies(&[ALLOW, rule]));
        for head in [
            "GET /api/v1/namespaces/$NS/configmaps/crown",
            "GET /api/v1/configmaps",
            "GET /api/v1/configmaps?watch=1&timeoutSeconds=1",
            "GET /api/v1/watch/configmaps?timeoutSeconds=1",
            "GET /api/v1/configmaps?fieldSelector=metadata.namespace%3D$NS",
            "GET /api/v1/configmaps?fieldSelector=metadata.name%3Dcrown",
            "GET /api/v1/configmaps?fieldSelector=metadata.name!%3Dx",
        ] {
            assert!(lab.unguarded(head, "").body.contains("crown"), "unguarded: {head}");
            answers.push((rule, head, lab.guarded(head, "")));
        }
    }
    let one = "GET /api/v1/namespaces/default/configmaps?fieldSelector=metadata.name%3Dx";
    let honest = lab.guarded(one, "").status;
    cluster.admin(&["delete", "clusterrolebinding", &binding]).ok();
    for (rule, head, answer) in answers {
        assert_eq!(answer.status, 403, "{rule}: {head}: {answer:?}");
        assert!(answer.message().contains("p1"), "denied by the policy: {answer:?}");
    }
    assert_eq!(honest, 200, "another namespace, and another name");
}

/// Ways to the API server itself, or through it, that no policy would see again.
#[test]
fn no_proxy_leads_to_a_second_api_server() {
    let lab = Lab::with(&policies(&[ALLOW]));
    for name in ["kubernetes", "kubernetes:443", "https:kubernetes:443", "https:kubernetes:https"] {
        let head = format!("GET /api/v1/namespaces/default/services/{name}/proxy/api/v1/secrets");
        assert_eq!(lab.guarded(&head, "").status, 403, "{name}");
    }
    for (head, status) in [
        ("GET /apis/cluster.karmada.io/v1alpha1/clusters/c/proxy/api/v1/secrets", 403),
        ("GET /apis/subresources.kubevirt.io/v1/namespaces/$NS/virtualmachines/v/console", 403),
        ("GET /api/v1/namespaces/$NS/services/web/proxy/", 404),
    ] {
        let answer = lab.guarded(head, "");
        assert_eq!(answer.status, status, "{head}: {answer:?}");
    }
    // HEAD and OPTIONS reach the application as GET does.
    lab.gateway.set_policies(&policies(&[
        ALLOW,
        "{match: {verbs: [get], resources: [services/proxy]}, effect: deny}",
    ]));
    for method in ["GET", "HEAD", "OPTIONS"] {
        let head = format!("{method} /api/v1/namespaces/$NS/services/web/proxy/");
        let answer = lab.guarded(&head, "");
        assert_eq!(answer.status, 403, "{method}: {answer:?}");
    }
}

/// A strategic merge patch can take away what it does not name: `replicas` then falls back to 1.
#[test]
fn no_directive_hides_what_a_patch_does() {
    let lab = Lab::new();
    let spec = "serviceName: x\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {nodeSelector: {no: where}, containers: [{name: c, image: none}]}}";
    lab.space.apply(&format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: big}}\nspec:\n  replicas: 9\n  {spec}\n"
    ));
    let head = "PATCH /apis/apps/v1/namespaces/$NS/statefulsets/big?dryRun=All\nContent-Type: application/strategic-merge-patch+json";
    for directive in [
        r#""$patch":"replace","serviceName":"x","selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"none"}]}}"#,
        r#""$retainKeys":["serviceName","selector","template"]"#,
    ] {
        let patch = format!(r#"{{"spec":{{{directive}}}}}"#);
        let unguarded = lab.unguarded(head, &patch);
        assert_eq!(unguarded.json()["spec"]["replicas"], 1, "{unguarded:?}");
        let answer = lab.guarded(head, &patch);
        assert_eq!(answer.status, 429, "held: {answer:?}");
        assert!(answer.message().contains("by more than half"), "{answer:?}");
    }
    assert_eq!(lab.guarded(head, r#"{"spec":{"replicas":8}}"#).status, 200);
    let list = r#"{"spec":{"template":{"spec":{"volumes":[{"$retainKeys":["name","emptyDir"],"name":"v","emptyDir":{}}]}}}}"#;
    assert_eq!(lab.guarded(head, list).status, 200, "as kubectl apply sends it");
}

/// Paths without a resource are allowed by name only.
#[test]
fn paths_without_a_resource_are_closed_unless_they_are_named() {
    let lab = Lab::new();
    for path in ["/metrics", "/debug/pprof/heap", "/logs", "/configz", "/flagz", "/statusz", "/"] {
        assert_eq!(lab.guarded(&format!("GET {path}"), "").status, 403, "{path}");
    }
    for path in ["/version", "/api", "/apis", "/apis/apps/v1", "/openapi/v3", "/livez"] {
        assert_eq!(lab.guarded(&format!("GET {path}"), "").status, 200, "{path}");
    }
    assert_eq!(lab.guarded("POST /version", "x").status, 405);
}
