//! Decides: of the policies that are about a request, what do they say of it together? Deny beats
//! hold beats allow, and nothing is deny.

mod evaluation;

use std::time::Duration;

use jiff::Timestamp;

use self::evaluation::Evaluation;
use super::Facts;
use super::document::{Effect, Policy};
use super::expr::Expression;
use crate::identity::SubjectPattern;

/// What the policies say of a request.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may be sent on.
    Allow {
        /// The policy that allows it; the first by name, if there are several.
        policy: String,
    },
    /// It is refused.
    Deny {
        /// The policy that denies it or could not be evaluated; none if no policy allows it.
        policy: Option<String>,
        /// What the caller is told.
        message: String,
    },
    /// It waits for somebody's approval.
    Hold(HoldTerms),
}

/// On what terms a request is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldTerms {
    /// The policy that holds it.
    pub policy: String,
    /// What requester and approvers are told.
    pub message: String,
    /// Who may decide.
    pub approvers: Vec<SubjectPattern>,
    /// How many different people have to approve.
    pub quorum: u32,
    /// How long it waits.
    pub timeout: Duration,
    /// Whether the requester has to say why.
    pub reason_required: bool,
    /// Whether the requester may be one of the approvers.
    pub self_approval: bool,
}

/// Which objects have to be at hand for a decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// What the request would store.
    pub object: bool,
    /// What is stored now.
    pub old_object: bool,
}

/// The objects that expressions look at.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    /// What the request would store: the body of a create or an update, the document of a merge
    /// patch.
    pub object: Object,
    /// What is stored now.
    pub old_object: Object,
}

/// An object, as far as it is known. Its `Debug` is silent about values.
#[derive(Clone, Default)]
pub enum Object {
    /// There is none: null in expressions, as in Kubernetes.
    #[default]
    Absent,
    /// It is known.
    Known(serde_json::Value),
    /// It exists and is not known; a policy that names it denies.
    Unavailable {
        /// Why, in the gateway's own words: the caller is told.
        why: String,
    },
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Known(_) => f.write_str("Known(..)"),
            Self::Unavailable { why } => write!(f, "Unavailable({why})"),
        }
    }
}

impl Object {
    fn known(&self) -> Option<&serde_json::Value> {
        match self {
            Self::Known(json) => Some(json),
            Self::Absent | Self::Unavailable { .. } => None,
        }
    }
}

/// The policies that are about a request by their `match`, in the order of their names.
#[must_use]
#[derive(Debug)]
pub struct Candidates<'a> {
    pub(super) facts: Facts<'a>,
    pub(super) policies: Vec<&'a Policy>,
}

impl<'a> Candidates<'a> {
    /// What [`decide`](Self::decide) will look at. Nothing, if the request is denied whatever the
    /// objects are.
    pub fn needs(&self) -> Needs {
        if self.flat_denial().is_some() {
            return Needs::default();
        }
        let expressions = self.policies.iter().filter_map(|policy| policy.when.as_ref());
        expressions.map(Expression::uses).fold(Needs::default(), |needs, uses| Needs {
            object: needs.object || uses.object,
            old_object: needs.old_object || uses.old_object,
        })
    }

    /// The decision. Of several policies with the effect that wins, the first by name decides; a
    /// policy that cannot be evaluated denies.
    pub fn decide(self, objects: &Objects, now: Timestamp) -> Decision {
        let mut evaluation = Evaluation::new(self.facts, objects, now);
        if let Some(policy) = self.flat_denial() {
            return evaluation.denial(policy);
        }
        let mut hold = None;
        let mut allow = None;
        for policy in &self.policies {
            match (evaluation.applies(policy), &policy.effect) {
                (Err(undecided), _) => return Evaluation::refusal(policy, &undecided),
                (Ok(true), Effect::Deny) => return evaluation.denial(policy),
                (Ok(true), Effect::Hold(terms)) => hold = hold.or(Some((policy, terms))),
                (Ok(true), Effect::Allow) => allow = allow.or(Some(policy)),
                (Ok(false), _) => {}
            }
        }
        match (hold, allow) {
            (Some((policy, terms)), _) => evaluation.hold(policy, terms),
            (None, Some(policy)) => Decision::Allow { policy: policy.name.clone() },
            (None, None) => evaluation.unmatched(),
        }
    }

    /// The first denial that no object can change.
    fn flat_denial(&self) -> Option<&'a Policy> {
        let flat =
            |policy: &&Policy| matches!(policy.effect, Effect::Deny) && policy.when.is_none();
        self.policies.iter().copied().find(flat)
    }
}

#[cfg(test)]
mod tests;
