//! Somebody who uses kguard: a home folder, a token, and the client.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::process::{Output, Running, binary, run};
use super::provider::Provider;
use super::{Cluster, Gateway, Namespace};

/// A person or a workload.
pub struct User {
    pub token: String,
    gateway: String,
    ca: std::path::PathBuf,
    home: tempfile::TempDir,
}

impl User {
    /// A person of the provider: alice (group dev), bob (group sre), carol (group ci-admins).
    pub fn person(gateway: &Gateway, name: &str) -> Self {
        Self::with_token(gateway, person_token(name))
    }

    /// A service account of a namespace, made if need be.
    pub fn workload(gateway: &Gateway, namespace: &Namespace, name: &str) -> Self {
        namespace.admin(&["create", "serviceaccount", name]);
        let token = ["create", "token", name, "--audience", "kguard", "--duration", "1h"];
        Self::with_token(gateway, namespace.admin(&token).ok().trim().to_owned())
    }

    pub fn with_token(gateway: &Gateway, token: String) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { token, gateway: gateway.url.clone(), ca: gateway.ca.clone(), home }
    }

    /// After a gateway came back on another port.
    pub fn follow(&mut self, gateway: &Gateway) {
        self.gateway.clone_from(&gateway.url);
    }

    /// `kguard ARGS`, with the kubectl of a version.
    pub fn command(&self, version: &str, args: &[&str]) -> Command {
        let mut command = Command::new(binary("kguard"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("KGUARD_HOME", self.home.path().join("kguard"))
            .env("KGUARD_GATEWAY", &self.gateway)
            .env("KGUARD_CA_FILE", &self.ca)
            .env("KGUARD_TOKEN", &self.token)
            .env("KGUARD_KUBECTL", Cluster::get().kubectl_path(version))
            .args(args);
        command
    }

    /// Runs `kguard ARGS` to its end.
    pub fn kguard(&self, args: &[&str]) -> Output {
        run(&mut self.command("1.34", args))
    }

    /// Runs `kguard kubectl ARGS` to its end.
    pub fn kubectl(&self, args: &[&str]) -> Output {
        self.kguard(&[&["kubectl"], args].concat())
    }

    /// Starts `kguard ARGS` beside the test.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::start(&mut self.command("1.34", args))
    }

    /// kubectl without our client, at `/clusters/test` with a bearer token.
    pub fn plain_kubectl(&self, args: &[&str]) -> Output {
        run(&mut self.plain_command(args))
    }

    pub fn plain_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(Cluster::get().kubectl_path("1.34"));
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("KUBECONFIG", "/dev/null")
            .arg(format!("--server={}/clusters/test", self.gateway))
            .arg(format!("--certificate-authority={}", self.ca.display()))
            .arg(format!("--token={}", self.token))
            .args(args);
        command
    }

    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }
}

/// A token of a person, by the device flow; one a run.
fn person_token(name: &str) -> String {
    static TOKENS: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let mut tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
    let tokens = tokens.get_or_insert_default();
    if let Some(token) = tokens.get(name) {
        return token.clone();
    }
    let token = super::http::device_flow(Provider::get(), name);
    tokens.insert(name.to_owned(), token.clone());
    token
}
