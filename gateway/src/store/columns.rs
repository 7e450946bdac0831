//! What an entry is found by, taken out of its record.

use jiff::Timestamp;
use kguard::audit::record::{Event, Outcome, Record, RequestRecord};
use uuid::Uuid;

/// The parts of a record that a store can filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns<'a> {
    /// When.
    pub at: Timestamp,
    /// The kind of event, as the record spells it.
    pub event: &'static str,
    /// The request it is about.
    pub request: Option<Uuid>,
    /// The hold it is about.
    pub hold: Option<&'a str>,
    /// Who acted.
    pub caller: Option<&'a str>,
    /// The cluster.
    pub cluster: Option<&'a str>,
    /// The decision on the request.
    pub decision: Option<Outcome>,
    /// The request's verb.
    pub verb: Option<&'static str>,
    /// The request's namespace.
    pub namespace: Option<&'a str>,
}

/// A step in the life of a request that is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It ended.
    Ended(Uuid),
    /// It is sent on.
    Sent(Uuid),
}

impl Step {
    /// What a record says of a request that is sent on.
    pub fn of(record: &Record) -> Option<Self> {
        match &record.event {
            Event::Request(request) if request.decision == Outcome::Allow => {
                Some(Self::Sent(request.id))
            }
            Event::Response(response) => Some(Self::Ended(response.id)),
            _ => None,
        }
    }
}

impl<'a> Columns<'a> {
    /// Takes them out of a record.
    pub fn of(record: &'a Record) -> Self {
        let at = record.at;
        match &record.event {
            Event::Grant(grant) => Self {
                hold: Some(&grant.hold),
                caller: Some(&grant.caller.name),
                cluster: Some(&grant.pattern.cluster),
                ..Self::of_event(at, "grant")
            },
            Event::GrantEnded { hold, end, .. } => {
                let caller = end.by.as_deref();
                Self { hold: Some(hold), caller, ..Self::of_event(at, "grantEnded") }
            }
            Event::Hold { hold, request } => {
                Self { hold: Some(hold), ..Self::of_request(at, "hold", request) }
            }
            Event::HoldState { hold, by, .. } => {
                let caller = by.as_deref();
                Self { hold: Some(hold), caller, ..Self::of_event(at, "holdState") }
            }
            Event::HoldEscalated { hold, .. } => {
                Self { hold: Some(hold), ..Self::of_event(at, "holdEscalated") }
            }
            Event::Outage { .. } => Self::of_event(at, "outage"),
            Event::PlanEnded { plan, caller, .. } => {
                let caller = Some(&*caller.name);
                Self { hold: Some(plan), caller, ..Self::of_event(at, "planEnded") }
            }
            Event::PlanSubmitted { plan, caller, cluster, .. } => {
                let (hold, caller, cluster) =
                    (Some(&**plan), Some(&*caller.name), Some(&**cluster));
                Self { hold, caller, cluster, ..Self::of_event(at, "planSubmitted") }
            }
            Event::Planned { plan, caller, cluster, .. } => {
                let (hold, caller, cluster) =
                    (Some(&**plan), Some(&*caller.name), Some(&**cluster));
                Self { hold, caller, cluster, ..Self::of_event(at, "planned") }
            }
            Event::PoliciesLoaded { .. } => Self::of_event(at, "policiesLoaded"),
            Event::Rejected { id, caller, cluster, .. } => Self {
                request: Some(*id),
                caller: Some(&caller.name),
                cluster: Some(cluster),
                decision: Some(Outcome::Deny),
                ..Self::of_event(at, "rejected")
            },
            Event::Request(request) => Self::of_request(at, "request", request),
            Event::Response(response) => {
                Self { request: Some(response.id), ..Self::of_event(at, "response") }
            }
            Event::Review { hold, review } => {
                Self { hold: Some(hold), caller: Some(&review.by), ..Self::of_event(at, "review") }
            }
            Event::Started { .. } => Self::of_event(at, "started"),
        }
    }

    fn of_event(at: Timestamp, event: &'static str) -> Self {
        Self {
            at,
            event,
            request: None,
            hold: None,
            caller: None,
            cluster: None,
            decision: None,
            verb: None,
            namespace: None,
        }
    }

    fn of_request(at: Timestamp, event: &'static str, request: &'a RequestRecord) -> Self {
        let namespace = request.request.resource.as_ref().map(|resource| &*resource.namespace);
        Self {
            request: Some(request.id),
            hold: request.hold.as_deref().or(request.plan.as_deref()),
            caller: Some(&request.caller.name),
            cluster: Some(&request.cluster),
            decision: Some(request.decision),
            verb: Some(request.request.verb.as_str()),
            namespace: namespace.filter(|name| !name.is_empty()),
            ..Self::of_event(at, event)
        }
    }
}
