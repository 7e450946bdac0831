//! What stands between a hold and its release: for the requester, and for the approver.

use kguard::api::{HoldState, SessionOutcome};

use crate::decide::Unconfirmed;
use crate::grants::{NotGranted, NotUsed};
use crate::record::TrailUnavailable;
use crate::store::StoreError;

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
    /// It would run on a grant that is not good any more.
    #[error(transparent)]
    Grant(#[from] NotUsed),
    /// The policy wants a reason and the client gave none.
    #[error(
        "policy `{policy}` holds this and asks for a reason: repeat it with `kguard --reason \"…\" kubectl …`"
    )]
    ReasonRequired {
        /// The policy.
        policy: String,
    },
    /// The gateway is going away, and the hold is not.
    #[error(
        "kguard-gateway is being restarted while this waits for approval: hold {hold} stays, so try again in a moment"
    )]
    Restarting {
        /// The hold.
        hold: String,
    },
    /// It was approved, and the policies have changed since it was held.
    #[error(
        "hold {hold} was approved, and the policies have changed meanwhile: {why}; try it again"
    )]
    Unconfirmed {
        /// The hold.
        hold: String,
        /// What is different.
        why: Unconfirmed,
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
    /// What has to be kept of it cannot be.
    #[error("kguard cannot store that this request ran without an approval, so it does not run")]
    Store(#[source] StoreError),
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
            refused: matches!(
                self,
                Self::Denied { .. } | Self::ReasonRequired { .. } | Self::Unconfirmed { .. }
            ),
            timed_out: matches!(self, Self::Expired { .. }),
        }
    }

    /// Whether the request may still be let through, when it comes back.
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Restarting { .. } | Self::StillHeld { .. })
    }

    /// The hold that it is about.
    pub fn hold(&self) -> Option<&str> {
        match self {
            Self::Cancelled { hold }
            | Self::Denied { hold, .. }
            | Self::Expired { hold, .. }
            | Self::Restarting { hold }
            | Self::StillHeld { hold, .. }
            | Self::Unconfirmed { hold, .. } => Some(hold),
            Self::Grant(_)
            | Self::ReasonRequired { .. }
            | Self::Store(_)
            | Self::TooMany
            | Self::Trail(_) => None,
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
    /// The grant that it names cannot be given.
    #[error(transparent)]
    Grant(#[from] NotGranted),
    /// No such hold.
    #[error("there is no hold `{0}`; `kguard requests` lists those that you may see")]
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
    /// The approver has logged in too long ago.
    #[error(
        "policy `{policy}` takes approvals from those alone who have logged in within the last {minutes} min: run `kguard login --fresh`, then approve it again"
    )]
    Stale {
        /// The policy.
        policy: String,
        /// How long ago it may have been.
        minutes: u64,
    },
    /// Nobody knows when the approver has logged in.
    #[error(
        "policy `{policy}` takes approvals from those alone who have logged in within the last {minutes} min, and your token does not say when you did: run `kguard login --fresh`, which asks for it; if that changes nothing, your issuer has to send the claim `auth_time`"
    )]
    Undated {
        /// The policy.
        policy: String,
        /// How long ago it may have been.
        minutes: u64,
    },
    /// Somebody, or time, was faster.
    #[error("{}", ended(*.0))]
    Settled(HoldState),
    /// It could not be recorded.
    #[error(transparent)]
    Trail(#[from] TrailUnavailable),
}

/// Why there is nothing to decide any more.
fn ended(state: HoldState) -> &'static str {
    match state {
        HoldState::Approved => "it has been approved already",
        HoldState::Used => "it has been approved, and has run",
        HoldState::Denied => "it has been denied already",
        HoldState::Cancelled => "it is cancelled: nobody waits for it any more",
        HoldState::Expired | HoldState::Pending => "nobody has decided on it in time",
    }
}

/// Why a review is not closed.
#[derive(Debug, thiserror::Error)]
pub enum NotReviewed {
    /// The caller is not an approver.
    #[error("you may not review this; {approvers} can")]
    NotApprover {
        /// Who can.
        approvers: String,
    },
    /// No such hold.
    #[error("there is no hold `{0}`; `kguard requests` lists those that you may see")]
    NotFound(String),
    /// Nobody owes one, or not any more.
    #[error("{0} owes no review; `kguard reviews` lists those that do")]
    NotOwed(String),
    /// It is one's own.
    #[error("nobody reviews his own request; {approvers} can")]
    OwnRequest {
        /// Who can.
        approvers: String,
    },
    /// It could not be stored.
    #[error("the review cannot be stored")]
    Store(#[from] StoreError),
    /// It could not be recorded.
    #[error(transparent)]
    Trail(#[from] TrailUnavailable),
}
