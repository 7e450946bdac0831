//! Suggests policies from a trail: the least that allows what callers really did.
//!
//! What was refused, by the gateway or by the cluster, is nothing that anybody did. What somebody
//! approved is suggested as a hold, to be approved by those who approved it.

mod document;
mod region;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use self::region::{Action, Seen};
use crate::api::Verdict;
use crate::audit::record::{Event, Outcome, Record, RequestRecord, ResponseRecord};
use crate::audit::trail::{self, Between, Unreadable};
use crate::identity::{Caller, CallerKind, SubjectPattern};
use crate::policy::capability::Capabilities;

/// Different things that callers did are told apart up to this number.
const MAX_ACTIONS: usize = 100_000;

/// Requests whose end is awaited, and holds whose request is, up to this number each.
const MAX_OPEN: usize = 100_000;

/// A suggestion that is being made.
#[derive(Debug)]
pub struct Suggestion {
    callers: Option<SubjectPattern>,
    between: Between,
    /// Requests that were sent on and whose end was not met yet.
    open: HashMap<Uuid, Deed>,
    /// Who approved a hold whose request was not met yet.
    approvers: HashMap<String, BTreeSet<String>>,
    /// Who gave the grants that are in force.
    grants: HashMap<String, BTreeSet<String>>,
    done: BTreeMap<Who, BTreeMap<Action, Seen>>,
    actions: usize,
    left_out: LeftOut,
}

/// What somebody did, once.
#[derive(Debug)]
struct Deed {
    who: Who,
    action: Action,
    dangers: Capabilities,
    at: Timestamp,
}

/// Who did something, and whether a policy has to hold it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Who {
    name: String,
    is_person: bool,
    /// Those who approved it, if it was held.
    approvers: Option<BTreeSet<String>>,
}

/// What is not part of a suggestion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Requests that the gateway or an approver refused.
    pub refused: u64,
    /// Requests that the cluster refused or failed, or that no policy can name, or
    /// done in somebody else's name.
    pub failed: u64,
    /// Requests beyond what a suggestion has room for.
    pub beyond: u64,
}

impl Suggestion {
    /// A suggestion for the callers that the pattern names, from what happened `between` two
    /// moments.
    pub fn new(callers: Option<SubjectPattern>, between: Between) -> Self {
        Self {
            callers,
            between,
            open: HashMap::new(),
            approvers: HashMap::new(),
            grants: HashMap::new(),
            done: BTreeMap::new(),
            actions: 0,
            left_out: LeftOut::default(),
        }
    }

    /// Takes the next line of the trail.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Unreadable> {
        if let trail::Read::Record(Record { at, event }) = trail::read(line)? {
            self.event(event, at);
        }
        Ok(())
    }

    /// The policies as a file, or nothing if nobody did anything; and what is not part of them.
    pub fn finish(mut self) -> (Option<String>, LeftOut) {
        // The cluster is not known to have refused what is under way: a watch stays open for long.
        for (_, deed) in std::mem::take(&mut self.open) {
            self.did(deed);
        }
        let text = document::write(&self.done, self.left_out);
        ((!self.done.is_empty()).then_some(text), self.left_out)
    }

    fn event(&mut self, event: Event, at: Timestamp) {
        match event {
            Event::Request(request) => self.request(&request, at),
            Event::Response(response) => self.response(&response),
            Event::HoldState { hold, by: Some(by), verdict: Some(Verdict::Approve), .. } => {
                let has_room =
                    self.approvers.len() < MAX_OPEN || self.approvers.contains_key(&hold);
                if has_room && !by.contains('*') {
                    self.approvers.entry(hold).or_default().insert(by);
                }
            }
            Event::Grant(grant) => {
                let by = grant.by.into_iter().filter(|by| !by.contains('*')).collect();
                if self.grants.len() < MAX_OPEN {
                    self.grants.insert(grant.id, by);
                }
            }
            Event::GrantEnded { grant, .. } => drop(self.grants.remove(&grant)),
            _ => {}
        }
    }

    fn request(&mut self, request: &RequestRecord, at: Timestamp) {
        if request.is_of_plan_alone() {
            return;
        }
        // The approval of a plan is for many requests.
        let is_shared = request.plan.is_some();
        let approved = request.hold.as_ref().map(|hold| match self.approvers.get(hold) {
            Some(approvers) if is_shared => Some(approvers.clone()),
            _ => self.approvers.remove(hold),
        });
        // What ran on a grant was approved by those who gave it.
        let granted = || request.grants.first().map(|grant| self.grants.get(grant).cloned());
        let approvers = approved.or_else(granted);
        let named = self.callers.as_ref().is_none_or(|of| of.matches(&request.caller));
        if !named || !self.between.contains(at) {
            return;
        }
        if request.decision != Outcome::Allow {
            self.left_out.refused += 1;
        } else if self.open.len() >= MAX_OPEN {
            self.left_out.beyond += 1;
        } else if request.impersonated.is_none()
            && let Some(who) = Who::of(&request.caller, approvers.map(Option::unwrap_or_default))
            && let Some((action, dangers)) = Action::of(request)
        {
            self.open.insert(request.id, Deed { who, action, dangers, at });
        } else {
            self.left_out.failed += 1;
        }
    }

    fn response(&mut self, response: &ResponseRecord) {
        let Some(deed) = self.open.remove(&response.id) else { return };
        if response.code.is_some_and(is_refusal) {
            self.left_out.failed += 1;
        } else {
            self.did(deed);
        }
    }

    fn did(&mut self, Deed { who, action, dangers, at }: Deed) {
        let known = self.done.get(&who).is_some_and(|done| done.contains_key(&action));
        if !known && self.actions >= MAX_ACTIONS {
            self.left_out.beyond += 1;
            return;
        }
        self.actions += usize::from(!known);
        self.done.entry(who).or_default().entry(action).or_default().see(at, dangers);
    }
}

/// Whether the cluster did not do what was asked. What is not there, or is there already, is what
/// a caller may well ask for.
fn is_refusal(code: u16) -> bool {
    code >= 500 || matches!(code, 400 | 401 | 403 | 405)
}

impl Who {
    /// `None` for a caller whose name would be a pattern in a policy.
    fn of(caller: &Caller, approvers: Option<BTreeSet<String>>) -> Option<Self> {
        let is_person = caller.kind == CallerKind::Person;
        let name = caller.name.clone();
        (!name.contains('*')).then_some(Self { name, is_person, approvers })
    }
}

#[cfg(test)]
mod tests;
