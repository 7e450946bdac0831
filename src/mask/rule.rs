//! Which fields of which objects are masked: the rules, narrowed down to one caller and cluster.

use std::borrow::Cow;
use std::sync::Arc;

use super::detect::Detectors;
use super::helm::HelmMode;
use super::path::FieldPath;
use super::pieces;
use super::text::{TextRule, TextRules};
use super::walk::detectors;
use crate::glob::Glob;
use crate::kube::request_info::ResourceInfo;
use crate::kube::resource_pattern::ResourcePattern;

/// All rules that apply to one caller on one cluster.
#[derive(Debug, Clone, Default)]
pub struct MaskRules {
    /// The rules; a value that several of them cover counts for the first.
    pub rules: Vec<Arc<MaskRule>>,
}

/// One rule, as a `Mask` document gives it.
#[derive(Debug, Clone, Default)]
pub struct MaskRule {
    /// The document's name, for the report.
    pub name: String,
    /// SHA-256 of what the document says, hex.
    pub document: String,
    /// The resources whose objects are masked; none means all.
    pub resources: Vec<ResourcePattern>,
    /// The namespaces; none means all.
    pub namespaces: Vec<Glob>,
    /// The objects' names; none means all.
    pub names: Vec<Glob>,
    /// The fields.
    pub fields: Vec<FieldPath>,
    /// What is hidden wherever it stands.
    pub values: Detectors,
    /// How Helm's releases are shown, if they are hidden.
    pub helm: HelmMode,
    /// Whether it is about the text of `pods/log` and the like, and not about objects.
    pub is_text: bool,
    /// Whether the values of the Secrets are hidden that a pod references; in text alone.
    pub known_secrets: bool,
}

/// A resource and its group.
pub(super) type ResourceName<'a> = (Cow<'a, str>, &'a str);

/// The name of a resource that was asked for.
pub(super) fn resource_name(info: &ResourceInfo) -> ResourceName<'_> {
    (info.resource.as_str().into(), &info.api_group)
}

/// What is known of an object when rules are matched. What is not known matches every rule.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    /// Every (resource, group) that the object may be stored under; empty when unknown.
    pub resources: Vec<ResourceName<'a>>,
    pub namespace: Option<&'a str>,
    pub name: Option<&'a str>,
}

impl MaskRules {
    /// Whether nothing is masked.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether others hide just the same.
    pub fn are_like(&self, others: &Self) -> bool {
        let documents = |rules: &Self| -> Vec<String> {
            rules.rules.iter().map(|rule| rule.document.clone()).collect()
        };
        documents(self) == documents(others)
    }

    /// Whether some rule masks fields of this resource, whatever the objects' names: for what cannot
    /// be judged by its content, such as `Warning` headers and plain-text errors, which are withheld
    /// then.
    pub fn cover(&self, requested: &ResourceInfo) -> bool {
        self.of_any(requested).iter().any(|rule| !rule.fields.is_empty())
    }

    /// A text about objects of this resource, with what detectors find in it replaced; none if it
    /// has to be withheld.
    pub fn hide_in<'t>(&self, requested: &ResourceInfo, text: &'t str) -> Option<Cow<'t, str>> {
        if self.cover(requested) {
            return None;
        }
        let (replaced, rules) = pieces::replaced(text, &detectors(&self.of_any(requested)));
        Some(if rules.is_empty() { text.into() } else { replaced.into() })
    }

    /// What is masked in the text of a request (`pods/log` and the like).
    pub fn text_rules(&self, requested: &ResourceInfo) -> TextRules {
        let rules = self.rules.iter().filter(|rule| rule.hides_text_of(requested));
        TextRules::new(rules.map(|rule| TextRule {
            document: rule.name.clone(),
            known_secrets: rule.known_secrets,
            detectors: rule.values.clone(),
        }))
    }

    /// The rules that may be about an object of this resource.
    pub(super) fn of_any(&self, requested: &ResourceInfo) -> Vec<&MaskRule> {
        let resources = vec![resource_name(requested)];
        self.matching(&Subject { resources, namespace: None, name: None })
    }

    /// The rules that are about the very object of a request.
    pub(super) fn of_object(&self, requested: &ResourceInfo) -> Vec<&MaskRule> {
        let given = |text: &&str| !text.is_empty();
        self.matching(&Subject {
            resources: vec![resource_name(requested)],
            namespace: Some(requested.namespace.as_str()).filter(given),
            name: Some(requested.name.as_str()).filter(given),
        })
    }

    pub(super) fn matching<'r>(&'r self, subject: &Subject<'_>) -> Vec<&'r MaskRule> {
        self.rules.iter().map(AsRef::as_ref).filter(|rule| rule.matches(subject)).collect()
    }

    /// Whether a rule names this very resource, without a star.
    pub(super) fn name_literally(&self, resources: &[ResourceName<'_>]) -> bool {
        let mut patterns = self.rules.iter().flat_map(|rule| &rule.resources);
        patterns.any(|pattern| {
            pattern.is_literal()
                && resources.iter().any(|(resource, group)| pattern.names_objects(resource, group))
        })
    }
}

impl MaskRule {
    fn matches(&self, subject: &Subject<'_>) -> bool {
        let hides = !self.fields.is_empty() || !self.values.is_empty();
        hides
            && !self.is_text
            && self.matches_resource(&subject.resources)
            && any_glob(&self.namespaces, subject.namespace)
            && any_glob(&self.names, subject.name)
    }

    fn hides_text_of(&self, requested: &ResourceInfo) -> bool {
        self.is_text
            && self.resources.iter().any(|pattern| pattern.matches(requested))
            && any_glob(&self.namespaces, Some(&requested.namespace))
            && any_glob(&self.names, Some(&requested.name))
    }

    fn matches_resource(&self, resources: &[ResourceName<'_>]) -> bool {
        resources.is_empty()
            || self.resources.is_empty()
            || resources.iter().any(|(resource, group)| {
                self.resources.iter().any(|pattern| pattern.names_objects(resource, group))
            })
    }
}

fn any_glob(globs: &[Glob], text: Option<&str>) -> bool {
    let Some(text) = text else { return true };
    globs.is_empty() || globs.iter().any(|glob| glob.matches(text))
}
