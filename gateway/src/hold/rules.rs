//! Who may decide on a hold, and what a verdict makes of it.
//!
//! Each policy that holds the request, or a part of the plan, makes a demand: so many people of those
//! whom it names. A hold is approved when every demand is met; one person's approval counts for each
//! that names him. Whoever is named by any of them can deny it.

use kguard::api::{Decision, Demand, Hold, HoldState, Verdict, names};
use kguard::identity::{Caller, CallerKind, SubjectPattern};

use super::NotDecided;

/// All whom one of the demands names.
pub fn approvers(demands: &[Demand]) -> Vec<SubjectPattern> {
    let mut approvers: Vec<SubjectPattern> = Vec::new();
    for pattern in demands.iter().flat_map(|demand| &demand.approvers) {
        if !approvers.contains(pattern) {
            approvers.push(pattern.clone());
        }
    }
    approvers
}

/// Whether `caller` is one of those who decide.
pub fn may_decide(hold: &Hold, caller: &Caller) -> bool {
    is_among(&hold.approvers, caller)
}

/// Whether he asked for it; of a plan, whether he made it or is to run it.
pub fn is_own(hold: &Hold, by: &Caller) -> bool {
    let runs = hold.plan.as_ref().and_then(|card| card.apply_as.as_deref());
    by.is_also(&hold.caller.name, &hold.caller.issuer, hold.caller.uid.as_deref())
        || runs == Some(&by.name)
}

/// Whether some patterns name `caller` as one with a mind of his own. A workload is one only if it is
/// named as a workload: a group that happens to contain robots does not make robots approvers.
pub fn is_among(patterns: &[SubjectPattern], caller: &Caller) -> bool {
    patterns.iter().any(|pattern| {
        pattern.matches(caller)
            && (caller.kind == CallerKind::Person || matches!(pattern, SubjectPattern::Workload(_)))
    })
}

/// What a verdict by one who may decide makes of a hold.
pub(super) fn after(hold: &Hold, by: &Caller, verdict: Verdict) -> Result<HoldState, NotDecided> {
    if verdict == Verdict::Deny {
        return Ok(HoldState::Denied);
    }
    if !hold.demands.iter().any(|demand| counts(hold, demand, by)) {
        let has_approved = hold.decisions.iter().any(|decision| decision.is_by(by));
        return Err(if has_approved {
            NotDecided::Again
        } else {
            NotDecided::OwnRequest { approvers: names(&hold.approvers) }
        });
    }
    let missing = |demand: &Demand| demand.missing() > usize::from(counts(hold, demand, by));
    let is_pending = hold.demands.iter().any(missing);
    Ok(if is_pending { HoldState::Pending } else { HoldState::Approved })
}

/// Takes a recorded decision over.
pub(super) fn decided(hold: &mut Hold, by: &Caller, decision: Decision) {
    if decision.verdict == Verdict::Approve {
        let mut demands = std::mem::take(&mut hold.demands);
        for demand in demands.iter_mut().filter(|demand| counts(hold, demand, by)) {
            demand.approved_by.push(by.name.clone());
        }
        hold.demands = demands;
    }
    hold.decisions.push(decision);
}

/// Who has approved it, each once.
pub(super) fn approved_by(hold: &Hold) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for Decision { by, .. } in hold.decisions.iter().filter(|of| of.verdict == Verdict::Approve) {
        if !names.contains(by) {
            names.push(by.clone());
        }
    }
    names
}

/// Takes a recorded escalation over: those who join can give the approval of the policy that asked
/// for them, and of no other.
pub(super) fn escalated(hold: &mut Hold) {
    let Some(escalation) = &mut hold.escalation else { return };
    escalation.done = true;
    for demand in hold.demands.iter_mut().filter(|demand| demand.policy == escalation.policy) {
        let is_new = |approver: &&SubjectPattern| !demand.approvers.contains(approver);
        let joining: Vec<_> = escalation.approvers.iter().filter(is_new).cloned().collect();
        demand.approvers.extend(joining);
    }
    hold.approvers = approvers(&hold.demands);
}

