//! The recordings that there are, newest first.

use axum::extract::{Query, State};
use kguard::api::PastStream;
use kguard::kube::status::{Reason, Status};
use serde::Deserialize;
use uuid::Uuid;

use super::search::Page;
use super::{Asking, Refusal, Shared};

/// A page whose length is not said, and the longest.
const USUAL: usize = 50;
const MAX: usize = 200;
/// How many heads are read for one page at most: others' recordings are passed over.
const MAX_READ: usize = 2000;

/// What to list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListQuery {
    before: Option<Uuid>,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
    Query(query): Query<ListQuery>,
) -> Result<Page<PastStream>, Refusal> {
    let ids = gateway.streams.recorded(query.before).await.map_err(|error| {
        tracing::error!(%error, "the folder of recordings cannot be read");
        let message = "the folder of recordings cannot be read";
        Refusal(Status::failure(Reason::ServiceUnavailable, message))
    })?;
    let limit = query.limit.unwrap_or(USUAL).clamp(1, MAX);
    let everything = gateway.is_auditor(&asking.caller);
    let (mut items, mut next) = (Vec::new(), None);
    for (read, id) in ids.into_iter().enumerate() {
        if items.len() == limit || read == MAX_READ {
            return Ok(Page { items, next });
        }
        next = Some(id.to_string());
        // What cannot be read is no recording of anybody's.
        let Some(past) = gateway.streams.past(id).await else { continue };
        if everything || past.facts.caller == asking.caller.name {
            items.push(past);
        }
    }
    Ok(Page { items, next: None })
}
