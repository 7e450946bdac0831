//! WebSocket clients that say bytes in base64, as browsers do that cannot send them.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use super::Scene;
use super::recorded::{facts, text};
use crate::harness::{Cluster, http};

const SCRIPT: &str = "read line; echo got $line; echo of $PASSWORD >&2; exit 3";

/// A connection, and what was said on its channels so far.
struct Client<S> {
    socket: WebSocket<S>,
    agreed: String,
    said: BTreeMap<u8, Vec<u8>>,
}

impl<S: Read + Write> Client<S> {
    fn connect(stream: S, (url, token): (&str, Option<&str>), offered: &str) -> Self {
        let mut request = url.replace("https://", "wss://").into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", offered.parse().unwrap());
        if let Some(token) = token {
            headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let connected = tungstenite::client(request, stream);
        let (socket, answer) = connected.unwrap_or_else(|error| panic!("{offered}: {error}"));
        let agreed = answer.headers().get("sec-websocket-protocol").unwrap();
        Self { socket, agreed: agreed.to_str().unwrap().to_owned(), said: BTreeMap::new() }
    }

    fn say(&mut self, channel: u8, bytes: &[u8]) {
        self.socket
            .send(if self.agreed.contains("base64") {
                Message::text(format!("{channel}{}", STANDARD.encode(bytes)))
            } else {
                Message::binary([&[channel], bytes].concat())
            })
            .unwrap();
    }

    /// Takes the next message; false if there is none any more.
    fn listen(&mut self) -> bool {
        let (channel, bytes) = match self.socket.read() {
            Ok(Message::Text(text)) => {
                assert!(self.agreed.contains("base64"), "{}: {text}", self.agreed);
                let (channel, encoded) = text.as_str().split_at(1);
                (channel.parse().unwrap(), STANDARD.decode(encoded).unwrap())
            }
            Ok(Message::Binary(bytes)) => {
                assert!(!self.agreed.contains("base64"), "{}: {bytes:?}", self.agreed);
                (bytes[0], bytes[1..].to_vec())
            }
            Ok(Message::Close(_)) => return false,
            Ok(_) => return true,
            Err(error) => panic!("{}: {error}; it said {:?}", self.agreed, self.said),
        };
        self.said.entry(channel).or_default().extend(bytes);
        true
    }

    /// What is said on each channel until the end.
    fn all(mut self) -> BTreeMap<u8, String> {
        while self.listen() {}
        let text = |bytes| String::from_utf8(bytes).unwrap();
        self.said.into_iter().map(|(channel, bytes)| (channel, text(bytes))).collect()
    }
}

/// The path of a stream of a pod.
fn path(scene: &Scene, pod: &str, rest: &str) -> String {
    format!("/api/v1/namespaces/{}/pods/{pod}/{rest}", scene.namespace.name)
}

fn exec(scene: &Scene) -> String {
    let words = ["sh", "-c", SCRIPT].map(|word| utf8_percent_encode(word, NON_ALPHANUMERIC));
    let command: Vec<_> = words.iter().map(|word| format!("command={word}")).collect();
    path(scene, "keeper", &format!("exec?{}&stdin=1&stdout=1&stderr=1", command.join("&")))
}

fn through(scene: &Scene, path: &str, offered: &str) -> Client<http::Tls> {
    let url = format!("{}/clusters/test{path}", scene.gateway.url);
    let stream = http::connect(&scene.gateway.url, &scene.gateway.ca);
    Client::connect(stream, (&url, Some(&scene.alice.token)), offered)
}

fn directly(path: &str, offered: &str) -> Client<http::Tls> {
    let cluster = Cluster::get();
    let url = format!("{}{path}", cluster.server);
    Client::connect(cluster.connect(b"http/1.1"), (&url, None), offered)
}

#[test]
fn a_command_in_base64_says_what_it_says_without_kguard_but_for_values() {
    let scene = Scene::set();
    scene.keeper();
    let path = exec(&scene);
    let cases = [
        ("base64.channel.k8s.io", "base64.channel.k8s.io"),
        ("v4.base64.channel.k8s.io", "v4.base64.channel.k8s.io"),
        ("base64.channel.k8s.io, v4.channel.k8s.io", "base64.channel.k8s.io"),
        ("v4.base64.channel.k8s.io, v5.channel.k8s.io", ""),
        ("v4.channel.k8s.io, v4.base64.channel.k8s.io", "v4.channel.k8s.io"),
        ("v9.channel.k8s.io, v4.base64.channel.k8s.io", "v4.base64.channel.k8s.io"),
    ];
    for (offered, agreed) in cases {
        let [direct, through] =
            [directly(&path, offered), through(&scene, &path, offered)].map(|mut client| {
                client.say(0, b"typed\n");
                (client.agreed.clone(), client.all())
            });
        assert!(agreed.is_empty() || direct.0 == agreed, "{offered}: {}", direct.0);
        assert_eq!(through.0, direct.0, "{offered}");
        assert_eq!(through.1[&1], "got typed\n", "{offered}");
        assert_eq!(direct.1[&2], "of hunter2\n", "{offered}");
        let mut expected = direct.1;
        expected.insert(2, "of [masked:db/password]\n".to_owned());
        assert_eq!(through.1, expected, "{offered}");
    }
    let trail = scene.trail("exec");
    assert_eq!(trail.len(), cases.len());
    for entry in &trail {
        assert_eq!((&entry.1["code"], &entry.1["failure"]), (&json!(101), &json!(null)));
        assert_eq!(entry.1["masked"]["secrets-in-output"], 1, "{entry:?}");
        let lines = scene.recording(entry);
        let output = text(&lines, "o");
        assert!(output.contains("got typed\n"), "{output}");
        assert!(output.contains("of [masked:db/password]\n"), "{output}");
        assert!(text(&lines, "x").contains('3'), "{lines:?}");
        assert_eq!(text(&lines, "i"), "");
    }
}

#[test]
fn a_bearer_beside_base64_is_left_out_and_base64_is_not() {
    let scene = Scene::set();
    scene.keeper();
    for offered in ["base64.channel.k8s.io", "v4.base64.channel.k8s.io"] {
        let with_bearer = format!("base64url.bearer.authorization.k8s.io.eA, {offered}");
        let mut client = through(&scene, &exec(&scene), &with_bearer);
        assert_eq!(client.agreed, offered);
        client.say(0, b"typed\n");
        assert_eq!(client.all()[&1], "got typed\n");
    }
}

#[test]
fn a_port_forward_in_base64_reaches_its_port_and_is_recorded() {
    let scene = Scene::set();
    scene.echoes();
    let path = path(&scene, "main", "portforward?ports=8080");
    let mut client = through(&scene, &path, "v4.base64.channel.k8s.io");
    assert_eq!(client.agreed, "v4.base64.channel.k8s.io");
    client.say(0, b"hello\n");
    // Each channel says its port first.
    let port = 8080_u16.to_le_bytes();
    let expected = [&port[..], b"hello\n"].concat();
    while client.said.get(&0).is_none_or(|said| said.len() < expected.len()) {
        assert!(client.listen(), "{:?}", client.said);
    }
    assert_eq!(client.said[&0], expected);
    assert_eq!(client.said.get(&1).map(Vec::as_slice), Some(&port[..]));
    drop(client);
    let lines = scene.recording(&scene.trail("portforward")[0]);
    let facts = facts(&lines);
    assert!(facts.iter().any(|fact| fact["port"] == 8080 && fact["up"] == 6), "{facts:?}");
}
