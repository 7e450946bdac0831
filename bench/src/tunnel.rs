//! A tunnel as `kguard` opens it: one connection that all of its streams share.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http2::SendRequest;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use kguard::api::Claims;
use kguard::redact::Secret;
use kguard::tunnel;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::Failure;
use crate::setup::Setup;

/// An open tunnel.
pub(crate) struct Tunnel {
    sender: SendRequest<Empty<Bytes>>,
    token: Secret<String>,
    session: Uuid,
}

impl Tunnel {
    /// To a gateway, or to where a link to it begins.
    pub(crate) async fn open(setup: &Setup, address: SocketAddr) -> Result<Self, Failure> {
        let tcp = TcpStream::connect(address).await?;
        tunnel::prepare(&tcp)?;
        let tls = setup.connector()?.connect(ServerName::try_from("localhost")?, tcp).await?;
        let (token, session) = (Secret::new(setup.token.clone()), Uuid::new_v4());
        let bytes = tunnel::connect(tls, "localhost", &token, session).await?;
        let (sender, connection) = tunnel::client().handshake(TokioIo::new(bytes)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, token, session })
    }

    /// A stream of bytes to a cluster.
    pub(crate) async fn stream(&self, cluster: &str) -> Result<TokioIo<Upgraded>, Failure> {
        let (session, claims) = (self.session, &Claims::default());
        let stream = tunnel::Stream { session, claims, keep_hold: false, break_glass: None };
        let request = tunnel::connect_request(cluster, &self.token, stream)?;
        let response = self.sender.clone().send_request(request.map(|()| Empty::new())).await?;
        if !response.status().is_success() {
            return Err(format!("no stream to {cluster}: {}", response.status()).into());
        }
        Ok(TokioIo::new(hyper::upgrade::on(response).await?))
    }
}
