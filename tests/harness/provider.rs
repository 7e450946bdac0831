//! The OpenID provider: `oidc-provider` from npm, one for all tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::process::{Running, run};

/// A running provider.
pub struct Provider {
    pub issuer: String,
    pub ca: PathBuf,
    _server: Running,
    _folder: tempfile::TempDir,
}

impl Provider {
    /// The shared provider: tokens live for an hour.
    pub fn get() -> &'static Self {
        static PROVIDER: OnceLock<Provider> = OnceLock::new();
        PROVIDER.get_or_init(|| Self::start(&[("OIDC_TOKEN_TTL", "3600")]))
    }

    /// A provider of one's own. It ends with the process that started it, since it watches its
    /// standard input.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ca, cert, key) = certificate(folder.path());
        let mut server = Running::start(
            Command::new("bash")
                .arg(script("serve.sh"))
                .env("OIDC_CERT", cert)
                .env("OIDC_KEY", key)
                .env("PORT", "0")
                .env("OIDC_EXIT_WITH_STDIN", "1")
                .envs(settings.iter().copied()),
        );
        let issuer = server.wait_for("the provider", |line| {
            let json: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(json.get("issuer")?.as_str()?.to_owned())
        });
        Self { issuer, ca, _server: server, _folder: folder }
    }

    /// What a person does in the browser: opens the address, signs in, confirms.
    pub fn confirm(&self, address: &str, user: &str) {
        run(Command::new("node")
            .arg(script("approve-device.mjs"))
            .args([address, user])
            .env("OIDC_CA", &self.ca))
        .ok();
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc").join(name)
}

/// Makes a CA and a certificate for loopback: the paths of CA, certificate and key.
pub fn certificate(folder: &Path) -> (PathBuf, PathBuf, PathBuf) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Named, since a certificate whose issuer and subject are the same is taken for self-signed.
    params.distinguished_name.push(DnType::CommonName, "kguard test authority");
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(params, ca_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let [ca_file, cert_file, key_file] = ["ca.pem", "cert.pem", "key.pem"].map(|n| folder.join(n));
    std::fs::write(&ca_file, ca.pem()).unwrap();
    std::fs::write(&cert_file, leaf.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    (ca_file, cert_file, key_file)
}
