//! What goes with a node, and with the definition of a kind: objects of one kind, in many
//! namespaces.

use std::collections::BTreeSet;

use kguard::api::effect::KindCount;
use kguard::effect::budgets::Going;
use serde_json::Value;

use super::budgets;
use super::look::{List, Look};

/// The pods of a node.
pub(super) async fn tell_node(look: &Look, name: &str) {
    let fields = Some(format!("spec.nodeName={name}"));
    let list = List { path: "/api/v1/pods".to_owned(), fields };
    let (pods, more) = match look.metadata(&list, |_| true).await {
        Ok(pods) => pods,
        Err(why) => return look.note(format!("which pods run on it is not known: {why}")),
    };
    let (kind, api_version, count) = ("Pod".to_owned(), "v1".to_owned(), pods.len() as u64);
    let namespaces: BTreeSet<_> = pods.iter().map(|pod| pod.namespace.clone()).collect();
    look.tell_radius(|radius| {
        radius.namespaces = namespaces.into_iter().collect();
        radius.kinds = vec![KindCount { kind, api_version, count, more }];
    });
    let going: Vec<_> = pods
        .into_iter()
        .map(|pod| Going { namespace: pod.namespace, labels: pod.labels, count: 1 })
        .collect();
    budgets::tell(look, &going).await;
}

/// The objects of a definition's kind.
pub(super) async fn tell_definition(look: &Look, definition: &Value) {
    let text = |pointer| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let served = versions.into_iter().flatten().find(|of| of.get("served") == Some(&true.into()));
    let Some(version) = served.and_then(|of| of.get("name")?.as_str()) else {
        return look.note("no version of it is served, so its objects cannot be counted");
    };
    let api_version = format!("{}/{version}", text("/spec/group"));
    let list = List::of(format!("/apis/{api_version}/{}", text("/spec/names/plural")));
    match look.first_page(&list).await {
        Ok(page) => {
            let (count, more) = page.count();
            let kind = text("/spec/names/kind").to_owned();
            look.tell_radius(|radius| {
                radius.kinds = vec![KindCount { kind, api_version, count, more }];
            });
        }
        Err(why) => look.note(format!("how many objects of it there are is not known: {why}")),
    }
}
