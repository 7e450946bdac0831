//! Which policies can be about a request: found by its verb, resource and namespace, so that a
//! decision takes no longer for the thousands that are about something else.
//!
//! Every policy stands under each verb that it can fit, once under each resource and namespace that
//! it spells out. What it leaves open, or writes with a star, it stands under "any" for. A request
//! looks at four lists: its own resource and any, in its own namespace and in any. One
//! across all namespaces looks at everything about its resource that denies or holds as well.

use std::collections::HashMap;

use super::document::Policy;
use super::matcher::{Match, Reach};
use crate::glob::Glob;
use crate::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use crate::kube::resource_pattern::{ResourcePattern, literal_key};

/// A policy that spells out more than so many pairs of resources and namespaces stands under any
/// namespace instead.
const MAX_PAIRS: usize = 256;

/// Finds policies by their position in the set.
#[derive(Debug, Default)]
pub(super) struct Index {
    resources: HashMap<Verb, ByResource>,
    /// Those about non-resource paths.
    paths: HashMap<Verb, Vec<u32>>,
}

#[derive(Debug, Default)]
struct ByResource {
    /// By `resource.group/subresource`.
    literal: HashMap<String, ByNamespace>,
    any: ByNamespace,
}

#[derive(Debug, Default)]
struct ByNamespace {
    literal: HashMap<String, Vec<u32>>,
    any: Vec<u32>,
    /// Those that spell out namespaces and are about requests across all of them as well.
    wide: Vec<u32>,
}

impl Index {
    pub(super) fn of(policies: &[Policy]) -> Self {
        let mut index = Self::default();
        for (position, policy) in (0..).zip(policies) {
            index.add(position, &policy.matches, policy.effect.reach());
        }
        index
    }

    fn add(&mut self, position: u32, matches: &Match, reach: Reach) {
        let verbs = Verb::ALL.into_iter();
        for verb in verbs.filter(|verb| matches.verbs.may_fit(*verb)) {
            if matches.covers_resources() {
                self.resources.entry(verb).or_default().add(position, matches, reach);
            }
            if matches.covers_paths() {
                self.paths.entry(verb).or_default().push(position);
            }
        }
    }

    /// The policies that can be about `request`, in no order. One that names both an object and its
    /// status comes twice.
    pub(super) fn find(&self, request: &RequestInfo) -> impl Iterator<Item = u32> + use<'_> {
        let (paths, resources) = match &request.resource {
            None => (self.paths.get(&request.verb), None),
            Some(resource) => {
                let of_verb = self.resources.get(&request.verb);
                (None, of_verb.map(|of| of.find(request.verb, resource)))
            }
        };
        paths.into_iter().flatten().chain(resources.into_iter().flatten()).copied()
    }
}

impl ByResource {
    fn add(&mut self, position: u32, matches: &Match, reach: Reach) {
        let literals: Option<Vec<String>> =
            matches.resources.iter().map(ResourcePattern::literal).collect();
        let mut literals = literals.unwrap_or_default();
        literals.sort_unstable();
        literals.dedup();
        let namespaces = spelled_out(&matches.namespaces)
            .filter(|of| of.len().saturating_mul(literals.len()) <= MAX_PAIRS);
        if literals.is_empty() {
            return self.any.add(position, namespaces.as_deref(), reach);
        }
        for literal in literals {
            let of = self.literal.entry(literal).or_default();
            of.add(position, namespaces.as_deref(), reach);
        }
    }

    fn find(&self, verb: Verb, resource: &ResourceInfo) -> impl Iterator<Item = &u32> + use<'_> {
        let across = verb.is_of_collection() && resource.may_span_namespaces();
        let namespace = resource.namespace_asked();
        let literal = |subresource: &str| {
            let key = literal_key(&resource.resource, &resource.api_group, subresource);
            self.literal.get(&key).map(|of| of.find(namespace, across))
        };
        let any = self.any.find(namespace, across);
        // Who names an object may mean this of it as well.
        let whole = resource.is_of_whole_object().then(|| literal("")).flatten();
        let named = literal(&resource.subresource).into_iter().chain(whole).flatten();
        any.into_iter().chain(named).flatten()
    }
}

