//! A request in the form in which every stage reads it and in which it will be sent.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use hyper::upgrade::OnUpgrade;
use kguard::api::plans::PlanUse;
use kguard::api::{Claims, LiveObject};
use kguard::kube::delete_options::{DeleteOptions, InvalidOptions};
use kguard::kube::groups::is_built_in;
use kguard::kube::impersonation::Impersonation;
use kguard::kube::json_patch;
use kguard::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use kguard::kube::target::Query;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bodies::Taken;
use crate::watch_socket::Handshake;

/// How a request reached the gateway; decides how long it may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// `/clusters/NAME/` with a bearer token: some client that knows nothing of kguard.
    Plain,
    /// A stream of the tunnel: our own client waits as long as the hold lasts.
    Tunnel,
}

/// Where a request came from. Recorded; no decision rests on what is only claimed.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The cluster it is for.
    pub cluster: String,
    /// The earlier request that this one undoes.
    pub undoes: Option<Uuid>,
    /// The way in.
    pub via: Via,
    /// The peer's address.
    pub peer: String,
    /// The client invocation that the request belongs to.
    pub session: Option<Uuid>,
    /// The plan that the request is to be part of.
    pub plan: Option<PlanUse>,
    /// What the client says of itself.
    pub claims: Claims,
    /// Whether the client asks that its holds stay when it goes away.
    pub keep_hold: bool,
    /// Why it wants to wait for nobody, if it does.
    pub break_glass: Option<String>,
}

/// A classified request. There is no other copy: what is decided on here is what is sent.
#[derive(Debug)]
pub struct KubeRequest {
    /// The request's id in the trail, and its `Audit-ID` upstream.
    pub id: Uuid,
    /// The HTTP method.
    pub method: Method,
    /// The request in the API server's terms.
    pub info: Arc<RequestInfo>,
    /// The canonical query.
    pub query: Query,
    /// The client's headers, as far as they are passed on.
    pub headers: HeaderMap,
    /// The body.
    pub payload: Payload,
    /// As whom it is to run, if not as the caller himself.
    pub impersonation: Option<Box<Impersonation>>,
    /// Whether its body holds placeholders, which have to become values before it is sent.
    pub returns_masked: bool,
    /// Of a write that may hold values by now which its caller may not see: how it came. What is noted
    /// of its body is of this, or it would tell whether a guess is what a placeholder became.
    pub came: Option<Came>,
    /// The client's half of an upgrade, for exec, attach and port-forward.
    pub upgrade: Option<Upgrade>,
    /// What its body takes of the room for bodies, for as long as it is anywhere.
    pub room: Option<Arc<Taken>>,
}

/// A write before values were put into it.
#[derive(Clone)]
pub struct Came {
    /// Its body.
    pub body: Bytes,
    /// The version of the object that it was then bound to, if it was.
    pub version: Option<String>,
}

/// A body, parsed where it has a meaning here.
#[derive(Clone, PartialEq)]
pub enum Payload {
    /// Delete options, canonical.
    Delete(DeleteOptions),
    /// No body.
    Empty,
    /// An object or a patch; re-serialised when it is sent.
    Json {
        /// The media type that it is sent with.
        media_type: &'static str,
        /// The tree.
        value: Value,
    },
    /// Bytes that only the server understands: a protobuf message, or the body of a proxied
    /// request. Policies that read the object refuse it.
    Opaque {
        /// The media type that it is sent with, if the client named one.
        media_type: Option<String>,
        /// The bytes.
        bytes: Bytes,
    },
}

/// The protocol of an upgrade to a WebSocket.
pub const WEBSOCKET: &str = "websocket";

/// An upgrade that the client asked for.
#[derive(Debug)]
pub struct Upgrade {
    /// `SPDY/3.1` or `websocket`.
    pub protocol: &'static str,
    /// Becomes the client's byte stream once the gateway answers 101.
    pub client: OnUpgrade,
    /// Of a watch, which is not upgraded upstream: what the gateway itself answers.
    pub watch: Option<Handshake>,
}

/// What the client sent to patch with a JSON patch; its effect cannot be seen in its text.
pub const JSON_PATCH: &str = "application/json-patch+json";

