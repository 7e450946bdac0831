//! Runs that broke the glass, and what somebody else says to them.

use axum::extract::{Path, State};
use axum::response::Json;
use kguard::api::{CloseReview, Hold};
use kguard::kube::status::{Reason, Status};

use super::{Asking, Refusal, Shared, holds};
use crate::hold::NotReviewed;

/// So many are listed; whoever has more has other worries.
const MAX_LISTED: u32 = 1000;

pub(super) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
) -> Result<Json<Vec<Hold>>, Refusal> {
    let owed = gateway.store.owed_reviews(MAX_LISTED).await;
    let mut owed = owed.map_err(|error| holds::unavailable(&error))?;
    owed.retain(|hold| holds::may_see(&gateway, hold, &asking.caller));
    Ok(Json(owed))
}

pub(super) async fn close(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
    Json(CloseReview { comment }): Json<CloseReview>,
) -> Result<Json<Hold>, Refusal> {
    if let Some(refusal) = holds::too_long(Some(&comment)) {
        return Err(refusal);
    }
    if comment.trim().is_empty() {
        let message = "a review says something: give a comment";
        return Err(Refusal(Status::failure(Reason::BadRequest, message)));
    }
    let stored = gateway.store.hold(&id).await.map_err(|error| holds::unavailable(&error))?;
    let reviewed = match stored.filter(|hold| holds::may_see(&gateway, hold, &asking.caller)) {
        Some(hold) => gateway.holds.review(&hold.id, (&asking.caller, comment)).await,
        // Whoever may not see it is told the same as if there were none.
        None => Err(NotReviewed::NotFound(id)),
    };
    reviewed.map(Json).map_err(|error| {
        let reason = match error {
            NotReviewed::NotApprover { .. } | NotReviewed::OwnRequest { .. } => Reason::Forbidden,
            NotReviewed::NotFound(_) => Reason::NotFound,
            NotReviewed::NotOwed(_) => Reason::Conflict,
            NotReviewed::Store(_) | NotReviewed::Trail(_) => Reason::ServiceUnavailable,
        };
        Refusal(Status::failure(reason, error.to_string()))
    })
}
