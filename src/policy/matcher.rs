//! The `match` part of a document: which requests it is about, told from the request line and the
//! caller alone. AND across fields, OR inside a list, `*` as a glob; a missing field matches
//! everything.

mod cover;
mod misfit;

use super::Facts;
use super::capability::{Capabilities, Carried};
use crate::glob::Glob;
use crate::identity::{Caller, SubjectPattern};
use crate::kube::request_info::{RequestInfo, Verb};
use crate::kube::resource_pattern::ResourcePattern;

/// Which requests a document is about. An empty list stands for a field that was left out.
#[derive(Debug, Clone, Default)]
pub struct Match {
    /// Who asks.
    pub callers: Vec<SubjectPattern>,
    /// Which cluster is asked.
    pub clusters: Vec<Glob>,
    /// What is asked for.
    pub verbs: VerbSet,
    /// Of which resources.
    pub resources: Vec<ResourcePattern>,
    /// In which namespaces. A request across all of them is in none, which only `*` fits, and
    /// under [`Reach::Wide`] in each.
    pub namespaces: Vec<Glob>,
    /// Of which names. A collection has none, which only `*` fits, and under [`Reach::Wide`] has
    /// every name.
    pub names: Vec<Glob>,
    /// Of which non-resource paths.
    pub paths: Vec<Glob>,
    /// With which dangers: under [`Reach::Wide`] with any of them, under [`Reach::Narrow`] with
    /// some of them and no other.
    pub capabilities: Option<Capabilities>,
}

/// How a `match` reads a request that touches more than it names, or that has two verbs.
///
/// Whoever lists the Pods of all namespaces sees those of `prod`: that is not what an allow for
/// `prod` means, and just what a deny for it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// For what allows: the request does nothing but what is named.
    Narrow,
    /// For what denies or holds: the request does what is named, perhaps among other things; and
    /// who names an object means the subresources that are the whole of it too.
    Wide,
}

/// Whether a `match` is about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    No,
    /// That depends on the object: on what the request carries with it, or on the name of what it
    /// creates.
    Open,
    Yes,
}

/// What only the object tells of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Particulars<'a> {
    /// Everything that is possible, if the object is not known.
    pub(super) carried: Capabilities,
    /// The name of what is created, if that is known.
    pub(super) created: Option<&'a str>,
    /// Whether the object is not there yet, if that is known.
    pub(super) creates: Option<bool>,
}

impl Match {
    /// Whether it is about the request, as far as its line tells what it carries.
    pub(super) fn fits(&self, facts: &Facts<'_>, carried: Carried, reach: Reach) -> Fit {
        let verb = self.verbs.fit(facts.request, reach);
        let line = verb > Fit::No
            && self.fits_target(facts.request, reach)
            && self.fits_caller(facts.caller, facts.cluster);
        if !line {
            return Fit::No;
        }
        let capabilities = self.fits_carried(carried, reach);
        let name = if self.awaits_name(facts.request) { Fit::Open } else { Fit::Yes };
        verb.min(capabilities).min(name)
    }

    /// What [`fits`](Self::fits) left open.
    pub(super) fn fits_particulars(
        &self,
        request: &RequestInfo,
        particulars: &Particulars<'_>,
        reach: Reach,
    ) -> bool {
        let verb = || match (self.verbs.fit(request, reach), reach) {
            (Fit::Open, Reach::Wide) => particulars.creates != Some(false),
            (Fit::Open, Reach::Narrow) => particulars.creates == Some(false),
            (fit, _) => fit == Fit::Yes,
        };
        let capabilities = match (self.capabilities, reach) {
            (None, _) => true,
            (Some(named), Reach::Wide) => named.intersects(particulars.carried),
            (Some(named), Reach::Narrow) => {
                !particulars.carried.is_empty() && particulars.carried.is_subset_of(named)
            }
        };
        let name = || match particulars.created {
            Some(name) => self.names.iter().any(|glob| glob.matches(name)),
            None => reach == Reach::Wide,
        };
        capabilities && verb() && (!self.awaits_name(request) || name())
    }

    /// Whether it depends on more of the object than on whether there is one.
    pub(super) fn awaits_object(
        &self,
        request: &RequestInfo,
        carried: Carried,
        reach: Reach,
    ) -> bool {
        self.awaits_name(request) || self.fits_carried(carried, reach) == Fit::Open
    }

    fn fits_carried(&self, carried: Carried, reach: Reach) -> Fit {
        let Some(named) = self.capabilities else { return Fit::Yes };
        match reach {
            _ if !named.intersects(carried.possible) => Fit::No,
            Reach::Wide if named.intersects(carried.certain) => Fit::Yes,
            Reach::Narrow if !carried.certain.is_subset_of(named) => Fit::No,
            Reach::Narrow if carried.certain == carried.possible => Fit::Yes,
            Reach::Narrow | Reach::Wide => Fit::Open,
        }
    }

