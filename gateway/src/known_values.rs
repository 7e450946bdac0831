//! Which values the text of a pod may hold: those of the Secrets that the pod references. They are
//! read before the request is recorded, since arguments of an exec may hold them as well.
//!
//! They are read as the user [`READER`], whom an administrator may let read pods and Secrets, or as
//! the caller himself. If neither may, the output cannot be masked, and so the
//! request is refused. It is refused as well if a Secret is gone that the containers cannot have
//! started without, and nobody here remembers what was in it.

mod former;
mod patterns;
mod reach;
mod readers;
mod references;

use std::collections::HashSet;
use std::sync::Arc;

pub use former::FormerValues;
pub use patterns::SharedPatterns;
pub use reach::{are_needed, can_be_read};
pub use readers::Refusals;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::try_join_all;
use kguard::identity::Caller;
use kguard::kube::pod::{StreamPod, container};
use kguard::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use kguard::kube::status::Reason;
use kguard::mask::text::{KnownValue, TextPlan};
use serde_json::Value;

use self::readers::{READER, Readers};
use self::references::Wanted;
use crate::cluster::Cluster;
use crate::decide::Subject;
use crate::forward::{self, ReadError};
use crate::request::KubeRequest;

/// More than any honest pod references; each is a request.
const MAX_SECRETS: usize = 64;

/// Two of the largest Secrets there can be. What is looked for takes a dozen times as much, for as long as
/// the stream runs.
const MAX_VALUES_BYTES: usize = 2 << 20;

/// As much again of what they held before, which is as much as is remembered of one.
const MAX_FORMER_BYTES: usize = 2 << 20;

/// Secrets that are read at once.
const READ_AT_ONCE: usize = 4;

/// Why the output of a pod cannot be masked.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// It may hold a value that its Secret has no more.
    #[error(
        "the output may hold {what}, which is gone while the pod needs it, so that kguard cannot mask \
         it: put it back, or ask somebody whom the mask exempts (docs/masking.md, \"Output of \
         containers\")"
    )]
    Gone {
        /// The Secret, or the key of it.
        what: String,
    },
    /// Neither may read it.
    #[error(
        "the output may hold values of {what}, which kguard has to know to mask them, and neither you \
         nor the user `{READER}` may read it: let that user get pods and secrets, with the ClusterRole in \
         docs/masking.md, \"Output of containers\""
    )]
    Refused {
        /// The object.
        what: String,
    },
    /// The pod references more Secrets than are read.
    #[error(
        "the pod references more than {MAX_SECRETS} Secrets, so kguard does not mask its output"
    )]
    TooMany,
    /// They hold more than is looked for.
    #[error(
        "the Secrets that the pod references hold more than 2 MiB, or held it in the last day, so kguard \
         does not mask its output: ask somebody whom the mask exempts (docs/masking.md, \"Output of \
         containers\")"
    )]
    TooLarge,
    /// The API server has no answer.
    #[error(
        "the output may hold values of {what}, which kguard has to know to mask them: {source}"
    )]
    Unavailable {
        /// The object.
        what: String,
        /// Why not.
        source: ReadError,
    },
}

impl Unknown {
    /// What it is to the client.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Gone { .. } | Self::Refused { .. } | Self::TooMany | Self::TooLarge => {
                Reason::Forbidden
            }
            Self::Unavailable { .. } => Reason::ServiceUnavailable,
        }
    }
}

/// The text of a pod that is to be masked.
pub struct PodText {
    /// With what.
    pub plan: Arc<TextPlan>,
    /// The pod; none if it is not there, or makes no difference.
    pub pod: Option<StreamPod>,
}

/// How the text of a request is masked; none if it is not.
pub async fn plan(cluster: &Cluster, subject: &Subject) -> Result<Option<PodText>, Unknown> {
    let Some(pod) = subject.request().info.resource.as_ref() else { return Ok(None) };
    let rules = subject.masks().text_rules(pod);
    if rules.is_empty() {
        return Ok(None);
    }
    let (object, known) = if rules.needs_known_values() {
        Readers::new(cluster, subject.identity()).values_of(pod).await?
    } else {
        (None, Vec::new())
    };
    let (known, patterns) = cluster.patterns().of(known).await;
    let plan = rules.compile_with(&known, patterns);
    let plan = match pod.subresource.as_str() {
        // Of what was written, they begin anywhere.
        "log" | "attach" => plan.of_parts(),
        _ if is_archive(subject.request()) => plan.keeping_length(),
        _ => plan,
    };
    let container = container(subject.request().query.pairs());
    let pod = object.map(|object| StreamPod::of(&object, container));
    Ok(Some(PodText { plan: Arc::new(plan), pod }))
}

