//! A trail as `kguard audit export` writes it, with what policies look at.

use serde_json::{Value, json};

/// What alice and a pipeline did on a morning.
pub(crate) fn sample() -> String {
    let alice =
        json!({"name": "oidc:alice", "groups": ["oidc:dev"], "kind": "person", "issuer": ""});
    let robot = json!({"name": "ci:deploy", "groups": [], "kind": "workload", "issuer": ""});
    let requests = [
        (&alice, "GET", "get", "pods", "", "web"),
        (&alice, "PATCH", "patch", "statefulsets", "apps", "db"),
        (&robot, "PATCH", "patch", "deployments", "apps", "web"),
        (&robot, "GET", "list", "pods", "", ""),
    ];
    let mut lines = Vec::new();
    for (number, (caller, method, verb, resource, group, name)) in (1..).zip(requests) {
        let id = format!("00000000-0000-0000-0000-{number:012}");
        let root = if group.is_empty() { "/api/v1".into() } else { format!("/apis/{group}/v1") };
        let request = json!({
            "verb": verb, "path": format!("{root}/namespaces/shop/{resource}/{name}"),
            "apiGroup": group, "apiVersion": "v1", "namespace": "shop", "resource": resource,
            "subresource": "", "name": name,
        });
        lines.push(line(
            lines.len(),
            &json!({
                "event": "request", "id": id, "caller": caller, "cluster": "prod", "method": method,
                "request": request, "decision": "allow", "policy": "people", "peer": "127.0.0.1",
            }),
        ));
        lines.push(line(
            lines.len(),
            &json!({
                "event": "response", "id": id, "code": 200, "bytes": 2, "durationMs": 1,
            }),
        ));
    }
    lines.concat()
}

/// An entry. Nobody verifies its hash here.
fn line(before: usize, record: &Value) -> String {
    let mut record = record.clone();
    record["at"] = json!(format!("2026-01-31T08:00:{before:02}Z"));
    let entry = json!({"seq": before + 1, "hash": "0".repeat(64), "record": record});
    json!({ "entry": entry }).to_string() + "\n"
}
