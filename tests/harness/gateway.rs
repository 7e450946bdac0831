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
    /// Where people log in: the issuer and the CA of its certificate.
    pub issuer: (String, PathBuf),
    /// Where it listens.
    pub listen: String,
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
            issuer: Provider::get().issuer(),
            listen: "127.0.0.1:0".to_owned(),
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
        let config = settings.write(&folder);
        let (process, url) = serve(&config);
        Self { url, ca: folder.join("ca.pem"), folder, process, _temporary: temporary }
    }

    /// With the configuration that is in a folder.
    pub fn started_with(folder: &Path) -> Self {
        let (process, url) = serve(&folder.join("config.yaml"));
        let folder = folder.to_owned();
        Self { url, ca: folder.join("ca.pem"), folder, process, _temporary: None }
    }

    /// Ends the gateway at once, as a crash would.
    pub fn kill(&mut self) {
        self.process.signal("KILL");
        self.process.exit_code();
    }

    /// Starts a gateway that has ended anew; on another port, unless `listen` names one.
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

impl Settings {
    /// Writes configuration, policies and certificate into a folder; the configuration's path.
    pub fn write(&self, folder: &Path) -> PathBuf {
        if !folder.join("ca.pem").exists() {
            provider::certificate(folder);
        }
        std::fs::create_dir_all(folder.join("policies")).unwrap();
        std::fs::write(folder.join("policies/test.yaml"), &self.policies).unwrap();
        let config = folder.join("config.yaml");
        std::fs::write(&config, configuration(folder, self)).unwrap();
        config
    }
}

/// An address that was free a moment ago.
pub fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
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
    let cluster = Cluster::get();
    let state = settings.state.clone().unwrap_or_else(|| folder.join("state"));
    let (folder, state) = (folder.display(), state.display());
    let kubeconfig = settings.kubeconfig.display();
    let (issuer, issuer_ca) = (&settings.issuer.0, settings.issuer.1.display());
    let (accounts, accounts_ca) = (&cluster.service_account_issuer, cluster.ca.display());
    let Settings { extra, listen, .. } = settings;
    format!(
        r#"apiVersion: kguard.dev/v1alpha1
kind: GatewayConfig
listen: {listen}
tls: {{certFile: {folder}/cert.pem, keyFile: {folder}/key.pem}}
stateDir: {state}
policies: {folder}/policies
clusters:
- name: test
  kubeconfig: {{path: {kubeconfig}}}
issuers:
- kind: person
  issuer: {{url: "{issuer}", audiences: [kguard, kguard-web], certificateAuthorityFile: {issuer_ca}}}
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
