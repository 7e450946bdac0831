//! The trail: all of it for auditors, to verify it; one's own entries for everybody.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{Json, Response};
use jiff::Timestamp;
use kguard::audit::record::{Event, Outcome};
use kguard::audit::{Line, Sealed};
use kguard::identity::Caller;
use kguard::kube::status::{Reason, Status};
use serde::Deserialize;
use uuid::Uuid;

use super::stream::{self, Lines};
use super::{Asking, Refusal, Shared};
use crate::gateway::Gateway;
use crate::store::{Filter, Query as StoreQuery, Window};

const PAGE: u32 = 512;
const MAX_ENTRIES: u32 = 1000;
/// An export of a long trail takes a while; its reader need not log in again meanwhile.
const EXPORT_TIME: Duration = Duration::from_hours(1);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExportQuery {
    #[serde(default)]
    after: u64,
}

/// Every line after one, as it is stored, up to what is there now.
pub(super) async fn export(
    State(gateway): Shared,
    Asking(asking): Asking,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Refusal> {
    if !gateway.is_auditor(&asking.caller) {
        let message = "only auditors may read the whole trail; `kguard audit list` shows your own";
        return Err(Refusal(Status::failure(Reason::Forbidden, message)));
    }
    let through = gateway.recorder.heads().borrow().seq;
    let export = Export { gateway, after: query.after, through, ready: VecDeque::new() };
    Ok(stream::respond(export, EXPORT_TIME))
}

struct Export {
    gateway: Arc<Gateway>,
    after: u64,
    through: u64,
    ready: VecDeque<Line>,
}

impl Lines for Export {
    type Line = Line;

    async fn next(&mut self) -> Option<Line> {
        if self.ready.is_empty() && self.after < self.through {
            match self.gateway.store.lines(self.after, PAGE).await {
                Ok(lines) => self.ready = lines.into(),
                Err(error) => tracing::error!(%error, "an export of the trail broke off"),
            }
        }
        let line = self.ready.pop_front()?;
        if let Line::Entry(entry) = &line {
            self.after = entry.seq;
        }
        Some(line)
    }
}

/// What to list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListQuery {
    caller: Option<String>,
    cluster: Option<String>,
    decision: Option<Outcome>,
    verb: Option<String>,
    namespace: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    request: Option<Uuid>,
    hold: Option<String>,
    limit: Option<u32>,
}

pub(super) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
    Query(query): Query<ListQuery>,
) -> Result<Json<Vec<Sealed>>, Refusal> {
    let everything = gateway.is_auditor(&asking.caller);
    let by_request = query.request.is_some();
    let own = || asking.caller.name.clone();
    let filter = Filter {
        // A response names no caller, so a request's own two entries are judged below.
        caller: if everything || by_request { query.caller } else { Some(own()) },
        cluster: query.cluster,
        decision: query.decision,
        verb: query.verb,
        namespace: query.namespace,
        since: query.since,
        until: query.until,
        request: query.request,
        hold: query.hold,
    };
    let limit = query.limit.unwrap_or(100).min(MAX_ENTRIES);
    let query = StoreQuery { filter, window: Window::Newest, limit };
    let entries = gateway.store.entries(&query).await.map_err(|error| {
        tracing::error!(%error, "the trail cannot be read");
        Refusal(Status::failure(Reason::ServiceUnavailable, "the trail cannot be read"))
    })?;
    let visible =
        everything || !by_request || entries.iter().any(|entry| is_by(entry, &asking.caller));
    Ok(Json(if visible { entries } else { Vec::new() }))
}

fn is_by(entry: &Sealed, caller: &Caller) -> bool {
    match entry.record.read().map(|record| record.event) {
        Ok(Event::Request(request)) => {
            request.caller.name == caller.name && request.caller.issuer == caller.issuer
        }
        Ok(Event::Rejected { caller: by, .. }) => {
            by.name == caller.name && by.issuer == caller.issuer
        }
        _ => false,
    }
}
