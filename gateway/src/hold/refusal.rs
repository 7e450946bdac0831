//! What stands between a hold and its release: for the requester, and for the approver.

use kguard::api::{HoldState, SessionOutcome};

use crate::record::TrailUnavailable;

/// Why a held request is not let through.
#[derive(Debug, thiserror::Error)]
pub enum NotReleased {
    /// The requester, or the gateway, went away.
    #[error("the hold {hold} was cancelled")]
    Cancelled {
        /// The hold.
        hold: String,
    },
    /// An approver said no.
    #[error("{by} denied it (hold {hold}){}", because(.comment.as_deref()))]
    Denied {
        /// The hold.
        hold: String,
        /// The approver.
        by: String,
        /// His words.
        comment: Option<String>,
    },
    /// Nobody decided in time.
    #[error("nobody decided on hold {hold} in time; ask {approvers} and try again")]
    Expired {
        /// The hold.
        hold: String,
        /// Who could have.
        approvers: String,
    },
    /// The policy wants a reason and the client gave none.
    #[error(
        "policy `{policy}` holds this and asks for a reason: repeat it with `kguard --reason \"…\" kubectl …`"
    )]
    ReasonRequired {
        /// The policy.
        policy: String,
    },
    /// A plain client has waited long enough for one round.
    #[error(
        "waiting for approval: {message} Hold {hold}; {approvers} can run `kguard approve {hold}`"
    )]
    StillHeld {
        /// The hold.
        hold: String,
        /// The policy's message.
        message: String,
        /// Who can decide.
        approvers: String,
    },
    /// Too many holds wait already.
    #[error(
        "too many requests wait for approval already; decide on those first (`kguard requests`)"
    )]
    TooMany,
    /// It could not be recorded.
    #[error(transparent)]
    Trail(#[from] TrailUnavailable),
}

impl NotReleased {
    /// What it makes of its session.
    pub fn outcome(&self) -> SessionOutcome {
        SessionOutcome {
            refused: matches!(self, Self::Denied { .. } | Self::ReasonRequired { .. }),
            timed_out: matches!(self, Self::Expired { .. }),
        }
    }

    /// The hold that it is about.
    pub fn hold(&self) -> Option<&str> {
        match self {
            Self::Cancelled { hold }
            | Self::Denied { hold, .. }
            | Self::Expired { hold, .. }
            | Self::StillHeld { hold, .. } => Some(hold),
            Self::ReasonRequired { .. } | Self::TooMany | Self::Trail(_) => None,
        }
    }
}

fn because(comment: Option<&str>) -> String {
    comment.map(|comment| format!(": {comment}")).unwrap_or_default()
}

/// Why a decision is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotDecided {
    /// There was a decision by this person already.
    #[error("you have decided on this hold already; it needs another person")]
    Again,
    /// The hold is for another request than the approver was shown.
    #[error("the hold has changed since you looked at it; look again")]
    Digest,
    /// No such hold.
    #[error("there is no hold `{0}`")]
    NotFound(String),
    /// The caller is not an approver.
    #[error("you may not decide on this hold; {approvers} can")]
    NotApprover {
        /// Who can.
        approvers: String,
    },
    /// It is one's own.
    #[error("nobody approves his own request; {approvers} can")]
    OwnRequest {
        /// Who can.
        approvers: String,
    },
    /// Somebody, or time, was faster.
    #[error("the hold is {0:?} already")]
    Settled(HoldState),
    /// It could not be recorded.
    #[error(transparent)]
    Trail(#[from] TrailUnavailable),
}
