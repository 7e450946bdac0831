//! What a policy wants of those who decide.

use serde::{Deserialize, Serialize};

use crate::identity::SubjectPattern;

/// What a policy wants that holds a request, or a part of a change set. Of several policies, all have
/// to be satisfied; one person's approval counts for each of them that names him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// The policy.
    pub policy: String,
    /// What it says of the request, or of the first one of a change set that it holds.
    pub message: String,
    /// Who may decide.
    pub approvers: Vec<SubjectPattern>,
    /// How many different people have to approve.
    pub quorum: u32,
    /// Whether the requester may be one of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub self_approval: bool,
    /// How long ago they may have logged in, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_auth_age: Option<u64>,
    /// Who has approved of those who may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved_by: Vec<String>,
}

impl Demand {
    /// How many have to approve yet.
    pub fn missing(&self) -> usize {
        (self.quorum.max(1) as usize).saturating_sub(self.approved_by.len())
    }

    /// Whether enough people have approved.
    pub fn is_met(&self) -> bool {
        self.missing() == 0
    }

    /// Whether another one wants the same people for the same policy.
    pub fn is_like(&self, other: &Self) -> bool {
        let wanted = |of: &Self| (of.quorum, of.self_approval, of.max_auth_age);
        self.policy == other.policy
            && self.approvers == other.approvers
            && wanted(self) == wanted(other)
    }

    /// Who may decide, and of how many it takes the approval: `2 of group:sre, user:bob`.
    pub fn people(&self) -> String {
        format!("{} of {}", self.quorum.max(1), names(&self.approvers))
    }
}

/// The demand that takes the freshest logins, if one asks for any.
pub fn strictest(demands: &[Demand]) -> Option<&Demand> {
    let asking = demands.iter().filter(|demand| demand.max_auth_age.is_some());
    asking.min_by_key(|demand| demand.max_auth_age)
}

/// What all of them want of people: `1 of group:sre, and 2 of group:dba`.
pub fn people(demands: &[Demand]) -> String {
    demands.iter().map(Demand::people).collect::<Vec<_>>().join(", and ")
}

/// Those whom patterns name, as they are written.
pub fn names(approvers: &[SubjectPattern]) -> String {
    approvers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_wants_at_least_one_person() {
        let mut demand = Demand {
            policy: "p".into(),
            message: String::new(),
            approvers: vec![SubjectPattern::Anyone],
            quorum: 0,
            self_approval: false,
            max_auth_age: None,
            approved_by: Vec::new(),
        };
        assert_eq!((demand.is_met(), demand.people().as_str()), (false, "1 of *"));
        demand.approved_by.push("bob".into());
        assert!(demand.is_met());
    }
}
