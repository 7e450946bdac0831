//! Tells a Kubernetes client, in its own terms, why there is no stream to the cluster.

use std::io;
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::control::status_message;
use crate::tunnel::TunnelError;

/// How long a client may take to read a refusal and hang up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Waits for the request, answers it with the refusal, and closes.
pub(super) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut S,
    error: &TunnelError,
) -> io::Result<()> {
    let mut some = [0; 4096];
    // An answer before the question would not be taken for one.
    if client.read(&mut some).await? == 0 {
        return Ok(());
    }
    client.write_all(&response(error)).await?;
    client.shutdown().await?;
    // To close while a body is still coming would reset the connection, answer included.
    let mut rest = tokio::io::sink();
    let drained = tokio::time::timeout(PATIENCE, tokio::io::copy(client, &mut rest)).await;
    drop(drained);
    Ok(())
}

fn response(error: &TunnelError) -> Vec<u8> {
    let status = match error {
        TunnelError::Refused { status, .. } => *status,
        error if error.is_unauthorized() => StatusCode::UNAUTHORIZED,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = match error {
        TunnelError::Refused { body, .. } if status_message(body).is_some() => body.to_vec(),
        error => status_object(status, &format!("kguard: {error}")).into_bytes(),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

fn status_object(status: StatusCode, message: &str) -> String {
    let reason = match status {
        StatusCode::UNAUTHORIZED => "Unauthorized",
        StatusCode::FORBIDDEN => "Forbidden",
        StatusCode::NOT_FOUND => "NotFound",
        StatusCode::TOO_MANY_REQUESTS => "TooManyRequests",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        _ => "",
    };
    serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": status.as_u16(),
    })
    .to_string()
}
