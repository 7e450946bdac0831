//! Notifications: what is told to people who do not look at the gateway, and what could not be.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Claims, Decision, Demand, Hold, HoldState};
use crate::identity::{Caller, SubjectPattern};
use crate::kube::request_info::RequestInfo;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotificationEvent {
    /// Somebody ran something without waiting for an approval.
    BreakGlass,
    /// More people may decide, since nobody has for a while.
    Escalated,
    /// A request waits.
    Held,
    /// A request waits no longer.
    Settled,
    /// Somebody tries whether notifications arrive.
    Test,
}

/// One message for one target.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Stays the same however often it is sent.
    pub id: String,
    /// What it is about.
    pub event: NotificationEvent,
    /// When that was.
    pub at: Timestamp,
    /// The hold; none in a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Arc<Notice>>,
    /// Whether the caller asks so often that people are told of his next requests later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub throttled: bool,
}

/// What a notification says of a hold. What is not named here leaves the gateway by no notification:
/// no body, no query, no effect, nothing that is masked for anybody.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The hold's id.
    pub id: String,
    /// Where it stands.
    pub state: HoldState,
    /// Who asked.
    pub caller: Arc<Caller>,
    /// As whom it is to run, if not as the one who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting_as: Option<String>,
    /// Which cluster the request is for.
    pub cluster: String,
    /// The HTTP method.
    pub method: String,
    /// The request as the API server will read it.
    pub request: Arc<RequestInfo>,
    /// The same in a few words.
    pub summary: String,
    /// The policy that holds it; the first by name, if there are several.
    pub policy: String,
    /// The policy's message.
    pub message: String,
    /// What each of the policies wants that hold it.
    pub demands: Vec<Demand>,
    /// Who may decide: all whom one of the policies names.
    pub approvers: Vec<SubjectPattern>,
    /// What the caller's client says of itself; claimed, not verified.
    pub claims: Claims,
    /// Decisions so far.
    pub decisions: Vec<Decision>,
    /// When it was parked.
    pub created: Timestamp,
    /// When it times out.
    pub expires: Timestamp,
    /// Its page, where the gateway has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The command to decide with.
    pub command: String,
}

impl Notice {
    /// What is told of a hold.
    pub fn of(hold: &Hold) -> Self {
        Self {
            id: hold.id.clone(),
            state: hold.state,
            caller: Arc::clone(&hold.caller),
            acting_as: hold.impersonated.as_ref().map(|identity| identity.user.clone()),
            cluster: hold.cluster.clone(),
            method: hold.method.clone(),
            request: Arc::clone(&hold.request),
            summary: hold.summary(),
            policy: hold.policy.clone(),
            message: hold.message.clone(),
            demands: hold.demands.clone(),
            approvers: hold.approvers.clone(),
            claims: hold.claims.clone(),
            decisions: hold.decisions.clone(),
            created: hold.created,
            expires: hold.expires,
            url: hold.url.clone(),
            command: format!("kguard approve {}", hold.id),
        }
    }
}

/// A notification that could not be delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// What `kguard notifications retry` takes.
    pub id: String,
    /// Whom it was for: a name in the gateway's configuration.
    pub target: String,
    /// What was to be said.
    pub notification: Notification,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed the last time.
    pub error: String,
    /// When that was.
    pub failed: Timestamp,
}

/// What became of a notification that somebody sent by hand.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// Whom it was for.
    pub target: String,
    /// Why it was not delivered; none if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
