//! One of the two ways to the cluster, with a namespace, a home and a working folder of its own.

use std::path::Path;
use std::process::Command;

use crate::harness::process::run;
use crate::harness::{Cluster, Gateway, Namespace, Output, User};

/// Who runs the commands: a service account, so that no other test gives it rights.
pub(super) struct Caller {
    home: Namespace,
}

impl Caller {
    const NAME: &str = "caller";

    pub(super) fn create() -> Self {
        let home = Namespace::create("compatible");
        home.admin(&["create", "serviceaccount", Self::NAME]).ok();
        Self { home }
    }

    /// The caller as somebody who uses kguard.
    pub(super) fn user(&self, gateway: &Gateway) -> User {
        User::workload(gateway, &self.home, Self::NAME)
    }

    pub(super) fn user_name(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.home.name, Self::NAME)
    }

    /// What a kubeconfig says to impersonate him.
    fn impersonation(&self) -> [(&'static str, serde_json::Value); 3] {
        let uid = ["get", "serviceaccount", Self::NAME, "-o", "jsonpath={.metadata.uid}"];
        let of_namespace = format!("system:serviceaccounts:{}", self.home.name);
        [
            ("as", self.user_name().into()),
            ("as-groups", vec!["system:serviceaccounts".to_owned(), of_namespace].into()),
            ("as-uid", self.home.admin(&uid).ok().into()),
        ]
    }
}

/// Where commands run. `k` is kubectl in the side's own namespace.
pub(super) struct Side {
    pub(super) namespace: Namespace,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Side {
    /// Past the gateway: the administrator impersonates the caller, as the gateway would.
    pub(super) fn direct(version: &str, caller: &Caller) -> Self {
        let cluster = Cluster::get();
        let side = Self::new("direct", caller);
        let kubeconfig = side.folder.path().join("kubeconfig");
        let show = ["config", "view", "--raw", "-o", "json"];
        let mut config: serde_json::Value =
            serde_json::from_str(&cluster.admin(&show).ok()).unwrap();
        let user = &mut config["users"][0]["user"];
        for (key, value) in caller.impersonation() {
            user[key] = value;
        }
        std::fs::write(&kubeconfig, config.to_string()).unwrap();
        let link = side.folder.path().join("bin/kubectl");
        std::os::unix::fs::symlink(cluster.kubectl_path(version), link).unwrap();
        let home = side.folder.path().display().to_string();
        let kubeconfig = kubeconfig.display().to_string();
        side.with([("KUBECONFIG".to_owned(), kubeconfig), ("HOME".to_owned(), home)])
    }

    /// Through the gateway: kguard's own `kubectl` is first on the PATH.
    pub(super) fn through(version: &str, caller: &Caller, user: &User) -> Self {
        let side = Self::new("through", caller);
        let bin = side.folder.path().join("bin");
        user.kguard(&["shim", "install", bin.to_str().unwrap()]).ok();
        let environment: Vec<_> = user
            .command(version, &[])
            .get_envs()
            .filter_map(|(key, value)| Some((text(key), text(value?))))
            .filter(|(key, _)| key != "PATH")
            .collect();
        side.with(environment)
    }

    fn new(purpose: &str, caller: &Caller) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        let namespace = Namespace::create(purpose);
        namespace.allow(&[("user", &caller.user_name())]);
        Self { namespace, folder, environment: Vec::new() }
    }

    fn with(mut self, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", self.folder.path().join("bin").display());
        self.environment.extend(environment);
        self.environment.push(("PATH".to_owned(), path));
        self.environment.push(("NS".to_owned(), self.namespace.name.clone()));
        self
    }

    /// The side with a shell variable.
    pub(super) fn knowing(mut self, variable: &str, value: &str) -> Self {
        self.environment.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The folder in which commands run.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a line of shell. What hangs ends with 124.
    pub(super) fn run(&self, line: &str) -> Output {
        let script = format!("set -o pipefail\nk() {{ kubectl -n \"$NS\" \"$@\"; }}\n{line}\n");
        run(Command::new("timeout")
            .args(["60", "bash", "-c", &script])
            .current_dir(self.folder.path())
            .stdin(std::process::Stdio::null())
            .env_clear()
            .envs(self.environment.iter().map(|(key, value)| (key, value))))
    }
}

fn text(value: &std::ffi::OsStr) -> String {
    value.to_str().unwrap().to_owned()
}
