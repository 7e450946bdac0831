//! The live objects behind a request, read in the name of the one who asks: what is stored now,
//! what would be stored, and how much goes along.
//!
//! These are the gateway's own reads. Their answers are decided with; the only one that is passed
//! on is that the API server would refuse the request.

mod binding;
mod dry_runs;

pub use binding::{BindError, Bond, Bound, NotBound, Seen, lasting};
pub use dry_runs::{Remembered as RememberedDryRuns, StoresNothing};

use kguard::api::LiveObject;
use kguard::effect::noise::has_other_owners;
use kguard::identity::Caller;
use kguard::kube::request_info::{RequestInfo, Verb};
use kguard::policy::{BlastRadius, Object};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::forward::{self, DryRun, PooledBody, ReadError};
use crate::request::{KubeRequest, Payload};

/// Subresources that are stored with their object, so that a dry run of them answers with what
/// would be stored.
const STORED: [&str; 7] =
    ["", "approval", "ephemeralcontainers", "finalize", "resize", "scale", "status"];

/// How often an object is looked at that changes meanwhile.
const LOOKS: u32 = 5;

/// Groups in which what is created is a question, answered and forgotten.
pub(crate) const QUESTIONS: [&str; 2] = ["authentication.k8s.io", "authorization.k8s.io"];

/// The objects of one cluster, as one caller may see them.
#[derive(Debug, Clone, Copy)]
pub struct LiveObjects<'a> {
    cluster: &'a Cluster,
    caller: &'a Caller,
}

/// What a request does to its object, both sides of one version where they are known.
pub struct Change {
    /// What would be stored.
    pub object: Object,
    /// What is stored; absent if nobody asked for it.
    pub old_object: Object,
    /// Whether the object is not there yet, if that is known.
    pub creates: Option<bool>,
}

/// Of a change that would be seen nowhere else.
pub const OTHER_OWNERS: &str = "changes nothing but which fields belong to whom (managedFields)";

impl Change {
    /// Whether fields would belong to others than now.
    pub fn has_other_owners(&self) -> bool {
        let sides = self.old_object.known().zip(self.object.known());
        sides.is_some_and(|(old, new)| has_other_owners(old, new))
    }

    /// Whether the object was changed by somebody else between the two looks at it.
    fn is_torn(&self) -> bool {
        let versions = [&self.object, &self.old_object].map(version_of);
        let both_known = versions.iter().all(Option::is_some);
        let [object, old] = versions;
        (both_known && object != old)
            || (self.creates == Some(true) && old.is_some())
            || (self.creates == Some(false) && matches!(self.old_object, Object::Absent))
    }
}

fn version_of(object: &Object) -> Option<&str> {
    match object {
        Object::Known(object) => object.pointer("/metadata/resourceVersion")?.as_str(),
        Object::Absent | Object::Unavailable { .. } => None,
    }
}

/// The API server would refuse the request, with this answer.
pub struct WouldRefuse(pub http::Response<PooledBody>);

impl<'a> LiveObjects<'a> {
    /// Reads from this cluster in the name of `caller`.
    pub fn of(cluster: &'a Cluster, caller: &'a Caller) -> Self {
        Self { cluster, caller }
    }

    /// The object that the request would replace, change or delete.
    pub async fn stored(&self, request: &RequestInfo) -> Object {
        if !matches!(request.verb, Verb::Delete | Verb::Patch | Verb::Update) {
            return Object::Absent;
        }
        self.read(request).await
    }

    /// The pod that a stream goes to, as far as the caller may read it.
    pub async fn pod(&self, request: &RequestInfo) -> Option<Value> {
        match self.read(request).await {
            Object::Known(pod) => Some(pod),
            _ => None,
        }
    }

