//! Content types.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Shows;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static TYPES: Section = Section {
    title: "Content types",
    about: "A body is read as the type that its first `Content-Type` line names, and sent on under one name.",
    attacks: TYPED,
    honest: TYPED_HONESTLY,
    ..SECTION
};

const TYPED: &[Entry] = &[
    Entry {
        name: "CBOR",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/cbor",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
        ..ENTRY
    },
    Entry {
        name: "a form",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/x-www-form-urlencoded",
        body: b"a=b",
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
        ..ENTRY
    },
    Entry {
        name: "a form of several parts",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: multipart/form-data; boundary=x",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
        ..ENTRY
    },
    Entry {
        name: "text",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: text/plain",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
        ..ENTRY
    },
    Entry {
        name: "any type",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: */*",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
        ..ENTRY
    },
    Entry {
        name: "two types in one line",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json, application/yaml",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
        ..ENTRY
    },
    Entry {
        name: "JSON and then YAML in two lines",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
        unguarded: Says(400, "takes the first"),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "YAML and then JSON in two lines",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml\nContent-Type: application/json",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
        proof: Shows(r#""name":"x""#),
        unguarded: Does(201, "takes the first"),
        guarded: Does(201, "takes the first, and sends JSON under one name"),
    },
    Entry {
        name: "a patch as an object",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/merge-patch+json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
        ..ENTRY
    },
    Entry {
        name: "compressed",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Encoding: gzip",
        body: b"\x1f\x8b\x08\0\0\0\0\0",
        unguarded: Says(400, "does not undo it"),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "another charset",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json; charset=utf-16",
        body: b"{\0}\0",
        unguarded: Says(400, "ignores it"),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "no type",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nX: y",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
        unguarded: Says(400, "takes it for JSON"),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
];

const TYPED_HONESTLY: &[Entry] = &[
    Entry {
        name: "no type at all",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nX: y",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Does(201, "takes it for JSON"),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "a charset",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json; charset=utf-8",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "an encoding that changes nothing",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json\nContent-Encoding: identity",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "another case",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: Application/JSON",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
];
