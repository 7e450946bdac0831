//! A user of the client: a home folder, a gateway, the binary.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::fake_gateway::FakeGateway;

pub(crate) struct Home {
    pub(crate) folder: TempDir,
    gateway: String,
}

impl Home {
    /// A machine's: with a token in a file.
    pub(crate) fn new(gateway: &FakeGateway) -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            gateway: format!("https://{}", gateway.address),
        };
        std::fs::write(home.path("ca.pem"), &gateway.ca).unwrap();
        home.write_token("good");
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write_token(&self, token: &str) {
        std::fs::write(self.path("token"), token).unwrap();
    }

    /// A command without a token, as a person runs it.
    pub(crate) fn person(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kguard"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("KGUARD_HOME", self.folder.path())
            .env("KGUARD_GATEWAY", &self.gateway)
            .env("KGUARD_CA_FILE", self.path("ca.pem"))
            .env("KGUARD_MOUNTED_TOKEN", "/nowhere")
            .env("KGUARD_SERVICE_ACCOUNT_TOKEN", "/nowhere")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    pub(crate) fn machine(&self, arguments: &[&str]) -> Command {
        let mut command = self.person(arguments);
        command.env("KGUARD_TOKEN_FILE", self.path("token"));
        command
    }
}

/// The exit code, standard output and standard error.
pub(crate) async fn run(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A client that uses a kubeconfig as kubectl does.
pub(crate) struct Kubeconfig(pub(crate) Value);

impl Kubeconfig {
    pub(crate) fn read(path: &str) -> Self {
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    pub(crate) fn cluster(&self, name: &str) -> &Value {
        let clusters = self.0["clusters"].as_array().unwrap();
        &clusters.iter().find(|cluster| cluster["name"] == name).unwrap()["cluster"]
    }

    /// A client, with the certificate that lets it in or without.
    pub(crate) fn client(&self, name: &str, with_certificate: bool) -> reqwest::Client {
        let cluster = self.cluster(name);
        let ca = reqwest::Certificate::from_pem(&decode(&cluster["certificate-authority-data"]));
        let mut client = reqwest::Client::builder().tls_certs_only([ca.unwrap()]);
        if let Some(proxy) = cluster["proxy-url"].as_str() {
            client = client.proxy(reqwest::Proxy::all(proxy).unwrap());
        }
        if with_certificate {
            let user = &self.0["users"][0]["user"];
            let mut identity = decode(&user["client-certificate-data"]);
            identity.extend(decode(&user["client-key-data"]));
            client = client.identity(reqwest::Identity::from_pem(&identity).unwrap());
        }
        client.build().unwrap()
    }

    pub(crate) async fn get(&self, cluster: &str, path: &str) -> reqwest::Result<(u16, String)> {
        let url = format!("{}{path}", self.cluster(cluster)["server"].as_str().unwrap());
        let response = self.client(cluster, true).get(url).send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }
}

fn decode(value: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap()
}
