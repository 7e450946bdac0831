//! Paths without a resource.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Shows;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static CLOSED: Section = Section {
    title: "Paths without a resource",
    about: "They show the API server itself. What no policy names is closed; the starter pack names what clients need.",
    attacks: SHUT,
    honest: OPEN,
    ..SECTION
};

const SHUT: &[Entry] = &[
    Entry {
        name: "metrics",
        sends: "GET /metrics",
        unguarded: Does(200, "shows what runs and who asks"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "metrics of admission, priority and SLOs",
        sends: "GET /metrics/slis",
        unguarded: Does(200, ""),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "a heap profile",
        sends: "GET /debug/pprof/heap",
        unguarded: Does(200, "is the memory, and what is in it"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "the command line",
        sends: "GET /debug/pprof/cmdline",
        unguarded: Says(404, "where it is off"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "the flags of logging",
        sends: "GET /debug/flags/v",
        unguarded: Says(406, "is for writing"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "queues of requests",
        sends: "GET /debug/api_priority_and_fairness/dump_requests",
        unguarded: Does(200, "shows who asks for what"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "log files",
        sends: "GET /logs/",
        unguarded: Says(404, "where it is off"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "the configuration",
        sends: "GET /configz",
        unguarded: Says(404, "where it is off"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "flags",
        sends: "GET /flagz",
        unguarded: Says(404, "where it is off"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "status",
        sends: "GET /statusz",
        unguarded: Says(404, "where it is off"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "the index",
        sends: "GET /",
        unguarded: Does(200, ""),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "the Swagger of old",
        sends: "GET /swagger.json",
        unguarded: Says(404, ""),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "a path that begins like one that is allowed",
        sends: "GET /versions",
        unguarded: Says(404, ""),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "the UI of old",
        sends: "GET /ui",
        unguarded: Says(404, ""),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
];

const OPEN: &[Entry] = &[
    Entry {
        name: "the version",
        sends: "GET /version",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "the core API",
        sends: "GET /api",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "the groups",
        sends: "GET /apis",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "one group",
        sends: "GET /apis/apps",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "its resources",
        sends: "GET /apis/apps/v1",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "the schema",
        sends: "GET /openapi/v3",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "the schema in version 2",
        sends: "GET /openapi/v2",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "liveness",
        sends: "GET /livez",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "readiness",
        sends: "GET /readyz",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "health",
        sends: "GET /healthz",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "how tokens are verified",
        sends: "GET /.well-known/openid-configuration",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "and with which keys",
        sends: "GET /openid/v1/jwks",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "everything at once",
        sends: "GET /apis\nAccept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        proof: Shows("APIGroupDiscoveryList"),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
