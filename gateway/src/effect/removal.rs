//! What a delete or an eviction takes along.

use kguard::effect::budgets::Going;
use kguard::effect::listing::Listed;
use kguard::effect::managers;
use kguard::effect::orphans;
use kguard::effect::volumes::load_balancer;
use kguard::kube::delete_options::DeleteOptions;
use kguard::kube::request_info::{ResourceInfo, Verb};
use kguard::mask::Echo;
use kguard::policy::Object;
use serde_json::Value;

use super::look::Look;
use super::namespace::is_foreign;
use super::{budgets, collected, moved, namespace, several, volumes};
use crate::request::Payload;

pub(super) async fn tell(look: &Look) {
    let Some(resource) = look.request.info.resource.as_ref() else { return };
    let stored = look.live().object(&look.request.info).await;
    moved::tell(look, &stored);
    let options = options(look);
    options.iter().flat_map(DeleteOptions::unusual).for_each(|words| look.note(words));
    let shown = match &stored {
        Object::Known(object) => look.shown(object, &Echo::None),
        Object::Absent => return look.note("it is not there any more"),
        Object::Unavailable { why } => {
            look.note(format!("the object itself cannot be read: {why}"));
            None
        }
    };
    if let Some(object) = &shown {
        tell_object(look, object);
    }
    match (resource.api_group.as_str(), resource.resource.as_str(), shown) {
        ("", "namespaces", _) => namespace::tell(look, &resource.name).await,
        ("", "nodes", _) => several::tell_node(look, &resource.name).await,
        ("apiextensions.k8s.io", "customresourcedefinitions", Some(definition)) => {
            several::tell_definition(look, &definition).await;
        }
        (_, _, Some(object)) => tell_along(look, resource, &object).await,
        _ => {}
    }
}

/// What the object itself says.
fn tell_object(look: &Look, object: &Value) {
    let managed_by = managers::of(object);
    look.tell(|effect| effect.managed_by = managed_by);
    for finalizer in Listed::read(object).finalizers.iter().filter(|of| is_foreign(of)) {
        look.note(format!("it waits for `{finalizer}` before it is gone"));
    }
    if look.request.info.verb == Verb::Create {
        look.note("the API server refuses an eviction as long as a disruption budget forbids it");
    }
}

async fn tell_along(look: &Look, resource: &ResourceInfo, object: &Value) {
    let root = Listed::read(object);
    let mut along = match orphans::stay(options(look).as_ref(), resource, &root) {
        Some(why) => {
            look.note(format!("what belongs to it stays, {why}"));
            collected::Along::default()
        }
        None => collected::tell(look, &root).await,
    };
    match (resource.api_group.as_str(), resource.resource.as_str()) {
        ("", "pods") => along.pods.push(Going {
            namespace: root.namespace.clone(),
            labels: root.labels.clone(),
            count: 1,
        }),
        ("", "persistentvolumeclaims") => {
            along.claims.insert((root.namespace.clone(), root.name.clone()));
        }
        ("", "services") => {
            if let Some(balancer) = load_balancer(object) {
                look.tell_radius(|radius| radius.load_balancers.push(balancer));
            }
        }
        _ => {}
    }
    let goes = |namespace: &str, name: &str| {
        along.claims.contains(&(namespace.to_owned(), name.to_owned()))
    };
    let tell_volumes = async {
        if !along.claims.is_empty() {
            volumes::tell(look, goes).await;
        }
    };
    tokio::join!(budgets::tell(look, &along.pods), tell_volumes);
}

/// In which way it is to be deleted; of an eviction what stands in its body.
fn options(look: &Look) -> Option<DeleteOptions> {
    match &look.request.payload {
        Payload::Delete(options) => Some(options.clone()),
        Payload::Json { value, .. } => {
            DeleteOptions::from_json(value.get("deleteOptions")?.clone()).ok()
        }
        _ => None,
    }
}
