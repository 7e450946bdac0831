//! Opens TLS connections to one API server and holds the credential that goes with them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use kube_client::Config;
use kube_client::client::ConfigExt;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A TLS connection as hyper takes it.
pub(super) type Connection = TokioIo<TlsStream<TcpStream>>;

type Authorize = BoxCloneSyncService<
    Request<Empty<Bytes>>,
    Response<Option<HeaderValue>>,
    Box<dyn std::error::Error + Send + Sync>,
>;

/// Which HTTP version a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// How to reach one API server.
pub struct Endpoint {
    authority: String,
    base_path: String,
    dial: (String, u16),
    server_name: ServerName<'static>,
    http1: TlsConnector,
    http2: TlsConnector,
    authorize: Option<Authorize>,
}

/// Why an API server cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The credential plugin or token file does not yield a credential.
    #[error("the gateway's own credential for the cluster cannot be obtained")]
    Credential(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// HTTP did not start.
    #[error("the API server does not speak HTTP")]
    Handshake(#[source] hyper::Error),
    /// TCP or TLS failed.
    #[error("cannot connect to the API server")]
    Io(#[from] std::io::Error),
    /// Nothing answered.
    #[error("the API server did not accept a connection in time")]
    Timeout,
}

/// Why a cluster's configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Verification is switched off in the kubeconfig.
    #[error(
        "`insecure-skip-tls-verify` is not supported: give the cluster's `certificate-authority`"
    )]
    Insecure,
    /// The client certificate, CA or credential plugin is unusable.
    #[error("the cluster's credentials are unusable: {0}")]
    Kube(#[from] kube_client::Error),
    /// Not an `https` URL with a host.
    #[error("the cluster's server must be an https:// URL")]
    Server,
}

impl Endpoint {
    /// Out of a loaded kubeconfig context or in-cluster configuration.
    pub fn new(config: &Config) -> Result<Self, EndpointError> {
        let uri: &Uri = &config.cluster_url;
        let authority = uri.authority().ok_or(EndpointError::Server)?;
        if uri.scheme_str() != Some("https") {
            return Err(EndpointError::Server);
        }
        if config.accept_invalid_certs {
            return Err(EndpointError::Insecure);
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let name = config.tls_server_name.clone().unwrap_or_else(|| host.clone());
        let tls = config.rustls_client_config()?;
        let connector = |protocol: &[u8]| {
            let mut tls = tls.clone();
            tls.alpn_protocols = vec![protocol.to_vec()];
            TlsConnector::from(Arc::new(tls))
        };
        Ok(Self {
            authority: authority.to_string(),
            base_path: uri.path().trim_end_matches('/').to_owned(),
            dial: (host, authority.port_u16().unwrap_or(443)),
            server_name: ServerName::try_from(name).map_err(|_| EndpointError::Server)?,
            http1: connector(b"http/1.1"),
            http2: connector(b"h2"),
            authorize: authorizer(config)?,
        })
    }

    /// The value of the `Host` header.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// The path under which the API server lives; empty for most.
    pub(super) fn base_path(&self) -> &str {
        &self.base_path
    }

    /// The gateway's own credential: a header, or none if it is a client certificate. Asked anew
    /// for each request, since tokens are refreshed behind it.
    pub(super) async fn authorization(&self) -> Result<Option<HeaderValue>, ConnectError> {
        let Some(authorize) = &self.authorize else { return Ok(None) };
        let answer = authorize.clone().oneshot(Request::new(Empty::new()));
        Ok(answer.await.map_err(ConnectError::Credential)?.into_body())
    }

    /// Opens a connection. The version that comes back is the one that the server agreed to.
    pub(super) async fn connect(
        &self,
        wanted: Version,
    ) -> Result<(Connection, Version), ConnectError> {
        let connector = match wanted {
            Version::Http1 => &self.http1,
            Version::Http2 => &self.http2,
        };
        let dial = async {
            let (host, port) = &self.dial;
            let tcp = TcpStream::connect((host.as_str(), *port)).await?;
            tcp.set_nodelay(true)?;
            connector.connect(self.server_name.clone(), tcp).await
        };
        let tls = tokio::time::timeout(CONNECT_TIMEOUT, dial)
            .await
            .map_err(|_| ConnectError::Timeout)??;
        let agreed = match tls.get_ref().1.alpn_protocol() {
            Some(b"h2") => Version::Http2,
            _ => Version::Http1,
        };
        Ok((TokioIo::new(tls), agreed))
    }
}

/// kube-client knows static tokens, token files and exec plugins, and when to refresh each. It
/// offers that as a layer around requests; around an empty request it yields just the header.
fn authorizer(config: &Config) -> Result<Option<Authorize>, EndpointError> {
    let Some(layer) = config.auth_layer()? else { return Ok(None) };
    let read = service_fn(|request: Request<Empty<Bytes>>| async move {
        let header = request.headers().get(http::header::AUTHORIZATION).cloned();
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Response::new(header))
    });
    Ok(Some(BoxCloneSyncService::new(layer.layer(read).map_err(Into::into))))
}
