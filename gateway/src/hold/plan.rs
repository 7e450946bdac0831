//! The hold of a plan: no client waits behind it, it outlives the gateway, and several policies may
//! have their say.
//!
//! **When it is approved.** Each policy that holds a part of the plan makes a demand: so many people
//! of those whom it names. The plan is approved when every demand is met, just as if its writes had
//! been held one by one; one person's approval counts for every demand that names him. Whoever is
//! named by any of them can deny the plan. A plan that makes no demand is approved as it is.

use std::sync::Arc;

use jiff::Timestamp;
use kguard::api::plans::{Demand, PlanCard};
use kguard::api::{Decide, Decision, Hold, HoldState, Verdict};
use kguard::identity::Caller;

use super::slot::Slot;
use super::{Approval, Approved, Holds, NotDecided, NotReleased, is_among};
use crate::record::TrailUnavailable;

impl Holds {
    /// Opens the hold of a plan, once `record` has it in the trail.
    pub async fn stand(
        &self,
        mut hold: Hold,
        record: impl Future<Output = Result<(), TrailUnavailable>>,
    ) -> Result<Hold, NotReleased> {
        let _opening = self.shared.opening.lock().await;
        if self.is_full(&hold.caller.name) {
            return Err(NotReleased::TooMany);
        }
        record.await?;
        hold.url = self.page_of(&hold.id);
        let slot = Arc::new(Slot::of_plan(hold.clone()));
        let _turn = slot.turn().await;
        self.slots().insert(hold.id.clone(), Arc::clone(&slot));
        self.announce(&slot, hold.clone()).await;
        Ok(hold)
    }

    /// Uses the approval of a plan up, for its one run.
    pub async fn redeem(&self, id: &str) -> Result<PlanApproval, NotReleased> {
        let gone = || NotReleased::Cancelled { hold: id.to_owned() };
        let slot = self.slot(id).ok_or_else(gone)?;
        let hold = slot.hold();
        let Some(card) = hold.plan.filter(|_| hold.expires > self.now()) else {
            return Err(slot.refusal());
        };
        match slot.hold().state {
            HoldState::Approved if self.take(&slot).await? => {
                Ok(PlanApproval { hold: id.to_owned(), card })
            }
            HoldState::Pending => Err(slot.still_held()),
            _ => Err(slot.refusal()),
        }
    }

    /// An id that no hold has, and no plan either as long as it becomes one.
    pub fn fresh_plan_id(&self) -> String {
        self.fresh_id()
    }
}

/// Proof that a plan was approved, for all of its run. Made here alone.
#[derive(Debug)]
pub struct PlanApproval {
    hold: String,
    card: Arc<PlanCard>,
}

impl PlanApproval {
    /// What the policies wanted that held something in it.
    pub fn demands(&self) -> &[Demand] {
        &self.card.demands
    }

    /// The approval of one write of the plan.
    pub(crate) fn of_one_write(&self) -> Approval {
        Approval(Approved { hold: self.hold.clone(), grant: None, break_glass: None })
    }
}

/// What a decision by `by` would make of a plan's hold.
pub(super) fn judge(
    (hold, card): (&Hold, &PlanCard),
    by: &Caller,
    decide: &Decide,
) -> Result<HoldState, NotDecided> {
    if decide.verdict == Verdict::Deny {
        return Ok(HoldState::Denied);
    }
    let is_own = is_own(hold, card, by);
    let mut left = card.demands.iter().filter(|demand| {
        !demand.is_met()
            && demand.approved_by.len() + usize::from(counts(demand, by, is_own)) < needed(demand)
    });
    let counts_at_all = card.demands.iter().any(|demand| counts(demand, by, is_own));
    if !counts_at_all {
        let approvers = hold.approvers.iter().map(ToString::to_string).collect::<Vec<_>>();
        return Err(NotDecided::OwnRequest { approvers: approvers.join(", ") });
    }
    Ok(if left.next().is_none() { HoldState::Approved } else { HoldState::Pending })
}

/// Takes a recorded decision over into the plan's demands.
pub(super) fn decided(hold: &mut Hold, by: &Caller, decision: Decision) {
    if let Some(mut card) = hold.plan.take() {
        let is_own = is_own(hold, &card, by);
        if decision.verdict == Verdict::Approve {
            let demands = &mut Arc::make_mut(&mut card).demands;
            for demand in demands.iter_mut().filter(|demand| counts(demand, by, is_own)) {
                demand.approved_by.push(by.name.clone());
            }
        }
        hold.plan = Some(card);
    }
    hold.decisions.push(decision);
}

/// The state that is due by now, if nobody decides: an approval ends with its time, too.
pub(super) fn due(hold: &Hold, now: Timestamp) -> Option<HoldState> {
    let waits = matches!(hold.state, HoldState::Approved | HoldState::Pending);
    (waits && hold.expires <= now).then_some(HoldState::Expired)
}

