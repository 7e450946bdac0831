//! On what terms a request is held, and what several policies ask for together.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::identity::SubjectPattern;

/// On what terms a request is held. Written down for a gateway that is started anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldTerms {
    /// The policy that holds it.
    pub policy: String,
    /// SHA-256 of that policy's document, hex; empty for a budget's.
    pub document: String,
    /// What requester and approvers are told.
    pub message: String,
    /// Who may decide.
    pub approvers: Vec<SubjectPattern>,
    /// Who joins them when nobody has decided for a while.
    pub escalate: Option<Box<Escalate>>,
    /// How many different people have to approve.
    pub quorum: u32,
    /// How long it waits.
    pub timeout: Duration,
    /// Whether the requester has to say why.
    pub reason_required: bool,
    /// Whether the requester may be one of the approvers.
    pub self_approval: bool,
    /// For how long requests alike may be approved at once; none if each is approved alone.
    pub grants: Option<Duration>,
    /// The groups that the request runs with besides the caller's own.
    pub elevate: Vec<String>,
    /// Who may run it without waiting: whoever is in each of these lists; nobody, without a list.
    pub break_glass: Vec<Vec<SubjectPattern>>,
    /// How long ago an approver may have logged in.
    pub max_auth_age: Option<Duration>,
}

/// More approvers, after a time of waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// After how long; less than the hold's timeout.
    pub after: Duration,
    /// Who they are.
    pub approvers: Vec<SubjectPattern>,
}

impl HoldTerms {
    /// Whether others ask for just the same approval. The message is made of the request, and says
    /// nothing about who decides.
    pub fn are_like(&self, others: &Self) -> bool {
        let of = |terms: &Self| Self { message: String::new(), ..terms.clone() };
        of(self) == of(others)
    }

    /// The terms where another policy holds the same request. The first one decides who approves,
    /// and what goes beyond that is no more than both of them give.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.elevate.retain(|group| other.elevate.contains(group));
        if self.break_glass.is_empty() || other.break_glass.is_empty() {
            self.break_glass.clear();
        } else {
            self.break_glass.extend(other.break_glass.iter().cloned());
        }
        self.max_auth_age = match (self.max_auth_age, other.max_auth_age) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(elevate: &[&str], break_glass: &[&str], minutes: Option<u64>) -> HoldTerms {
        let subjects = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        HoldTerms {
            policy: "a".into(),
            document: String::new(),
            message: String::new(),
            approvers: Vec::new(),
            escalate: None,
            quorum: 1,
            timeout: Duration::ZERO,
            reason_required: false,
            self_approval: false,
            grants: None,
            elevate: elevate.iter().map(|group| (*group).to_owned()).collect(),
            break_glass: if break_glass.is_empty() { vec![] } else { vec![subjects(break_glass)] },
            max_auth_age: minutes.map(Duration::from_mins),
        }
    }

    #[test]
    fn of_two_policies_the_stricter_word_counts() {
        let one = terms(&["admins", "system:masters"], &["group:oncall"], Some(15));
        let other = terms(&["admins"], &["group:leads"], Some(5));
        let both = one.clone().and(&other);
        assert_eq!(both.elevate, ["admins"]);
        assert_eq!(both.break_glass.len(), 2);
        assert_eq!(both.max_auth_age, Some(Duration::from_mins(5)));
        let plain = one.and(&terms(&[], &[], None));
        assert!(plain.elevate.is_empty() && plain.break_glass.is_empty());
        assert_eq!(plain.max_auth_age, Some(Duration::from_mins(15)));
    }
}
