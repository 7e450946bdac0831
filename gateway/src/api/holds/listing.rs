//! Lists of holds: all that were there lately, or a page at a time of those that wait or are settled.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use jiff::Timestamp;
use kguard::api::{Hold, HoldState};
use kguard::identity::Caller;
use serde::Deserialize;

use super::{may_see, unavailable};
use crate::api::search::{MAX_SCANNED, Page, Words};
use crate::api::{Asking, Refusal, Shared};
use crate::gateway::Gateway;
use crate::store::{PastHolds, StoreError};

/// How far a list goes that is not asked for in pages, and a page whose length is not said.
const HISTORY: u32 = 200;
const MAX_PAGE: u32 = 1000;
/// How many are read at once while a page is filled.
const CHUNK: u32 = 500;

/// What to list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::api) struct ListQuery {
    state: Option<Which>,
    text: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
}

/// Those in one state, or all that do not wait any more.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Which {
    Settled,
    #[serde(untagged)]
    In(HoldState),
}

pub(in crate::api) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
    Query(query): Query<ListQuery>,
) -> Result<Page<Hold>, Refusal> {
    let search = Search {
        gateway: &gateway,
        caller: &asking.caller,
        words: Words::new(query.text.as_deref())?,
        limit: query.limit.unwrap_or(HISTORY).clamp(1, MAX_PAGE) as usize,
    };
    let page = match query.state {
        None => search.recent().await,
        Some(Which::In(HoldState::Pending)) => Ok(search.waiting(query.before.as_deref())),
        Some(Which::In(state)) => search.past(Some(state), query.before).await,
        Some(Which::Settled) => search.past(None, query.before).await,
    };
    let mut page = page.map_err(|error| unavailable(&error))?;
    // What is in a plan is shown with it alone.
    for card in page.items.iter_mut().filter_map(|hold| hold.plan.as_mut()) {
        *card = card.summary().into();
    }
    Ok(page)
}

/// What somebody looks for.
struct Search<'a> {
    gateway: &'a Arc<Gateway>,
    caller: &'a Caller,
    words: Words,
    limit: usize,
}

impl Search<'_> {
    /// The newest, whatever their state.
    async fn recent(&self) -> Result<Page<Hold>, StoreError> {
        let stored = self.gateway.store.holds(None, HISTORY).await?;
        // What is in memory is newer than what is stored.
        let mut holds: HashMap<_, _> =
            stored.into_iter().map(|hold| (hold.id.clone(), hold)).collect();
        holds.extend(self.gateway.holds.recent().into_iter().map(|hold| (hold.id.clone(), hold)));
        let mut items: Vec<_> = holds.into_values().filter(|hold| self.finds(hold)).collect();
        items.sort_by_key(|hold| std::cmp::Reverse(hold.created));
        Ok(Page { items, next: None })
    }

    /// Those that wait, newest first. They are in memory, all of them.
    fn waiting(&self, before: Option<&str>) -> Page<Hold> {
        let mut items = self.gateway.holds.pending();
        items.retain(|hold| self.finds(hold));
        items.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        let passed = before.and_then(|id| items.iter().position(|hold| hold.id == id));
        items.drain(..passed.map_or(0, |at| at + 1));
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = items.last().filter(|_| more).map(|hold| hold.id.clone());
        Page { items, next }
    }

    /// Those that are settled, newest first, before one of them.
    async fn past(
        &self,
        state: Option<HoldState>,
        before: Option<String>,
    ) -> Result<Page<Hold>, StoreError> {
        let mut place = self.place(before).await?;
        let mut items = Vec::new();
        for _ in 0..MAX_SCANNED / CHUNK as usize {
            let query = PastHolds { state, before: place.take(), limit: CHUNK };
            let chunk = self.gateway.store.past_holds(&query).await?;
            let is_last = chunk.len() < CHUNK as usize;
            place = chunk.last().map(|hold| (hold.created, hold.id.clone()));
            items.extend(chunk.into_iter().filter(|hold| self.finds(hold)));
            if items.len() > self.limit {
                items.truncate(self.limit);
                let next = items.last().map(|hold| hold.id.clone());
                return Ok(Page { items, next });
            }
            if is_last {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: place.map(|(_, id)| id) })
    }

    async fn place(&self, id: Option<String>) -> Result<Option<(Timestamp, String)>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        Ok(self.gateway.store.hold(&id).await?.map(|hold| (hold.created, id)))
    }

    fn finds(&self, hold: &Hold) -> bool {
        may_see(self.gateway, hold, self.caller)
            && (self.words.is_empty() || self.words.are_in(&searched(hold)))
    }
}

/// What a hold is found by: what a person remembers of it.
fn searched(hold: &Hold) -> String {
    let request = &hold.request;
    let reason = hold.claims.reason.as_deref().unwrap_or_default();
    let mut text = [
        hold.id.as_str(),
        &hold.caller.name,
        &hold.cluster,
        &hold.policy,
        request.verb.as_str(),
        &request.path,
        reason,
    ]
    .join("\n");
    for decision in &hold.decisions {
        text.extend(["\n", &decision.by, "\n", decision.comment.as_deref().unwrap_or_default()]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_of_the_holds_or_any_that_is_settled() {
        let read = |text: &str| serde_json::from_value::<Which>(text.into()).ok();
        assert!(read("settled") == Some(Which::Settled));
        assert!(read("denied") == Some(Which::In(HoldState::Denied)));
        assert!(read("open").is_none());
    }
}
