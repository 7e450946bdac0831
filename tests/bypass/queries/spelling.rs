//! How a query is spelled.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Creates;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static SPELLING: Section = Section {
    title: "How a query is spelled",
    about: "Go drops pairs with a `;` or a bad escape without a word, and of several values it \
            takes the first. So a gateway sees a dry run where the API server writes for real.",
    attacks: SPELLED,
    honest: SPELLED_HONESTLY,
    ..SECTION
};

/// A ConfigMap of the name that the proofs look for.
const BODY: &[u8] = br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#;

const SPELLED: &[Entry] = &[
    Entry {
        name: "a semicolon behind a dry run",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All;\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Does(201, "drops the pair and writes"),
        guarded: Refuses(400, "contains `;`"),
    },
    Entry {
        name: "a semicolon in front of it",
        sends: "POST /api/v1/namespaces/$NS/configmaps?x;dryRun=All\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Does(201, "drops the pair and writes"),
        guarded: Refuses(400, "contains `;`"),
    },
    Entry {
        name: "a bad escape in a dry run",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All%zz\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Does(201, "drops the pair and writes"),
        guarded: Refuses(400, "invalid percent-escape"),
    },
    Entry {
        name: "half an escape in a dry run",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All%\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Does(201, "drops the pair and writes"),
        guarded: Refuses(400, "invalid percent-escape"),
    },
    Entry {
        name: "a bad escape in the key",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun%=All\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Does(201, "drops the pair and writes"),
        guarded: Refuses(400, "invalid percent-escape"),
    },
    Entry {
        name: "another case of the key",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryrun=All\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Does(201, "is no dry run"),
        guarded: Does(201, "nor here: keys are read to the letter"),
    },
    Entry {
        name: "a dry run in the fragment",
        sends: "POST /api/v1/namespaces/$NS/configmaps?a=b#&dryRun=All\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Says(201, "`#` is a letter like any other, so this is a dry run"),
        guarded: Does(201, "a fragment is no part of a target, so this is none"),
    },
    Entry {
        name: "two dry runs",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All&dryRun=All\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Says(201, "takes both for one"),
        guarded: Refuses(400, "`dryRun` is given more than once"),
    },
    Entry {
        name: "the second of them escaped",
        sends: "POST /api/v1/namespaces/$NS/configmaps?fieldValidation=Ignore&field%56alidation=Strict\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Does(201, "takes the first"),
        guarded: Refuses(400, "`fieldValidation` is given more than once"),
    },
    Entry {
        name: "two field managers",
        sends: "POST /api/v1/namespaces/$NS/configmaps?fieldManager=a&fieldManager=b\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Does(201, "takes the first"),
        guarded: Refuses(400, "`fieldManager` is given more than once"),
    },
    Entry {
        name: "a NUL in a value",
        sends: "POST /api/v1/namespaces/$NS/configmaps?fieldManager=a%00b\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Says(422, "no field manager is called that"),
        guarded: Refuses(400, "control character"),
    },
    Entry {
        name: "an escape sequence for the approver's terminal",
        sends: "GET /api/v1/namespaces/$NS/configmaps?labelSelector=%1b%5b2J",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "control character"),
        ..ENTRY
    },
    Entry {
        name: "a line break in a key",
        sends: "GET /api/v1/namespaces/$NS/configmaps?a%0d%0aX:%20y=1",
        unguarded: Does(200, "ignores the key"),
        guarded: Refuses(400, "control character"),
        ..ENTRY
    },
    Entry {
        name: "a byte that is no UTF-8",
        sends: "GET /api/v1/namespaces/$NS/configmaps?pretty=%ff",
        unguarded: Does(200, "takes any bytes"),
        guarded: Refuses(400, "invalid percent-escape"),
        ..ENTRY
    },
    Entry {
        name: "a token in the query",
        sends: "GET /version?access_token=x&Authorization=Bearer%20x",
        unguarded: Does(200, "ignores it"),
        guarded: Does(200, "ignores it"),
        ..ENTRY
    },
];

const SPELLED_HONESTLY: &[Entry] = &[
    Entry {
        name: "a dry run",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Says(201, "writes nothing"),
        guarded: Says(201, "writes nothing"),
    },
    Entry {
        name: "a dry run with escapes",
        sends: "POST /api/v1/namespaces/$NS/configmaps?%64ryRun=%41ll\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Says(201, "writes nothing"),
        guarded: Says(201, "writes nothing"),
    },
    Entry {
        name: "a real write",
        sends: "POST /api/v1/namespaces/$NS/configmaps?fieldManager=kubectl-create&fieldValidation=Strict\nContent-Type: application/json",
        body: BODY,
        proof: Creates("x"),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "empty pairs",
        sends: "GET /api/v1/namespaces/$NS/configmaps?&&limit=1&",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "a label selector with spaces and plus signs",
        sends: "GET /api/v1/namespaces/$NS/configmaps?labelSelector=a+in+(b,c),%21d",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "an exec of several lines",
        sends: "POST /api/v1/namespaces/$NS/pods/none/exec?command=sh&command=-c&command=a%0Ab%09c",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(404, "pods \"none\" not found"),
        ..ENTRY
    },
];
