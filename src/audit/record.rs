//! What the trail says. Records are facts in the order in which they became true; a request
//! leaves two of them, one before it is sent and one when it has ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::api::{Claims, Grant, GrantEnd, GrantOffer, HoldState, Review, Verdict};
use crate::identity::{Caller, SubjectPattern};
use crate::kube::impersonation::Impersonation;
use crate::kube::request_info::RequestInfo;
use crate::policy::capability::Capabilities;

/// One fact, with the moment at which the gateway learnt it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// When, by the gateway's clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// The kinds of fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "event")]
pub enum Event {
    /// A request was decided. If it is allowed, it is sent only after this record is in the trail.
    Request(Box<RequestRecord>),
    /// A request ended; or its end was never seen, because the gateway was interrupted.
    Response(ResponseRecord),
    /// A request was parked.
    Hold {
        /// The hold's id.
        hold: String,
        /// The request that waits.
        request: Box<RequestRecord>,
    },
    /// Approvers gave a grant.
    Grant(Box<Grant>),
    /// A grant ended.
    GrantEnded {
        /// The grant's id.
        grant: String,
        /// The hold that was answered with it.
        hold: String,
        /// How.
        end: GrantEnd,
    },
    /// Somebody reviewed a request that ran without the approval that it needs.
    Review {
        /// The hold's id.
        hold: String,
        /// What was said by whom.
        review: Review,
    },
    /// A hold changed its state: an approver decided, it timed out, it was cancelled, it was used.
    HoldState {
        /// The hold's id.
        hold: String,
        /// The new state.
        state: HoldState,
        /// The person who decided, where a person did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// That person's verdict; a quorum may need more of them before the state changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdict: Option<Verdict>,
        /// That person's comment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        /// The grant that the person would give.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grant: Option<Box<GrantOffer>>,
    },
    /// Nobody has decided on a hold for a while, so others may from now on, too.
    HoldEscalated {
        /// The hold's id.
        hold: String,
        /// Who has joined its approvers.
        approvers: Vec<SubjectPattern>,
    },
    /// The trail could not be written for a while. What ended meanwhile is recorded behind this.
    Outage {
        /// When the first record could not be written.
        since: Timestamp,
        /// How many records were turned down, and so how many requests did not run.
        refused: u64,
    },
    /// The gateway started with these policies.
    Started {
        /// The gateway's version.
        version: String,
        /// SHA-256 of the policy set, hex.
        policies: String,
    },
    /// A session began to plan: its writes are tried and not stored.
    Planned {
        /// The plan's id.
        plan: String,
        /// Who plans.
        caller: Arc<Caller>,
        /// The cluster.
        cluster: String,
        /// The workload that may run it, if not the one who plans.
        #[serde(default, rename = "applyAs", skip_serializing_if = "Option::is_none")]
        apply_as: Option<String>,
        /// What the client claims.
        #[serde(default, skip_serializing_if = "Claims::is_empty")]
        claims: Claims,
    },
    /// A plan was submitted; from now on it is a hold of the same id.
    PlanSubmitted {
        /// The plan's id.
        plan: String,
        /// Who planned.
        caller: Arc<Caller>,
        /// The cluster.
        cluster: String,
        /// What an approval of it is bound to.
        digest: String,
        /// The digests of its writes.
        writes: Vec<String>,
        /// The policies that hold something in it. Without any it needs no approval.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        policies: Vec<String>,
    },
    /// A plan's run has ended.
    PlanEnded {
        /// The plan's id.
        plan: String,
        /// Who ran it.
        caller: Arc<Caller>,
        /// Why it went no further, if it was stopped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stopped: Option<String>,
        /// The digests of its writes that did not run.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<String>,
    },
    /// A request that cannot be read, so that there is nothing to decide; it was refused.
    Rejected {
        /// Its id.
        id: Uuid,
        /// Who sent it.
        caller: Arc<Caller>,
        /// The cluster it was for.
        cluster: String,
        /// The HTTP method.
        method: String,
        /// The request target as it came, cut off where it is long.
        target: String,
        /// Why it was refused.
        why: String,
        /// The peer's address.
        peer: String,
    },
    /// Another policy set took over.
    PoliciesLoaded {
        /// SHA-256 of the policy set, hex.
        policies: String,
    },
}