/// Whether somebody's approval is one that a demand wants, and does not have: who may give that of
/// another policy since an escalation may approve once more.
fn counts(hold: &Hold, demand: &Demand, by: &Caller) -> bool {
    let own = hold.decisions.iter().filter(|decision| decision.is_by(by));
    is_among(&demand.approvers, by)
        && (demand.self_approval || !is_own(hold, by))
        && !own.map(|decision| &decision.by).any(|name| demand.approved_by.contains(name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kguard::api::Escalation;
    use kguard::api::plans::PlanCard;

    use super::*;
    use crate::store::samples;

    fn caller(name: &str, group: &str) -> Caller {
        Caller {
            name: name.into(),
            groups: vec![group.into()],
            uid: None,
            kind: CallerKind::Person,
            issuer: "https://idp.example".into(),
        }
    }

    fn demand(policy: &str, group: &str, quorum: u32) -> Demand {
        Demand {
            policy: policy.into(),
            message: String::new(),
            approvers: vec![format!("group:{group}").parse().unwrap()],
            quorum,
            self_approval: false,
            max_auth_age: None,
            approved_by: Vec::new(),
        }
    }

    fn hold(demands: Vec<Demand>) -> Hold {
        let mut hold = samples::hold("ab2cd", HoldState::Pending, "2026-01-01T00:00:00Z");
        hold.approvers = approvers(&demands);
        hold.demands = demands;
        hold
    }

    fn escalates(hold: &mut Hold, policy: &str, group: &str) {
        let (policy, at) = (policy.to_owned(), hold.created);
        let approvers = vec![format!("group:{group}").parse().unwrap()];
        hold.escalation = Some(Escalation { policy, at, approvers, done: false });
    }

    fn approve(hold: &mut Hold, by: &Caller) -> Result<HoldState, NotDecided> {
        let verdict = Verdict::Approve;
        let state = after(hold, by, verdict)?;
        let (issuer, uid, at) = (by.issuer.clone(), by.uid.clone(), hold.created);
        let (comment, grant) = (None, None);
        let decision = Decision { by: by.name.clone(), issuer, uid, verdict, comment, grant, at };
        decided(hold, by, decision);
        Ok(state)
    }

    #[test]
    fn every_policy_gets_the_people_that_it_wants() {
        let mut hold = hold(vec![demand("a", "sre", 1), demand("b", "dba", 2)]);
        let [sre, dba, other] = [("bob", "sre"), ("dora", "dba"), ("emil", "dba")]
            .map(|(name, group)| caller(name, group));
        assert_eq!(approve(&mut hold, &sre).unwrap(), HoldState::Pending);
        assert_eq!(approve(&mut hold, &dba).unwrap(), HoldState::Pending);
        assert_eq!(approve(&mut hold, &other).unwrap(), HoldState::Approved);
    }

    #[test]
    fn one_person_may_be_all_that_is_wanted() {
        let mut hold = hold(vec![demand("a", "sre", 1), demand("b", "dba", 1)]);
        let mut both = caller("bob", "sre");
        both.groups.push("dba".into());
        assert_eq!(approve(&mut hold, &both).unwrap(), HoldState::Approved);
    }

    #[test]
    fn who_joins_later_joins_those_of_one_policy() {
        let mut hold = hold(vec![demand("a", "sre", 1), demand("b", "dba", 1)]);
        escalates(&mut hold, "a", "managers");
        let manager = caller("mia", "managers");
        assert!(!may_decide(&hold, &manager));
        escalated(&mut hold);
        assert!(may_decide(&hold, &manager));
        assert_eq!(approve(&mut hold, &manager).unwrap(), HoldState::Pending);
        assert_eq!(hold.demands.iter().map(Demand::is_met).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn who_has_approved_for_one_policy_may_for_the_one_that_he_joins_later() {
        let mut hold = hold(vec![demand("a", "sre", 2), demand("b", "dba", 1)]);
        escalates(&mut hold, "b", "sre");
        let bob = caller("bob", "sre");
        assert_eq!(approve(&mut hold, &bob).unwrap(), HoldState::Pending);
        assert!(matches!(approve(&mut hold, &bob), Err(NotDecided::Again)));
        escalated(&mut hold);
        // For the first policy he is one voice as before.
        assert_eq!(approve(&mut hold, &bob).unwrap(), HoldState::Pending);
        assert_eq!(hold.demands.iter().map(Demand::is_met).collect::<Vec<_>>(), [false, true]);
        assert!(matches!(approve(&mut hold, &bob), Err(NotDecided::Again)));
        assert_eq!(approve(&mut hold, &caller("emil", "sre")).unwrap(), HoldState::Approved);
        assert_eq!(approved_by(&hold), ["bob", "emil"]);
    }

    #[test]
    fn who_plans_and_who_runs_it_do_not_count() {
        let mut hold = hold(vec![demand("a", "dev", 1)]);
        let own = approve(&mut hold, &caller("oidc:alice", "dev"));
        assert!(matches!(own, Err(NotDecided::OwnRequest { .. })));
        let apply_as = Some("deploy".into());
        hold.plan = Some(Arc::new(PlanCard { apply_as, ..PlanCard::default() }));
        let runs = approve(&mut hold, &caller("deploy", "dev"));
        assert!(matches!(runs, Err(NotDecided::OwnRequest { .. })));
        // A policy may want it otherwise, and speaks for itself alone.
        let own = Demand { self_approval: true, ..demand("a", "dev", 1) };
        let mut hold = self::hold(vec![own, demand("b", "dev", 1)]);
        assert_eq!(approve(&mut hold, &caller("oidc:alice", "dev")).unwrap(), HoldState::Pending);
        assert_eq!(approve(&mut hold, &caller("bob", "dev")).unwrap(), HoldState::Approved);
    }
}
