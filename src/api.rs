//! The control API between `kguard` and `kguard-gateway`: JSON over the same connection that
//! carries the tunnel, under `/v1/`.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/login` (no token) | [`LoginInfo`] |
//! | `GET /v1/whoami` | [`WhoAmI`] |
//! | `GET /v1/clusters` | `Vec<`[`Cluster`]`>` |
//! | `GET /v1/masking` | `Vec<`[`OutputMasking`]`>`: the clusters whose output is masked for one |
//! | `GET /v1/holds` | `Vec<`[`Hold`]`>`, newest first: one's own and those one may decide |
//! | `GET /v1/holds?state=S&text=WORDS&before=ID&limit=N` | a page of those in a state, or `settled`; the header `kguard-next` has the ID with which the next one begins |
//! | `GET /v1/holds/ID` | [`Hold`] |
//! | `GET /v1/holds/ID/effect` | lines of [`effect::Effect`], each all that is known by then; the last says `complete` |
//! | `POST /v1/holds/ID/decision` with [`Decide`] | [`Hold`] |
//! | `POST /v1/holds/ID/cancel` | [`Hold`]: the requester alone |
//! | `POST /v1/plans` with [`plans::OpenPlan`] | [`plans::Plan`], which the session may fill from now on |
//! | `GET /v1/plans` | `Vec<`[`plans::Plan`]`>` without their writes, newest first: one's own, and those one may run or decide |
//! | `GET /v1/plans/ID` | [`plans::Plan`] |
//! | `POST /v1/plans/ID/submit` | [`plans::Plan`], and a [`Hold`] of the same id |
//! | `POST /v1/plans/ID/begin` with [`plans::BeginPlan`] | [`plans::Plan`], which that session may run from now on |
//! | `POST /v1/plans/ID/end` | [`plans::Plan`]: nothing more is planned, or run |
//! | `GET /v1/holds/ID/grant` | [`GrantProposal`]: what the hold may be answered with instead |
//! | `GET /v1/grants` | `Vec<`[`Grant`]`>`, newest first: one's own and those one may revoke |
//! | `POST /v1/grants/ID/revocation` with [`Revoke`] | [`Grant`] |
//! | `GET /v1/reviews` | `Vec<`[`Hold`]`>`, newest first: runs that broke the glass and owe a review |
//! | `POST /v1/holds/ID/review` with [`CloseReview`] | [`Hold`] |
//! | `GET /v1/inbox` | lines of [`Hold`], one whenever a hold that one may decide appears or changes; those pending come first |
//! | `GET /v1/sessions/ID/events` | lines of [`SessionEvent`] |
//! | `GET /v1/sessions/ID/outcome` | [`SessionOutcome`] |
//! | `GET /v1/notifications` | `Vec<`[`DeadLetter`]`>`, newest first, for auditors: what could not be delivered |
//! | `POST /v1/notifications/ID/retry` | [`Sent`]: auditors |
//! | `POST /v1/notification-targets/NAME/test` | [`Sent`]: auditors |
//! | `GET /v1/undo` | `Vec<`[`undo::Undoable`]`>`, newest first: one's own, and those whose hold one may see |
//! | `GET /v1/undo/ID` | [`undo::UndoPreview`], by the id of the request or of its hold |
//! | `POST /v1/undo/ID` with [`undo::Undo`] | lines of [`undo::UndoLine`] until it is undone or not |
//! | `GET /v1/streams` | `Vec<`[`RunningStream`]`>`, oldest first: all for auditors, one's own for others |
//! | `POST /v1/streams/ID/end` with [`EndStream`] | [`RunningStream`]: auditors, and whose it is |
//! | `GET /v1/streams/ID/recording` | the recording's lines (asciicast v2), as they are written, until the stream ends |
//! | `GET /v1/recordings?before=ID&limit=N` | a page of [`PastStream`]s, newest first, as of holds: all for auditors, one's own for others |
//! | `GET /v1/recordings/ID` | the recording of a stream that has ended, as it is stored |
//! | `GET /v1/audit/entries?…&text=WORDS&before=SEQ&limit=N` | a page of [`crate::audit::Sealed`], the newest ones, oldest first |
//! | `GET /v1/audit?after=SEQ&limit=N` | lines of [`crate::audit::Line`] |
//!
//! Streams are newline-delimited JSON; an empty line is a keep-alive. Errors are Kubernetes
//! `Status` objects, as everywhere.

