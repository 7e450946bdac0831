//! Which values the text of a pod may hold: those of the Secrets that the pod references. They are
//! read before the request is recorded, since arguments of an exec may hold them as well.
//!
//! They are read as the user [`READER`], whom an administrator may let read pods and Secrets; where
//! that is not so, as the caller himself. If neither may, the output cannot be masked, and so the
//! request is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::try_join_all;
use kguard::identity::{Caller, CallerKind};
use kguard::kube::request_info::ResourceInfo;
use kguard::kube::status::Reason;
use kguard::mask::text::{KnownValue, TextPlan};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::decide::Subject;
use crate::forward::{self, ReadError};
use crate::request::KubeRequest;

/// As whom Secrets are read for masking. No issuer's callers have such a name: all that it names
/// have a prefix.
const READER: &str = "kguard:masking";

/// More than any honest pod references; each is a request.
const MAX_SECRETS: usize = 64;

/// Why the output of a pod cannot be masked.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// Neither may read it.
    #[error(
        "the output may hold values of {what}, which kguard has to know to mask them, and neither you \
         nor the user `{READER}` may read it: let that user get pods and secrets"
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
            Self::Refused { .. } | Self::TooMany => Reason::Forbidden,
            Self::Unavailable { .. } => Reason::ServiceUnavailable,
        }
    }
}

/// How the text of a request is masked; none if it is not.
pub async fn plan(cluster: &Cluster, subject: &Subject) -> Result<Option<Arc<TextPlan>>, Unknown> {
    let Some(pod) = subject.request().info.resource.as_ref() else { return Ok(None) };
    let rules = subject.masks().text_rules(pod);
    if rules.is_empty() {
        return Ok(None);
    }
    let known = if rules.needs_known_values() {
        Readers::new(cluster, subject.identity()).values_of(pod).await?
    } else {
        Vec::new()
    };
    let plan = rules.compile(&known);
    let plan = match pod.subresource.as_str() {
        // Of what was written, they begin anywhere.
        "log" | "attach" => plan.of_parts(),
        _ if is_archive(subject.request()) => plan.keeping_length(),
        _ => plan,
    };
    Ok(Some(Arc::new(plan)))
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

/// Those as whom the gateway may read.
struct Readers<'a> {
    cluster: &'a Cluster,
    readers: [Caller; 2],
}

impl<'a> Readers<'a> {
    fn new(cluster: &'a Cluster, caller: &Caller) -> Self {
        let reader = Caller {
            name: READER.to_owned(),
            uid: None,
            groups: Vec::new(),
            kind: CallerKind::Workload,
            issuer: String::new(),
        };
        Self { cluster, readers: [reader, caller.clone()] }
    }

    async fn values_of(&self, pod: &ResourceInfo) -> Result<Vec<KnownValue>, Unknown> {
        let ResourceInfo { namespace, name, .. } = pod;
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        // What is not there has no output either.
        let Some(object) = self.read("the pod", &path).await? else { return Ok(Vec::new()) };
        let secrets = referenced(&object);
        if secrets.len() > MAX_SECRETS {
            return Err(Unknown::TooMany);
        }
        let values = secrets.iter().map(|secret| self.values(namespace, secret));
        Ok(try_join_all(values).await?.into_iter().flatten().collect())
    }

    async fn values(&self, namespace: &str, secret: &str) -> Result<Vec<KnownValue>, Unknown> {
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{secret}");
        let object = self.read(&format!("the Secret `{secret}`"), &path).await?;
        let data = object.as_ref().and_then(|object| object.get("data")?.as_object());
        let value = |(key, value): (&String, &Value)| {
            let value = STANDARD.decode(value.as_str()?).ok()?;
            Some(KnownValue { secret: secret.to_owned(), key: key.clone(), value })
        };
        Ok(data.into_iter().flatten().filter_map(value).collect())
    }

    /// An object; none if it is not there.
    async fn read(&self, what: &str, path: &str) -> Result<Option<Value>, Unknown> {
        for reader in &self.readers {
            match forward::read(self.cluster, reader, path).await {
                Ok(object) => return Ok(Some(object)),
                Err(ReadError::NotFound) => return Ok(None),
                Err(ReadError::Refused) => {}
                Err(source) => {
                    return Err(Unknown::Unavailable { what: what.to_owned(), source });
                }
            }
        }
        Err(Unknown::Refused { what: what.to_owned() })
    }
}

/// The Secrets that a pod references, in whatever field: by their names in `secretName`, and in what
/// ends with `SecretRef`, `secretKeyRef` or `secretRef`
/// (k8s.io/kubernetes `pkg/api/v1/pod/util.go`, `VisitPodSecretNames`).
fn referenced(pod: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    collect(spec, &mut names);
    for secret in spec.get("imagePullSecrets").and_then(Value::as_array).into_iter().flatten() {
        names.extend(named(secret));
    }
    names
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, names)),
        Value::Object(members) => {
            for (key, member) in members {
                let refers = ["ecretRef", "ecretKeyRef"].iter().any(|end| key.ends_with(end));
                match member {
                    Value::String(name) if key == "secretName" => {
                        names.insert(name.clone());
                    }
                    member if refers || key == "secret" => names.extend(named(member)),
                    _ => {}
                }
                collect(member, names);
            }
        }
        _ => {}
    }
}

fn named(reference: &Value) -> Option<String> {
    let name = reference.get("name").and_then(Value::as_str)?;
    // It becomes part of a path.
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (!name.is_empty() && name.bytes().all(is_name)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_that_names_a_secret_is_seen() {
        let pod = json!({"spec": {
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [
                {"secret": {"secretName": "volume"}},
                {"projected": {"sources": [{"secret": {"name": "projected"}}, {"configMap": {"name": "no"}}]}},
                {"csi": {"nodePublishSecretRef": {"name": "csi"}}},
                {"azureFile": {"secretName": "azure"}},
                {"cephfs": {"secretRef": {"name": "ceph"}}},
            ],
            "containers": [{
                "env": [
                    {"valueFrom": {"secretKeyRef": {"name": "env", "key": "a"}}},
                    {"valueFrom": {"configMapKeyRef": {"name": "no", "key": "a"}}},
                ],
                "envFrom": [{"secretRef": {"name": "env-from"}}],
            }],
            "initContainers": [{"envFrom": [{"secretRef": {"name": "init"}}]}],
            "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "ephemeral"}}]}],
        }});
        let names = referenced(&pod).into_iter().collect::<Vec<_>>();
        let expected = [
            "azure",
            "ceph",
            "csi",
            "env",
            "env-from",
            "ephemeral",
            "init",
            "projected",
            "pull",
            "volume",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn what_is_no_name_becomes_no_path() {
        let pod = json!({"spec": {"imagePullSecrets": [{"name": "../pods"}, {"name": ""}, {}]}});
        assert!(referenced(&pod).is_empty());
    }
}
