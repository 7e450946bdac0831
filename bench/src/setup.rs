//! Certificates and configuration of a run, in a folder that goes with it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_rustls::TlsConnector;

use crate::kubeconfig::Kubeconfig;
use crate::process::Process;
use crate::{Failure, LOAD_CPU, Options};

/// Holds what is made, and has the one who measures decide.
const APPROVALS: &str = "\
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: held}
spec:
  match: {resources: [configmaps], verbs: [create]}
  effect: hold
  hold: {approvers: ['workload:system:serviceaccount:NAMESPACE:bench'], timeout: 10m}
---
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: all}
spec: {match: {callers: ['*']}, effect: allow}
";

/// What a run works with.
pub(crate) struct Setup {
    pub(crate) folder: PathBuf,
    pub(crate) api_server: SocketAddr,
    pub(crate) gateway: SocketAddr,
    pub(crate) unmasking: SocketAddr,
    pub(crate) streams: SocketAddr,
    pub(crate) unrecorded: SocketAddr,
    pub(crate) approvals: SocketAddr,
    pub(crate) nginx: SocketAddr,
    pub(crate) token: String,
    gateway_binary: PathBuf,
}

impl Setup {
    /// Writes everything down. Nothing is started yet.
    pub(crate) fn make(options: &Options) -> Result<Self, Failure> {
        let folder = options.folder.clone();
        std::fs::create_dir_all(&folder)?;
        let [api_server, gateway, unmasking, streams, unrecorded, approvals, nginx] = free_ports()?;
        let this = Self {
            folder,
            api_server,
            gateway,
            unmasking,
            streams,
            unrecorded,
            approvals,
            nginx,
            token: options.token.clone(),
            gateway_binary: options.gateway.clone(),
        };
        this.certificates()?;
        this.kubeconfigs()?;
        let policies = kguard::policy::starter().text;
        let without = |what: &str| {
            let kept: Vec<_> =
                policies.split("\n---\n").filter(|document| !document.contains(what)).collect();
            kept.join("\n---\n")
        };
        // The load is a workload, and runs code here.
        let running = without("metadata: {name: workloads-run-no-code}");
        let held = APPROVALS.replace("NAMESPACE", &options.namespace);
        let real = Kubeconfig::read(&options.kubeconfig)?;
        for (name, pem) in [
            ("real-ca", &real.authority),
            ("real-cert", &real.certificate),
            ("real-key", &real.key),
        ] {
            std::fs::write(this.folder.join(format!("{name}.pem")), pem)?;
        }
        std::fs::write(this.folder.join("nginx.conf"), this.nginx_configuration(real.server))?;
        let unrecorded = "recordings: {enabled: false}\n";
        for (name, listen, policies, more) in [
            ("gateway", this.gateway, &policies, ""),
            ("unmasking", this.unmasking, &without("\nkind: Mask\n"), ""),
            ("streams", this.streams, &running, ""),
            ("unrecorded", this.unrecorded, &running, unrecorded),
            ("approvals", this.approvals, &held, "plainWaitSeconds: 1\n"),
        ] {
            let configuration = this.gateway_configuration(options, (name, listen)) + more;
            std::fs::write(this.folder.join(format!("{name}-policies.yaml")), policies)?;
            std::fs::write(this.folder.join(format!("{name}.yaml")), configuration)?;
        }
        Ok(this)
    }

