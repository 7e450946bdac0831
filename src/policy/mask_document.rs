//! `Mask` documents: who does not get to see which fields of which objects. What a mask does to a
//! response is [`crate::mask`]'s business.

use std::sync::Arc;

use super::matcher::Match;
use crate::identity::Caller;
use crate::mask::{FieldPath, MaskRule};

/// A `Mask` document.
#[derive(Debug)]
pub(super) struct MaskDocument {
    pub(super) name: String,
    matches: Match,
    rule: Arc<MaskRule>,
}

impl MaskDocument {
    /// Of a `match` only callers, clusters, resources, namespaces and names are ever set.
    pub(super) fn new(name: String, matches: Match, fields: Vec<FieldPath>) -> Self {
        let rule = Arc::new(MaskRule {
            name: name.clone(),
            resources: matches.resources.clone(),
            namespaces: matches.namespaces.clone(),
            names: matches.names.clone(),
            fields,
        });
        Self { name, matches, rule }
    }

    /// What it masks for a caller on a cluster, if anything. Which objects it is about is told by
    /// the objects in the response.
    pub(super) fn rule(&self, caller: &Caller, cluster: &str) -> Option<Arc<MaskRule>> {
        self.matches.fits_caller(caller, cluster).then(|| Arc::clone(&self.rule))
    }
}