    /// Whether the name that it asks for stands in the object alone.
    fn awaits_name(&self, request: &RequestInfo) -> bool {
        request.creates_object() && !any(&self.names, |glob| glob.matches(""))
    }

    /// Whether it is about `caller` on `cluster`, whatever is asked.
    pub fn fits_caller(&self, caller: &Caller, cluster: &str) -> bool {
        any(&self.callers, |pattern| pattern.matches(caller))
            && any(&self.clusters, |pattern| pattern.matches(cluster))
    }

    /// Whether it is about somebody on `cluster`.
    pub(super) fn fits_cluster(&self, cluster: &str) -> bool {
        any(&self.clusters, |pattern| pattern.matches(cluster))
    }

    /// Whether it can fit a request on a resource.
    pub(super) fn covers_resources(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether it can fit a request on a non-resource path.
    pub(super) fn covers_paths(&self) -> bool {
        self.resources.is_empty()
            && self.namespaces.is_empty()
            && self.names.is_empty()
            && self.capabilities.is_none()
    }

    /// Whether `paths`, if there are any, stand beside nothing that is about resources.
    pub(super) fn is_consistent(&self) -> bool {
        self.covers_resources() || self.covers_paths()
    }

    fn fits_target(&self, request: &RequestInfo, reach: Reach) -> bool {
        match &request.resource {
            None => self.covers_paths() && any(&self.paths, |glob| glob.matches(&request.path)),
            Some(resource) => {
                let touches_all = reach == Reach::Wide && request.verb.is_of_collection();
                let all_names = touches_all && resource.name.is_empty();
                let all_namespaces = touches_all && resource.may_span_namespaces();
                let names = |pattern: &ResourcePattern| {
                    let whole = reach == Reach::Wide && resource.is_of_whole_object();
                    pattern.matches(resource)
                        || whole && pattern.names_objects(&resource.resource, &resource.api_group)
                };
                self.covers_resources()
                    && any(&self.resources, names)
                    && (all_namespaces
                        || any(&self.namespaces, |glob| glob.matches(resource.namespace_asked())))
                    && (all_names
                        || request.creates_object()
                        || any(&self.names, |glob| glob.matches(&resource.name)))
            }
        }
    }
}

fn any<T>(patterns: &[T], matches: impl Fn(&T) -> bool) -> bool {
    patterns.is_empty() || patterns.iter().any(matches)
}

/// A set of verbs; the default is all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerbSet(u16);

impl Default for VerbSet {
    fn default() -> Self {
        Self(u16::MAX)
    }
}

impl VerbSet {
    /// Whether `verb` is in the set.
    pub const fn contains(self, verb: Verb) -> bool {
        self.0 & (1 << verb as u16) != 0
    }

    /// Whether it names what the request does.
    ///
    /// An exec is a POST over SPDY and a GET over a websocket, with one effect: a policy that
    /// reads `get` allows none, and one that denies or holds either of both means both. A proxied
    /// HEAD is a get, as for RBAC, and a proxied OPTIONS is at least no way around a denied get.
    ///
    /// An update, and an apply among the patches, creates what is not there. As for RBAC, that is a
    /// create as well; whether it is one depends on what is stored.
    fn fit(self, request: &RequestInfo, reach: Reach) -> Fit {
        let wide = reach == Reach::Wide;
        let fits = match request.verb {
            Verb::Create | Verb::Get if request.is_stream() => {
                self.contains(Verb::Create) || (wide && self.contains(Verb::Get))
            }
            Verb::Head => self.contains(Verb::Head) || self.contains(Verb::Get),
            Verb::Options => self.contains(Verb::Options) || (wide && self.contains(Verb::Get)),
            verb => self.contains(verb),
        };
        let creates = request.may_create_by_change() && self.contains(Verb::Create) != fits;
        match (fits, reach) {
            (false, Reach::Wide) | (true, Reach::Narrow) if creates => Fit::Open,
            (true, _) => Fit::Yes,
            (false, _) => Fit::No,
        }
    }

    /// Whether it can [fit](Self::fit) a request with this verb.
    pub(super) const fn may_fit(self, verb: Verb) -> bool {
        match verb {
            Verb::Create | Verb::Get | Verb::Head | Verb::Options => {
                self.contains(verb) || self.contains(Verb::Create) || self.contains(Verb::Get)
            }
            Verb::Patch | Verb::Update => self.contains(verb) || self.contains(Verb::Create),
            verb => self.contains(verb),
        }
    }
}

impl FromIterator<Verb> for VerbSet {
    fn from_iter<I: IntoIterator<Item = Verb>>(verbs: I) -> Self {
        Self(verbs.into_iter().fold(0, |set, verb| set | 1 << verb as u16))
    }
}

#[cfg(test)]
mod tests;
