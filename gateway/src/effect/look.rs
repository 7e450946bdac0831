//! One look at a held request: who looks, what he may see, and what was found out so far.

use std::sync::Arc;

use futures_util::stream::{self, Stream, StreamExt};
use kguard::api::effect::{BlastRadius, Effect};
use kguard::effect::listing::{self, Listed, Page};
use kguard::kube::target::Query;
use kguard::mask::{Echo, MaskRules, PlaceholderKey};
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

use super::matter::Matter;
use crate::cluster::Cluster;
use crate::forward::{self, ReadError};
use crate::live::LiveObjects;
use crate::request::KubeRequest;

/// Objects on a page of a list.
const PAGE: usize = 500;
/// Pages of one list; what is beyond is said to be there.
const MAX_PAGES: usize = 40;
/// Lists of one effect at once.
const LISTS: usize = 12;

const WHOLE: &str = "application/json";

/// A look at a held request.
pub(super) struct Look {
    pub(super) matter: Arc<Matter>,
    pub(super) cluster: Arc<Cluster>,
    /// The request, to be tried.
    pub(super) request: KubeRequest,
    /// What is masked for the one who asked, or for the one who looks.
    masks: Arc<MaskRules>,
    placeholders: PlaceholderKey,
    told: watch::Sender<Effect>,
    requests: Arc<Semaphore>,
}

/// A list to be read: where, and of which objects.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    /// Its path.
    pub(super) path: String,
    /// `fieldSelector`, if not all objects are meant.
    pub(super) fields: Option<String>,
}

impl List {
    pub(super) fn of(path: impl Into<String>) -> Self {
        Self { path: path.into(), fields: None }
    }

    fn target(&self, next: &str) -> String {
        let mut query = vec![("limit".to_owned(), PAGE.to_string())];
        query.extend(self.fields.iter().map(|of| ("fieldSelector".to_owned(), of.clone())));
        if !next.is_empty() {
            query.push(("continue".to_owned(), next.to_owned()));
        }
        format!("{}?{}", self.path, query.into_iter().collect::<Query>().encode())
    }
}

impl Look {
    pub(super) fn new(
        (matter, cluster): (Arc<Matter>, Arc<Cluster>),
        (own, placeholders): (MaskRules, &PlaceholderKey),
        (told, requests): (watch::Sender<Effect>, Arc<Semaphore>),
    ) -> Self {
        let request = matter.request();
        let mut masks = MaskRules::clone(matter.masks());
        masks.rules.extend(own.rules);
        let (masks, placeholders) = (Arc::new(masks), placeholders.clone());
        Self { matter, cluster, request, masks, placeholders, told, requests }
    }

    /// The objects as the one may see them as whom the request would run.
    pub(super) fn live(&self) -> LiveObjects<'_> {
        LiveObjects::of(&self.cluster, self.matter.identity())
    }

    /// An object as the one who looks may see it; none if that cannot be told.
    pub(super) fn shown(&self, object: &Value, echo: &Echo) -> Option<Value> {
        let placeholders = self.placeholders.placeholders(self.cluster.name(), echo.clone());
        let requested = self.request.info.resource.as_ref();
        self.masks.shown(object, requested, placeholders).ok()
    }

    /// Adds to what is known.
    pub(super) fn tell(&self, add: impl FnOnce(&mut Effect)) {
        self.told.send_modify(add);
    }

    pub(super) fn note(&self, note: impl Into<String>) {
        self.tell(|effect| effect.notes.push(note.into()));
    }

    /// Adds to what goes along.
    pub(super) fn tell_radius(&self, add: impl FnOnce(&mut BlastRadius)) {
        self.tell(|effect| add(effect.blast_radius.get_or_insert_default()));
    }

    /// When nobody looks any more.
    pub(super) async fn deserted(&self) {
        self.told.closed().await;
    }

    /// Reads something in a form of JSON.
    pub(super) async fn read(
        &self,
        target: &str,
        accept: &'static str,
    ) -> Result<Value, ReadError> {
        let _room = self.requests.acquire().await;
        forward::browse(&self.cluster, self.matter.identity(), target, accept).await
    }

    /// The first page of a list, which tells how many there are.
    pub(super) async fn first_page(&self, list: &List) -> Result<Page, ReadError> {
        let page = self.read(&list.target(""), listing::ACCEPT).await?;
        Page::read(&page).ok_or(ReadError::Malformed)
    }

    /// The metadata of all objects of a list for which `keep` is true, and whether there are more.
    pub(super) async fn metadata(
        &self,
        list: &List,
        keep: impl Fn(&Listed) -> bool,
    ) -> Result<(Vec<Listed>, bool), ReadError> {
        let mut kept = Vec::new();
        let more = self.walk(list, listing::ACCEPT, |page| {
            let objects = Page::read(page).map(|page| page.objects).unwrap_or_default();
            kept.extend(objects.into_iter().filter(&keep));
        });
        let more = more.await?;
        Ok((kept, more))
    }

    /// Shows each object of a list to `each`, masked.
    pub(super) async fn objects(
        &self,
        list: &List,
        mut each: impl FnMut(&Value),
    ) -> Result<bool, ReadError> {
        let walk = self.walk(list, WHOLE, |page| {
            let Some(page) = self.shown(page, &Echo::None) else { return };
            page.get("items").and_then(Value::as_array).into_iter().flatten().for_each(&mut each);
        });
        walk.await
    }

    /// Goes through a list page by page; whether there are more pages than that.
    async fn walk(
        &self,
        list: &List,
        accept: &'static str,
        mut page: impl FnMut(&Value),
    ) -> Result<bool, ReadError> {
        let mut next = String::new();
        for _ in 0..MAX_PAGES {
            let read = self.read(&list.target(&next), accept).await?;
            page(&read);
            let after = read.pointer("/metadata/continue").and_then(Value::as_str);
            match after.filter(|after| !after.is_empty()) {
                Some(after) => after.clone_into(&mut next),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// Does the same for several things, some at once.
pub(super) fn each<T, F: Future>(
    of: impl IntoIterator<Item = T>,
    work: impl FnMut(T) -> F,
) -> impl Stream<Item = F::Output> {
    stream::iter(of).map(work).buffer_unordered(LISTS)
}
