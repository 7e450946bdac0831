//! Undoing: changes that an approval let through, and what it takes to take one back.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Claims, Hold};
use crate::identity::Caller;
use crate::kube::request_info::RequestInfo;

/// A change of which the gateway keeps what was there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undoable {
    /// The request's id in the trail.
    pub id: Uuid,
    /// The hold that let it through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// Who made it.
    pub caller: Arc<Caller>,
    /// As whom it ran, in whose name the object was read.
    pub identity: Arc<Caller>,
    /// The cluster.
    pub cluster: String,
    /// The request, as the API server read it.
    pub request: Arc<RequestInfo>,
    /// When it was sent.
    pub at: Timestamp,
    /// Until when it can be undone.
    pub until: Timestamp,
}

/// What undoing a change would do now, as the one who asks may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoPreview {
    /// The change.
    pub change: Undoable,
    /// The request that would be sent: method and path.
    pub sends: String,
    /// What is there against what would be, as a unified diff of YAML; none if it cannot be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// What is not brought back, and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it cannot be undone now, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
}

/// Asks to undo a change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Undo {
    /// What the client says of itself.
    #[serde(default)]
    pub claims: Claims,
}

/// What happens while a change is being undone; the last line is `done` or `failed`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum UndoLine {
    /// The request that undoes it waits for an approval of its own.
    Held {
        /// The hold.
        hold: Box<Hold>,
    },
    /// That hold was decided on, or timed out.
    Settled {
        /// The hold.
        hold: Box<Hold>,
    },
    /// It is undone.
    Done,
    /// It is not undone.
    Failed {
        /// The HTTP status of the answer.
        code: u16,
        /// Why.
        message: String,
    },
}
