//! What a path names.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::{Leaks, Shows};
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, SECTION, Section};
use crate::bypass::lab::{ALLOW, Lab};

pub static NAMES: Section = Section {
    title: "What a path names",
    about: "A path that starts with `watch` is a watch whatever the method, `namespaces/x` is both \
            the namespace and in it, and a name may be in the query. The policies here deny \
            everything in the attacker's own namespace.",
    policies: &[ALLOW, "{match: {namespaces: ['t-bypass-*']}, effect: deny}"],
    scene: Lab::secret,
    attacks: NAMED,
    honest: &[Entry {
        name: "what is in no namespace",
        sends: "GET /apis/rbac.authorization.k8s.io/v1/clusterroles/view",
        proof: Shows("\"name\":\"view\""),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    }],
    ..SECTION
};

const DENIED: Outcome = Refuses(403, "policy `p1` denies");

const NAMED: &[Entry] = &[
    Entry {
        name: "an object of the namespace",
        sends: "GET /api/v1/namespaces/$NS/secrets/db",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the namespace itself",
        sends: "GET /api/v1/namespaces/$NS",
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the namespace's status",
        sends: "GET /api/v1/namespaces/$NS/status",
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a list across all namespaces",
        sends: "GET /api/v1/secrets",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "one across them with a selector for another",
        sends: "GET /api/v1/secrets?fieldSelector=metadata.namespace!%3Dx",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch by path",
        sends: "GET /api/v1/watch/namespaces/$NS/secrets?timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, "streams them"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch by path of one object",
        sends: "GET /api/v1/watch/namespaces/$NS/secrets/db?timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, "streams it"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch by path across all namespaces",
        sends: "GET /api/v1/watch/secrets?timeoutSeconds=1",
        proof: Leaks,
        unguarded: Does(200, "streams them"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch by path of the namespace",
        sends: "GET /api/v1/watch/namespaces/$NS?timeoutSeconds=1",
        proof: Shows("kubernetes.io/metadata.name"),
        unguarded: Does(200, "streams it"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch by path with another method",
        sends: "POST /api/v1/watch/namespaces/$NS/secrets?timeoutSeconds=1",
        unguarded: Says(405, ""),
        guarded: Refuses(404, "no such route"),
        ..ENTRY
    },
    Entry {
        name: "a watch by path that deletes",
        sends: "DELETE /api/v1/watch/namespaces/$NS/secrets/db",
        unguarded: Says(405, ""),
        guarded: Refuses(404, "no such route"),
        ..ENTRY
    },
    Entry {
        name: "proxy as a verb",
        sends: "GET /api/v1/proxy/namespaces/$NS/services/web",
        unguarded: Says(404, "no route since 1.10"),
        guarded: Refuses(404, "no such route"),
        ..ENTRY
    },
    Entry {
        name: "a namespace within a namespace",
        sends: "GET /api/v1/namespaces/default/namespaces/$NS",
        unguarded: Says(404, "no such route"),
        guarded: Says(404, "the same: no policy is about it, and it is nothing"),
        ..ENTRY
    },
    Entry {
        name: "a part too many",
        sends: "GET /api/v1/namespaces/$NS/pods/p/log/x",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(404, "no such route"),
        ..ENTRY
    },
    Entry {
        name: "a subresource that nobody knows",
        sends: "GET /api/v1/namespaces/$NS/pods/p/console",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(403, "does not know the subresource"),
        ..ENTRY
    },
    Entry {
        name: "a group that is empty",
        sends: "GET /apis//v1/namespaces/$NS/secrets",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "empty segment"),
        ..ENTRY
    },
];
