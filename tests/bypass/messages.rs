//! Messages. Where one request ends and the next begins, and where a header does, must not be a
//! matter of taste: kguard reads messages with one parser and writes new ones.

use super::catalogue::Outcome::{Does, Refuses, Says};
use super::catalogue::Proof::Deletes;
use super::catalogue::{ENTRY, Entry, SECTION, Section};

pub static ENDS: Section = Section {
    title: "Where a body ends",
    about: "Two readers that disagree on the end of a body make two requests out of one. kguard reads it to its end, and sends its own with a length.",
    attacks: ENDED,
    honest: ENDED_HONESTLY,
    ..SECTION
};

const ENDED: &[Entry] = &[
    Entry {
        name: "two lengths",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Length: 1\nContent-Length: 62",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "two lengths in one line",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Length: 1, 62",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a length with a sign",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Length: +62",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a length in hexadecimal",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Length: 0x3e",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a length below nothing",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Length: -1",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a length beyond all numbers",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Length: 99999999999999999999",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "an encoding that is none",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: xchunked",
        body: b"3e\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
        unguarded: Says(501, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "chunked, and then something else",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: chunked, identity",
        body: b"3e\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
        unguarded: Says(501, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "chunked in two lines",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: identity\nTransfer-Encoding: chunked",
        body: b"3e\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
        unguarded: Says(501, ""),
        guarded: Does(201, "goes by the chunks, and sends a length of its own"),
        ..ENTRY
    },
    Entry {
        name: "a length and chunks",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Length: 73\nTransfer-Encoding: chunked",
        body: b"3e\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
        unguarded: Does(201, "goes by the chunks"),
        guarded: Does(201, "goes by the chunks, and sends a length of its own"),
        ..ENTRY
    },
    Entry {
        name: "a chunk size that is none",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: chunked",
        body: b"xyz\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
        unguarded: Says(500, ""),
        guarded: Refuses(400, "could not be read"),
        ..ENTRY
    },
    Entry {
        name: "a chunk size beyond all numbers",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: chunked",
        body: b"fffffffffffffffff\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
        unguarded: Says(500, ""),
        guarded: Refuses(400, "could not be read"),
        ..ENTRY
    },
    Entry {
        name: "a chunk longer than its size",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: chunked",
        body: b"1\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
        unguarded: Says(500, ""),
        guarded: Refuses(400, "could not be read"),
        ..ENTRY
    },
    Entry {
        name: "a length of nothing and chunks",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: chunked\nContent-Length: 0",
        body: b"3e\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
        unguarded: Does(201, "goes by the chunks"),
        guarded: Does(201, "goes by the chunks, and sends a length of its own"),
        ..ENTRY
    },
    Entry {
        name: "a request in the body of another",
        sends: "GET /api/v1/namespaces/$NS/configmaps/none",
        body: b"DELETE /api/v1/namespaces/$NS/configmaps/kept HTTP/1.1\r\nHost: localhost\r\n\r\n",
        proof: Deletes("kept"),
        unguarded: Says(404, ""),
        guarded: Says(404, "the body goes nowhere"),
    },
    Entry {
        name: "a request behind the last chunk",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: chunked",
        body: b"3e\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\nDELETE /api/v1/namespaces/$NS/configmaps/kept HTTP/1.1\r\nHost: localhost\r\n\r\n",
        proof: Deletes("kept"),
        unguarded: Says(201, ""),
        guarded: Says(201, "what follows would need a token of its own"),
    },
    Entry {
        name: "identity in the trailers",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: chunked\nTrailer: Impersonate-User, Authorization",
        body: b"3e\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\nImpersonate-User: root\r\nAuthorization: Bearer x\r\n\r\n",
        unguarded: Does(201, "ignores them"),
        guarded: Does(201, "they are not sent on"),
        ..ENTRY
    },
];

const ENDED_HONESTLY: &[Entry] = &[
    Entry {
        name: "a length",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Length: 62",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}",
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "chunks",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: chunked",
        body: b"3e\r\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "several chunks with extensions",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nTransfer-Encoding: chunked",
        body: b"1;a=b\r\n{\r\n3d;c=\"d\"\r\n\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\r\n0;e\r\n\r\n",
        unguarded: Does(201, ""),
        guarded: Does(201, "they are not sent on"),
        ..ENTRY
    },
    Entry {
        name: "waiting for a hundred",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nExpect: 100-continue",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}",
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
];

pub static HEADS: Section = Section {
    title: "Where a header ends",
    about: "The same for the lines of a head. Of what a client sends, a handful of headers is sent on, each under its own name.",
    attacks: HEADED,
    honest: HEADED_HONESTLY,
    ..SECTION
};

const HEADED: &[Entry] = &[
    Entry {
        name: "a space before the colon",
        sends: "GET /version\nX-Remote-User : root",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a header folded onto a second line",
        sends: "GET /version\nX: a\n Impersonate-User: root",
        unguarded: Does(200, "one header, with a space"),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a header without a colon",
        sends: "GET /version\nImpersonate-User",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a header without a name",
        sends: "GET /version\n: root",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a control character in a header",
        sends: "GET /version\nX: a\x01b",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a carriage return in a header",
        sends: "GET /version\nX: a\rImpersonate-User: root",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a letter in a name that is no token",
        sends: "GET /version\nX(y): z",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "two hosts",
        sends: "GET /version\nHost: localhost\nHost: elsewhere",
        unguarded: Says(400, ""),
        guarded: Does(200, "no decision rests on a host, and none is sent on"),
        ..ENTRY
    },
    Entry {
        name: "another host",
        sends: "GET /version\nHost: elsewhere.example",
        unguarded: Does(200, ""),
        guarded: Does(200, "no decision rests on a host, and none is sent on"),
        ..ENTRY
    },
    Entry {
        name: "a target with another authority",
        sends: "GET https://elsewhere.example/version",
        unguarded: Does(200, "ignores it"),
        guarded: Does(200, "no decision rests on it, and it is not sent on"),
        ..ENTRY
    },
    Entry {
        name: "a target with a scheme that is none",
        sends: "GET file://localhost/version",
        unguarded: Does(200, "ignores it"),
        guarded: Does(200, "no decision rests on it, and it is not sent on"),
        ..ENTRY
    },
    Entry {
        name: "a space in the target",
        sends: "GET /version /api",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "a tab in the target",
        sends: "GET /version\t/api",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the HTTP parser"),
        ..ENTRY
    },
    Entry {
        name: "what the connection says to leave out",
        sends: "GET /version\nConnection: close, Authorization, Host",
        unguarded: Does(200, "ignores it"),
        guarded: Does(200, "nothing that a client nominates is left out of what is sent"),
        ..ENTRY
    },
];

const HEADED_HONESTLY: &[Entry] = &[
    Entry {
        name: "headers in any case",
        sends: "GET /version\naCCEPT: application/json",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "spaces around a value",
        sends: "GET /version\nAccept:    application/json   ",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
