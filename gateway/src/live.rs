//! Reads the live object behind a request, as the caller: for policies that compare, and to bind
//! a held delete to what its approvers are shown.
//!
//! These are the gateway's own reads. Their answers are decided with and never passed on.

use kguard::api::LiveObject;
use kguard::identity::Caller;
use kguard::kube::request_info::RequestInfo;
use kguard::policy::Object;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::forward::{self, ReadError};

/// The objects of one cluster.
#[derive(Debug, Clone, Copy)]
pub struct LiveObjects<'a> {
    cluster: &'a Cluster,
}

/// Why a request cannot be bound to a live object.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The object is not there.
    #[error("the object does not exist")]
    NotFound,
    /// It cannot be read, so an approval could not say what it is for.
    #[error("kguard cannot read the object that the approval would be for: {0}")]
    Unreadable(&'static str),
}

impl<'a> LiveObjects<'a> {
    /// Reads from this cluster.
    pub fn of(cluster: &'a Cluster) -> Self {
        Self { cluster }
    }

    /// The cluster's name.
    pub fn cluster_name(&self) -> &'a str {
        self.cluster.name()
    }

    /// The object that the request would replace, change or delete.
    pub async fn read(&self, caller: &Caller, request: &RequestInfo) -> Object {
        let Some(path) = object_path(request) else { return Object::Absent };
        match forward::read(self.cluster, caller, &path).await {
            Ok(object) => Object::Known(object),
            Err(ReadError::NotFound) => Object::Absent,
            Err(error) => Object::Unavailable { why: error.to_string() },
        }
    }

    /// The identity and version of the object that the request would delete.
    pub async fn identify(
        &self,
        caller: &Caller,
        request: &RequestInfo,
    ) -> Result<LiveObject, BindError> {
        match self.read(caller, request).await {
            Object::Known(object) => identity(&object)
                .ok_or(BindError::Unreadable("it has no uid or no resourceVersion")),
            Object::Absent => Err(BindError::NotFound),
            Object::Unavailable { .. } => {
                Err(BindError::Unreadable("the API server does not let the caller read it"))
            }
        }
    }
}

fn identity(object: &Value) -> Option<LiveObject> {
    let metadata = object.get("metadata")?;
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(LiveObject { uid: text("uid")?, resource_version: text("resourceVersion")? })
}

/// Where the object of a request is read: at the request's own path for objects, `scale` and
/// `status`; at the object that it hangs on for every other subresource.
fn object_path(request: &RequestInfo) -> Option<String> {
    let of = request.resource.as_ref().filter(|of| !of.name.is_empty())?;
    match of.subresource.as_str() {
        "" | "scale" | "status" => Some(request.path.clone()),
        subresource => request.path.strip_suffix(&format!("/{subresource}")).map(str::to_owned),
    }
}
