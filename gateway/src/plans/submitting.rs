//! The end of planning: a plan becomes a hold.

use std::sync::Arc;

use kguard::api::plans::{Plan, PlanCard, PlanState, PlannedWrite};
use kguard::api::{Demand, Hold, HoldState, strictest};
use kguard::audit::record::Event;
use kguard::identity::Caller;
use kguard::kube::request_info::{RequestInfo, Verb};

use super::slot::Slot;
use super::{PlanError, Plans, digest, is_of};
use crate::hold::approvers;

impl Plans {
    /// Puts a plan before its approvers. Nothing more comes into it.
    pub async fn submit(&self, id: &str, by: &Caller) -> Result<(Plan, Hold), PlanError> {
        let slot = self.slot(id)?;
        let plan = slot.plan();
        if !is_of(&plan, by) {
            return Err(PlanError::foreign(&plan));
        }
        let (demands, wants_reason) = slot.demands();
        let reason = plan.claims.reason.as_deref().unwrap_or_default();
        if let Some(policy) = wants_reason.filter(|_| reason.trim().is_empty()) {
            return Err(PlanError::Reason { policy });
        }
        if !slot.close() {
            return Err(PlanError::State { plan: plan.id, state: plan.state });
        }
        let submitted = self.open_hold(&slot, demands).await;
        if submitted.is_err() {
            slot.reopen();
        }
        submitted
    }

    async fn open_hold(
        &self,
        slot: &Slot,
        demands: Vec<Demand>,
    ) -> Result<(Plan, Hold), PlanError> {
        let mut plan = slot.plan();
        let digest = digest::of_plan(&plan, &demands, &self.digests);
        let hold = hold(&plan, demands, digest);
        // On disk before anybody can approve it.
        self.store.put_plan(&plan).await?;
        let event = Event::PlanSubmitted {
            plan: plan.id.clone(),
            caller: Arc::clone(&plan.caller),
            cluster: plan.cluster.clone(),
            digest: hold.digest.clone(),
            writes: plan.writes.iter().map(|write| write.digest.clone()).collect(),
            policies: hold.demands.iter().map(|demand| demand.policy.clone()).collect(),
        };
        let hold = self.holds.stand(hold, self.record(event)).await?;
        if hold.state == HoldState::Approved {
            plan.state = PlanState::Approved;
        }
        Ok((plan, hold))
    }
}

/// The hold of a plan. A plan that no policy holds anything of is approved as it is.
fn hold(plan: &Plan, demands: Vec<Demand>, digest: String) -> Hold {
    let (unforeseen, changes): (Vec<_>, Vec<_>) =
        plan.writes.iter().map(without_diff).partition(|write| write.unforeseen.is_some());
    let names: Vec<&str> = demands.iter().map(|demand| demand.policy.as_str()).collect();
    let policy = names.join(", ");
    let message = match demands.as_slice() {
        [] => "no policy holds anything in this plan".to_owned(),
        [one] => one.message.clone(),
        _ => "several policies hold parts of this plan, and all of them have their say".to_owned(),
    };
    let path = format!("/v1/plans/{}", plan.id);
    let state = if demands.is_empty() { HoldState::Approved } else { HoldState::Pending };
    let apply_as = plan.apply_as.clone();
    let card = PlanCard { writes: plan.writes.len(), apply_as, changes, unforeseen };
    Hold {
        undoes: None,
        id: plan.id.clone(),
        state,
        caller: Arc::clone(&plan.caller),
        impersonated: None,
        cluster: plan.cluster.clone(),
        // What its client asks for to run it.
        method: "POST".to_owned(),
        request: Arc::new(RequestInfo { verb: Verb::Create, path, resource: None }),
        query: Vec::new(),
        digest,
        policy,
        message,
        approvers: approvers(&demands),
        max_auth_age: strictest(&demands).and_then(|demand| demand.max_auth_age),
        demands,
        claims: plan.claims.clone(),
        bound_to: None,
        elevate: Vec::new(),
        max_grant: None,
        grant: None,
        break_glass: None,
        // Its hold knows.
        url: None,
        escalation: None,
        kept: false,
        plan: Some(Arc::new(card)),
        decisions: Vec::new(),
        created: plan.created,
        expires: plan.expires,
    }
}

fn without_diff(write: &PlannedWrite) -> PlannedWrite {
    PlannedWrite { diff: String::new(), ..write.clone() }
}
