//! Whether the gateway is let read, in a cluster, what it has to know to mask output: for those who
//! set it up.

use futures_util::future::join;
use kguard::kube::request_info::ResourceInfo;
use kguard::mask::MaskRules;
use serde_json::{Value, json};

use super::readers::reader;
use crate::cluster::Cluster;
use crate::forward;

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Whether masks hide values of Secrets in output.
pub fn are_needed(masks: &MaskRules) -> bool {
    let of = |subresource: &str| ResourceInfo {
        api_version: "v1".to_owned(),
        resource: "pods".to_owned(),
        subresource: subresource.to_owned(),
        ..ResourceInfo::default()
    };
    let subresources = ["attach", "exec", "log"];
    subresources.iter().any(|name| masks.text_rules(&of(name)).needs_known_values())
}

/// Whether they can be read in every namespace without the caller's own right to; none if the cluster
/// does not say.
pub async fn can_be_read(cluster: &Cluster) -> Option<bool> {
    let (pods, secrets) = join(may_get(cluster, "pods"), may_get(cluster, "secrets")).await;
    Some(pods? && secrets?)
}

async fn may_get(cluster: &Cluster, resource: &str) -> Option<bool> {
    let question = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "get", "group": "", "resource": resource}},
    });
    let answer = forward::review(cluster, &reader(), REVIEWS, &question).await.ok()?;
    answer.pointer("/status/allowed").and_then(Value::as_bool)
}
