//! Joins the two halves of an upgraded connection: exec, attach, port-forward.
//!
//! It comes to this only after the API server itself has answered 101 with the protocol that was
//! asked for; anything else is an ordinary answer (CVE-2018-1002105 was a relay that did not look).

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderValue, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use kguard::mask::TextPlan;
use kguard::stream::{Protocol, StreamError, StreamMasker};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::answer_body::AnswerBody;
use crate::entry::Closing;
use crate::request::Upgrade;

/// Headers of the handshake that the client needs.
const PASSED: [HeaderName; 6] = [
    SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_PROTOCOL,
    HeaderName::from_static("x-stream-protocol-version"),
    HeaderName::from_static("x-accepted-stream-protocol-versions"),
    HeaderName::from_static("audit-id"),
    HeaderName::from_static("date"),
];

/// How long the beginning of what may be a secret is held back where somebody types, who does not
/// notice that.
const INTERACTIVE_HOLD: Duration = Duration::from_millis(30);

/// The same where nobody waits for each letter.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

/// Bytes in flight in each direction.
const BUFFER_BYTES: usize = 16 * 1024;

/// The client's answer to an upgrade that the API server agreed to. The streams are joined behind
/// it.
pub(crate) fn join<B>(
    mut upstream: Response<B>,
    client: Upgrade,
    (text, closing): (Option<HeldStream>, Closing),
) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    for name in PASSED {
        for value in upstream.headers().get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(client.protocol));
    let server = hyper::upgrade::on(&mut upstream);
    tokio::spawn(relay(client.client, server, (text, closing)));
    response
}

/// What the server sends, masked on its way, and how long its text may be held back for that.
pub(crate) struct HeldStream {
    masker: StreamMasker,
    longest_hold: Duration,
}

impl HeldStream {
    /// For a stream that somebody types into, or one that is only read.
    pub(crate) fn new(protocol: Protocol, plan: Arc<TextPlan>, is_interactive: bool) -> Self {
        let longest_hold = if is_interactive { INTERACTIVE_HOLD } else { LONGEST_HOLD };
        Self { masker: StreamMasker::new(protocol, plan), longest_hold }
    }
}

/// Copies both ways until both are done, then closes the entry.
async fn relay(
    client: OnUpgrade,
    server: OnUpgrade,
    (text, mut closing): (Option<HeldStream>, Closing),
) {
    let (Ok(client), Ok(server)) = tokio::join!(client, server) else {
        return closing.failed("the upgrade did not come about");
    };
    let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
    let Some(mut text) = text else {
        let copied = tokio::io::copy_bidirectional_with_sizes(
            &mut client,
            &mut server,
            BUFFER_BYTES,
            BUFFER_BYTES,
        )
        .await;
        return match copied {
            Ok((_, down)) => closing.sent(usize::try_from(down).unwrap_or(usize::MAX)),
            Err(_) => closing.failed(BROKEN),
        };
    };
    let (client_reads, client_writes) = tokio::io::split(client);
    let (server_reads, server_writes) = tokio::io::split(server);
    let up = pass(client_reads, server_writes);
    let down = mask(server_reads, client_writes, &mut text, &mut closing);
    let ended = tokio::try_join!(up, down);
    closing.masked(text.masker.finish(&mut Vec::new()));
    if let Err(error) = ended {
        closing.failed(&error);
    }
}

const BROKEN: &str = "one side broke the stream off";

/// Why a masked stream ended before its end.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("{BROKEN}")]
    Broken(#[from] std::io::Error),
    #[error("the stream cannot be masked: {0}")]
    Stream(#[from] StreamError),
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> Result<(), Cut> {
    tokio::io::copy(&mut from, &mut to).await?;
    Ok(to.shutdown().await?)
}

async fn mask(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    HeldStream { masker, longest_hold }: &mut HeldStream,
    closing: &mut Closing,
) -> Result<(), Cut> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut out = Vec::new();
    loop {
        let read = from.read(&mut buffer);
        let read = if masker.is_holding() {
            tokio::time::timeout(*longest_hold, read).await
        } else {
            Ok(read.await)
        };
        match read {
            Err(_) => masker.release(&mut out),
            Ok(Ok(0)) => break,
            Ok(Ok(length)) => masker.push(buffer.get(..length).unwrap_or_default(), &mut out)?,
            Ok(Err(error)) => return Err(error.into()),
        }
        closing.sent(out.len());
        to.write_all(&out).await?;
        out.clear();
    }
    masker.release(&mut out);
    closing.sent(out.len());
    to.write_all(&out).await?;
    Ok(to.shutdown().await?)
}
