//! Our protobuf, held against the API server's: it says of a Secret what the API server's JSON says, and
//! the API server reads it as the same.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use kguard::kube::protobuf;

use super::*;
use crate::harness::{Cluster, Running};

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// The API server, as the administrator, by bytes.
struct Direct {
    address: String,
    _proxy: Running,
}

impl Direct {
    fn new() -> Self {
        let cluster = Cluster::get();
        let mut command = Command::new(cluster.kubectl_path("1.34"));
        command.env("KUBECONFIG", &cluster.admin).args(["proxy", "--port=0"]);
        let mut proxy = Running::start(&mut command);
        let address = proxy.wait_for("kubectl proxy", |line| {
            line.strip_prefix("Starting to serve on ").map(|address| address.trim().to_owned())
        });
        Self { address, _proxy: proxy }
    }

    /// The status line and the body.
    fn send(&self, head: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{head}\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = memchr::memmem::find(&answer, b"\r\n\r\n").unwrap();
        let status = String::from_utf8(answer[..end].to_vec()).unwrap();
        (status.lines().next().unwrap().to_owned(), answer[end + 4..].to_vec())
    }
}

#[test]
fn what_we_read_and_say_is_what_the_api_server_says_and_reads() {
    let desk = Desk::new("wire");
    desk.secret("db");
    let what = "annotate secret db long=".to_owned() + &"x".repeat(300);
    desk.namespace.admin(&what.split(' ').collect::<Vec<_>>()).ok();
    let direct = Direct::new();
    let path = format!("/api/v1/namespaces/{}/secrets/db", desk.namespace.name);
    let (status, theirs) = direct.send(&format!("GET {path} HTTP/1.1\r\nAccept: {PROTOBUF}"), b"");
    assert!(status.contains("200") && theirs.starts_with(b"k8s\0"), "{status}");
    let stored = desk.stored("secret/db");
    assert_eq!(protobuf::object("secrets", &theirs).unwrap(), Some(stored.clone()));
    let ours = protobuf::answer(&stored).unwrap();
    let put = format!(
        "PUT {path}?dryRun=All HTTP/1.1\r\nAccept: application/json\r\nContent-Type: {PROTOBUF}"
    );
    let (status, read) = direct.send(&put, &ours);
    assert!(status.contains("200"), "{status} {}", String::from_utf8_lossy(&read));
    let read: Value = serde_json::from_slice(&read).unwrap();
    for part in ["data", "type"] {
        assert_eq!(read[part], stored[part]);
    }
    assert_eq!(read["metadata"]["annotations"], stored["metadata"]["annotations"]);
    assert_eq!(read["metadata"]["uid"], stored["metadata"]["uid"]);
}