mod demand;
pub mod effect;
mod grants;
mod notifications;
pub mod plans;
pub mod undo;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use demand::{Demand, names, people, strictest};
pub use grants::{
    BreakGlass, CloseReview, EndedBy, ExecPattern, Grant, GrantEnd, GrantOffer, GrantPattern,
    GrantProposal, Review, Revoke,
};

use crate::command_line;
use crate::identity::{Caller, SubjectPattern};
use crate::kube::impersonation::Impersonation;
use crate::kube::request_info::RequestInfo;
use crate::recording::Facts;

pub use notifications::{DeadLetter, Notice, Notification, NotificationEvent, Sent};

/// How to log in to this gateway (RFC 8628 against `issuer`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginInfo {
    /// The OpenID provider to discover.
    pub issuer: String,
    /// The public client to log in as.
    pub client_id: String,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// PEM certificates to trust for the issuer besides the system's; for `dev` and tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_ca: Option<String>,
}

/// Who the gateway takes the caller for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhoAmI {
    /// The caller, as policies and clusters see it.
    pub caller: Arc<Caller>,
    /// When the presented token ends.
    pub expires: Timestamp,
}

/// A cluster behind the gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Its name in policies, contexts and paths.
    pub name: String,
}

/// An exec, attach or port-forward that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningStream {
    /// The request's id in the trail.
    pub id: uuid::Uuid,
    /// Whose it is.
    pub caller: String,
    /// The cluster.
    pub cluster: String,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod; for port-forward to a node's port and the like, what it goes to.
    pub pod: String,
    /// `exec`, `attach` or `portforward`.
    pub kind: String,
    /// The container, if one was named.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// The program and its arguments, without what is masked in them; of exec alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Whether somebody sits at a terminal.
    #[serde(default)]
    pub tty: bool,
    /// Since when.
    pub started: Timestamp,
    /// Whether it is recorded.
    #[serde(default)]
    pub recorded: bool,
    /// The hold by which it was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
}

/// A stream that has ended, and has a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastStream {
    /// What the recording says of itself.
    #[serde(flatten)]
    pub facts: Facts,
    /// When it began.
    pub started: Timestamp,
    /// How long the recording is.
    pub bytes: u64,
}

/// Ends a stream.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndStream {
    /// What its user is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A cluster in which values of Secrets are hidden from the caller in what containers print.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputMasking {
    /// The cluster.
    pub cluster: String,
    /// Whether the gateway may read these Secrets itself, in every namespace; none if the cluster
    /// does not say.
    pub reads_secrets: Option<bool>,
}

/// A parked request, as its requester and its approvers see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Short, unambiguous, made to be read out: what `kguard approve` takes.
    pub id: String,
    /// Where the hold stands.
    pub state: HoldState,
    /// Who asked.
    pub caller: Arc<Caller>,
    /// As whom it is to run, if not as the one who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impersonated: Option<Box<Impersonation>>,
    /// Which cluster the request is for.
    pub cluster: String,
    /// The earlier request that this one undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<uuid::Uuid>,
    /// The HTTP method.
    pub method: String,
    /// The request as the API server will read it.
    pub request: Arc<RequestInfo>,
    /// The canonical query, decoded.
    pub query: Vec<(String, String)>,
    /// SHA-256 over everything that an approval binds: hex.
    pub digest: String,
    /// The policy that holds it; the first by name, if there are several.
    pub policy: String,
    /// The policy's message.
    pub message: String,
    /// What each of the policies wants that hold it. A hold without any is never approved.
    #[serde(default)]
    pub demands: Vec<Demand>,
    /// Who may decide: all whom one of the policies names.
    pub approvers: Vec<SubjectPattern>,
    /// Who joins them when nobody has decided for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// Whether it stays when its requester goes away, until it expires: a pipeline's, which will be
    /// run again. Nothing runs by itself; the same caller has to send the same request again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
    /// What the caller's client says of itself; claimed, not verified.
    #[serde(default)]
    pub claims: Claims,
    /// The live object the approval is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<LiveObject>,
    /// The change set that it is about, instead of a single request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Arc<plans::PlanCard>>,
    /// The groups that it runs with besides the caller's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elevate: Vec<String>,
    /// How long ago an approver may have logged in, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_auth_age: Option<u64>,
    /// For how long it may be answered with a grant at most, in seconds; none if it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_grant: Option<u64>,
    /// The grant that it was answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// That it ran without waiting for an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
    /// Decisions so far.
    pub decisions: Vec<Decision>,
    /// When it was parked.
    pub created: Timestamp,
    /// When it times out.
    pub expires: Timestamp,
    /// Its page, where the gateway has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Hold {
    /// The request in a few words: verb, resource and where.
    pub fn summary(&self) -> String {
        if let Some(plan) = &self.plan {
            return format!("plan of {} writes", plan.writes);
        }
        self.request.summary()
    }
}

