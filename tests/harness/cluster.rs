//! The real cluster, started by `tests/cluster/up.sh`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::http;
use super::process::{Output, run};

/// The cluster and what is needed to reach it directly.
pub struct Cluster {
    pub server: String,
    pub ca: PathBuf,
    /// Everything is allowed.
    pub admin: PathBuf,
    /// Nothing but impersonation is allowed: what a gateway gets.
    pub gateway: PathBuf,
    pub audit_log: PathBuf,
    pub service_account_issuer: String,
    pub bin: PathBuf,
}

/// Alice and bob have all rights in the cluster: what they may do is up to kguard. Tests in which
/// RBAC is to refuse somebody take carol or a workload.
const PEOPLE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: test-people}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: 'oidc:alice'}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: 'oidc:bob'}
";

impl Cluster {
    /// The running cluster; starts it if nobody has.
    pub fn get() -> &'static Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster");
        let folder = std::env::var_os("KGUARD_CLUSTER_DIR").map_or_else(
            || {
                let cache = std::env::var("KGUARD_CACHE").unwrap_or_else(|_| {
                    let home = std::env::var("HOME").unwrap();
                    let cache = std::env::var("XDG_CACHE_HOME");
                    format!("{}/kguard", cache.unwrap_or_else(|_| format!("{home}/.cache")))
                });
                Path::new(&cache).join("cluster/run")
            },
            PathBuf::from,
        );
        run(Command::new("bash").arg(here.join("up.sh"))).ok();
        let env = std::fs::read_to_string(folder.join("env")).unwrap();
        let env: HashMap<_, _> = env
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
            .map(|(key, value)| (key, value.trim_matches(['\'', '"']).to_owned()))
            .collect();
        let get = |key: &str| env.get(key).unwrap_or_else(|| panic!("{key} is missing")).clone();
        let cluster = Self {
            server: get("KGUARD_TEST_SERVER"),
            ca: get("KGUARD_TEST_CA").into(),
            admin: get("KGUARD_TEST_KUBECONFIG").into(),
            gateway: get("KGUARD_TEST_GATEWAY_KUBECONFIG").into(),
            audit_log: get("KGUARD_TEST_AUDIT_LOG").into(),
            service_account_issuer: get("KGUARD_TEST_SA_ISSUER"),
            bin: get("KGUARD_TEST_BIN").into(),
        };
        cluster.apply(PEOPLE);
        cluster
    }

    pub fn kubectl_path(&self, version: &str) -> PathBuf {
        self.bin.join(format!("kubectl-{version}"))
    }

    /// kubectl as the cluster's administrator, past the gateway.
    pub fn admin(&self, args: &[&str]) -> Output {
        run(Command::new(self.kubectl_path("1.34")).env("KUBECONFIG", &self.admin).args(args))
    }

    /// A connection to the API server with the administrator's certificate.
    pub fn connect(&self, protocol: &[u8]) -> http::Tls {
        static CREDENTIAL: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
        let (certificate, key) = CREDENTIAL.get_or_init(|| administrator(self));
        let certificates =
            CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(key).unwrap();
        http::connect_as(&self.server, &self.ca, Some((certificates, key)), protocol)
    }

    /// Applies a manifest as the administrator.
    pub fn apply(&self, manifest: &str) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), manifest).unwrap();
        self.admin(&["apply", "-f", file.path().to_str().unwrap()]).ok();
    }
}

/// The administrator's certificate and key.
fn administrator(cluster: &Cluster) -> (Vec<u8>, Vec<u8>) {
    let kubeconfig = std::fs::read_to_string(&cluster.admin).unwrap();
    let value = |key: &str| {
        let line = kubeconfig.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap();
        line.trim_start_matches(':').trim().to_owned()
    };
    let pem = |key: &str| {
        if kubeconfig.contains(&format!("{key}-data")) {
            STANDARD.decode(value(&format!("{key}-data"))).unwrap()
        } else {
            std::fs::read(value(key)).unwrap()
        }
    };
    (pem("client-certificate"), pem("client-key"))
}

/// A namespace of a test's own. Dropped, it is deleted in the background.
pub struct Namespace {
    pub name: String,
}

impl Namespace {
    pub fn create(purpose: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("t-{purpose}-{}-{count}", std::process::id());
        let cluster = Cluster::get();
        cluster.admin(&["create", "namespace", &name]).ok();
        // Pods need it, and a controller makes it a moment later.
        super::eventually("the default service account", || {
            let account = cluster.admin(&["-n", &name, "get", "serviceaccount", "default"]);
            (account.code == 0).then_some(())
        });
        Self { name }
    }

    /// kubectl as the administrator, in this namespace.
    pub fn admin(&self, args: &[&str]) -> Output {
        Cluster::get().admin(&[&["-n", &self.name], args].concat())
    }

    /// Lets users and groups do everything here, and read what belongs to no namespace.
    pub fn allow(&self, subjects: &[(&str, &str)]) {
        for (index, (kind, name)) in subjects.iter().enumerate() {
            let subject = format!("--{kind}={name}");
            let binding = format!("allowed-{index}");
            let grant =
                ["create", "rolebinding", &binding, "--clusterrole=cluster-admin", &subject];
            self.admin(&grant).ok();
        }
    }

    /// Runs a pod that does nothing until it is told to, and waits until it is ready.
    pub fn pod(&self, name: &str) {
        self.apply(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  \
             terminationGracePeriodSeconds: 1\n  containers:\n  - name: main\n    \
             image: kguard.test/busybox:1\n    imagePullPolicy: Never\n    \
             command: [sh, -c, 'trap exit TERM; while true; do sleep 0.2; done']\n"
        ));
        self.admin(&["wait", "--for=condition=Ready", "--timeout=60s", &format!("pod/{name}")])
            .ok();
    }

    /// Applies a manifest as the administrator, in this namespace.
    pub fn apply(&self, manifest: &str) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), manifest).unwrap();
        self.admin(&["apply", "-f", file.path().to_str().unwrap()]).ok();
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        Cluster::get().admin(&["delete", "namespace", &self.name, "--wait=false"]);
    }
}
