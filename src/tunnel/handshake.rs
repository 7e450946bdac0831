//! The websocket handshake, from both ends.

use http::header::{
    AUTHORIZATION, CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Request, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};
use uuid::Uuid;

use super::headers::{InvalidHeader, bearer, session_value};
use super::websocket::{WsBytes, config};
use super::{PATH, SESSION, SUBPROTOCOL};
use crate::redact::Secret;

/// Why the gateway gave no tunnel.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The connection broke, or its other end speaks no HTTP.
    #[error("the connection failed before the tunnel was open")]
    Broken(#[source] Box<tungstenite::Error>),
    /// The request could not be made of what the caller gave.
    #[error(transparent)]
    Invalid(#[from] InvalidHeader),
    /// The gateway answered, and the answer is no tunnel: 401 for a token that it does not take.
    #[error("the gateway refused the tunnel ({status})")]
    Refused {
        /// The answer's status.
        status: StatusCode,
        /// The answer's body, in most cases a `Status` object.
        body: Vec<u8>,
    },
    /// Something answered with a websocket that is no tunnel of this version.
    #[error("the gateway does not speak {SUBPROTOCOL}; client and gateway differ in version")]
    Version,
}

/// Opens a tunnel over a connection to `host`, the gateway's name as it goes into `Host`.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    connection: S,
    host: &str,
    token: &Secret<String>,
    session: Uuid,
) -> Result<WsBytes<S>, ConnectError> {
    let mut request = format!("ws://{host}{PATH}").into_client_request().map_err(broken)?;
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, bearer(token)?);
    headers.insert(SESSION, session_value(session));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    let (websocket, _) =
        tokio_tungstenite::client_async_with_config(request, connection, Some(config()))
            .await
            .map_err(broken)?;
    Ok(WsBytes::new(websocket))
}

fn broken(error: tungstenite::Error) -> ConnectError {
    match error {
        tungstenite::Error::Http(response) => ConnectError::Refused {
            status: response.status(),
            body: response.into_body().unwrap_or_default(),
        },
        tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => {
            ConnectError::Version
        }
        error => ConnectError::Broken(Box::new(error)),
    }
}

/// Why a request opens no tunnel. All of these are the client's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// No websocket is asked for.
    #[error("this address takes websockets only, as `kguard` opens them")]
    NoWebsocket,
    /// The client does not offer this version of the protocol.
    #[error("the client does not offer {SUBPROTOCOL}; client and gateway differ in version")]
    Version,
}

/// The answer to a request for a tunnel. Send it, then make [`WsBytes::server`] of the upgraded
/// connection. Verifying the token comes before, and is the gateway's business.
pub fn accept<B>(request: &Request<B>) -> Result<Response<()>, AcceptError> {
    let headers = request.headers();
    let key = headers.get(SEC_WEBSOCKET_KEY).ok_or(AcceptError::NoWebsocket)?;
    let is_websocket = request.method() == Method::GET
        && has_token(headers, &CONNECTION, "upgrade")
        && has_token(headers, &UPGRADE, "websocket")
        && has_token(headers, &SEC_WEBSOCKET_VERSION, "13");
    if !is_websocket {
        return Err(AcceptError::NoWebsocket);
    }
    if !has_token(headers, &SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err(AcceptError::Version);
    }
    let accepted = HeaderValue::try_from(derive_accept_key(key.as_bytes()))
        .map_err(|_| AcceptError::NoWebsocket)?;
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    Ok(response)
}

/// Whether a header that is a list, perhaps over several lines, contains a token.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}
