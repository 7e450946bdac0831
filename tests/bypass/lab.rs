//! A gateway with an attacker, and the same API server without a gateway.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::h2;
use crate::harness::http::{self, Answer, Tls};
use crate::harness::{Cluster, Gateway, Namespace, User};

/// The value that nobody may see, and its base64.
pub const SECRET: &str = "hunter2-is-a-secret";

/// Allows everything; the denies of a section come on top.
pub const ALLOW: &str = "{match: {callers: ['*']}, effect: allow}";

pub struct Lab {
    pub gateway: Gateway,
    pub space: Namespace,
    /// May do everything in the namespace, as far as RBAC goes.
    pub alice: User,
}

/// Where a request goes, and as whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// To the API server, as an administrator.
    Unguarded,
    /// Through kguard, as Alice.
    Guarded,
}

/// Policies out of their specs, named `p0`, `p1` and so on.
pub fn policies(rules: &[&str]) -> String {
    let document = |(index, spec): (usize, &&str)| {
        format!(
            "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: p{index}}}\nspec: {spec}\n"
        )
    };
    rules.iter().enumerate().map(document).collect::<Vec<_>>().join("---\n")
}

impl Lab {
    pub fn new() -> Self {
        Self::with(&kguard::policy::starter().text)
    }

    pub fn with(policies: &str) -> Self {
        let gateway = Gateway::with_policies(policies);
        let space = Namespace::create("bypass");
        space.allow(&[("user", "oidc:alice")]);
        let alice = User::person(&gateway, "alice");
        Self { gateway, space, alice }
    }

    /// A text about this lab: `$NS` stands for the namespace.
    pub fn place(&self, text: &str) -> String {
        text.replace("$NS", &self.space.name)
    }

    /// Sends a request, its lines as they are written, and reads the answer. Lines that begin with
    /// a pseudo-field are the fields of HTTP/2.
    pub fn send(&self, side: Side, sends: &str, body: &[u8]) -> Answer {
        if sends.starts_with(':') {
            return h2::send(self.connect(side, b"h2"), &self.fields(side, sends), body);
        }
        let mut stream = self.connect(side, b"http/1.1");
        // Whoever refuses a request early may close before all of it is written.
        let _ = stream.write_all(&self.wire(side, sends, body));
        let _ = stream.flush();
        // What is upgraded stays open.
        let upgrades = sends.to_lowercase().contains("\nupgrade:");
        if upgrades { beginning(stream) } else { all(stream) }
    }

    fn connect(&self, side: Side, protocol: &[u8]) -> Tls {
        match side {
            Side::Unguarded => Cluster::get().connect(protocol),
            Side::Guarded => http::connect_as(&self.gateway.url, &self.gateway.ca, None, protocol),
        }
    }

    /// The fields of a request in HTTP/2.
    fn fields(&self, side: Side, sends: &str) -> String {
        let sends = self.place(sends);
        match side {
            Side::Unguarded => sends,
            Side::Guarded => {
                let sends = sends.replace("\n:path: /", "\n:path: /clusters/test/");
                let (fields, trailers) = sends.split_once("\n\n").unwrap_or((&sends, ""));
                let token = &self.alice.token;
                format!("{fields}\nauthorization: Bearer {token}\n\n{trailers}")
            }
        }
    }

    /// Alice through kguard.
    pub fn guarded(&self, sends: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(Side::Guarded, sends, body.as_ref())
    }

    /// An administrator at the API server itself.
    pub fn unguarded(&self, sends: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(Side::Unguarded, sends, body.as_ref())
    }

    pub fn as_user(&self, user: &User, head: &str, body: impl AsRef<str>) -> Answer {
        http::send(&self.gateway, user, &self.place(head), &self.place(body.as_ref()))
    }

    /// The bytes of a request: what it lacks of `Host`, `Connection` and `Content-Length` is added.
    pub fn wire(&self, side: Side, sends: &str, body: &[u8]) -> Vec<u8> {
        let sends = self.place(sends);
        let (line, headers) = sends.split_once('\n').unwrap_or((&sends, ""));
        let body = match std::str::from_utf8(body) {
            Ok(text) => self.place(text).into_bytes(),
            Err(_) => body.to_vec(),
        };
        let lower = headers.to_lowercase();
        let has = |name: &str| lower.starts_with(name) || lower.contains(&format!("\n{name}"));
        let mut text = match side {
            Side::Unguarded => format!("{line} HTTP/1.1\r\n"),
            Side::Guarded => format!(
                "{} HTTP/1.1\r\nAuthorization: Bearer {}\r\n",
                at_cluster(line),
                self.alice.token
            ),
        };
        for (name, value) in
            [("host:", "localhost".to_owned()), ("connection:", "close".to_owned())]
        {
            if !has(name) {
                text += &format!("{name} {value}\r\n");
            }
        }
        if !body.is_empty() && !has("content-length:") && !has("transfer-encoding:") {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        headers.split('\n').filter(|line| !line.is_empty()).for_each(|line| {
            text += &format!("{line}\r\n");
        });
        [format!("{text}\r\n").as_bytes(), &body].concat()
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

    pub fn make_configmap(&self, name: &str) {
        let head = "POST /api/v1/namespaces/$NS/configmaps\nContent-Type: application/json";
        let body = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME"}}"#;
        self.unguarded(head, body.replace("NAME", name));
    }

    pub fn remove_configmap(&self, name: &str) {
        self.unguarded(&format!("DELETE /api/v1/namespaces/$NS/configmaps/{name}"), "");
    }

    pub fn has_configmap(&self, name: &str) -> bool {
        let head = format!("GET /api/v1/namespaces/$NS/configmaps/{name}");
        self.unguarded(&head, "").status == 200
    }
}

/// A request line for a cluster's API server as one for the gateway.
fn at_cluster(line: &str) -> String {
    let (method, target) = line.split_once(' ').unwrap();
    let at = target
        .find("://")
        .map_or(0, |at| target[at + 3..].find('/').map_or(target.len(), |slash| at + 3 + slash));
    format!("{method} {}/clusters/test{}", &target[..at], &target[at..])
}

/// Whether the secret value shows, in any of the forms in which it travels.
pub fn leaks(answer: &Answer) -> bool {
    let forms = [SECRET.to_owned(), STANDARD.encode(SECRET)];
    forms.iter().any(|form| answer.body.contains(form) || answer.head.contains(form))
}

fn all(mut stream: Tls) -> Answer {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
    http::parse(answer.strip_prefix(interim).unwrap_or(&answer))
}

/// What is there of an answer that may not end with its connection.
fn beginning(mut stream: Tls) -> Answer {
    let mut answer = Vec::new();
    while !is_complete(&String::from_utf8_lossy(&answer).to_lowercase()) {
        let mut bytes = [0; 4096];
        match stream.read(&mut bytes) {
            Ok(length @ 1..) => answer.extend_from_slice(&bytes[..length]),
            _ => break,
        }
    }
    http::parse(&answer)
}

fn is_complete(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    match length {
        Some(length) => body.len() >= length.trim().parse().unwrap(),
        None => !head.contains("chunked") || body.ends_with("0\r\n\r\n"),
    }
}
