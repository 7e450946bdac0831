//! Keeping an object as it is right before it is changed, and noting what the change has left.
//!
//! The change is bound to the version of the object that was approved, or to a later one in which all
//! is the same but what controllers write. So what is read here a moment before it is sent is what it
//! changes, or it changes nothing.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use kguard::api::undo::Undoable;
use kguard::audit::record;
use kguard::kube::request_info::{RequestInfo, Verb};
use kguard::kube::strict_json;
use kguard::policy::Object;
use serde_json::Value;
use uuid::Uuid;

use super::vault::Seal;
use super::{body, digest};
use crate::cluster::Cluster;
use crate::decide::Permit;
use crate::forward::{Answer, ForwardError, PooledBody, SendError, Unmasked};
use crate::gateway::Gateway;
use crate::live::LiveObjects;
use crate::store::PreImage;

/// The largest object that is kept: no API server stores a larger one.
const MAX_IMAGE_BYTES: usize = 4 << 20;
/// The largest answer to a change that is looked at.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// What a delete leaves.
const NOTHING: &str = "nothing";

/// An object is kept for a change that is about to be sent.
#[derive(Debug)]
pub struct Kept {
    id: Uuid,
    verb: Verb,
}

/// Keeps the object of a change that needed an approval, if there is one, and notes in the permit
/// whether it is kept.
pub async fn keep(gateway: &Gateway, cluster: &Cluster, permit: &mut Permit) -> Option<Kept> {
    let request = permit.subject().request();
    if !permit.needed_approval() || request.is_dry_run() || !can_be_undone(&request.info) {
        return None;
    }
    let (note, kept) = match store(gateway, cluster, permit).await {
        Ok(kept) => (record::PreImage::Kept, Some(kept)),
        Err(why) => (record::PreImage::Missing(why), None),
    };
    permit.note_pre_image(note);
    kept
}

/// Changes of a whole object, and of its scale.
fn can_be_undone(info: &RequestInfo) -> bool {
    let of = info.resource.as_ref().filter(|of| !of.name.is_empty());
    of.is_some_and(|of| match info.verb {
        Verb::Delete => of.subresource.is_empty(),
        Verb::Patch | Verb::Update => matches!(of.subresource.as_str(), "" | "scale"),
        _ => false,
    })
}

/// Errors are for the trail, and say nothing of the object.
async fn store(gateway: &Gateway, cluster: &Cluster, permit: &Permit) -> Result<Kept, String> {
    let undos = &gateway.undos;
    if !undos.config.keeps() {
        return Err("the gateway is configured to keep none".to_owned());
    }
    let subject = permit.subject();
    let request = subject.request();
    let live = LiveObjects::of(cluster, subject.identity());
    let object = match live.object(&request.info).await {
        Object::Known(object) => body::to_keep(&object),
        Object::Absent => return Err("there was no object before".to_owned()),
        Object::Unavailable { why } => return Err(why),
    };
    let plain = object.to_string().into_bytes();
    if plain.len() > MAX_IMAGE_BYTES {
        return Err("the object is too large".to_owned());
    }
    let at = gateway.clock.now();
    let change = Undoable {
        id: request.id,
        hold: permit.hold().map(str::to_owned),
        caller: subject.caller().clone(),
        identity: subject.identity().clone(),
        cluster: cluster.name().to_owned(),
        request: request.info.clone(),
        at,
        until: undos.config.until(at),
    };
    let about = serde_json::to_string(&change).map_err(|error| error.to_string())?;
    let sealed = undos.vault.seal(&Seal { about: &about }, plain);
    let image = PreImage {
        id: change.id.to_string(),
        hold: change.hold,
        at,
        expires: change.until,
        about,
        sealed: sealed.ok_or("it could not be encrypted")?,
        outcome: None,
    };
    let stored = gateway.store.put_pre_image(image, undos.config.max_bytes()).await;
    stored.map_err(|error| {
        tracing::warn!(%error, "an object is not kept for undoing");
        "it could not be stored".to_owned()
    })?;
    Ok(Kept { id: change.id, verb: request.info.verb })
}

impl Kept {
    /// Notes what the change has left, out of the API server's answer; forgets the object if nothing
    /// was changed.
    pub async fn settle(
        self,
        gateway: &Gateway,
        mut unmasked: Unmasked,
    ) -> Result<Unmasked, ForwardError> {
        let Answer::Response(response) = unmasked.answer else { return Ok(unmasked) };
        if !response.status().is_success() {
            self.forget(gateway).await;
            return Ok(Unmasked { answer: Answer::Response(response), ..unmasked });
        }
        if self.verb == Verb::Delete {
            self.note(gateway, NOTHING).await;
            return Ok(Unmasked { answer: Answer::Response(response), ..unmasked });
        }
        let (parts, body) = response.into_parts();
        let bytes = match read(body, &unmasked.about.cluster).await {
            Ok(bytes) => bytes,
            Err(error) => {
                unmasked.committed.unanswered(error.reason().code(), &error.to_string());
                return Err(error);
            }
        };
        // In another form than JSON it is not understood: then it is not known what was left.
        if let Some(left) = strict_json::parse(&bytes).ok().filter(is_object) {
            self.note(gateway, &digest(&gateway.placeholders, &left)).await;
        }
        let response = http::Response::from_parts(parts, PooledBody::whole(bytes));
        unmasked.answer = Answer::Response(response);
        Ok(unmasked)
    }

    async fn note(&self, gateway: &Gateway, outcome: &str) {
        let id = self.id.to_string();
        if let Err(error) = gateway.store.set_pre_image_outcome(&id, outcome).await {
            tracing::warn!(%error, "what a change has left is not noted, so it cannot be undone");
        }
    }

    async fn forget(&self, gateway: &Gateway) {
        if let Err(error) = gateway.store.remove_pre_image(&self.id.to_string()).await {
            tracing::warn!(%error, "what was kept for a change that was refused is still there");
        }
    }
}

/// And not a table of some.
fn is_object(value: &Value) -> bool {
    value.pointer("/metadata/uid").is_some_and(Value::is_string)
}

/// The whole body of an answer.
async fn read(mut body: PooledBody, cluster: &str) -> Result<Bytes, ForwardError> {
    let failed = |source| ForwardError::Send { cluster: cluster.to_owned(), source };
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| failed(SendError::Broken(error)))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > MAX_ANSWER_BYTES {
            return Err(ForwardError::Long { cluster: cluster.to_owned() });
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}
