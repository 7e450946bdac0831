//! Methods.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Deletes;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static METHODS: Section = Section {
    title: "Methods",
    about: "Five methods have a meaning for an API server. Headers that make another one of it reach nobody.",
    scene: |lab| lab.make_configmap("x"),
    attacks: METHODED,
    honest: METHODED_HONESTLY,
    ..SECTION
};

const METHODED: &[Entry] = &[
    Entry {
        name: "a head",
        sends: "HEAD /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Says(405, ""),
        guarded: Says(405, ""),
        ..ENTRY
    },
    Entry {
        name: "options",
        sends: "OPTIONS /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Says(405, ""),
        guarded: Refuses(405, "method is not allowed"),
        ..ENTRY
    },
    Entry {
        name: "a trace",
        sends: "TRACE /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Says(405, ""),
        guarded: Refuses(405, "method is not allowed"),
        ..ENTRY
    },
    Entry {
        name: "a method in lower case",
        sends: "delete /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Says(405, ""),
        guarded: Refuses(405, "method is not allowed"),
        ..ENTRY
    },
    Entry {
        name: "a method in mixed case",
        sends: "Delete /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Says(405, ""),
        guarded: Refuses(405, "method is not allowed"),
        ..ENTRY
    },
    Entry {
        name: "a method of WebDAV",
        sends: "PROPFIND /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Says(405, ""),
        guarded: Refuses(405, "method is not allowed"),
        ..ENTRY
    },
    Entry {
        name: "a method of caches",
        sends: "PURGE /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Says(405, ""),
        guarded: Refuses(405, "method is not allowed"),
        ..ENTRY
    },
    Entry {
        name: "a method that nobody knows",
        sends: "FROBNICATE /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Says(405, ""),
        guarded: Refuses(405, "method is not allowed"),
        ..ENTRY
    },
    Entry {
        name: "another method in a header",
        sends: "GET /api/v1/namespaces/$NS/configmaps/x\nX-HTTP-Method-Override: DELETE\nX-HTTP-Method: DELETE\nX-Method-Override: DELETE",
        proof: Deletes("x"),
        unguarded: Says(200, "ignores it"),
        guarded: Says(200, "ignored, and not sent on"),
        ..ENTRY
    },
    Entry {
        name: "another method in the query",
        sends: "GET /api/v1/namespaces/$NS/configmaps/x?_method=DELETE",
        proof: Deletes("x"),
        unguarded: Says(200, "ignores it"),
        guarded: Says(200, "ignored"),
        ..ENTRY
    },
    Entry {
        name: "another method in a form",
        sends: "POST /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/x-www-form-urlencoded",
        body: b"_method=DELETE",
        proof: Deletes("x"),
        unguarded: Says(405, ""),
        guarded: Refuses(415, "content type is not supported"),
    },
    Entry {
        name: "a get with the body of a delete",
        sends: "GET /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/json",
        body: br#"{"propagationPolicy":"Foreground"}"#,
        proof: Deletes("x"),
        unguarded: Says(200, ""),
        guarded: Says(200, "the body goes nowhere"),
    },
    Entry {
        name: "a tunnel",
        sends: "CONNECT localhost:443",
        unguarded: Says(404, ""),
        guarded: Says(404, ""),
        ..ENTRY
    },
    Entry {
        name: "a write of a path without a resource",
        sends: "POST /version\nContent-Type: application/json",
        body: b"{}",
        unguarded: Says(405, ""),
        guarded: Refuses(405, "method is not allowed"),
        ..ENTRY
    },
    Entry {
        name: "a head of a path without a resource",
        sends: "HEAD /version",
        unguarded: Says(405, ""),
        guarded: Says(405, ""),
        ..ENTRY
    },
];

const METHODED_HONESTLY: &[Entry] = &[
    Entry {
        name: "a get",
        sends: "GET /api/v1/namespaces/$NS/configmaps/x",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "a delete",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
