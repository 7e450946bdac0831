//! A compiled set of policies: loaded whole or not at all, and asked about every request.

use std::collections::HashMap;
use std::fmt::Write as _;

use aws_lc_rs::digest;
use jiff::Timestamp;

use super::blast_radius::BlastRadius;
use super::capability::Carried;
use super::decision::{Candidate, Candidates, Explanation, Near, Objects};
use super::document::{self, Budget, Document, Policy};
use super::index::Index;
use super::mask_document::MaskDocument;
use super::matcher::{Fit, Reach};
use super::problem::{Place, Problem, Problems};
use super::{Facts, Source};
use crate::identity::Caller;
use crate::mask::MaskRules;

/// Policies and masks that were found without a problem.
#[derive(Debug)]
pub struct PolicySet {
    /// In the order of their names, so that indices are too.
    pub(super) policies: Vec<Policy>,
    budgets: Vec<Budget>,
    masks: Vec<MaskDocument>,
    index: Index,
    digest: String,
}

impl PolicySet {
    /// Compiles all files to one set, or tells everything that is wrong with them.
    pub fn compile(sources: &[Source]) -> Result<Self, Vec<Problem>> {
        let mut loader = Loader::default();
        for source in sources {
            loader.load(source);
        }
        let set = loader.finish()?;
        Ok(Self { digest: digest_of(sources), ..set })
    }

    /// Compiles files for their masks: these need no policy beside them.
    pub fn compile_masks(sources: &[Source]) -> Result<Self, Vec<Problem>> {
        let mut loader = Loader::default();
        for source in sources {
            loader.load(source);
        }
        loader.build()
    }

    /// SHA-256 of the files, hex; their order does not matter.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The documents whose `match` fits. Takes no memory for those that do not.
    pub fn candidates<'a>(&'a self, facts: &Facts<'a>) -> Candidates<'a> {
        let carried = Carried::by(facts.request);
        let mut policies: Vec<_> = self
            .index
            .find(facts.request)
            .filter_map(|position| {
                let policy = self.policies.get(usize::try_from(position).ok()?)?;
                let fit = policy.matches.fits(facts, carried, policy.effect.reach());
                (fit > Fit::No).then_some((position, Candidate { document: policy, fit }))
            })
            .collect();
        policies.sort_unstable_by_key(|(position, _)| *position);
        policies.dedup_by_key(|(position, _)| *position);
        let policies = policies.into_iter().map(|(_, candidate)| candidate).collect();
        let budgets = self
            .budgets
            .iter()
            .filter_map(|budget| {
                let fit = budget.matches.fits(facts, carried, Reach::Wide);
                (fit > Fit::No).then_some(Candidate { document: budget, fit })
            })
            .collect();
        Candidates { facts: *facts, carried, policies, budgets, lifts: &[] }
    }

    /// The decision, and how it came about.
    pub fn explain(&self, facts: &Facts<'_>, objects: &Objects, now: Timestamp) -> Explanation {
        let candidates = self.candidates(facts);
        let mut objects = objects.clone();
        if let BlastRadius::Of(amount) = candidates.blast_radius(&objects) {
            objects.blast_radius = objects.blast_radius.or(Some(amount));
        }
        Explanation { near: self.near(facts), ..candidates.explain(&objects, now) }
    }

    /// The policies that one field of their `match` keeps from being about the request.
    fn near(&self, facts: &Facts<'_>) -> Vec<Near> {
        let carried = Carried::by(facts.request);
        let near = |policy: &Policy| {
            let misfits = policy.matches.misfits(facts, carried, policy.effect.reach())?;
            let [misfit] = <[_; 1]>::try_from(misfits).ok()?;
            let (policy, effect) = (policy.name.clone(), policy.effect.outcome());
            Some(Near { policy, effect, field: misfit.field, value: misfit.value })
        };
        self.policies.iter().filter_map(near).collect()
    }

    /// Whether what is typed into a stream that this policy lets through is recorded.
    pub fn records_input(&self, policy: &str) -> bool {
        self.policy(policy).is_some_and(|of| of.record_input)
    }

    pub(super) fn policy(&self, name: &str) -> Option<&Policy> {
        let found = self.policies.binary_search_by(|of| of.name.as_str().cmp(name));
        found.ok().and_then(|at| self.policies.get(at))
    }

