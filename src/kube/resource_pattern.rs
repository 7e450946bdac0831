//! How policies and masks name resources.

use super::request_info::ResourceInfo;
use crate::glob::Glob;

/// Both serve the same events.
const EVENT_GROUPS: [&str; 2] = ["", "events.k8s.io"];

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
    /// Whether objects of `resource` in `group` (empty for the core group) are among those that
    /// the pattern names. Objects are no subresources, so a pattern for those alone names none.
    pub fn names_objects(&self, resource: &str, group: &str) -> bool {
        self.resource.matches(resource)
            && self.fits_group(resource, group)
            && !matches!(self.subresource, SubresourcePattern::Named(_))
    }

    /// The [key](literal_key) of the one resource that the pattern names; none if it has a star, and
    /// so may name several.
    pub(crate) fn literal(&self) -> Option<String> {
        let subresource = match &self.subresource {
            SubresourcePattern::Itself => "",
            SubresourcePattern::Named(name) if name.is_literal() => name.as_str(),
            SubresourcePattern::Everything | SubresourcePattern::Named(_) => return None,
        };
        let literal = self.resource.is_literal() && self.group.is_literal();
        let (resource, group) = (self.resource.as_str(), self.group.as_str());
        literal.then(|| literal_key(resource, group, subresource))
    }

    /// Whether the pattern spells the resource out, without a star.
    pub fn is_literal(&self) -> bool {
        self.resource.is_literal()
    }

    /// Whether it names every resource that `other` names.
    pub fn covers(&self, other: &Self) -> bool {
        use SubresourcePattern as S;
        self.resource.matches(other.resource.as_str())
            && self.group.matches(other.group.as_str())
            && match (&self.subresource, &other.subresource) {
                (S::Everything, _) | (S::Itself, S::Itself) => true,
                (S::Named(name), S::Named(other)) => name.matches(other.as_str()),
                _ => false,
            }
    }

    /// Whether `resource` is one of those that the pattern names.
    pub fn matches(&self, resource: &ResourceInfo) -> bool {
        self.resource.matches(&resource.resource)
            && self.fits_group(&resource.resource, &resource.api_group)
            && match &self.subresource {
                SubresourcePattern::Everything => true,
                SubresourcePattern::Itself => resource.subresource.is_empty(),
                SubresourcePattern::Named(name) => {
                    !resource.subresource.is_empty() && name.matches(&resource.subresource)
                }
            }
    }

    /// Events are served by two groups, the same objects in both: whoever names them in one means
    /// them.
    fn fits_group(&self, resource: &str, group: &str) -> bool {
        let is_event = resource == "events" && EVENT_GROUPS.contains(&group);
        self.group.matches(group)
            || (is_event && EVENT_GROUPS.iter().any(|group| self.group.matches(group)))
    }
}

/// A text that is the same for a resource and a pattern that names it and no other.
pub(crate) fn literal_key(resource: &str, group: &str, subresource: &str) -> String {
    let group = if resource == "events" && EVENT_GROUPS.contains(&group) { "" } else { group };
    let mut key = String::with_capacity(64);
    for part in [resource, ".", group, "/", subresource] {
        key.push_str(part);
    }
    key
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
pub(crate) const CORE_RESOURCES: [&str; 17] = [
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
pub(crate) const GROUPED_RESOURCES: [(&str, &str); 21] = [
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `resource[/subresource][.group]`, as the rows below write it.
    fn resource(text: &str) -> ResourceInfo {
        let (head, api_group) = text.split_once('.').unwrap_or((text, ""));
        let (resource, subresource) = head.split_once('/').unwrap_or((head, ""));
        ResourceInfo {
            api_group: api_group.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            ..ResourceInfo::default()
        }
    }

    #[test]
    fn resources_are_named_as_in_rbac() {
        for (pattern, fits, fits_not) in [
            ("pods", vec!["pods"], vec!["pods/exec", "pods.metrics.k8s.io", "podtemplates"]),
            ("pods/exec", vec!["pods/exec"], vec!["pods", "pods/log"]),
            ("pods/*", vec!["pods/exec", "pods/log"], vec!["pods"]),
            (
                "deployments.apps",
                vec!["deployments.apps"],
                vec!["deployments/scale.apps", "deployments"],
            ),
            ("statefulsets.apps/scale", vec!["statefulsets/scale.apps"], vec!["statefulsets.apps"]),
            ("*", vec!["pods", "pods/exec", "deployments.apps", "x/y.z.example"], vec![]),
            (
                "*.apps",
                vec!["deployments.apps", "deployments/scale.apps"],
                vec!["pods", "x.apps.example"],
            ),
            (
                "*/scale",
                vec!["deployments/scale.apps", "things/scale.example"],
                vec!["pods", "pods/log"],
            ),
            ("secrets.*", vec!["secrets", "secrets.example.com"], vec!["secrets/x"]),
            ("*.*.example.com", vec!["a.b.example.com"], vec!["a.example.com"]),
            ("virtual*.kubevirt.io/vnc", vec!["virtualmachines/vnc.kubevirt.io"], vec![]),
            ("events", vec!["events", "events.events.k8s.io"], vec!["events.example.com"]),
            ("events.events.k8s.io", vec!["events", "events.events.k8s.io"], vec!["pods"]),
            ("*.events.k8s.io", vec!["events", "events.events.k8s.io"], vec!["secrets"]),
        ] {
            let parsed: ResourcePattern = pattern.parse().unwrap();
            let matches = |text: &&str| parsed.matches(&resource(text));
            assert!(fits.iter().all(matches), "{pattern}");
            assert!(!fits_not.iter().any(matches), "{pattern}");
        }
    }

    #[test]
    fn what_names_no_resource_is_refused() {
        for pattern in
            ["", "/", "pods/", "/exec", "pods.", ".apps", "Pods", "pods/a/b", "a b", "pod"]
        {
            assert!(pattern.parse::<ResourcePattern>().is_err(), "{pattern}");
        }
    }

    #[test]
    fn objects_are_named_by_patterns_that_are_not_for_subresources_alone() {
        for (pattern, name, group, fits) in [
            ("secrets", "secrets", "", true),
            ("secrets", "secrets", "example.com", false),
            ("*.apps", "deployments", "apps", true),
            ("*", "widgets", "example.com", true),
            ("pods/log", "pods", "", false),
            ("events", "events", "events.k8s.io", true),
        ] {
            let parsed: ResourcePattern = pattern.parse().unwrap();
            assert_eq!(parsed.names_objects(name, group), fits, "{pattern}: {name}.{group}");
        }
    }
}
