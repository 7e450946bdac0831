//! A request as people describe one: by what it does to which resource, as `kubectl auth can-i`
//! takes it, or as it stands on the wire. Either way it is read by the gateway's own reader, so
//! that nothing is decided on a spelling that no API server would understand.

use http::Method;

use super::document::resource_hint;
use super::problem::did_you_mean;
use crate::kube::request_info::{RequestInfo, Unreadable, Verb};
use crate::kube::resource_pattern::{InvalidResource, ResourcePattern};
use crate::kube::target::{Query, Target, TargetError};

/// A request that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// In the API server's own terms.
    pub request: RequestInfo,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
}

/// A request by what it does. Empty texts are for what there is none of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// As policies name it, e.g. `delete`.
    pub verb: String,
    /// As policies name it, e.g. `deployments.apps`.
    pub resource: String,
    /// The part of the resource, e.g. `scale`.
    pub subresource: String,
    /// The namespace.
    pub namespace: String,
    /// The object.
    pub name: String,
}

/// Why a description is none of a request. All of it is its author's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRequest {
    /// What the verb needs, or cannot have, is not as it should be.
    #[error("{0}")]
    Attributes(String),
    /// The method is none of HTTP's.
    #[error("`{0}` is no HTTP method")]
    Method(String),
    /// The resource is not one.
    #[error(transparent)]
    Resource(#[from] InvalidResource),
    /// A pattern instead of a resource.
    #[error("`{0}` is not the name of one resource")]
    Several(String),
    /// The target cannot be read.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No API server takes it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The verb is not one.
    #[error("unknown verb `{0}`")]
    Verb(String),
}

impl NoRequest {
    /// The way out, where there is an obvious one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Method(method) => did_you_mean(method, &METHODS),
            Self::Resource(InvalidResource::NotCore(resource)) => resource_hint(resource),
            Self::Several(resource) if resource.contains('/') => {
                Some("give what follows the slash as `subresource`".to_owned())
            }
            Self::Verb(verb) => did_you_mean(verb, &Verb::ALL.map(Verb::as_str)),
            _ => None,
        }
    }
}

const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

impl Asked {
    /// Reads a method and a target, the query behind its `?`.
    pub fn on_the_wire(method: &str, target: &str) -> Result<Self, NoRequest> {
        let known = METHODS.iter().find(|known| **known == method);
        let known = known.and_then(|method| method.parse::<Method>().ok());
        let method = known.ok_or_else(|| NoRequest::Method(method.to_owned()))?;
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        Self::read(&method, &Target::parse(path, query)?)
    }

    /// Reads attributes, by way of the target that they stand for.
    pub fn by_attributes(attributes: &Attributes) -> Result<Self, NoRequest> {
        let verb = verb(&attributes.verb)?;
        check(attributes, verb)?;
        let (method, query) = on_wire(verb)?;
        let segments = segments(attributes)?;
        let path: String = segments.iter().flat_map(|segment| ["/", segment]).collect();
        let target = Target::parse(&escape(&path), None)?;
        let target = match query {
            Some(pair) => target.with_query(Query::from_iter([pair])),
            None => target,
        };
        let asked = Self::read(&method, &target)?;
        if asked.request.verb == verb {
            return Ok(asked);
        }
        let read = asked.request.verb;
        Err(NoRequest::Attributes(format!(
            "a {verb} needs a name; without one the request is a {read}"
        )))
    }

    fn read(method: &Method, target: &Target) -> Result<Self, NoRequest> {
        let request = RequestInfo::read(method, target)?;
        Ok(Self { request, query: target.query().pairs().to_vec() })
    }
}

fn verb(name: &str) -> Result<Verb, NoRequest> {
    Verb::named(name).ok_or_else(|| NoRequest::Verb(name.to_owned()))
}

/// What the verb needs beside the resource, and what it cannot have.
fn check(attributes: &Attributes, verb: Verb) -> Result<(), NoRequest> {
    let Attributes { subresource, name, .. } = attributes;
    let says = match verb {
        Verb::Create if subresource.is_empty() && !name.is_empty() => {
            "a create has no name in its request; write it into the object's `metadata.name`"
        }
        Verb::DeleteCollection | Verb::List | Verb::Watch if !name.is_empty() => {
            "a collection has no name; leave it out, or use `get` or `delete`"
        }
        _ if !subresource.is_empty() && name.is_empty() => "a subresource needs a name",
        _ if [subresource, &attributes.namespace, name].iter().any(|part| part.contains('/')) => {
            "namespace, name and subresource are one word each, without a slash"
        }
        _ => return Ok(()),
    };
    Err(NoRequest::Attributes(says.to_owned()))
}

