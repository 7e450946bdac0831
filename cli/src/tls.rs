//! TLS to the gateway and to issuers: the platform's verifier, or the CA that the user named.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

/// Why no TLS configuration could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("the CA certificate is no PEM certificate that can be trusted")]
    Ca,
    #[error("no TLS configuration can be made")]
    Rustls(#[from] rustls::Error),
    #[error("the CA certificates cannot be used")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// Trusts `ca` and nothing else, as `curl --cacert` does; without it, what the platform trusts.
pub(crate) fn gateway(ca: Option<&str>) -> Result<ClientConfig, TlsError> {
    let Some(ca) = ca else { return client(Arc::new(Verifier::new(provider())?)) };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots.add(certificate)?;
    }
    client(WebPkiServerVerifier::builder_with_provider(roots.into(), provider()).build()?)
}

/// Trusts what the platform trusts, and `ca` besides.
pub(crate) fn issuer(ca: Option<&str>) -> Result<ClientConfig, TlsError> {
    let extra = ca.map(certificates).transpose()?.unwrap_or_default();
    client(Arc::new(Verifier::new_with_extra_roots(extra, provider())?))
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn client(verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig, TlsError> {
    // Not as dangerous as it reads: rustls asks this of everybody who brings a verifier.
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::Ca)?;
    if certificates.is_empty() { Err(TlsError::Ca) } else { Ok(certificates) }
}
