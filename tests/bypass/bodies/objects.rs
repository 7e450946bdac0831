//! Which object a body is.

use crate::bypass::catalogue::Outcome::{Does, Says};
use crate::bypass::catalogue::Proof::Shows;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static OBJECTS: Section = Section {
    title: "Which object a body is",
    about: "The path names an object and the body does too. kguard decides on the path, and the API server holds the body to it.",
    scene: |lab| lab.make_configmap("x"),
    attacks: OTHERS,
    honest: OTHERS_HONESTLY,
    ..SECTION
};

const OTHERS: &[Entry] = &[
    Entry {
        name: "the name of another object",
        sends: "PUT /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y"}}"#,
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "the namespace of another",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y","namespace":"default"}}"#,
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "another kind",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"y"}}"#,
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "another group",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"apps/v1","kind":"ConfigMap","metadata":{"name":"y"}}"#,
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "a list of objects",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y"}}]}"#,
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "a list of the kind",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMapList","items":[{"metadata":{"name":"y"}}]}"#,
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "a create at a name",
        sends: "POST /api/v1/namespaces/$NS/configmaps/y?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y"}}"#,
        unguarded: Says(405, ""),
        guarded: Says(405, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "an update of a collection",
        sends: "PUT /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y"}}"#,
        unguarded: Says(405, ""),
        guarded: Says(405, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "a patch of a collection",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/merge-patch+json",
        body: b"{}",
        unguarded: Says(405, ""),
        guarded: Says(405, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "a create across all namespaces",
        sends: "POST /api/v1/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y","namespace":"default"}}"#,
        unguarded: Says(405, ""),
        guarded: Says(405, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "another object of the same name",
        sends: "PUT /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","uid":"11111111-1111-1111-1111-111111111111"}}"#,
        unguarded: Says(409, ""),
        guarded: Says(409, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "an old version of it",
        sends: "PUT /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","resourceVersion":"1"}}"#,
        unguarded: Says(409, ""),
        guarded: Says(409, "by the API server"),
        ..ENTRY
    },
];

const OTHERS_HONESTLY: &[Entry] = &[
    Entry {
        name: "a name that the server makes",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"made-"}}"#,
        proof: Shows(r#""name":"made-"#),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "no kind at all",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"metadata":{"name":"y"}}"#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "an update",
        sends: "PUT /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1"}}"#,
        proof: Shows(r#""a":"1""#),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
    },
];
