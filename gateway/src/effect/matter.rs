//! What is kept of a held request while it waits: all that is needed to tell what it would do, and
//! no more. It does not change, and goes when the hold is settled.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Method};
use kguard::api::LiveObject;
use kguard::identity::Caller;
use kguard::kube::request_info::RequestInfo;
use kguard::kube::target::Query;
use kguard::mask::{Echo, MaskRules};
use serde_json::Value;
use uuid::Uuid;

use crate::bodies::Taken;
use crate::decide::Held;
use crate::live::{Bond, Bound};
use crate::request::{KubeRequest, Payload};

/// The most that is kept of the object as it was, compressed.
const MAX_STORED_BYTES: usize = 16 * 1024;
/// No object is larger when it is read.
const MAX_OBJECT_BYTES: u64 = 16 << 20;

/// What a hold is about.
pub struct Matter {
    cluster: String,
    method: Method,
    info: Arc<RequestInfo>,
    query: Query,
    user_agent: Option<HeaderValue>,
    body: Body,
    identity: Arc<Caller>,
    masks: Arc<MaskRules>,
    echo: Echo,
    noted_query: Vec<(String, String)>,
    object: Option<LiveObject>,
    shown: String,
    is_held_to_version: bool,
    is_absent: bool,
    stored: Option<Vec<u8>>,
    /// Its client may be away, and the body is still here.
    room: Option<Arc<Taken>>,
}

/// A body in the least room.
enum Body {
    Json { media_type: &'static str, text: Bytes },
    Other(Payload),
}

impl Matter {
    /// What is kept of a request that is about to wait, and of its object as it is now.
    pub fn of(held: &Held, cluster: &str, bound: Bound) -> Self {
        let subject = held.subject();
        let request = subject.request();
        let body = match &request.payload {
            Payload::Json { media_type, .. } => {
                Body::Json { media_type, text: request.payload.to_bytes() }
            }
            other => Body::Other(other.clone()),
        };
        let shown = bound.shown();
        let Bound { bond, object, stored } = bound;
        Self {
            cluster: cluster.to_owned(),
            method: request.method.clone(),
            info: Arc::clone(&request.info),
            query: request.query.clone(),
            user_agent: request.headers.get(USER_AGENT).cloned(),
            body,
            identity: Arc::clone(subject.identity()),
            masks: Arc::clone(subject.masks()),
            echo: subject.echo().clone(),
            noted_query: subject.noted_query().to_vec(),
            object,
            shown,
            is_held_to_version: matches!(bond, Some(Bond::Version(_))),
            is_absent: matches!(bond, Some(Bond::Absent)),
            stored: stored.and_then(|stored| compressed(&stored)),
            room: request.room.clone(),
        }
    }

    /// The cluster.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The object that it is bound to, in the version that was there.
    pub fn object(&self) -> Option<&LiveObject> {
        self.object.as_ref()
    }

    /// Tells what it was when the hold opened from what it may become.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// As whom it would run.
    pub(super) fn identity(&self) -> &Arc<Caller> {
        &self.identity
    }

    /// What is masked for the one who asked.
    pub(super) fn masks(&self) -> &Arc<MaskRules> {
        &self.masks
    }

    /// Which values of what would be stored came with it.
    pub(super) fn echo(&self) -> &Echo {
        &self.echo
    }

    /// Its query, without what is masked in it.
    pub(super) fn noted_query(&self) -> &[(String, String)] {
        &self.noted_query
    }

    /// Whether another version of the object ends it.
    pub(super) fn is_held_to_version(&self) -> bool {
        self.is_held_to_version
    }

    /// Whether there was no object when the hold opened.
    pub(super) fn is_absent(&self) -> bool {
        self.is_absent
    }

    /// The object as it was when the hold opened, unless it was too large to be kept.
    pub(super) fn stored(&self) -> Option<Value> {
        let mut text = Vec::new();
        let stored = self.stored.as_deref()?;
        DeflateDecoder::new(stored).take(MAX_OBJECT_BYTES).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// The request once more, to be tried.
    pub(super) fn request(&self) -> KubeRequest {
        let payload = match &self.body {
            Body::Json { media_type, text } => match serde_json::from_slice(text) {
                Ok(value) => Payload::Json { media_type, value },
                // It was written here, so it can be read here.
                Err(_) => Payload::Empty,
            },
            Body::Other(payload) => payload.clone(),
        };
        KubeRequest {
            id: Uuid::now_v7(),
            method: self.method.clone(),
            info: Arc::clone(&self.info),
            query: self.query.clone(),
            headers: self
                .user_agent
                .iter()
                .map(|of| (USER_AGENT, of.clone()))
                .collect::<HeaderMap>(),
            payload,
            impersonation: None,
            returns_masked: false,
            came: None,
            upgrade: None,
            room: self.room.clone(),
        }
    }
}

/// Says what it is, not what is in it.
impl fmt::Debug for Matter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Matter").field("path", &self.info.path).finish_non_exhaustive()
    }
}

/// An object without what each write changes, if that is not too large.
fn compressed(object: &Value) -> Option<Vec<u8>> {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
    }
    if let Some(fields) = object.as_object_mut() {
        fields.shift_remove("status");
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(object.to_string().as_bytes()).ok()?;
    encoder.finish().ok().filter(|bytes| bytes.len() <= MAX_STORED_BYTES)
}
