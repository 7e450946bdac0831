//! Follows the session's events on a connection, as long as it lasts.

use std::time::Duration;

use http::Response;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::{Dialer, Sender};
use crate::lines::Lines;

/// The pause before events are asked for again, when the gateway ended the stream.
const PAUSE: Duration = Duration::from_secs(1);

/// Asks for the events of the session and passes them on. The task ends with the connection.
pub(super) fn follow(dialer: Dialer, mut sender: Sender) {
    tokio::spawn(async move {
        let path = format!("/v1/sessions/{}/events", dialer.session);
        while !sender.is_closed() && !dialer.events.is_closed() {
            let Ok(token) = dialer.tokens.get().await else { return };
            let Ok(request) = dialer.control_request(&path, &token) else { return };
            if let Ok(response) = sender.send_request(request).await
                && response.status().is_success()
            {
                read(&dialer, response).await;
            }
            // A token that ends takes the stream along; the next one comes with a fresh token.
            tokio::time::sleep(PAUSE).await;
        }
    });
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
