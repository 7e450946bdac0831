//! The CA that makes the local port ours: it signs the port's certificates and those with which
//! kubectl shows that it runs as the same user.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::config::Folders;
use crate::files::{self, FileError};

/// How long the CA lives; it never leaves the machine.
const CA_YEARS: i64 = 10;

/// The CA is made anew this long before its end, so that no session outlives it.
const RENEW_DAYS: i64 = 365;

/// How long the certificates of one run live. A `kguard proxy` may run for months.
const LEAF_DAYS: i64 = 364;

/// Why the local port has no certificates.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("cannot make a certificate for the local port")]
    Make(#[from] rcgen::Error),
    #[error("{} is no certificate and key; remove it", .0.display())]
    Parse(PathBuf),
    #[error("cannot use a certificate of the local port")]
    Tls(#[from] rustls::Error),
    #[error("cannot use the local CA to verify clients")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// The user's CA, with what it has signed in this run.
pub(crate) struct LocalCa {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    servers: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

/// A certificate with its key, PEM.
pub(crate) struct ClientIdentity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl LocalCa {
    /// Loads the CA, or makes it. It is one file, so that certificate and key never differ.
    pub(crate) fn load(folders: &Folders) -> Result<Self, CertificateError> {
        let path = folders.data.join("local-ca.pem");
        if let Some(content) = files::read_optional(&path)?
            && let Some(ca) = Self::parse(&path, &content)?
        {
            return Ok(ca);
        }
        let lock_path = folders.data.join("local-ca.lock");
        let lock = files::open_lock(&lock_path)?;
        lock.lock().map_err(|source| FileError::Lock { path: lock_path, source })?;
        // Whoever held the lock has made one.
        if let Some(content) = files::read_optional(&path)?
            && let Some(ca) = Self::parse(&path, &content)?
        {
            return Ok(ca);
        }
        let content = make()?;
        files::write_private(&path, content.as_bytes())?;
        Self::parse(&path, content.as_bytes())?.ok_or(CertificateError::Parse(path))
    }

    /// None if it is about to end.
    fn parse(path: &Path, content: &[u8]) -> Result<Option<Self>, CertificateError> {
        let invalid = || CertificateError::Parse(path.to_owned());
        let text = std::str::from_utf8(content).map_err(|_| invalid())?;
        let (until, text) = text.split_once('\n').ok_or_else(invalid)?;
        let until: Timestamp =
            until.trim_start_matches("# until ").parse().map_err(|_| invalid())?;
        if until < Timestamp::now() + (24 * RENEW_DAYS).hours() {
            return Ok(None);
        }
        let key_starts = text.find("-----BEGIN PRIVATE KEY").ok_or_else(invalid)?;
        let (pem, key) = text.split_at(key_starts);
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| invalid())?;
        let issuer = Issuer::from_ca_cert_der(&certificate, KeyPair::from_pem(key)?)?;
        let servers = Mutex::default();
        Ok(Some(Self { issuer, certificate, pem: pem.to_owned(), servers }))
    }

    /// The CA's certificate, PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// The identity of this run's clients.
    pub(crate) fn client(&self) -> Result<ClientIdentity, CertificateError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let params = leaf("kguard client", Vec::new(), ExtendedKeyUsagePurpose::ClientAuth)?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(ClientIdentity { certificate, key: key.serialize_pem() })
    }

    /// TLS as the local port ends it for `host`: only for clients with a certificate of ours, and
    /// http/1.1 only, since kubectl's upgrades need it.
    pub(crate) fn server(&self, host: &str) -> Result<Arc<ServerConfig>, CertificateError> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = servers.get(host) {
            return Ok(Arc::clone(server));
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let names = vec![host.to_owned()];
        let params = leaf("kguard local port", names, ExtendedKeyUsagePurpose::ServerAuth)?;
        let certificate = params.signed_by(&key, &self.issuer)?.der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        let provider = crate::tls::provider();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier.build()?)
            .with_single_cert(vec![certificate], key)?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        let server = Arc::new(server);
        servers.insert(host.to_owned(), Arc::clone(&server));
        Ok(server)
    }
}

/// A CA as it is kept: its end, the certificate, the key.
fn make() -> Result<String, CertificateError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = named("kguard local CA", Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let until = Timestamp::now() + (24 * 365 * CA_YEARS).hours();
    params.not_after = std::time::SystemTime::from(until).into();
    let certificate = params.self_signed(&key)?.pem();
    Ok(format!("# until {until}\n{certificate}{}", key.serialize_pem()))
}

fn leaf(
    name: &str,
    names: Vec<String>,
    usage: ExtendedKeyUsagePurpose,
) -> Result<CertificateParams, CertificateError> {
    let mut params = named(name, names)?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    let until = Timestamp::now() + (24 * LEAF_DAYS).hours();
    params.not_after = std::time::SystemTime::from(until).into();
    Ok(params)
}

/// Valid since an hour ago, for clocks that were set back.
fn named(name: &str, names: Vec<String>) -> Result<CertificateParams, CertificateError> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = std::time::SystemTime::from(Timestamp::now() - 1.hour()).into();
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ca_is_made_once_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let environment = [("KGUARD_HOME", home.path().to_str().unwrap())].into_iter().collect();
        let folders = Folders::find(&environment).unwrap();
        let first = LocalCa::load(&folders).unwrap();
        let second = LocalCa::load(&folders).unwrap();
        assert_eq!(first.pem(), second.pem());
        first.server("prod.gw.example.kguard.internal").unwrap();
    }

    #[test]
    fn a_ca_that_is_about_to_end_is_made_anew() {
        let home = tempfile::tempdir().unwrap();
        let environment = [("KGUARD_HOME", home.path().to_str().unwrap())].into_iter().collect();
        let folders = Folders::find(&environment).unwrap();
        let first = LocalCa::load(&folders).unwrap().pem().to_owned();
        let path = folders.data.join("local-ca.pem");
        let content = std::fs::read_to_string(&path).unwrap();
        let (_, rest) = content.split_once('\n').unwrap();
        let soon = Timestamp::now() + 24.hours();
        std::fs::write(&path, format!("# until {soon}\n{rest}")).unwrap();
        assert_ne!(LocalCa::load(&folders).unwrap().pem(), first);
    }
}
