//! What a change is bound to: what was decided on, or what approvers were shown, is what it is sent
//! for.
//!
//! | request | bound by |
//! |---|---|
//! | delete, eviction | preconditions: uid and resourceVersion |
//! | update, patch, scale, status and the like | uid and resourceVersion in what is sent |
//! | of an object that is not there yet | a look right before it is sent |
//! | exec, attach, port-forward, what goes through a proxy | the object's uid, looked at right before |
//! | create | its body alone: there is nothing else |
//!
//! Of the first two the API server itself refuses every other version with 409. Between the look and
//! the request of the others there is one round trip.

use kguard::api::LiveObject;
use kguard::audit::hex::sha256;
use kguard::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use kguard::policy::Object;
use serde_json::{Value, json};

use super::{Change, LiveObjects, WouldRefuse, identity, version_of};
use crate::forward::{self, PooledBody};
use crate::request::{KubeRequest, Payload};

/// What a request is bound to when it is sent.
#[derive(Debug, Clone)]
pub enum Bond {
    /// There is no such object yet.
    Absent,
    /// One object, in whatever version.
    Same {
        /// Its uid.
        uid: String,
    },
    /// One version of an object, or a later one in which all is the same that was looked at.
    Version(Seen),
}

/// What a decision on a change has seen: as long as it is still so, the decision stands.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The object and its version, which the change is bound to.
    pub object: LiveObject,
    /// SHA-256 of both sides, without what changes by itself.
    digest: String,
    /// Whether the one that is stored is part of it.
    old: bool,
}

/// A held request's object, as the approvers are shown it.
#[derive(Debug, Default)]
pub struct Bound {
    /// What the request is bound to; nothing if it has no object.
    pub bond: Option<Bond>,
    /// The object and its version, if there is one.
    pub object: Option<LiveObject>,
    /// The object as it is stored, for what is different later on.
    pub stored: Option<Value>,
}

/// Why a request cannot be bound to a live object.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Between the decision and the hold the object was changed.
    #[error("the object was changed while it was being decided on; try again")]
    Changed,
    /// The object is not there.
    #[error("the object does not exist")]
    NotFound,
    /// Its body is protobuf.
    #[error(
        "this needs an approval, and an approval cannot be bound to a body in protobuf; send JSON"
    )]
    Protobuf,
    /// It cannot be read, so an approval could not say what it is for.
    #[error("kguard cannot read the object that the approval would be for: {0}")]
    Unreadable(&'static str),
}

/// Why a held request is not bound.
pub enum NotBound {
    /// There is nothing to bind it to.
    Error(BindError),
    /// The API server would refuse it, so there is nothing to approve either.
    Futile(http::Response<PooledBody>),
}

impl From<BindError> for NotBound {
    fn from(error: BindError) -> Self {
        Self::Error(error)
    }
}

impl Seen {
    /// Of one object that is stored, and is to go.
    fn of_stored(object: &Value, request: &RequestInfo) -> Option<Self> {
        let digest = digest([None, Some(object)], request);
        Some(Self { object: identity(object)?, digest, old: true })
    }
}

impl Change {
    /// What is to be remembered of a change of an object that is there.
    pub fn seen(&self, request: &RequestInfo) -> Option<Seen> {
        self.seen_with(request, !matches!(self.old_object, Object::Absent))
    }

    fn seen_with(&self, request: &RequestInfo, old: bool) -> Option<Seen> {
        let object = Some(&self.object).filter(|_| self.creates == Some(false));
        let resource_version = object.and_then(version_of)?.to_owned();
        let uid = self.object.known().and_then(|object| object.pointer("/metadata/uid")?.as_str());
        let uid = uid.unwrap_or_default().to_owned();
        let old_object = self.old_object.known().filter(|_| old);
        let digest = digest([self.object.known(), old_object], request);
        Some(Seen { object: LiveObject { uid, resource_version }, digest, old })
    }

    /// Whether a decision that has seen that still stands.
    fn agrees(&self, request: &RequestInfo, decided: &Seen) -> bool {
        self.seen_with(request, decided.old).is_some_and(|now| now.digest == decided.digest)
    }
}

impl Bound {
    /// Tells what the approvers are shown from whatever else there may be by then: a client that
    /// comes back finds its hold only as long as this is the same.
    pub fn shown(&self) -> String {
        match &self.bond {
            None => String::new(),
            Some(Bond::Absent) => "absent".to_owned(),
            Some(Bond::Same { uid }) => uid.clone(),
            Some(Bond::Version(Seen { object, digest, .. })) => format!("{} {digest}", object.uid),
        }
    }

    fn to_version(seen: Seen, stored: Option<Value>) -> Self {
        let object = Some(seen.object.clone());
        Self { bond: Some(Bond::Version(seen)), object, stored }
    }
}

