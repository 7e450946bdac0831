//! Grants: what a hold may be answered with, those that there are, and their end.

use axum::extract::{Path, State};
use axum::response::Json;
use kguard::api::{Grant, GrantProposal, Revoke};
use kguard::kube::status::{Reason, Status};
use kguard::policy::NoGrant;

use super::{Asking, Refusal, Shared, holds};
use crate::grants::{NotGranted, NotRevoked, concerns};
use crate::hold::{NotDecided, may_decide};

pub(super) async fn propose(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
) -> Result<Json<GrantProposal>, Refusal> {
    let hold = gateway.holds.hold(&id).filter(|hold| may_decide(hold, &asking.caller));
    let hold = hold.ok_or_else(|| refuse(Reason::NotFound, &NotDecided::NotFound(id)))?;
    gateway.grants.propose(&hold).map(Json).map_err(|error| refuse(reason(&error), &error))
}

/// One's own and those that one may revoke; all for auditors.
pub(super) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
) -> Result<Json<Vec<Grant>>, Refusal> {
    let grants = gateway.grants.list().await.map_err(|error| holds::unavailable(&error))?;
    let all = gateway.is_auditor(&asking.caller);
    let shown = grants.into_iter().filter(|grant| all || concerns(grant, &asking.caller));
    Ok(Json(shown.collect()))
}

pub(super) async fn revoke(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
    Json(Revoke { comment }): Json<Revoke>,
) -> Result<Json<Grant>, Refusal> {
    if let Some(refusal) = holds::too_long(comment.as_deref()) {
        return Err(refusal);
    }
    let all = gateway.is_auditor(&asking.caller);
    let may = |grant: &Grant| all || concerns(grant, &asking.caller);
    let revoked = gateway.grants.revoke(&id, (&asking.caller, comment), may).await;
    revoked.map(Json).map_err(|error| {
        let reason = match error {
            NotRevoked::NotFound(_) => Reason::NotFound,
            NotRevoked::Trail(_) => Reason::ServiceUnavailable,
        };
        refuse(reason, &error)
    })
}

pub(super) fn reason(error: &NotGranted) -> Reason {
    match error {
        NotGranted::NoGrant(NoGrant::Changed(_)) => Reason::Conflict,
        NotGranted::NoGrant(NoGrant::Wider { .. }) | NotGranted::NotAllowed(_) => Reason::Forbidden,
        NotGranted::TooMany => Reason::TooManyRequests,
        NotGranted::NoGrant(_) | NotGranted::Time { .. } | NotGranted::Uses => Reason::BadRequest,
    }
}

fn refuse(reason: Reason, message: &dyn std::fmt::Display) -> Refusal {
    Refusal(Status::failure(reason, message.to_string()))
}
