//! Being somebody else, or nobody: an empty `Impersonate-User` runs as the gateway itself.

use base64::Engine as _;

use super::catalogue::Outcome::{Does, Refuses, Says};
use super::catalogue::Proof::Shows;
use super::catalogue::{ENTRY, Entry, Outcome, SECTION, Section, Story};
use super::lab::{ALLOW, Lab};
use crate::harness::http;

pub static HEADERS: Section = Section {
    title: "Who is asking",
    about: "Headers by which an API server, or what stands before it, is told who is calling. Whatever is sent, a request is refused or done as oneself; `--as` where the policies deny it.",
    policies: &[ALLOW, "{match: {verbs: [impersonate]}, effect: deny}"],
    attacks: TOLD,
    honest: TOLD_HONESTLY,
    stories: STORIES,
    ..SECTION
};

/// Running it as the caller himself would not be what was asked for.
const IMPERSONATES: Outcome = Refuses(403, "p1");

/// Whom it names has two readings, or none.
const UNREADABLE: Outcome = Refuses(400, "act as");

const TOLD: &[Entry] = &[
    Entry {
        name: "another user",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate-User: root",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Does(201, ""),
        guarded: IMPERSONATES,
    },
    Entry {
        name: "nobody",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate-User:",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Does(201, "is done as the one who holds the connection, here kguard"),
        guarded: UNREADABLE,
        ..ENTRY
    },
    Entry {
        name: "spaces",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate-User:    ",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Does(201, "is done as the one who holds the connection, here kguard"),
        guarded: UNREADABLE,
        ..ENTRY
    },
    Entry {
        name: "another case of the header",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\niMPERSONATE-uSER: root",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Does(201, ""),
        guarded: IMPERSONATES,
    },
    Entry {
        name: "two users",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate-User: root\nImpersonate-User: oidc:alice",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Does(201, "takes the first"),
        guarded: UNREADABLE,
    },
    Entry {
        name: "another user and his groups",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate-User: root\nImpersonate-Group: system:masters",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("system:masters"),
        unguarded: Does(201, ""),
        guarded: IMPERSONATES,
    },
    Entry {
        name: "groups alone",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate-Group: system:masters",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Says(500, ""),
        guarded: UNREADABLE,
        ..ENTRY
    },
    Entry {
        name: "a uid alone",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate-Uid: 0",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Says(500, ""),
        guarded: UNREADABLE,
        ..ENTRY
    },
    Entry {
        name: "something extra alone",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate-Extra-Scopes: all",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Says(500, ""),
        guarded: UNREADABLE,
        ..ENTRY
    },
    Entry {
        name: "a header that is yet to come",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate-Anything: root",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Does(201, "ignores it"),
        guarded: UNREADABLE,
        ..ENTRY
    },
    Entry {
        name: "an underscore",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nImpersonate_User: root",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Says(201, "ignores it"),
        guarded: Says(201, "is done as oneself"),
    },
    Entry {
        name: "the user of a front proxy",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nX-Remote-User: root\nX-Remote-Group: system:masters",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Says(201, "believes it of a front proxy alone"),
        guarded: Says(201, "is done as oneself"),
    },
    Entry {
        name: "the same with an underscore",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nX_Remote_User: root",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Says(201, "ignores it"),
        guarded: Says(201, "is done as oneself"),
    },
    Entry {
        name: "something extra of a front proxy",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nX-Remote-Extra-Scopes: root",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Says(201, "believes it of a front proxy alone"),
        guarded: Says(201, "is done as oneself"),
    },
    Entry {
        name: "the user of another proxy",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nX-Forwarded-User: root\nX-Auth-Request-User: root\nForwarded: for=127.0.0.1;by=root",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Says(201, "ignores it"),
        guarded: Says(201, "is done as oneself"),
    },
    Entry {
        name: "a local address",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nX-Forwarded-For: 127.0.0.1\nX-Real-IP: 127.0.0.1",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Does(201, "writes it into its audit log"),
        guarded: Does(201, "not sent on"),
        ..ENTRY
    },
    Entry {
        name: "leave out who I am",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nConnection: close, Impersonate-User, Impersonate-Group, Authorization",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Does(201, "ignores it"),
        guarded: Does(201, "as oneself"),
        ..ENTRY
    },
    Entry {
        name: "an entry of the audit log",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nAudit-ID: mine",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Does(201, "goes into its audit log under that id"),
        guarded: Does(201, "under an id of kguard's own"),
        ..ENTRY
    },
    Entry {
        name: "two tokens",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nAuthorization: Bearer x\nAuthorization: Bearer y",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Does(201, "believes the certificate first"),
        guarded: Says(401, ""),
        ..ENTRY
    },
    Entry {
        name: "a second token",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nAuthorization: Bearer x",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Does(201, "believes the certificate first"),
        guarded: Says(401, ""),
        ..ENTRY
    },
    Entry {
        name: "a password",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nProxy-Authorization: Basic cm9vdDpyb290",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Says(201, "ignores it"),
        guarded: Says(201, "is done as oneself"),
    },
    Entry {
        name: "a certificate in a header",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nX-Client-Cert: root\nX-SSL-Client-S-DN: CN=root\nX-Forwarded-Client-Cert: Subject=root",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        proof: Shows("\"root\""),
        unguarded: Says(201, "ignores it"),
        guarded: Says(201, "is done as oneself"),
    },
];

const TOLD_HONESTLY: &[Entry] = &[Entry {
    name: "who one is",
    sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json\nAccept: application/json",
    body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
    proof: Shows("username"),
    unguarded: Does(201, ""),
    guarded: Does(201, ""),
}];

const STORIES: &[Story] = &[Story {
    name: "a token where only one reader looks",
    attacker: "puts his token into `Cookie`, a subprotocol or `X-Authorization`, or two of them \
               into `Authorization`",
    unguarded: "takes one from a subprotocol as well",
    guarded: "401: a token counts in one place only",
}];

/// Tokens in places where only one reader looks.
#[test]
fn a_token_counts_in_one_place_only() {
    let lab = Lab::new();
    let token = &lab.alice.token;
    let protocol = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token);
    for headers in [
        String::new(),
        format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n"),
        format!("Authorization: Basic {token}\r\n"),
        "Authorization: Bearer\r\n".to_owned(),
        format!("Authorization: Bearer {token}x\r\n"),
        format!("X-Authorization: Bearer {token}\r\n"),
        format!("Cookie: token={token}\r\n"),
        format!("Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.{protocol}\r\n"),
    ] {
        let head = format!("GET /clusters/test/version HTTP/1.1\r\n{headers}");
        let answer = http::raw(&lab.gateway.url, &lab.gateway.ca, &head, "");
        assert_eq!(answer.status, 401, "{headers}");
        assert!(!answer.body.contains(token.as_str()));
    }
    assert_eq!(lab.guarded("GET /version", "").status, 200);
}
