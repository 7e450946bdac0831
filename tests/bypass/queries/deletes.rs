//! The options of a delete.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Deletes;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static DELETES: Section = Section {
    title: "The options of a delete",
    about: "They are in the body if there is one, and only otherwise in the query: with any body \
            at all, `?dryRun=All` really deletes. kguard takes them from where the server does and \
            sends one canonical body.",
    attacks: DELETED,
    honest: DELETED_HONESTLY,
    ..SECTION
};

const DELETED: &[Entry] = &[
    Entry {
        name: "a dry run beside a body",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json",
        body: b"{}",
        proof: Deletes("x"),
        unguarded: Does(200, "deletes"),
        guarded: Does(200, "deletes, and policy and trail see no dry run"),
    },
    Entry {
        name: "a dry run beside a body of spaces",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json",
        body: b" ",
        proof: Deletes("x"),
        unguarded: Says(500, ""),
        guarded: Refuses(400, "not valid JSON"),
    },
    Entry {
        name: "a dry run and another one",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/json",
        body: br#"{"dryRun":["All"],"dryRun":[]}"#,
        proof: Deletes("x"),
        unguarded: Does(200, "takes the last"),
        guarded: Refuses(400, "repeats a key"),
    },
    Entry {
        name: "the second with an escape",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/json",
        body: br#"{"dryRun":["All"],"dry\u0052un":[]}"#,
        proof: Deletes("x"),
        unguarded: Does(200, "takes the last"),
        guarded: Refuses(400, "repeats a key"),
    },
    Entry {
        name: "a dry run in another case",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/json",
        body: br#"{"DryRun":["All"]}"#,
        proof: Deletes("x"),
        unguarded: Does(200, "keys are case-sensitive"),
        guarded: Does(200, "the same, and nobody takes it for a dry run"),
    },
    Entry {
        name: "options in YAML",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/yaml",
        body: b"propagationPolicy: Background\n",
        proof: Deletes("x"),
        unguarded: Does(200, "deletes"),
        guarded: Does(200, "deletes, and policy and trail see no dry run"),
    },
    Entry {
        name: "options in protobuf",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/vnd.kubernetes.protobuf",
        body: b"k8s\0\x0a\x13\x0a\x02v1\x12\x0dDeleteOptions\x12\0",
        proof: Deletes("x"),
        unguarded: Does(200, "deletes"),
        guarded: Does(200, "deletes, and policy and trail see no dry run"),
    },
    Entry {
        name: "a protobuf field twice",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/vnd.kubernetes.protobuf",
        body: b"k8s\0\x0a\x13\x0a\x02v1\x12\x0dDeleteOptions\x12\x0a\x12\x03\x0a\x01a\x12\x03\x12\x011",
        proof: Deletes("x"),
        unguarded: Says(409, "merges both preconditions"),
        guarded: Refuses(400, "not valid Kubernetes protobuf"),
    },
    Entry {
        name: "a list for options",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/json",
        body: b"[]",
        proof: Deletes("x"),
        unguarded: Says(500, ""),
        guarded: Refuses(400, "not an object"),
    },
    Entry {
        name: "options that are something else",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x\nContent-Type: text/plain",
        body: b"dryRun=All",
        proof: Deletes("x"),
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
    },
    Entry {
        name: "a collection",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3Dx",
        proof: Deletes("x"),
        unguarded: Does(200, "deletes all that are selected"),
        guarded: Refuses(403, "no-delete-collection"),
        ..ENTRY
    },
    Entry {
        name: "a collection that says that it is a list",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps?watch=1&fieldSelector=metadata.name%3Dx",
        proof: Deletes("x"),
        unguarded: Does(200, "deletes all that are selected"),
        guarded: Refuses(403, "no-delete-collection"),
        ..ENTRY
    },
    Entry {
        name: "a period of grace that is no number",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x?gracePeriodSeconds=soon",
        proof: Deletes("x"),
        unguarded: Says(400, ""),
        guarded: Refuses(400, "invalid value"),
        ..ENTRY
    },
];

const DELETED_HONESTLY: &[Entry] = &[
    Entry {
        name: "a dry run in the query",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x?dryRun=All",
        proof: Deletes("x"),
        unguarded: Says(200, "deletes nothing"),
        guarded: Says(200, "deletes nothing"),
        ..ENTRY
    },
    Entry {
        name: "a dry run in the body",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/json",
        body: br#"{"dryRun":["All"]}"#,
        proof: Deletes("x"),
        unguarded: Says(200, "deletes nothing"),
        guarded: Says(200, "deletes nothing"),
    },
    Entry {
        name: "as kubectl does it",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/json",
        body: br#"{"propagationPolicy":"Background"}"#,
        proof: Deletes("x"),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
    },
    Entry {
        name: "a boolean that is a number",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x?orphanDependents=0",
        proof: Deletes("x"),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
