//! The way back of masked values: before a write is decided on, what stands in for a value becomes
//! the value again, and what would tell a guess from another is refused.
//!
//! From here on the request holds values that its caller may not see: it has no `Debug` that shows
//! its body, and what is written down of that is a keyed digest.

use kguard::kube::request_info::{ResourceInfo, Verb};
use kguard::kube::status::Reason;
use kguard::mask::{Echo, Form, Incoming, PlaceholderKey, Prepared, Unwritable};
use kguard::policy::Object;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::decide::Subject;
use crate::known_values;
use crate::live::LiveObjects;
use crate::request::{Came, JSON_PATCH, KubeRequest, Payload};

const APPLY: &str = "application/apply-patch+yaml";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_MERGE_PATCH: &str = "application/strategic-merge-patch+json";

/// What kubectl calls the commands that delete an object in order to create it again (`--force`): this
/// is only claimed, but nobody gains anything by claiming it.
const RECREATING: [&str; 2] = ["kubectl apply", "kubectl replace"];

/// Why a write is refused before anything is decided on it.
#[derive(Debug, thiserror::Error)]
pub enum Unprepared {
    /// It would be followed by a create, with placeholders of what is gone.
    #[error(
        "kubectl is about to delete this object and to create it again, and values that are masked \
         for you would be lost: do it without --force (and --prune), or `kubectl delete` it if they \
         may be"
    )]
    Lost,
    /// What is stored cannot be read.
    #[error(
        "values of this object are masked for you, and to keep them as they are kguard has to read \
         the object in your name: {why}"
    )]
    Unreadable {
        /// Why not.
        why: String,
    },
    /// It cannot be written like that.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

impl Unprepared {
    /// What it is to the client.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Lost
            | Self::Unreadable { .. }
            | Self::Unwritable(Unwritable::Release | Unwritable::TakeOver { .. }) => {
                Reason::Forbidden
            }
            Self::Unwritable(Unwritable::Changed { .. } | Unwritable::Conflict { .. }) => {
                Reason::Conflict
            }
            Self::Unwritable(_) => Reason::Invalid,
        }
    }

    /// The field that is in the way, if it is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Lost | Self::Unreadable { .. } => None,
            Self::Unwritable(error) => error.field(),
        }
    }
}

/// Prepares what is to be sent, and answers with what the answer to it may not show.
pub async fn prepare(
    cluster: &Cluster,
    subject: &mut Subject,
    key: &PlaceholderKey,
) -> Result<(), Unprepared> {
    if recreates(subject.request()) && hides_what_is_stored(cluster, subject).await {
        return Err(Unprepared::Lost);
    }
    if deletes_secrets(subject) {
        let (caller, request) = (subject.identity(), &subject.request().info);
        known_values::read_and_remember(cluster, caller, request).await;
    }
    let Some(resource) = writes(subject) else { return Ok(()) };
    let live = match subject.request().info.verb {
        Verb::Patch | Verb::Update if has_object(&resource) => stored(cluster, subject).await?,
        _ => None,
    };
    // A pod may still print what is overwritten.
    if let Some(live) = live.as_ref().filter(|_| subject.masks().guard(&resource)) {
        known_values::remember(cluster, &resource, live);
    }
    let rules = subject.masks().clone();
    let request = subject.request_mut();
    let query = request.query.clone();
    request.came = Some(Came { body: request.payload.to_bytes(), version: None });
    let Payload::Json { media_type, value } = &mut request.payload else { return Ok(()) };
    let incoming = Incoming {
        rules,
        placeholders: key.placeholders(cluster.name(), Echo::None),
        resource: &resource,
        form: form(media_type, |name| query.first(name)),
        live: live.as_ref(),
    };
    let Prepared { echo, for_version } = incoming.prepare(value)?;
    let version =
        live.as_ref().and_then(|live| live.pointer("/metadata/resourceVersion")?.as_str());
    if let Some(version) = version.filter(|_| for_version) {
        request.payload.bind_unless_bound(version);
        request.came.iter_mut().for_each(|came| came.version = Some(version.to_owned()));
    }
    subject.set_echo(echo);
    Ok(())
}

/// The resource of a write that has to be prepared: a placeholder comes back, or it goes to a Secret
/// whose values are masked.
fn writes(subject: &Subject) -> Option<ResourceInfo> {
    let KubeRequest { info, returns_masked, .. } = subject.request();
    let changes = matches!(info.verb, Verb::Patch | Verb::Update);
    let resource = info.resource.as_ref()?;
    let masks = subject.masks();
    let keeps_release =
        subject.request().object().is_some_and(|object| masks.keep_release(resource, object));
    let prepares = *returns_masked || keeps_release || changes && masks.guard(resource);
    prepares.then(|| resource.clone())
}

fn recreates(request: &KubeRequest) -> bool {
    let command = request.headers.get("kubectl-command");
    request.info.verb == Verb::Delete
        && command.is_some_and(|command| RECREATING.iter().any(|known| command == known))
}

/// Whether something is masked of the object that is there. Who cannot read it has no placeholders.
async fn hides_what_is_stored(cluster: &Cluster, subject: &Subject) -> bool {
    let masks = subject.masks();
    if masks.is_empty() {
        return false;
    }
    let Ok(Some(object)) = stored(cluster, subject).await else { return false };
    masks.preview(&object).map_or(true, |preview| !preview.hidden.is_empty())
}

/// Whether a request deletes Secrets whose values are masked: a pod may still print them.
fn deletes_secrets(subject: &Subject) -> bool {
    let info = &subject.request().info;
    let deletes = matches!(info.verb, Verb::Delete | Verb::DeleteCollection);
    deletes && info.resource.as_ref().is_some_and(|resource| subject.masks().guard(resource))
}

/// Whether a body at this path is of the object that is masked.
fn has_object(resource: &ResourceInfo) -> bool {
    matches!(resource.subresource.as_str(), "" | "status")
}

async fn stored(cluster: &Cluster, subject: &Subject) -> Result<Option<Value>, Unprepared> {
    let live = LiveObjects::of(cluster, subject.identity());
    match live.stored(&subject.request().info).await {
        Object::Known(object) => Ok(Some(object)),
        Object::Absent => Ok(None),
        Object::Unavailable { why } => Err(Unprepared::Unreadable { why }),
    }
}

/// How the body says what is to be stored. Only what is sure to force is taken as forced.
fn form<'q>(media_type: &str, first: impl Fn(&str) -> Option<&'q str>) -> Form<'q> {
    match media_type {
        APPLY => Form::Apply {
            manager: first("fieldManager").unwrap_or_default(),
            force: first("force") == Some("true"),
        },
        JSON_PATCH => Form::JsonPatch,
        MERGE_PATCH => Form::MergePatch,
        STRATEGIC_MERGE_PATCH => Form::StrategicMergePatch,
        _ => Form::Object,
    }
}