    /// The names of all policies, in order.
    pub fn policy_names(&self) -> impl Iterator<Item = &str> {
        self.policies.iter().map(|policy| policy.name.as_str())
    }

    #[cfg(test)]
    pub(super) fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// What `caller` does not get to see of `cluster`, in the order of the masks' names.
    pub fn mask_rules(&self, caller: &Caller, cluster: &str) -> MaskRules {
        let rules = self.masks.iter().filter_map(|mask| mask.rule(caller, cluster));
        MaskRules { rules: rules.collect() }
    }

    /// What is masked for anybody on a cluster: of what is shown to people who are not known yet.
    pub fn mask_rules_for_anybody(&self, cluster: &str) -> MaskRules {
        let rules = self.masks.iter().filter_map(|mask| mask.rule_for_anybody(cluster));
        MaskRules { rules: rules.collect() }
    }
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Loader {
    pub(super) policies: Vec<Policy>,
    budgets: Vec<Budget>,
    masks: Vec<MaskDocument>,
    /// Where each name of each kind was seen first.
    seen: HashMap<(&'static str, String), (String, Place)>,
    pub(super) problems: Vec<Problem>,
    /// What can be read, and looks like a mistake.
    pub(super) warnings: Vec<Problem>,
}

impl Loader {
    pub(super) fn load(&mut self, source: &Source) {
        let mut problems = Problems::of(&source.name);
        for node in source.nodes(&mut problems) {
            match document::read(node, &source.text, &mut problems) {
                Some(Document::Budget(at, budget)) => {
                    self.note("Budget", &budget.name, (source, at), &mut problems);
                    self.budgets.push(budget);
                }
                Some(Document::Mask(at, mask)) => {
                    self.note("Mask", mask.name(), (source, at), &mut problems);
                    self.masks.push(mask);
                }
                Some(Document::Policy(at, policy)) => {
                    self.note("Policy", &policy.name, (source, at), &mut problems);
                    self.policies.push(policy);
                }
                None => {}
            }
        }
        self.warnings.extend(problems.take_warnings());
        self.problems.extend(problems.into_vec());
    }

    /// Where a policy's name stands.
    pub(super) fn place_of(&self, policy: &str) -> Option<(&str, Place)> {
        let (file, at) = self.seen.get(&("Policy", policy.to_owned()))?;
        Some((file, *at))
    }

    /// Whether all there is are masks, as in a file beside those of the policies.
    pub(super) fn has_only_masks(&self) -> bool {
        self.policies.is_empty() && self.budgets.is_empty() && !self.masks.is_empty()
    }

    /// The set, but for the digest of its files.
    pub(super) fn finish(mut self) -> Result<PolicySet, Vec<Problem>> {
        if self.policies.is_empty() && self.problems.is_empty() {
            self.problems.push(no_policy());
        }
        self.build()
    }

    /// The same of whatever there is.
    pub(super) fn build(self) -> Result<PolicySet, Vec<Problem>> {
        let Self { mut policies, mut budgets, mut masks, mut problems, .. } = self;
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        budgets.sort_by(|a, b| a.name.cmp(&b.name));
        masks.sort_by(|a, b| a.name().cmp(b.name()));
        let index = Index::of(&policies);
        Ok(PolicySet { index, policies, budgets, masks, digest: String::new() })
    }

    fn note(
        &mut self,
        kind: &'static str,
        name: &str,
        (source, at): (&Source, Place),
        problems: &mut Problems<'_>,
    ) {
        let first = self.seen.insert((kind, name.to_owned()), (source.name.clone(), at));
        if let Some((file, first)) = first {
            let hint = Some(format!("the other one stands in {file}:{}", first.line));
            problems.add_with(at, format!("there are two documents {kind} `{name}`"), hint);
        }
    }
}

/// That a set allows nothing.
pub(super) fn no_policy() -> Problem {
    Problem {
        file: String::new(),
        line: 0,
        column: 0,
        message: "there is no policy: nothing would be allowed".to_owned(),
        hint: Some("start from the starter pack, policies/starter.yaml".to_owned()),
    }
}

/// SHA-256 of policy files, hex; their order does not matter.
pub fn digest_of(sources: &[Source]) -> String {
    let mut sources: Vec<&Source> = sources.iter().collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    let mut context = digest::Context::new(&digest::SHA256);
    for part in sources.iter().flat_map(|source| [&source.name, &source.text]) {
        // With its length, so that no text can pass for two.
        context.update(&part.len().to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
