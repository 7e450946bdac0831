//! A `kguard-gateway serve` of a test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{Running, binary};
use super::provider::{self, Provider};
use super::{Cluster, eventually};

/// A running gateway. Dropped, it is killed.
pub struct Gateway {
    pub url: String,
    pub ca: PathBuf,
    pub folder: PathBuf,
    pub process: Running,
    _temporary: Option<tempfile::TempDir>,
}

/// What a gateway is started with.
pub struct Settings {
    /// Policies: the text of one file.
    pub policies: String,
    /// Where it keeps its things, if not in a folder that goes with it.
    pub folder: Option<PathBuf>,
    /// Where it keeps its state, if not in that folder.
    pub state: Option<PathBuf>,
    /// The kubeconfig of its cluster.
    pub kubeconfig: PathBuf,
    /// Additional lines of the configuration.
    pub extra: String,
}

impl Default for Settings {
    /// The starter pack.
    fn default() -> Self {
        Self {
            policies: kguard::policy::starter().text,
            folder: None,
            state: None,
            kubeconfig: Cluster::get().gateway.clone(),
            extra: String::new(),
        }
    }
}

impl Gateway {
    /// With the starter pack.
    pub fn start() -> Self {
        Self::with(Settings::default())
    }

    /// With these policies instead.
    pub fn with_policies(policies: &str) -> Self {
        Self::with(Settings { policies: policies.to_owned(), ..Settings::default() })
    }

    pub fn with(settings: Settings) -> Self {
        let temporary = settings.folder.is_none().then(|| tempfile::tempdir().unwrap());
        let folder = match (&settings.folder, &temporary) {
            (Some(folder), _) => folder.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => unreachable!(),
        };
        let (ca, ..) = match folder.join("ca.pem") {
            ca if ca.exists() => (ca, PathBuf::new(), PathBuf::new()),
            _ => provider::certificate(&folder),
        };
        std::fs::create_dir_all(folder.join("policies")).unwrap();
        std::fs::write(folder.join("policies/test.yaml"), &settings.policies).unwrap();
        let config = folder.join("config.yaml");
        std::fs::write(&config, configuration(&folder, &settings)).unwrap();
        let (process, url) = serve(&config);
        Self { url, ca, folder, process, _temporary: temporary }
    }

    /// Ends the gateway and starts it anew, on another port.
    pub fn restart(&mut self) {
        let (process, url) = serve(&self.folder.join("config.yaml"));
        (self.process, self.url) = (process, url);
    }

    pub fn log(&self) -> String {
        self.process.said()
    }

    /// Puts other policies in force, and waits until they are.
    pub fn set_policies(&self, policies: &str) {
        std::fs::write(self.folder.join("policies/test.yaml"), policies).unwrap();
        let before = self.log().matches("policies reloaded").count();
        eventually("the reload", || {
            (self.log().matches("policies reloaded").count() > before).then_some(())
        });
    }
}

fn serve(config: &Path) -> (Running, String) {
    let mut process = Running::start(
        Command::new(binary("kguard-gateway"))
            .args(["--log-format", "json", "serve", "--config"])
            .arg(config),
    );
    let address = process.wait_for("the gateway", |line| {
        let json: serde_json::Value = serde_json::from_str(line).ok()?;
        let fields = json.get("fields")?;
        (fields.get("message")? == "listening").then(|| {
            fields.get("address").and_then(|address| address.as_str()).unwrap_or("").to_owned()
        })
    });
    (process, format!("https://{address}"))
}

/// People from the provider with the prefix `oidc:`, workloads from the cluster itself.
fn configuration(folder: &Path, settings: &Settings) -> String {
    let (provider, cluster) = (Provider::get(), Cluster::get());
    let state = settings.state.clone().unwrap_or_else(|| folder.join("state"));
    let (folder, state) = (folder.display(), state.display());
    let kubeconfig = settings.kubeconfig.display();
    let (issuer, issuer_ca) = (&provider.issuer, provider.ca.display());
    let (accounts, accounts_ca) = (&cluster.service_account_issuer, cluster.ca.display());
    let extra = &settings.extra;
    format!(
        r#"apiVersion: kguard.dev/v1alpha1
kind: GatewayConfig
listen: 127.0.0.1:0
tls: {{certFile: {folder}/cert.pem, keyFile: {folder}/key.pem}}
stateDir: {state}
policies: {folder}/policies
clusters:
- name: test
  kubeconfig: {{path: {kubeconfig}}}
issuers:
- kind: person
  issuer: {{url: "{issuer}", audiences: [kguard], certificateAuthorityFile: {issuer_ca}}}
  claimMappings:
    username: {{claim: sub, prefix: "oidc:"}}
    groups: {{claim: groups, prefix: "oidc:"}}
  clientID: kguard
  scopes: [openid, profile, groups, offline_access]
- kind: workload
  issuer: {{url: "{accounts}", audiences: [kguard], certificateAuthorityFile: {accounts_ca}}}
  serviceAccounts: true
auditors: ["group:oidc:sre"]
drainSeconds: 3
plainWaitSeconds: 2
{extra}
"#
    )
}
