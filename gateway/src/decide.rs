//! Decides on a classified request, and makes the permit without which nothing is sent.

mod denial;
mod permit;
mod subject;

use std::sync::Arc;

use jiff::Timestamp;
use kguard::audit::record::{Observed, Outcome};
use kguard::identity::Caller;
use kguard::kube::status::Reason;
use kguard::mask::PlaceholderKey;
use kguard::policy::{
    Candidates, Charge, Decision, Facts, Lift, Needs, Object, Objects, PolicySet, Ruling,
};

use self::denial::RefusedBy;
pub use self::denial::{Denial, Futile, Unsent};
pub use self::permit::{Held, Permit};
pub use self::subject::{Findings, Shown, Subject};
use crate::budgets::Budgets;
use crate::cluster::Cluster;
use crate::forward::PooledBody;
use crate::impersonate::{self, Refusal};
use crate::incoming;
use crate::known_values;
use crate::live::{Bond, Change, LiveObjects, Seen, WouldRefuse};
use crate::policies::Mode;
use crate::request::KubeRequest;
use crate::streams::policy_query;

/// What the policies say.
#[must_use]
pub enum Verdict {
    /// It may be sent.
    Allow(Box<Permit>),
    /// It is refused.
    Deny(Box<Denial>),
    /// It waits for an approval.
    Hold(Box<Held>),
    /// The API server would refuse it, so that there is nothing to decide on.
    Futile(Box<Futile>),
}

/// What a decision is made with.
#[derive(Clone, Copy)]
pub struct Deciding<'a> {
    /// The policies.
    pub policies: &'a PolicySet,
    /// Whether they are in force.
    pub mode: Mode,
    /// The cluster, for what they look at.
    pub cluster: &'a Cluster,
    /// What callers have spent.
    pub budgets: &'a Budgets,
    /// The caller's grants.
    pub lifts: &'a [Lift],
    /// Whether a request that is held runs with the groups that its policy adds. Those of a plan do
    /// not: they are tried, and answered, before anybody has approved anything.
    pub elevates: bool,
    /// Makes what stands in for masked values.
    pub placeholders: &'a PlaceholderKey,
    /// The moment.
    pub now: Timestamp,
}

/// Why the policies of today do not let through what was approved under others.
#[derive(Debug, thiserror::Error)]
pub enum Unconfirmed {
    /// They deny it.
    #[error("{message}")]
    Denied {
        /// Their message.
        message: String,
    },
    /// They hide something else of the answer.
    #[error("what is masked for you has changed")]
    Masks,
    /// They ask for another approval.
    #[error("policy `{policy}` has changed, or is not the one that holds this any more")]
    Terms {
        /// The policy that held it.
        policy: String,
    },
}

