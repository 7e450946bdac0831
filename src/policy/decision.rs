//! Decides: of the policies that are about a request, what do they say of it together? Deny beats
//! hold beats allow, and nothing is deny.

mod evaluation;
mod explanation;
mod ruling;
mod terms;

use jiff::Timestamp;

use self::evaluation::{Evaluation, Undecided};
use super::Facts;
use super::blast_radius::BlastRadius;
use super::capability::{Carried, Change};
use super::document::{Budget, Effect, Mode, Policy};
use super::expr::Expression;
use super::lift::Lift;
use super::matcher::{Fit, Particulars, Reach};

pub use explanation::{Applies, Explanation, Matched, Near};
pub use ruling::{Charge, Observed, Over, Ruling};
pub use terms::{Escalate, HoldTerms};

/// What the policies say of a request.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may be sent on.
    Allow {
        /// The policy that allows it; the first by name, if there are several. None where policies
        /// only observe.
        policy: Option<String>,
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

/// Which objects have to be at hand for a decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// What the request would store.
    pub object: bool,
    /// What is stored now.
    pub old_object: bool,
    /// How much the request takes along.
    pub blast_radius: bool,
}

impl Needs {
    /// What two decisions need together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            object: self.object || other.object,
            old_object: self.old_object || other.old_object,
            blast_radius: self.blast_radius || other.blast_radius,
        }
    }
}

/// The objects that expressions look at.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    /// What the request would store.
    pub object: Object,
    /// What is stored now.
    pub old_object: Object,
    /// Whether an update or a patch creates the object. If that is not told, it does where nothing
    /// is stored now.
    pub creates: Option<bool>,
    /// How much the request takes along, if that is known.
    pub blast_radius: Option<u64>,
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
    /// What it is, if that is known.
    pub fn known(&self) -> Option<&serde_json::Value> {
        match self {
            Self::Known(json) => Some(json),
            Self::Absent | Self::Unavailable { .. } => None,
        }
    }
}

/// The documents that are about a request by their `match`, in the order of their names.
#[must_use]
#[derive(Debug)]
pub struct Candidates<'a> {
    pub(super) facts: Facts<'a>,
    pub(super) carried: Carried,
    pub(super) policies: Vec<Candidate<'a, Policy>>,
    pub(super) budgets: Vec<Candidate<'a, Budget>>,
    /// What lifts holds.
    pub(super) lifts: &'a [Lift],
}

/// What the policies in some modes say.
struct Judged {
    decision: Decision,
    /// The grants without which the request would be held, if it is not denied anyway.
    lifted: Vec<String>,
}

/// A document that is about a request, as far as the request line tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a, D> {
    pub(super) document: &'a D,
    pub(super) fit: Fit,
}

impl<D> Candidate<'_, D> {
    fn is_open(&self) -> bool {
        self.fit == Fit::Open
    }
}

impl<'a> Candidates<'a> {
    /// The same, for a caller to whom these grants were given.
    pub fn lifted_by(self, lifts: &'a [Lift]) -> Self {
        Self { lifts, ..self }
    }
}

