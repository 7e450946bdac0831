//! Resources that can be read and cannot exist: a policy about them is about nothing.

use crate::kube::groups::{self, BUILT_IN};
use crate::kube::request_info::{CORE_ONLY, KNOWN_SUBRESOURCES};
use crate::kube::resources::resources_of;
use crate::policy::problem::did_you_mean;

/// What is wrong with the spelling of a resource pattern, and what was probably meant.
pub(super) fn misspelt(pattern: &str) -> Option<(String, Option<String>)> {
    let (head, subresource) = pattern.split_once('/').unwrap_or((pattern, ""));
    let (resource, group) = head.split_once('.').unwrap_or((head, ""));
    if group.contains('*') {
        return None;
    }
    let unknown_group = !group.contains('.') && !groups::is_built_in(group);
    if unknown_group {
        let hint = did_you_mean(group, &BUILT_IN);
        return Some((format!("there is no API group `{group}`"), hint));
    }
    unknown_resource(resource, group).or_else(|| unknown_subresource(subresource, group))
}

/// What is only ever an answer (`kubectl create token`), and can be masked as such.
const ANSWERS: [(&str, &str); 1] = [("tokenrequests", "authentication.k8s.io")];

fn unknown_resource(resource: &str, group: &str) -> Option<(String, Option<String>)> {
    let known = resources_of(group)?;
    let is_known = known.contains(&resource) || ANSWERS.contains(&(resource, group));
    if resource.contains('*') || is_known {
        return None;
    }
    let spelt = |resource: &&str| format!("{resource}.{group}");
    let known: Vec<_> = known.iter().map(spelt).collect();
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let wrong = format!("{resource}.{group}");
    let hint = did_you_mean(&wrong, &known);
    Some((format!("Kubernetes has no resource `{wrong}`"), hint))
}

fn unknown_subresource(subresource: &str, group: &str) -> Option<(String, Option<String>)> {
    let elsewhere = !group.is_empty() && CORE_ONLY.contains(&subresource);
    let known = KNOWN_SUBRESOURCES.contains(&subresource) && !elsewhere;
    if subresource.is_empty() || subresource.contains('*') || known {
        return None;
    }
    let known = KNOWN_SUBRESOURCES.iter().copied().filter(|known| *known != subresource);
    let hint = did_you_mean(subresource, &known.collect::<Vec<_>>());
    let message = format!("there is no such subresource that kguard lets through: `{subresource}`");
    Some((message, hint))
}
