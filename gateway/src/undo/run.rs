//! Undoing: the request goes through the pipeline as one of the caller's own, and he is told what
//! becomes of it. Whoever stops listening has gone away, and with him what waits for an approval.

use std::pin::Pin;
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use kguard::api::undo::UndoLine;
use kguard::api::{Claims, SessionEvent};
use kguard::identity::Caller;
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::plan::Plan;
use super::{Former, NotUndone};
use crate::answer_body::AnswerBody;
use crate::gateway::Gateway;
use crate::hold::Told;
use crate::pipeline;
use crate::request::{Origin, Via};
use crate::stopped::Stopped;

/// The longest answer that is read for what it says.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// A change that is being undone.
pub struct Undoing {
    session: Uuid,
    told: broadcast::Receiver<Arc<Told>>,
    /// None once it has ended.
    request: Option<Pin<Box<dyn Future<Output = UndoLine> + Send>>>,
}

/// Begins to undo a change, if nothing is in the way. Nothing is sent before somebody listens.
pub async fn begin(
    gateway: Arc<Gateway>,
    (former, caller): (Former, Arc<Caller>),
    claims: Claims,
) -> Result<Result<Undoing, NotUndone>, Stopped> {
    let cluster = gateway.cluster(&former.change.cluster)?;
    let plan = Plan::of(&gateway, &cluster, (&former, &caller)).await;
    let request = match plan.into_request() {
        Ok(request) => request,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    let session = Uuid::new_v4();
    let origin = Arc::new(Origin {
        cluster: former.change.cluster,
        undoes: Some(former.change.id),
        // It waits for as long as its hold does.
        via: Via::Tunnel,
        peer: "control API".to_owned(),
        session: Some(session),
        plan: None,
        claims: claims.without_secrets(),
        keep_hold: false,
        break_glass: None,
    });
    let told = gateway.holds.session_events();
    let request = async move {
        let response = pipeline::serve_own(&gateway, (caller, request), origin).await;
        line_of(response).await
    };
    Ok(Ok(Undoing { session, told, request: Some(Box::pin(request)) }))
}

impl Undoing {
    /// What happens next; none at the end.
    pub async fn next(&mut self) -> Option<UndoLine> {
        loop {
            let request = self.request.as_mut()?;
            tokio::select! {
                biased;
                told = self.told.recv() => match told {
                    Ok(told) if told.session == self.session => {
                        if let Some(line) = news(&told.event) {
                            return Some(line);
                        }
                    }
                    // Whoever cannot keep up misses a notice; nothing else depends on it.
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
                line = request => {
                    self.request = None;
                    return Some(line);
                }
            }
        }
    }
}

fn news(event: &SessionEvent) -> Option<UndoLine> {
    match event {
        SessionEvent::Held { hold } => Some(UndoLine::Held { hold: hold.clone() }),
        SessionEvent::Settled { hold } => Some(UndoLine::Settled { hold: hold.clone() }),
        // The answer says so.
        SessionEvent::BrokeGlass { .. } | SessionEvent::Refused { .. } => None,
    }
}

/// The part of a Status that people read.
#[derive(Deserialize)]
struct Status {
    message: String,
}

async fn line_of(response: http::Response<AnswerBody>) -> UndoLine {
    let (parts, body) = response.into_parts();
    let bytes = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    // To its end, which closes the entry; what it says of an object nobody asked for.
    if parts.status.is_success() {
        return UndoLine::Done;
    }
    let status = bytes.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
    let message = status.map_or_else(
        || format!("the API server answered {}", parts.status),
        |Status { message }| message,
    );
    UndoLine::Failed { code: parts.status.as_u16(), message }
}
