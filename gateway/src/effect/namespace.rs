//! What goes with a namespace: everything in it.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use kguard::api::effect::KindCount;
use kguard::effect::discovery::Listable;
use kguard::effect::listing::Page;
use kguard::effect::volumes::load_balancer;

use super::look::{List, Look, each};
use super::{kinds, volumes};

/// Finalizers under this domain are Kubernetes' own, which takes care of them.
const OWN_DOMAIN: &str = "kubernetes.io";

pub(super) async fn tell(look: &Look, namespace: &str) {
    look.tell_radius(|radius| radius.namespaces = vec![namespace.to_owned()]);
    tokio::join!(
        tell_kinds(look, namespace),
        tell_load_balancers(look, namespace),
        volumes::tell(look, |of, _| of == namespace),
    );
}

async fn tell_kinds(look: &Look, namespace: &str) {
    let all = kinds::all(look).await;
    let namespaced = all.into_iter().filter(|kind| kind.namespaced);
    let mut counts = std::pin::pin!(each(namespaced, |kind: Listable| async move {
        let list = List::of(kind.path(Some(namespace)));
        let page = look.first_page(&list).await;
        (kind, page)
    }));
    let (mut unread, mut finalizers) = (Vec::new(), BTreeMap::new());
    while let Some((kind, page)) = counts.next().await {
        match page {
            Ok(page) => {
                blocking(&page, &mut finalizers);
                tell_count(look, &kind, page.count());
            }
            Err(_) => unread.push(kind.resource),
        }
    }
    kinds::note_unread(look, unread);
    for (finalizer, count) in finalizers {
        look.note(format!("{count} of them wait for `{finalizer}` before they are gone"));
    }
}

/// The most first.
pub(super) fn tell_count(look: &Look, kind: &Listable, (count, more): (u64, bool)) {
    if count == 0 {
        return;
    }
    let (api_version, kind) = (kind.api_version(), kind.kind.clone());
    look.tell_radius(|radius| {
        radius.kinds.push(KindCount { kind, api_version, count, more });
        radius.kinds.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.kind.cmp(&b.kind)));
    });
}

/// What the objects of a page wait for before they are gone.
fn blocking(page: &Page, found: &mut BTreeMap<String, u64>) {
    for finalizer in page.objects.iter().flat_map(|object| &object.finalizers) {
        if is_foreign(finalizer) {
            *found.entry(finalizer.clone()).or_default() += 1;
        }
    }
}

/// Whether somebody else than Kubernetes has to remove a finalizer.
pub(super) fn is_foreign(finalizer: &str) -> bool {
    match finalizer.split_once('/') {
        None => !matches!(finalizer, "foregroundDeletion" | "kubernetes" | "orphan"),
        Some((domain, _)) => {
            let own = domain.strip_suffix(OWN_DOMAIN);
            !own.is_some_and(|host| host.is_empty() || host.ends_with('.'))
        }
    }
}

async fn tell_load_balancers(look: &Look, namespace: &str) {
    let list = List::of(format!("/api/v1/namespaces/{namespace}/services"));
    let mut found = Vec::new();
    let read = look.objects(&list, |service| found.extend(load_balancer(service))).await;
    if let Err(why) = read {
        look.note(format!("which load balancers would go is not known: {why}"));
    }
    if !found.is_empty() {
        look.tell_radius(|radius| radius.load_balancers = found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finalizers_of_others_are_told_apart() {
        for (finalizer, foreign) in [
            ("kubernetes.io/pvc-protection", false),
            ("service.kubernetes.io/load-balancer-cleanup", false),
            ("foregroundDeletion", false),
            ("resources-finalizer.argocd.argoproj.io", true),
            ("example.com/cleanup", true),
            ("notkubernetes.io/x", true),
        ] {
            assert_eq!(is_foreign(finalizer), foreign, "{finalizer}");
        }
    }
}
