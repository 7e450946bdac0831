//! A client of the local port that is no kubectl: it keeps a connection open, or brings no
//! certificate.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConnection, StreamOwned};
use serde_json::Value;

/// A local port, as a kubeconfig describes it.
pub struct LocalPort(Value);

/// A TLS connection through a local port.
pub struct Connection {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    host: String,
}

impl LocalPort {
    pub fn read(kubeconfig: &str) -> Self {
        Self(serde_json::from_str(&std::fs::read_to_string(kubeconfig).unwrap()).unwrap())
    }

    /// Connects to the kubeconfig's first cluster, with its client certificate or without.
    pub fn connect(&self, with_certificate: bool) -> Connection {
        self.connect_with(with_certificate.then_some(self))
    }

    /// Connects with the client certificate of another kubeconfig.
    pub fn connect_as(&self, other: &Self) -> Connection {
        self.connect_with(Some(other))
    }

    fn connect_with(&self, identity: Option<&Self>) -> Connection {
        let cluster = &self.0["clusters"][0]["cluster"];
        let host = cluster["server"].as_str().unwrap().strip_prefix("https://").unwrap();
        let proxy = cluster["proxy-url"].as_str().unwrap().strip_prefix("http://").unwrap();
        let mut tcp = TcpStream::connect(proxy).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(tcp, "CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n").unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            tcp.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let tls = ClientConnection::new(Arc::new(self.config(identity)), name).unwrap();
        Connection { stream: BufReader::new(StreamOwned::new(tls, tcp)), host: host.to_owned() }
    }

    fn config(&self, identity: Option<&Self>) -> rustls::ClientConfig {
        let decode = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
        let ca = decode(&self.0["clusters"][0]["cluster"]["certificate-authority-data"]);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&ca).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let Some(Self(kubeconfig)) = identity else { return config.with_no_client_auth() };
        let user = &kubeconfig["users"][0]["user"];
        let certificate = decode(&user["client-certificate-data"]);
        let certificate = CertificateDer::from_pem_slice(&certificate).unwrap();
        let key = PrivateKeyDer::from_pem_slice(&decode(&user["client-key-data"])).unwrap();
        config.with_client_auth_cert(vec![certificate], key).unwrap()
    }
}

impl Connection {
    /// Asks on this connection; the status, or none if the connection has ended.
    pub fn get(&mut self, path: &str) -> Option<u16> {
        let Self { stream, host } = self;
        write!(stream.get_mut(), "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").ok()?;
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let mut length = None;
        loop {
            line.clear();
            stream.read_line(&mut line).ok()?;
            let header = line.trim().to_lowercase();
            if header.is_empty() {
                break;
            }
            length = length.or_else(|| header.strip_prefix("content-length: ")?.parse().ok());
        }
        match length {
            Some(length) => stream.read_exact(&mut vec![0; length]).ok()?,
            None => skip_chunks(stream)?,
        }
        Some(status)
    }
}

fn skip_chunks(stream: &mut impl BufRead) -> Option<()> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim(), 16).ok()?;
        stream.read_exact(&mut vec![0; size + 2]).ok()?;
        if size == 0 {
            return Some(());
        }
    }
}
