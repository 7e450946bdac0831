//! Change sets: a command runs once to plan, and once to do what was planned. See
//! [`kguard::api::plans`] for the words, `docs/change-sets.md` for its users.
//!
//! # Planning
//!
//! The streams of a session that plans say so ([`kguard::tunnel::PLAN`]). Reads pass as ever. Of a
//! write the policies are asked as ever; a denial is one. Otherwise it is sent as a dry run, whether
//! it would be held or not, and noted with its digest, its effect and the policy that holds it
//! ([`planning`]). That nothing is stored is in the types: a [`Permit`](crate::decide::Permit) from
//! here is one for a dry run, made only with a
//! [proof](crate::live::StoresNothing) that the API server knows them.
//!
//! What a plan creates is not there while it is made. So what is put into a new namespace cannot be
//! tried. The client is then answered with what it sent, and the write is *not foreseen*. A read of
//! one object by its name answers what the plan has made of it: the object if it creates it, a 404
//! if it deletes it. Lists and watches show what is there.
//!
//! # Approving
//!
//! A submitted plan is a hold of the same id, decided on like any other ([`crate::hold`]). It is
//! bound to the plan's digest: who planned, who may run it, the cluster, and the digests of all
//! writes.
//!
//! # Running
//!
//! One session uses the approval up. Each of its writes has to be one of the plan's by its digest, in
//! number, in any order ([`applying`]); the object has to be what the plan has seen. Anything else
//! stops the plan: no further write of the session runs. A write that was foreseen runs on the plan's
//! approval if the policy that holds it now is one whose demand that approval has met; every other
//! write that a policy holds waits for an approval of its own.
//!
//! A write is used up by an answer that is no refusal of the API server's: what was refused was not
//! done, and may be sent again.

mod applying;
mod digest;
mod effect;
mod error;
mod imagined;
mod looks;
mod planning;
mod slot;
mod submitting;
mod turn;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kguard::api::plans::{OpenPlan, Plan, PlanState, Purpose};
use kguard::api::{Claims, Hold, HoldState};
use kguard::audit::record::{Event, Record};
use kguard::identity::{Caller, CallerKind};
use kguard::mask::PlaceholderKey;
use uuid::Uuid;

pub use self::effect::effect;
pub use self::error::PlanError;
use self::slot::Slot;
pub use self::turn::{Part, Turn};
use crate::clock::Clock;
use crate::hold::Holds;
use crate::record::{Recorder, TrailUnavailable};
use crate::request::Origin;
use crate::store::{Store, StoreError};

/// Plans of one caller, and of all together, that have not ended.
const MAX_PER_CALLER: usize = 16;
const MAX_TOTAL: usize = 128;
/// How long a session may plan, and how long one may run a plan.
const MAX_PLANNING: SignedDuration = SignedDuration::from_hours(1);
const MAX_RUNNING: SignedDuration = SignedDuration::from_hours(12);
/// For how long a plan may be approved and run: by itself, and at most.
const VALID_MINUTES: u32 = 24 * 60;
const MAX_VALID_MINUTES: u32 = 14 * 24 * 60;
/// For how long a plan that has ended is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How far back a list goes.
const HISTORY: u32 = 200;
/// The longest command that is kept to be run again.
const MAX_COMMAND_BYTES: usize = 16 << 10;
/// The longest name of a workload.
const MAX_NAME_BYTES: usize = 512;

/// All plans of this gateway.
pub struct Plans {
    /// Those that have not ended.
    slots: Mutex<HashMap<String, Arc<Slot>>>,
    holds: Holds,
    store: Arc<dyn Store>,
    recorder: Arc<Recorder>,
    clock: Clock,
    digests: PlaceholderKey,
}

impl Plans {
    /// Takes up what waits from an earlier run of the gateway. What was running is stopped: how far
    /// it had come is in the trail, not here.
    pub async fn load(
        holds: Holds,
        (store, recorder): (Arc<dyn Store>, Arc<Recorder>),
        (clock, digests): (Clock, PlaceholderKey),
    ) -> Result<Self, StoreError> {
        let plans = Self { slots: Mutex::default(), holds, store, recorder, clock, digests };
        for mut plan in plans.store.plans(u32::MAX).await? {
            match plan.state {
                PlanState::Pending if plans.holds.hold(&plan.id).is_some() => {
                    plans.slots().insert(plan.id.clone(), Arc::new(Slot::new(plan)));
                }
                PlanState::Running => {
                    plan.state = PlanState::Stopped;
                    plan.stopped = Some("the gateway was restarted while it ran".to_owned());
                    plans.store.put_plan(&plan).await?;
                }
                _ => {}
            }
        }
        Ok(plans)
    }

