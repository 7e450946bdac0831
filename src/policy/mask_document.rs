//! `Mask` documents: who does not get to see which fields of which objects. What a mask does to a
//! response is [`crate::mask`]'s business.

use std::sync::Arc;

use super::matcher::Match;
use crate::identity::{Caller, SubjectPattern};
use crate::mask::MaskRule;

/// A `Mask` document.
#[derive(Debug)]
pub(super) struct MaskDocument {
    matches: Match,
    exempt: Vec<SubjectPattern>,
    rule: Arc<MaskRule>,
}

impl MaskDocument {
    /// Of a `match` only callers, clusters, resources, namespaces and names are ever set.
    pub(super) fn new(matches: Match, exempt: Vec<SubjectPattern>, rule: MaskRule) -> Self {
        Self { matches, exempt, rule: Arc::new(rule) }
    }

    /// The same under its name, with the digest of the whole document.
    pub(super) fn named(self, name: String, document: String) -> Self {
        let rule = MaskRule { name, document, ..MaskRule::clone(&self.rule) };
        Self { rule: Arc::new(rule), ..self }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.rule.name
    }

    /// What it masks for somebody on a cluster, if anything.
    pub(super) fn rule_for_anybody(&self, cluster: &str) -> Option<Arc<MaskRule>> {
        self.matches.fits_cluster(cluster).then(|| Arc::clone(&self.rule))
    }

    /// What it masks for a caller on a cluster, if anything. Which objects it is about is told by
    /// the objects in the response.
    pub(super) fn rule(&self, caller: &Caller, cluster: &str) -> Option<Arc<MaskRule>> {
        let is_exempt = self.exempt.iter().any(|pattern| pattern.matches(caller));
        let masks = !is_exempt && self.matches.fits_caller(caller, cluster);
        masks.then(|| Arc::clone(&self.rule))
    }
}
