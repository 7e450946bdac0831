//! `kubectl auth can-i --list`: the rules that RBAC gives, without what policies deny.
//!
//! A rule with stars is kept if policies deny nothing of it, and is otherwise written out for all
//! resources that the cluster has.

use std::collections::BTreeMap;

use kguard::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use serde_json::{Value, json};

use super::{Policies, Prospect, VERBS};
use crate::forward;

/// Discovery, all groups at once (KEP-3352).
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The paths that a rule on `*` is about.
const PATHS: [&str; 12] = [
    "/api",
    "/apis",
    "/configz",
    "/debug/pprof",
    "/flagz",
    "/healthz",
    "/livez",
    "/logs",
    "/metrics",
    "/openapi/v3",
    "/readyz",
    "/version",
];

/// A resource, and what can be done with it.
struct Resource {
    group: String,
    /// With its subresource, as RBAC writes it.
    name: String,
    verbs: Vec<String>,
}

pub(super) async fn complete(review: &mut Value, policies: &Policies<'_>) {
    let namespace = review.pointer("/spec/namespace").and_then(Value::as_str);
    let namespace = namespace.unwrap_or_default().to_owned();
    let Some(status) = review.get_mut("status").and_then(Value::as_object_mut) else { return };
    let known = known_resources(policies).await;
    if known.is_empty() {
        status.insert("incomplete".into(), json!(true));
        let why = "kguard cannot list the cluster's resources, so rules with stars are left out";
        status.insert("evaluationError".into(), json!(why));
    }
    if let Some(Value::Array(rules)) = status.get_mut("resourceRules") {
        let all = std::mem::take(rules);
        let left = |rule| resource_rules(rule, &known, (policies, &namespace));
        rules.extend(all.iter().flat_map(left));
    }
    if let Some(Value::Array(rules)) = status.get_mut("nonResourceRules") {
        let all = std::mem::take(rules);
        rules.extend(all.iter().filter_map(|rule| path_rule(rule, policies)));
    }
}

