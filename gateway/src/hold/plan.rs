//! The hold of a plan: no client waits behind it, and it outlives the gateway. It is approved just as
//! if its writes had been held one by one; a plan of which no policy demands anything, as it is.

use std::sync::Arc;

use jiff::Timestamp;
use kguard::api::{Demand, Hold, HoldState};

use super::slot::Slot;
use super::{Approval, Approved, Holds, NotReleased, rules};
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
        if hold.plan.is_none() || hold.expires <= self.now() {
            return Err(slot.refusal());
        }
        match hold.state {
            HoldState::Approved if self.take(&slot).await? => {
                let approved_by = rules::approved_by(&hold);
                Ok(PlanApproval { hold: hold.id, approved_by, demands: hold.demands })
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
    approved_by: Vec<String>,
    demands: Vec<Demand>,
}

impl PlanApproval {
    /// What the policies wanted that held something in it.
    pub fn demands(&self) -> &[Demand] {
        &self.demands
    }

    /// The approval of one write of the plan.
    pub(crate) fn of_one_write(&self) -> Approval {
        let (hold, approved_by) = (self.hold.clone(), self.approved_by.clone());
        Approval(Approved { hold, approved_by, grant: None, break_glass: None })
    }
}

/// The state that is due by now, if nobody decides: an approval ends with its time, too.
pub(super) fn due(hold: &Hold, now: Timestamp) -> Option<HoldState> {
    let waits = matches!(hold.state, HoldState::Approved | HoldState::Pending);
    (waits && hold.expires <= now).then_some(HoldState::Expired)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    #[test]
    fn an_approval_that_was_not_used_ends_with_its_time() {
        let mut hold = samples::hold("ab2cd", HoldState::Pending, "2026-01-01T00:00:00Z");
        hold.state = HoldState::Approved;
        let second = jiff::SignedDuration::from_secs(1);
        assert_eq!(due(&hold, hold.expires - second), None);
        assert_eq!(due(&hold, hold.expires), Some(HoldState::Expired));
        hold.state = HoldState::Used;
        assert_eq!(due(&hold, hold.expires), None);
    }
}