    /// Opens a plan for a session.
    pub async fn open(&self, caller: &Arc<Caller>, open: OpenPlan) -> Result<Plan, PlanError> {
        let OpenPlan { session, cluster, apply_as, valid_minutes, claims } = open;
        if apply_as.as_deref().is_some_and(|name| !is_workload_name(name)) {
            return Err(PlanError::ApplyAs);
        }
        let (claims, repeatable) = kept(claims);
        let now = self.clock.now();
        let valid = valid_minutes.unwrap_or(VALID_MINUTES).clamp(1, MAX_VALID_MINUTES);
        let valid = SignedDuration::from_mins(valid.into());
        let plan = Plan {
            id: self.fresh_id(),
            state: PlanState::Planning,
            caller: Arc::clone(caller),
            apply_as,
            cluster,
            claims,
            repeatable,
            session,
            writes: Vec::new(),
            refused: Vec::new(),
            stopped: None,
            created: now,
            begun: None,
            expires: now.saturating_add(valid).unwrap_or(Timestamp::MAX),
        };
        {
            let mut slots = self.slots();
            let own = slots.values().filter(|slot| slot.is_of(caller)).count();
            if own >= MAX_PER_CALLER || slots.len() >= MAX_TOTAL {
                return Err(PlanError::TooMany);
            }
            slots.insert(plan.id.clone(), Arc::new(Slot::new(plan.clone())));
        }
        let event = Event::Planned {
            plan: plan.id.clone(),
            caller: Arc::clone(caller),
            cluster: plan.cluster.clone(),
            apply_as: plan.apply_as.clone(),
            claims: plan.claims.clone(),
        };
        if let Err(error) = self.record(event).await {
            self.slots().remove(&plan.id);
            return Err(error.into());
        }
        Ok(plan)
    }

    /// What a request is to a plan, if it came with one.
    pub fn part(&self, origin: &Origin, caller: &Caller) -> Result<Option<Part>, PlanError> {
        let Some(of) = &origin.plan else { return Ok(None) };
        let slot = self.slot(&of.plan)?;
        slot.with(|plan| check(plan, origin, (of.purpose, caller)))?;
        Ok(Some(match of.purpose {
            Purpose::Apply => Part::Applying(slot),
            Purpose::Plan => Part::Planning(slot),
        }))
    }

    /// Uses the approval of a plan up for one session.
    pub async fn begin(&self, id: &str, by: &Caller, session: Uuid) -> Result<Plan, PlanError> {
        let slot = self.slot(id)?;
        let plan = slot.plan();
        if !may_run(&plan, by) {
            return Err(PlanError::foreign(&plan));
        }
        if plan.state != PlanState::Pending {
            return Err(PlanError::State { plan: plan.id, state: plan.state });
        }
        // The approval is there once, so of two sessions that begin one does not get it.
        let approval = self.holds.redeem(id).await?;
        let plan = slot.begin(session, approval, self.clock.now());
        self.store.put_plan(&plan).await?;
        Ok(plan)
    }

    /// Ends what a session does with a plan. What is planned and not submitted is forgotten.
    pub async fn end(&self, id: &str, by: &Arc<Caller>) -> Result<Plan, PlanError> {
        let slot = self.slot(id)?;
        let plan = slot.plan();
        match plan.state {
            PlanState::Planning if is_of(&plan, by) => {
                self.slots().remove(id);
                Ok(plan)
            }
            PlanState::Running | PlanState::Stopped if may_run(&plan, by) => {
                let ended = slot.end();
                if plan.state == PlanState::Running {
                    self.record_end(&ended, by).await?;
                }
                self.store.put_plan(&ended).await?;
                self.slots().remove(id);
                Ok(ended)
            }
            _ if !is_of(&plan, by) && !may_run(&plan, by) => Err(PlanError::foreign(&plan)),
            state => Err(PlanError::State { plan: plan.id, state }),
        }
    }