impl Candidates<'_> {
    /// What [`decide`](Self::decide) will look at. Nothing, if the request is denied whatever the
    /// objects are.
    pub fn needs(&self) -> Needs {
        if self.flat_denial().is_some() || !self.may_pass() {
            return Needs::default();
        }
        let budgets = !self.budgets.is_empty();
        let start = Needs { object: budgets, old_object: budgets, blast_radius: budgets };
        self.policies.iter().map(|of| self.needs_of(of)).fold(start, Needs::and)
    }

    fn needs_of(&self, candidate: &Candidate<'_, Policy>) -> Needs {
        let uses = candidate.document.when.as_ref().map(Expression::uses).unwrap_or_default();
        let open = self.carried.certain != self.carried.possible;
        let change = candidate.is_open() || uses.capabilities && open;
        Needs {
            object: change || uses.object,
            old_object: change || uses.old_object,
            blast_radius: false,
        }
    }

    /// Whether a policy depends on an object.
    pub fn depend_on_objects(&self) -> bool {
        self.policies.iter().any(|of| self.needs_of(of) != Needs::default())
    }

    /// How much the request takes along on these objects.
    pub fn blast_radius(&self, objects: &Objects) -> BlastRadius {
        BlastRadius::of(self.facts.request, &objects.object, &objects.old_object)
    }

    /// The decision. Of several policies with the effect that wins, the first by name decides, but for
    /// holds: each gets the approval that it wants. A policy that cannot be evaluated denies.
    pub fn decide(self, objects: &Objects, now: Timestamp) -> Ruling {
        let particulars = self.particulars(objects);
        let mut evaluation = Evaluation::new((self.facts, particulars.carried), objects, now);
        let judged = self.judge(&mut evaluation, &particulars, &[Mode::Enforce]);
        let Judged { decision, lifted } = judged;
        let observes = self.policies.iter().any(|of| of.document.mode == Mode::Observe);
        let observed = observes
            .then(|| self.judge(&mut evaluation, &particulars, &[Mode::Enforce, Mode::Observe]))
            .map(|judged| judged.decision)
            .filter(|observed| !observed.is_alike(&decision))
            .map(Observed);
        let charges = self.charges(&mut evaluation, &particulars, objects.blast_radius);
        Ruling { decision, observed, carried: particulars.carried, charges, lifted }
    }

    /// The groups with which the request is held to run, as far as that is certain before any
    /// object is looked at. It is with them that objects are looked at, since the caller alone may
    /// not even try what he asks for.
    pub fn elevation(&self, now: Timestamp) -> Vec<String> {
        let objects = Objects::default();
        let particulars = self.particulars(&objects);
        let mut evaluation = Evaluation::new((self.facts, particulars.carried), &objects, now);
        let certain = self.policies.iter().filter(|of| {
            of.document.mode == Mode::Enforce
                && self.needs_of(of) == Needs::default()
                && self.lift(of.document, &particulars).is_none()
        });
        let mut holds = certain.filter_map(|candidate| match &candidate.document.effect {
            Effect::Hold(terms) if evaluation.applies(candidate.document).is_ok_and(|is| is) => {
                Some(&**terms)
            }
            _ => None,
        });
        let first = holds.next().cloned();
        first.map(|first| holds.fold(first, HoldTerms::and).elevate).unwrap_or_default()
    }

    /// What the policies in these modes say.
    fn judge(
        &self,
        evaluation: &mut Evaluation<'_>,
        particulars: &Particulars<'_>,
        modes: &[Mode],
    ) -> Judged {
        let refused = |decision| Judged { decision, lifted: Vec::new() };
        if let Some(policy) = self.flat_denial() {
            return refused(evaluation.denial(policy));
        }
        let mut holds = Vec::new();
        let mut allow = None;
        let mut lifts = Vec::new();
        for candidate in self.policies.iter().filter(|of| modes.contains(&of.document.mode)) {
            let policy = candidate.document;
            match (self.applies(candidate, evaluation, particulars), &policy.effect) {
                (Err(undecided), _) => return refused(Evaluation::refusal(policy, &undecided)),
                (Ok(true), Effect::Deny) => return refused(evaluation.denial(policy)),
                (Ok(true), Effect::Hold(terms)) => match self.lift(policy, particulars) {
                    Some(lift) => lifts.push(lift),
                    None => holds.push(evaluation.hold(policy, terms)),
                },
                (Ok(true), Effect::Allow) => allow = allow.or(Some(policy)),
                (Ok(false), _) => {}
            }
        }
        // A hold that is lifted lets the request through as its approval would.
        let lifted = lifts.first().map(|lift| &lift.policy);
        let allow = lifted.or_else(|| allow.map(|policy| &policy.name));
        let hold = holds.into_iter().reduce(|first, other| first.and(&other));
        let decision = match (hold, allow) {
            (Some(terms), _) => Decision::Hold(terms),
            (None, Some(policy)) => Decision::Allow { policy: Some(policy.clone()) },
            (None, None) => evaluation.unmatched(),
        };
        Judged { decision, lifted: lifts.into_iter().map(|lift| lift.grant.clone()).collect() }
    }

    /// What lifts a policy's hold from the request.
    fn lift(&self, policy: &Policy, particulars: &Particulars<'_>) -> Option<&Lift> {
        let Facts { request, query, cluster, .. } = self.facts;
        self.lifts.iter().find(|lift| {
            lift.policy == policy.name
                && lift.document == policy.document
                && lift.pattern.matches(cluster, (request, query), particulars.created)
        })
    }

    fn applies(
        &self,
        candidate: &Candidate<'_, Policy>,
        evaluation: &mut Evaluation<'_>,
        particulars: &Particulars<'_>,
    ) -> Result<bool, Undecided> {
        let policy = candidate.document;
        let request = self.facts.request;
        let fits = !candidate.is_open()
            || policy.matches.fits_particulars(request, particulars, policy.effect.reach());
        Ok(fits && evaluation.applies(policy)?)
    }

    /// What the budgets take for the request.
    fn charges(
        &self,
        evaluation: &mut Evaluation<'_>,
        particulars: &Particulars<'_>,
        amount: Option<u64>,
    ) -> Vec<Charge> {
        let request = self.facts.request;
        let fits = |candidate: &&Candidate<'_, Budget>| {
            let matches = &candidate.document.matches;
            !candidate.is_open() || matches.fits_particulars(request, particulars, Reach::Wide)
        };
        self.budgets
            .iter()
            .filter(fits)
            .map(|candidate| evaluation.charge(candidate.document, amount))
            .collect()
    }

    /// What the objects tell. Everything that is possible, where they are not known.
    fn particulars<'o>(&self, objects: &'o Objects) -> Particulars<'o> {
        let request = self.facts.request;
        let object = objects.object.known();
        let old = match &objects.old_object {
            Object::Absent => Some(None),
            Object::Known(old) => Some(Some(old)),
            Object::Unavailable { .. } => None,
        };
        let change = object.zip(old).and_then(|(new, old)| Change::of(request, new, old));
        let carried = change.map_or(self.carried.possible, |change| self.carried.with(&change));
        let name = object.and_then(|object| object.pointer("/metadata/name")?.as_str());
        // The API server makes another name each time.
        let generated =
            object.is_some_and(|object| object.pointer("/metadata/generateName").is_some());
        let creates = objects.creates.or_else(|| old.map(|old| old.is_none()));
        Particulars { carried, created: name.filter(|_| !generated), creates }
    }

    /// The first denial that no object can change.
    fn flat_denial(&self) -> Option<&Policy> {
        let flat = |of: &Candidate<'_, Policy>| {
            let policy = of.document;
            let denies = matches!(policy.effect, Effect::Deny) && policy.mode == Mode::Enforce;
            denies && policy.when.is_none() && !of.is_open()
        };
        self.policies.iter().find(|of| flat(of)).map(|of| of.document)
    }

    /// Whether there is a policy that could let the request through.
    fn may_pass(&self) -> bool {
        self.policies.iter().any(|of| !matches!(of.document.effect, Effect::Deny))
    }
}

impl Decision {
    /// The stricter one of two; of two holds, what both of them want.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (deny @ Self::Deny { .. }, _) | (_, deny @ Self::Deny { .. }) => deny,
            (Self::Hold(terms), Self::Hold(others)) => Self::Hold(terms.and(&others)),
            (hold @ Self::Hold(_), _) | (_, hold @ Self::Hold(_)) => hold,
            (allow, Self::Allow { .. }) => allow,
        }
    }

    /// Whether it is of the same kind, by the same policies, and wants the same approval.
    fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Allow { policy: a }, Self::Allow { policy: b })
            | (Self::Deny { policy: a, .. }, Self::Deny { policy: b, .. }) => a == b,
            (Self::Hold(a), Self::Hold(b)) => a.are_like(b),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
