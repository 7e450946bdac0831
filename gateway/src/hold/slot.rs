//! One hold: its state, those who wait on it, and the rules of deciding.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use kguard::api::{
    Decide, Decision, Demand, GrantOffer, Hold, HoldState, Verdict, names, strictest,
};
use kguard::identity::{Caller, SubjectPattern};
use tokio::sync::watch;
use uuid::Uuid;

use super::restore::Standing;
use super::{Holds, NotDecided, NotReleased, Wanted, may_decide, plan, rules};
use crate::authenticate::Authenticated;
use crate::effect::Matter;

/// How many sessions of a kept hold's caller are told of it at a time.
const MAX_SESSIONS: usize = 16;

/// A hold and what belongs to it.
pub(super) struct Slot {
    id: String,
    kept: bool,
    /// What it is recognised by; a plan is by its id.
    standing: Option<Standing>,
    inner: Mutex<Inner>,
    state: watch::Sender<HoldState>,
    turn: tokio::sync::Mutex<()>,
}

struct Inner {
    hold: Hold,
    /// What is held, until it is settled.
    matter: Option<Arc<Matter>>,
    /// Who is told of what becomes of it.
    sessions: Vec<Uuid>,
    waiters: usize,
    /// Until when a client that was told to come back may do so.
    come_back_until: Option<Timestamp>,
    settled_at: Option<Timestamp>,
}

impl Slot {
    pub(super) fn new(hold: Hold, wanted: &Wanted<'_>) -> Self {
        let terms = wanted.held.terms().clone();
        let standing = Standing { shown: wanted.shown.clone(), terms };
        Self::with(hold, Some(standing), Some(Arc::clone(&wanted.matter)))
    }

    /// One that an earlier run of the gateway opened, for a while without the request: its client has
    /// until then to send it again.
    pub(super) fn restored(hold: Hold, standing: Standing, until: Timestamp) -> Self {
        let slot = Self::with(hold, Some(standing), None);
        slot.inner().come_back_until = Some(until);
        slot
    }

