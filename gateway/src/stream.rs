//! Joins the two halves of an upgraded connection: exec, attach, port-forward.
//!
//! It comes to this only after the API server itself has answered 101 with the protocol that was
//! asked for; anything else is an ordinary answer (CVE-2018-1002105 was a relay that did not look).

use http::header::{CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderValue, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

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

/// Bytes in flight in each direction.
const BUFFER_BYTES: usize = 16 * 1024;

/// The client's answer to an upgrade that the API server agreed to. The streams are joined behind
/// it.
pub(crate) fn join<B>(
    mut upstream: Response<B>,
    client: Upgrade,
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
    tokio::spawn(relay(client.client, server, closing));
    response
}

/// Copies both ways until both are done, then closes the entry.
async fn relay(client: OnUpgrade, server: OnUpgrade, mut closing: Closing) {
    let (Ok(client), Ok(server)) = tokio::join!(client, server) else {
        return closing.failed("the upgrade did not come about");
    };
    let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
    let copied = tokio::io::copy_bidirectional_with_sizes(
        &mut client,
        &mut server,
        BUFFER_BYTES,
        BUFFER_BYTES,
    )
    .await;
    match copied {
        Ok((_, down)) => closing.sent(usize::try_from(down).unwrap_or(usize::MAX)),
        Err(_) => closing.failed("one side broke the stream off"),
    }
}