impl ByNamespace {
    fn add(&mut self, position: u32, namespaces: Option<&[&str]>, reach: Reach) {
        let Some(namespaces) = namespaces else { return self.any.push(position) };
        for namespace in namespaces {
            self.literal.entry((*namespace).to_owned()).or_default().push(position);
        }
        if reach == Reach::Wide {
            self.wide.push(position);
        }
    }

    fn find(&self, namespace: &str, across: bool) -> [&[u32]; 3] {
        let literal = self.literal.get(namespace).filter(|_| !across);
        let wide = if across { self.wide.as_slice() } else { &[] };
        [self.any.as_slice(), literal.map_or(&[], Vec::as_slice), wide]
    }
}

/// The texts of patterns that are names, each once; none if there is a star, or no pattern.
fn spelled_out(patterns: &[Glob]) -> Option<Vec<&str>> {
    let is_name = |pattern: &Glob| pattern.is_literal() && !pattern.as_str().is_empty();
    if patterns.is_empty() || !patterns.iter().all(is_name) {
        return None;
    }
    let mut texts: Vec<&str> = patterns.iter().map(Glob::as_str).collect();
    texts.sort_unstable();
    texts.dedup();
    Some(texts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::CallerKind;
    use crate::policy::capability::Carried;
    use crate::policy::matcher::Fit;
    use crate::policy::tests::{caller, path, request, set};
    use crate::policy::{Facts, PolicySet};

    /// One of a few texts for a field, or none.
    fn field(name: &'static str, values: &'static [&'static str]) -> BoxedStrategy<String> {
        prop::collection::vec(prop::sample::select(values), 0..3)
            .prop_map(move |chosen| match chosen.as_slice() {
                [] => String::new(),
                chosen => format!("{name}: ['{}'], ", chosen.join("', '")),
            })
            .boxed()
    }

    fn policy() -> impl Strategy<Value = String> {
        let resources = &[
            "*",
            "pods",
            "pods/exec",
            "pods/*",
            "*/scale",
            "deployments.apps",
            "*.apps",
            "nodes",
            "deployments.apps/scale",
            "pod*",
            "pods/status",
            "namespaces",
            "events",
            "events.events.k8s.io",
        ];
        let namespaces = &["*", "a", "b", "a*", ""];
        let verbs = &["*", "get", "list", "create", "delete", "head"];
        let effect = prop::sample::select(&["allow", "deny"][..]);
        (
            field("resources", resources),
            field("namespaces", namespaces),
            field("verbs", verbs),
            effect,
        )
            .prop_map(|(resources, namespaces, verbs, effect)| {
                format!("{{match: {{{resources}{namespaces}{verbs}}}, effect: {effect}}}")
            })
    }

    fn found(set: &PolicySet, facts: &Facts<'_>) -> (Vec<usize>, Vec<usize>) {
        let carried = Carried::by(facts.request);
        let scanned = set
            .policies
            .iter()
            .enumerate()
            .filter(|(_, of)| of.matches.fits(facts, carried, of.effect.reach()) > Fit::No)
            .map(|(position, _)| position)
            .collect();
        let candidates = set.candidates(facts);
        let position = |name: &str| set.policies.iter().position(|of| of.name == name).unwrap();
        let indexed = candidates.policies.iter().map(|of| position(&of.document.name)).collect();
        (indexed, scanned)
    }

    proptest! {
        /// It is a shortcut: it must neither hide a policy that fits, nor show one twice.
        #[test]
        fn the_index_finds_what_a_scan_finds(
            policies in prop::collection::vec(policy(), 1..8),
            verb in prop::sample::select(Verb::ALL.to_vec()),
            resource in prop::sample::select(&[
                "pods", "pods/exec", "pods/status", "deployments.apps", "deployments/scale.apps",
                "nodes", "namespaces", "namespaces/finalize", "events", "events.events.k8s.io",
                "widgets.example.com",
            ][..]),
            namespace in prop::sample::select(&["", "a", "b", "ab"][..]),
            name in prop::sample::select(&["", "x"][..]),
        ) {
            let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
            let set = set(&policies);
            let caller = caller(CallerKind::Person);
            for request in &[request(verb, resource, namespace, name), path("/version")] {
                let facts = Facts { request, query: &[], caller: &caller, cluster: "c" };
                let (indexed, scanned) = found(&set, &facts);
                prop_assert_eq!(indexed, scanned);
            }
        }
    }
}
