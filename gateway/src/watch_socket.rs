//! Watches over WebSocket, as browsers ask for them: each event a text message (k8s.io/apiserver
//! `pkg/endpoints/handlers/watch.go`, `HandleWS`).
//!
//! Upstream it is the ordinary watch. So nothing is read here that is not read there: what comes back
//! is masked like any other watch, and put into frames only then. What the client sends is thrown
//! away, up to its close.

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::answer_body::AnswerBody;

/// The length of a key in base64 (RFC 6455, 4.1).
const KEY_BYTES: usize = 24;
/// What a client has to say to a watch is nothing.
const MAX_CLIENT_BYTES: usize = 4 << 10;

/// What the client's handshake is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    accept: HeaderValue,
    /// The one that it asked for first, if any: all are the same.
    subprotocol: Option<HeaderValue>,
}

impl Handshake {
    /// Reads the handshake (RFC 6455, 4.2.1); none if it is none. `subprotocols` are those that may
    /// be passed on.
    pub fn read(headers: &HeaderMap, subprotocols: Option<&HeaderValue>) -> Option<Self> {
        let single = |name| {
            let mut values = headers.get_all(name).iter();
            values.next().filter(|_| values.next().is_none())
        };
        let mut tokens = single(CONNECTION)?.to_str().ok()?.split(',');
        if !tokens.any(|token| token.trim().eq_ignore_ascii_case("upgrade")) {
            return None;
        }
        let key = single(SEC_WEBSOCKET_KEY)?;
        if single(SEC_WEBSOCKET_VERSION)? != "13" || key.len() != KEY_BYTES {
            return None;
        }
        let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
        let first = subprotocols.and_then(|all| all.to_str().ok()?.split(',').next());
        let subprotocol = first.and_then(|first| HeaderValue::from_str(first.trim()).ok());
        Some(Self { accept, subprotocol })
    }
}

/// Answers the handshake; the masked events follow behind it.
pub fn open<B>(handshake: Handshake, client: OnUpgrade, events: B) -> Response<AnswerBody>
where
    B: Body<Data = bytes::Bytes> + Send + Unpin + 'static,
    B::Error: Send,
{
    let mut response = Response::new(AnswerBody::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, handshake.accept);
    headers.extend(handshake.subprotocol.map(|name| (SEC_WEBSOCKET_PROTOCOL, name)));
    tokio::spawn(serve(client, events));
    response
}

/// Sends events until there are no more, or the client has enough. What is dropped then ends the
/// watch, and its entry.
async fn serve<B>(client: OnUpgrade, events: B)
where
    B: Body<Data = bytes::Bytes> + Unpin,
{
    let Ok(client) = client.await else { return };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_CLIENT_BYTES))
        .max_frame_size(Some(MAX_CLIENT_BYTES));
    let socket =
        WebSocketStream::from_raw_socket(TokioIo::new(client), Role::Server, Some(config)).await;
    let (mut to, mut from) = socket.split();
    let sending = async {
        let mut events = Lines::new(events);
        while let Some(event) = events.next().await {
            if to.send(Message::text(event)).await.is_err() {
                return;
            }
        }
        let _ = to.close().await;
    };
    let listening = async { while let Some(Ok(_)) = from.next().await {} };
    tokio::select! {
        () = sending => {}
        () = listening => {}
    }
}

/// The lines of a body.
struct Lines<B> {
    body: B,
    read: Vec<u8>,
}

impl<B: Body<Data = bytes::Bytes> + Unpin> Lines<B> {
    fn new(body: B) -> Self {
        Self { body, read: Vec::new() }
    }

    /// The next line that is complete; none after the last, or what cannot be read.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                if !line.is_empty() {
                    return String::from_utf8(line.to_vec()).ok();
                }
                continue;
            }
            let frame = self.body.frame().await?.ok()?;
            if let Ok(data) = frame.into_data() {
                self.read.extend_from_slice(&data);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const UPGRADES: (&str, &str) = ("connection", "keep-alive, Upgrade");

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (http::HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn a_handshake_is_answered_as_the_rfc_says() {
        let asked =
            headers(&[UPGRADES, ("sec-websocket-key", KEY), ("sec-websocket-version", "13")]);
        let offered = HeaderValue::from_static("a, b");
        let read = Handshake::read(&asked, Some(&offered)).unwrap();
        assert_eq!(read.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(read.subprotocol.unwrap(), "a");
        assert_eq!(Handshake::read(&asked, None).unwrap().subprotocol, None);
        for wrong in [
            headers(&[UPGRADES, ("sec-websocket-key", KEY)]),
            headers(&[UPGRADES, ("sec-websocket-key", KEY), ("sec-websocket-version", "8")]),
            headers(&[UPGRADES, ("sec-websocket-key", "short"), ("sec-websocket-version", "13")]),
            headers(&[("sec-websocket-key", KEY), ("sec-websocket-version", "13")]),
            headers(&[
                ("connection", "x-upgradex"),
                ("sec-websocket-key", KEY),
                ("sec-websocket-version", "13"),
            ]),
            headers(&[
                UPGRADES,
                ("sec-websocket-key", KEY),
                ("sec-websocket-key", KEY),
                ("sec-websocket-version", "13"),
            ]),
        ] {
            assert_eq!(Handshake::read(&wrong, None), None, "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn each_line_is_a_message() {
        let mut lines = Lines::new(Full::new(bytes::Bytes::from_static(b"{1}\n\n{2}\n{3")));
        assert_eq!(lines.next().await.as_deref(), Some("{1}"));
        assert_eq!(lines.next().await.as_deref(), Some("{2}"));
        assert_eq!(lines.next().await, None);
    }
}