impl LiveObjects<'_> {
    /// What a request that waits for an approval is to be bound to, if it is bound to anything.
    /// `decided` is what the decision to hold it has seen.
    pub async fn bind(
        &self,
        request: &KubeRequest,
        decided: Option<&Seen>,
    ) -> Result<Bound, NotBound> {
        let info = &request.info;
        let Some(resource) = info.resource.as_ref().filter(|of| !of.name.is_empty()) else {
            return Ok(Bound::default());
        };
        let goes = info.verb == Verb::Delete || resource.subresource == "eviction";
        match info.verb {
            _ if info.is_stream() || info.is_proxy() => Ok(self.bind_to_object(resource).await?),
            _ if goes => Ok(self.bind_to_stored(request).await?),
            Verb::Create => Ok(self.bind_to_object(resource).await?),
            Verb::Patch | Verb::Update => self.bind_to_change(request, decided).await,
            _ => Ok(Bound::default()),
        }
    }

    /// What is seen now, if it is still what a decision has seen but for the version.
    pub async fn again(&self, request: &KubeRequest, seen: &Seen) -> Option<Seen> {
        let now = if request.writes_object() && request.info.subresource() != "eviction" {
            self.change(request, seen.old).await.ok()?.seen(&request.info)
        } else {
            Seen::of_stored(self.read(&request.info).await.known()?, &request.info)
        };
        now.filter(|now| now.digest == seen.digest && now.object.uid == seen.object.uid)
    }

    /// Whether that is there to which a request is bound that the API server does not hold to it.
    pub async fn is_still(&self, request: &RequestInfo, bond: &Bond) -> bool {
        match bond {
            Bond::Absent => matches!(self.read(request).await, Object::Absent),
            Bond::Same { uid } => {
                let resource = request.resource.as_ref();
                let Some(path) = resource.and_then(named_path) else { return false };
                let now = forward::read(self.cluster, self.caller, &path).await.ok();
                now.as_ref().and_then(identity).is_some_and(|now| now.uid == *uid)
            }
            Bond::Version(_) => true,
        }
    }

    /// A delete or an eviction, of what is there.
    async fn bind_to_stored(&self, request: &KubeRequest) -> Result<Bound, BindError> {
        let stored = known(self.read(&request.info).await)?;
        let seen = Seen::of_stored(&stored, &request.info).ok_or(NO_IDENTITY)?;
        if matches!(request.payload, Payload::Opaque { .. }) {
            return Err(BindError::Protobuf);
        }
        Ok(Bound::to_version(seen, Some(stored)))
    }

    /// A stream, or what goes through a proxy.
    async fn bind_to_object(&self, resource: &ResourceInfo) -> Result<Bound, BindError> {
        let path = named_path(resource).ok_or(NO_IDENTITY)?;
        let stored = known(self.read_at(&path).await)?;
        let object = identity(&stored).ok_or(NO_IDENTITY)?;
        let bond = Some(Bond::Same { uid: object.uid.clone() });
        Ok(Bound { bond, object: Some(object), stored: Some(stored) })
    }

    /// A change of what is there, or of what it makes.
    async fn bind_to_change(
        &self,
        request: &KubeRequest,
        decided: Option<&Seen>,
    ) -> Result<Bound, NotBound> {
        let info = &request.info;
        if matches!(request.payload, Payload::Opaque { .. }) {
            return Err(BindError::Protobuf.into());
        }
        let change = self.change(request, true).await;
        let change = change.map_err(|WouldRefuse(response)| NotBound::Futile(response))?;
        if decided.is_some_and(|decided| !change.agrees(info, decided)) {
            return Err(BindError::Changed.into());
        }
        if let Some(seen) = change.seen(info) {
            return Ok(Bound::to_version(seen, known(change.old_object).ok()));
        }
        match change.old_object {
            Object::Absent if change.creates == Some(false) => Err(BindError::NotFound.into()),
            Object::Absent => Ok(Bound { bond: Some(Bond::Absent), ..Bound::default() }),
            // There is no dry run of it, so this is all that can be held to.
            stored => {
                let stored = known(stored)?;
                let seen = Seen::of_stored(&stored, info).ok_or(NO_IDENTITY)?;
                let bond = Bond::Version(Seen { old: false, ..seen });
                Ok(Bound { object: identity(&stored), bond: Some(bond), stored: Some(stored) })
            }
        }
    }
}

const NO_IDENTITY: BindError = BindError::Unreadable("it has no uid or no resourceVersion");

fn known(object: Object) -> Result<Value, BindError> {
    match object {
        Object::Known(object) => Ok(object),
        Object::Absent => Err(BindError::NotFound),
        Object::Unavailable { .. } => {
            Err(BindError::Unreadable("the API server does not let the caller read it"))
        }
    }
}

/// Where the object is read that a subresource hangs on. A proxy's path goes on behind it, and its
/// name may have a scheme and a port around it.
fn named_path(of: &ResourceInfo) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    let ResourceInfo { api_group, api_version, namespace, resource, name, .. } = of;
    if name.is_empty() || !name.chars().all(is_plain) {
        return None;
    }
    let root = match api_group.as_str() {
        "" => format!("/api/{api_version}"),
        group => format!("/apis/{group}/{api_version}"),
    };
    Some(match namespace.as_str() {
        _ if resource == "namespaces" => format!("{root}/{resource}/{name}"),
        "" => format!("{root}/{resource}/{name}"),
        namespace => format!("{root}/namespaces/{namespace}/{resource}/{name}"),
    })
}

fn digest(sides: [Option<&Value>; 2], request: &RequestInfo) -> String {
    let texts = sides.map(|side| side.map(|object| lasting(object, request)));
    sha256(json!(texts).to_string().as_bytes())
}

/// An object without what controllers write into it all the time.
pub fn lasting(object: &Value, request: &RequestInfo) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        metadata.remove("resourceVersion");
    }
    if let Some(fields) = object.as_object_mut().filter(|_| request.subresource() != "status") {
        fields.remove("status");
    }
    object
}
