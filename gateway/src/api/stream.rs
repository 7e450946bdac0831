//! Answers that go on: newline-delimited JSON, with an empty line now and then so that nothing in
//! between takes the connection for dead.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A source of lines.
pub(super) trait Lines: Send + 'static {
    /// What a line says.
    type Line: Serialize + Send;

    /// The next line; none at the end.
    fn next(&mut self) -> impl Future<Output = Option<Self::Line>> + Send;
}

/// The lines as a response. `until` ends them: nothing is told to a token that has ended.
pub(super) fn respond<L: Lines>(lines: L, until: Duration) -> Response {
    let end = tokio::time::Instant::now() + until;
    let body = stream::unfold(lines, move |mut lines| async move {
        let line = tokio::select! {
            line = tokio::time::timeout(KEEP_ALIVE, lines.next()) => line,
            () = tokio::time::sleep_until(end) => return None,
        };
        let text = match line {
            Ok(Some(line)) => serde_json::to_string(&line).map(|text| text + "\n"),
            Ok(None) => return None,
            Err(_) => Ok("\n".to_owned()),
        };
        Some((text, lines))
    });
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(body)).into_response()
}
