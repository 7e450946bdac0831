//! Reads a request as the API server does, so that policy decides on what will really run.
//!
//! A port of the algorithm in k8s.io/apiserver `pkg/endpoints/request/requestinfo.go`
//! (`RequestInfoFactory.NewRequestInfo`), on top of a [`Target`] that has no spelling tricks left.
//! Where upstream guesses, this refuses: a method it has no verb for, a subresource nobody knows,
//! parts that no route has.

use http::Method;
use serde::{Deserialize, Serialize};

use super::field_selector;
use super::target::{self, Query, Target};

/// A request in the API server's own terms; field names follow upstream's `RequestInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestInfo {
    /// What is asked for.
    pub verb: Verb,
    /// The canonical path, percent-encoded where needed, without the query.
    pub path: String,
    /// The resource, or none for a non-resource path such as `/version`.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceInfo>,
}

impl RequestInfo {
    /// The request in a few words: verb, resource and where.
    pub fn summary(&self) -> String {
        let verb = self.verb.as_str();
        let Some(resource) = &self.resource else {
            return format!("{verb} {}", self.path);
        };
        let mut line = format!("{verb} {}", resource.resource);
        if !resource.api_group.is_empty() {
            line = format!("{line}.{}", resource.api_group);
        }
        for part in [&resource.subresource, &resource.name] {
            if !part.is_empty() {
                line = format!("{line}/{part}");
            }
        }
        if !resource.namespace.is_empty() && resource.resource != "namespaces" {
            line = format!("{line} in {}", resource.namespace);
        }
        line
    }
}

/// Which resource a request is about. Empty strings mean "none", as upstream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceInfo {
    /// The API group; empty for the core group.
    pub api_group: String,
    /// The API version, e.g. `v1`.
    pub api_version: String,
    /// Empty for cluster-scoped resources and for requests across all namespaces. For a request
    /// on a namespace object itself, the namespace's own name.
    pub namespace: String,
    /// The plural resource name, e.g. `deployments`.
    pub resource: String,
    /// The subresource, e.g. `scale`; empty for none.
    pub subresource: String,
    /// The object's name; empty for collections and for creates. Of a proxied
    /// `[scheme:]name[:port]` the name alone.
    pub name: String,
}

/// What a request asks for, as the API server's authorizer names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// POST.
    Create,
    /// DELETE of one object.
    Delete,
    /// DELETE of a collection.
    DeleteCollection,
    /// GET of one object, or of a non-resource path.
    Get,
    /// HEAD, known only under a proxy subresource.
    Head,
    /// Acting as somebody else: no request of its own, but a right that requests with
    /// `Impersonate-*` headers need besides.
    Impersonate,
    /// GET of a collection.
    List,
    /// OPTIONS, known only under a proxy subresource.
    Options,
    /// PATCH.
    Patch,
    /// PUT.
    Update,
    /// A watch, by query or by path.
    Watch,
}

/// Why a request cannot be read as one that an API server has a route for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A field selector that is not one.
    #[error("the fieldSelector cannot be parsed")]
    FieldSelector,
    /// A method that has no verb here.
    #[error("the method is not allowed on this path")]
    Method,
    /// A service proxy to the API server itself, which would be a second, unguarded way in.
    #[error("proxying to the API server's own service is not possible through kguard")]
    NestedApiServer,
    /// A path that the API server has no route for.
    #[error("the API server has no such route")]
    NoRoute,
    /// A scalar query parameter that stands there twice.
    #[error("the query parameter `{0}` is given more than once")]
    Repeated(String),
    /// A subresource whose effect is unknown.
    #[error("kguard does not know the subresource `{0}`, so it is refused")]
    Subresource(String),
}

/// Subresources whose effect is known, in any group.
pub(crate) const KNOWN_SUBRESOURCES: &[&str] = &[
    "approval",
    "attach",
    "binding",
    "ephemeralcontainers",
    "eviction",
    "exec",
    "finalize",
    "log",
    "portforward",
    "proxy",
    "resize",
    "scale",
    "status",
    "token",
];