impl Payload {
    /// The bytes to send.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Delete(options) => options.to_json().to_string().into(),
            Self::Empty => Bytes::new(),
            Self::Json { value, .. } => value.to_string().into(),
            Self::Opaque { bytes, .. } => bytes.clone(),
        }
    }

    /// The same, of an update or a patch that is bound to one version of its object: the API server
    /// itself refuses any other with 409. What is not read here (protobuf) stays as it is.
    #[must_use]
    pub fn bound_to(&self, version: &str) -> Self {
        self.with_metadata(&[("resourceVersion", version)])
    }

    /// The same, of an update or a patch that goes with these fields of its object's metadata.
    fn with_metadata(&self, fields: &[(&str, &str)]) -> Self {
        let mut bound = self.clone();
        let Self::Json { media_type, value } = &mut bound else { return bound };
        match value {
            // At the end, so that no operation of the client's comes after it.
            Value::Array(operations) if *media_type == JSON_PATCH => {
                operations.extend(fields.iter().map(|(field, value)| {
                    json!({"op": "add", "path": format!("/metadata/{field}"), "value": value})
                }));
            }
            Value::Object(object) => {
                let metadata = object.entry("metadata").or_insert_with(|| json!({}));
                if let Some(metadata) = metadata.as_object_mut() {
                    let fields = fields.iter();
                    metadata
                        .extend(fields.map(|(field, value)| ((*field).to_owned(), json!(value))));
                }
            }
            _ => {}
        }
        bound
    }

    /// Of a delete, or of an eviction: bound to one version of one object by preconditions.
    fn with_preconditions(&self, object: &LiveObject) -> Result<Self, InvalidOptions> {
        let mut bound = self.clone();
        match &mut bound {
            Self::Delete(options) => options.bind(&object.uid, &object.resource_version)?,
            Self::Json { value: Value::Object(eviction), .. } => {
                let options = eviction.get("deleteOptions").filter(|options| !options.is_null());
                let options = options.cloned().unwrap_or_else(|| json!({}));
                let mut options = DeleteOptions::from_json(options)?;
                options.bind(&object.uid, &object.resource_version)?;
                eviction.insert("deleteOptions".to_owned(), options.to_json());
            }
            _ => return Err(InvalidOptions::NotAnObject),
        }
        Ok(bound)
    }

    /// Binds it to a version like [`Self::bound_to`], unless the client bound it already.
    pub fn bind_unless_bound(&mut self, version: &str) {
        let Self::Json { media_type, value } = self else { return };
        let is_bound = match value {
            Value::Array(operations) if *media_type == JSON_PATCH => {
                operations.iter().rev().find(|of| touches_version(of)).is_some_and(sets_version)
            }
            object => {
                let bound = object.pointer("/metadata/resourceVersion");
                bound.is_some_and(is_version)
            }
        };
        if !is_bound {
            *self = self.bound_to(version);
        }
    }

    /// The media type to send them with.
    pub fn media_type(&self) -> Option<&str> {
        match self {
            Self::Delete(_) => Some("application/json"),
            Self::Empty => None,
            Self::Json { media_type, .. } => Some(media_type),
            Self::Opaque { media_type, .. } => media_type.as_deref(),
        }
    }
}

const VERSION: [&str; 2] = ["metadata", "resourceVersion"];

/// Whether an operation of a JSON patch may change which version the patch is for.
fn touches_version(operation: &Value) -> bool {
    let is_around = |key: &str| {
        let place = json_patch::tokens(operation, key);
        operation.get(key).is_some() && VERSION.iter().zip(&place).all(|(own, key)| own == key)
    };
    is_around("path") || is_around("from")
}

fn sets_version(operation: &Value) -> bool {
    let is_set = matches!(operation.get("op").and_then(Value::as_str), Some("add" | "replace"));
    is_set
        && json_patch::tokens(operation, "path") == VERSION
        && operation.get("value").is_some_and(is_version)
}

fn is_version(value: &Value) -> bool {
    value.as_str().is_some_and(|version| !version.is_empty())
}

/// Like a payload.
impl fmt::Debug for Came {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Came").field("version", &self.version).finish_non_exhaustive()
    }
}

/// Says what it is, not what is in it: there may be values that nobody is to see.
impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Delete(_) => "Delete",
            Self::Empty => "Empty",
            Self::Json { .. } => "Json",
            Self::Opaque { .. } => "Opaque",
        };
        formatter.debug_tuple(name).field(&self.media_type()).finish_non_exhaustive()
    }
}

