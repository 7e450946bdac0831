//! A write of a session that runs a plan: one of the plan's, on the object that the plan has seen, or
//! the end of the run.

use std::sync::Arc;

use kguard::api::plans::Saw;

use super::slot::{Claim, Slot, Unmatched};
use super::turn::{Turn, in_words};
use super::{Plans, digest, looks};
use crate::decide::{Deciding, Permit, Verdict};
use crate::forward::PooledBody;
use crate::live::{Bond, Bound, LiveObjects, NotBound};

/// What a write finds.
enum Found {
    /// The object of the plan, or none if the plan has seen none; and what the write is bound to, so
    /// that nothing comes in between.
    AsPlanned(Option<Bond>),
    /// Something else.
    Moved,
    /// The API server would refuse it.
    Refused(http::Response<PooledBody>),
}

/// Matches a write to one of the plan's, or stops the plan.
pub(super) async fn turn(
    slot: &Arc<Slot>,
    plans: &Plans,
    verdict: Verdict,
    deciding: &Deciding<'_>,
) -> (Verdict, Turn) {
    let subject = verdict.subject();
    let (request, by) = (subject.request(), Arc::clone(subject.caller()));
    let words = in_words(&request.info, &request.object_name());
    let digest = digest::of_write(subject, deciding.placeholders).digest;
    let claim = match slot.claim(&digest, (request.method.as_str(), &request.info)) {
        Ok(claim) => claim,
        Err(unmatched) => {
            let why = explain(&unmatched, &words);
            plans.stop(slot, &by, &why).await;
            return (verdict.refuse_in_plan(stopped(slot, &why)), Turn::Nothing);
        }
    };
    if let Verdict::Deny(denial) = &verdict {
        let why = format!("{words} is denied: {}", denial.message);
        plans.stop(slot, &by, &why).await;
        return (verdict, Turn::Nothing);
    }
    let found = match &claim.write.saw {
        Some(saw) if verdict.subject().elevated().is_empty() => {
            Box::pin(look(&verdict, saw, deciding)).await
        }
        // What runs with more groups than the caller's own has a hold, and is bound by it.
        _ => Found::AsPlanned(None),
    };
    match found {
        Found::AsPlanned(bond) => run(claim, (verdict, bond), deciding),
        Found::Refused(response) => (verdict.give_up(response), Turn::Runs(Box::new(claim))),
        Found::Moved => {
            let why = format!("{words} finds another object than the plan: it was changed since");
            plans.stop(slot, &by, &why).await;
            (verdict.refuse_in_plan(stopped(slot, &why)), Turn::Nothing)
        }
    }
}

/// Lets a write run that is as it was planned: on the plan's approval, or on one of its own.
fn run(
    claim: Claim,
    (verdict, bond): (Verdict, Option<Bond>),
    deciding: &Deciding<'_>,
) -> (Verdict, Turn) {
    let verdict = match verdict {
        Verdict::Hold(held) if !claim.covers(held.terms()) => {
            return (Verdict::Hold(held), Turn::Runs(Box::new(claim.waits())));
        }
        Verdict::Allow(permit) => Verdict::Allow(Box::new(bound(*permit, bond))),
        Verdict::Hold(held) => {
            let approval = claim.approval.of_one_write();
            let permit = held.release(approval, deciding.budgets, deciding.now);
            Verdict::Allow(Box::new(bound(permit, bond)))
        }
        other => other,
    };
    (verdict, Turn::Runs(Box::new(claim)))
}

/// A permit for just what was looked at. Of a create nothing was.
fn bound(permit: Permit, bond: Option<Bond>) -> Permit {
    if bond.is_some() { permit.bound(bond) } else { permit }
}

/// Whether the object of a write is what the plan has seen.
async fn look(verdict: &Verdict, saw: &Saw, deciding: &Deciding<'_>) -> Found {
    let subject = verdict.subject();
    let request = subject.request();
    let live = LiveObjects::of(deciding.cluster, subject.identity());
    let Bound { bond, stored, .. } = match live.bind(request, None).await {
        Ok(bound) => bound,
        Err(NotBound::Futile(response)) => return Found::Refused(response),
        Err(NotBound::Error(_)) => return Found::Moved,
    };
    let now = looks::saw(&request.info, stored.as_ref(), deciding.placeholders);
    let agrees = match &bond {
        // What the client is bound to itself has to be the same.
        Some(Bond::Version(seen)) => request.bound_to(&seen.object).is_ok(),
        _ => true,
    };
    if now.as_ref() == Some(saw) && agrees { Found::AsPlanned(bond) } else { Found::Moved }
}

fn explain(unmatched: &Unmatched, words: &str) -> String {
    match unmatched {
        Unmatched::Differs => format!(
            "{words} is not what was planned: the plan has it with another body or other parameters"
        ),
        Unmatched::Stopped(why) => why.clone(),
        Unmatched::Unknown => format!("{words} is not in the plan"),
        Unmatched::UsedUp => format!("{words} has run as often as it was planned"),
    }
}

fn stopped(slot: &Slot, why: &str) -> String {
    let id = slot.with(|plan| plan.id.clone());
    format!("the plan {id} has stopped, nothing more of it runs: {why}; `kguard plan` again")
}