/// Subresources that exist in the core group only; elsewhere the same word may mean anything.
pub(crate) const CORE_ONLY: &[&str] = &["attach", "exec", "log", "portforward", "proxy"];

/// Query parameters that are lists: `command` of exec, `ports` of the legacy port-forward.
const LIST_PARAMETERS: &[&str] = &["command", "ports"];

impl RequestInfo {
    /// Reads a method and a target.
    pub fn read(method: &Method, target: &Target) -> Result<Self, Unreadable> {
        let segments = target.segments();
        let info = match segments.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => {
                resource_request(method, target, ("", version), rest)?
            }
            ["apis", group, version, rest @ ..] if !rest.is_empty() => {
                resource_request(method, target, (group, version), rest)?
            }
            _ if method == Method::GET => {
                Self { verb: Verb::Get, path: target.path(false), resource: None }
            }
            _ => return Err(Unreadable::Method),
        };
        if !info.is_proxy()
            && let Some(key) = target.query().repeated(LIST_PARAMETERS)
        {
            return Err(Unreadable::Repeated(key.to_owned()));
        }
        Ok(info)
    }

    /// The subresource, or an empty text.
    pub fn subresource(&self) -> &str {
        self.resource.as_ref().map_or("", |resource| &resource.subresource)
    }

    /// Whether this creates an object, whose name stands in its body alone.
    pub fn creates_object(&self) -> bool {
        self.verb == Verb::Create
            && self
                .resource
                .as_ref()
                .is_some_and(|of| of.subresource.is_empty() && of.name.is_empty())
    }

    /// Whether this creates the object if it is not there: an update of most kinds, and an apply.
    pub fn may_create_by_change(&self) -> bool {
        matches!(self.verb, Verb::Patch | Verb::Update) && self.subresource().is_empty()
    }

    /// Whether this goes through the API server to a node, a pod or a service.
    pub fn is_proxy(&self) -> bool {
        self.subresource() == "proxy"
    }

    /// Whether this is a byte stream after an HTTP upgrade: exec, attach, port-forward.
    pub fn is_stream(&self) -> bool {
        matches!(self.subresource(), "attach" | "exec" | "portforward")
    }

    /// Whether the request stays open for as long as the client likes; the same set for which the
    /// API server lifts its own time limit (`pkg/controlplane/apiserver/config.go`).
    pub fn is_long_running(&self) -> bool {
        self.verb == Verb::Watch
            || self.is_stream()
            || matches!(self.subresource(), "log" | "proxy")
    }

    /// Whether the request can change anything, so that its record has to be durable before it is
    /// sent. Whatever runs code or reaches into a pod counts, whichever verb it is spelled with.
    pub fn is_change(&self) -> bool {
        let read =
            matches!(self.verb, Verb::Get | Verb::Head | Verb::List | Verb::Options | Verb::Watch);
        !read || self.is_stream() || self.is_proxy()
    }
}

/// The part of a path after the version, read as upstream reads it.
fn resource_request(
    method: &Method,
    target: &Target,
    (group, version): (&str, &str),
    parts: &[&str],
) -> Result<RequestInfo, Unreadable> {
    let (mut verb, parts) = match parts {
        ["watch", rest @ ..] if method == Method::GET && !rest.is_empty() => (Verb::Watch, rest),
        ["watch" | "proxy", ..] => return Err(Unreadable::NoRoute),
        parts => (verb_of(method)?, parts),
    };
    let (namespace, parts) = namespace_of(parts);
    let mut resource = ResourceInfo {
        api_group: group.to_owned(),
        api_version: version.to_owned(),
        namespace: namespace.to_owned(),
        ..ResourceInfo::default()
    };
    let part = |index: usize| parts.get(index).map(|&part| part.to_owned());
    resource.resource = part(0).unwrap_or_default();
    resource.name = part(1).unwrap_or_default();
    resource.subresource = part(2).unwrap_or_default();
    if resource.name.is_empty() {
        verb = collection_verb(verb, target.query());
        if matches!(verb, Verb::List | Verb::Watch) && !by_path(target) {
            resource.name = selected_name(target.query())?;
        }
    }
    check_subresource(method, &mut resource, parts.len())?;
    let path = target.path(resource.subresource == "proxy");
    Ok(RequestInfo { verb, path, resource: Some(resource) })
}

