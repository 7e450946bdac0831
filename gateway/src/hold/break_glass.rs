//! Runs that wait for nobody, and the reviews that they owe.
//!
//! Whoever may break the glass has what he asks for at once, and everybody hears of it: his run is a
//! hold that is used from the start, which whoever follows holds is told of. It stays open until
//! somebody else who could have approved it has said something to it.

use std::sync::Arc;

use kguard::api::{BreakGlass, Hold, HoldState, Review, SessionEvent, names};
use kguard::audit::record::Event;
use kguard::identity::Caller;

use super::{
    Approval, Approved, Holds, NotReleased, NotReviewed, Wanted, is_among, is_own, may_decide,
    state_event,
};
use crate::decide::Held;
use crate::effect::Matter;
use crate::entry::Entry;

/// Whether the caller may run a held request without waiting, by every policy that holds it.
pub fn may_break_glass(held: &Held) -> bool {
    let (lists, caller) = (&held.terms().break_glass, held.subject().caller());
    !lists.is_empty() && lists.iter().all(|list| is_among(list, caller))
}

impl Holds {
    /// Lets a request run that nobody has approved, and has everybody know.
    pub async fn break_glass(
        &self,
        (held, reason): (&Held, &str),
        matter: Arc<Matter>,
        entry: &Entry,
    ) -> Result<Approval, NotReleased> {
        let wanted = Wanted { kept: false, ..Wanted::of(held, matter, entry) };
        let mut hold = self.describe(&wanted).await;
        hold.break_glass = Some(BreakGlass { reason: reason.to_owned(), review: None });
        hold.state = HoldState::Used;
        let mut request = entry.held(held);
        request.break_glass = Some(reason.to_owned());
        self.record(Event::Hold { hold: hold.id.clone(), request: Box::new(request) }).await?;
        self.record(state_event(&hold.id, HoldState::Used)).await?;
        // Without that nobody would know later that it owes a review.
        self.shared.store.put_hold(&hold).await.map_err(NotReleased::Store)?;
        let told = SessionEvent::BrokeGlass { hold: Box::new(hold.clone()) };
        self.tell(entry.origin().session, &hold.caller.name, told);
        let (approved_by, break_glass) = (Vec::new(), Some(reason.to_owned()));
        let approved = Approved { hold: hold.id.clone(), approved_by, grant: None, break_glass };
        let _ = self.shared.changes.send(Arc::new(hold));
        Ok(Approval(approved))
    }

    /// Closes the review of a run that broke the glass.
    pub async fn review(
        &self,
        id: &str,
        (by, comment): (&Caller, String),
    ) -> Result<Hold, NotReviewed> {
        let _turn = self.shared.reviewing.lock().await;
        let found = self.shared.store.hold(id).await?;
        let mut hold = found.ok_or_else(|| NotReviewed::NotFound(id.to_owned()))?;
        let at = self.now();
        let approvers = || names(&hold.approvers);
        if !may_decide(&hold, by) {
            return Err(NotReviewed::NotApprover { approvers: approvers() });
        }
        if is_own(&hold, by) {
            return Err(NotReviewed::OwnRequest { approvers: approvers() });
        }
        let review = Review { by: by.name.clone(), comment, at };
        match &mut hold.break_glass {
            Some(BreakGlass { review: owed @ None, .. }) => *owed = Some(review.clone()),
            _ => return Err(NotReviewed::NotOwed(id.to_owned())),
        }
        self.record(Event::Review { hold: hold.id.clone(), review }).await?;
        self.shared.store.put_hold(&hold).await?;
        let _ = self.shared.changes.send(Arc::new(hold.clone()));
        Ok(hold)
    }
}
