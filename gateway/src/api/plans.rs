//! Plans: opening, submitting, running, showing.

use axum::extract::{Path, State};
use axum::response::Json;
use kguard::api::Hold;
use kguard::api::plans::{BeginPlan, OpenPlan, Plan};
use kguard::identity::Caller;
use kguard::kube::status::Status;

use super::{Asking, Refusal, Shared};
use crate::gateway::Gateway;
use crate::hold::may_decide;
use crate::plans::{PlanError, is_of, may_run};
use crate::stopped::Stopped;

pub(super) async fn open(
    State(gateway): Shared,
    Asking(asking): Asking,
    Json(open): Json<OpenPlan>,
) -> Result<Json<Plan>, Refusal> {
    gateway.cluster(&open.cluster).map_err(|stopped| unknown_cluster(&stopped))?;
    let opened = gateway.plans.open(&asking.caller, open).await;
    opened.map(Json).map_err(|error| refuse(&error))
}

pub(super) async fn submit(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
) -> Result<Json<Plan>, Refusal> {
    let submitted = gateway.plans.submit(&id, &asking.caller).await;
    submitted.map(|(plan, _)| Json(plan)).map_err(|error| refuse(&error))
}

pub(super) async fn begin(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
    Json(begin): Json<BeginPlan>,
) -> Result<Json<Plan>, Refusal> {
    let begun = gateway.plans.begin(&id, &asking.caller, begin.session).await;
    match begun {
        Ok(plan) => Ok(Json(plan)),
        // Of a plan that has ended it is told how.
        Err(PlanError::NotFound(_)) => match find(&gateway, &asking.caller, &id).await? {
            plan if !may_run(&plan, &asking.caller) => Err(refuse(&PlanError::NotFound(id))),
            Plan { state, .. } => Err(refuse(&PlanError::State { plan: id, state })),
        },
        Err(error) => Err(refuse(&error)),
    }
}

pub(super) async fn end(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
) -> Result<Json<Plan>, Refusal> {
    let ended = gateway.plans.end(&id, &asking.caller).await;
    ended.map(Json).map_err(|error| refuse(&error))
}

pub(super) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
) -> Result<Json<Vec<Plan>>, Refusal> {
    let plans = gateway.plans.list().await.map_err(|error| refuse(&error))?;
    let seen = plans
        .into_iter()
        .filter(|(plan, hold)| may_see(&gateway, (plan, hold.as_ref()), &asking.caller))
        .map(|(plan, _)| Plan { writes: Vec::new(), refused: Vec::new(), ..plan });
    Ok(Json(seen.collect()))
}

pub(super) async fn show(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<String>,
) -> Result<Json<Plan>, Refusal> {
    find(&gateway, &asking.caller, &id).await.map(Json)
}

async fn find(gateway: &Gateway, caller: &Caller, id: &str) -> Result<Plan, Refusal> {
    let (plan, hold) = gateway.plans.find(id).await.map_err(|error| refuse(&error))?;
    // Whoever may not see it is told the same as if there were none.
    if may_see(gateway, (&plan, hold.as_ref()), caller) {
        Ok(plan)
    } else {
        Err(refuse(&PlanError::NotFound(id.to_owned())))
    }
}

fn may_see(gateway: &Gateway, (plan, hold): (&Plan, Option<&Hold>), caller: &Caller) -> bool {
    is_of(plan, caller)
        || may_run(plan, caller)
        || gateway.is_auditor(caller)
        || hold.is_some_and(|hold| may_decide(hold, caller))
}

fn unknown_cluster(stopped: &Stopped) -> Refusal {
    use kguard::kube::status::Reason;
    Refusal(Status::failure(Reason::NotFound, stopped.to_string()))
}

fn refuse(error: &PlanError) -> Refusal {
    if let PlanError::Store(error) = error {
        tracing::error!(%error, "a plan cannot be kept");
    }
    Refusal(Status::failure(error.reason(), error.to_string()))
}
