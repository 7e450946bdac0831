//! Stalling the gateway, or taking its memory.

use std::io::{Read, Write};

use super::catalogue::{SECTION, Section, Story};
use super::lab::Lab;
use crate::harness::{User, http};

pub static STORIES: Section = Section {
    title: "Stalling",
    about: "A gateway that waits, or that keeps what it is sent, is stopped by anybody.",
    stories: TOLD,
    ..SECTION
};

const TOLD: &[Story] = &[
    Story {
        name: "too much, too deep, too wide, too long",
        attacker: "sends 4 MiB, a million brackets, a million zeros, a thousand headers, a header of a megabyte, a path of 17 KiB",
        unguarded: "takes most of them",
        guarded: "413, 400 and 431, and it goes on",
    },
    Story {
        name: "bodies that never come",
        attacker: "announces them and waits",
        unguarded: "waits a minute",
        guarded: "keeps no more than the caller's share; others go on",
    },
    Story {
        name: "silence",
        attacker: "connects and says nothing, or half a head",
        unguarded: "closes after a while",
        guarded: "closes after half a minute",
    },
];

const CREATE: &str =
    "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json";

#[test]
fn what_is_too_large_too_deep_or_too_much_is_refused_and_the_gateway_goes_on() {
    let lab = Lab::new();
    let many = "\nX: a".repeat(1000);
    for (name, head, body, status) in [
        ("more than 3 MiB", CREATE.to_owned(), format!("\"{}\"", "a".repeat(3 << 20)), 413),
        ("deep JSON", CREATE.to_owned(), "[".repeat(1 << 20), 400),
        ("wide JSON", CREATE.to_owned(), format!("[{}0]", "0,".repeat(1 << 20)), 400),
        ("deep YAML", CREATE.replace("json", "yaml"), "[".repeat(1 << 20), 400),
        ("many headers", format!("GET /version{many}"), String::new(), 431),
        ("a huge header", format!("GET /version\nX: {}", "a".repeat(1 << 20)), String::new(), 431),
        ("a long path", format!("GET /api/v1/{}", "a".repeat(17 << 10)), String::new(), 400),
    ] {
        let answer = lab.guarded(&head, body);
        assert_eq!(answer.status, status, "{name}: {} {}", answer.head, answer.body);
    }
    let honest = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#;
    assert_eq!(lab.guarded(CREATE, honest).status, 201);
}

/// Bodies that are announced and never come take no more than their caller's share.
#[test]
fn bodies_that_never_come_keep_nobody_else_out() {
    let lab = Lab::new();
    lab.space
        .admin(&["create", "rolebinding", "bob", "--clusterrole=cluster-admin", "--user=oidc:bob"])
        .ok();
    let bob = User::person(&lab.gateway, "bob");
    let (line, headers) = CREATE.split_once('\n').unwrap();
    let line = line.replace("$NS", &lab.space.name).replace("/api/", "/clusters/test/api/");
    let token = &lab.alice.token;
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut stream = http::connect(&lab.gateway.url, &lab.gateway.ca);
        let head =
            format!("{line} HTTP/1.1\r\nHost: x\r\n{headers}\r\nAuthorization: Bearer {token}\r\n");
        stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
        stream.flush().unwrap();
        open.push(stream);
    }
    let body = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#;
    let large = format!("{body}{}", " ".repeat(3_000_000));
    crate::harness::eventually("a full share", || {
        (lab.guarded(CREATE, &large).status == 429).then_some(())
    });
    assert_eq!(lab.as_user(&bob, CREATE, &large).status, 201);
    assert_eq!(lab.guarded("GET /version", "").status, 200, "requests without a body go on");
    drop(open);
    crate::harness::eventually("room again", || {
        (lab.guarded(CREATE, &large).status == 201).then_some(())
    });
}

/// Connections that say nothing, or stop in the middle of a head.
#[test]
fn silent_connections_are_closed() {
    let lab = Lab::new();
    std::thread::scope(|scope| {
        for said in ["", "P", "PRI * HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nX: "] {
            let gateway = &lab.gateway;
            scope.spawn(move || {
                let mut stream = http::connect(&gateway.url, &gateway.ca);
                stream.write_all(said.as_bytes()).unwrap();
                stream.flush().unwrap();
                let read = stream.read_to_end(&mut Vec::new());
                // The test's own read would time out after a minute.
                let timed_out =
                    read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
                assert!(!timed_out, "{said:?} is still open");
            });
        }
    });
}
