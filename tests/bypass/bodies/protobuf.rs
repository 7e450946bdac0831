//! Bodies in protobuf.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Shows;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static PROTOBUF: Section = Section {
    title: "Bodies in protobuf",
    about: "kubectl sends some objects as protobuf, so it cannot be refused; what a policy cannot look into, no policy that looks at objects lets through.",
    attacks: AS_PROTOBUF,
    honest: AS_PROTOBUF_HONESTLY,
    ..SECTION
};

const AS_PROTOBUF: &[Entry] = &[
    Entry {
        name: "JSON under its name",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/vnd.kubernetes.protobuf",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "a message without its envelope",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/vnd.kubernetes.protobuf",
        body: b"\x0a\x03\x0a\x01x",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "an envelope of another kind",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/vnd.kubernetes.protobuf",
        body: b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x05\x0a\x03\x0a\x01x",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "protobuf under the name of JSON",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x05\x0a\x03\x0a\x01x",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "protobuf as a patch",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/vnd.kubernetes.protobuf",
        body: b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x05\x0a\x03\x0a\x01x",
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
        ..ENTRY
    },
    Entry {
        name: "a placeholder in protobuf",
        sends: "POST /api/v1/namespaces/$NS/secrets?dryRun=All\nContent-Type: application/vnd.kubernetes.protobuf",
        body: b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x32\x0a\x03\x0a\x01y\x12\x2b\x0a\x01a\x12\x26kguard:masked:v1:AAAAAAAAAAAAAAAAAAAAA",
        unguarded: Does(201, ""),
        guarded: Refuses(422, "value masked by kguard"),
        ..ENTRY
    },
];

const AS_PROTOBUF_HONESTLY: &[Entry] = &[Entry {
    name: "protobuf",
    sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/vnd.kubernetes.protobuf",
    body: b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x05\x0a\x03\x0a\x01x",
    proof: Shows(r#""name":"x""#),
    unguarded: Does(201, ""),
    guarded: Does(201, ""),
}];
