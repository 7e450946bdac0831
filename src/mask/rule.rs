//! Which fields of which objects are masked: the rules, narrowed down to one caller and cluster.

use std::fmt;
use std::str::FromStr;

use super::path::FieldPath;
use crate::glob::Glob;
use crate::kube::request_info::ResourceInfo;

/// All rules that apply to one caller on one cluster.
#[derive(Debug, Clone, Default)]
pub struct MaskRules {
    /// The rules; a value that several of them cover counts for the first.
    pub rules: Vec<MaskRule>,
}

/// One rule, as a `Mask` document gives it.
#[derive(Debug, Clone)]
pub struct MaskRule {
    /// The document's name, for the report.
    pub name: String,
    /// The resources whose objects are masked.
    pub resources: Vec<ResourcePattern>,
    /// The namespaces; none means all.
    pub namespaces: Vec<Glob>,
    /// The objects' names; none means all.
    pub names: Vec<Glob>,
    /// The fields.
    pub fields: Vec<FieldPath>,
}

/// A resource as policies write it: `secrets` (the core group), `statefulsets.apps`, `*.apps`,
/// `*`. A subresource after `/` is accepted and ignored, objects have none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourcePattern {
    resource: Glob,
    group: Glob,
}

/// Why a resource pattern is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "resource `{pattern}` is not a plural name in lower case like `secrets`, `deployments.apps` or `*`"
)]
pub struct ResourcePatternError {
    /// The pattern.
    pub pattern: String,
}

/// What is known of an object when rules are matched. What is not known matches every rule.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    /// Every (resource, group) that the object may be stored under; empty when unknown.
    pub resources: Vec<(String, String)>,
    pub namespace: Option<&'a str>,
    pub name: Option<&'a str>,
}

impl MaskRules {
    /// Whether nothing is masked.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether some rule masks objects of this resource, whatever their names: for what cannot be
    /// judged by its content, such as `Warning` headers and plain-text errors, which are withheld
    /// then.
    pub fn cover(&self, requested: &ResourceInfo) -> bool {
        let resources = vec![(requested.resource.clone(), requested.api_group.clone())];
        !self.matching(&Subject { resources, namespace: None, name: None }).is_empty()
    }

    pub(super) fn matching<'r>(&'r self, subject: &Subject<'_>) -> Vec<&'r MaskRule> {
        self.rules.iter().filter(|rule| rule.matches(subject)).collect()
    }

    /// Whether a rule names this very resource, without a star.
    pub(super) fn name_literally(&self, resources: &[(String, String)]) -> bool {
        let mut patterns = self.rules.iter().flat_map(|rule| &rule.resources);
        patterns.any(|pattern| {
            pattern.resource.is_literal()
                && resources.iter().any(|(resource, group)| pattern.matches(resource, group))
        })
    }
}

impl MaskRule {
    fn matches(&self, subject: &Subject<'_>) -> bool {
        !self.fields.is_empty()
            && self.matches_resource(&subject.resources)
            && any_glob(&self.namespaces, subject.namespace)
            && any_glob(&self.names, subject.name)
    }

    fn matches_resource(&self, resources: &[(String, String)]) -> bool {
        resources.is_empty()
            || resources.iter().any(|(resource, group)| {
                self.resources.iter().any(|pattern| pattern.matches(resource, group))
            })
    }
}

fn any_glob(globs: &[Glob], text: Option<&str>) -> bool {
    let Some(text) = text else { return true };
    globs.is_empty() || globs.iter().any(|glob| glob.matches(text))
}

impl ResourcePattern {
    /// Whether `resource` of `group` (empty for the core group) fits.
    pub fn matches(&self, resource: &str, group: &str) -> bool {
        self.resource.matches(resource) && self.group.matches(group)
    }
}

impl FromStr for ResourcePattern {
    type Err = ResourcePatternError;

    fn from_str(pattern: &str) -> Result<Self, Self::Err> {
        let object = pattern.split_once('/').map_or(pattern, |(object, _)| object);
        let (resource, group) = match object.split_once('.') {
            Some((_, "")) => return Err(ResourcePatternError { pattern: pattern.to_owned() }),
            Some(parts) => parts,
            None if object == "*" => ("*", "*"),
            None => (object, ""),
        };
        let is_name = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'*')
        };
        if resource.is_empty() || !object.bytes().all(is_name) {
            return Err(ResourcePatternError { pattern: pattern.to_owned() });
        }
        Ok(Self { resource: Glob::from(resource), group: Glob::from(group) })
    }
}

impl fmt::Display for ResourcePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.resource.as_str(), self.group.as_str()) {
            ("*", "*") => formatter.write_str("*"),
            (resource, "") => formatter.write_str(resource),
            (resource, group) => write!(formatter, "{resource}.{group}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_one_group_unless_it_says_otherwise() {
        for (pattern, resource, group, fits) in [
            ("secrets", "secrets", "", true),
            ("secrets", "secrets", "example.com", false),
            ("secrets/status", "secrets", "", true),
            ("statefulsets.apps", "statefulsets", "apps", true),
            ("statefulsets.apps", "statefulsets", "", false),
            ("*.apps", "deployments", "apps", true),
            ("*.apps", "pods", "", false),
            ("*", "pods", "", true),
            ("*", "widgets", "example.com", true),
            ("widgets.*", "widgets", "example.com", true),
        ] {
            let parsed: ResourcePattern = pattern.parse().unwrap();
            assert_eq!(parsed.matches(resource, group), fits, "{pattern}: {resource}.{group}");
        }
    }

    #[test]
    fn rules_cover_a_resource_whatever_names_they_are_for() {
        let rule = MaskRule {
            name: "secrets".into(),
            resources: vec!["secrets".parse().unwrap()],
            namespaces: vec!["prod".into()],
            names: vec!["db".into()],
            fields: vec!["data.*".parse().unwrap()],
        };
        let info =
            |resource: &str| ResourceInfo { resource: resource.into(), ..ResourceInfo::default() };
        let rules = MaskRules { rules: vec![rule.clone()] };
        assert!(rules.cover(&info("secrets")) && !rules.cover(&info("pods")));
        let idle = MaskRules { rules: vec![MaskRule { fields: Vec::new(), ..rule }] };
        assert!(!idle.cover(&info("secrets")));
    }

    #[test]
    fn kinds_and_blanks_are_not_resources() {
        for pattern in ["", "Secret", "secrets.", ".apps", "a b", "/status"] {
            assert!(pattern.parse::<ResourcePattern>().is_err(), "{pattern}");
        }
    }
}
