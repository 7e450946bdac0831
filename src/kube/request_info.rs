//! Reads a request as the API server does, so that policy decides on what will really run.
//!
//! A port of the algorithm in k8s.io/apiserver `pkg/endpoints/request/requestinfo.go`
//! (`RequestInfoFactory.NewRequestInfo`), on top of a `Target` that has no spelling tricks left.
//! Where upstream guesses, this refuses: a verb it has no name for, a subresource nobody knows.

use serde::{Deserialize, Serialize};

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
    /// The object's name; empty for collections and for creates.
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
