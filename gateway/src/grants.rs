//! What approvers allowed for a while: requests that are alike, of one caller, without waiting.
//!
//! A grant lifts the hold of one policy and nothing else: whatever other policies say still counts,
//! and so does every budget. It ends by its time, by a person, and when its policy becomes another
//! one; what runs on it ends with it. It is in the trail before anything runs on it, and in the
//! store, so that it outlives the gateway.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use kguard::api::{EndedBy, Grant, GrantEnd, GrantOffer, GrantProposal, Hold};
use kguard::audit::record::{Event, Record};
use kguard::identity::Caller;
use kguard::kube::request_info::RequestInfo;
use kguard::policy::{Lift, NoGrant};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::hold::is_among;
use crate::policies::Policies;
use crate::record::{Recorder, TrailUnavailable};
use crate::store::{Filter, Query, Store, StoreError, Window};

/// Grants of one caller, and of all together: each is looked at by every request of its caller.
const MAX_PER_CALLER: usize = 64;
const MAX_IN_FORCE: usize = 4096;

/// How often it is looked whether the time of one is up.
const LOOK: Duration = Duration::from_millis(250);

/// All grants that are in force.
pub struct Grants {
    in_force: Mutex<BTreeMap<String, Grant>>,
    /// Those that have ended a moment ago and why, for what still runs on them.
    changes: watch::Sender<()>,
    policies: Arc<Policies>,
    recorder: Arc<Recorder>,
    store: Arc<dyn Store>,
    clock: Clock,
}

/// Why a hold is not answered with a grant.
#[derive(Debug, thiserror::Error)]
pub enum NotGranted {
    /// It would go further than its policy.
    #[error(transparent)]
    NoGrant(#[from] NoGrant),
    /// The policy allows none.
    #[error("policy `{0}` allows no grants; approve just this request")]
    NotAllowed(String),
    /// Too short or too long.
    #[error("policy `{policy}` allows grants of up to {max_minutes} minutes")]
    Time {
        /// The policy.
        policy: String,
        /// How many.
        max_minutes: u64,
    },
    /// There are enough.
    #[error("too many grants are in force; revoke some first (`kguard grants`)")]
    TooMany,
    /// For no request at all.
    #[error("a grant is for one request at least")]
    Uses,
}

/// Why nothing runs on a grant.
#[derive(Debug, thiserror::Error)]
pub enum NotUsed {
    /// It has ended meanwhile.
    #[error("grant {0} has just ended; repeat the request, and it will ask for an approval")]
    Ended(String),
    /// Its use cannot be written down.
    #[error("the use of a grant cannot be stored")]
    Store(#[source] StoreError),
}

/// Why a grant is not revoked.
#[derive(Debug, thiserror::Error)]
pub enum NotRevoked {
    /// There is none, or none that is his business.
    #[error("there is no grant `{0}` in force; `kguard grants` lists them")]
    NotFound(String),
    /// It could not be recorded.
    #[error(transparent)]
    Trail(#[from] TrailUnavailable),
}

impl Grants {
    /// Those that an earlier run left in force.
    pub async fn load(
        policies: Arc<Policies>,
        recorder: Arc<Recorder>,
        store: Arc<dyn Store>,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let mut in_force = BTreeMap::new();
        for grant in store.grants(false, u32::MAX).await? {
            if !has_ended(&*store, &grant).await? {
                in_force.insert(grant.id.clone(), grant);
            }
        }
        let (in_force, changes) = (Mutex::new(in_force), watch::channel(()).0);
        Ok(Self { in_force, changes, policies, recorder, store, clock })
    }

    /// What a hold may be answered with, by the policies of now.
    pub fn propose(&self, hold: &Hold) -> Result<GrantProposal, NotGranted> {
        let max_seconds =
            hold.max_grant.ok_or_else(|| NotGranted::NotAllowed(hold.policy.clone()))?;
        let pattern = self.policies.current().propose(&hold.policy, about(hold))?;
        Ok(GrantProposal { max_seconds, pattern })
    }