/// A decided request. Holds no body and no value out of one: only the body's digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestRecord {
    /// The request's id, sent upstream as `Audit-ID`, so that the API server's own audit log
    /// carries it too. Version 7, so that an index over many of them grows at its end.
    pub id: Uuid,
    /// Groups the requests of one client invocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Uuid>,
    /// Who asked.
    pub caller: Arc<Caller>,
    /// As whom it is to run, if not as the caller himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impersonated: Option<Box<Impersonation>>,
    /// The cluster it is for.
    pub cluster: String,
    /// The HTTP method.
    pub method: String,
    /// The request as the API server reads it.
    pub request: Arc<RequestInfo>,
    /// The query, decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// Keyed digest of the body as it is forwarded, hex; none without a body. With a plain one, a short
    /// secret in the body could be found out by trying. A change that was decided on
    /// by its object is bound to that object's version besides, when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_digest: Option<String>,
    /// The decision.
    pub decision: Outcome,
    /// The policy that decided; none when nothing matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What the caller was told, if it was refused. Made of the request and the caller alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What would have been decided if the policies that only observe were in force, where that is
    /// something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// The dangers that it carries.
    #[serde(default, skip_serializing_if = "Capabilities::is_empty")]
    pub capabilities: Capabilities,
    /// What it takes out of each budget, in pods or objects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub charges: BTreeMap<String, u64>,
    /// The hold whose approval let it through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// The plan that it was made for, or that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The grants that it runs on: without one of them it would have been held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// The groups that it runs with besides the caller's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elevated: Vec<String>,
    /// Why it ran without the approval that it needs, in the caller's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<String>,
    /// Whether the object is kept as it was before; of changes that needed an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_image: Option<PreImage>,
    /// The earlier request that this one undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Uuid>,
    /// What the client claims.
    #[serde(default, skip_serializing_if = "Claims::is_empty")]
    pub claims: Claims,
    /// The peer's address.
    pub peer: String,
    /// The `User-Agent` header, as claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl RequestRecord {
    /// Whether it was only tried for a plan, or refused by one: of these the record does not say what
    /// the policies did.
    pub fn is_of_plan_alone(&self) -> bool {
        let is_tried = self.query.iter().any(|(key, _)| key == "dryRun");
        let is_refused = self.decision == Outcome::Deny && self.policy.is_none();
        self.plan.is_some() && (is_tried || is_refused)
    }
}

/// Whether a change can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PreImage {
    /// The object is kept as it was.
    Kept,
    /// It is not, for this reason.
    Missing(String),
}

/// A decision that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// The decision.
    pub decision: Outcome,
    /// The policy or budget; none when nothing matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// What became of a request at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Sent on.
    Allow,
    /// Refused.
    Deny,
    /// Parked.
    Hold,
}

impl Outcome {
    /// As the trail spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Hold => "hold",
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseRecord {
    /// The request's id.
    pub id: Uuid,
    /// The HTTP status that the client got; none if the end was never seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Body bytes that went to the client.
    pub bytes: u64,
    /// How many values each `Mask` document masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub masked: BTreeMap<String, u64>,
    /// Milliseconds from the request's arrival to its end.
    pub duration_ms: u64,
    /// Why it did not end well, in the gateway's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What went through, where that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingDigest>,
}

/// Ties a recording to its entry: neither can be changed without the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordingDigest {
    /// SHA-256 of the recording, hex.
    pub sha256: String,
    /// How many bytes it has.
    pub bytes: u64,
}
