//! Holds: listing, deciding, and being told.

mod listing;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{Json, Response};
use jiff::Timestamp;
use kguard::api::effect::Effect;
use kguard::api::{Decide, Hold, HoldState, SessionEvent, SessionOutcome, Verdict};
use kguard::identity::Caller;
use kguard::kube::status::{Reason, Status};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

pub(super) use self::listing::list;
use super::stream::{self, Lines};
use super::{Asking, Refusal, Shared, grants};
use crate::authenticate::Authenticated;
use crate::effect::{self, EffectLines};
use crate::gateway::Gateway;
use crate::hold::{Inbox, NotDecided, Told, is_own, may_decide};
use crate::plans::effect as plan_effect;
use crate::store::StoreError;

/// The longest comment; it is kept in the trail and shown on terminals.
const MAX_COMMENT_BYTES: usize = 4096;

pub(super) async fn show(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
) -> Result<Json<Hold>, Refusal> {
    let hold = stored(&gateway, &id).await?;
    // Whoever may not see it is told the same as if there were none.
    hold.filter(|hold| may_see(&gateway, hold, &asking.caller))
        .map(Json)
        .ok_or_else(|| refuse(&NotDecided::NotFound(id)))
}

/// A hold, whether it waits or not.
pub(super) async fn stored(gateway: &Gateway, id: &str) -> Result<Option<Hold>, Refusal> {
    match gateway.holds.hold(id) {
        Some(hold) => Ok(Some(hold)),
        None => gateway.store.hold(id).await.map_err(|error| unavailable(&error)),
    }
}

/// What a hold would do, while it is not settled.
pub(super) async fn effect(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let hold = show(State(Arc::clone(&gateway)), Asking(asking.clone()), Path(id)).await?;
    let left = left(&gateway, &asking);
    let shown = hold.elevate.is_empty()
        || (may_decide(&hold, &asking.caller) && !is_own(&hold, &asking.caller));
    let lines = match gateway.holds.matter(&hold.id) {
        Some(_) if !shown => effect::withheld(),
        Some(matter) => effect::show(&gateway, matter, &asking.caller),
        None if hold.plan.is_some() => match gateway.plans.find(&hold.id).await {
            Ok((plan, _)) => effect::known(plan_effect(&plan)),
            Err(_) => effect::none(hold.state),
        },
        None if matches!(hold.state, HoldState::Approved | HoldState::Pending) => effect::away(),
        None => effect::none(hold.state),
    };
    Ok(stream::respond(lines, left))
}

impl Lines for EffectLines {
    type Line = Effect;

    async fn next(&mut self) -> Option<Effect> {
        Self::next(self).await
    }
}

pub(super) async fn decide(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
    Json(decision): Json<Decide>,
) -> Result<Json<Hold>, Refusal> {
    if let Some(refusal) = too_long(decision.comment.as_deref()) {
        return Err(refusal);
    }
    if decision.grant.is_some() && decision.verdict == Verdict::Deny {
        let message = "a grant goes with an approval, not with a denial";
        return Err(Refusal(Status::failure(Reason::BadRequest, message)));
    }
    // Whoever has no part in a hold does not learn here that it exists.
    let hold = gateway.holds.hold(&id).filter(|hold| may_see(&gateway, hold, &asking.caller));
    let decided = match hold {
        Some(_) => gateway.holds.decide(&id, &asking, decision).await,
        None => Err(NotDecided::NotFound(id)),
    };
    decided.map(Json).map_err(|error| refuse(&error))
}

pub(super) async fn cancel(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
) -> Result<Json<Hold>, Refusal> {
    gateway.holds.cancel(&id, &asking.caller).await.map(Json).map_err(|error| refuse(&error))
}

pub(super) async fn inbox(State(gateway): Shared, Asking(asking): Asking) -> Response {
    let left = left(&gateway, &asking);
    stream::respond(gateway.holds.inbox(asking.caller), left)
}

impl Lines for Inbox {
    type Line = Hold;

    async fn next(&mut self) -> Option<Hold> {
        Self::next(self).await
    }
}

pub(super) async fn session(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(session): Path<Uuid>,
) -> Response {
    let left = left(&gateway, &asking);
    let told = gateway.holds.session_events();
    stream::respond(Session { id: session, caller: asking.caller.name.clone(), told }, left)
}

/// Why the requests of a session failed, for its own caller: known before they were answered.
pub(super) async fn outcome(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(session): Path<Uuid>,
) -> Json<SessionOutcome> {
    Json(gateway.outcomes.of(session, &asking.caller))
}

struct Session {
    id: Uuid,
    caller: String,
    told: broadcast::Receiver<Arc<Told>>,
}

impl Lines for Session {
    type Line = SessionEvent;

    async fn next(&mut self) -> Option<SessionEvent> {
        loop {
            match self.told.recv().await {
                Ok(told) if told.session == self.id && told.caller == self.caller => {
                    return Some(told.event.clone());
                }
                // Whoever cannot keep up misses a notice; nothing else depends on it.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// The refusal of a comment that is longer than anybody writes.
pub(super) fn too_long(comment: Option<&str>) -> Option<Refusal> {
    let is_long = comment.is_some_and(|comment| comment.len() > MAX_COMMENT_BYTES);
    is_long.then(|| {
        let message = format!("the comment is longer than {MAX_COMMENT_BYTES} bytes");
        Refusal(Status::failure(Reason::BadRequest, message))
    })
}

pub(super) fn may_see(gateway: &Gateway, hold: &Hold, caller: &Caller) -> bool {
    let own = hold.caller.name == caller.name && hold.caller.issuer == caller.issuer;
    own || may_decide(hold, caller) || gateway.is_auditor(caller)
}

pub(super) fn left(gateway: &Gateway, asking: &Authenticated) -> Duration {
    let now: Timestamp = gateway.clock.now();
    Duration::try_from(asking.expires.duration_since(now)).unwrap_or_default()
}

pub(super) fn unavailable(error: &StoreError) -> Refusal {
    tracing::error!(%error, "the store cannot be read");
    Refusal(Status::failure(Reason::ServiceUnavailable, "the gateway's store cannot be read"))
}

fn refuse(error: &NotDecided) -> Refusal {
    let reason = match error {
        NotDecided::Again | NotDecided::Digest | NotDecided::Settled(_) => Reason::Conflict,
        NotDecided::Grant(error) => grants::reason(error),
        NotDecided::NotFound(_) => Reason::NotFound,
        NotDecided::NotApprover { .. }
        | NotDecided::OwnRequest { .. }
        | NotDecided::Stale { .. }
        | NotDecided::Undated { .. } => Reason::Forbidden,
        NotDecided::Trail(_) => Reason::ServiceUnavailable,
    };
    Refusal(Status::failure(reason, error.to_string()))
}
