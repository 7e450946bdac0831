//! The `match` part of a document: which requests it is about, told from the request line and the
//! caller alone. AND across fields, OR inside a list, `*` as a glob; a missing field matches
//! everything.

use super::Facts;
use super::capability::Capabilities;
use crate::glob::Glob;
use crate::identity::{Caller, SubjectPattern};
use crate::kube::request_info::{RequestInfo, ResourceInfo, Verb};

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
    /// In which namespaces. Requests across all namespaces have the empty one, which only `*`
    /// fits.
    pub namespaces: Vec<Glob>,
    /// Of which names. Creates and collections have the empty one, which only `*` fits.
    pub names: Vec<Glob>,
    /// Of which non-resource paths.
    pub paths: Vec<Glob>,
    /// With which dangers.
    pub capabilities: Option<Capabilities>,
}

impl Match {
    /// Whether it fits in all fields but the verb, which the index of the set has looked at.
    pub(super) fn fits_beyond_verb(&self, facts: &Facts<'_>, carried: Capabilities) -> bool {
        self.fits_target(facts.request)
            && self.capabilities.is_none_or(|named| named.intersects(carried))
            && self.fits_caller(facts.caller, facts.cluster)
    }

    /// Whether it is about `caller` on `cluster`, whatever is asked.
    pub fn fits_caller(&self, caller: &Caller, cluster: &str) -> bool {
        any(&self.callers, |pattern| pattern.matches(caller))
            && any(&self.clusters, |pattern| pattern.matches(cluster))
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

    fn fits_target(&self, request: &RequestInfo) -> bool {
        match &request.resource {
            None => self.covers_paths() && any(&self.paths, |glob| glob.matches(&request.path)),
            Some(resource) => {
                self.covers_resources()
                    && any(&self.resources, |pattern| pattern.matches(resource))
                    && any(&self.namespaces, |glob| glob.matches(&resource.namespace))
                    && any(&self.names, |glob| glob.matches(&resource.name))
            }
        }
    }
}

fn any<T>(patterns: &[T], matches: impl Fn(&T) -> bool) -> bool {
    patterns.is_empty() || patterns.iter().any(matches)
}

/// Names resources: `pods`, `pods/exec`, `deployments.apps`, `statefulsets.apps/scale`.
///
/// As in RBAC, a named resource does not take its subresources along (`pods` is not `pods/exec`),
/// `pods/*` is its subresources alone, and a lone `*` is everything: `*` every resource of every
/// group with its subresources, `*.apps` all that of one group. Without a group the core group is
/// meant, except after `*`: `*/scale` is every `scale` there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePattern {
    resource: Glob,
    group: Glob,
    subresource: SubresourcePattern,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SubresourcePattern {
    /// The resource itself and all its subresources.
    Everything,
    /// The resource itself.
    Itself,
    /// Subresources alone.
    Named(Glob),
}

impl ResourcePattern {
    /// Whether `resource` is one of those that the pattern names.
    pub fn matches(&self, resource: &ResourceInfo) -> bool {
        self.resource.matches(&resource.resource)
            && self.group.matches(&resource.api_group)
            && match &self.subresource {
                SubresourcePattern::Everything => true,
                SubresourcePattern::Itself => resource.subresource.is_empty(),
                SubresourcePattern::Named(name) => {
                    !resource.subresource.is_empty() && name.matches(&resource.subresource)
                }
            }
    }
}

/// Why a text names no resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResource {
    /// Neither the plural of a core resource nor one with a group.
    #[error("`{0}` is no resource of the core group")]
    NotCore(String),
    /// Not of the form at all.
    #[error("`{0}` names no resource: write `pods`, `pods/exec`, `deployments.apps` or `*`")]
    Shape(String),
}

impl std::str::FromStr for ResourcePattern {
    type Err = InvalidResource;

    fn from_str(text: &str) -> Result<Self, InvalidResource> {
        let (head, subresource) = match text.split_once('/') {
            Some((head, subresource)) => (head, Some(subresource)),
            None => (text, None),
        };
        let (resource, group) = match head.split_once('.') {
            Some((resource, group)) => (resource, Some(group)),
            None => (head, None),
        };
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.*".contains(c);
        let parts = [Some(resource), group, subresource];
        let well_formed =
            parts.into_iter().flatten().all(|part| !part.is_empty() && part.chars().all(allowed));
        if !well_formed {
            return Err(InvalidResource::Shape(text.to_owned()));
        }
        let everything = resource == "*";
        if group.is_none() && !resource.contains('*') && !CORE_RESOURCES.contains(&resource) {
            return Err(InvalidResource::NotCore(resource.to_owned()));
        }
        Ok(Self {
            resource: resource.into(),
            group: group.unwrap_or(if everything { "*" } else { "" }).into(),
            subresource: match subresource {
                Some(name) => SubresourcePattern::Named(name.into()),
                None if everything => SubresourcePattern::Everything,
                None => SubresourcePattern::Itself,
            },
        })
    }
}

/// The core group is closed: what is not here needs its group.
pub(super) const CORE_RESOURCES: [&str; 17] = [
    "bindings",
    "componentstatuses",
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "podtemplates",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "serviceaccounts",
    "services",
];

/// Where well-known resources live whose group people leave out.
pub(super) const GROUPED_RESOURCES: [(&str, &str); 21] = [
    ("clusterrolebindings", "rbac.authorization.k8s.io"),
    ("clusterroles", "rbac.authorization.k8s.io"),
    ("controllerrevisions", "apps"),
    ("cronjobs", "batch"),
    ("customresourcedefinitions", "apiextensions.k8s.io"),
    ("daemonsets", "apps"),
    ("deployments", "apps"),
    ("horizontalpodautoscalers", "autoscaling"),
    ("ingresses", "networking.k8s.io"),
    ("jobs", "batch"),
    ("leases", "coordination.k8s.io"),
    ("mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
    ("networkpolicies", "networking.k8s.io"),
    ("poddisruptionbudgets", "policy"),
    ("replicasets", "apps"),
    ("rolebindings", "rbac.authorization.k8s.io"),
    ("roles", "rbac.authorization.k8s.io"),
    ("statefulsets", "apps"),
    ("storageclasses", "storage.k8s.io"),
    ("validatingadmissionpolicies", "admissionregistration.k8s.io"),
    ("validatingwebhookconfigurations", "admissionregistration.k8s.io"),
];

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
}

impl FromIterator<Verb> for VerbSet {
    fn from_iter<I: IntoIterator<Item = Verb>>(verbs: I) -> Self {
        Self(verbs.into_iter().fold(0, |set, verb| set | 1 << verb as u16))
    }
}

/// Every verb, with its name in policies.
pub(super) const VERBS: [(&str, Verb); 10] = [
    ("create", Verb::Create),
    ("delete", Verb::Delete),
    ("deletecollection", Verb::DeleteCollection),
    ("get", Verb::Get),
    ("head", Verb::Head),
    ("list", Verb::List),
    ("options", Verb::Options),
    ("patch", Verb::Patch),
    ("update", Verb::Update),
    ("watch", Verb::Watch),
];

/// The name of `verb` in policies.
pub(super) fn verb_name(verb: Verb) -> &'static str {
    VERBS.iter().find(|(_, known)| *known == verb).map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests;
