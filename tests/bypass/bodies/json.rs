//! Bodies in JSON.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Shows;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static JSON: Section = Section {
    title: "Bodies in JSON",
    about: "The API server merges two `data` objects of one body and only warns, where most parsers keep the last. kguard refuses what has two readings, and sends what it read.",
    attacks: AS_JSON,
    honest: AS_JSON_HONESTLY,
    ..SECTION
};

/// Deeper than any object is, and no deeper than Go goes.
const DEEP: &[u8] = br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#;

const AS_JSON: &[Entry] = &[
    Entry {
        name: "a field twice",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1"},"data":{"b":"2"}}"#,
        proof: Shows(r#""data":{"a":"1","b":"2"}"#),
        unguarded: Does(201, "merges both and only warns"),
        guarded: Refuses(400, "repeats a key"),
    },
    Entry {
        name: "the second with an escape",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1"},"d\u0061ta":{"b":"2"}}"#,
        proof: Shows(r#""data":{"a":"1","b":"2"}"#),
        unguarded: Does(201, "merges both and only warns"),
        guarded: Refuses(400, "repeats a key"),
    },
    Entry {
        name: "the name twice",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"harmless","name":"x"}}"#,
        proof: Shows(r#""name":"x""#),
        unguarded: Does(201, "takes the last"),
        guarded: Refuses(400, "repeats a key"),
    },
    Entry {
        name: "a value that is empty the second time",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1","a":null}}"#,
        unguarded: Does(201, "takes the last"),
        guarded: Refuses(400, "repeats a key"),
        ..ENTRY
    },
    Entry {
        name: "a field in another case",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"Data":{"a":"1"}}"#,
        proof: Shows(r#""a":"1""#),
        unguarded: Says(201, "ignores it and warns"),
        guarded: Says(201, "ignored by the API server, and policies read to the letter too"),
    },
    Entry {
        name: "a second object behind the first",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}} {"data":{"a":"1"}}"#,
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "a byte order mark",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: b"\xef\xbb\xbf{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "UTF-16",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: b"{\0}\0",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "bytes that are no UTF-8",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"},\"data\":{\"a\":\"\xff\"}}",
        proof: Shows("\u{fffd}"),
        unguarded: Does(201, "puts another character in their place"),
        guarded: Refuses(400, "not valid JSON"),
    },
    Entry {
        name: "half a surrogate pair",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"\ud800"}}"#,
        proof: Shows("\u{fffd}"),
        unguarded: Does(201, "puts another character in its place"),
        guarded: Refuses(400, "not valid JSON"),
    },
    Entry {
        name: "a number that no float holds",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":1e400}"#,
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "not a number",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":NaN}"#,
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "a comment",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}/*,"data":{"a":"1"}*/}"#,
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "a comma at the end",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},}"#,
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "a raw control character in a string",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"},\"data\":{\"a\":\"\x01\"}}",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "a number where a string belongs",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":1}}"#,
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "only spaces",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: b"  ",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
    Entry {
        name: "nesting without end",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: DEEP,
        unguarded: Says(201, "ignores the field"),
        guarded: Refuses(400, "not valid JSON"),
        ..ENTRY
    },
];

const AS_JSON_HONESTLY: &[Entry] = &[
    Entry {
        name: "plain JSON",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1"}}"#,
        proof: Shows(r#""a":"1""#),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "every escape that JSON has",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\\u0000"}}"#,
        proof: Shows("é😀/"),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "a null",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":null}"#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "spaces around it",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#" {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}  "#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
];