    /// What the request would store, and what is stored if `old` is asked for: of one version, or
    /// not known.
    pub async fn change(&self, request: &KubeRequest, old: bool) -> Result<Change, WouldRefuse> {
        for _ in 0..LOOKS {
            let old_object = if old { self.stored(&request.info).await } else { Object::Absent };
            let (object, creates) = self.would_be_stored(request).await?;
            let change = Change { object, old_object, creates };
            if !old || !change.is_torn() {
                return Ok(change);
            }
        }
        let why = "it changes faster than kguard can look at it; try again";
        let unknown = || Object::Unavailable { why: why.to_owned() };
        Ok(Change { object: unknown(), old_object: unknown(), creates: None })
    }

    /// The object that the request would store, and whether it would create it, if that is known.
    async fn would_be_stored(
        &self,
        request: &KubeRequest,
    ) -> Result<(Object, Option<bool>), WouldRefuse> {
        let Some(resource) = request.info.resource.as_ref().filter(|_| request.writes_object())
        else {
            return Ok((Object::Absent, None));
        };
        // It has no object, whatever body its client sends.
        if request.info.is_stream() {
            return Ok((Object::Absent, None));
        }
        let create = request.info.verb == Verb::Create;
        let stored = STORED.contains(&resource.subresource.as_str())
            && (!create || resource.subresource.is_empty())
            && !QUESTIONS.contains(&resource.api_group.as_str());
        if !stored {
            return Ok((as_sent(request), None));
        }
        if !dry_runs::are_known(self.cluster, self.caller, &request.info).await {
            let why = "its API server does not say that it knows dry runs, so kguard cannot tell \
                       what it would store";
            return Ok((Object::Unavailable { why: why.to_owned() }, None));
        }
        match forward::dry_run(self.cluster, self.caller, request).await {
            Ok(DryRun::Stored { object, creates }) => Ok((Object::Known(object), Some(creates))),
            Ok(DryRun::Refused(response)) => Err(WouldRefuse(response)),
            Err(error) => {
                let why = format!("its dry run failed: {error}");
                Ok((Object::Unavailable { why }, None))
            }
        }
    }

    /// How much goes along with the request, if that can be told.
    pub async fn blast_radius(&self, request: &KubeRequest, radius: BlastRadius) -> Option<u64> {
        let path = match radius {
            BlastRadius::Of(count) => return Some(count),
            BlastRadius::Unknown => return None,
            BlastRadius::Listed(path) => path,
        };
        let selectors = ["fieldSelector", "labelSelector"];
        let query: kguard::kube::target::Query = match request.info.verb {
            Verb::DeleteCollection => request.query.pairs().iter(),
            _ => [].iter(),
        }
        .filter(|(key, _)| selectors.contains(&key.as_str()))
        .cloned()
        .collect();
        let target = match query.encode() {
            query if query.is_empty() => path,
            query => format!("{path}?{query}"),
        };
        let listed = forward::list(self.cluster, self.caller, &target).await.ok()?;
        Some(listed.iter().map(BlastRadius::of_listed).fold(0, u64::saturating_add).max(1))
    }

    /// The object that the request is about.
    pub async fn object(&self, request: &RequestInfo) -> Object {
        self.read(request).await
    }

    async fn read(&self, request: &RequestInfo) -> Object {
        match object_path(request) {
            Some(path) => self.read_at(&path).await,
            None => Object::Absent,
        }
    }

    async fn read_at(&self, path: &str) -> Object {
        match forward::read(self.cluster, self.caller, path).await {
            Ok(object) => Object::Known(object),
            Err(ReadError::NotFound) => Object::Absent,
            Err(error) => Object::Unavailable { why: error.to_string() },
        }
    }
}

/// The object of a request that stores none, as far as it can be read.
fn as_sent(request: &KubeRequest) -> Object {
    match &request.payload {
        Payload::Json { value, .. } => Object::Known(value.clone()),
        Payload::Empty => Object::Absent,
        Payload::Delete(_) | Payload::Opaque { .. } => {
            let why = "its body is protobuf, which kguard cannot look into here; send JSON";
            Object::Unavailable { why: why.to_owned() }
        }
    }
}

/// The identity and version of an object.
pub fn identity(object: &Value) -> Option<LiveObject> {
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
