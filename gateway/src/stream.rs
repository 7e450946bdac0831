//! Carries an upgraded connection: exec, attach, port-forward.
//!
//! It comes to this only after the API server itself has answered 101 with the protocol that was
//! asked for; anything else is an ordinary answer (CVE-2018-1002105 was a relay that did not look).
//!
//! ```text
//! read ──→ Conversation (frames, masks, observer) ──→ to_client, to_server ──→ write
//!   ↑ waits while too much is under way                └→ lines ──→ recording
//! ```
//!
//! Each side is read and written by itself, so that neither waits for the other: a program that writes
//! before it reads on would stand still otherwise.

mod relay;
mod state;

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderValue, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use kguard::mask::TextPlan;
use kguard::stream::{Conversation, Protocol};

use crate::answer_body::AnswerBody;
use crate::entry::Closing;
use crate::request::Upgrade;
use crate::streams::Session;

pub(crate) use relay::LAST_WORDS;
use relay::{End, Relay};
use state::Side;

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

/// How long a client may take to read the rest of what it was sent, once the entry is closed.
const LONGEST_GOODBYE: Duration = Duration::from_mins(5);

const NO_UPGRADE: &str = "the upgrade did not come about";
const CUT_OFF: &str = "the gateway stopped before it was over";

/// How text is masked in a stream, if it is.
pub(crate) struct Masking {
    /// With what.
    pub(crate) plan: Option<Arc<TextPlan>>,
    /// Whether somebody may be typing into it.
    pub(crate) is_interactive: bool,
}

/// The protocol that the API server agreed to; none if kguard does not speak it.
pub(crate) fn protocol<B>(upstream: &Response<B>, client: &Upgrade) -> Option<Protocol> {
    let chosen = upstream.headers().get(SEC_WEBSOCKET_PROTOCOL).map(HeaderValue::to_str);
    Protocol::agreed(client.protocol, chosen.transpose().ok()?)
}

/// The client's answer to an upgrade that the API server agreed to. The streams are joined behind
/// it.
pub(crate) fn join<B>(
    mut upstream: Response<B>,
    (client, protocol): (Upgrade, Protocol),
    (session, masking): (Session, Masking),
    closing: Closing,
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
    tokio::spawn(carry((client.client, server), protocol, (session, masking), closing));
    response
}

/// The client has gone before it was told that it may begin. In the pod something may have run.
async fn abandon(session: Session, mut closing: Closing) {
    let Session { mut tap, recording, listed: _listed, .. } = session;
    closing.failed(NO_UPGRADE);
    tap.end(Some(NO_UPGRADE));
    if let Some(recording) = recording {
        closing.recorded(recording.finish(tap.exchange(Vec::new())).await.map(Some));
    }
}

/// Carries until both sides are done, then closes the recording and the entry.
async fn carry(
    (client, server): (OnUpgrade, OnUpgrade),
    protocol: Protocol,
    (session, masking): (Session, Masking),
    mut closing: Closing,
) {
    let (Ok(client), Ok(server)) = tokio::join!(client, server) else {
        return abandon(session, closing).await;
    };
    // What is dropped before its end was not ended by anybody.
    closing.failed(CUT_OFF);
    let Session { tap, purpose, recording, mut ended, listed } = session;
    let longest_hold = if masking.is_interactive { INTERACTIVE_HOLD } else { LONGEST_HOLD };
    let relay = Relay::new(Conversation::new(protocol, purpose, masking.plan), tap);
    let (client_reads, client_writes) = tokio::io::split(TokioIo::new(client));
    let (server_reads, server_writes) = tokio::io::split(TokioIo::new(server));
    let traffic = async {
        tokio::join!(
            relay.read(client_reads, (Side::Client, None)),
            relay.read(server_reads, (Side::Server, Some(longest_hold))),
            relay.write(client_writes, Side::Client),
            relay.write(server_writes, Side::Server),
        );
    };
    let traffic = async {
        tokio::select! {
            () = traffic => {}
            () = relay.ping() => {}
        }
    };
    let mut traffic = std::pin::pin!(traffic);
    let carried = async {
        let end = tokio::select! {
            () = &mut traffic => End::Done,
            end = relay.end(&mut ended) => end,
        };
        relay.finish();
        end
    };
    let (recorded, end) = tokio::join!(relay.record(recording), carried);
    relay.close(closing, recorded);
    drop(listed);
    if matches!(end, End::Told) {
        // It ends with its client, which may be slow to read what is on its way.
        let _ = tokio::time::timeout(LONGEST_GOODBYE, traffic).await;
    }
}
