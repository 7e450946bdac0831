//! What stands between a caller and a plan.

use kguard::api::plans::{Plan, PlanState};
use kguard::kube::status::Reason;

use crate::hold::NotReleased;
use crate::record::TrailUnavailable;
use crate::store::StoreError;

/// Why a plan is not made, submitted or run.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The one who is to run it is not named.
    #[error("name the one workload that may run the plan by its whole name, without `*`")]
    ApplyAs,
    /// It is for another cluster.
    #[error("the plan {plan} is for cluster `{cluster}` alone")]
    Cluster {
        /// The plan.
        plan: String,
        /// Its cluster.
        cluster: String,
    },
    /// It is somebody else's.
    #[error("the plan {plan} is not yours: only {who} may run it")]
    Foreign {
        /// The plan.
        plan: String,
        /// Who may run it.
        who: String,
    },
    /// Its hold cannot be opened or used.
    #[error(transparent)]
    Hold(#[from] NotReleased),
    /// There is none.
    #[error("there is no plan `{0}` that can be run; `kguard plan list` lists yours")]
    NotFound(String),
    /// A policy wants to know why.
    #[error(
        "policy `{policy}` holds a part of this and asks for a reason: plan again with `kguard plan --reason \"…\" -- …`"
    )]
    Reason {
        /// The policy.
        policy: String,
    },
    /// Another session makes or runs it.
    #[error("another session makes or runs the plan {plan}; a plan is run once, by one session")]
    Session {
        /// The plan.
        plan: String,
    },
    /// It is too late, or too early.
    #[error("{}", of_state(.plan, *.state))]
    State {
        /// The plan.
        plan: String,
        /// Where it stands.
        state: PlanState,
    },
    /// It cannot be kept.
    #[error("the gateway's store cannot be used")]
    Store(#[from] StoreError),
    /// There are many already.
    #[error("too many plans are open or wait; run or let go of those first (`kguard plan list`)")]
    TooMany,
    /// It could not be recorded.
    #[error(transparent)]
    Trail(#[from] TrailUnavailable),
}

impl PlanError {
    pub(super) fn foreign(plan: &Plan) -> Self {
        let who = plan.apply_as.as_ref().map(|name| format!("workload:{name}"));
        Self::Foreign {
            plan: plan.id.clone(),
            who: who.unwrap_or_else(|| plan.caller.name.clone()),
        }
    }

    pub(super) fn not_found(id: &str) -> Self {
        Self::NotFound(id.chars().take(32).collect())
    }

    /// What it is to the client.
    pub fn reason(&self) -> Reason {
        match self {
            Self::ApplyAs => Reason::BadRequest,
            Self::Cluster { .. }
            | Self::Foreign { .. }
            | Self::Hold(_)
            | Self::Reason { .. }
            | Self::Session { .. } => Reason::Forbidden,
            Self::NotFound(_) => Reason::NotFound,
            Self::State { .. } => Reason::Conflict,
            Self::Store(_) | Self::Trail(_) => Reason::ServiceUnavailable,
            Self::TooMany => Reason::TooManyRequests,
        }
    }
}

fn of_state(plan: &str, state: PlanState) -> String {
    let why = match state {
        PlanState::Approved => "it is approved and not running: `kguard apply` begins to run it",
        PlanState::Denied => "an approver said no; change what is planned and plan again",
        PlanState::Done => "it has been run, and a plan is run once; plan again",
        PlanState::Expired => "its time was up before it was run; plan again",
        PlanState::Pending => "it is submitted",
        PlanState::Planning => "it is still being made",
        PlanState::Running => "a session runs it already",
        PlanState::Stopped => "it was stopped, and a plan is run once; plan again",
    };
    format!("the plan {plan} is {}: {why}", state.as_str())
}
