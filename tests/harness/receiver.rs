//! Those who are told: an HTTPS server and a mail server, each as little as it takes to receive.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::provider;

/// What one request or one mail was.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request's line and headers, or the commands before the mail.
    pub head: String,
    /// The request's body, or the mail.
    pub body: String,
}

impl Received {
    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        });
        line.unwrap_or_else(|| panic!("no `{name}` in {}", self.head))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server on loopback with a certificate of its own.
pub struct Receiver {
    pub port: u16,
    pub ca: PathBuf,
    received: Arc<Mutex<Vec<Received>>>,
    /// What the next ones are answered with; when there is nothing left, they are taken.
    answers: Arc<Mutex<VecDeque<String>>>,
    _folder: tempfile::TempDir,
}

type Tls = BufReader<StreamOwned<ServerConnection, TcpStream>>;
type Serve = fn(&mut Tls, &mut dyn FnMut() -> Option<String>) -> Option<Received>;

impl Receiver {
    /// A receiver of webhooks: answers with 204, or with the next of its answers.
    pub fn https() -> Self {
        Self::start(http)
    }

    /// A mail server that takes everything, or answers the recipient with the next of its answers.
    pub fn smtps() -> Self {
        Self::start(smtp)
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    /// What the next ones are answered with: `500 Oops`, with more headers behind `\r\n`; `-` is no
    /// answer at all.
    pub fn answer(&self, answers: &[&str]) {
        self.answers.lock().unwrap().extend(answers.iter().map(|&answer| answer.to_owned()));
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many have come.
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        super::eventually(&format!("{count} messages"), || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
    }

    fn start(serve: Serve) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ca, cert, key) = provider::certificate(folder.path());
        let config = Arc::new(config(&cert, &key));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let answers: Arc<Mutex<VecDeque<String>>> = Arc::default();
        let (into, from) = (Arc::clone(&received), Arc::clone(&answers));
        // It ends with the process: a test has no use for the end of it.
        std::thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let (config, into, from) =
                    (Arc::clone(&config), Arc::clone(&into), Arc::clone(&from));
                std::thread::spawn(move || {
                    let tls = StreamOwned::new(ServerConnection::new(config).unwrap(), tcp);
                    let mut tls = BufReader::new(tls);
                    let mut next = || from.lock().unwrap().pop_front();
                    while let Some(one) = serve(&mut tls, &mut next) {
                        into.lock().unwrap().push(one);
                    }
                });
            }
        });
        Self { port, ca, received, answers, _folder: folder }
    }
}

fn config(cert: &std::path::Path, key: &std::path::Path) -> ServerConfig {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let certs = CertificateDer::pem_file_iter(cert).unwrap().map(Result::unwrap).collect();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certs, PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap()
}

/// One request; none at the connection's end.
fn http(tls: &mut Tls, next: &mut dyn FnMut() -> Option<String>) -> Option<Received> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if tls.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut received = Received { head, body: String::new() };
    let mut body = vec![0; received.header("content-length").parse().unwrap()];
    tls.read_exact(&mut body).ok()?;
    received.body = String::from_utf8(body).unwrap();
    let answer = next().unwrap_or_else(|| "204 No Content".to_owned());
    if answer == "-" {
        // As long as the other side has patience.
        let _ = tls.read_line(&mut String::new());
        return Some(received);
    }
    write!(tls.get_mut(), "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").ok()?;
    tls.get_mut().flush().ok()?;
    Some(received)
}

fn say(tls: &mut Tls, text: &str) -> Option<()> {
    let stream = tls.get_mut();
    write!(stream, "{text}\r\n").and_then(|()| stream.flush()).ok()
}

/// One mail; none at the connection's end.
fn smtp(tls: &mut Tls, next: &mut dyn FnMut() -> Option<String>) -> Option<Received> {
    let mut received = Received { head: String::new(), body: String::new() };
    say(tls, "220 mail.test ESMTP")?;
    loop {
        let mut line = String::new();
        if tls.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let command = line.to_ascii_uppercase();
        received.head.push_str(&line);
        if command.starts_with("EHLO") {
            say(tls, "250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN")?;
        } else if command.starts_with("RCPT") {
            let answer = next().unwrap_or_else(|| "250 ok".to_owned());
            say(tls, &answer)?;
        } else if command.starts_with("AUTH") {
            say(tls, "235 ok")?;
        } else if command.starts_with("DATA") {
            say(tls, "354 go on")?;
            while !received.body.ends_with("\r\n.\r\n") {
                if tls.read_line(&mut received.body).ok()? == 0 {
                    return None;
                }
            }
            say(tls, "250 taken")?;
            return Some(received);
        } else if command.starts_with("QUIT") {
            say(tls, "221 bye")?;
            return None;
        } else {
            say(tls, "250 ok")?;
        }
    }
}