/// More approvers, after a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Escalation {
    /// The policy that wants it.
    #[serde(default)]
    pub policy: String,
    /// When they join.
    pub at: Timestamp,
    /// Who they are.
    pub approvers: Vec<SubjectPattern>,
    /// Whether they have joined: they are among the hold's approvers then.
    #[serde(default)]
    pub done: bool,
}

impl Hold {
    /// Whether it ran without an approval, and nobody has reviewed that.
    pub fn owes_review(&self) -> bool {
        self.break_glass.as_ref().is_some_and(|of| of.review.is_none())
    }
}

/// The identity and version of a live object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveObject {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
}

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HoldState {
    /// Approved, and not used yet.
    Approved,
    /// The requester went away; nothing will run.
    Cancelled,
    /// An approver said no.
    Denied,
    /// Nobody decided in time.
    Expired,
    /// Waiting for a decision.
    Pending,
    /// Approved and sent on, once.
    Used,
}

impl HoldState {
    /// As JSON spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Cancelled => "cancelled",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Pending => "pending",
            Self::Used => "used",
        }
    }
}

/// One person's decision on a hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Who decided.
    pub by: String,
    /// Who says so of him.
    #[serde(default)]
    pub issuer: String,
    /// What he is called there, whatever his name is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// What.
    pub verdict: Verdict,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The grant that it was approved with, if it was not just for once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Box<GrantOffer>>,
    /// When.
    pub at: Timestamp,
}

impl Decision {
    /// Whether it is somebody's, by whatever name he has today.
    pub fn is_by(&self, caller: &Caller) -> bool {
        caller.is_also(&self.by, &self.issuer, self.uid.as_deref())
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Let it run.
    Approve,
    /// Refuse it.
    Deny,
}

/// The body of a decision.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decide {
    /// Yes or no.
    pub verdict: Verdict,
    /// Why; shown to the requester and recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The digest of the request that the approver was shown; a hold with another one is not
    /// decided.
    pub digest: String,
    /// Approves requests like this one as well, for a while. Where several have to approve, they all
    /// have to name the same one; otherwise this request alone is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Box<GrantOffer>>,
}

/// What a client says of itself. Recorded and shown as claimed; no decision rests on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    /// The command that the user typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// Why, in the user's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The CI run's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl Claims {
    /// Whether the client says nothing of itself.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same without what people type into command lines and nobody else is to read.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        Self { argv: command_line::redacted(&self.argv), ..self }
    }
}

/// What happened to a request of one's own session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum SessionEvent {
    /// A request that needs an approval ran without one.
    BrokeGlass {
        /// The hold that owes a review.
        hold: Box<Hold>,
    },
    /// A request is held.
    Held {
        /// The hold.
        hold: Box<Hold>,
    },
    /// A hold was decided, timed out or was cancelled.
    Settled {
        /// The hold.
        hold: Box<Hold>,
    },
    /// Policy refused a request.
    Refused {
        /// The policy, or none when no policy allowed it.
        policy: Option<String>,
        /// What the requester is told.
        message: String,
    },
}

/// What became of a session's requests, as far as it explains why a program has failed. The gateway
/// knows it before it answers the request, so whoever asks afterwards is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionOutcome {
    /// A policy or a person refused one.
    #[serde(default)]
    pub refused: bool,
    /// Nobody decided on one in time.
    #[serde(default)]
    pub timed_out: bool,
}
