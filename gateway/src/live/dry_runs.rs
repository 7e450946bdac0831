//! Which API servers know dry runs. One that ignores `dryRun` would run a request for real before
//! it is decided on, so an aggregated one has to say in its OpenAPI document that it knows the
//! parameter, as kubectl wants it to before it asks for one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kguard::identity::Caller;
use kguard::kube::groups::is_built_in;
use kguard::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use serde_json::Value;

use super::LiveObjects;
use crate::cluster::Cluster;
use crate::forward;

/// How long an answer is believed.
const BELIEVED: Duration = Duration::from_mins(1);

/// Operations that are remembered; then all of them are asked for anew.
const MAX_REMEMBERED: usize = 1024;

/// What the documents said of each operation, and when.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<HashMap<String, (Instant, bool)>>);

/// Proof that a dry run of one request stores nothing. Made here alone.
#[derive(Debug)]
pub struct StoresNothing(());

impl LiveObjects<'_> {
    /// Whether a dry run of the request is sure to store nothing.
    pub async fn dry_run_of(&self, request: &RequestInfo) -> Option<StoresNothing> {
        let goes_through = request.is_stream() || request.is_proxy();
        let known = !goes_through && are_known(self.cluster, self.caller, request).await;
        known.then_some(StoresNothing(()))
    }
}

/// Whether a dry run of the request stores nothing.
pub(super) async fn are_known(cluster: &Cluster, caller: &Caller, request: &RequestInfo) -> bool {
    let Some(resource) = &request.resource else { return false };
    if is_built_in(&resource.api_group) {
        return !resource.ignores_dry_run();
    }
    let operation = operation(request.verb, resource);
    if let Some(offered) = cluster.dry_runs().of(&operation) {
        return offered;
    }
    let ResourceInfo { api_group, api_version, .. } = resource;
    let path = format!("/openapi/v3/apis/{api_group}/{api_version}");
    let Ok(document) = forward::read(cluster, caller, &path).await else { return false };
    let offered = offers_dry_run(&document, request.verb, resource);
    cluster.dry_runs().remember(operation, offered);
    offered
}

impl Remembered {
    fn of(&self, operation: &str) -> Option<bool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, offered) = known.get(operation)?;
        (at.elapsed() < BELIEVED).then_some(*offered)
    }

    fn remember(&self, operation: String, offered: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(operation, (Instant::now(), offered));
    }
}

fn operation(verb: Verb, of: &ResourceInfo) -> String {
    let ResourceInfo { api_group, api_version, resource, subresource, .. } = of;
    format!("{verb} {api_group}/{api_version}/{resource}/{subresource}")
}

/// Whether an OpenAPI v3 document has the parameter `dryRun` at the operation.
fn offers_dry_run(document: &Value, verb: Verb, resource: &ResourceInfo) -> bool {
    let method = match verb {
        Verb::Create => "post",
        Verb::Delete => "delete",
        Verb::Patch => "patch",
        Verb::Update => "put",
        _ => return false,
    };
    let name = if verb == Verb::Create { "" } else { "/{name}" };
    let subresource = match resource.subresource.as_str() {
        "" => String::new(),
        subresource => format!("/{subresource}"),
    };
    let end = format!("/{}{name}{subresource}", resource.resource);
    let has_dry_run = |of: &Value| {
        let parameters = of.get("parameters").and_then(Value::as_array);
        let is_it = |of: &Value| of.get("name").is_some_and(|name| name == "dryRun");
        parameters.is_some_and(|all| all.iter().any(is_it))
    };
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths.filter(|(path, _)| path.ends_with(&end)).any(|(_, operations)| {
        let operation = operations.get(method);
        operation.is_some_and(|of| has_dry_run(of) || has_dry_run(operations))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_api_server_has_to_offer_dry_runs_of_just_the_operation() {
        let with = json!([{"name": "pretty"}, {"name": "dryRun"}]);
        let document = json!({"paths": {
            "/apis/example.com/v1/namespaces/{namespace}/widgets": {"post": {"parameters": with}},
            "/apis/example.com/v1/namespaces/{namespace}/widgets/{name}": {
                "patch": {"parameters": with},
                "put": {"parameters": [{"name": "pretty"}]},
            },
            "/apis/example.com/v1/namespaces/{namespace}/gadgets/{name}": {
                "parameters": with,
                "patch": {},
            },
        }});
        for (verb, path, name, offers) in [
            (Verb::Create, "widgets", "", true),
            (Verb::Patch, "widgets", "w", true),
            (Verb::Update, "widgets", "w", false),
            (Verb::Patch, "widgets/status", "w", false),
            (Verb::Patch, "gadgets", "g", true),
            (Verb::Create, "gadgets", "", false),
            (Verb::Patch, "gizmos", "g", false),
        ] {
            let (resource, subresource) = path.split_once('/').unwrap_or((path, ""));
            let resource = ResourceInfo {
                resource: resource.into(),
                subresource: subresource.into(),
                name: name.into(),
                ..Default::default()
            };
            assert_eq!(offers_dry_run(&document, verb, &resource), offers, "{verb} {path}");
        }
    }
}