fn needed(demand: &Demand) -> usize {
    demand.quorum.max(1) as usize
}

fn counts(demand: &Demand, by: &Caller, is_own: bool) -> bool {
    is_among(&demand.approvers, by) && (demand.self_approval || !is_own)
}

/// Whether he planned it, or is to run it.
fn is_own(hold: &Hold, card: &PlanCard, by: &Caller) -> bool {
    super::is_own(hold, by) || card.apply_as.as_deref() == Some(&by.name)
}

#[cfg(test)]
mod tests {
    use kguard::identity::CallerKind;

    use super::*;
    use crate::store::samples;

    fn caller(name: &str, group: &str) -> Caller {
        Caller {
            name: name.into(),
            groups: vec![group.into()],
            uid: None,
            kind: CallerKind::Person,
            issuer: "https://idp.example".into(),
        }
    }

    fn demand(policy: &str, group: &str, quorum: u32) -> Demand {
        Demand {
            policy: policy.into(),
            message: String::new(),
            approvers: vec![format!("group:{group}").parse().unwrap()],
            quorum,
            self_approval: false,
            max_auth_age: None,
            approved_by: Vec::new(),
        }
    }

    fn plan(demands: Vec<Demand>) -> Hold {
        let mut hold = samples::hold("ab2cd", HoldState::Pending, "2026-01-01T00:00:00Z");
        hold.approvers = demands.iter().flat_map(|demand| demand.approvers.clone()).collect();
        hold.plan = Some(Arc::new(PlanCard { demands, ..PlanCard::default() }));
        hold
    }

    fn approve(hold: &mut Hold, by: &Caller) -> Result<HoldState, NotDecided> {
        let decide = Decide {
            verdict: Verdict::Approve,
            comment: None,
            digest: hold.digest.clone(),
            grant: None,
        };
        let card = hold.plan.clone().unwrap();
        let state = judge((hold, &card), by, &decide)?;
        let (verdict, at) = (Verdict::Approve, hold.created);
        let (issuer, uid) = (by.issuer.clone(), by.uid.clone());
        let (comment, grant) = (None, None);
        let decision = Decision { by: by.name.clone(), issuer, uid, verdict, comment, grant, at };
        decided(hold, by, decision);
        Ok(state)
    }

    #[test]
    fn every_policy_gets_the_people_that_it_wants() {
        let mut hold = plan(vec![demand("a", "sre", 1), demand("b", "dba", 2)]);
        let [sre, dba, other] = [("bob", "sre"), ("dora", "dba"), ("emil", "dba")]
            .map(|(name, group)| caller(name, group));
        assert_eq!(approve(&mut hold, &sre).unwrap(), HoldState::Pending);
        assert_eq!(approve(&mut hold, &dba).unwrap(), HoldState::Pending);
        assert_eq!(approve(&mut hold, &other).unwrap(), HoldState::Approved);
    }

    #[test]
    fn one_person_may_be_all_that_is_wanted() {
        let mut hold = plan(vec![demand("a", "sre", 1), demand("b", "dba", 1)]);
        let mut both = caller("bob", "sre");
        both.groups.push("dba".into());
        assert_eq!(approve(&mut hold, &both).unwrap(), HoldState::Approved);
    }

    #[test]
    fn who_plans_and_who_runs_it_do_not_count() {
        let mut hold = plan(vec![demand("a", "dev", 1)]);
        let own = approve(&mut hold, &caller("oidc:alice", "dev"));
        assert!(matches!(own, Err(NotDecided::OwnRequest { .. })));
        let mut card = PlanCard::clone(hold.plan.as_ref().unwrap());
        card.apply_as = Some("deploy".into());
        hold.plan = Some(Arc::new(card));
        let runs = approve(&mut hold, &caller("deploy", "dev"));
        assert!(matches!(runs, Err(NotDecided::OwnRequest { .. })));
        // A policy may want it otherwise, and speaks for itself alone.
        let own = Demand { self_approval: true, ..demand("a", "dev", 1) };
        let mut hold = plan(vec![own, demand("b", "dev", 1)]);
        assert_eq!(approve(&mut hold, &caller("oidc:alice", "dev")).unwrap(), HoldState::Pending);
        assert_eq!(approve(&mut hold, &caller("bob", "dev")).unwrap(), HoldState::Approved);
    }

    #[test]
    fn an_approval_that_was_not_used_ends_with_its_time() {
        let mut hold = plan(vec![demand("a", "sre", 1)]);
        hold.state = HoldState::Approved;
        let second = jiff::SignedDuration::from_secs(1);
        assert_eq!(due(&hold, hold.expires - second), None);
        assert_eq!(due(&hold, hold.expires), Some(HoldState::Expired));
        hold.state = HoldState::Used;
        assert_eq!(due(&hold, hold.expires), None);
    }
}
