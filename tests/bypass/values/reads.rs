//! Reading what is masked.

use crate::bypass::catalogue::Outcome::{Does, Says};
use crate::bypass::catalogue::Proof::{Leaks, Shows};
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, SECTION, Section, Story};
use crate::bypass::lab::Lab;

pub static READS: Section = Section {
    title: "Reading what is masked",
    about: "The API server shows one Secret in a dozen forms. kguard asks for it in the one that it can mask, whatever the client wants, and masks by what comes back.",
    scene: Lab::secret,
    attacks: READ,
    honest: READ_HONESTLY,
    stories: STORIES,
    ..SECTION
};

const MASKED: Outcome = Says(200, "masked");

const READ: &[Entry] = &[
    Entry {
        name: "a get",
        sends: "GET /api/v1/namespaces/$NS/secrets/db",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a list",
        sends: "GET /api/v1/namespaces/$NS/secrets",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a table's objects",
        sends: "GET /api/v1/namespaces/$NS/secrets?includeObject=Object\nAccept: application/json;as=Table;v=v1;g=meta.k8s.io",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a table's annotations",
        sends: "GET /api/v1/namespaces/$NS/secrets\nAccept: application/json;as=Table;v=v1;g=meta.k8s.io",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "metadata alone",
        sends: "GET /api/v1/namespaces/$NS/secrets\nAccept: application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "metadata of one",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "YAML",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: application/yaml",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a table in YAML",
        sends: "GET /api/v1/namespaces/$NS/secrets?includeObject=Object\nAccept: application/yaml;as=Table;v=v1;g=meta.k8s.io",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "protobuf",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: application/vnd.kubernetes.protobuf",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "metadata in protobuf",
        sends: "GET /api/v1/namespaces/$NS/secrets\nAccept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a second `Accept` line",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: application/json\nAccept: application/vnd.kubernetes.protobuf",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "protobuf in the first of two",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: application/vnd.kubernetes.protobuf\nAccept: application/json",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "JSON refused",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: application/json;q=0,application/vnd.kubernetes.protobuf",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "another case of the type",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: Application/YAML",
        proof: Leaks,
        unguarded: Says(406, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "compressed",
        sends: "GET /api/v1/namespaces/$NS/secrets\nAccept-Encoding: gzip",
        proof: Leaks,
        unguarded: Does(200, "compresses it only if it is long"),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a part of it",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nRange: bytes=10-200",
        proof: Leaks,
        unguarded: Does(200, "ignores the range"),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "if it has changed",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nIf-None-Match: x",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "pretty",
        sends: "GET /api/v1/namespaces/$NS/secrets/db?pretty=1",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a watch",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a watch by path",
        sends: "GET /api/v1/watch/namespaces/$NS/secrets/db?timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a watch of tables",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1\nAccept: application/json;as=Table;v=v1;g=meta.k8s.io",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a watch in protobuf",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1\nAccept: application/vnd.kubernetes.protobuf;stream=watch",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a watch in YAML",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1\nAccept: application/yaml",
        proof: Leaks,
        unguarded: Says(406, ""),
        guarded: Says(406, ""),
        ..ENTRY
    },
    Entry {
        name: "a list as a watch",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a watch from the beginning",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&resourceVersion=0&timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a page",
        sends: "GET /api/v1/namespaces/$NS/secrets?limit=1",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "a field selector",
        sends: "GET /api/v1/namespaces/$NS/secrets?fieldSelector=metadata.name%3Ddb",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: MASKED,
        ..ENTRY
    },
    Entry {
        name: "CBOR",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: application/cbor",
        proof: Leaks,
        unguarded: Says(406, ""),
        guarded: Says(406, ""),
        ..ENTRY
    },
    Entry {
        name: "no type that there is",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: text/html",
        proof: Leaks,
        unguarded: Says(406, ""),
        guarded: Says(406, ""),
        ..ENTRY
    },
    Entry {
        name: "more types than anybody reads",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nAccept: a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,a/b,application/json",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: Says(406, ""),
        ..ENTRY
    },
];

const READ_HONESTLY: &[Entry] = &[Entry {
    name: "its keys and its labels",
    sends: "GET /api/v1/namespaces/$NS/secrets/db",
    proof: Shows("\"password\":\""),
    unguarded: Does(200, ""),
    guarded: Does(200, ""),
    ..ENTRY
}];

const STORIES: &[Story] = &[Story {
    name: "a placeholder that is written elsewhere",
    attacker: "reads a masked Secret and writes the placeholder into a label, where it would be shown, \
               as it is or in escapes",
    unguarded: "**200** would store the placeholder, or show the value",
    guarded: "422 “value masked by kguard”",
}];

/// A placeholder that is written where it does not belong is refused, however it is spelled on its
/// way; where it belongs, it becomes the value again.
#[test]
fn no_placeholder_is_ever_stored() {
    let lab = Lab::new();
    lab.secret();
    let answer = lab.guarded("GET /api/v1/namespaces/$NS/secrets/db", "");
    let placeholder = answer.json()["data"]["password"].as_str().unwrap().to_owned();
    let escaped: String = placeholder.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    for value in [&placeholder, &escaped] {
        for (body, status) in [
            (format!(r#"{{"metadata":{{"labels":{{"a":"{value}"}}}}}}"#), 422),
            (format!(r#"{{"data":{{"password":"{value}"}}}}"#), 200),
        ] {
            let answer = lab.guarded(
                "PATCH /api/v1/namespaces/$NS/secrets/db\nContent-Type: application/merge-patch+json",
                body,
            );
            assert_eq!(answer.status, status, "{answer:?}");
        }
    }
    let stored = lab.space.admin(&["get", "secret", "db", "-o", "jsonpath={.data.password}"]).ok();
    assert_eq!(stored, "aHVudGVyMi1pcy1hLXNlY3JldA==");
}