    /// Stops a plan that is run: nothing more of it runs.
    async fn stop(&self, slot: &Slot, by: &Arc<Caller>, why: &str) {
        let Some(plan) = slot.stop(why) else { return };
        if let Err(error) = self.record_end(&plan, by).await {
            tracing::error!(plan = plan.id, %error, "that a plan was stopped is not in the trail");
        }
        if let Err(error) = self.store.put_plan(&plan).await {
            tracing::error!(plan = plan.id, %error, "that a plan was stopped is not in the store");
        }
    }

    /// A plan and its hold, as they stand now.
    pub async fn find(&self, id: &str) -> Result<(Plan, Option<Hold>), PlanError> {
        let known = self.slots().get(id).map(|slot| slot.plan());
        let plan = match known {
            Some(plan) => plan,
            None => self.store.plan(id).await?.ok_or_else(|| PlanError::not_found(id))?,
        };
        self.with_hold(plan).await
    }

    /// Plans, newest first, with their holds.
    pub async fn list(&self) -> Result<Vec<(Plan, Option<Hold>)>, PlanError> {
        let stored = self.store.plans(HISTORY).await?;
        let mut plans: HashMap<_, _> =
            stored.into_iter().map(|plan| (plan.id.clone(), plan)).collect();
        let known: Vec<Plan> = self.slots().values().map(|slot| slot.plan()).collect();
        plans.extend(known.into_iter().map(|plan| (plan.id.clone(), plan)));
        let mut listed = Vec::with_capacity(plans.len());
        for plan in plans.into_values() {
            listed.push(self.with_hold(plan).await?);
        }
        listed.sort_by_key(|(plan, _)| std::cmp::Reverse(plan.created));
        Ok(listed)
    }

    async fn with_hold(&self, mut plan: Plan) -> Result<(Plan, Option<Hold>), PlanError> {
        let hold = match self.holds.hold(&plan.id) {
            Some(hold) => Some(hold),
            None => self.store.hold(&plan.id).await?,
        };
        let hold = hold.filter(|hold| hold.plan.is_some());
        if let (PlanState::Pending, Some(hold)) = (plan.state, &hold) {
            plan.state = match hold.state {
                HoldState::Approved => PlanState::Approved,
                HoldState::Denied => PlanState::Denied,
                HoldState::Cancelled | HoldState::Expired => PlanState::Expired,
                HoldState::Pending => PlanState::Pending,
                HoldState::Used => PlanState::Running,
            };
        }
        Ok((plan, hold))
    }