    /// Starts the API server beside the load.
    pub(crate) async fn start_api_server(&self) -> Result<Process, Failure> {
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| self.path(name));
        let listen = self.api_server.to_string();
        let args = ["serve", "--listen", &listen, "--cert", &cert, "--key", &key];
        let log = self.folder.join("api-server.log");
        let program = std::env::current_exe()?;
        let mut process = Process::start(Some(LOAD_CPU), &program, &args, &log)?;
        process.listens(self.api_server).await?;
        Ok(process)
    }

    /// Starts nginx.
    pub(crate) async fn start_nginx(&self, cpu: Option<usize>) -> Result<Process, Failure> {
        let (prefix, conf) = (self.path(""), self.path("nginx.conf"));
        let args = ["-p", &prefix, "-c", &conf, "-e", "stderr"];
        let log = self.folder.join("nginx.log");
        let mut process = Process::start(cpu, Path::new("nginx"), &args, &log)?;
        process.listens(self.nginx).await?;
        Ok(process)
    }

    /// Starts the gateway with an empty trail.
    pub(crate) async fn start_gateway(&self, cpu: Option<usize>) -> Result<Process, Failure> {
        self.start("gateway", self.gateway, cpu).await
    }

    /// Starts another gateway, with the same policies but without masks.
    pub(crate) async fn start_unmasking(&self, cpu: Option<usize>) -> Result<Process, Failure> {
        self.start("unmasking", self.unmasking, cpu).await
    }

    /// Starts a gateway that lets the load run code.
    pub(crate) async fn start_streams(&self) -> Result<Process, Failure> {
        self.start("streams", self.streams, None).await
    }

    /// Removes what that one has recorded.
    pub(crate) fn forget_recordings(&self) -> Result<(), Failure> {
        for recording in std::fs::read_dir(self.folder.join("streams-state/recordings"))? {
            std::fs::remove_file(recording?.path())?;
        }
        Ok(())
    }

    /// Starts another one, which records nothing of it.
    pub(crate) async fn start_unrecorded(&self) -> Result<Process, Failure> {
        self.start("unrecorded", self.unrecorded, None).await
    }

    /// Starts one that holds what the load asks for, and of which the load may approve it.
    pub(crate) async fn start_approvals(&self) -> Result<Process, Failure> {
        self.start("approvals", self.approvals, None).await
    }

    /// The same with what is there of an earlier run.
    pub(crate) async fn start_approvals_again(&self) -> Result<Process, Failure> {
        self.start_again("approvals", self.approvals, None).await
    }

    async fn start(
        &self,
        name: &str,
        listen: SocketAddr,
        cpu: Option<usize>,
    ) -> Result<Process, Failure> {
        let state = self.folder.join(format!("{name}-state"));
        if state.exists() {
            std::fs::remove_dir_all(&state)?;
        }
        self.start_again(name, listen, cpu).await
    }

    async fn start_again(
        &self,
        name: &str,
        listen: SocketAddr,
        cpu: Option<usize>,
    ) -> Result<Process, Failure> {
        let config = self.path(&format!("{name}.yaml"));
        let args = ["--log", "warn", "serve", "--config", &config];
        let log = self.folder.join(format!("{name}.log"));
        let mut process = Process::start(cpu, &self.gateway_binary, &args, &log)?;
        process.listens(listen).await?;
        Ok(process)
    }

    /// How the load connects.
    pub(crate) fn connector(&self) -> Result<TlsConnector, Failure> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.folder.join("ca.pem"))?)?;
        let mut config =
            ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// A file of the folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn certificates(&self) -> Result<(), Failure> {
        use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
        let ca_key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate that names its issuer like itself for self-signed.
        params.distinguished_name.push(DnType::CommonName, "kguard-bench CA");
        let ca = params.self_signed(&ca_key)?;
        let issuer = Issuer::new(params, ca_key);
        let key = KeyPair::generate()?;
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let leaf = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        std::fs::write(self.folder.join("ca.pem"), ca.pem())?;
        std::fs::write(self.folder.join("cert.pem"), leaf.pem())?;
        std::fs::write(self.folder.join("key.pem"), key.serialize_pem())?;
        Ok(())
    }

    fn kubeconfigs(&self) -> Result<(), Failure> {
        for (name, base) in [("fast", ""), ("slow", "/slow")] {
            let (ca, server) = (self.path("ca.pem"), self.api_server);
            let text = format!(
                r#"apiVersion: v1
kind: Config
current-context: it
contexts: [{{name: it, context: {{cluster: it, user: it}}}}]
clusters: [{{name: it, cluster: {{server: "https://{server}{base}", certificate-authority: {ca}}}}}]
users: [{{name: it, user: {{token: any}}}}]
"#
            );
            std::fs::write(self.folder.join(format!("{name}.kubeconfig")), text)?;
        }
        Ok(())
    }

    fn gateway_configuration(
        &self,
        options: &Options,
        (name, listen): (&str, SocketAddr),
    ) -> String {
        let folder = self.folder.display();
        let real = options.gateway_kubeconfig.display();
        let (issuer, issuer_ca) = (&options.issuer, options.issuer_ca.display());
        format!(
            r#"apiVersion: kguard.dev/v1alpha1
kind: GatewayConfig
listen: {listen}
tls: {{certFile: {folder}/cert.pem, keyFile: {folder}/key.pem}}
stateDir: {folder}/{name}-state
policies: {folder}/{name}-policies.yaml
clusters:
- {{name: real, kubeconfig: {{path: {real}}}}}
- {{name: fast, kubeconfig: {{path: {folder}/fast.kubeconfig}}}}
- {{name: slow, kubeconfig: {{path: {folder}/slow.kubeconfig}}}}
issuers:
- kind: workload
  issuer: {{url: "{issuer}", audiences: [kguard], certificateAuthorityFile: {issuer_ca}}}
  serviceAccounts: true
"#
        )
    }

    /// One process does what a worker does, so that there is one to measure.
    fn nginx_configuration(&self, real: SocketAddr) -> String {
        let (listen, api_server, folder) = (self.nginx, self.api_server, self.folder.display());
        format!(
            r"daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  keepalive_requests 100000000;
  upstream api {{ server {api_server}; keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen {listen} ssl;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{
      proxy_pass https://api;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
      proxy_set_header Host $host;
      proxy_ssl_protocols TLSv1.2 TLSv1.3;
      proxy_ssl_trusted_certificate {folder}/ca.pem;
      proxy_ssl_name localhost;
      proxy_ssl_verify on;
      proxy_read_timeout 1h;
    }}
    location /real/ {{
      proxy_pass https://{real}/;
      proxy_http_version 1.1;
      proxy_set_header Connection upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_ssl_protocols TLSv1.2 TLSv1.3;
      proxy_ssl_trusted_certificate {folder}/real-ca.pem;
      proxy_ssl_certificate {folder}/real-cert.pem;
      proxy_ssl_certificate_key {folder}/real-key.pem;
      proxy_ssl_name kubernetes;
      proxy_ssl_verify on;
      proxy_read_timeout 1h;
    }}
  }}
}}
"
        )
    }
}

fn free_ports<const N: usize>() -> Result<[SocketAddr; N], Failure> {
    // All at once, so that they differ.
    let listeners = (0..N)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<Vec<_>, _>>()?;
    let ports = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
    ports.try_into().map_err(|_| "a port is missing".into())
}