/// Remembers the values of a Secret that is about to be overwritten.
pub fn remember(cluster: &Cluster, resource: &ResourceInfo, secret: &Value) {
    let ResourceInfo { namespace, name, .. } = resource;
    cluster.former_values().remember(namespace, name, &values_in(name, secret));
}

/// Remembers the values of Secrets that are about to be deleted, as far as they can be read.
pub async fn read_and_remember(cluster: &Cluster, caller: &Caller, request: &RequestInfo) {
    let secrets = if request.verb == Verb::Delete {
        let read = Readers::new(cluster, caller).read("the Secret", &request.path).await;
        read.ok().flatten().into_iter().collect()
    } else {
        forward::list(cluster, caller, &request.path).await.unwrap_or_default()
    };
    for secret in secrets {
        let text = |field| secret.pointer(field).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        cluster.former_values().remember(namespace, name, &values_in(name, &secret));
    }
}

fn length(values: &[KnownValue]) -> usize {
    values.iter().map(|known| known.value.len()).sum()
}

fn values_in(name: &str, secret: &Value) -> Vec<KnownValue> {
    let data = secret.get("data").and_then(Value::as_object);
    let value = |(key, value): (&String, &Value)| {
        let value = STANDARD.decode(value.as_str()?).ok()?;
        Some(KnownValue { secret: name.to_owned(), key: key.clone(), value })
    };
    data.into_iter().flatten().filter_map(value).collect()
}

/// Whether what comes is an archive, as for `kubectl cp` (kubectl `pkg/cmd/cp`): it runs `tar cf -`,
/// after a broken connection within `sh -c`.
fn is_archive(request: &KubeRequest) -> bool {
    let command: Vec<_> = request.query.all("command").collect();
    match command.as_slice() {
        ["sh", "-c", script] => script.starts_with("tar cf - "),
        [program, ..] => *program == "tar",
        [] => false,
    }
}

impl Readers<'_> {
    /// A pod and what its text may hold.
    async fn values_of(
        &self,
        pod: &ResourceInfo,
    ) -> Result<(Option<Value>, Vec<KnownValue>), Unknown> {
        let ResourceInfo { namespace, name, .. } = pod;
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        // What is not there has no output either.
        let Some(object) = self.read("the pod", &path).await? else {
            return Ok((None, Vec::new()));
        };
        let secrets = references::of(&object);
        if secrets.len() > MAX_SECRETS {
            return Err(Unknown::TooMany);
        }
        let secrets: Vec<_> = secrets.into_iter().collect();
        let (mut now, mut former) = (Vec::new(), Vec::new());
        for some in secrets.chunks(READ_AT_ONCE) {
            let values = some.iter().map(|(secret, wanted)| self.values(namespace, secret, wanted));
            for (of_now, of_then) in try_join_all(values).await? {
                now.extend(of_now);
                former.extend(of_then);
            }
            // At once: what would be too much is not even held.
            if length(&now) > MAX_VALUES_BYTES || length(&former) > MAX_FORMER_BYTES {
                return Err(Unknown::TooLarge);
            }
        }
        // Of equal values the first gives the name.
        now.extend(former);
        Ok((Some(object), now))
    }

    /// What a Secret holds, and what it held before; something of all that is wanted of it.
    async fn values(
        &self,
        namespace: &str,
        secret: &str,
        wanted: &Wanted,
    ) -> Result<(Vec<KnownValue>, Vec<KnownValue>), Unknown> {
        let stored = self.secret(namespace, secret).await?;
        let is_there = stored.is_some();
        let now = stored.unwrap_or_default();
        let mut former = self.cluster().former_values().of(namespace, secret);
        self.cluster().former_values().remember(namespace, secret, &now);
        let known: HashSet<_> = now.iter().chain(&former).map(|value| value.key.as_str()).collect();
        if wanted.secret && !is_there && known.is_empty() {
            return Err(Unknown::Gone { what: format!("values of the Secret `{secret}`") });
        }
        if let Some(key) = wanted.keys.iter().find(|key| !known.contains(key.as_str())) {
            return Err(Unknown::Gone { what: format!("`{key}` of the Secret `{secret}`") });
        }
        let held: HashSet<_> =
            now.iter().map(|of| (of.key.as_str(), of.value.as_slice())).collect();
        former.retain(|of| !held.contains(&(of.key.as_str(), of.value.as_slice())));
        Ok((now, former))
    }

    /// What a Secret holds; none if it is not there.
    async fn secret(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Vec<KnownValue>>, Unknown> {
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
        let object = self.read(&format!("the Secret `{name}`"), &path).await?;
        Ok(object.map(|object| values_in(name, &object)))
    }
}