    /// Whether a hold, held by a policy with the digest `document`, may be answered with an offer.
    pub fn check(
        &self,
        (hold, document): (&Hold, &str),
        offer: &GrantOffer,
    ) -> Result<(), NotGranted> {
        let policy = || hold.policy.clone();
        let most = hold.max_grant.ok_or_else(|| NotGranted::NotAllowed(policy()))?;
        // Who acts as somebody else has a grant of neither.
        if hold.impersonated.is_some() {
            return Err(NoGrant::Kind.into());
        }
        if !(1..=most).contains(&offer.seconds) {
            return Err(NotGranted::Time { policy: policy(), max_minutes: most / 60 });
        }
        if offer.max_uses == Some(0) {
            return Err(NotGranted::Uses);
        }
        let policies = self.policies.current();
        if policies.document(&hold.policy) != Some(document) {
            return Err(NoGrant::Changed(policy()).into());
        }
        policies.check_pattern(&hold.policy, &offer.pattern, about(hold))?;
        let in_force = self.lock();
        let own = in_force.values().filter(|grant| grant.caller.name == hold.caller.name);
        if in_force.len() >= MAX_IN_FORCE || own.count() >= MAX_PER_CALLER {
            return Err(NotGranted::TooMany);
        }
        Ok(())
    }

    /// Gives a grant that was checked: from the moment at which it is recorded.
    pub async fn give(
        &self,
        (hold, document): (&Hold, &str),
        offer: GrantOffer,
        by: Vec<String>,
    ) -> Result<Grant, TrailUnavailable> {
        let now = self.clock.now();
        let seconds = i64::try_from(offer.seconds).unwrap_or(i64::MAX);
        let time = SignedDuration::from_secs(seconds);
        let grant = Grant {
            // One hold is answered with one grant, so its id is as good.
            id: hold.id.clone(),
            caller: Arc::clone(&hold.caller),
            policy: hold.policy.clone(),
            document: document.to_owned(),
            pattern: offer.pattern,
            hold: hold.id.clone(),
            approvers: hold.approvers.clone(),
            by,
            created: now,
            expires: now.saturating_add(time).unwrap_or(now),
            max_uses: offer.max_uses,
            uses: 0,
            ended: None,
        };
        self.record(Event::Grant(Box::new(grant.clone()))).await?;
        self.keep(&grant).await;
        self.lock().insert(grant.id.clone(), grant.clone());
        Ok(grant)
    }

    /// What lifts holds from requests of `caller`.
    pub fn lifts(&self, caller: &Caller) -> Vec<Lift> {
        let now = self.clock.now();
        let in_force = self.lock();
        let own = in_force.values().filter(|grant| grant.is_good(now) && grant.is_for(caller));
        own.map(lift).collect()
    }

    /// What these lift from what runs on them already.
    pub fn lifts_of(&self, ids: &[String]) -> Vec<Lift> {
        let in_force = self.lock();
        ids.iter().filter_map(|id| in_force.get(id)).map(lift).collect()
    }

    /// Counts a request that is about to run on these grants, if it may.
    pub async fn take(&self, ids: &[String]) -> Result<(), NotUsed> {
        for grant in self.count(ids)? {
            // Where uses are limited, none is forgotten by a restart.
            if grant.max_uses.is_some() {
                self.store.put_grant(&grant).await.map_err(NotUsed::Store)?;
            }
        }
        Ok(())
    }

    /// All or none.
    fn count(&self, ids: &[String]) -> Result<Vec<Grant>, NotUsed> {
        let now = self.clock.now();
        let mut in_force = self.lock();
        let good = |id: &&String| in_force.get(*id).is_some_and(|grant| grant.is_good(now));
        if let Some(id) = ids.iter().find(|id| !good(id)) {
            return Err(NotUsed::Ended(id.clone()));
        }
        let counted = ids.iter().filter_map(|id| {
            let grant = in_force.get_mut(id)?;
            grant.uses = grant.uses.saturating_add(1);
            Some(grant.clone())
        });
        Ok(counted.collect())
    }

