//! What the garbage collector takes along with an object.

use std::collections::{BTreeMap, HashSet};

use futures_util::StreamExt;
use kguard::api::effect::LoadBalancer;
use kguard::effect::budgets::Going;
use kguard::effect::discovery::Listable;
use kguard::effect::listing::Listed;
use kguard::effect::owners;
use kguard::effect::volumes::load_balancer;
use kguard::mask::Echo;

use super::kinds;
use super::look::{List, Look, each};
use super::namespace::tell_count;

/// Objects that have owners; more are not looked at.
const MAX_OBJECTS: usize = 20_000;
/// Services that are read, to tell whether they have load balancers.
const MAX_SERVICES: usize = 50;

/// What goes along, as far as it matters besides its number.
#[derive(Default)]
pub(super) struct Along {
    pub(super) pods: Vec<Going>,
    pub(super) claims: HashSet<(String, String)>,
}

/// Tells what goes along with the object, and answers with what else depends on that.
pub(super) async fn tell(look: &Look, root: &Listed) -> Along {
    let objects = owned(look, root).await;
    let along = owners::along(&root.uid, &objects);
    let mut counts: BTreeMap<&Listable, u64> = BTreeMap::new();
    let (mut found, mut services) = (Along::default(), Vec::new());
    for (kind, object) in along {
        *counts.entry(kind).or_default() += 1;
        let Listed { namespace, name, labels, .. } = object;
        match (kind.group.as_str(), kind.resource.as_str()) {
            ("", "pods") => {
                let (namespace, labels) = (namespace.clone(), labels.clone());
                found.pods.push(Going { namespace, labels, count: 1 });
            }
            ("", "persistentvolumeclaims") => {
                found.claims.insert((namespace.clone(), name.clone()));
            }
            ("", "services") => services.push(format!("{}/{name}", kind.path(Some(namespace)))),
            _ => {}
        }
    }
    for (kind, count) in counts {
        tell_count(look, kind, (count, false));
    }
    tell_services(look, services).await;
    found
}

/// All objects that have owners, where those of this object can be.
async fn owned(look: &Look, root: &Listed) -> Vec<(Listable, Listed)> {
    let namespace = Some(root.namespace.as_str()).filter(|of| !of.is_empty());
    // What is in a namespace owns nothing outside of it, and nobody owns events.
    let kinds = kinds::all(look).await.into_iter();
    let kinds = kinds.filter(|kind| kind.namespaced || namespace.is_none());
    let kinds = kinds.filter(|kind| kind.resource != "events");
    let mut lists = std::pin::pin!(each(kinds, |kind: Listable| async move {
        let list = List::of(kind.path(namespace));
        let read = look.metadata(&list, |object| !object.owners.is_empty()).await;
        (kind, read)
    }));
    let (mut objects, mut unread, mut is_all) = (Vec::new(), Vec::new(), true);
    while let Some((kind, read)) = lists.next().await {
        match read {
            Ok((read, more)) => {
                is_all &= !more && objects.len() + read.len() <= MAX_OBJECTS;
                let room = MAX_OBJECTS.saturating_sub(objects.len());
                objects.extend(read.into_iter().take(room).map(|object| (kind.clone(), object)));
            }
            Err(_) => unread.push(kind.resource),
        }
    }
    kinds::note_unread(look, unread);
    if !is_all {
        look.note("there are too many objects to look at all of them, so more may go along");
    }
    objects
}

async fn tell_services(look: &Look, mut paths: Vec<String>) {
    let is_all = paths.len() <= MAX_SERVICES;
    paths.truncate(MAX_SERVICES);
    let read = each(paths, |path: String| async move {
        let service = look.read(&path, "application/json").await.ok()?;
        load_balancer(&look.shown(&service, &Echo::None)?)
    });
    let found: Vec<LoadBalancer> = read.filter_map(std::future::ready).collect().await;
    if !found.is_empty() {
        look.tell_radius(|radius| radius.load_balancers.extend(found));
    }
    if !is_all {
        look.note("not all Services that go along were looked at for load balancers");
    }
}
