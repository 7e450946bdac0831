//! Parks a request until somebody else has decided on it.
//!
//! A hold lives in memory, since the request that it parks does; what became of it goes to the
//! trail and to the store. Nothing runs on a hold later: when the requester goes away the hold is
//! cancelled. Those of plans are another matter, see [`plan`]. When the gateway ends, whoever waits
//! is told to come back, and finds the hold as it was, see [`restore`].
//!
//! A pipeline goes away and comes back: its job is run again. So a workload may ask that its holds
//! are kept until they expire. Still nothing runs by itself; the same caller has to send the very
//! same request again, and finds the hold, or the approval, which is good for one.
//!
//! A request is recognised by its [`digest`]: a plain client that comes back after a 429, or
//! kubectl repeating a refused exec over SPDY, finds the hold that it opened before.

mod break_glass;
pub mod digest;
mod inbox;
mod opening;
mod plan;
mod refusal;
mod restore;
mod rules;
mod slot;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kguard::api::{Decide, GrantOffer, Hold, HoldState, SessionEvent};
use kguard::audit::record::{Event, Record};
use kguard::identity::Caller;
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

pub use self::break_glass::may_break_glass;
pub use self::inbox::Inbox;
use self::opening::Wanted;
pub use self::plan::PlanApproval;
pub use self::refusal::{NotDecided, NotReleased, NotReviewed};
pub use self::restore::NotRestored;
pub use self::rules::{approvers, is_among, is_own, may_decide};
use self::slot::{Slot, Waiter};
use crate::authenticate::Authenticated;
use crate::clock::Clock;
use crate::config::ExternalUrl;
use crate::decide::Held;
use crate::effect::Matter;
use crate::entry::Entry;
use crate::grants::Grants;
use crate::record::{Recorder, TrailUnavailable};
use crate::request::Via;
use crate::store::Store;

/// After how many seconds a plain client that was told to come back should do so.
pub const RETRY_AFTER_SECONDS: u32 = 1;
/// The same, where the gateway is going away and another run of it has to start first.
pub const RESTART_SECONDS: u32 = 5;
/// How long a hold outlives a plain client that was told to come back.
const COME_BACK: SignedDuration = SignedDuration::from_secs(60);
/// For how long a settled hold still answers the same request.
const REMEMBER: SignedDuration = SignedDuration::from_secs(60);
/// Pending holds of one caller, and of all together.
const MAX_PER_CALLER: usize = 64;
const MAX_PENDING: usize = 4096;
/// Holds of one caller with those that were settled a moment ago: whoever opens and leaves them
/// in a loop fills the memory no less.
const MAX_REMEMBERED: usize = 512;

/// All holds of this gateway.
#[derive(Clone)]
pub struct Holds {
    shared: Arc<Shared>,
}

struct Shared {
    slots: Mutex<HashMap<String, Arc<Slot>>>,
    /// One opens at a time: between counting and opening there is a wait for the trail, in which
    /// others would be counted short, and a repeated request would open a second hold.
    opening: tokio::sync::Mutex<()>,
    /// Whether the gateway is going away.
    closing: watch::Sender<bool>,
    changes: broadcast::Sender<Arc<Hold>>,
    sessions: broadcast::Sender<Arc<Told>>,
    recorder: Arc<Recorder>,
    store: Arc<dyn Store>,
    grants: Arc<Grants>,
    /// One review is closed at a time.
    reviewing: tokio::sync::Mutex<()>,
    clock: Clock,
    config: HoldsConfig,
}

/// What the configuration says about holds.
#[derive(Debug, Clone)]
pub struct HoldsConfig {
    /// How long a plain client is kept waiting before it is told to come back.
    pub plain_wait: Duration,
    /// Where people open the gateway's page.
    pub external_url: Option<ExternalUrl>,
}

/// Something that happened to a request of a session. A session's id is its client's choice, so it
/// counts only together with the caller's name.
#[derive(Debug)]
pub struct Told {
    /// The session.
    pub session: Uuid,
    /// The caller.
    pub caller: String,
    /// What happened.
    pub event: SessionEvent,
}

/// Proof that the people whom a policy names have approved one request, once; or that it names the
/// caller as one who need not wait for them. Made here alone.
#[derive(Debug)]
pub struct Approval(Approved);

/// What an approval says.
#[derive(Debug)]
pub struct Approved {
    /// The hold that was approved.
    pub hold: String,
    /// By whom.
    pub approved_by: Vec<String>,
    /// The grant that it was approved with, if it was not just for once.
    pub grant: Option<String>,
    /// Why nobody was waited for, if nobody was.
    pub break_glass: Option<String>,
}

