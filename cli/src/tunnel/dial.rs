//! TCP, TLS, websocket, HTTP/2: one connection to the gateway.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, Request};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use kguard::redact::Secret;
use kguard::tunnel::{self, WsBytes};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Dialer, Sender, TunnelError};

/// How long the gateway may take, from the first packet to the open tunnel.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

impl Dialer {
    /// Connects. The second value ends when the connection does.
    pub(super) async fn dial(
        &self,
    ) -> Result<(Sender, impl Future<Output = ()> + use<>), TunnelError> {
        let timeout = || io::Error::from(io::ErrorKind::TimedOut);
        let dialled = tokio::time::timeout(DIAL_TIMEOUT, self.open_websocket()).await;
        let websocket = dialled.unwrap_or_else(|_| Err(self.unreachable(timeout())))?;
        let handshake = tunnel::client().handshake(TokioIo::new(websocket)).await;
        let (sender, connection) =
            handshake.map_err(|error| self.unreachable(io::Error::other(error)))?;
        // How it ends does not matter: it is made anew in any case.
        Ok((sender, async move { drop(connection.await) }))
    }

    /// The request for a path of the control API, inside the tunnel.
    pub(super) fn control_request(
        &self,
        method: Method,
        path: &str,
        token: &Secret<String>,
    ) -> Result<Request<Empty<Bytes>>, TunnelError> {
        let mut request = Request::new(Empty::new());
        *request.method_mut() = method;
        *request.uri_mut() = self.gateway.url(path).parse().map_err(|_| TunnelError::Lost)?;
        let session = HeaderValue::try_from(self.session.to_string());
        request.headers_mut().insert(AUTHORIZATION, tunnel::bearer(token)?);
        if let Ok(session) = session {
            request.headers_mut().insert(tunnel::SESSION, session);
        }
        Ok(request)
    }

    /// Opens the websocket; with another token, if the first is not taken.
    async fn open_websocket(&self) -> Result<WsBytes<TlsStream<TcpStream>>, TunnelError> {
        let token = self.tokens.get().await?;
        let opened = self.open_with(&token).await;
        if matches!(&opened, Err(error) if error.is_unauthorized())
            && let Some(token) = self.tokens.renew(&token).await?
        {
            return self.open_with(&token).await;
        }
        opened
    }

    async fn open_with(
        &self,
        token: &Secret<String>,
    ) -> Result<WsBytes<TlsStream<TcpStream>>, TunnelError> {
        let mut config = crate::tls::gateway(self.ca.as_deref())?;
        // A websocket needs HTTP/1.1, whatever else the gateway's port speaks.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = ServerName::try_from(self.gateway.host().to_owned())
            .map_err(|error| self.unreachable(io::Error::other(error)))?;
        let address = (self.gateway.host(), self.gateway.port());
        let tcp = TcpStream::connect(address).await.map_err(|error| self.unreachable(error))?;
        tunnel::prepare(&tcp).map_err(|error| self.unreachable(error))?;
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        let tls = tls.map_err(|error| self.unreachable(error))?;
        let opened = tunnel::connect(tls, &self.gateway.authority(), token, self.session).await;
        opened.map_err(|source| TunnelError::Handshake { gateway: self.gateway.clone(), source })
    }

    fn unreachable(&self, source: io::Error) -> TunnelError {
        TunnelError::Unreachable { gateway: self.gateway.clone(), source }
    }
}