/// The method, and the query where the verb stands there.
fn on_wire(verb: Verb) -> Result<(Method, Option<(String, String)>), NoRequest> {
    let method = match verb {
        Verb::Create => Method::POST,
        Verb::Delete | Verb::DeleteCollection => Method::DELETE,
        Verb::Get | Verb::List | Verb::Watch => Method::GET,
        Verb::Head => Method::HEAD,
        Verb::Options => Method::OPTIONS,
        Verb::Patch => Method::PATCH,
        Verb::Update => Method::PUT,
        Verb::Impersonate => {
            let says = "nobody asks for `impersonate` alone: it comes with another request";
            return Err(NoRequest::Attributes(says.to_owned()));
        }
    };
    let watch = || ("watch".to_owned(), "true".to_owned());
    Ok((method, (verb == Verb::Watch).then(watch)))
}

/// The path. Policies do not tell versions apart, so any will do.
fn segments(attributes: &Attributes) -> Result<Vec<&str>, NoRequest> {
    let Attributes { resource, subresource, namespace, name, .. } = attributes;
    resource.parse::<ResourcePattern>()?;
    if resource.contains(['*', '/']) {
        return Err(NoRequest::Several(resource.clone()));
    }
    let (resource, root) = match resource.split_once('.') {
        Some((resource, group)) => (resource, vec!["apis", group, "v1"]),
        None => (resource.as_str(), vec!["api", "v1"]),
    };
    let within = if namespace.is_empty() { vec![] } else { vec!["namespaces", namespace] };
    let object = [resource, name, subresource].into_iter().filter(|part| !part.is_empty());
    Ok(root.into_iter().chain(within).chain(object).collect())
}

/// What is written by hand may contain what a target cannot, as the colon in `system:x`; only
/// what would be taken for an escape has to be one.
fn escape(path: &str) -> String {
    path.replace('%', "%25")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `VERB RESOURCE [NAMESPACE [NAME [SUBRESOURCE]]]`, `-` for none.
    fn by_attributes(line: &str) -> Result<Asked, NoRequest> {
        let mut words = line.split(' ').map(|word| if word == "-" { "" } else { word });
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (verb, resource, namespace, name) = (word(), word(), word(), word());
        Asked::by_attributes(&Attributes { verb, resource, namespace, name, subresource: word() })
    }

    #[test]
    fn attributes_are_read_as_the_request_that_they_stand_for() {
        for (line, method, target) in [
            ("get pods shop web", "GET", "/api/v1/namespaces/shop/pods/web"),
            ("list pods", "GET", "/api/v1/pods"),
            ("watch pods shop", "GET", "/api/v1/namespaces/shop/pods?watch=true"),
            ("create deployments.apps shop", "POST", "/apis/apps/v1/namespaces/shop/deployments"),
            ("create pods shop web exec", "POST", "/api/v1/namespaces/shop/pods/web/exec"),
            ("get pods shop web exec", "GET", "/api/v1/namespaces/shop/pods/web/exec"),
            ("delete namespaces - shop", "DELETE", "/api/v1/namespaces/shop"),
            ("deletecollection pods shop", "DELETE", "/api/v1/namespaces/shop/pods"),
            (
                "patch clusterroles.rbac.authorization.k8s.io - system:x",
                "PATCH",
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:x",
            ),
        ] {
            assert_eq!(by_attributes(line), Asked::on_the_wire(method, target), "{line}");
            assert!(by_attributes(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn what_is_no_request_is_told_with_the_way_out() {
        for (line, says, hint) in [
            ("remove pods shop web", "unknown verb", ""),
            ("delet pods shop web", "unknown verb", "`delete`"),
            ("get deployments shop web", "no resource of the core group", "`deployments.apps`"),
            ("get pods/exec shop web", "not the name of one", "`subresource`"),
            ("get * shop web", "not the name of one", ""),
            ("get pods shop", "needs a name; without one the request is a list", ""),
            ("create pods shop web", "`metadata.name`", ""),
            ("list pods shop web", "no name", ""),
            ("get pods shop - log", "subresource needs a name", ""),
            ("get pods shop web vnc", "does not know the subresource", ""),
            ("get pods a/b web", "without a slash", ""),
            ("get pods .. web", "`.` or `..`", ""),
            ("impersonate serviceaccounts shop x", "with another request", ""),
        ] {
            let error = by_attributes(line).unwrap_err();
            assert!(error.to_string().contains(says), "{line}: {error}");
            assert!(error.hint().unwrap_or_default().contains(hint), "{line}: {error:?}");
        }
        assert!(Asked::on_the_wire("get", "/api/v1/pods").is_err());
    }
}
