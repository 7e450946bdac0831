//! A connection to a gateway, for requests of any kind.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use crate::Failure;
use crate::setup::Setup;

/// A connection to the gateway.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    authorization: HeaderValue,
}

impl Client {
    /// To one of the gateways, as the owner of a token.
    pub(crate) async fn connect(
        (setup, gateway): (&Setup, SocketAddr),
        token: &str,
    ) -> Result<Self, Failure> {
        let tcp = TcpStream::connect(gateway).await?;
        tcp.set_nodelay(true)?;
        let tls = setup.connector()?.connect(ServerName::try_from("localhost")?, tcp).await?;
        let (sender, connection) = handshake(TokioIo::new(tls)).await?;
        tokio::spawn(connection);
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))?;
        authorization.set_sensitive(true);
        Ok(Self { sender, authorization })
    }

    /// Sends a request, and returns once the answer has begun.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<Response<Incoming>, Failure> {
        self.sender.ready().await?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost")
            .header(AUTHORIZATION, &self.authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_owned()))?;
        Ok(self.sender.send_request(request).await?)
    }
}
