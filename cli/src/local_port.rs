//! The local port: a CONNECT proxy on the loopback interface that ends TLS itself and copies the
//! bytes behind it into the tunnel. It reads no Kubernetes traffic.
//!
//! The host that a client asks for names the cluster, so that any free port does and kubectl's
//! caches, which are keyed by host, stay warm. Clients show a certificate of the user's CA: other
//! users of the machine can connect to the port and get no further.

mod connect;
mod refusal;

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use kguard::api::Claims;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::certificates::{CertificateError, LocalCa};
use crate::gateway::Gateway;
use crate::tunnel::Tunnel;

/// How long a client may take to say what it wants and who it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// As many connections as the tunnel has streams.
const MAX_CONNECTIONS: usize = kguard::tunnel::MAX_STREAMS as usize;

/// What one direction of a connection has in hand.
const COPY_BYTES: usize = 16 << 10;

/// Why a connection ended before it carried anything.
#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Connect(#[from] connect::ConnectHeadError),
    #[error("a client did not finish its handshake in time")]
    Slow,
    #[error("the connection broke")]
    Tcp(#[from] io::Error),
}

/// What the connections of a port share.
pub(crate) struct LocalPort {
    pub(crate) gateway: Gateway,
    pub(crate) ca: LocalCa,
    pub(crate) tunnel: Tunnel,
    pub(crate) claims: Claims,
}

/// Opens a port on the loopback interface; 0 takes a free one.
pub(crate) async fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl LocalPort {
    /// Serves a CONNECT proxy for all clusters.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        self.accept(listener, |port, tcp| async move { port.proxy(tcp).await }).await;
    }

    /// Serves one cluster on a port of its own, for clients that know no `proxy-url`.
    pub(crate) async fn serve_direct(self: Arc<Self>, listener: TcpListener, cluster: String) {
        let cluster: Arc<str> = cluster.into();
        let serve = move |port: Arc<Self>, tcp| {
            let cluster = Arc::clone(&cluster);
            async move { port.connect(tcp, "127.0.0.1", &cluster).await }
        };
        self.accept(listener, serve).await;
    }

    async fn accept<F>(
        self: Arc<Self>,
        listener: TcpListener,
        serve: impl Fn(Arc<Self>, TcpStream) -> F,
    ) where
        F: Future<Output = Result<(), ConnectionError>> + Send + 'static,
    {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
            let Ok((tcp, _)) = listener.accept().await else {
                // Out of file descriptors, in most cases; they come back.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            // Without it a connection is a little slower, and no worse.
            let _ = tcp.set_nodelay(true);
            let connection = serve(Arc::clone(&self), tcp);
            tokio::spawn(async move {
                // The client sees that its connection ended, and says so itself.
                drop(connection.await);
                drop(permit);
            });
        }
    }

    async fn proxy(&self, tcp: TcpStream) -> Result<(), ConnectionError> {
        let mut tcp = tokio::io::BufReader::with_capacity(COPY_BYTES, tcp);
        let host = match timeout(PATIENCE, connect::read(&mut tcp)).await {
            Ok(host) => host?,
            Err(_) => return Err(ConnectionError::Slow),
        };
        let Some(cluster) = self.gateway.cluster_of(&host) else {
            tcp.write_all(connect::FOREIGN).await?;
            return Ok(tcp.shutdown().await?);
        };
        tcp.write_all(connect::ESTABLISHED).await?;
        self.connect(tcp, &host, cluster).await
    }

    /// Ends TLS and passes on what is inside. The tunnel is asked only for clients that have
    /// shown their certificate.
    async fn connect<S>(&self, stream: S, host: &str, cluster: &str) -> Result<(), ConnectionError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(self.ca.server(host)?);
        let mut client = match timeout(PATIENCE, acceptor.accept(stream)).await {
            Ok(client) => client?,
            Err(_) => return Err(ConnectionError::Slow),
        };
        match self.tunnel.open(cluster, &self.claims).await {
            Ok(mut cluster) => {
                let copied = copy_bidirectional_with_sizes(
                    &mut client,
                    &mut cluster,
                    COPY_BYTES,
                    COPY_BYTES,
                );
                copied.await?;
            }
            Err(error) => refusal::answer(&mut client, &error).await?,
        }
        Ok(())
    }
}
