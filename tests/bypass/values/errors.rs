//! Errors that quote.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Leaks;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};
use crate::bypass::lab::Lab;

pub static ERRORS: Section = Section {
    title: "Errors that quote",
    about: "A patch that cannot be stored is answered with the whole stored object in the message.",
    scene: Lab::secret,
    attacks: QUOTED,
    honest: QUOTED_HONESTLY,
    ..SECTION
};

const QUOTED: &[Entry] = &[
    Entry {
        name: "an unknown field, the error in JSON",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All&fieldValidation=Strict\nContent-Type: application/merge-patch+json\nAccept: application/json",
        body: br#"{"zzz":1}"#,
        proof: Leaks,
        unguarded: Does(422, "quotes the stored object"),
        guarded: Says(422, "without the text"),
    },
    Entry {
        name: "a wrong type, the error in JSON",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/merge-patch+json\nAccept: application/json",
        body: br#"{"immutable":"x"}"#,
        proof: Leaks,
        unguarded: Does(422, "quotes the stored object"),
        guarded: Says(422, "without the text"),
    },
    Entry {
        name: "the same by a JSON patch, the error in JSON",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json\nAccept: application/json",
        body: br#"[{"op":"add","path":"/immutable","value":"x"}]"#,
        proof: Leaks,
        unguarded: Does(422, "quotes the stored object"),
        guarded: Says(422, "without the text"),
    },
    Entry {
        name: "an unknown field, the error in YAML",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All&fieldValidation=Strict\nContent-Type: application/merge-patch+json\nAccept: application/yaml",
        body: br#"{"zzz":1}"#,
        proof: Leaks,
        unguarded: Does(422, "quotes the stored object"),
        guarded: Says(422, "without the text"),
    },
    Entry {
        name: "a wrong type, the error in YAML",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/merge-patch+json\nAccept: application/yaml",
        body: br#"{"immutable":"x"}"#,
        proof: Leaks,
        unguarded: Does(422, "quotes the stored object"),
        guarded: Says(422, "without the text"),
    },
    Entry {
        name: "the same by a JSON patch, the error in YAML",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json\nAccept: application/yaml",
        body: br#"[{"op":"add","path":"/immutable","value":"x"}]"#,
        proof: Leaks,
        unguarded: Does(422, "quotes the stored object"),
        guarded: Says(422, "without the text"),
    },
    Entry {
        name: "an unknown field, the error in protobuf",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All&fieldValidation=Strict\nContent-Type: application/merge-patch+json\nAccept: application/vnd.kubernetes.protobuf",
        body: br#"{"zzz":1}"#,
        proof: Leaks,
        unguarded: Does(422, "quotes the stored object"),
        guarded: Says(422, "without the text"),
    },
    Entry {
        name: "a wrong type, the error in protobuf",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/merge-patch+json\nAccept: application/vnd.kubernetes.protobuf",
        body: br#"{"immutable":"x"}"#,
        proof: Leaks,
        unguarded: Does(422, "quotes the stored object"),
        guarded: Says(422, "without the text"),
    },
    Entry {
        name: "the same by a JSON patch, the error in protobuf",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json\nAccept: application/vnd.kubernetes.protobuf",
        body: br#"[{"op":"add","path":"/immutable","value":"x"}]"#,
        proof: Leaks,
        unguarded: Does(422, "quotes the stored object"),
        guarded: Says(422, "without the text"),
    },
];

const QUOTED_HONESTLY: &[Entry] = &[Entry {
    name: "an error that quotes nothing",
    sends: "GET /api/v1/namespaces/$NS/secrets/missing",
    unguarded: Says(404, ""),
    guarded: Refuses(404, "secrets \"missing\" not found"),
    ..ENTRY
}];
