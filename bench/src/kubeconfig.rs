//! What the cluster's kubeconfig says of the API server, and of whoever it is for.

use std::net::SocketAddr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Failure;

/// A kubeconfig with one cluster, and one user with a certificate.
pub(crate) struct Kubeconfig {
    /// The API server.
    pub(crate) server: SocketAddr,
    /// Who signed its certificate, in PEM.
    pub(crate) authority: Vec<u8>,
    /// The user's certificate, in PEM.
    pub(crate) certificate: Vec<u8>,
    /// Its key, in PEM.
    pub(crate) key: Vec<u8>,
}

impl Kubeconfig {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)?;
        let value = |name: &str| {
            let value = text.lines().find_map(|line| line.trim().strip_prefix(name));
            value.map(str::trim).ok_or_else(|| format!("the kubeconfig has no `{name}`"))
        };
        let pem = |name| Ok::<_, Failure>(STANDARD.decode(value(name)?)?);
        Ok(Self {
            server: value("server:")?.trim_start_matches("https://").parse()?,
            authority: pem("certificate-authority-data:")?,
            certificate: pem("client-certificate-data:")?,
            key: pem("client-key-data:")?,
        })
    }
}
