//! HTTP/2, which has no lines that could be broken, and pseudo-fields instead.

use super::catalogue::Outcome::{Closes, Does, Refuses, Says};
use super::catalogue::{ENTRY, Entry, SECTION, Section};

pub static FRAMES: Section = Section {
    title: "HTTP/2",
    about: "A field may hold what a line may not, and a request may say twice where it goes. What is malformed breaks its stream off; what is left is read as in HTTP/1.1.",
    attacks: FRAMED,
    honest: FRAMED_HONESTLY,
    ..SECTION
};

const FRAMED: &[Entry] = &[
    Entry {
        name: "two paths",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\n:path: /api",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "two methods",
        sends: ":method: GET\n:method: DELETE\n:scheme: https\n:authority: localhost\n:path: /version",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "no path",
        sends: ":method: GET\n:scheme: https\n:authority: localhost",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "an empty path",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: ",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a path that is none",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: version",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a path of a star",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: *",
        unguarded: Says(404, ""),
        guarded: Says(404, ""),
        ..ENTRY
    },
    Entry {
        name: "a path of dots",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /api/../version",
        unguarded: Says(404, ""),
        guarded: Refuses(400, "`..` segment"),
        ..ENTRY
    },
    Entry {
        name: "a path with a space",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version /api",
        unguarded: Says(404, ""),
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a path with a line break",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version HTTP/1.1␍␊Impersonate-User: root",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a path with an authority",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: https://elsewhere/version",
        unguarded: Does(200, "ignores it"),
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a pseudo-field behind others",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\nx: y\n:path: /version",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a pseudo-field that nobody knows",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\n:user: root",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a status in a request",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\n:status: 200",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a field in capitals",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\nX-Remote-User: root",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a field with a space in its name",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\nx y: z",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a field with a line break",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\nx: y␍␊impersonate-user: root",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a field with a NUL",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\nx: y␀z",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a field of the connection",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\nconnection: upgrade\nupgrade: websocket",
        unguarded: Says(400, ""),
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "chunks",
        sends: ":method: POST\n:scheme: https\n:authority: localhost\n:path: /api/v1/namespaces/$NS/configmaps?dryRun=All\ncontent-type: application/json\ntransfer-encoding: chunked",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Says(400, ""),
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a length that is too short",
        sends: ":method: POST\n:scheme: https\n:authority: localhost\n:path: /api/v1/namespaces/$NS/configmaps?dryRun=All\ncontent-type: application/json\ncontent-length: 1",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a length that is too long",
        sends: ":method: POST\n:scheme: https\n:authority: localhost\n:path: /api/v1/namespaces/$NS/configmaps?dryRun=All\ncontent-type: application/json\ncontent-length: 9999",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Says(500, ""),
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "two lengths",
        sends: ":method: POST\n:scheme: https\n:authority: localhost\n:path: /api/v1/namespaces/$NS/configmaps?dryRun=All\ncontent-type: application/json\ncontent-length: 62\ncontent-length: 1",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Does(201, "takes the first"),
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a coding of transfers",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\nte: gzip",
        unguarded: Says(400, ""),
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "another host than the authority",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\nhost: elsewhere",
        unguarded: Does(200, ""),
        guarded: Does(200, "no decision rests on a host, and none is sent on"),
        ..ENTRY
    },
    Entry {
        name: "a user in the authority",
        sends: ":method: GET\n:scheme: https\n:authority: root@localhost\n:path: /version",
        unguarded: Closes,
        guarded: Does(200, "no decision rests on it, and none is sent on"),
        ..ENTRY
    },
    Entry {
        name: "another scheme",
        sends: ":method: GET\n:scheme: file\n:authority: localhost\n:path: /version",
        unguarded: Closes,
        guarded: Does(200, "no decision rests on it"),
        ..ENTRY
    },
    Entry {
        name: "a tunnel",
        sends: ":method: CONNECT\n:authority: localhost:443",
        unguarded: Says(404, ""),
        guarded: Says(404, ""),
        ..ENTRY
    },
    Entry {
        name: "a websocket in a stream",
        sends: ":method: CONNECT\n:protocol: websocket\n:scheme: https\n:authority: localhost\n:path: /api/v1/namespaces/$NS/pods/none/exec",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "a method that is a request line",
        sends: ":method: GET /version HTTP/1.1␍␊X:\n:scheme: https\n:authority: localhost\n:path: /version",
        unguarded: Closes,
        guarded: Closes,
        ..ENTRY
    },
    Entry {
        name: "identity, without a user",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\nimpersonate-group: root",
        unguarded: Says(500, ""),
        guarded: Refuses(400, "act as"),
        ..ENTRY
    },
    Entry {
        name: "identity in the trailers",
        sends: ":method: POST\n:scheme: https\n:authority: localhost\n:path: /api/v1/namespaces/$NS/configmaps?dryRun=All\ncontent-type: application/json\n\nimpersonate-user: root",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Does(201, "ignores it"),
        guarded: Does(201, "not sent on"),
        ..ENTRY
    },
    Entry {
        name: "a pseudo-field in the trailers",
        sends: ":method: POST\n:scheme: https\n:authority: localhost\n:path: /api/v1/namespaces/$NS/configmaps?dryRun=All\ncontent-type: application/json\n\n:path: /version",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Closes,
        guarded: Does(201, "not sent on"),
        ..ENTRY
    },
];

const FRAMED_HONESTLY: &[Entry] = &[
    Entry {
        name: "a get",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "a post",
        sends: ":method: POST\n:scheme: https\n:authority: localhost\n:path: /api/v1/namespaces/$NS/configmaps?dryRun=All\ncontent-type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "trailers that are allowed",
        sends: ":method: GET\n:scheme: https\n:authority: localhost\n:path: /version\nte: trailers",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
