//! Explains a decision: what each policy says whose `match` is about the request, which policies
//! were nearly about it, and what else could be decided if more of the objects were known.

use jiff::Timestamp;
use serde::Serialize;

use super::{Candidate, Candidates, Decision, Object, Objects, Ruling, Undecided};
use crate::audit::record::Outcome;
use crate::kube::request_info::{RequestInfo, Verb};
use crate::policy::decision::evaluation::Evaluation;
use crate::policy::document::{Effect, Mode, Policy};

/// A decision and how it came about.
#[derive(Debug)]
pub struct Explanation {
    /// What is decided.
    pub ruling: Ruling,
    /// The policies whose `match` is about the request, in the order of their names.
    pub matched: Vec<Matched>,
    /// The policies of whose `match` one field alone does not fit.
    pub near: Vec<Near>,
    /// What can be decided, whatever is in objects that are not known: the one outcome where
    /// nothing depends on them.
    pub possible: Vec<Outcome>,
}

/// A policy whose `match` is about the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Matched {
    /// Its name.
    pub policy: String,
    /// Its effect.
    pub effect: Outcome,
    /// Whether it only observes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub observes: bool,
    /// Whether it applies.
    #[serde(flatten)]
    pub applies: Applies,
    /// Whether it has a `when`, and so can fail on what it looks at.
    #[serde(skip)]
    conditional: bool,
}

/// Whether a policy applies whose `match` is about the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "applies")]
pub enum Applies {
    /// It does.
    Yes,
    /// Its `when` is false, or the object shows that its `match` is not about it after all.
    No,
    /// Its `when` cannot be evaluated, so that it denies.
    Fails {
        /// Why, without values.
        why: String,
    },
    /// That depends on an object that is not known.
    Unknown {
        /// Why it is not known.
        why: String,
    },
}

/// A policy that is not about the request for one field of its `match`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Near {
    /// Its name.
    pub policy: String,
    /// Its effect.
    pub effect: Outcome,
    /// The field.
    pub field: &'static str,
    /// What of the request does not fit it.
    pub value: String,
}

impl Effect {
    /// The outcome that a policy with this effect is for.
    pub(in crate::policy) fn outcome(&self) -> Outcome {
        match self {
            Self::Allow => Outcome::Allow,
            Self::Deny => Outcome::Deny,
            Self::Hold(_) => Outcome::Hold,
        }
    }
}

impl Decision {
    /// The kind of decision.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Allow { .. } => Outcome::Allow,
            Self::Deny { .. } => Outcome::Deny,
            Self::Hold(_) => Outcome::Hold,
        }
    }

    /// The policy that decided, if one did.
    pub fn policy(&self) -> Option<&str> {
        match self {
            Self::Allow { policy } | Self::Deny { policy, .. } => policy.as_deref(),
            Self::Hold(terms) => Some(&terms.policy),
        }
    }

    /// What the caller is told; nothing where he is let through.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Allow { .. } => None,
            Self::Deny { message, .. } => Some(message),
            Self::Hold(terms) => Some(&terms.message),
        }
    }
}

impl Objects {
    /// What is known without looking: that a read has no objects, and a create no old one. The
    /// others exist and are not known, `why` ever: what updates or patches creates nothing.
    pub fn unknown(request: &RequestInfo, why: &str) -> Self {
        let unknown = |exists: bool| {
            if exists && !request.is_stream() && !request.is_proxy() {
                Object::Unavailable { why: why.to_owned() }
            } else {
                Object::Absent
            }
        };
        Self {
            object: unknown(matches!(request.verb, Verb::Create | Verb::Patch | Verb::Update)),
            old_object: unknown(matches!(request.verb, Verb::Delete | Verb::Patch | Verb::Update)),
            creates: Some(false),
            blast_radius: None,
        }
    }
}

impl Candidates<'_> {
    /// Decides as [`decide`](Self::decide) does, and tells how that came about. What is nearly
    /// about the request is left to [`PolicySet::explain`](crate::policy::PolicySet::explain),
    /// which knows the other policies.
    pub fn explain(self, objects: &Objects, now: Timestamp) -> Explanation {
        let matched = self.matched(objects, now);
        let possible = possible(&matched);
        Explanation { ruling: self.decide(objects, now), matched, near: Vec::new(), possible }
    }

    fn matched(&self, objects: &Objects, now: Timestamp) -> Vec<Matched> {
        let particulars = self.particulars(objects);
        let mut evaluation = Evaluation::new((self.facts, particulars.carried), objects, now);
        let applies = |candidate: &Candidate<'_, Policy>| {
            let Policy { matches, effect, .. } = candidate.document;
            if matches.awaits_object(self.facts.request, self.carried, effect.reach())
                && let Some(why) = unknown(objects)
            {
                return Applies::Unknown { why };
            }
            match self.applies(candidate, &mut evaluation, &particulars) {
                Ok(true) => Applies::Yes,
                Ok(false) => Applies::No,
                Err(Undecided::Failed(why)) => Applies::Fails { why: why.to_string() },
                Err(undecided @ Undecided::Unavailable { .. }) => {
                    Applies::Unknown { why: undecided.to_string() }
                }
            }
        };
        let applying: Vec<_> = self.policies.iter().map(applies).collect();
        let matched = |(candidate, applies): (&Candidate<'_, Policy>, Applies)| Matched {
            policy: candidate.document.name.clone(),
            effect: candidate.document.effect.outcome(),
            observes: candidate.document.mode == Mode::Observe,
            conditional: candidate.document.when.is_some(),
            applies,
        };
        self.policies.iter().zip(applying).map(matched).collect()
    }
}

/// Why one of the objects is not known.
fn unknown(objects: &Objects) -> Option<String> {
    [&objects.object, &objects.old_object].into_iter().find_map(|object| match object {
        Object::Unavailable { why } => Some(why.clone()),
        Object::Absent | Object::Known(_) => None,
    })
}

/// All outcomes that there can be.
fn possible(matched: &[Matched]) -> Vec<Outcome> {
    let enforced = || matched.iter().filter(|of| !of.observes);
    let certain = |outcome| enforced().any(|of| of.applies == Applies::Yes && of.effect == outcome);
    let fails = enforced().any(|of| matches!(of.applies, Applies::Fails { .. }));
    if certain(Outcome::Deny) || fails {
        return vec![Outcome::Deny];
    }
    let least = [Outcome::Hold, Outcome::Allow].into_iter().find(|outcome| certain(*outcome));
    let least = least.unwrap_or(Outcome::Deny);
    let mut possible = vec![least];
    for of in enforced().filter(|of| matches!(of.applies, Applies::Unknown { .. })) {
        let wins = of.effect != Outcome::Allow || least == Outcome::Deny;
        possible.extend(wins.then_some(of.effect));
        // What looks at an object can fail on it, and then denies.
        possible.extend(of.conditional.then_some(Outcome::Deny));
    }
    let mut seen = Vec::new();
    possible.retain(|outcome| {
        !seen.contains(outcome) && {
            seen.push(*outcome);
            true
        }
    });
    possible
}

#[cfg(test)]
mod tests;
