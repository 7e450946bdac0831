//! What it takes to undo a change now: the request, made of what was kept and of what is there, which
//! is looked at in the name of the one who undoes.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Method, Request};
use http_body_util::Full;
use kguard::identity::Caller;
use kguard::kube::request_info::Verb;
use kguard::policy::Object;
use serde_json::Value;

use super::{Former, NotUndone, body, digest};
use crate::cluster::Cluster;
use crate::gateway::Gateway;
use crate::live::LiveObjects;

/// The API server names the owner of fields after it.
const AGENT: &str = concat!("kguard-undo/", env!("CARGO_PKG_VERSION"));

/// The request that undoes a change.
pub(super) struct Plan {
    pub(super) method: Method,
    pub(super) path: String,
    /// What it would store, with all that is masked.
    pub(super) body: Value,
    /// What is there now, as far as it can be read.
    pub(super) live: Option<Value>,
    /// What is not brought back.
    pub(super) notes: Vec<String>,
    /// Why it is not to be sent.
    pub(super) obstacle: Option<NotUndone>,
}

impl Plan {
    pub(super) async fn of(
        gateway: &Gateway,
        cluster: &Cluster,
        (former, caller): (&Former, &Caller),
    ) -> Self {
        let live = LiveObjects::of(cluster, caller).object(&former.change.request).await;
        if former.change.request.verb == Verb::Delete {
            Self::create(former, live)
        } else {
            Self::replace(gateway, former, live)
        }
    }

    fn create(former: &Former, live: Object) -> Self {
        let (body, mut notes) = body::to_create(&former.object);
        let info = &former.change.request;
        if info.resource.as_ref().is_some_and(|of| of.resource == "namespaces") {
            notes.push("what was in the namespace is not brought back".to_owned());
        }
        notes.push("what belonged to it and went along is not brought back".to_owned());
        let (live, obstacle) = match live {
            Object::Absent => (None, None),
            Object::Unavailable { why } => (None, Some(NotUndone::Unreadable(why))),
            Object::Known(live) => {
                let goes = live.pointer("/metadata/deletionTimestamp").is_some();
                (Some(live), Some(if goes { NotUndone::Going } else { NotUndone::Other }))
            }
        };
        // The name is the last part; it is in the body.
        let path = info.path.rsplit_once('/').map_or("", |(path, _)| path).to_owned();
        Self { method: Method::POST, path, body, live, notes, obstacle }
    }

    fn replace(gateway: &Gateway, former: &Former, live: Object) -> Self {
        let path = former.change.request.path.clone();
        let (method, notes) = (Method::PUT, Vec::new());
        let (live, why_not) = match live {
            Object::Known(live) => (live, None),
            Object::Absent => (Value::Null, Some(NotUndone::Gone)),
            Object::Unavailable { why } => (Value::Null, Some(NotUndone::Unreadable(why))),
        };
        let obstacle = why_not.or_else(|| {
            let uid = |of: &Value| of.pointer("/metadata/uid").cloned();
            match &former.outcome {
                _ if uid(&live) != uid(&former.object) => Some(NotUndone::Other),
                None => Some(NotUndone::Unseen),
                Some(left) => {
                    (digest(&gateway.placeholders, &live) != *left).then_some(NotUndone::Changed)
                }
            }
        });
        let body = body::to_replace(&former.object, &live);
        let live = Some(live).filter(|live| !live.is_null());
        Self { method, path, body, live, notes, obstacle }
    }

    /// The request, unless something is in its way.
    pub(super) fn into_request(self) -> Result<Request<Full<Bytes>>, NotUndone> {
        if let Some(obstacle) = self.obstacle {
            return Err(obstacle);
        }
        let request = Request::builder()
            .method(self.method)
            .uri(&self.path)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, AGENT)
            .body(Full::from(self.body.to_string()));
        // The path was a request's before.
        request.map_err(|_| NotUndone::Sealed)
    }
}