    /// Whether what runs on a grant may go on.
    pub fn is_in_force(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Tells whenever one has ended.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Why a grant has ended, for what ran on it.
    pub async fn end_of(&self, id: &str) -> String {
        let ended = self.store.grants(true, MAX_ENDED).await.unwrap_or_default();
        let end = ended.into_iter().find(|grant| grant.id == id).and_then(|grant| grant.ended);
        end.map_or_else(|| "it is not in force any more".to_owned(), |end| end.tell())
    }

    /// All that are in force, and some that have ended, newest first.
    pub async fn list(&self) -> Result<Vec<Grant>, StoreError> {
        let mut grants: Vec<_> = self.lock().values().cloned().collect();
        grants.sort_by_key(|grant| std::cmp::Reverse(grant.created));
        grants.extend(self.store.grants(true, MAX_ENDED).await?);
        Ok(grants)
    }

    /// Ends one at once, if `may` says that its revocation is the business of `by`.
    pub async fn revoke(
        &self,
        id: &str,
        (by, comment): (&Caller, Option<String>),
        may: impl Fn(&Grant) -> bool,
    ) -> Result<Grant, NotRevoked> {
        let not_found = || NotRevoked::NotFound(id.to_owned());
        let found = self.lock().get(id).filter(|grant| may(grant)).cloned();
        let grant = found.ok_or_else(not_found)?;
        let by = Some(by.name.clone());
        let end = GrantEnd { why: EndedBy::Revocation, by, comment, at: self.clock.now() };
        self.end(grant, end).await?.ok_or_else(not_found)
    }

    /// Ends those whose time is up and those whose policy is another one. Runs for as long as the
    /// gateway does.
    pub async fn sweep(self: Arc<Self>) {
        let mut reloads = self.policies.reloads();
        let mut ticks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                Ok(()) = reloads.changed() => {}
            }
            for (grant, why) in self.due() {
                let end = GrantEnd { why, by: None, comment: None, at: self.clock.now() };
                // Without a record it ends all the same: nothing more may run on it.
                if let Err(error) = self.end(grant, end).await {
                    tracing::error!(%error, "the end of a grant is not in the trail");
                }
            }
        }
    }

    fn due(&self) -> Vec<(Grant, EndedBy)> {
        let (now, policies) = (self.clock.now(), self.policies.current());
        let why = |grant: &Grant| {
            let is_same = policies.document(&grant.policy) == Some(&grant.document);
            let time = (grant.expires <= now).then_some(EndedBy::Time);
            if is_same { time } else { time.or(Some(EndedBy::Policy)) }
        };
        self.lock().values().filter_map(|grant| Some((grant.clone(), why(grant)?))).collect()
    }

    /// Takes it out of force first, and tells what runs on it last; nothing if it had ended already.
    async fn end(&self, grant: Grant, end: GrantEnd) -> Result<Option<Grant>, TrailUnavailable> {
        let Some(mut grant) = self.lock().remove(&grant.id) else { return Ok(None) };
        let (id, hold) = (grant.id.clone(), grant.hold.clone());
        grant.ended = Some(end.clone());
        self.keep(&grant).await;
        self.changes.send_replace(());
        self.record(Event::GrantEnded { grant: id, hold, end }).await?;
        Ok(Some(grant))
    }

    async fn keep(&self, grant: &Grant) {
        if let Err(error) = self.store.put_grant(grant).await {
            tracing::error!(grant = grant.id, %error, "a grant is not in the store; the trail has it");
        }
    }

    async fn record(&self, event: Event) -> Result<(), TrailUnavailable> {
        self.recorder.append(Record { at: self.clock.now(), event }).await?.durable().await
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Grant>> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lift(grant: &Grant) -> Lift {
    let Grant { id, policy, document, pattern, .. } = grant.clone();
    Lift { grant: id, policy, document, pattern }
}

/// Whether the trail says that a grant has ended: its word counts, should the store have missed it.
async fn has_ended(store: &dyn Store, grant: &Grant) -> Result<bool, StoreError> {
    let filter = Filter { hold: Some(grant.hold.clone()), ..Filter::default() };
    let query = Query { filter, window: Window::Newest, limit: ENTRIES };
    let entries = store.entries(&query).await?;
    let mut records = entries.iter().filter_map(|entry| entry.record.read().ok());
    Ok(records.any(|record| matches!(record.event, Event::GrantEnded { .. })))
}

/// So many entries there are about one hold, and more.
const ENTRIES: u32 = 64;

/// How many that have ended are told of.
const MAX_ENDED: u32 = 200;

/// The part of a hold that a pattern is about.
fn about(hold: &Hold) -> (&str, &RequestInfo, &[(String, String)]) {
    (&hold.cluster, &hold.request, &hold.query)
}

/// Whether a grant is somebody's business besides the auditors': the grantee's, and that of those
/// who could have decided on its hold.
pub fn concerns(grant: &Grant, caller: &Caller) -> bool {
    let own = grant.caller.name == caller.name && grant.caller.issuer == caller.issuer;
    own || is_among(&grant.approvers, caller)
}
