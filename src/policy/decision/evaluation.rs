//! The evaluation of one request's candidates: what is converted for expressions is converted
//! when the first of them needs it, and the words for what comes out are found here.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{Charge, Decision, HoldTerms, Object, Objects};
use crate::policy::Facts;
use crate::policy::capability::Capabilities;
use crate::policy::document::{Budget, Mode, Policy};
use crate::policy::expr::{Failure, Scope, Uses};

pub(super) struct Evaluation<'a> {
    facts: Facts<'a>,
    carried: Capabilities,
    objects: &'a Objects,
    now: Timestamp,
    scope: Option<Scope<'a>>,
    objects_are_set: bool,
}

/// Why a policy's `when` is neither true nor false.
#[derive(Debug, thiserror::Error)]
pub(super) enum Undecided {
    #[error("its `when` cannot be evaluated: {0}")]
    Failed(#[from] Failure),
    #[error("its `when` looks at `{name}`, which is not known: {why}")]
    Unavailable { name: &'static str, why: String },
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(
        (facts, carried): (Facts<'a>, Capabilities),
        objects: &'a Objects,
        now: Timestamp,
    ) -> Self {
        Self { facts, carried, objects, now, scope: None, objects_are_set: false }
    }

    /// Whether `policy`, whose `match` fits, is about the request by its `when` too.
    pub(super) fn applies(&mut self, policy: &Policy) -> Result<bool, Undecided> {
        let Some(when) = &policy.when else { return Ok(true) };
        self.provide(when.uses())?;
        Ok(self.scope().holds(when)?)
    }

    pub(super) fn denial(&mut self, policy: &Policy) -> Decision {
        let message = self.message(policy, "denies to");
        Decision::Deny { policy: Some(policy.name.clone()), message }
    }

    pub(super) fn hold(&mut self, policy: &Policy, terms: &HoldTerms) -> HoldTerms {
        let message = self.message(policy, "asks for approval to");
        let terms = terms.clone().of(&policy.name, message);
        HoldTerms { document: policy.document.clone(), ..terms }
    }

    /// What `budget` takes for the request, if it is `amount` that the request takes along.
    pub(super) fn charge(&mut self, budget: &Budget, amount: Option<u64>) -> Charge {
        let Budget { name, max, per, over, mode, message, .. } = budget;
        Charge {
            budget: name.clone(),
            amount,
            max: *max,
            per: *per,
            over: over.clone(),
            observes: *mode == Mode::Observe,
            message: message.as_ref().map(|template| template.render(self.scope())),
        }
    }

    /// The denial by a policy of which nobody knows whether it applies.
    pub(super) fn refusal(policy: &Policy, undecided: &Undecided) -> Decision {
        let name = &policy.name;
        let message = format!("policy `{name}` cannot be decided, so it denies: {undecided}");
        Decision::Deny { policy: Some(name.clone()), message }
    }

    /// The denial of what no policy is about.
    pub(super) fn unmatched(&self) -> Decision {
        let caller = &self.facts.caller.name;
        let message = format!(
            "no policy allows {caller} to {}; ask whoever keeps kguard's policies for one",
            self.act()
        );
        Decision::Deny { policy: None, message }
    }

    fn provide(&mut self, uses: Uses) -> Result<(), Undecided> {
        let objects = self.objects;
        for (used, name, object) in [
            (uses.object, "object", &objects.object),
            (uses.old_object, "oldObject", &objects.old_object),
        ] {
            if let (true, Object::Unavailable { why }) = (used, object) {
                return Err(Undecided::Unavailable { name, why: why.clone() });
            }
        }
        if (uses.object || uses.old_object) && !self.objects_are_set {
            self.scope().set_objects(objects.object.known(), objects.old_object.known())?;
            self.objects_are_set = true;
        }
        Ok(())
    }

    fn scope(&mut self) -> &mut Scope<'a> {
        let Self { facts, carried, now, .. } = *self;
        self.scope.get_or_insert_with(|| {
            let mut scope = Scope::new(&facts, carried);
            scope.set_now(now);
            scope
        })
    }

    /// The policy's own words, or `VERB` and what is asked for.
    fn message(&mut self, policy: &Policy, verb: &str) -> String {
        match &policy.message {
            Some(template) => template.render(self.scope()),
            None => format!("policy `{}` {verb} {}", policy.name, self.act()),
        }
    }

    /// What is asked for: `delete deployments.apps "web" in namespace "shop" of cluster "prod"`.
    fn act(&self) -> String {
        let request = self.facts.request;
        let verb = request.verb.as_str();
        let cluster = self.facts.cluster;
        let Some(resource) = &request.resource else {
            return format!("{verb} {} of cluster \"{cluster}\"", request.path);
        };
        let mut act = format!("{verb} {}", resource.resource);
        for (mark, part) in [(".", &resource.api_group), ("/", &resource.subresource)] {
            if !part.is_empty() {
                act.push_str(mark);
                act.push_str(part);
            }
        }
        if !resource.name.is_empty() {
            let _ = write!(act, " \"{}\"", resource.name);
        }
        if !resource.namespace.is_empty() && resource.resource != "namespaces" {
            let _ = write!(act, " in namespace \"{}\"", resource.namespace);
        }
        let _ = write!(act, " of cluster \"{cluster}\"");
        act
    }
}
