//! Notifications, for auditors: what could not be delivered, and sending by hand.

use axum::extract::{Path, State};
use axum::response::Json;
use kguard::api::{DeadLetter, Sent};
use kguard::identity::Caller;
use kguard::kube::status::{Reason, Status};

use super::{Asking, Refusal, Shared};
use crate::gateway::Gateway;
use crate::notify::NotSent;

pub(super) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
) -> Result<Json<Vec<DeadLetter>>, Refusal> {
    if let Some(refusal) = refusal(&gateway, &asking.caller) {
        return Err(refusal);
    }
    let letters = gateway.notifications.undelivered().await;
    letters.map(Json).map_err(|error| refuse(&error.into()))
}

pub(super) async fn retry(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
) -> Result<Json<Sent>, Refusal> {
    if let Some(refusal) = refusal(&gateway, &asking.caller) {
        return Err(refusal);
    }
    gateway.notifications.retry(&id).await.map(Json).map_err(|error| refuse(&error))
}

pub(super) async fn test(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(name): Path<String>,
) -> Result<Json<Sent>, Refusal> {
    if let Some(refusal) = refusal(&gateway, &asking.caller) {
        return Err(refusal);
    }
    let sent = gateway.notifications.test(&name, gateway.clock.now()).await;
    sent.map(Json).map_err(|error| refuse(&error))
}

/// None for auditors.
fn refusal(gateway: &Gateway, caller: &Caller) -> Option<Refusal> {
    let message = "only auditors may see and send notifications";
    let refusal = || Refusal(Status::failure(Reason::Forbidden, message));
    (!gateway.is_auditor(caller)).then(refusal)
}

fn refuse(error: &NotSent) -> Refusal {
    let (reason, message) = match error {
        NotSent::NoLetter(_) | NotSent::NoTarget { .. } => (Reason::NotFound, error.to_string()),
        NotSent::Store(error) => {
            tracing::error!(%error, "the store cannot be read");
            (Reason::ServiceUnavailable, "the gateway's store cannot be read".to_owned())
        }
    };
    Refusal(Status::failure(reason, message))
}
