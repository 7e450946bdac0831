//! Undoing: what can be undone, what that would do, and doing it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Json, Response};
use kguard::api::undo::{Undo, UndoLine, UndoPreview, Undoable};
use kguard::identity::Caller;
use kguard::kube::status::{Reason, Status};
use kguard::tunnel::MAX_CLAIMS_BYTES;

use super::holds::{left, may_see, stored, unavailable};
use super::stream::{self, Lines};
use super::{Asking, Refusal, Shared};
use crate::answer;
use crate::gateway::Gateway;
use crate::stopped::Stopped;
use crate::undo::{self, Former, NotUndone, Undoing};

/// The newest that are listed.
const MOST: u32 = 1000;

pub(super) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
) -> Result<Json<Vec<Undoable>>, Refusal> {
    let changes = undo::list(&gateway, MOST).await.map_err(|error| unavailable(&error))?;
    let mut seen = Vec::new();
    for change in changes {
        if is_for(&gateway, &change, &asking.caller).await? {
            seen.push(change);
        }
    }
    Ok(Json(seen))
}

pub(super) async fn show(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
) -> Result<Json<UndoPreview>, Response> {
    let former = find(&gateway, id, &asking.caller).await?;
    let cluster = gateway.cluster(&former.change().cluster).map_err(|error| stopped(&error))?;
    Ok(Json(undo::preview(&gateway, &cluster, (former, &asking.caller)).await))
}

pub(super) async fn run(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
    Json(body): Json<Undo>,
) -> Result<Response, Response> {
    let length = serde_json::to_vec(&body.claims).map_or(usize::MAX, |claims| claims.len());
    if length > MAX_CLAIMS_BYTES {
        let message = format!("what you say of yourself is longer than {MAX_CLAIMS_BYTES} bytes");
        return Err(Refusal(Status::failure(Reason::BadRequest, message)).into_response());
    }
    let former = find(&gateway, id, &asking.caller).await?;
    let left = left(&gateway, &asking);
    let whose = (former, Arc::clone(&asking.caller));
    let begun = undo::begin(Arc::clone(&gateway), whose, body.claims).await;
    let undoing = begun.map_err(|error| stopped(&error))?;
    let undoing = undoing.map_err(|error| refuse(&error).into_response())?;
    Ok(stream::respond(undoing, left))
}

impl Lines for Undoing {
    type Line = UndoLine;

    async fn next(&mut self) -> Option<UndoLine> {
        Self::next(self).await
    }
}

/// A change, if it is for this caller to know of; whoever may not is told the same as if there were
/// none.
async fn find(gateway: &Gateway, id: String, caller: &Caller) -> Result<Former, Response> {
    let found = undo::find(gateway, &id).await;
    let former = match found {
        Ok(former) => former,
        Err(NotUndone::Many(hold)) => {
            // That there are several is for those alone who may see the hold.
            let seen = may_see_hold(gateway, &hold, caller).await;
            let error = if seen? { NotUndone::Many(hold) } else { NotUndone::NotFound(id) };
            return Err(refuse(&error).into_response());
        }
        Err(error) => return Err(refuse(&error).into_response()),
    };
    match is_for(gateway, former.change(), caller).await {
        Ok(true) => Ok(former),
        Ok(false) => Err(refuse(&NotUndone::NotFound(id)).into_response()),
        Err(refusal) => Err(refusal.into_response()),
    }
}

/// One's own changes, and those whose hold one may see.
async fn is_for(gateway: &Gateway, change: &Undoable, caller: &Caller) -> Result<bool, Refusal> {
    let own = change.caller.name == caller.name && change.caller.issuer == caller.issuer;
    if own || gateway.is_auditor(caller) {
        return Ok(true);
    }
    match &change.hold {
        Some(hold) => sees_hold(gateway, hold, caller).await,
        None => Ok(false),
    }
}

async fn sees_hold(gateway: &Gateway, id: &str, caller: &Caller) -> Result<bool, Refusal> {
    let hold = stored(gateway, id).await?;
    Ok(hold.is_some_and(|hold| may_see(gateway, &hold, caller)))
}

async fn may_see_hold(gateway: &Gateway, id: &str, caller: &Caller) -> Result<bool, Response> {
    sees_hold(gateway, id, caller).await.map_err(Refusal::into_response)
}

fn stopped(error: &Stopped) -> Response {
    answer::stopped(error).map(axum::body::Body::new)
}

fn refuse(error: &NotUndone) -> Refusal {
    if let NotUndone::Store(error) = error {
        return unavailable(error);
    }
    Refusal(Status::failure(error.reason(), error.to_string()))
}
