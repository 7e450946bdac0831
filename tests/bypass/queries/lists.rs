//! Whether a request is a list, a watch or a get.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::{Leaks, Shows};
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static LISTS: Section = Section {
    title: "List, watch or get",
    about: "The same path is a list, a watch or a get by what its query says, and a field selector \
            names the object. Whoever reads that differently lets a watch through as a list.",
    scene: |lab| {
        lab.secret();
        lab.make_configmap("x");
    },
    attacks: LISTED,
    honest: LISTED_HONESTLY,
    ..SECTION
};

const WATCHED: &str = "\"type\":\"ADDED\"";

const LISTED: &[Entry] = &[
    Entry {
        name: "a watch without a value",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch&timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, "is a watch"),
        guarded: Says(200, "is a watch, and its events are masked"),
        ..ENTRY
    },
    Entry {
        name: "a watch with an empty value",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=&timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, "is a watch"),
        guarded: Says(200, "is a watch, and its events are masked"),
        ..ENTRY
    },
    Entry {
        name: "a watch that says no",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=no&timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, "is a watch"),
        guarded: Says(200, "is a watch, and its events are masked"),
        ..ENTRY
    },
    Entry {
        name: "no watch and a watch",
        sends: "GET /api/v1/namespaces/$NS/configmaps?watch=false&watch=true&timeoutSeconds=1",
        proof: Shows(WATCHED),
        unguarded: Says(200, "takes the first: a list"),
        guarded: Refuses(400, "`watch` is given more than once"),
        ..ENTRY
    },
    Entry {
        name: "a watch and no watch",
        sends: "GET /api/v1/namespaces/$NS/configmaps?watch=true&watch=false&timeoutSeconds=1",
        proof: Shows(WATCHED),
        unguarded: Does(200, "takes the first: a watch"),
        guarded: Refuses(400, "`watch` is given more than once"),
        ..ENTRY
    },
    Entry {
        name: "a watch that Go drops",
        sends: "GET /api/v1/namespaces/$NS/configmaps?watch=1;x&timeoutSeconds=1",
        proof: Shows(WATCHED),
        unguarded: Says(200, "drops the pair: a list"),
        guarded: Refuses(400, "contains `;`"),
        ..ENTRY
    },
    Entry {
        name: "a watch of one name",
        sends: "GET /api/v1/namespaces/$NS/secrets/db?watch=1",
        proof: Leaks,
        unguarded: Does(200, "ignores it: a get"),
        guarded: Says(200, "is a get, masked"),
        ..ENTRY
    },
    Entry {
        name: "a watch that cannot be decoded",
        sends: "GET /api/v1/namespaces/$NS/configmaps?watch=1&limit=many",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server"),
        ..ENTRY
    },
    Entry {
        name: "a field selector that is none",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "fieldSelector cannot be parsed"),
        ..ENTRY
    },
    Entry {
        name: "one with two equals signs too many",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3D%3D%3Dx",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "fieldSelector cannot be parsed"),
        ..ENTRY
    },
    Entry {
        name: "one with an escape that is none",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3D%5Cx",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "fieldSelector cannot be parsed"),
        ..ENTRY
    },
    Entry {
        name: "two field selectors",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3Dx&fieldSelector=metadata.name%3Dy",
        proof: Shows("\"name\":\"x\""),
        unguarded: Does(200, "takes the first"),
        guarded: Refuses(400, "`fieldSelector` is given more than once"),
        ..ENTRY
    },
];

const LISTED_HONESTLY: &[Entry] = &[
    Entry {
        name: "a list",
        sends: "GET /api/v1/namespaces/$NS/configmaps?limit=500",
        proof: Shows("ConfigMapList"),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "a watch",
        sends: "GET /api/v1/namespaces/$NS/configmaps?watch=true&timeoutSeconds=1",
        proof: Shows(WATCHED),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "watch=0 is a list",
        sends: "GET /api/v1/namespaces/$NS/configmaps?watch=0",
        proof: Shows("ConfigMapList"),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "watch=False is a list",
        sends: "GET /api/v1/namespaces/$NS/configmaps?watch=False",
        proof: Shows("ConfigMapList"),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "a field selector",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3D%3Dx,metadata.namespace!%3Dy",
        proof: Shows("\"name\":\"x\""),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
