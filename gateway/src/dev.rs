//! `kguard-gateway dev`: a whole gateway on loopback out of nothing but a kubeconfig, with its own
//! certificate, the starter policies and two local users.

pub mod idp;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kguard::identity::SubjectPattern;
use kguard::policy::pack::STARTER;
use kube_client::config::Kubeconfig;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use tokio::net::TcpListener;

use self::idp::{DevIdp, DevUser, StateError};
use crate::accept::{self, TlsError};
use crate::clock::Clock;
use crate::config::{
    ClusterConfig, ExternalUrl, InvalidExternalUrl, KubeconfigSource, default_plain_wait_seconds,
    is_dns_label,
};
use crate::policies::{Mode, Policies, PoliciesError};
use crate::private_file;
use crate::run::{Guarding, Listening, Setup};
use crate::streams::RecordingConfig;
use crate::undo::UndoConfig;
use crate::web::{self, WebConfig};

/// The group that lets the local users do in the cluster what the kubeconfig may. Their RBAC is
/// none otherwise, since the cluster has never heard of them.
const CLUSTER_ADMINS: &str = "system:masters";

/// Whoever stops a try does not want to wait.
const DRAIN: Duration = Duration::from_secs(2);

/// What a try is made of.
#[derive(Debug)]
pub struct Options {
    /// The kubeconfig.
    pub kubeconfig: PathBuf,
    /// Its context; the current one if none is named.
    pub context: Option<String>,
    /// Where to listen; loopback only.
    pub listen: SocketAddr,
    /// Where to keep the trail, keys and passwords.
    pub state_dir: PathBuf,
    /// Policies, instead of the starter pack.
    pub policies: Option<PathBuf>,
    /// Whether they are in force.
    pub policy_mode: Mode,
}

/// What a person needs to know to begin.
#[derive(Debug)]
pub struct Welcome {
    /// The gateway's address.
    pub url: String,
    /// The certificate to trust.
    pub ca_file: PathBuf,
    /// The cluster's name.
    pub cluster: String,
    /// The local users.
    pub users: Vec<DevUser>,
    /// Where the trail, the keys and the passwords are.
    pub state_dir: PathBuf,
}

/// Why a try does not start.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The address is none that a browser can go to.
    #[error(transparent)]
    Address(#[from] InvalidExternalUrl),
    /// A certificate cannot be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The kubeconfig cannot be used.
    #[error("cannot read the kubeconfig {path}; give another with --kubeconfig")]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: kube_client::config::KubeconfigError,
    },
    /// The address is taken.
    #[error("cannot listen on {address}; give another with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Everybody could log in from everywhere.
    #[error("`dev` listens on loopback only; for anything else there is `serve --config`")]
    NotLoopback,
    /// The policies cannot be used.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// The provider cannot keep its state.
    #[error(transparent)]
    State(#[from] StateError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Puts a try together.
pub async fn setup(options: Options) -> Result<(Setup, Welcome), DevError> {
    if !options.listen.ip().is_loopback() {
        return Err(DevError::NotLoopback);
    }
    let listen = |source| DevError::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
    let url = format!("https://{}", listener.local_addr().map_err(listen)?);
    let external_url: ExternalUrl = url.parse()?;
    let cluster = cluster(&options)?;
    let mut users = idp::local_users(&options.state_dir.join("idp"))?;
    for user in &mut users {
        user.groups.push(CLUSTER_ADMINS.to_owned());
    }
    let (tls, ca_file) = certificate(&options.state_dir, options.listen)?;
    let ca = std::fs::read_to_string(&ca_file)
        .map_err(|source| DevError::Io { path: ca_file.clone(), source })?;
    let issuer = format!("{url}/idp");
    let folder = options.state_dir.join("idp");
    let addresses = (issuer.as_str(), &*web::callback(&external_url));
    let provider = DevIdp::open(addresses, users.clone(), &folder, Clock::system())?;
    let policies = match &options.policies {
        Some(path) => match path.to_str().and_then(|path| path.strip_prefix("pack:")) {
            Some(pack) => Policies::built_in(pack)?,
            None => Policies::load(path)?,
        },
        None => Policies::built_in(STARTER.name)?,
    };
    let policies = policies.in_mode(options.policy_mode);
    let state_dir = options.state_dir.clone();
    let welcome = Welcome { url, ca_file, cluster: cluster.name.clone(), users, state_dir };
    let (provides, web) = (Some(provider.router()), WebConfig::default());
    let listening = Listening { listener, tls, drain: DRAIN, provider: provides, web };
    let guarding = Guarding {
        state_dir: options.state_dir,
        external_url: Some(external_url),
        policies,
        clusters: vec![cluster],
        issuers: vec![provider.issuer_config(Some(ca))],
        auditors: vec![SubjectPattern::Anyone],
        recordings: RecordingConfig::default(),
        notifications: Vec::new(),
        undo: UndoConfig::default(),
        plain_wait: Duration::from_secs(default_plain_wait_seconds()),
    };
    let setup = Setup { listening, guarding };
    Ok((setup, welcome))
}

/// The cluster of the context, named after it as far as a host name allows.
fn cluster(options: &Options) -> Result<ClusterConfig, DevError> {
    let path = options.kubeconfig.clone();
    let kubeconfig = Kubeconfig::read_from(&path)
        .map_err(|source| DevError::Kubeconfig { path: path.clone(), source })?;
    let context = options.context.clone().or(kubeconfig.current_context).unwrap_or_default();
    let name: String = context
        .to_ascii_lowercase()
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() { char } else { '-' })
        .take(63)
        .collect();
    let name = name.trim_matches('-').to_owned();
    let name = if is_dns_label(&name) { name } else { "dev".to_owned() };
    let kubeconfig = Some(KubeconfigSource { path, context: options.context.clone() });
    Ok(ClusterConfig { name, kubeconfig })
}

/// A certificate for loopback, signed by an authority that stays the same between runs, so that
/// clients which trust it go on doing so.
fn certificate(folder: &Path, listen: SocketAddr) -> Result<(ServerConfig, PathBuf), DevError> {
    let [ca_file, ca_key_file] = ["ca.pem", "ca.key"].map(|name| folder.join(name));
    let write = |path: &Path, content: &str| {
        private_file::create(path, content.as_bytes())
            .map_err(|source| DevError::Io { path: path.to_owned(), source })
    };
    if !ca_file.exists() {
        let key = KeyPair::generate()?;
        write(&ca_key_file, &key.serialize_pem())?;
        write(&ca_file, &authority()?.self_signed(&key)?.pem())?;
    }
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|source| DevError::Io { path: path.to_owned(), source })
    };
    let ca = Issuer::from_ca_cert_pem(&read(&ca_file)?, KeyPair::from_pem(&read(&ca_key_file)?)?)?;
    let names = vec!["localhost".to_owned(), listen.ip().to_string()];
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "kguard-gateway dev");
    let leaf = params.signed_by(&key, &ca)?;
    let [cert_file, key_file] = ["tls.pem", "tls.key"].map(|name| folder.join(name));
    for (path, content) in [(&cert_file, leaf.pem()), (&key_file, key.serialize_pem())] {
        let _ = std::fs::remove_file(path);
        write(path, &content)?;
    }
    Ok((accept::server_config(&cert_file, &key_file)?, ca_file))
}

fn authority() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "kguard-gateway dev authority");
    Ok(params)
}
