//! On what terms a request is held, and what several policies ask for together.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::Demand;
use crate::identity::SubjectPattern;

/// On what terms a request is held. Written down for a gateway that is started anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldTerms {
    /// The policy that holds it; the first by name, if there are several.
    pub policy: String,
    /// SHA-256 of that policy's document, hex; empty for a budget's.
    pub document: String,
    /// What requester and approvers are told.
    pub message: String,
    /// What each policy wants that holds it: first that one, then the others.
    pub demands: Vec<Demand>,
    /// Who joins the approvers when nobody has decided for a while.
    pub escalate: Option<Box<Escalate>>,
    /// How long it waits.
    pub timeout: Duration,
    /// Whether the requester has to say why.
    pub reason_required: bool,
    /// For how long requests alike may be approved at once; none if each is approved alone.
    pub grants: Option<Duration>,
    /// The groups that the request runs with besides the caller's own.
    pub elevate: Vec<String>,
    /// Who may run it without waiting: whoever is in each of these lists; nobody, without a list.
    pub break_glass: Vec<Vec<SubjectPattern>>,
}

/// More approvers, after a time of waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// The policy whose approvers they join.
    pub policy: String,
    /// After how long; less than the hold's timeout.
    pub after: Duration,
    /// Who they are.
    pub approvers: Vec<SubjectPattern>,
}

impl HoldTerms {
    /// The same, of a policy that says `message` of the request.
    #[must_use]
    pub fn of(mut self, policy: &str, message: String) -> Self {
        for demand in &mut self.demands {
            policy.clone_into(&mut demand.policy);
            message.clone_into(&mut demand.message);
        }
        if let Some(escalate) = &mut self.escalate {
            policy.clone_into(&mut escalate.policy);
        }
        Self { policy: policy.to_owned(), message, ..self }
    }

    /// Whether others ask for just the same approval. Messages are made of the request, and say
    /// nothing about who decides.
    pub fn are_like(&self, others: &Self) -> bool {
        let of =
            |terms: &Self| Self { message: String::new(), demands: Vec::new(), ..terms.clone() };
        let demands = || self.demands.iter().zip(&others.demands);
        self.demands.len() == others.demands.len()
            && demands().all(|(own, other)| own.is_like(other))
            && of(self) == of(others)
    }

    /// The terms where another policy holds the same request: each gets the approvals that it wants,
    /// and what goes beyond that is no more than both of them give. A grant would be on one policy.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for demand in &other.demands {
            if !self.demands.iter().any(|own| own.is_like(demand)) {
                self.demands.push(demand.clone());
                self.grants = None;
            }
        }
        self.escalate = self.escalate.or_else(|| other.escalate.clone());
        self.timeout = self.timeout.min(other.timeout);
        self.reason_required |= other.reason_required;
        self.elevate.retain(|group| other.elevate.contains(group));
        if self.break_glass.is_empty() || other.break_glass.is_empty() {
            self.break_glass.clear();
        } else {
            self.break_glass.extend(other.break_glass.iter().cloned());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(elevate: &[&str], break_glass: &[&str]) -> HoldTerms {
        let subjects = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        HoldTerms {
            policy: "a".into(),
            document: String::new(),
            message: String::new(),
            demands: Vec::new(),
            escalate: None,
            timeout: Duration::ZERO,
            reason_required: false,
            grants: None,
            elevate: elevate.iter().map(|group| (*group).to_owned()).collect(),
            break_glass: if break_glass.is_empty() { vec![] } else { vec![subjects(break_glass)] },
        }
    }

    #[test]
    fn of_two_policies_the_stricter_word_counts() {
        let one = terms(&["admins", "system:masters"], &["group:oncall"]);
        let other = terms(&["admins"], &["group:leads"]);
        let both = one.clone().and(&other);
        assert_eq!(both.elevate, ["admins"]);
        assert_eq!(both.break_glass.len(), 2);
        let plain = one.and(&terms(&[], &[]));
        assert!(plain.elevate.is_empty() && plain.break_glass.is_empty());
    }

    fn wanted(policy: &str, approvers: &str, message: &str) -> HoldTerms {
        let demand = Demand {
            policy: String::new(),
            message: String::new(),
            approvers: vec![approvers.parse().unwrap()],
            quorum: 1,
            self_approval: false,
            max_auth_age: None,
            approved_by: Vec::new(),
        };
        let grants = Some(Duration::from_mins(5));
        let terms = HoldTerms { demands: vec![demand], grants, ..terms(&[], &[]) };
        terms.of(policy, message.to_owned())
    }

    #[test]
    fn each_of_two_policies_gets_the_approval_that_it_wants() {
        let one = wanted("a", "group:sre", "A deletes.");
        // Of one as whom the caller acts, the same policy says the same in other words.
        let same = one.clone().and(&wanted("a", "group:sre", "B deletes."));
        assert_eq!((same.demands.len(), same.grants.is_some()), (1, true));
        let both = one.clone().and(&wanted("b", "group:dba", "Deletes data."));
        let said: Vec<_> = both.demands.iter().map(|of| (&*of.policy, &*of.message)).collect();
        assert_eq!(said, [("a", "A deletes."), ("b", "Deletes data.")]);
        assert_eq!((both.policy.as_str(), both.grants), ("a", None));
        assert!(both.are_like(&wanted("a", "group:sre", "").and(&wanted("b", "group:dba", ""))));
        assert!(!both.are_like(&one));
        assert!(!both.are_like(&one.and(&wanted("b", "group:sre", ""))));
    }
}
