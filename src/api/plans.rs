//! Change sets: what a whole command would do, approved before it runs.
//!
//! A plan is opened for one session, in which every write is tried without being stored. Submitted,
//! it is a [`Hold`](super::Hold) with the same id, whose [`PlanCard`] says what is in it. Once that
//! is approved, one more session may run the plan: each of its writes has to be one of the plan's.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Claims;
use crate::identity::Caller;
use crate::kube::impersonation::Impersonation;
use crate::kube::request_info::RequestInfo;

/// Opens a plan: the body of `POST /v1/plans`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenPlan {
    /// The session that plans.
    pub session: Uuid,
    /// The cluster. A plan is for one.
    pub cluster: String,
    /// The workload that may run it, by its exact name, if not the one who plans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_as: Option<String>,
    /// For how many minutes after it is submitted the plan may be approved and run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_minutes: Option<u32>,
    /// What the client says of itself: the command, why, the CI run.
    #[serde(default)]
    pub claims: Claims,
}

/// Begins to run an approved plan: the body of `POST /v1/plans/ID/begin`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BeginPlan {
    /// The session that runs it.
    pub session: Uuid,
}

/// A change set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Its id, and once it is submitted that of its hold.
    pub id: String,
    /// Where it stands.
    pub state: PlanState,
    /// Who planned.
    pub caller: Arc<Caller>,
    /// The workload that may run it, if not the one who planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_as: Option<String>,
    /// The cluster.
    pub cluster: String,
    /// What the client says of itself, without what looks like a secret in its command.
    #[serde(default)]
    pub claims: Claims,
    /// Whether the command is kept as it was: what looks like a secret is left out of it.
    #[serde(default)]
    pub repeatable: bool,
    /// The session that plans; then the one that runs it.
    pub session: Uuid,
    /// The writes, in the order in which they came.
    #[serde(default)]
    pub writes: Vec<PlannedWrite>,
    /// Writes that were refused while planning: they are not part of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedWrite>,
    /// Why it is not run any further, if it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// When it was opened.
    pub created: Timestamp,
    /// When it began to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Timestamp>,
    /// Until when it may be approved and begin to run.
    pub expires: Timestamp,
}

impl Plan {
    /// The writes that have not run.
    pub fn missing(&self) -> impl Iterator<Item = &PlannedWrite> {
        self.writes.iter().filter(|write| !write.used)
    }
}

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanState {
    /// It may run, once.
    Approved,
    /// It ran to its end.
    Done,
    /// An approver said no.
    Denied,
    /// Its time was up before it began to run.
    Expired,
    /// It waits for its approvers.
    Pending,
    /// A session plans it.
    Planning,
    /// A session runs it.
    Running,
    /// It began to run, and was stopped by something that was not in it.
    Stopped,
}

impl PlanState {
    /// As JSON spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Done => "done",
            Self::Expired => "expired",
            Self::Pending => "pending",
            Self::Planning => "planning",
            Self::Running => "running",
            Self::Stopped => "stopped",
        }
    }
}

/// A write that a plan is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedWrite {
    /// The HTTP method.
    pub method: String,
    /// The request as the API server reads it.
    pub request: Arc<RequestInfo>,
    /// The object's name, which a create has in its body alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The query, decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// As whom it is to run, if not as the one who runs the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impersonated: Option<Box<Impersonation>>,
    /// Keyed digest of everything that is sent, hex: what a write has to match to run.
    pub digest: String,
    /// What becomes of the object.
    pub action: Action,
    /// The policy that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Why its effect could not be foreseen. Such a write is held by itself when the plan runs, if
    /// a policy wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unforeseen: Option<String>,
    /// What of the body the digest leaves out, and may be another when the plan runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unbound: Vec<String>,
    /// A unified diff of YAML, masked for everybody: what would be different.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub diff: String,
    /// The object that the plan has seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saw: Option<Saw>,
    /// Whether it has run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub used: bool,
}

/// What a write does to its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is changed.
    Change,
    /// It is made.
    Create,
    /// It goes.
    Delete,
    /// It stays as it is.
    Nothing,
}

impl Action {
    /// As JSON spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Nothing => "nothing",
        }
    }
}

/// The object that was there when a write was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Saw {
    /// Its uid; none if there was no object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Keyed digest of the object without what controllers write all the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A write that was refused while planning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedWrite {
    /// The HTTP method.
    pub method: String,
    /// The request as the API server reads it.
    pub request: Arc<RequestInfo>,
    /// The object's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Why.
    pub why: String,
}

/// What a hold says of the plan that it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanCard {
    /// How many writes there are.
    pub writes: usize,
    /// The workload that may run it, if not the one who planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_as: Option<String>,
    /// The writes whose effect is known, without their diffs. Left out where holds are listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<PlannedWrite>,
    /// The others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unforeseen: Vec<PlannedWrite>,
}

impl PlanCard {
    /// The same for a list of many holds.
    #[must_use]
    pub fn summary(&self) -> Self {
        let (writes, apply_as) = (self.writes, self.apply_as.clone());
        Self { writes, apply_as, ..Self::default() }
    }
}

/// What a session's streams are for, as they say of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlanUse {
    /// What for.
    pub purpose: Purpose,
    /// The plan.
    pub plan: String,
}

/// What a session does with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// It runs the plan.
    Apply,
    /// It makes the plan.
    Plan,
}

/// The text is no use of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not `plan ID` or `apply ID`")]
pub struct InvalidPlanUse;

/// Longer than any id.
const MAX_ID_BYTES: usize = 32;

impl FromStr for PlanUse {
    type Err = InvalidPlanUse;

    fn from_str(text: &str) -> Result<Self, InvalidPlanUse> {
        let (purpose, plan) = text.split_once(' ').ok_or(InvalidPlanUse)?;
        let purpose = match purpose {
            "apply" => Purpose::Apply,
            "plan" => Purpose::Plan,
            _ => return Err(InvalidPlanUse),
        };
        let is_id = (1..=MAX_ID_BYTES).contains(&plan.len())
            && plan.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_id { Ok(Self { purpose, plan: plan.to_owned() }) } else { Err(InvalidPlanUse) }
    }
}

impl fmt::Display for PlanUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let purpose = match self.purpose {
            Purpose::Apply => "apply",
            Purpose::Plan => "plan",
        };
        write!(formatter, "{purpose} {}", self.plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_read_as_it_is_written_and_nothing_else_is() {
        for text in ["plan ab2cd", "apply ab2cd"] {
            assert_eq!(text.parse::<PlanUse>().unwrap().to_string(), text);
        }
        for text in ["", "plan", "plan ", "Plan ab2cd", "run ab2cd", "plan a b", "apply ../x"] {
            assert_eq!(text.parse::<PlanUse>(), Err(InvalidPlanUse), "{text}");
        }
    }
}
