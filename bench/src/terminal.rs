//! A small client of exec, over WebSocket.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{AUTHORIZATION, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::kubeconfig::Kubeconfig;
use crate::setup::Setup;
use crate::tunnel::Tunnel;
use crate::{Failure, Options};

/// The pod that `bench/run.sh` runs.
pub(crate) const POD: &str = "busy";
const PROTOCOL: &str = "v5.channel.k8s.io";
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;

/// Where to run commands: in a pod, reached in one of several ways.
pub(crate) struct Pod {
    path: String,
    way: Way,
}

enum Way {
    /// A connection for each command.
    Own { address: SocketAddr, authorization: Option<HeaderValue>, tls: TlsConnector },
    /// A stream of one connection.
    Tunnel(Rc<Tunnel>),
}

trait Io: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Io for S {}

/// What a command gets besides its output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terminal {
    No,
    /// No terminal, but input.
    Input,
    Yes,
}

/// A command that runs.
pub(crate) struct Exec {
    socket: WebSocketStream<Box<dyn Io>>,
    has_succeeded: bool,
}

impl Pod {
    /// Behind a gateway.
    pub(crate) fn behind(
        setup: &Setup,
        address: SocketAddr,
        options: &Options,
    ) -> Result<Self, Failure> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", setup.token))?;
        authorization.set_sensitive(true);
        let path = format!("/clusters/real{}", path(options));
        let (authorization, tls) = (Some(authorization), setup.connector()?);
        Ok(Self { path, way: Way::Own { address, authorization, tls } })
    }

    /// Behind a gateway, in a tunnel to it.
    pub(crate) fn inside(tunnel: Rc<Tunnel>, options: &Options) -> Self {
        Self { path: path(options), way: Way::Tunnel(tunnel) }
    }

    /// At the API server itself, as whoever the kubeconfig's certificate says.
    pub(crate) fn direct(options: &Options) -> Result<Self, Failure> {
        let Kubeconfig { server, authority, certificate, key } =
            Kubeconfig::read(&options.kubeconfig)?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&authority)?)?;
        let certificate = CertificateDer::from_pem_slice(&certificate)?;
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate], PrivateKeyDer::from_pem_slice(&key)?)?;
        let (authorization, tls) = (None, TlsConnector::from(Arc::new(config)));
        let way = Way::Own { address: server, authorization, tls };
        Ok(Self { path: path(options), way })
    }

    /// Behind nginx, which comes to the API server with the same certificate.
    pub(crate) fn behind_nginx(setup: &Setup, options: &Options) -> Result<Self, Failure> {
        let way = Way::Own { address: setup.nginx, authorization: None, tls: setup.connector()? };
        Ok(Self { path: format!("/real{}", path(options)), way })
    }

    /// Begins a command.
    pub(crate) async fn exec(&self, command: &[&str], terminal: Terminal) -> Result<Exec, Failure> {
        let words = command.iter().map(|word| utf8_percent_encode(word, NON_ALPHANUMERIC));
        let command = words.fold(String::new(), |all, word| format!("{all}&command={word}"));
        let is_terminal = terminal == Terminal::Yes;
        let asked = format!(
            "stdout=true&stdin={}&tty={is_terminal}&stderr={}",
            terminal != Terminal::No,
            !is_terminal
        );
        let mut request =
            format!("ws://real{}?{asked}{command}", self.path).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
        if let Way::Own { authorization: Some(authorization), .. } = &self.way {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let (socket, _) = tokio_tungstenite::client_async(request, self.connect().await?).await?;
        Ok(Exec { socket, has_succeeded: false })
    }

    async fn connect(&self) -> Result<Box<dyn Io>, Failure> {
        Ok(match &self.way {
            Way::Own { address, tls, .. } => {
                let tcp = TcpStream::connect(address).await?;
                tcp.set_nodelay(true)?;
                Box::new(tls.connect(ServerName::from(address.ip()), tcp).await?)
            }
            Way::Tunnel(tunnel) => Box::new(tunnel.stream("real").await?),
        })
    }
}

fn path(options: &Options) -> String {
    format!("/api/v1/namespaces/{}/pods/{POD}/exec", options.namespace)
}

impl Exec {
    /// Types, or pipes.
    pub(crate) async fn send(&mut self, input: &[u8]) -> Result<(), Failure> {
        let message = Message::binary([&[STDIN], input].concat());
        Ok(self.socket.send(message).await?)
    }

    /// The next piece of what the command writes; nothing once it has ended, and an error if it
    /// failed.
    pub(crate) async fn output(&mut self) -> Result<Option<Bytes>, Failure> {
        while let Some(message) = self.socket.next().await {
            let mut bytes = match message? {
                Message::Binary(bytes) => bytes,
                // What is said behind the status counts, too.
                Message::Close(_) if self.has_succeeded => return Ok(None),
                _ => continue,
            };
            let Some(channel) = bytes.first().copied() else { continue };
            let said = bytes.split_off(1);
            match channel {
                STDOUT if !said.is_empty() => return Ok(Some(said)),
                STATUS if !String::from_utf8_lossy(&said).contains("Success") => {
                    return Err(format!("it ended: {}", String::from_utf8_lossy(&said)).into());
                }
                STATUS => self.has_succeeded = true,
                STDERR if !said.is_empty() => {
                    return Err(format!("it said: {}", String::from_utf8_lossy(&said)).into());
                }
                _ => {}
            }
        }
        Err("the connection ended before the command".into())
    }

    /// Reads to the end; how many bytes there were.
    pub(crate) async fn read_out(mut self) -> Result<usize, Failure> {
        let mut length = 0;
        while let Some(said) = self.output().await? {
            length += said.len();
        }
        Ok(length)
    }
}