impl KubeRequest {
    /// The body, bound to one version of one object in the way that the API server itself enforces
    /// for such a request. Preconditions of the client's own have to agree.
    pub fn bound_to(&self, object: &LiveObject) -> Result<Payload, InvalidOptions> {
        if self.info.verb == Verb::Delete || self.info.subresource() == "eviction" {
            return self.payload.with_preconditions(object);
        }
        let LiveObject { uid, resource_version } = object;
        let fields = [("resourceVersion", resource_version.as_str()), ("uid", uid)];
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Ok(self.payload.with_metadata(&fields))
    }

    /// What a policy may call `object`: the body of a write, or none if it cannot be seen.
    pub fn object(&self) -> Option<&Value> {
        match &self.payload {
            Payload::Json { media_type, value } if *media_type != JSON_PATCH => Some(value),
            _ => None,
        }
    }

    /// What the body calls its object: a create has the name nowhere else.
    pub fn kind_and_name(&self) -> Option<(String, String)> {
        let text = |pointer| self.object()?.pointer(pointer)?.as_str().map(str::to_owned);
        Some((text("/kind")?, text("/metadata/name")?))
    }

    /// The operations of a JSON patch.
    pub fn json_patch(&self) -> Option<&Value> {
        match &self.payload {
            Payload::Json { media_type: JSON_PATCH, value } => Some(value),
            _ => None,
        }
    }

    /// Whether nothing is to come of it but the answer. What goes through the API server, or to
    /// another one, may know no dry runs.
    pub fn is_dry_run(&self) -> bool {
        let resource = self.info.resource.as_ref();
        let stores = !self.info.is_proxy() && !self.info.is_stream();
        let tries = |of: &ResourceInfo| is_built_in(&of.api_group) && !of.ignores_dry_run();
        if !stores || !resource.is_some_and(tries) {
            return false;
        }
        match &self.payload {
            Payload::Delete(options) => options.is_dry_run(),
            _ => self.query.first("dryRun").is_some(),
        }
    }

    /// Makes it one that stores nothing, as far as its API server knows dry runs.
    pub fn make_dry_run(&mut self) {
        let mut query = self.query.without(&["dryRun"]).pairs().to_vec();
        query.push(("dryRun".to_owned(), "All".to_owned()));
        self.query = query.into_iter().collect();
        if let Payload::Delete(options) = &mut self.payload {
            options.set_dry_run();
        }
    }

    /// The name of the object, be it in the path or, of a create, in the body.
    pub fn object_name(&self) -> String {
        let of = self.info.resource.as_ref().map(|of| of.name.as_str()).unwrap_or_default();
        let in_body = |at: &str| self.object()?.pointer(at)?.as_str();
        match of {
            "" => in_body("/metadata/name").unwrap_or_default().to_owned(),
            name => name.to_owned(),
        }
    }

    /// The body as the caller sent it.
    pub fn body_as_it_came(&self) -> Bytes {
        self.came.as_ref().map_or_else(|| self.payload.to_bytes(), |came| came.body.clone())
    }

