//! Writing what is masked.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Leaks;
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, SECTION, Section};
use crate::bypass::lab::Lab;

pub static ECHOES: Section = Section {
    title: "Writing what is masked",
    about: "Writes answer with the object, dry runs too, and some deletes.",
    scene: Lab::secret,
    attacks: WRITTEN,
    honest: &[],
    ..SECTION
};

const MASKED: Outcome = Says(200, "masked");

const WRITTEN: &[Entry] = &[
    Entry {
        name: "a merge patch",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/merge-patch+json",
        body: br#"{"metadata":{"labels":{"a":"b"}}}"#,
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
    },
    Entry {
        name: "a strategic merge patch",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/strategic-merge-patch+json",
        body: br#"{"metadata":{"labels":{"a":"b"}}}"#,
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
    },
    Entry {
        name: "an empty patch",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/merge-patch+json",
        body: b"{}",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
    },
    Entry {
        name: "an apply patch",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All&fieldManager=x\nContent-Type: application/apply-patch+yaml",
        body: br#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","labels":{"a":"b"}}}"#,
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
    },
    Entry {
        name: "a JSON patch",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]"#,
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
    },
    Entry {
        name: "a delete in the foreground",
        sends: "DELETE /api/v1/namespaces/$NS/secrets/db?dryRun=All&propagationPolicy=Foreground",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "the same by its body",
        sends: "DELETE /api/v1/namespaces/$NS/secrets/db\nContent-Type: application/json",
        body: br#"{"dryRun":["All"],"propagationPolicy":"Foreground"}"#,
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
    },
    Entry {
        name: "a delete of all",
        sends: "DELETE /api/v1/namespaces/$NS/secrets?dryRun=All",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: Refuses(403, "no-delete-collection"),
        ..ENTRY
    },
    Entry {
        name: "what was just created",
        sends: "POST /api/v1/namespaces/$NS/secrets?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"new"},"stringData":{"password":"hunter2-is-a-secret"}}"#,
        proof: Leaks,
        unguarded: Does(201, ""),
        guarded: Says(201, "masked, by a constant: a guess could be compared with it"),
    },
    Entry {
        name: "the same in protobuf",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/merge-patch+json\nAccept: application/vnd.kubernetes.protobuf",
        body: br#"{"metadata":{"labels":{"a":"b"}}}"#,
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
    },
];
