//! Answers to a client for what is not there: what it has written in a plan, as if it were stored.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, WARNING};
use http::{Response, StatusCode};
use kguard::kube::request_info::{RequestInfo, Verb};
use kguard::kube::status::{Reason, Status};
use kguard::plan::chain::Fate;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::forward::PooledBody;
use crate::request::{KubeRequest, Payload};

const APPLY: &str = "application/apply-patch+yaml";

/// What kubectl shows of an answer that is none of the API server's.
const MARK: &str = "299 - \"kguard: only planned, and cannot be foreseen\"";

/// An answer that a write has not had, and what it makes of its object. None if it cannot be told
/// without the API server.
pub(super) fn answer(
    request: &KubeRequest,
    so_far: Option<&Fate>,
) -> Option<(Response<PooledBody>, Fate)> {
    let (code, body, fate) = match (request.info.verb, &request.payload) {
        (Verb::Create, Payload::Json { value, .. })
        | (Verb::Patch, Payload::Json { media_type: APPLY, value }) => {
            let object = named(request, value.clone());
            (StatusCode::CREATED, object.clone(), Fate::Created(Some(object)))
        }
        (Verb::Update, Payload::Json { value, .. }) => {
            let object = named(request, value.clone());
            (StatusCode::OK, object.clone(), Fate::Created(Some(object)))
        }
        (Verb::Patch, _) => {
            // What a patch makes of it is for the API server to say; it is shown as it was.
            let Some(Fate::Created(Some(object))) = so_far else { return None };
            (StatusCode::OK, object.clone(), Fate::Changed)
        }
        (Verb::Delete, _) => (StatusCode::OK, deleted(&request.info), Fate::Deleted),
        _ => return None,
    };
    let mut response = json_response(code, &body);
    response.headers_mut().insert(WARNING, HeaderValue::from_static(MARK));
    Some((response, fate))
}

/// The object that a plan has made, for one who reads it.
pub(super) fn read(object: &Value) -> Response<PooledBody> {
    json_response(StatusCode::OK, object)
}

/// That an object is not there, which a plan deletes.
pub(super) fn gone(info: &RequestInfo) -> Response<PooledBody> {
    let status = Status::failure(Reason::NotFound, "the plan deletes it").about(info);
    let mut response = Response::new(PooledBody::whole(status.to_json().into()));
    *response.status_mut() = status.code();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// That an object is deleted. Its uid is none that any object has: kubectl waits until the one that
/// it has deleted is gone, and takes what it finds for another one.
pub(super) fn deletion(info: &RequestInfo) -> Response<PooledBody> {
    json_response(StatusCode::OK, &deleted(info))
}

fn deleted(info: &RequestInfo) -> Value {
    let of = info.resource.as_ref();
    let text = |of: Option<&String>| of.cloned().unwrap_or_default();
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {
            "name": text(of.map(|of| &of.name)),
            "group": text(of.map(|of| &of.api_group)),
            "kind": text(of.map(|of| &of.resource)),
            "uid": Uuid::new_v4().to_string(),
        },
    })
}

/// An object with the name and the namespace that the API server would give it.
fn named(request: &KubeRequest, mut object: Value) -> Value {
    let Some(fields) = object.as_object_mut() else { return object };
    let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else { return object };
    let of = request.info.resource.as_ref();
    let namespace = of.filter(|of| of.resource != "namespaces").map(|of| of.namespace.clone());
    complete(metadata, "namespace", namespace);
    let prefix = metadata.get("generateName").and_then(Value::as_str);
    let generated = prefix.map(|prefix| format!("{prefix}planned"));
    complete(metadata, "name", generated);
    object
}

fn complete(metadata: &mut Map<String, Value>, key: &str, value: Option<String>) {
    let value = value.filter(|value| !value.is_empty() && !metadata.contains_key(key));
    metadata.extend(value.map(|value| (key.to_owned(), Value::from(value))));
}

fn json_response(code: StatusCode, body: &Value) -> Response<PooledBody> {
    let mut response = Response::new(PooledBody::whole(Bytes::from(body.to_string())));
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
