//! Patches that carry values.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Leaks;
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, SECTION, Section};
use crate::bypass::lab::Lab;

pub static PATCHES: Section = Section {
    title: "Patches that carry values",
    about: "A JSON patch can copy a value into a field that is shown, or confirm a guess.",
    scene: Lab::secret,
    attacks: CARRIED,
    honest: CARRIED_HONESTLY,
    ..SECTION
};

const MOVED: Outcome = Refuses(403, "the mask `secrets` covers");

const CARRIED: &[Entry] = &[
    Entry {
        name: "a move into the annotations",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"move","from":"/data","path":"/metadata/annotations"}]"#,
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MOVED,
    },
    Entry {
        name: "a copy of one value",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"copy","from":"/data/password","path":"/metadata/annotations/x"}]"#,
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MOVED,
    },
    Entry {
        name: "a copy of the whole object",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"copy","from":"","path":"/metadata/x"}]"#,
        proof: Leaks,
        unguarded: Says(422, "has no such field"),
        guarded: MOVED,
    },
    Entry {
        name: "a copy of the annotations, which hold it too",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"copy","from":"/metadata/annotations","path":"/metadata/labels"}]"#,
        proof: Leaks,
        unguarded: Does(422, "quotes it, as no label holds so much"),
        guarded: MOVED,
    },
    Entry {
        name: "the same spelled with escapes",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"\u0063opy","from":"\/data\/password","path":"/metadata/annotations/x"}]"#,
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MOVED,
    },
    Entry {
        name: "a guess that is right",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"test","path":"/data/password","value":"aHVudGVyMi1pcy1hLXNlY3JldA=="}]"#,
        unguarded: Does(200, ""),
        guarded: MOVED,
        ..ENTRY
    },
    Entry {
        name: "a guess that is wrong",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"test","path":"/data/password","value":"d3Jvbmc="}]"#,
        unguarded: Says(422, ""),
        guarded: MOVED,
        ..ENTRY
    },
    Entry {
        name: "a guess about everything",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"test","path":"","value":{}}]"#,
        unguarded: Says(422, ""),
        guarded: MOVED,
        ..ENTRY
    },
    Entry {
        name: "a guess about an annotation",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"test","path":"/metadata/annotations","value":{}}]"#,
        unguarded: Says(422, ""),
        guarded: MOVED,
        ..ENTRY
    },
];

const CARRIED_HONESTLY: &[Entry] = &[
    Entry {
        name: "a test and an add of something else",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/db?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"test","path":"/type","value":"Opaque"},{"op":"add","path":"/data/new","value":"eA=="}]"#,
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
