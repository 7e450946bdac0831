//! Why a `match` is not about a request: which of its fields do not fit.

use super::{Fit, Match, Reach, any};
use crate::policy::Facts;
use crate::policy::capability::{Capabilities, Capability, Carried};

/// A field of a `match` that does not fit, and what of the request it was held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Misfit {
    pub(in crate::policy) field: &'static str,
    pub(in crate::policy) value: String,
}

impl Match {
    /// All fields that do not fit; none of them if [`fits`](Match::fits) does not say no. `None` if
    /// one is about resources and the other about paths, so that nothing can be compared.
    pub(in crate::policy) fn misfits(
        &self,
        facts: &Facts<'_>,
        carried: Carried,
        reach: Reach,
    ) -> Option<Vec<Misfit>> {
        let request = facts.request;
        let covered = match request.resource {
            Some(_) => self.covers_resources(),
            None => self.covers_paths(),
        };
        if !covered {
            return None;
        }
        let mut misfits = self.target_misfits(facts, reach);
        let caller = any(&self.callers, |pattern| pattern.matches(facts.caller));
        let cluster = any(&self.clusters, |pattern| pattern.matches(facts.cluster));
        let capabilities = self.fits_carried(carried, reach) > Fit::No;
        let rest = [
            ("verbs", self.verbs.fit(request, reach) > Fit::No, request.verb.to_string()),
            ("callers", caller, facts.caller.name.clone()),
            ("clusters", cluster, facts.cluster.to_owned()),
            ("capabilities", capabilities, names(carried.possible)),
        ];
        misfits.extend(rest.into_iter().filter_map(misfit));
        Some(misfits)
    }

    fn target_misfits(&self, facts: &Facts<'_>, reach: Reach) -> Vec<Misfit> {
        let request = facts.request;
        let Some(resource) = &request.resource else {
            let fits = any(&self.paths, |glob| glob.matches(&request.path));
            return misfit(("paths", fits, request.path.clone())).into_iter().collect();
        };
        // One field at a time, by the rules for all of them.
        let with = |part: Self| part.fits_target(request, reach);
        let resources = with(Self { resources: self.resources.clone(), ..Self::default() });
        let namespaces = with(Self { namespaces: self.namespaces.clone(), ..Self::default() });
        let names = with(Self { names: self.names.clone(), ..Self::default() });
        [
            ("resources", resources, resource.display_name()),
            ("namespaces", namespaces, resource.namespace.clone()),
            ("names", names, resource.name.clone()),
        ]
        .into_iter()
        .filter_map(misfit)
        .collect()
    }
}

fn misfit((field, fits, value): (&'static str, bool, String)) -> Option<Misfit> {
    (!fits).then_some(Misfit { field, value })
}

fn names(capabilities: Capabilities) -> String {
    capabilities.iter().map(Capability::name).collect::<Vec<_>>().join(", ")
}