/// What is left of a rule: itself, if policies deny nothing of it.
fn resource_rules(
    rule: &Value,
    known: &[Resource],
    (policies, namespace): (&Policies<'_>, &str),
) -> Vec<Value> {
    let names = texts(rule, "resourceNames");
    let mut all = true;
    // By group and what is left of the verbs, so that the list stays short.
    let mut left: BTreeMap<(String, Vec<String>), Vec<String>> = BTreeMap::new();
    for resource in named(rule, known) {
        let allowed = |verb: &String| {
            let request = |name: &str| request((verb, &resource), namespace, name);
            let names = if names.is_empty() { vec![String::new()] } else { names.clone() };
            let open = |name: &String| match request(name) {
                None => true,
                Some(request) => !matches!(policies.prospect(&request), Prospect::Denied(_)),
            };
            names.iter().any(open)
        };
        let verbs: Vec<_> = resource.verbs.iter().filter(|verb| allowed(verb)).cloned().collect();
        all &= verbs.len() == resource.verbs.len();
        if !verbs.is_empty() {
            left.entry((resource.group, verbs)).or_default().push(resource.name);
        }
    }
    if all && !(known.is_empty() && has_star(rule)) {
        return vec![rule.clone()];
    }
    let written = |((group, verbs), resources): ((String, Vec<String>), Vec<String>)| {
        let rule = json!({"verbs": verbs, "apiGroups": [group], "resources": resources});
        match rule {
            Value::Object(mut rule) if !names.is_empty() => {
                rule.insert("resourceNames".into(), json!(names));
                Value::Object(rule)
            }
            rule => rule,
        }
    };
    left.into_iter().map(written).collect()
}

fn has_star(rule: &Value) -> bool {
    let star = |key| texts(rule, key).iter().any(|text| text.contains('*'));
    star("apiGroups") || star("resources")
}

/// All requests that a review with stars is about; those of resources that the cluster serves.
pub(super) async fn requests(spec: &Value, policies: &Policies<'_>) -> Vec<RequestInfo> {
    let of = |key: &str| {
        let value = spec.pointer(&format!("/resourceAttributes/{key}")).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let resource = match (of("resource"), of("subresource")) {
        (resource, subresource) if subresource.is_empty() => resource,
        (resource, subresource) => format!("{resource}/{subresource}"),
    };
    let rule = json!({"apiGroups": [of("group")], "resources": [resource], "verbs": [of("verb")]});
    let known = known_resources(policies).await;
    let (namespace, name) = (of("namespace"), of("name"));
    named(&rule, &known)
        .iter()
        .flat_map(|resource| {
            let verbs = resource.verbs.iter();
            verbs.filter_map(|verb| request((verb, resource), &namespace, &name))
        })
        .collect()
}

/// The resources that a rule is about, with the verbs that it gives.
fn named(rule: &Value, known: &[Resource]) -> Vec<Resource> {
    let [groups, resources, verbs] =
        ["apiGroups", "resources", "verbs"].map(|key| texts(rule, key));
    let verbs_of = |resource: Option<&Resource>| match resource {
        Some(resource) if has(&verbs, "*") => resource.verbs.clone(),
        _ if has(&verbs, "*") => VERBS.map(|verb| verb.as_str().to_owned()).to_vec(),
        _ => verbs.clone(),
    };
    let mut named = Vec::new();
    for group in &groups {
        for name in &resources {
            let fits =
                |of: &&Resource| (group == "*" || *group == of.group) && covers(name, &of.name);
            if group == "*" || name.contains('*') {
                named.extend(known.iter().filter(fits).map(|of| Resource {
                    group: of.group.clone(),
                    name: of.name.clone(),
                    verbs: verbs_of(Some(of)),
                }));
            } else {
                let verbs = verbs_of(known.iter().find(fits));
                named.push(Resource { group: group.clone(), name: name.clone(), verbs });
            }
        }
    }
    named
}

/// RBAC's patterns: `*`, `*/scale`, or a name.
fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix("*/") {
        Some(subresource) => name.split_once('/').is_some_and(|(_, of)| of == subresource),
        None => pattern == "*" || pattern == name,
    }
}

fn request(
    (verb, resource): (&str, &Resource),
    namespace: &str,
    name: &str,
) -> Option<RequestInfo> {
    let verb = VERBS.into_iter().find(|of| of.as_str() == verb)?;
    let (plural, subresource) = resource.name.split_once('/').unwrap_or((&resource.name, ""));
    let resource = ResourceInfo {
        api_group: resource.group.clone(),
        api_version: "v1".to_owned(),
        namespace: namespace.to_owned(),
        resource: plural.to_owned(),
        subresource: subresource.to_owned(),
        name: name.to_owned(),
    };
    Some(RequestInfo { verb, path: String::new(), resource: Some(resource) })
}

/// What is left of a rule on paths. Policies know no verb on paths but `get`.
fn path_rule(rule: &Value, policies: &Policies<'_>) -> Option<Value> {
    let open = |path: &str| {
        // A slash at the end is none to the API server, nor here.
        let path = match path.trim_end_matches('*').trim_end_matches('/') {
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        let request = RequestInfo { verb: Verb::Get, path, resource: None };
        !matches!(policies.prospect(&request), Prospect::Denied(_))
    };
    let urls = texts(rule, "nonResourceURLs");
    let urls = urls.iter().flat_map(|url| match url.as_str() {
        "*" | "/*" => PATHS.map(str::to_owned).to_vec(),
        url => vec![url.to_owned()],
    });
    let left: Vec<_> = urls.filter(|url| open(url)).collect();
    (!left.is_empty()).then(|| json!({"verbs": ["get"], "nonResourceURLs": left}))
}

/// Everything that the cluster serves, subresources included.
async fn known_resources(policies: &Policies<'_>) -> Vec<Resource> {
    let mut known = Vec::new();
    for path in ["/api", "/apis"] {
        let (cluster, identity) = (policies.cluster(), policies.identity());
        if let Ok(groups) = forward::read_as(cluster, identity, path, AGGREGATED).await {
            known.extend(items(&groups, "items").flat_map(resources_of));
        }
    }
    known
}

/// All resources of a group, once, whichever of its versions has them.
fn resources_of(group: &Value) -> Vec<Resource> {
    // The core group has no name.
    let name = group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let mut found: Vec<Resource> = Vec::new();
    for resource in items(group, "versions").flat_map(|version| items(version, "resources")) {
        let plural = text(resource, "resource");
        let subresources = items(resource, "subresources")
            .map(|of| (format!("{plural}/{}", text(of, "subresource")), of));
        for (path, of) in std::iter::once((plural.to_owned(), resource)).chain(subresources) {
            if !found.iter().any(|known| known.name == path) {
                let verbs = texts(of, "verbs");
                found.push(Resource { group: name.to_owned(), name: path, verbs });
            }
        }
    }
    found
}

fn items<'a>(of: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    of.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn texts(of: &Value, key: &str) -> Vec<String> {
    items(of, key).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn has(texts: &[String], wanted: &str) -> bool {
    texts.iter().any(|text| text == wanted)
}
