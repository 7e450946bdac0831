//! Follows the session's events on a connection, as long as it lasts.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use http::{Method, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::{Dialer, Sender};
use crate::lines::Lines;

/// The pause before events are asked for again, when the gateway ended the stream.
const PAUSE: Duration = Duration::from_secs(1);

type Answer = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

/// Asks for the events of the session, and passes them on in a task that ends with the
/// connection. When this returns, the question is on its way: whatever is sent afterwards comes
/// behind it.
pub(super) async fn follow(dialer: Dialer, mut sender: Sender) {
    let mut asked = ask(&dialer, &mut sender).await;
    tokio::spawn(async move {
        while let Some(answer) = asked {
            if let Ok(response) = answer.await
                && response.status().is_success()
            {
                read(&dialer, response).await;
            }
            // A token that ends takes the stream along; the next one comes with a fresh token.
            tokio::time::sleep(PAUSE).await;
            asked = ask(&dialer, &mut sender).await;
        }
    });
}

/// None when there is nobody to ask, or nobody who wants to know.
async fn ask(dialer: &Dialer, sender: &mut Sender) -> Option<Answer> {
    if sender.is_closed() || dialer.events.is_closed() {
        return None;
    }
    let token = dialer.tokens.get().await.ok()?;
    let path = format!("/v1/sessions/{}/events", dialer.session);
    let request = dialer.control_request(Method::GET, &path, &token).ok()?;
    Some(Box::pin(sender.send_request(request)))
}

async fn read(dialer: &Dialer, response: Response<Incoming>) {
    let mut body = response.into_body();
    let mut lines = Lines::default();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(chunk) = frame.into_data() else { continue };
        lines.push(&chunk);
        loop {
            let line = match lines.pop() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(_) => return,
            };
            // An event that this version does not know is for a later one.
            let Ok(event) = serde_json::from_slice(&line) else { continue };
            if dialer.events.send(event).await.is_err() {
                return;
            }
        }
    }
}
