//! What a hold that is opened says of the request that it parks.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kguard::api::{Escalation, GrantPattern, Hold, HoldState, strictest};
use kguard::identity::CallerKind;
use kguard::policy::Escalate;
use uuid::Uuid;

use super::{Holds, approvers, digest};
use crate::decide::Held;
use crate::effect::Matter;
use crate::entry::Entry;
use crate::request::Via;

/// A request that asks for a hold of its own.
pub(super) struct Wanted<'a> {
    pub(super) held: &'a Held,
    pub(super) entry: &'a Entry,
    pub(super) digest: String,
    /// What tells its object from others, keyed: it is written down.
    pub(super) shown: String,
    pub(super) matter: Arc<Matter>,
    pub(super) kept: bool,
}

impl<'a> Wanted<'a> {
    /// Only a workload's hold is kept. A person who goes away has changed his mind, or somebody else
    /// sits at his place by now.
    pub(super) fn of(held: &'a Held, matter: Arc<Matter>, entry: &'a Entry) -> Self {
        let origin = entry.origin();
        let is_workload = held.subject().caller().kind == CallerKind::Workload;
        let kept = origin.keep_hold && origin.via == Via::Tunnel && is_workload;
        let shown = entry.digests().digest(matter.shown().as_bytes());
        Self { held, entry, digest: digest::of(held, entry, kept), shown, matter, kept }
    }
}

impl Holds {
    pub(super) async fn describe(&self, wanted: &Wanted<'_>) -> Hold {
        let Wanted { held, entry, digest, matter, kept, .. } = wanted;
        let (subject, terms) = (held.subject(), held.terms());
        let now = self.now();
        let after = |time: Duration| {
            let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
            now.saturating_add(time).unwrap_or(Timestamp::MAX)
        };
        let escalation = |escalate: &Escalate| Escalation {
            policy: escalate.policy.clone(),
            at: after(escalate.after),
            approvers: escalate.approvers.clone(),
            done: false,
        };
        let id = self.unused_id().await;
        Hold {
            url: self.page_of(&id),
            id,
            state: HoldState::Pending,
            caller: Arc::clone(subject.caller()),
            impersonated: subject.request().impersonation.clone(),
            cluster: entry.origin().cluster.clone(),
            undoes: entry.origin().undoes,
            method: subject.request().method.to_string(),
            request: Arc::clone(&subject.request().info),
            query: subject.noted_query().to_vec(),
            digest: digest.clone(),
            policy: terms.policy.clone(),
            message: terms.message.clone(),
            approvers: approvers(&terms.demands),
            demands: terms.demands.clone(),
            escalation: terms.escalate.as_deref().map(escalation),
            kept: *kept,
            claims: entry.origin().claims.clone(),
            bound_to: matter.object().cloned(),
            plan: None,
            elevate: subject.elevated().to_vec(),
            max_auth_age: strictest(&terms.demands).and_then(|demand| demand.max_auth_age),
            max_grant: max_grant(held, &entry.origin().cluster),
            grant: None,
            break_glass: None,
            decisions: Vec::new(),
            created: now,
            expires: after(terms.timeout),
        }
    }

    /// Where the page shows a hold.
    pub(super) fn page_of(&self, id: &str) -> Option<String> {
        let url = self.shared.config.external_url.as_ref();
        url.map(|url| format!("{url}/ui/#/holds/{id}"))
    }

    /// Five letters and digits that cannot be mistaken for each other when read out.
    pub(super) fn fresh_id(&self) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
        loop {
            let random = Uuid::new_v4();
            let letters =
                random.as_bytes().iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
            let id: String = letters.take(5).map(|&letter| char::from(letter)).collect();
            if !self.slots().contains_key(&id) {
                return id;
            }
        }
    }

    /// The same, of none that was used before either: that may still owe a review, or be a grant's.
    async fn unused_id(&self) -> String {
        loop {
            let id = self.fresh_id();
            if !matches!(self.shared.store.hold(&id).await, Ok(Some(_))) {
                return id;
            }
        }
    }
}

/// For how long a request may be answered with a grant: not at all, if there is nothing to be alike
/// in, and if it runs as somebody else than the one who would have the grant.
fn max_grant(held: &Held, cluster: &str) -> Option<u64> {
    let (subject, grants) = (held.subject(), held.terms().grants?);
    let request = subject.request();
    let pattern = GrantPattern::of(cluster, &request.info, subject.noted_query());
    let may = request.impersonation.is_none() && pattern.is_some();
    may.then_some(grants.as_secs())
}