fn verb_of(method: &Method) -> Result<Verb, Unreadable> {
    Ok(match *method {
        Method::DELETE => Verb::Delete,
        Method::GET => Verb::Get,
        Method::HEAD => Verb::Head,
        Method::OPTIONS => Verb::Options,
        Method::PATCH => Verb::Patch,
        Method::POST => Verb::Create,
        Method::PUT => Verb::Update,
        _ => return Err(Unreadable::Method),
    })
}

/// Splits `namespaces/NS/…` off. What follows the name is a subresource of the namespace itself
/// only if it is `status` or `finalize`; everything else is a resource in that namespace.
fn namespace_of<'a, 'b>(parts: &'b [&'a str]) -> (&'a str, &'b [&'a str]) {
    match parts {
        ["namespaces", namespace, rest @ ..] => match rest {
            [] | ["status" | "finalize", ..] => (namespace, parts),
            rest => (namespace, rest),
        },
        parts => ("", parts),
    }
}

/// Without a name a get is a list or a watch, and a delete a deletecollection.
fn collection_verb(verb: Verb, query: &Query) -> Verb {
    match verb {
        Verb::Get if query.first("watch").is_some_and(target::is_true) => Verb::Watch,
        Verb::Get => Verb::List,
        Verb::Delete => Verb::DeleteCollection,
        verb => verb,
    }
}

fn by_path(target: &Target) -> bool {
    let segments = target.segments();
    let verb_at = if segments.first() == Some(&"api") { 2 } else { 3 };
    segments.get(verb_at) == Some(&"watch")
}

/// `fieldSelector=metadata.name=X` names the object, for RBAC's `resourceNames` as for policy.
fn selected_name(query: &Query) -> Result<String, Unreadable> {
    let Some(selector) = query.first("fieldSelector") else { return Ok(String::new()) };
    let name = field_selector::exact_match(selector, "metadata.name")
        .map_err(|_| Unreadable::FieldSelector)?;
    // Upstream ignores a name that cannot be a path segment.
    let is_segment =
        |name: &String| !matches!(name.as_str(), "." | "..") && !name.contains(['/', '%']);
    Ok(name.filter(is_segment).unwrap_or_default())
}

fn check_subresource(
    method: &Method,
    resource: &mut ResourceInfo,
    parts: usize,
) -> Result<(), Unreadable> {
    let subresource = resource.subresource.as_str();
    if subresource == "proxy" && resource.api_group.is_empty() {
        resource.name = bare_name(&resource.name).to_owned();
        let nested = resource.resource == "services"
            && resource.namespace == "default"
            && resource.name == "kubernetes";
        return if nested { Err(Unreadable::NestedApiServer) } else { Ok(()) };
    }
    if matches!(*method, Method::HEAD | Method::OPTIONS) {
        return Err(Unreadable::Method);
    }
    if subresource.is_empty() {
        return Ok(());
    }
    let known = KNOWN_SUBRESOURCES.contains(&subresource)
        && (resource.api_group.is_empty() || !CORE_ONLY.contains(&subresource));
    match known {
        false => Err(Unreadable::Subresource(subresource.to_owned())),
        true if parts > 3 => Err(Unreadable::NoRoute),
        true => Ok(()),
    }
}

/// The name out of `[scheme:]name[:port]` (k8s.io/apimachinery `SplitSchemeNamePort`).
fn bare_name(name: &str) -> &str {
    match name.split(':').collect::<Vec<_>>().as_slice() {
        [_, name, _] | [name, ..] => name,
        [] => name,
    }
}

impl Verb {
    /// Every one, by name.
    pub const ALL: [Self; 11] = [
        Self::Create,
        Self::Delete,
        Self::DeleteCollection,
        Self::Get,
        Self::Head,
        Self::Impersonate,
        Self::List,
        Self::Options,
        Self::Patch,
        Self::Update,
        Self::Watch,
    ];

    /// The one with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == name)
    }

    /// Whether it is about all objects that a path and selectors describe.
    pub fn is_of_collection(self) -> bool {
        matches!(self, Self::DeleteCollection | Self::List | Self::Watch)
    }

    /// The verb as it is written in policies and in RBAC.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Get => "get",
            Self::Head => "head",
            Self::Impersonate => "impersonate",
            Self::List => "list",
            Self::Options => "options",
            Self::Patch => "patch",
            Self::Update => "update",
            Self::Watch => "watch",
        }
    }
}

impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Built-in resources of which a collection never spans namespaces.
const CLUSTER_SCOPED: [(&str, &[&str]); 12] = [
    ("", &["componentstatuses", "namespaces", "nodes", "persistentvolumes"]),
    ("admissionregistration.k8s.io", &[]),
    ("apiextensions.k8s.io", &[]),
    ("apiregistration.k8s.io", &[]),
    ("certificates.k8s.io", &["certificatesigningrequests", "clustertrustbundles"]),
    ("flowcontrol.apiserver.k8s.io", &[]),
    ("networking.k8s.io", &["ingressclasses", "ipaddresses", "servicecidrs"]),
    ("node.k8s.io", &[]),
    ("rbac.authorization.k8s.io", &["clusterrolebindings", "clusterroles"]),
    ("resource.k8s.io", &["deviceclasses", "resourceslices"]),
    ("scheduling.k8s.io", &[]),
    (
        "storage.k8s.io",
        &[
            "csidrivers",
            "csinodes",
            "storageclasses",
            "volumeattachments",
            "volumeattributesclasses",
        ],
    ),
];

impl ResourceInfo {
    /// Whether a collection of this may hold the objects of every namespace. Of kinds that are
    /// not Kubernetes' own nobody can tell by the path, so those may.
    pub fn may_span_namespaces(&self) -> bool {
        let is_cluster_scoped = CLUSTER_SCOPED.iter().any(|(group, resources)| {
            *group == self.api_group
                && (resources.is_empty() || resources.contains(&self.resource.as_str()))
        });
        let is_namespaces = self.is_namespaces() && self.name.is_empty();
        self.namespace.is_empty() && (is_namespaces || !is_cluster_scoped)
    }

    /// The namespace that is asked for; of a namespace itself its own name, also where only a field
    /// selector tells it.
    pub fn namespace_asked(&self) -> &str {
        if self.is_namespaces() && self.namespace.is_empty() { &self.name } else { &self.namespace }
    }

    /// Whether a subresource is read and written with the whole object, its metadata included.
    pub fn is_of_whole_object(&self) -> bool {
        const WHOLE: [&str; 5] =
            ["approval", "ephemeralcontainers", "finalize", "resize", "status"];
        WHOLE.contains(&self.subresource.as_str())
    }

    /// Whether the API server does what is asked for even if `dryRun` is. A token that is made so is as
    /// good as any (k8s.io/kubernetes `pkg/registry/core/serviceaccount/storage/token.go`).
    pub fn ignores_dry_run(&self) -> bool {
        self.api_group.is_empty()
            && self.resource == "serviceaccounts"
            && self.subresource == "token"
    }

    fn is_namespaces(&self) -> bool {
        self.api_group.is_empty() && self.resource == "namespaces"
    }

    /// The resource as people write it: `pods`, `pods/exec`, `deployments.apps`.
    pub fn display_name(&self) -> String {
        let mut name = self.resource.clone();
        if !self.api_group.is_empty() {
            name.push('.');
            name.push_str(&self.api_group);
        }
        if !self.subresource.is_empty() {
            name.push('/');
            name.push_str(&self.subresource);
        }
        name
    }
}

#[cfg(test)]
mod tests;
