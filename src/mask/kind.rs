//! From the kind that an object says it has to the resources that it may be stored under.

use super::rule::{ResourceName, resource_name};
use crate::kube::request_info::ResourceInfo;

/// The group of `Table` and `PartialObjectMetadata`.
const META_GROUP: &str = "meta.k8s.io";

/// `apiVersion` without the version, and `kind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GroupKind {
    pub group: String,
    pub kind: String,
}

impl GroupKind {
    pub(super) fn new(api_version: &str, kind: &str) -> Option<Self> {
        if kind.is_empty() || api_version.is_empty() {
            return None;
        }
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Some(Self { group: group.to_owned(), kind: kind.to_owned() })
    }

    fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    pub(super) fn is_partial(&self) -> bool {
        self.is(META_GROUP, "PartialObjectMetadata")
    }

    pub(super) fn is_secret(&self) -> bool {
        self.is("", "Secret")
    }

    pub(super) fn is_config_map(&self) -> bool {
        self.is("", "ConfigMap")
    }

    pub(super) fn is_status(&self) -> bool {
        self.is("", "Status")
    }

    pub(super) fn is_table(&self) -> bool {
        self.is(META_GROUP, "Table")
    }

    /// Whether the kind is spelled like a collection.
    pub(super) fn is_list(&self) -> bool {
        self.kind.ends_with("List")
    }

    /// The kind of a list's items; none for the plain `List`, whose items give their own.
    pub(super) fn item(&self) -> Option<Self> {
        let kind = self.kind.strip_suffix("List").filter(|kind| !kind.is_empty())?;
        Some(Self { group: self.group.clone(), kind: kind.to_owned() })
    }

    /// The names under which the API server may serve this kind.
    ///
    /// The first is upstream's guess (apimachinery `UnsafeGuessKindToResource`); custom resources
    /// choose their plural freely, so the other spellings count too, and so does the requested
    /// resource if it is of the same group. Too many names only mask too much.
    pub(super) fn resources<'a>(
        &'a self,
        requested: Option<&'a ResourceInfo>,
    ) -> Vec<ResourceName<'a>> {
        let singular = self.kind.to_lowercase();
        let guess = match singular.strip_suffix('y') {
            _ if singular.ends_with("endpoints") => singular.clone(),
            Some(stem) => format!("{stem}ies"),
            None if singular.ends_with('s') => format!("{singular}es"),
            None => format!("{singular}s"),
        };
        let names = [guess, format!("{singular}s"), format!("{singular}es"), singular];
        let guesses = names.into_iter().map(|name| (name.into(), self.group.as_str()));
        let requested = requested.filter(|requested| requested.api_group == self.group);
        guesses.chain(requested.map(resource_name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_guessed_as_upstream_does() {
        for (api_version, kind, resource, group) in [
            ("v1", "Secret", "secrets", ""),
            ("v1", "Endpoints", "endpoints", ""),
            ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", "networking.k8s.io"),
            ("networking.k8s.io/v1", "Ingress", "ingresses", "networking.k8s.io"),
            ("apps/v1", "StatefulSet", "statefulsets", "apps"),
        ] {
            let kind = GroupKind::new(api_version, kind).unwrap();
            assert_eq!(kind.resources(None).first(), Some(&(resource.into(), group)));
        }
    }

    #[test]
    fn a_plural_that_cannot_be_guessed_is_taken_from_the_request() {
        let gateway = GroupKind::new("g.example/v1", "Index").unwrap();
        let requested = ResourceInfo {
            api_group: "g.example".into(),
            resource: "indices".into(),
            ..ResourceInfo::default()
        };
        let indices = ("indices".into(), "g.example");
        assert!(gateway.resources(Some(&requested)).contains(&indices));
        let other = ResourceInfo { api_group: String::new(), ..requested };
        assert!(!gateway.resources(Some(&other)).contains(&indices));
    }
}
