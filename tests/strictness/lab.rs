//! A gateway with an attacker, and the same API server without a gateway.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::harness::http::{self, Answer};
use crate::harness::{Cluster, Gateway, Namespace, User};

/// The value that nobody may see, and its base64.
pub const SECRET: &str = "hunter2-is-a-secret";

pub struct Lab {
    pub gateway: Gateway,
    pub space: Namespace,
    /// May do everything in the namespace, as far as RBAC goes.
    pub alice: User,
}

impl Lab {
    pub fn new() -> Self {
        Self::with(&kguard::policy::starter().text)
    }

    pub fn with(policies: &str) -> Self {
        let gateway = Gateway::with_policies(policies);
        let space = Namespace::create("strict");
        space.allow(&[("user", "oidc:alice")]);
        let alice = User::person(&gateway, "alice");
        Self { gateway, space, alice }
    }

    /// Alice through kguard. `$NS` stands for the namespace.
    pub fn guarded(&self, head: &str, body: impl AsRef<str>) -> Answer {
        self.as_user(&self.alice, head, body)
    }

    pub fn as_user(&self, user: &User, head: &str, body: impl AsRef<str>) -> Answer {
        let head = head.replace("$NS", &self.space.name);
        http::send(&self.gateway, user, &head, &body.as_ref().replace("$NS", &self.space.name))
    }

    /// An administrator at the API server itself.
    pub fn unguarded(&self, head: &str, body: impl AsRef<str>) -> Answer {
        let mut stream = self.ask(head, body.as_ref());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        http::parse(&answer)
    }

    /// The same for a request that asks for an upgrade: the beginning of its answer.
    pub fn unguarded_upgrade(&self, head: &str) -> Answer {
        beginning(self.ask(head, ""))
    }

    /// A request of Alice's that asks for an upgrade: the beginning of its answer.
    pub fn guarded_upgrade(&self, head: &str) -> Answer {
        let head = head.replace("$NS", &self.space.name).replacen(" /", " /clusters/test/", 1);
        let (line, headers) = head.split_once('\n').unwrap();
        let headers: String = headers.lines().map(|line| format!("{line}\r\n")).collect();
        let authorization = format!("Authorization: Bearer {}", self.alice.token);
        let mut stream = http::connect(&self.gateway.url, &self.gateway.ca);
        let text = format!("{line} HTTP/1.1\r\nHost: gateway\r\n{authorization}\r\n{headers}\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        beginning(stream)
    }

    fn ask(&self, head: &str, body: &str) -> Stream {
        let head = head.replace("$NS", &self.space.name);
        let (line, headers) = head.split_once('\n').unwrap_or((&head, ""));
        let body = body.replace("$NS", &self.space.name);
        let mut text = format!("{line} HTTP/1.1\r\nHost: localhost\r\n");
        if !headers.contains("Connection:") {
            text += "Connection: close\r\n";
        }
        for header in headers.lines() {
            text += &format!("{header}\r\n");
        }
        if !body.is_empty() {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        let mut stream = direct();
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
        stream
    }

    /// A request of the control API; no token if there is no user.
    pub fn control(&self, user: Option<&User>, head: &str, body: &str) -> Answer {
        let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
        let mut head = format!("{line} HTTP/1.1\r\n");
        for header in headers.lines() {
            head += &format!("{header}\r\n");
        }
        if let Some(user) = user {
            head += &format!("Authorization: Bearer {}\r\n", user.token);
        }
        http::raw(&self.gateway.url, &self.gateway.ca, &head, body)
    }

    /// The Secret `db`, applied by kubectl, so that its last-applied annotation holds it too.
    pub fn secret(&self) {
        self.space.apply(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {{password: {SECRET}}}\n"
        ));
    }
}

/// What is there when the head is: these connections stay open.
fn beginning(mut stream: Stream) -> Answer {
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut bytes = [0; 4096];
        let length = stream.read(&mut bytes).unwrap();
        assert_ne!(length, 0, "the connection ended");
        answer.extend_from_slice(&bytes[..length]);
    }
    http::parse(&answer)
}

/// Whether the secret value shows, in any of the forms in which it travels.
pub fn leaks(answer: &Answer) -> bool {
    let forms = [SECRET.to_owned(), STANDARD.encode(SECRET)];
    forms.iter().any(|form| answer.body.contains(form) || answer.head.contains(form))
}

type Stream = rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream>;

fn direct() -> Stream {
    let cluster = Cluster::get();
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
    let certificates = CertificateDer::pem_slice_iter(&pem("client-certificate"))
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(&pem("client-key")).unwrap();
    http::connect_as(&cluster.server, &cluster.ca, Some((certificates, key)))
}
