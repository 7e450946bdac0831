//! An API server that answers garbage, or something that is no API server.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::catalogue::{SECTION, Section, Story};
use super::lab::SECRET;
use crate::harness::{Gateway, Settings, User, http, provider};

pub static STORIES: Section = Section {
    title: "Being the API server",
    about: "What comes back is not believed either: what cannot be masked does not pass.",
    stories: TOLD,
    ..SECTION
};

const TOLD: &[Story] = &[
    Story {
        name: "another type than it is",
        attacker: "answers HTML, protobuf, YAML, UTF-16, two objects, text, or none of them",
        unguarded: "",
        guarded: "502, and nothing of it",
    },
    Story {
        name: "an answer that breaks off",
        attacker: "ends in the middle, or before its length",
        unguarded: "",
        guarded: "502, or a connection that breaks off",
    },
    Story {
        name: "an upgrade that nobody asked for",
        attacker: "answers 101",
        unguarded: "",
        guarded: "502",
    },
    Story {
        name: "a redirect",
        attacker: "answers 307 with the value in it",
        unguarded: "",
        guarded: "307 without `Location`",
    },
];

/// What it answers, by the name of the Secret that is asked for.
fn answers() -> Vec<(&'static str, Vec<u8>, u16)> {
    let object = format!(
        r#"{{"kind":"Secret","apiVersion":"v1","metadata":{{"name":"x"}},"data":{{"a":"{SECRET}"}}}}"#
    );
    let ok = |kind: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let json = |body: String| ok("application/json", body.as_bytes());
    let utf16: Vec<u8> = object.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("honest", json(object.clone()), 200),
        ("truncated", json(object[..object.len() - 2].to_owned()), 502),
        ("unlabelled", format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{object}", object.len()).into(), 502),
        ("html", ok("text/html", object.as_bytes()), 502),
        ("protobuf", ok("application/vnd.kubernetes.protobuf", &[b"k8s\0", SECRET.as_bytes()].concat()), 502),
        ("yaml", ok("application/yaml", object.as_bytes()), 502),
        ("utf16", ok("application/json", &utf16), 502),
        ("charset", ok("application/json;charset=utf-16", &utf16), 502),
        ("repeated", json(object.replacen("\"data\"", "\"data\":{},\"data\"", 1)), 502),
        ("twice", json(format!("{object}{object}")), 502),
        ("text", json(format!("\"{SECRET}\"")), 502),
        ("deep", json(format!("{}\"{SECRET}\"", "[".repeat(100_000))), 502),
        ("switch", b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n".to_vec(), 502),
        ("no-http", SECRET.into(), 502),
        ("short", format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{object}").into(), 502),
        ("panic", format!("HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{object}", object.len()).into(), 500),
        ("error", format!("HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{object}", object.len()).into(), 502),
        ("redirect", format!("HTTP/1.1 307 There\r\nLocation: https://evil/{SECRET}\r\nContent-Length: 0\r\n\r\n").into(), 307),
    ]
}

/// Whatever it answers is masked, or a 502, and never passed on.
#[test]
fn what_cannot_be_masked_never_passes() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = serve(folder.path());
    let gateway = Gateway::with(Settings { kubeconfig, ..Settings::default() });
    let alice = User::person(&gateway, "alice");
    for (name, _, status) in answers() {
        let head = format!("GET /api/v1/namespaces/n/secrets/{name}");
        let answer = http::send(&gateway, &alice, &head, "");
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        let seen = format!("{} {}", answer.head, answer.body);
        assert!(!seen.contains(SECRET) && !seen.contains("evil"), "{name}: {answer:?}");
        assert!(!answer.body.contains("h\0u\0n\0t"), "{name}");
    }
    assert!(!gateway.log().contains(SECRET));
}

/// Serves the answers, one a connection, and writes a kubeconfig for it.
fn serve(folder: &std::path::Path) -> std::path::PathBuf {
    let (ca, certificate, key) = provider::certificate(folder);
    let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            answer(rustls::StreamOwned::new(connection, tcp));
        }
    });
    let path = folder.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: {{server: \"https://localhost:{port}\", certificate-authority: {}}}\ncontexts:\n- name: c\n  context: {{cluster: c, user: u}}\nusers:\n- name: u\n  user: {{token: x}}\n",
        ca.display()
    );
    std::fs::write(&path, text).unwrap();
    path
}

fn answer(mut stream: rustls::StreamOwned<rustls::ServerConnection, std::net::TcpStream>) {
    let mut head = String::new();
    while !head.contains("\r\n\r\n") {
        let mut bytes = [0; 1024];
        match stream.read(&mut bytes) {
            Ok(length @ 1..) => head += &String::from_utf8_lossy(&bytes[..length]),
            _ => return,
        }
    }
    let name = head.split([' ', '?', '/']).filter(|part| !part.is_empty()).nth(6).unwrap_or("");
    if let Some((_, answer, _)) = answers().into_iter().find(|(of, ..)| *of == name) {
        let _ = stream.write_all(&answer);
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
}
