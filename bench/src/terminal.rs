//! A small client of exec, over WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{AUTHORIZATION, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::setup::Setup;
use crate::{Failure, Options};

/// The pod that `bench/run.sh` runs.
const POD: &str = "busy";
const PROTOCOL: &str = "v5.channel.k8s.io";
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;

/// Where to run commands: in a pod, reached in one of two ways.
pub(crate) struct Pod {
    address: SocketAddr,
    path: String,
    authorization: Option<HeaderValue>,
    tls: TlsConnector,
}

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
    socket: WebSocketStream<TlsStream<TcpStream>>,
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
        Ok(Self { address, path, authorization: Some(authorization), tls: setup.connector()? })
    }

    /// At the API server itself, as whoever the kubeconfig's certificate says.
    pub(crate) fn direct(options: &Options) -> Result<Self, Failure> {
        let kubeconfig = std::fs::read_to_string(&options.kubeconfig)?;
        let value = |name: &str| {
            let value = kubeconfig.lines().find_map(|line| line.trim().strip_prefix(name));
            value.map(str::trim).ok_or_else(|| format!("the kubeconfig has no `{name}`"))
        };
        let pem = |name| Ok::<_, Failure>(STANDARD.decode(value(name)?)?);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem("certificate-authority-data:")?)?)?;
        let certificate = CertificateDer::from_pem_slice(&pem("client-certificate-data:")?)?;
        let key = PrivateKeyDer::from_pem_slice(&pem("client-key-data:")?)?;
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate], key)?;
        let server = value("server:")?.trim_start_matches("https://").parse()?;
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { address: server, path: path(options), authorization: None, tls })
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
        let tcp = TcpStream::connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let tls = self.tls.connect(ServerName::from(self.address.ip()), tcp).await?;
        let mut request = format!("wss://{}{}?{asked}{command}", self.address, self.path)
            .into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let (socket, _) = tokio_tungstenite::client_async(request, tls).await?;
        Ok(Exec { socket, has_succeeded: false })
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