    /// Forgets what has ended and was not told so. Runs for as long as the gateway does.
    pub async fn sweep(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(Duration::from_secs(10));
        let mut old = tokio::time::interval(Duration::from_hours(1));
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let slots: Vec<_> = self.slots().values().cloned().collect();
                    for slot in slots {
                        self.sweep_one(&slot, self.clock.now()).await;
                    }
                    continue;
                }
                _ = old.tick() => {}
            }
            if let Ok(until) = self.clock.now().checked_sub(KEPT)
                && let Err(error) = self.store.forget_plans(until).await
            {
                tracing::warn!(%error, "old plans stay in the store");
            }
        }
    }

    async fn sweep_one(&self, slot: &Slot, now: Timestamp) {
        let plan = slot.plan();
        let since = |at: Timestamp| now.duration_since(at);
        let is_over = match plan.state {
            PlanState::Planning => since(plan.created) > MAX_PLANNING,
            PlanState::Pending => {
                let waits = |hold: Hold| {
                    matches!(hold.state, HoldState::Approved | HoldState::Pending | HoldState::Used)
                };
                !self.holds.hold(&plan.id).is_some_and(waits)
            }
            PlanState::Running | PlanState::Stopped => {
                let is_over = since(plan.begun.unwrap_or(plan.created)) > MAX_RUNNING;
                if is_over {
                    self.stop(slot, &plan.caller, "its client went away without a word").await;
                }
                is_over
            }
            _ => true,
        };
        if is_over {
            self.slots().remove(&plan.id);
        }
    }

    async fn record_end(&self, plan: &Plan, by: &Arc<Caller>) -> Result<(), TrailUnavailable> {
        let missing = plan.missing().map(|write| write.digest.clone()).collect();
        let (plan, caller, stopped) = (plan.id.clone(), Arc::clone(by), plan.stopped.clone());
        self.record(Event::PlanEnded { plan, caller, stopped, missing }).await
    }

    async fn record(&self, event: Event) -> Result<(), TrailUnavailable> {
        self.recorder.append(Record { at: self.clock.now(), event }).await?.durable().await
    }

    fn fresh_id(&self) -> String {
        loop {
            let id = self.holds.fresh_plan_id();
            if !self.slots().contains_key(&id) {
                return id;
            }
        }
    }

    fn slot(&self, id: &str) -> Result<Arc<Slot>, PlanError> {
        self.slots().get(id).cloned().ok_or_else(|| PlanError::not_found(id))
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request may come with a plan.
fn check(
    plan: &Plan,
    origin: &Origin,
    (purpose, caller): (Purpose, &Caller),
) -> Result<(), PlanError> {
    let id = || plan.id.clone();
    if plan.cluster != origin.cluster {
        return Err(PlanError::Cluster { plan: id(), cluster: plan.cluster.clone() });
    }
    let may = match purpose {
        Purpose::Apply => may_run(plan, caller),
        Purpose::Plan => is_of(plan, caller),
    };
    if !may {
        return Err(PlanError::foreign(plan));
    }
    if origin.session != Some(plan.session) {
        return Err(PlanError::Session { plan: id() });
    }
    match (purpose, plan.state) {
        (Purpose::Apply, PlanState::Running | PlanState::Stopped)
        | (Purpose::Plan, PlanState::Planning) => Ok(()),
        (_, state) => Err(PlanError::State { plan: id(), state }),
    }
}

/// Whether it is the caller's own plan.
pub fn is_of(plan: &Plan, caller: &Caller) -> bool {
    plan.caller.name == caller.name && plan.caller.issuer == caller.issuer
}

/// Whether the caller is the one who may run it.
pub fn may_run(plan: &Plan, caller: &Caller) -> bool {
    match &plan.apply_as {
        Some(name) => caller.kind == CallerKind::Workload && caller.name == *name,
        None => is_of(plan, caller),
    }
}

/// One workload by its whole name: a pattern would let in who is not on the card.
fn is_workload_name(name: &str) -> bool {
    let fits = (1..=MAX_NAME_BYTES).contains(&name.len());
    fits && name.trim() == name && !name.contains(|c: char| c == '*' || c.is_control())
}

/// What is kept of a client's words, and whether its command can be run again from it.
fn kept(mut claims: Claims) -> (Claims, bool) {
    let argv = std::mem::take(&mut claims.argv);
    let claims = Claims { argv: argv.clone(), ..claims }.without_secrets();
    let bytes = |claims: &Claims| claims.argv.iter().map(String::len).sum::<usize>();
    let is_whole = !argv.is_empty() && claims.argv == argv && bytes(&claims) <= MAX_COMMAND_BYTES;
    let mut claims = claims;
    while bytes(&claims) > MAX_COMMAND_BYTES {
        let half = claims.argv.len() / 2;
        claims.argv.truncate(half);
    }
    let text = |text: Option<String>| {
        text.map(|text| text.chars().take(MAX_COMMAND_BYTES / 4).collect::<String>())
    };
    (Claims { reason: text(claims.reason), run: text(claims.run), ..claims }, is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_repeatable_only_as_a_whole() {
        let of = |argv: &[&str]| {
            let argv = argv.iter().map(|&argument| argument.to_owned()).collect();
            kept(Claims { argv, ..Claims::default() })
        };
        let (claims, repeatable) = of(&["kubectl", "apply", "-f", "dir/"]);
        assert!(repeatable && claims.argv.len() == 4);
        let (claims, repeatable) = of(&["helm", "upgrade", "--password=hunter2"]);
        assert!(!repeatable && !format!("{claims:?}").contains("hunter2"), "{claims:?}");
        let long = "x".repeat(MAX_COMMAND_BYTES);
        let (claims, repeatable) = of(&["kubectl", &long, &long]);
        assert!(!repeatable && claims.argv == ["kubectl"], "{}", claims.argv.len());
        assert!(!of(&[]).1);
    }

    #[test]
    fn a_workload_is_named_as_a_whole() {
        assert!(is_workload_name("system:serviceaccount:ci:deploy"));
        for name in ["", "system:serviceaccount:ci:*", " a", "a\nb"] {
            assert!(!is_workload_name(name), "{name:?}");
        }
    }
}