    /// Whether the request carries an object or a patch at all.
    pub fn writes_object(&self) -> bool {
        matches!(self.info.verb, Verb::Create | Verb::Patch | Verb::Update)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_bound_to_a_version_in_every_form() {
        let merge = "application/merge-patch+json";
        for (media_type, sent, bound) in [
            (merge, json!({}), json!({"metadata": {"resourceVersion": "7"}})),
            (
                "application/json",
                json!({"metadata": {"name": "a", "resourceVersion": "6"}}),
                json!({"metadata": {"name": "a", "resourceVersion": "7"}}),
            ),
            (
                JSON_PATCH,
                json!([{"op": "remove", "path": "/metadata/resourceVersion"}]),
                json!([
                    {"op": "remove", "path": "/metadata/resourceVersion"},
                    {"op": "add", "path": "/metadata/resourceVersion", "value": "7"},
                ]),
            ),
            (
                JSON_PATCH,
                json!([{"op": "add", "path": "/metadata", "value": {}}]),
                json!([
                    {"op": "add", "path": "/metadata", "value": {}},
                    {"op": "add", "path": "/metadata/resourceVersion", "value": "7"},
                ]),
            ),
            // The API server will say what is wrong with these.
            (merge, json!({"metadata": null}), json!({"metadata": null})),
            (merge, json!("a"), json!("a")),
        ] {
            let sent = Payload::Json { media_type, value: sent };
            assert_eq!(sent.bound_to("7").to_bytes(), bound.to_string());
        }
    }

    #[test]
    fn a_json_patch_is_bound_unless_it_ends_up_bound_to_a_version() {
        let set = |value: &str| json!({"op": "replace", "path": "/metadata/resourceVersion", "value": value});
        let away =
            json!({"op": "move", "from": "/metadata/resourceVersion", "path": "/metadata/a"});
        for (operations, is_bound) in [
            (vec![set("5"), json!({"op": "remove", "path": "/data/a"})], true),
            (vec![away.clone(), set("5")], true),
            (vec![set("5"), away], false),
            (vec![set("")], false),
            (vec![set("5"), json!({"op": "remove", "path": "/metadata/resourceVersion"})], false),
            (vec![set("5"), json!({"op": "add", "path": "/metadata", "value": {}})], false),
            (vec![set("5"), json!({"op": "replace", "path": "", "value": {}})], false),
            (vec![json!({"op": "add", "path": "/data/a", "value": "b"})], false),
        ] {
            let value = Value::from(operations);
            let mut payload = Payload::Json { media_type: JSON_PATCH, value: value.clone() };
            payload.bind_unless_bound("7");
            assert_eq!(payload.to_bytes() == value.to_string(), is_bound, "{value}");
        }
    }

    fn request(verb: Verb, subresource: &str, payload: Payload) -> KubeRequest {
        let resource =
            Some(ResourceInfo { subresource: subresource.to_owned(), ..Default::default() });
        KubeRequest {
            id: Uuid::nil(),
            method: Method::POST,
            info: Arc::new(RequestInfo { verb, path: String::new(), resource }),
            query: Query::default(),
            headers: HeaderMap::new(),
            payload,
            impersonation: None,
            returns_masked: false,
            came: None,
            upgrade: None,
            room: None,
        }
    }

    #[test]
    fn each_kind_of_request_is_bound_to_its_object_in_the_way_that_is_enforced() {
        let object = LiveObject { uid: "u".into(), resource_version: "7".into() };
        let json = |media_type, value| Payload::Json { media_type, value };
        let deletes = |options| Payload::Delete(DeleteOptions::from_json(options).unwrap());
        let bound = json!({"uid": "u", "resourceVersion": "7"});
        let delete = request(Verb::Delete, "", deletes(json!({"gracePeriodSeconds": 0})));
        let eviction = json!({"kind": "Eviction", "deleteOptions": {"gracePeriodSeconds": 0}});
        let evict = request(Verb::Create, "eviction", json("application/json", eviction));
        for (request, place) in
            [(&delete, "/preconditions"), (&evict, "/deleteOptions/preconditions")]
        {
            let sent = request.bound_to(&object).unwrap().to_bytes();
            let sent: Value = serde_json::from_slice(&sent).unwrap();
            assert_eq!(sent.pointer(place), Some(&bound), "{sent}");
        }
        let merge = "application/merge-patch+json";
        let patch = request(Verb::Patch, "scale", json(merge, json!({"spec": {}})));
        let sent = patch.bound_to(&object).unwrap().to_bytes();
        let expected = json!({"spec": {}, "metadata": {"resourceVersion": "7", "uid": "u"}});
        assert_eq!(sent, expected.to_string());
        let patch = request(Verb::Patch, "", json(JSON_PATCH, json!([])));
        let sent: Value =
            serde_json::from_slice(&patch.bound_to(&object).unwrap().to_bytes()).unwrap();
        assert_eq!(sent.as_array().map(Vec::len), Some(2), "{sent}");
    }

    #[test]
    fn what_the_client_is_bound_to_itself_has_to_agree() {
        let object = LiveObject { uid: "u".into(), resource_version: "7".into() };
        for (theirs, agrees) in [
            (json!({"uid": "u"}), true),
            (json!({"uid": "u", "resourceVersion": "7"}), true),
            (json!({"resourceVersion": null}), true),
            (json!({"uid": "other"}), false),
            (json!({"resourceVersion": "6"}), false),
        ] {
            let options = DeleteOptions::from_json(json!({"preconditions": theirs})).unwrap();
            let delete = request(Verb::Delete, "", Payload::Delete(options));
            assert_eq!(delete.bound_to(&object).is_ok(), agrees, "{theirs}");
        }
    }
}
