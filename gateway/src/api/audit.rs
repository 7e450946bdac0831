//! The trail: all of it for auditors, to verify it; one's own entries for everybody.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use kguard::audit::record::{Event, Outcome};
use kguard::audit::{Line, Sealed};
use kguard::identity::Caller;
use kguard::kube::status::{Reason, Status};
use serde::Deserialize;
use uuid::Uuid;

use super::search::{MAX_SCANNED, Page, Words};
use super::stream::{self, Lines};
use super::{Asking, Refusal, Shared};
use crate::gateway::Gateway;
use crate::store::{Filter, Query as StoreQuery, StoreError, Window};

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
    /// Words that are in the record.
    text: Option<String>,
    /// Only what came before this entry.
    before: Option<u64>,
    limit: Option<u32>,
}

/// The newest entries that are asked for, oldest first.
pub(super) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
    Query(query): Query<ListQuery>,
) -> Result<Page<Sealed>, Refusal> {
    let everything = gateway.is_auditor(&asking.caller);
    let by_request = query.request.is_some();
    let words = Words::new(query.text.as_deref())?;
    let window = query.before.map_or(Window::Newest, Window::Before);
    let limit = query.limit.unwrap_or(100).clamp(1, MAX_ENTRIES);
    // A response names no caller, so a request's own two entries are judged below.
    let caller = if everything || by_request {
        query.caller.clone()
    } else {
        Some(asking.caller.name.clone())
    };
    let wanted = StoreQuery { filter: query.filter(caller), window, limit };
    let page = find(&gateway, wanted, &words).await.map_err(|error| {
        tracing::error!(%error, "the trail cannot be read");
        Refusal(Status::failure(Reason::ServiceUnavailable, "the trail cannot be read"))
    })?;
    let visible =
        everything || !by_request || page.items.iter().any(|entry| is_by(entry, &asking.caller));
    Ok(if visible { page } else { Page { items: Vec::new(), next: None } })
}

impl ListQuery {
    fn filter(self, caller: Option<String>) -> Filter {
        Filter {
            caller,
            cluster: self.cluster,
            decision: self.decision,
            verb: self.verb,
            namespace: self.namespace,
            since: self.since,
            until: self.until,
            request: self.request,
            hold: self.hold,
        }
    }
}

/// The newest entries with all of the words in them, oldest first; and where to go on.
async fn find(
    gateway: &Gateway,
    mut query: StoreQuery,
    words: &Words,
) -> Result<Page<Sealed>, StoreError> {
    let limit = query.limit as usize;
    if !words.is_empty() {
        query.limit = MAX_ENTRIES;
    }
    let mut newest_first = Vec::new();
    let mut looked_at = 0;
    let next = loop {
        let chunk = gateway.store.entries(&query).await?;
        looked_at += chunk.len();
        let oldest = chunk.first().map(|entry| entry.seq);
        let is_last = chunk.len() < query.limit as usize;
        let found = chunk.into_iter().rev().filter(|entry| words.are_in(entry.record.as_str()));
        newest_first.extend(found);
        if newest_first.len() >= limit && !(is_last && newest_first.len() == limit) {
            newest_first.truncate(limit);
            break newest_first.last().map(|entry| entry.seq);
        }
        match oldest {
            Some(oldest) if !is_last && looked_at < MAX_SCANNED => {
                query.window = Window::Before(oldest);
            }
            oldest => break oldest.filter(|_| !is_last),
        }
    };
    newest_first.reverse();
    Ok(Page { items: newest_first, next: next.map(|seq| seq.to_string()) })
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
