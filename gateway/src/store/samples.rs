//! Records and holds for tests.

use kguard::api::{Hold, HoldState};
use kguard::audit::Record;
use serde_json::{Value, json};
use uuid::Uuid;

/// A decided request, with fields set differently.
pub(crate) fn request(id: u128, changes: Value) -> Record {
    let mut record = json!({
        "at": "2026-01-02T03:04:05Z",
        "event": "request",
        "id": Uuid::from_u128(id),
        "cluster": "prod",
        "method": "GET",
        "decision": "allow",
        "peer": "192.0.2.1:443",
        "caller": caller("oidc:alice"),
        "request": target("get", "shop"),
    });
    merge(&mut record, changes);
    serde_json::from_value(record).unwrap()
}

/// A request's end.
pub(crate) fn response(id: u128) -> Record {
    read(json!({
        "at": "2026-01-02T03:04:06Z",
        "event": "response",
        "id": Uuid::from_u128(id),
        "code": 200,
        "bytes": 7,
        "durationMs": 3,
    }))
}

/// A record out of its JSON.
pub(crate) fn read(record: Value) -> Record {
    serde_json::from_value(record).unwrap()
}

/// A hold.
pub(crate) fn hold(id: &str, state: HoldState, created: &str) -> Hold {
    serde_json::from_value(json!({
        "id": id,
        "state": state,
        "caller": caller("oidc:alice"),
        "cluster": "prod",
        "method": "DELETE",
        "request": target("delete", "shop"),
        "query": [],
        "digest": "00",
        "policy": "deletes",
        "message": "",
        "demands": [
            {"policy": "deletes", "message": "", "approvers": ["group:oidc:sre"], "quorum": 1},
        ],
        "approvers": ["group:oidc:sre"],
        "decisions": [],
        "created": created,
        "expires": created,
    }))
    .unwrap()
}

/// A caller, in JSON.
pub(crate) fn caller(name: &str) -> Value {
    json!({ "name": name, "groups": ["dev"], "kind": "person", "issuer": "https://idp.example" })
}

/// What a request is about, in JSON.
pub(crate) fn target(verb: &str, namespace: &str) -> Value {
    json!({
        "verb": verb,
        "path": format!("/api/v1/namespaces/{namespace}/pods/web"),
        "apiGroup": "",
        "apiVersion": "v1",
        "namespace": namespace,
        "resource": "pods",
        "subresource": "",
        "name": "web",
    })
}

fn merge(record: &mut Value, changes: Value) {
    if let (Value::Object(record), Value::Object(changes)) = (record, changes) {
        record.extend(changes);
    }
}
