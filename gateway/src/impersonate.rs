//! Whether a caller may act as somebody else: his cluster has to allow it, and the policies.

use kguard::identity::Caller;
use kguard::kube::impersonation::Impersonation;
use kguard::kube::request_info::RequestInfo;
use kguard::policy::{Decision, Facts, Objects};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::decide::Deciding;
use crate::forward;
use crate::policies::Mode;

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Why a caller may not act as somebody.
#[derive(Debug)]
pub struct Refusal {
    /// The policy, if it is one.
    pub policy: Option<String>,
    /// What the caller is told.
    pub message: String,
}

/// Asks for every part of the identity: the policies first, since they cost nothing.
pub async fn authorize(
    deciding: &Deciding<'_>,
    cluster: &Cluster,
    caller: &Caller,
    impersonation: &Impersonation,
) -> Result<(), Refusal> {
    let rights = impersonation.rights();
    rights.iter().try_for_each(|right| ask_policies(deciding, cluster, caller, right))?;
    for right in &rights {
        ask_cluster(cluster, caller, right).await?;
    }
    Ok(())
}

fn ask_policies(
    deciding: &Deciding<'_>,
    cluster: &Cluster,
    caller: &Caller,
    right: &RequestInfo,
) -> Result<(), Refusal> {
    let facts = Facts { request: right, query: &[], caller, cluster: cluster.name() };
    let candidates = deciding.policies.candidates(&facts);
    match candidates.decide(&Objects::default(), deciding.now).decision {
        _ if deciding.mode == Mode::Observe => Ok(()),
        Decision::Allow { .. } => Ok(()),
        Decision::Deny { policy, message } => Err(Refusal { policy, message }),
        Decision::Hold(terms) => {
            let message = format!(
                "policy `{}` holds acting as somebody else, and that cannot wait for an approval: \
                 leave `--as` out, and have the request itself approved",
                terms.policy
            );
            Err(Refusal { policy: Some(terms.policy), message })
        }
    }
}

/// By a review that the caller asks for himself, so that the gateway needs no right of its own.
async fn ask_cluster(
    cluster: &Cluster,
    caller: &Caller,
    right: &RequestInfo,
) -> Result<(), Refusal> {
    let answer = forward::review(cluster, caller, REVIEWS, &question(right)).await;
    let refuse = |message| Err(Refusal { policy: None, message });
    match answer.as_ref().map(|answer| answer.pointer("/status/allowed")) {
        Ok(Some(Value::Bool(true))) => Ok(()),
        Ok(_) => refuse(format!(
            "{} may not act as {} in cluster `{}`: its RBAC does not give the verb `impersonate`",
            caller.name,
            part(right),
            cluster.name()
        )),
        Err(error) => refuse(format!(
            "cluster `{}` does not tell whether {} may act as {}: {error}",
            cluster.name(),
            caller.name,
            part(right)
        )),
    }
}

fn question(right: &RequestInfo) -> Value {
    let none = kguard::kube::request_info::ResourceInfo::default();
    let of = right.resource.as_ref().unwrap_or(&none);
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {
            "verb": right.verb.as_str(),
            "group": of.api_group,
            "resource": of.resource,
            "namespace": of.namespace,
            "name": of.name,
        }},
    })
}

/// A part of an identity, as `group "admins"`.
fn part(right: &RequestInfo) -> String {
    let of = right.resource.as_ref();
    let kind = of.map_or("", |of| of.resource.trim_end_matches('s'));
    format!("{kind} {:?}", of.map_or("", |of| &of.name))
}