    /// What it is recognised by.
    pub(super) fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    fn with(hold: Hold, standing: Option<Standing>, matter: Option<Arc<Matter>>) -> Self {
        Self {
            id: hold.id.clone(),
            kept: hold.kept,
            standing,
            state: watch::channel(hold.state).0,
            inner: Mutex::new(Inner {
                hold,
                matter,
                sessions: Vec::new(),
                waiters: 0,
                come_back_until: None,
                settled_at: None,
            }),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Of a plan.
    pub(super) fn of_plan(hold: Hold) -> Self {
        Self::with(hold, None, None)
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// SHA-256 of the document of the policy that holds it.
    pub(super) fn document(&self) -> &str {
        self.standing.as_ref().map_or("", |standing| &standing.terms.document)
    }

    pub(super) fn sessions(&self) -> Vec<Uuid> {
        self.inner().sessions.clone()
    }

    pub(super) fn hold(&self) -> Hold {
        self.inner().hold.clone()
    }

    pub(super) fn matter(&self) -> Option<Arc<Matter>> {
        self.inner().matter.clone()
    }

    /// Has what is held, if it was lost with an earlier run of the gateway.
    pub(super) fn take_up(&self, matter: &Arc<Matter>) {
        let mut inner = self.inner();
        if inner.matter.is_none() && inner.hold.state == HoldState::Pending {
            inner.matter = Some(Arc::clone(matter));
        }
    }

    pub(super) fn is_of(&self, caller: &str) -> bool {
        self.inner().hold.caller.name == caller
    }

    /// Whether it is somebody's own, in every respect.
    pub(super) fn is_own(&self, caller: &Caller) -> bool {
        let inner = self.inner();
        let own = &inner.hold.caller;
        own.name == caller.name && own.issuer == caller.issuer && own.uid == caller.uid
    }

    pub(super) fn is_pending(&self) -> bool {
        self.inner().hold.state == HoldState::Pending
    }

    /// The right to change the state. State and record change together, one change at a time.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Waits until the state is no longer pending.
    pub(super) async fn settled(&self) -> HoldState {
        let mut state = self.state.subscribe();
        match state.wait_for(|state| *state != HoldState::Pending).await {
            Ok(state) => *state,
            Err(_) => HoldState::Cancelled,
        }
    }

    /// Whether this hold is for just that request, on just the object that was shown, while the policies
    /// ask for just the same approval.
    pub(super) fn answers(&self, wanted: &Wanted<'_>, now: Timestamp) -> bool {
        let inner = self.inner();
        let hold = &inner.hold;
        let is_like = |standing: &Standing| {
            standing.shown == wanted.shown && standing.terms.are_like(wanted.held.terms())
        };
        hold.digest == wanted.digest
            && self.standing.as_ref().is_some_and(is_like)
            && matches!(hold.state, HoldState::Approved | HoldState::Denied | HoldState::Pending)
            && (!self.kept || now < hold.expires)
    }

    /// Who joins the approvers by now, if anybody does.
    pub(super) fn escalation_due(&self, now: Timestamp) -> Option<Vec<SubjectPattern>> {
        let inner = self.inner();
        let escalation = inner.hold.escalation.as_ref()?;
        let due = inner.hold.state == HoldState::Pending && !escalation.done;
        (due && escalation.at <= now).then(|| escalation.approvers.clone())
    }

    /// Takes a recorded escalation over.
    pub(super) fn escalated(&self) -> Hold {
        let mut inner = self.inner();
        rules::escalated(&mut inner.hold);
        inner.hold.clone()
    }

    /// What a decision by `by` would make of the hold.
    pub(super) fn judge(
        &self,
        authenticated: &Authenticated,
        decide: &Decide,
        now: Timestamp,
    ) -> Result<HoldState, NotDecided> {
        let by = &authenticated.caller;
        let inner = self.inner();
        let hold = &inner.hold;
        if !may_decide(hold, by) {
            return Err(NotDecided::NotApprover { approvers: names(&hold.approvers) });
        }
        if hold.state != HoldState::Pending || hold.expires <= now {
            return Err(NotDecided::Settled(hold.state));
        }
        if decide.digest != hold.digest {
            return Err(NotDecided::Digest);
        }
        // Whoever has approved may still say no.
        let state = rules::after(hold, by, decide.verdict)?;
        let approves = decide.verdict == Verdict::Approve;
        // Whoever refuses something may have logged in whenever he likes.
        if let Some(Demand { policy, max_auth_age: Some(age), .. }) =
            strictest(&hold.demands).filter(|_| approves)
            && !authenticated.is_fresh(seconds(*age), now)
        {
            let (policy, minutes) = (policy.clone(), age.div_ceil(60));
            return Err(match authenticated.auth_time {
                Some(_) => NotDecided::Stale { policy, minutes },
                None => NotDecided::Undated { policy, minutes },
            });
        }
        Ok(state)
    }

    /// The grant that this decision names, if all before it have named the same one.
    pub(super) fn agreed_grant(&self, decide: &Decide) -> Option<GrantOffer> {
        let inner = self.inner();
        let agree = inner.hold.decisions.iter().all(|decision| decision.grant == decide.grant);
        decide.grant.as_deref().filter(|_| agree).cloned()
    }

    /// Takes a recorded decision over.
    pub(super) fn decided(
        &self,
        by: &Caller,
        decide: Decide,
        (state, given): (HoldState, Option<String>),
        now: Timestamp,
    ) -> Hold {
        let Decide { verdict, comment, grant, .. } = decide;
        let Caller { name, issuer, uid, .. } = by.clone();
        let decision = Decision { by: name, issuer, uid, verdict, comment, grant, at: now };
        {
            let mut inner = self.inner();
            rules::decided(&mut inner.hold, by, decision);
            inner.hold.grant = given;
        }
        self.set(state, now)
    }

    /// Takes a recorded state over; those who wait learn of it from [`Self::wake`].
    pub(super) fn set(&self, state: HoldState, now: Timestamp) -> Hold {
        let mut inner = self.inner();
        inner.hold.state = state;
        if !matches!(state, HoldState::Approved | HoldState::Pending) {
            inner.settled_at = Some(now);
            inner.matter = None;
        }
        inner.hold.clone()
    }

    /// Lets those who wait go on.
    pub(super) fn wake(&self, state: HoldState) {
        self.state.send_replace(state);
    }

    fn is_alone(&self) -> bool {
        self.inner().waiters == 0
    }

    /// The state that is due by now, if nobody decides: expired, or cancelled since nobody waits. A
    /// kept one waits for its requester as long as it would for a decision.
    pub(super) fn due(&self, now: Timestamp) -> Option<HoldState> {
        let inner = self.inner();
        if inner.hold.plan.is_some() {
            return plan::due(&inner.hold, now);
        }
        let is_over = inner.hold.expires <= now;
        let waiting = inner.waiters > 0
            || (self.kept && !is_over)
            || inner.come_back_until.is_some_and(|until| now < until);
        match inner.hold.state {
            HoldState::Pending if is_over => Some(HoldState::Expired),
            HoldState::Approved if self.kept && !waiting => Some(HoldState::Expired),
            HoldState::Approved | HoldState::Pending if !waiting => Some(HoldState::Cancelled),
            _ => None,
        }
    }

    /// Whether the hold was settled so long ago that nobody asks for it any more.
    pub(super) fn forgotten(&self, now: Timestamp, remember: SignedDuration) -> bool {
        self.inner().settled_at.is_some_and(|at| now.duration_since(at) > remember)
    }

    pub(super) fn still_held(&self) -> NotReleased {
        let hold = self.hold();
        let approvers = names(&hold.approvers);
        NotReleased::StillHeld { hold: hold.id, message: hold.message, approvers }
    }

    pub(super) fn restarting(&self) -> NotReleased {
        NotReleased::Restarting { hold: self.id.clone() }
    }

    /// Why a settled hold lets nothing through.
    pub(super) fn refusal(&self) -> NotReleased {
        let hold = self.hold();
        match hold.state {
            HoldState::Denied => {
                let denial =
                    hold.decisions.iter().rfind(|decision| decision.verdict == Verdict::Deny);
                NotReleased::Denied {
                    hold: hold.id,
                    by: denial.map(|decision| decision.by.clone()).unwrap_or_default(),
                    comment: denial.and_then(|decision| decision.comment.clone()),
                }
            }
            HoldState::Expired => {
                let approvers = names(&hold.approvers);
                NotReleased::Expired { hold: hold.id, approvers }
            }
            _ => NotReleased::Cancelled { hold: hold.id },
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seconds(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(seconds.try_into().unwrap_or(i64::MAX))
}

/// Somebody who waits on a hold. If he goes away without a word, the hold is cancelled, unless it
/// is kept.
pub(super) struct Waiter {
    holds: Holds,
    slot: Arc<Slot>,
    left: bool,
}

impl Waiter {
    pub(super) fn join(holds: Holds, slot: Arc<Slot>, session: Option<Uuid>) -> Self {
        {
            let mut inner = slot.inner();
            inner.waiters += 1;
            inner.come_back_until = None;
            if let Some(session) = session.filter(|session| !inner.sessions.contains(session)) {
                // The oldest is the least likely to be still there.
                if inner.sessions.len() >= MAX_SESSIONS {
                    inner.sessions.remove(0);
                }
                inner.sessions.push(session);
            }
        }
        Self { holds, slot, left: false }
    }

    /// The hold that is waited on.
    pub(super) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// The wait is over.
    pub(super) fn leave(&mut self) {
        self.left = true;
    }

    /// The wait goes on later: the hold lives on until then.
    pub(super) fn come_back(&mut self, until: Timestamp) {
        self.slot.inner().come_back_until = Some(until);
        self.left = true;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let alone = {
            let mut inner = self.slot.inner();
            inner.waiters -= 1;
            inner.waiters == 0
        };
        if alone && !self.left && !self.slot.kept {
            let (holds, slot) = (self.holds.clone(), Arc::clone(&self.slot));
            tokio::spawn(async move {
                // Somebody else with the very same request may wait by then.
                let alone = |slot: &Slot| slot.is_alone().then_some(HoldState::Cancelled);
                holds.settle(&slot, alone).await;
            });
        }
    }
}