impl Approval {
    /// The hold.
    pub fn hold(&self) -> &str {
        &self.0.hold
    }

    /// Uses it up.
    pub fn into_parts(self) -> Approved {
        self.0
    }
}

impl Holds {
    /// No holds yet.
    pub fn new(
        recorder: Arc<Recorder>,
        store: Arc<dyn Store>,
        grants: Arc<Grants>,
        (clock, config): (Clock, HoldsConfig),
    ) -> Self {
        let shared = Shared {
            slots: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            closing: watch::Sender::new(false),
            changes: broadcast::channel(1024).0,
            sessions: broadcast::channel(1024).0,
            recorder,
            store,
            grants,
            reviewing: tokio::sync::Mutex::default(),
            clock,
            config,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Waits until the request is decided on. Dropping the future cancels the hold, unless the
    /// client was told to come back or the hold is kept.
    pub async fn wait(
        &self,
        held: &Held,
        matter: Arc<Matter>,
        entry: &Entry,
    ) -> Result<Approval, NotReleased> {
        let reason = entry.origin().claims.reason.as_deref().unwrap_or_default();
        if held.terms().reason_required && reason.trim().is_empty() {
            return Err(NotReleased::ReasonRequired { policy: held.terms().policy.clone() });
        }
        let wanted = Wanted::of(held, matter, entry);
        loop {
            let mut waiter = match self.known(&wanted) {
                Some(waiter) => waiter,
                None => self.open(&wanted).await?,
            };
            let slot = Arc::clone(waiter.slot());
            let state = self.settled(&slot, entry.origin().via).await;
            match state {
                HoldState::Approved if self.take(&slot).await? => {
                    waiter.leave();
                    let hold = slot.hold();
                    let (approved_by, grant) = (rules::approved_by(&hold), hold.grant);
                    let hold = hold.id;
                    return Ok(Approval(Approved { hold, approved_by, grant, break_glass: None }));
                }
                // Another request with the same digest was faster: this one needs its own.
                HoldState::Approved | HoldState::Used => {
                    waiter.leave();
                }
                HoldState::Pending => {
                    waiter.come_back(self.now() + COME_BACK);
                    let is_closing = *self.shared.closing.borrow();
                    return Err(if is_closing { slot.restarting() } else { slot.still_held() });
                }
                HoldState::Cancelled | HoldState::Denied | HoldState::Expired => {
                    waiter.leave();
                    return Err(slot.refusal());
                }
            }
        }
    }

    /// Takes a person's decision.
    pub async fn decide(
        &self,
        id: &str,
        by: &Authenticated,
        decide: Decide,
    ) -> Result<Hold, NotDecided> {
        let slot = self.slot(id).ok_or_else(|| NotDecided::NotFound(id.to_owned()))?;
        // One decision at a time: each is recorded before it counts.
        let _turn = slot.turn().await;
        let now = self.now();
        let state = slot.judge(by, &decide, now)?;
        let by = &by.caller;
        if let Some(offer) = &decide.grant {
            self.shared.grants.check((&slot.hold(), slot.document()), offer)?;
        }
        let event = Event::HoldState {
            hold: id.to_owned(),
            state,
            by: Some(by.name.clone()),
            verdict: Some(decide.verdict),
            comment: decide.comment.clone(),
            grant: decide.grant.clone(),
        };
        self.record(event).await?;
        let grant = match slot.agreed_grant(&decide).filter(|_| state == HoldState::Approved) {
            Some(offer) => self.give(&slot, by, offer).await,
            None => None,
        };
        let hold = slot.decided(by, decide, (state, grant), now);
        self.announce(&slot, hold.clone()).await;
        Ok(hold)
    }

    /// Ends a hold at its requester's own wish.
    pub async fn cancel(&self, id: &str, by: &Caller) -> Result<Hold, NotDecided> {
        let slot = self.slot(id).filter(|slot| slot.is_own(by));
        let slot = slot.ok_or_else(|| NotDecided::NotFound(id.to_owned()))?;
        self.settle(&slot, |_| Some(HoldState::Cancelled)).await;
        match slot.hold() {
            hold if hold.state == HoldState::Cancelled => Ok(hold),
            hold => Err(NotDecided::Settled(hold.state)),
        }
    }

    /// Gives the grant on which all agree who approved. What cannot be recorded is not given: the
    /// request itself is approved all the same.
    async fn give(&self, slot: &Slot, last: &Caller, offer: GrantOffer) -> Option<String> {
        let hold = slot.hold();
        let by = hold.decisions.iter().map(|decision| decision.by.clone());
        let by = by.chain([last.name.clone()]).collect();
        match self.shared.grants.give((&hold, slot.document()), offer, by).await {
            Ok(grant) => Some(grant.id),
            Err(error) => {
                tracing::error!(hold = hold.id, %error, "a grant is not in the trail: none is given");
                None
            }
        }
    }

    /// One hold of this gateway's lifetime.
    pub fn hold(&self, id: &str) -> Option<Hold> {
        self.slot(id).map(|slot| slot.hold())
    }

    /// What is held by a hold that is not settled.
    pub fn matter(&self, id: &str) -> Option<Arc<Matter>> {
        self.slot(id)?.matter()
    }

    /// Pending holds.
    pub fn pending(&self) -> Vec<Hold> {
        let mut holds = self.recent();
        holds.retain(|hold| hold.state == HoldState::Pending);
        holds
    }

    /// Holds that wait, and those that were settled a moment ago.
    pub fn recent(&self) -> Vec<Hold> {
        let slots = self.slots().values().cloned().collect::<Vec<_>>();
        slots.iter().map(|slot| slot.hold()).collect()
    }

    /// All holds, as they appear and change.
    pub fn changes(&self) -> broadcast::Receiver<Arc<Hold>> {
        self.shared.changes.subscribe()
    }

    /// The holds that `approver` may decide on, as they appear and change.
    pub fn inbox(&self, approver: Arc<Caller>) -> Inbox {
        Inbox::new(self.clone(), approver, self.shared.changes.subscribe())
    }

    /// What happens to the requests of all sessions.
    pub fn session_events(&self) -> broadcast::Receiver<Arc<Told>> {
        self.shared.sessions.subscribe()
    }

    /// Tells a caller's session something; nobody needs to listen.
    pub fn tell(&self, session: Option<Uuid>, caller: &str, event: SessionEvent) {
        if let Some(session) = session {
            let told = Told { session, caller: caller.to_owned(), event };
            let _ = self.shared.sessions.send(Arc::new(told));
        }
    }

    /// Lets holds expire whose time is up, cancels those whose client never came back, and lets more
    /// people decide on those that have waited for long. Runs for as long as the gateway does.
    pub async fn sweep(self) {
        let mut ticks = tokio::time::interval(Duration::from_millis(250));
        loop {
            ticks.tick().await;
            let now = self.now();
            let slots: Vec<_> = self.slots().values().cloned().collect();
            for slot in slots {
                if slot.due(now).is_some() {
                    self.settle(&slot, |slot| slot.due(now)).await;
                } else if slot.escalation_due(now).is_some() {
                    self.escalate(&slot, now).await;
                }
                if slot.forgotten(now, REMEMBER) {
                    self.slots().remove(slot.id());
                }
            }
        }
    }

    /// Tells everybody who waits to come back; the gateway is going away.
    pub fn close(&self) {
        self.shared.closing.send_replace(true);
    }

    /// Waits until the hold is settled, or until its client has to come back: a plain one after a
    /// while, and each when the gateway goes away.
    async fn settled(&self, slot: &Slot, via: Via) -> HoldState {
        let mut closing = self.shared.closing.subscribe();
        let come_back = async {
            match via {
                Via::Tunnel => std::future::pending().await,
                Via::Plain => tokio::time::sleep(self.shared.config.plain_wait).await,
            }
        };
        tokio::select! {
            biased;
            state = slot.settled() => state,
            // It never fails: whoever sends lives as long as we do.
            _ = closing.wait_for(|closing| *closing) => HoldState::Pending,
            () = come_back => HoldState::Pending,
        }
    }

    /// A hold that answers this very request: one that waits, one that was approved and not used,
    /// or, so that a repeated attempt is one refusal, one that was just denied.
    fn known(&self, wanted: &Wanted<'_>) -> Option<Waiter> {
        let now = self.now();
        let slot = self.slots().values().find(|slot| slot.answers(wanted, now)).cloned()?;
        slot.take_up(&wanted.matter);
        let session = wanted.entry.origin().session;
        // Another run of the job has not heard of it yet.
        let is_news = session.is_some_and(|session| !slot.sessions().contains(&session));
        let waiter = Waiter::join(self.clone(), Arc::clone(&slot), session);
        let hold = slot.hold();
        if let Some(event) = event_of(&hold).filter(|_| is_news) {
            self.tell(session, &hold.caller.name, event);
        }
        Some(waiter)
    }

    async fn open(&self, wanted: &Wanted<'_>) -> Result<Waiter, NotReleased> {
        let _opening = self.shared.opening.lock().await;
        if let Some(waiter) = self.known(wanted) {
            return Ok(waiter);
        }
        let Wanted { held, entry, .. } = wanted;
        if self.is_full(&held.subject().caller().name) {
            return Err(NotReleased::TooMany);
        }
        let hold = self.describe(wanted).await;
        let request = Box::new(entry.held(held));
        self.record(Event::Hold { hold: hold.id.clone(), request }).await?;
        let slot = Arc::new(Slot::new(hold.clone(), wanted));
        // Nothing is decided before the store has it, or the two would be written in any order.
        let _turn = slot.turn().await;
        // Joined before anybody can see it: a hold that nobody waits for is cancelled.
        let waiter = Waiter::join(self.clone(), Arc::clone(&slot), entry.origin().session);
        self.slots().insert(hold.id.clone(), Arc::clone(&slot));
        let hold = self.tell_all(&slot, hold);
        self.keep_waiting(&slot, hold).await;
        Ok(waiter)
    }

    fn is_full(&self, caller: &str) -> bool {
        let slots = self.slots();
        let pending = slots.values().filter(|slot| slot.is_pending());
        let own = || slots.values().filter(|slot| slot.is_of(caller));
        pending.count() >= MAX_PENDING
            || own().count() >= MAX_REMEMBERED
            || own().filter(|slot| slot.is_pending()).count() >= MAX_PER_CALLER
    }

    /// Uses an approval up. False if another request used it first.
    async fn take(&self, slot: &Slot) -> Result<bool, TrailUnavailable> {
        let _turn = slot.turn().await;
        if slot.hold().state != HoldState::Approved {
            return Ok(false);
        }
        self.record(state_event(slot.id(), HoldState::Used)).await?;
        let hold = slot.set(HoldState::Used, self.now());
        self.announce(slot, hold).await;
        Ok(true)
    }

    /// Ends a hold that nobody decided on, with the state that `due` says once it is its turn.
    async fn settle(&self, slot: &Slot, due: impl FnOnce(&Slot) -> Option<HoldState>) {
        let _turn = slot.turn().await;
        if !matches!(slot.hold().state, HoldState::Approved | HoldState::Pending) {
            return;
        }
        let Some(state) = due(slot) else { return };
        // It ends either way: without a record it could not have been used either.
        if let Err(error) = self.record(state_event(slot.id(), state)).await {
            tracing::error!(hold = slot.id(), %error, "the end of a hold is not in the trail");
        }
        let hold = slot.set(state, self.now());
        self.announce(slot, hold).await;
    }

    /// Lets more people decide, once that is recorded; if it cannot be, it is tried again.
    async fn escalate(&self, slot: &Slot, now: Timestamp) {
        let _turn = slot.turn().await;
        let Some(approvers) = slot.escalation_due(now) else { return };
        let event = Event::HoldEscalated { hold: slot.id().to_owned(), approvers };
        if let Err(error) = self.record(event).await {
            tracing::debug!(hold = slot.id(), %error, "an escalation cannot be recorded yet");
            return;
        }
        self.announce(slot, slot.escalated()).await;
    }

    /// Tells everybody who wants to know: those who wait and those who may decide before the store,
    /// whose disk they would wait for.
    async fn announce(&self, slot: &Slot, hold: Hold) {
        let hold = self.tell_all(slot, hold);
        if let Err(error) = self.shared.store.put_hold(&hold).await {
            tracing::error!(hold = hold.id, %error, "a hold is not in the store; the trail has it");
        }
    }

    fn tell_all(&self, slot: &Slot, hold: Hold) -> Arc<Hold> {
        if let Some(event) = event_of(&hold) {
            for session in slot.sessions() {
                self.tell(Some(session), &hold.caller.name, event.clone());
            }
        }
        slot.wake(hold.state);
        let hold = Arc::new(hold);
        let _ = self.shared.changes.send(Arc::clone(&hold));
        hold
    }

    async fn record(&self, event: Event) -> Result<(), TrailUnavailable> {
        self.shared.recorder.append(Record { at: self.now(), event }).await?.durable().await
    }

    fn slot(&self, id: &str) -> Option<Arc<Slot>> {
        self.slots().get(id).cloned()
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.shared.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

/// What the requester's session is told of a hold.
fn event_of(hold: &Hold) -> Option<SessionEvent> {
    let boxed = || Box::new(hold.clone());
    match hold.state {
        HoldState::Pending => Some(SessionEvent::Held { hold: boxed() }),
        // That it was approved has been said.
        HoldState::Used => None,
        _ => Some(SessionEvent::Settled { hold: boxed() }),
    }
}

fn state_event(hold: &str, state: HoldState) -> Event {
    let (hold, by, verdict, comment, grant) = (hold.to_owned(), None, None, None, None);
    Event::HoldState { hold, state, by, verdict, comment, grant }
}