impl Deciding<'_> {
    /// Asks the policies.
    pub async fn decide(self, caller: Arc<Caller>, request: KubeRequest) -> Verdict {
        let mut subject = Subject::new(self.policies, self.cluster, (caller, request));
        if let Some(mask) = mask_read_by_patch(&subject) {
            let message = format!(
                "the mask `{mask}` covers what this JSON patch tests, copies or moves; patch it \
                 with `add`, `replace` and `remove` instead"
            );
            return Verdict::deny(subject, Some(mask), message, RefusedBy::Masking);
        }
        if let Some(impersonation) = &subject.request.impersonation {
            let allowed =
                impersonate::authorize(&self, self.cluster, &subject.caller, impersonation);
            // Boxed, as everything here that is rare and big.
            if let Err(Refusal { policy, message }) = Box::pin(allowed).await {
                return Verdict::forbid(subject, policy, message);
            }
        }
        // Before anything is looked at: it is as whom it will run that the API server is asked.
        let elevation = self.elevation(&subject);
        subject.elevate(elevation);
        match Box::pin(known_values::plan(self.cluster, &subject)).await {
            Ok(text) => subject.set_text(text),
            Err(unknown) => {
                let (message, reason) = (unknown.to_string(), unknown.reason());
                let (policy, field, refused_by) = (None, None, RefusedBy::Masking);
                let denial = Denial { subject, policy, message, reason, field, refused_by };
                return Verdict::Deny(Box::new(denial));
            }
        }
        let prepared = incoming::prepare(self.cluster, &mut subject, self.placeholders);
        if let Err(unprepared) = Box::pin(prepared).await {
            return Verdict::Deny(Box::new(Denial::of(subject, &unprepared)));
        }
        let (ruling, seen) = match self.rule(&subject).await {
            Ok(ruled) => ruled,
            Err(WouldRefuse(response)) if self.mode == Mode::Enforce => {
                return Verdict::futile(subject, response);
            }
            // It will say so itself.
            Err(WouldRefuse(_)) => (Ruling::default(), None),
        };
        let ruling = match self.mode {
            Mode::Enforce => ruling,
            Mode::Observe => ruling.only_observed(),
        };
        subject.findings.carried = ruling.carried;
        self.settle(subject, ruling, seen)
    }

    /// With which groups besides his own a caller's request will run once it is approved. Who acts
    /// as somebody else gets none: whose groups they would be is nothing that an approver could see.
    fn elevation(&self, subject: &Subject) -> Vec<String> {
        if !self.elevates || self.mode == Mode::Observe || subject.request.impersonation.is_some() {
            return Vec::new();
        }
        let info = &subject.request.info;
        let query = policy_query(info, subject.request.query.pairs());
        let (caller, cluster) = (&*subject.caller, self.cluster.name());
        let facts = Facts { request: info, query: &query, caller, cluster };
        self.policies.candidates(&facts).lifted_by(self.lifts).elevation(self.now)
    }

    /// What the policies say, and on what they have seen: of the caller, and of the one as whom he
    /// acts as well, since neither gets more by way of the other.
    async fn rule(&self, subject: &Subject) -> Result<(Ruling, Option<Seen>), WouldRefuse> {
        let info = &subject.request.info;
        let query = policy_query(info, subject.request.query.pairs());
        let facts =
            |caller| Facts { request: info, query: &query, caller, cluster: self.cluster.name() };
        let asking = self.policies.candidates(&facts(&subject.caller)).lifted_by(self.lifts);
        let live = LiveObjects::of(self.cluster, &subject.identity);
        if subject.request.impersonation.is_none() {
            let needs = asking.needs();
            let looked = objects(&live, &subject.request, (&asking, needs)).await;
            let (objects, seen) = match looked {
                // What the API server says to those groups is not for the caller, until somebody has
                // approved that he gets them.
                Err(_) if !subject.elevated.is_empty() => (unseen(), None),
                looked => looked?,
            };
            return Ok((asking.decide(&objects, self.now), seen));
        }
        let acting = self.policies.candidates(&facts(&subject.identity));
        let needs = asking.needs().and(acting.needs());
        let (objects, seen) = objects(&live, &subject.request, (&asking, needs)).await?;
        let ruling = asking.decide(&objects, self.now);
        Ok((ruling.and(acting.decide(&objects, self.now)), seen))
    }

    /// Whether a request that was approved under other policies may run under these: if they allow it,
    /// or hold it for just the same approval, and hide just the same of the answer.
    pub async fn confirm(&self, held: &Held) -> Result<(), Unconfirmed> {
        let (subject, policy) = (&held.subject, &held.terms.policy);
        if !subject.masks_under(self.policies, self.cluster).are_like(&subject.masks) {
            return Err(Unconfirmed::Masks);
        }
        if self.mode == Mode::Observe {
            return Ok(());
        }
        match self.rule(subject).await {
            // It will say so itself.
            Err(WouldRefuse(_)) => Ok(()),
            Ok((ruling, _)) => match ruling.decision {
                Decision::Allow { .. } => Ok(()),
                Decision::Hold(terms) if terms.are_like(&held.terms) => Ok(()),
                Decision::Hold(_) => Err(Unconfirmed::Terms { policy: policy.clone() }),
                Decision::Deny { message, .. } => Err(Unconfirmed::Denied { message }),
            },
        }
    }

    /// Turns a ruling into a verdict, once its price is reserved.
    fn settle(&self, mut subject: Subject, ruling: Ruling, seen: Option<Seen>) -> Verdict {
        let Ruling { decision, observed, charges, lifted, .. } = ruling;
        subject.findings.observed = observed.map(|observed| record_of(&observed.0));
        let charges = if subject.request.is_dry_run() { Vec::new() } else { charges };
        // What was certain before may be less by now: another policy may hold it as well.
        let elevation = match &decision {
            Decision::Hold(terms) if self.elevates && subject.request.impersonation.is_none() => {
                terms.elevate.clone()
            }
            _ => Vec::new(),
        };
        subject.elevate(elevation);
        let grants = lifted;
        let policy = match decision {
            Decision::Allow { policy } => policy,
            refused => return Verdict::of_refusal(subject, refused, (charges, grants, seen)),
        };
        match self.budgets.reserve(&subject.caller.name, charges.clone(), self.now) {
            Ok(reservation) => {
                let over = reservation.observed.as_ref().map(record_of);
                subject.findings.observed = subject.findings.observed.take().or(over);
                let permit = Permit::of(subject, policy, (reservation, seen.map(Bond::Version)));
                Verdict::Allow(Box::new(Permit { grants, ..permit }))
            }
            Err(over) => Verdict::of_refusal(subject, *over, (charges, grants, seen)),
        }
    }
}

