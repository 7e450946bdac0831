//! Replays a trail against other policies: what would have been decided otherwise?
//!
//! Line by line, so that a trail of any length takes no more memory than its differences do. The
//! trail holds no bodies: where the decision depends on an object, that is what is reported, and
//! nothing is guessed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::decision::Objects;
use super::{Facts, PolicySet};
use crate::audit::record::{Event, Outcome, Record, RequestRecord};
use crate::audit::trail::{self, Between, Unreadable};
use crate::identity::Caller;
use crate::kube::request_info::{RequestInfo, ResourceInfo};

/// Differences are told apart up to this number; what comes later is counted as others.
const MAX_GROUPS: usize = 10_000;

/// A replay that is under way.
#[derive(Debug)]
pub struct Replay<'a> {
    policies: &'a PolicySet,
    between: Between,
    report: Replayed,
    changes: BTreeMap<Group, Count>,
}

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// How many requests were decided anew.
    pub requests: u64,
    /// How many of them would be decided alike.
    pub unchanged: u64,
    /// How many would be decided otherwise, by `from→to`.
    pub changed: BTreeMap<String, u64>,
    /// How many would depend on the object, which the trail does not hold.
    pub depends: u64,
    /// How many lines are by a newer gateway, and not understood.
    pub unknown: u64,
    /// What is otherwise, the most frequent first.
    pub changes: Vec<Change>,
    /// How many requests are otherwise that `changes` has no room for.
    pub others: u64,
}

/// Requests that are decided otherwise in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What they are.
    #[serde(flatten)]
    pub group: Group,
    /// How many.
    #[serde(flatten)]
    pub count: Count,
}

/// Everything that can be decided, and the policy if that is one thing.
type Decided = (Vec<Outcome>, Option<String>);

/// What requests have in common that are reported together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// What was decided.
    pub from: Outcome,
    /// What would be decided; several where that depends on the object.
    pub to: Vec<Outcome>,
    /// Who asked.
    pub caller: String,
    /// For what.
    pub verb: &'static str,
    /// Of which resource, or the path.
    pub resource: String,
    /// The policy that would decide; none where no policy would, or that depends on the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// How many requests, and one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// How many.
    pub count: u64,
    /// The id of the last one.
    pub example: String,
}

impl RequestRecord {
    /// What the policies said of it, whatever an approver said then, or had said before: a grant
    /// lifts a hold, and without the hold there would be nothing to lift.
    pub fn decided(&self) -> Outcome {
        let held = self.hold.is_some() || !self.grants.is_empty();
        if held { Outcome::Hold } else { self.decision }
    }
}

impl<'a> Replay<'a> {
    /// A replay of what happened `between` two moments.
    pub fn new(policies: &'a PolicySet, between: Between) -> Self {
        Self { policies, between, report: Replayed::default(), changes: BTreeMap::new() }
    }

    /// Takes the next line of the trail.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Unreadable> {
        match trail::read(line)? {
            trail::Read::Record(Record { at, event: Event::Request(request) })
                if self.between.contains(at) && !request.is_of_plan_alone() =>
            {
                self.request(&request, at);
            }
            trail::Read::Newer => self.report.unknown += 1,
            trail::Read::Checkpoint | trail::Read::Record(_) => {}
        }
        Ok(())
    }

    /// What was found.
    pub fn finish(self) -> Replayed {
        let changes = self.changes.into_iter().map(|(group, count)| Change { group, count });
        let mut changes: Vec<_> = changes.collect();
        changes.sort_by(|a, b| b.count.count.cmp(&a.count.count).then(a.group.cmp(&b.group)));
        Replayed { changes, ..self.report }
    }

    fn request(&mut self, record: &RequestRecord, at: Timestamp) {
        let from = record.decided();
        let (to, policy) = self.decide(record, at);
        self.report.requests += 1;
        match to.as_slice() {
            [to] if *to == from => {
                self.report.unchanged += 1;
                return;
            }
            [to] => {
                let kind = format!("{}→{}", from.as_str(), to.as_str());
                *self.report.changed.entry(kind).or_default() += 1;
            }
            _ => self.report.depends += 1,
        }
        let request = &record.request;
        let resource = request.resource.as_ref();
        let resource = resource.map_or_else(|| request.path.clone(), ResourceInfo::display_name);
        let caller = record.caller.name.clone();
        self.count(
            Group { from, to, caller, verb: request.verb.as_str(), resource, policy },
            record,
        );
    }

    /// What can be decided, and the policy if that is one thing. Who acts as somebody else needs
    /// the right to, and gets nothing that either of the two does not get.
    fn decide(&self, record: &RequestRecord, at: Timestamp) -> Decided {
        let request = &record.request;
        let decided = self.ask((&record.caller, &record.query), record, request, at);
        let Some(impersonated) = &record.impersonated else { return decided };
        let rights = impersonated.rights();
        let rights = rights.iter().map(|right| {
            let (possible, policy) = self.ask((&record.caller, &[]), record, right, at);
            let refused = possible.contains(&Outcome::Deny) || possible.contains(&Outcome::Hold);
            (if refused { vec![Outcome::Deny] } else { possible }, policy)
        });
        let identity = impersonated.caller(&record.caller);
        let identitys = self.ask((&identity, &record.query), record, request, at);
        rights.chain([identitys]).fold(decided, both)
    }

    fn ask(
        &self,
        (caller, query): (&Caller, &[(String, String)]),
        record: &RequestRecord,
        request: &RequestInfo,
        at: Timestamp,
    ) -> Decided {
        let facts = Facts { request, query, caller, cluster: &record.cluster };
        let objects = Objects::unknown(request, "the trail holds no bodies");
        let explanation = self.policies.candidates(&facts).explain(&objects, at);
        let decision = explanation.ruling.decision;
        let policy = decision.policy().filter(|_| explanation.possible.len() == 1);
        (explanation.possible, policy.map(str::to_owned))
    }

    fn count(&mut self, group: Group, record: &RequestRecord) {
        if self.changes.len() >= MAX_GROUPS && !self.changes.contains_key(&group) {
            self.report.others += 1;
            return;
        }
        let example = record.id.to_string();
        let count = self.changes.entry(group).or_insert(Count { count: 0, example: String::new() });
        *count = Count { count: count.count + 1, example };
    }
}

/// What is possible if two have to agree: whatever is worse of each two.
fn both(one: Decided, other: Decided) -> Decided {
    let pairs = one.0.iter().flat_map(|a| other.0.iter().map(move |b| worse(*a, *b)));
    let possible: BTreeSet<_> = pairs.collect();
    let possible: Vec<_> = possible.into_iter().collect();
    let policy = if possible == one.0 { one.1 } else { other.1 };
    (possible, policy)
}

fn worse(a: Outcome, b: Outcome) -> Outcome {
    let by_severity = [Outcome::Deny, Outcome::Hold, Outcome::Allow];
    by_severity.into_iter().find(|outcome| [a, b].contains(outcome)).unwrap_or(Outcome::Deny)
}

#[cfg(test)]
mod tests;
