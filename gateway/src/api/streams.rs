//! Streams that run, and the recordings of those that have ended: all for auditors, one's own for
//! everybody.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Json, Response};
use futures_util::stream;
use kguard::api::{EndStream, RunningStream};
use kguard::audit::record::Event;
use kguard::identity::Caller;
use kguard::kube::status::{Reason, Status};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Asking, Refusal, Shared};
use crate::gateway::Gateway;
use crate::store::{Filter, Query, Window};
use crate::streams::{Found, Running};

/// A request has two, and some for its hold.
const ENTRIES: u32 = 16;
const CHUNK_BYTES: usize = 64 * 1024;

pub(super) async fn list(
    State(gateway): Shared,
    Asking(asking): Asking,
) -> Json<Vec<RunningStream>> {
    let running = gateway.streams.running().into_iter();
    let shown = running.filter(|running| may_see(&gateway, &asking.caller, &running.caller.name));
    Json(shown.map(|running| running.about.clone()).collect())
}

pub(super) async fn end(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<Uuid>,
    Json(EndStream { reason }): Json<EndStream>,
) -> Result<Json<RunningStream>, Refusal> {
    let running = find(&gateway, &asking.caller, id).ok_or_else(not_running)?;
    let by = &asking.caller.name;
    let reason = reason.map(|reason| printable(&reason)).filter(|reason| !reason.is_empty());
    running.end(match reason {
        Some(reason) => format!("the session was ended by {by}: {reason}"),
        None => format!("the session was ended by {by}"),
    });
    Ok(Json(running.about.clone()))
}

/// The recording of a stream that runs, as it grows.
pub(super) async fn follow(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<Uuid>,
) -> Result<Response, Refusal> {
    let running = find(&gateway, &asking.caller, id).ok_or_else(not_running)?;
    let Some(written) = running.written.clone() else {
        return Err(not_found("this session is not recorded"));
    };
    let file = gateway.streams.file(id).await.map_err(|_| not_found(NONE))?;
    Ok(respond(file, written))
}

/// A recording that is complete.
pub(super) async fn recording(
    State(gateway): Shared,
    Asking(asking): Asking,
    Path(id): Path<Uuid>,
) -> Result<Response, Refusal> {
    if !may_see(&gateway, &asking.caller, &owner(&gateway, id).await?) {
        return Err(not_found(NONE));
    }
    let found = gateway.streams.recording(id).await.map_err(|error| {
        tracing::error!(%error, "a recording cannot be read");
        Refusal(Status::failure(Reason::ServiceUnavailable, "the recording cannot be read now"))
    })?;
    match found.ok_or_else(|| not_found(NONE))? {
        Found::File(file) => {
            let length = file.metadata().await.map_err(|_| not_found(NONE))?.len();
            // Closed at once: what is there is all there is.
            let (_, written) = watch::channel(length);
            Ok(respond(file, written))
        }
        Found::Object(pieces) => Ok(asciicast(Body::from_stream(pieces))),
    }
}

const NONE: &str = "there is no such recording";

/// Who a request was by, as the trail has it.
async fn owner(gateway: &Gateway, id: Uuid) -> Result<String, Refusal> {
    let filter = Filter { request: Some(id), ..Filter::default() };
    let query = Query { filter, window: Window::After(0), limit: ENTRIES };
    let found = gateway.store.entries(&query).await.map_err(|error| {
        tracing::error!(%error, "the trail cannot be read");
        Refusal(Status::failure(Reason::ServiceUnavailable, "the trail cannot be read"))
    })?;
    let owner = found.iter().find_map(|entry| match entry.record.read().ok()?.event {
        Event::Request(request) => Some(request.caller.name.clone()),
        _ => None,
    });
    owner.ok_or_else(|| not_found(NONE))
}

fn find(gateway: &Gateway, caller: &Caller, id: Uuid) -> Option<Arc<Running>> {
    let running = gateway.streams.find(id);
    running.filter(|running| may_see(gateway, caller, &running.caller.name))
}

fn not_running() -> Refusal {
    not_found("no such session runs; `kguard sessions` lists those that do")
}

fn may_see(gateway: &Gateway, caller: &Caller, owner: &str) -> bool {
    caller.name == owner || gateway.is_auditor(caller)
}

fn not_found(message: &str) -> Refusal {
    Refusal(Status::failure(Reason::NotFound, message))
}

/// What is said in somebody's terminal has no control characters.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

/// A file as it grows, until nobody writes to it any more.
fn respond(file: File, written: watch::Receiver<u64>) -> Response {
    let body = stream::unfold((file, written, 0_u64), |(mut file, mut written, sent)| async move {
        loop {
            let there = *written.borrow_and_update();
            if sent < there {
                let mut chunk = Vec::new();
                let most = (there - sent).min(CHUNK_BYTES as u64);
                let read = (&mut file).take(most).read_to_end(&mut chunk).await;
                return match read {
                    Ok(0) => None,
                    Ok(length) => Some((Ok(chunk), (file, written, sent + length as u64))),
                    Err(error) => Some((Err(error), (file, written, sent))),
                };
            }
            written.changed().await.ok()?;
        }
    });
    asciicast(Body::from_stream(body))
}

fn asciicast(body: Body) -> Response {
    ([(CONTENT_TYPE, "application/x-asciicast")], body).into_response()
}
