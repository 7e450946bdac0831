//! Proxies.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, SECTION, Section};
use crate::bypass::lab::ALLOW;

pub static PROXIES: Section = Section {
    title: "Proxies",
    about: "What is behind a proxy is reached by every method, and named in five ways. The policy here denies all that is behind one Service; and whatever is allowed, no proxy leads to a second API server.",
    policies: &[ALLOW, "{match: {resources: [services/proxy], names: [web]}, effect: deny}"],
    attacks: PROXIED,
    honest: PROXIED_HONESTLY,
    ..SECTION
};

/// The second policy of every section is the one that denies.
const DENIED: Outcome = Refuses(403, "p1");

const PROXIED: &[Entry] = &[
    Entry {
        name: "a get",
        sends: "GET /api/v1/namespaces/$NS/services/web/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "without the slash",
        sends: "GET /api/v1/namespaces/$NS/services/web/proxy",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a path behind it",
        sends: "GET /api/v1/namespaces/$NS/services/web/proxy/a/b?c=d",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a head",
        sends: "HEAD /api/v1/namespaces/$NS/services/web/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: Says(403, ""),
        ..ENTRY
    },
    Entry {
        name: "options",
        sends: "OPTIONS /api/v1/namespaces/$NS/services/web/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a post",
        sends: "POST /api/v1/namespaces/$NS/services/web/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a put",
        sends: "PUT /api/v1/namespaces/$NS/services/web/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a patch",
        sends: "PATCH /api/v1/namespaces/$NS/services/web/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a delete",
        sends: "DELETE /api/v1/namespaces/$NS/services/web/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a port",
        sends: "GET /api/v1/namespaces/$NS/services/web:80/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a scheme and a port",
        sends: "GET /api/v1/namespaces/$NS/services/https:web:443/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "no scheme and a port",
        sends: "GET /api/v1/namespaces/$NS/services/:web:443/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "an escaped colon",
        sends: "GET /api/v1/namespaces/$NS/services/web%3A80/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a name of four parts",
        sends: "GET /api/v1/namespaces/$NS/services/a:web:80:b/proxy/",
        unguarded: Says(400, ""),
        guarded: Says(400, "by the API server: it is no name"),
        ..ENTRY
    },
    Entry {
        name: "a watch of a proxy",
        sends: "GET /api/v1/watch/namespaces/$NS/services/web/proxy",
        unguarded: Says(404, "no such route"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the API server as a Service",
        sends: "GET /api/v1/namespaces/default/services/kubernetes/proxy/api/v1/secrets",
        unguarded: Says(
            404,
            "where that Service has no endpoints; on others, is asked anonymously",
        ),
        guarded: Refuses(403, "proxying to the API server"),
        ..ENTRY
    },
    Entry {
        name: "the same by its port",
        sends: "GET /api/v1/namespaces/default/services/https:kubernetes:443/proxy/api/v1/secrets",
        unguarded: Says(
            404,
            "where that Service has no endpoints; on others, is asked anonymously",
        ),
        guarded: Refuses(403, "proxying to the API server"),
        ..ENTRY
    },
    Entry {
        name: "the same by its port's name",
        sends: "GET /api/v1/namespaces/default/services/https:kubernetes:https/proxy/api/v1/secrets",
        unguarded: Says(
            404,
            "where that Service has no endpoints; on others, is asked anonymously",
        ),
        guarded: Refuses(403, "proxying to the API server"),
        ..ENTRY
    },
    Entry {
        name: "the same without a scheme",
        sends: "GET /api/v1/namespaces/default/services/:kubernetes:443/proxy/api/v1/secrets",
        unguarded: Says(
            404,
            "where that Service has no endpoints; on others, is asked anonymously",
        ),
        guarded: Refuses(403, "proxying to the API server"),
        ..ENTRY
    },
    Entry {
        name: "a cluster behind the cluster",
        sends: "GET /apis/cluster.karmada.io/v1alpha1/clusters/c/proxy/api/v1/secrets",
        unguarded: Says(404, "where there is none"),
        guarded: Refuses(403, "does not know the subresource"),
        ..ENTRY
    },
];

const PROXIED_HONESTLY: &[Entry] = &[
    Entry {
        name: "another Service",
        sends: "GET /api/v1/namespaces/$NS/services/other/proxy/",
        unguarded: Says(404, "no such Service"),
        guarded: Refuses(404, "services \"other\" not found"),
        ..ENTRY
    },
    Entry {
        name: "the Service itself",
        sends: "GET /api/v1/namespaces/$NS/services",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
