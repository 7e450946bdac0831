//! Who may decide on a hold, and what a verdict makes of it.

use kguard::api::{Hold, HoldState, Verdict};
use kguard::identity::{Caller, CallerKind, SubjectPattern};

/// Whether `caller` is one of those who decide.
pub fn may_decide(hold: &Hold, caller: &Caller) -> bool {
    is_among(&hold.approvers, caller)
}

/// Whether he asked for it.
pub fn is_own(hold: &Hold, by: &Caller) -> bool {
    by.is_also(&hold.caller.name, &hold.caller.issuer, hold.caller.uid.as_deref())
}

/// Whether some patterns name `caller` as one with a mind of his own. A workload is one only if it is
/// named as a workload: a group that happens to contain robots does not make robots approvers.
pub fn is_among(patterns: &[SubjectPattern], caller: &Caller) -> bool {
    patterns.iter().any(|pattern| {
        pattern.matches(caller)
            && (caller.kind == CallerKind::Person || matches!(pattern, SubjectPattern::Workload(_)))
    })
}

/// What a verdict makes of a hold that has `approvals` already.
pub(super) fn after(verdict: Verdict, approvals: usize, quorum: u32) -> HoldState {
    match verdict {
        Verdict::Deny => HoldState::Denied,
        Verdict::Approve if approvals + 1 >= quorum as usize => HoldState::Approved,
        Verdict::Approve => HoldState::Pending,
    }
}
