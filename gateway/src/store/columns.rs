//! What an entry is found by, taken out of its record.

use jiff::Timestamp;
use kguard::audit::record::{Event, Record, RequestRecord};
use serde::Serialize;
use uuid::Uuid;

/// The parts of a record that a store can filter by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// When.
    pub at: Timestamp,
    /// The kind of event, as the record spells it.
    pub event: &'static str,
    /// The request it is about.
    pub request: Option<Uuid>,
    /// The hold it is about.
    pub hold: Option<String>,
    /// Who acted.
    pub caller: Option<String>,
    /// The cluster.
    pub cluster: Option<String>,
    /// The decision on the request.
    pub decision: Option<String>,
    /// The request's verb.
    pub verb: Option<String>,
    /// The request's namespace.
    pub namespace: Option<String>,
}

/// A step in the life of a request that is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It ended.
    Ended(Uuid),
    /// It is sent on.
    Sent(Uuid),
}

impl Columns {
    /// Takes them out of a record.
    pub fn of(record: &Record) -> Self {
        let at = record.at;
        match &record.event {
            Event::Hold { hold, request } => {
                Self { hold: Some(hold.clone()), ..Self::of_request(at, "hold", request) }
            }
            Event::HoldState { hold, by, .. } => Self {
                hold: Some(hold.clone()),
                caller: by.clone(),
                ..Self::of_event(at, "holdState")
            },
            Event::Outage { .. } => Self::of_event(at, "outage"),
            Event::PoliciesLoaded { .. } => Self::of_event(at, "policiesLoaded"),
            Event::Rejected { id, caller, cluster, .. } => Self {
                request: Some(*id),
                caller: Some(caller.name.clone()),
                cluster: Some(cluster.clone()),
                decision: Some("deny".to_owned()),
                ..Self::of_event(at, "rejected")
            },
            Event::Request(request) => Self::of_request(at, "request", request),
            Event::Response(response) => {
                Self { request: Some(response.id), ..Self::of_event(at, "response") }
            }
            Event::Started { .. } => Self::of_event(at, "started"),
        }
    }

    /// What it says of a request that is sent on.
    pub fn step(&self) -> Option<Step> {
        match (self.event, self.decision.as_deref(), self.request) {
            ("request", Some("allow"), Some(id)) => Some(Step::Sent(id)),
            ("response", _, Some(id)) => Some(Step::Ended(id)),
            _ => None,
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

    fn of_request(at: Timestamp, event: &'static str, request: &RequestRecord) -> Self {
        let namespace = request.request.resource.as_ref().map(|resource| &resource.namespace);
        Self {
            request: Some(request.id),
            hold: request.hold.clone(),
            caller: Some(request.caller.name.clone()),
            cluster: Some(request.cluster.clone()),
            decision: name_of(&request.decision),
            verb: name_of(&request.request.verb),
            namespace: namespace.filter(|name| !name.is_empty()).cloned(),
            ..Self::of_event(at, event)
        }
    }
}

/// The name of an enum's variant as JSON spells it.
pub(super) fn name_of<T: Serialize>(variant: &T) -> Option<String> {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => Some(name),
        _ => None,
    }
}
