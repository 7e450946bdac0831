//! HTTP without a Kubernetes client: to send what no client would.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;

use super::provider::Provider;
use super::{Gateway, User};

/// An answer: status, head and body as they came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The message of a Status.
    #[track_caller]
    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request to a cluster through the gateway exactly as it is written here. `target` is the
/// target at the cluster.
pub fn send(gateway: &Gateway, user: &User, head: &str, body: &str) -> Answer {
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let (method, target) = line.split_once(' ').unwrap();
    let authorization = format!("Authorization: Bearer {}", user.token);
    let headers: String = headers.lines().map(|line| format!("{line}\r\n")).collect();
    raw(
        &gateway.url,
        &gateway.ca,
        &format!("{method} /clusters/test{target} HTTP/1.1\r\n{authorization}\r\n{headers}"),
        body,
    )
}

/// Sends a head as it is, plus `Host`, `Content-Length` and `Connection: close` where it has none.
#[track_caller]
pub fn raw(url: &str, ca: &Path, head: &str, body: &str) -> Answer {
    try_raw(url, ca, head, body).unwrap()
}

/// The same to a gateway that may be away.
pub fn try_raw(url: &str, ca: &Path, head: &str, body: &str) -> std::io::Result<Answer> {
    let mut head = head.to_owned();
    if !head.to_lowercase().contains("\r\ncontent-length:") && !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    if !head.to_lowercase().contains("\r\nconnection:") {
        head += "Connection: close\r\n";
    }
    head += &format!("Host: {}\r\n\r\n", authority(url));
    let mut stream = try_connect(url, ca, None, HTTP1)?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    // A peer that closes without TLS's goodbye has still said all that counts here.
    let _ = stream.read_to_end(&mut answer);
    Ok(parse(&answer))
}

const HTTP1: &[u8] = b"http/1.1";

/// A TLS connection to an address that a CA vouches for.
pub fn connect(url: &str, ca: &Path) -> Tls {
    connect_as(url, ca, None, HTTP1)
}

/// The same, with a client certificate and for another HTTP than 1.1.
pub fn connect_as(url: &str, ca: &Path, client: Option<Certificate>, protocol: &[u8]) -> Tls {
    try_connect(url, ca, client, protocol).unwrap()
}

/// A TLS connection.
pub type Tls = rustls::StreamOwned<rustls::ClientConnection, TcpStream>;

/// A certificate chain and its key.
pub type Certificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn try_connect(
    url: &str,
    ca: &Path,
    client: Option<Certificate>,
    protocol: &[u8],
) -> std::io::Result<Tls> {
    let address = authority(url);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match client {
        Some((certificates, key)) => config.with_client_auth_cert(certificates, key).unwrap(),
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(std::time::Duration::from_mins(1)))?;
    Ok(rustls::StreamOwned::new(connection, tcp))
}

fn authority(url: &str) -> &str {
    url.strip_prefix("https://").unwrap().split('/').next().unwrap()
}

/// An answer as it came.
pub fn parse(answer: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(body) } else { body.to_owned() };
    Answer { status, head: head.to_owned(), body }
}

fn unchunk(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        let Some(chunk) = rest.get(..size) else { break };
        text += chunk;
        body = rest.get(size + 2..).unwrap_or_default();
    }
    text
}

/// The device flow as a program does it: asks for a code, has it confirmed, fetches the token.
pub fn device_flow(provider: &Provider, user: &str) -> String {
    let form = |path: &str, fields: &[(&str, &str)]| {
        let body: Vec<_> = fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let head =
            format!("POST {path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        raw(&provider.issuer, &provider.ca, &head, &body.join("&")).json()
    };
    let scope = "openid%20profile%20groups%20offline_access";
    let device = form("/device/auth", &[("client_id", "kguard"), ("scope", scope)]);
    provider.confirm(device["verification_uri_complete"].as_str().unwrap(), user);
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    let code = device["device_code"].as_str().unwrap();
    let token =
        form("/token", &[("grant_type", grant), ("device_code", code), ("client_id", "kguard")]);
    token["id_token"].as_str().unwrap_or_else(|| panic!("{token}")).to_owned()
}
