//! What comes out of a decision: besides the decision itself what is recorded with it and what it
//! costs.

use std::time::Duration;

use super::{Decision, HoldTerms};
use crate::policy::capability::Capabilities;

/// A decision and everything that was found on the way to it.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// What the policies in force say.
    pub decision: Decision,
    /// What would be decided if the policies that only observe were in force, if that is something
    /// else.
    pub observed: Option<Observed>,
    /// What the request carries.
    pub carried: Capabilities,
    /// What it is charged with, if it is let through.
    pub charges: Vec<Charge>,
    /// The grants without which it would be held.
    pub lifted: Vec<String>,
}

/// A decision that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed(pub Decision);

/// What a request takes out of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The name of the `Budget` document.
    pub budget: String,
    /// How much: pods or objects. None if nobody knows, which is more than any budget has.
    pub amount: Option<u64>,
    /// How much a caller may spend...
    pub max: u64,
    /// ...within this time.
    pub per: Duration,
    /// What becomes of a request that goes over it.
    pub over: Over,
    /// Whether going over it is only recorded.
    pub observes: bool,
    /// What is told of a request that goes over it, in the budget's own words.
    pub message: Option<String>,
}

/// What becomes of a request that goes over a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// It is refused.
    Deny,
    /// It is held on these terms.
    Hold(Box<HoldTerms>),
}

impl Default for Ruling {
    /// Nothing was found, and nothing is in the way.
    fn default() -> Self {
        Self {
            decision: Decision::Allow { policy: None },
            observed: None,
            carried: Capabilities::default(),
            charges: Vec::new(),
            lifted: Vec::new(),
        }
    }
}

impl Ruling {
    /// What two rulings on one request say together: the stricter decision, and all charges.
    pub fn and(mut self, other: Self) -> Self {
        self.decision = self.decision.and(other.decision);
        self.lifted.extend(other.lifted);
        self.observed = self.observed.or(other.observed);
        for charge in other.charges {
            if !self.charges.iter().any(|of| of.budget == charge.budget) {
                self.charges.push(charge);
            }
        }
        self
    }

    /// The ruling of a set that only observes: the request is let through, and what would have been
    /// decided is recorded.
    pub fn only_observed(self) -> Self {
        let Self { decision, carried, mut charges, .. } = self;
        // What is let through anyway runs on no grant.
        let lifted = Vec::new();
        for charge in &mut charges {
            charge.observes = true;
        }
        let allowed = matches!(decision, Decision::Allow { .. });
        let observed = (!allowed).then(|| Observed(decision.clone()));
        let decision = if allowed { decision } else { Decision::Allow { policy: None } };
        Self { decision, observed, carried, charges, lifted }
    }
}

impl Charge {
    /// What is decided of a request that goes over the budget, of which `spent` is spent already.
    pub fn exceeded(self, spent: u64) -> Decision {
        let Self { budget, amount, max, per, over, message, .. } = self;
        let takes = amount.map_or_else(|| "nobody can tell how many".to_owned(), |n| n.to_string());
        let minutes = per.as_secs().div_ceil(60);
        let count = format!(
            "budget `{budget}`: {spent} of {max} in {minutes} min are spent, and this takes {takes}"
        );
        let message = message.map_or_else(
            || format!("{count}; wait until some of it is free again, or take less at once"),
            |message| format!("{message} ({count})"),
        );
        match over {
            Over::Deny => Decision::Deny { policy: Some(budget), message },
            Over::Hold(terms) => Decision::Hold(terms.of(&budget, message)),
        }
    }
}