/// Reads what policies look at, and nothing else; with what is to be remembered of a change of an
/// object that is there.
async fn objects(
    live: &LiveObjects<'_>,
    request: &KubeRequest,
    (candidates, needs): (&Candidates<'_>, Needs),
) -> Result<(Objects, Option<Seen>), WouldRefuse> {
    let mut objects = Objects::default();
    let mut seen = None;
    // Boxed, as they are rare and big: every request's future has room for them.
    if needs.object {
        let change = Box::pin(live.change(request, needs.old_object)).await?;
        seen = change.seen(&request.info);
        let Change { object, old_object, creates } = change;
        objects = Objects { object, old_object, creates, ..objects };
    } else if needs.old_object {
        objects.old_object = Box::pin(live.stored(&request.info)).await;
    }
    if needs.blast_radius {
        let radius = candidates.blast_radius(&objects);
        objects.blast_radius = Box::pin(live.blast_radius(request, radius)).await;
    }
    Ok((objects, seen))
}

/// The objects of a request of which the caller may not know yet what it would do.
fn unseen() -> Objects {
    let why = "the cluster refuses a dry run of it with the groups that it would run with";
    let object = Object::Unavailable { why: why.to_owned() };
    Objects { object: object.clone(), old_object: object, creates: None, blast_radius: None }
}

impl Verdict {
    /// Who asked for what.
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Allow(permit) => permit.subject(),
            Self::Deny(denial) => denial.subject(),
            Self::Futile(futile) => futile.subject(),
            Self::Hold(held) => held.subject(),
        }
    }

    /// The request alone, whatever was decided on it.
    fn into_subject(self) -> Subject {
        match self {
            Self::Allow(permit) => permit.subject,
            Self::Deny(denial) => denial.subject,
            Self::Futile(futile) => futile.subject,
            Self::Hold(held) => held.subject,
        }
    }

    /// Refuses what has no place in the plan that it came with.
    pub fn refuse_in_plan(self, message: String) -> Self {
        Self::deny(self.into_subject(), None, message, RefusedBy::Plan)
    }

    /// Answers what is part of a plan and cannot be tried ahead.
    pub fn imagine(self, response: http::Response<PooledBody>, why: String) -> Self {
        let mut subject = self.into_subject();
        // It is noted as what it is: tried, not done.
        subject.make_dry_run();
        Self::Futile(Box::new(Futile { subject, response, why: Unsent::Planned(why) }))
    }

    /// Passes on that the API server would refuse it.
    pub fn give_up(self, response: http::Response<PooledBody>) -> Self {
        Self::futile(self.into_subject(), response)
    }

    fn futile(subject: Subject, response: http::Response<PooledBody>) -> Self {
        Self::Futile(Box::new(Futile { subject, response, why: Unsent::Refused }))
    }

    /// Of what a policy or nobody allows.
    fn forbid(subject: Subject, policy: Option<String>, message: String) -> Self {
        Self::deny(subject, policy, message, RefusedBy::Policies)
    }

    fn deny(
        subject: Subject,
        policy: Option<String>,
        message: String,
        refused_by: RefusedBy,
    ) -> Self {
        let (reason, field) = (Reason::Forbidden, None);
        Self::Deny(Box::new(Denial { subject, policy, message, reason, field, refused_by }))
    }

    /// Of a decision that is no allowance.
    fn of_refusal(
        subject: Subject,
        decision: Decision,
        (charges, grants, seen): (Vec<Charge>, Vec<String>, Option<Seen>),
    ) -> Self {
        match decision {
            Decision::Hold(terms) => {
                let bond = seen.map(Bond::Version);
                Self::Hold(Box::new(Held { subject, terms, charges, grants, bond }))
            }
            Decision::Deny { policy, message } => Self::forbid(subject, policy, message),
            Decision::Allow { policy } => {
                let message = "the allowance could not be settled".to_owned();
                Self::forbid(subject, policy, message)
            }
        }
    }
}

fn record_of(decision: &Decision) -> Observed {
    let (decision, policy) = match decision {
        Decision::Allow { policy } => (Outcome::Allow, policy.clone()),
        Decision::Deny { policy, .. } => (Outcome::Deny, policy.clone()),
        Decision::Hold(terms) => {
            let policies: Vec<_> = terms.demands.iter().map(|of| of.policy.as_str()).collect();
            (Outcome::Hold, Some(policies.join(", ")))
        }
    };
    Observed { decision, policy }
}

/// The mask that a JSON patch would get around, by reading what the mask covers.
fn mask_read_by_patch(subject: &Subject) -> Option<String> {
    let resource = subject.request.info.resource.as_ref()?;
    let patch = subject.request.json_patch()?;
    subject.masks.read_by_patch(resource, patch).map(str::to_owned)
}
