//! What a caller did, and the fewest regions that are exactly that: actions are brought together
//! only where every combination of them was seen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::audit::record::RequestRecord;
use crate::kube::request_info::{RequestInfo, Verb};
use crate::kube::resource_pattern::ResourcePattern;
use crate::policy::capability::{Capabilities, Carried};

/// More names than these are no list that anybody reads.
const MAX_NAMES: usize = 8;

/// One thing that a caller can do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Action {
    cluster: String,
    verb: &'static str,
    on: On,
    /// Which of it; empty for a collection, a path and what is created.
    name: String,
}

/// What something is done to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum On {
    Path(String),
    /// A resource, and the namespace; empty for none and for all.
    Resource(String, String),
}

/// How often something was done, and what is to be said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) times: u64,
    pub(super) last: Timestamp,
    /// What a request like this can carry.
    pub(super) dangers: Capabilities,
    /// How many names it was done to, where those are too many to be listed.
    pub(super) names: usize,
}

/// Every combination of these; a `match` says just that.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Region {
    pub(super) clusters: BTreeSet<String>,
    pub(super) namespaces: BTreeSet<String>,
    pub(super) resources: BTreeSet<String>,
    pub(super) paths: BTreeSet<String>,
    pub(super) verbs: BTreeSet<String>,
    /// Empty for all.
    pub(super) names: BTreeSet<String>,
}

impl Seen {
    pub(super) fn see(&mut self, at: Timestamp, dangers: Capabilities) {
        *self = self.and(Self { times: 1, last: at, dangers, names: 0 });
    }

    fn and(self, other: Self) -> Self {
        Self {
            times: self.times + other.times,
            last: self.last.max(other.last),
            dangers: self.dangers.iter().chain(other.dangers.iter()).collect(),
            names: self.names.max(other.names),
        }
    }
}

impl Action {
    /// What was done, and what it can carry. `None` if no policy can name exactly that.
    pub(super) fn of(record: &RequestRecord) -> Option<(Self, Capabilities)> {
        let request = &record.request;
        let (on, name) = match &request.resource {
            None => (On::Path(of_discovery(&request.path)), String::new()),
            Some(of) => {
                let resource = of.display_name();
                resource.parse::<ResourcePattern>().ok()?;
                (On::Resource(resource, of.namespace.clone()), of.name.clone())
            }
        };
        let cluster = record.cluster.clone();
        let action = Self { cluster, verb: verb(request), on, name };
        action.is_literal(request).then(|| (action, Carried::by(request).possible))
    }

    /// Whether a policy with these words means them, and not a pattern.
    fn is_literal(&self, request: &RequestInfo) -> bool {
        let namespace = match &self.on {
            On::Path(_) => request.path.as_str(),
            On::Resource(resource, namespace) if !resource.contains('*') => namespace,
            On::Resource(..) => return false,
        };
        ![namespace, &self.cluster, &self.name].iter().any(|word| word.contains('*'))
    }
}

/// The verb by which a policy allows it: a stream is a create, also where it begins with a GET.
fn verb(request: &RequestInfo) -> &'static str {
    if request.is_stream() { Verb::Create.as_str() } else { request.verb.as_str() }
}

/// Clients read all of an API server's description sooner or later, and it holds no secret.
fn of_discovery(path: &str) -> String {
    let roots = ["/api/", "/apis/", "/openapi/"];
    let root = roots.into_iter().find(|root| path.starts_with(root));
    root.map_or_else(|| path.to_owned(), |root| format!("{root}*"))
}

/// The regions that together are exactly these actions, but for names where there are many.
pub(super) fn regions(actions: &BTreeMap<Action, Seen>) -> BTreeMap<Region, Seen> {
    let apart = by_name(actions);
    let verbs = |region| merge(region, |region| &mut region.verbs);
    let places = |regions| {
        let regions = merge(regions, |region| &mut region.resources);
        let regions = merge(regions, |region| &mut region.paths);
        merge(regions, |region| &mut region.namespaces)
    };
    // Which order brings more together depends on what was done.
    let verbs_first = places(verbs(apart.clone()));
    let verbs_last = verbs(places(apart));
    let fewer = if verbs_last.len() < verbs_first.len() { verbs_last } else { verbs_first };
    merge(fewer, |region| &mut region.clusters)
}

/// A region for each cluster, verb and resource, with the names if those are few.
fn by_name(actions: &BTreeMap<Action, Seen>) -> BTreeMap<Region, Seen> {
    let mut named: BTreeMap<(&str, &str, &On), (BTreeSet<String>, Seen)> = BTreeMap::new();
    for (action, seen) in actions {
        let (names, all) = named.entry((&action.cluster, action.verb, &action.on)).or_default();
        names.insert(action.name.clone());
        *all = all.and(*seen);
    }
    let region = |((cluster, verb, on), (names, seen))| Region::of(cluster, verb, on, names, seen);
    named.into_iter().map(region).collect()
}

impl Region {
    fn of(cluster: &str, verb: &str, on: &On, names: BTreeSet<String>, seen: Seen) -> (Self, Seen) {
        let one = |text: &str| BTreeSet::from([text.to_owned()]);
        let (resources, namespaces, paths) = match on {
            On::Path(path) => (BTreeSet::new(), BTreeSet::new(), one(path)),
            On::Resource(resource, namespace) => (one(resource), one(namespace), BTreeSet::new()),
        };
        let many = if names.len() > MAX_NAMES { names.len() } else { 0 };
        let all = many > 0 || names.contains("");
        let names = if all { BTreeSet::new() } else { names };
        let (clusters, verbs) = (one(cluster), one(verb));
        let region = Self { clusters, namespaces, resources, paths, verbs, names };
        (region, Seen { names: many, ..seen })
    }
}

/// Brings regions together that differ in nothing but one set.
fn merge(
    regions: BTreeMap<Region, Seen>,
    set: impl Fn(&mut Region) -> &mut BTreeSet<String>,
) -> BTreeMap<Region, Seen> {
    let mut merged: BTreeMap<Region, (BTreeSet<String>, Seen)> = BTreeMap::new();
    for (mut region, seen) in regions {
        let part = std::mem::take(set(&mut region));
        let (whole, all) = merged.entry(region).or_default();
        whole.extend(part);
        *all = all.and(seen);
    }
    let whole = |(mut region, (whole, seen)): (Region, (BTreeSet<String>, Seen))| {
        *set(&mut region) = whole;
        (region, seen)
    };
    merged.into_iter().map(whole).collect()
}
