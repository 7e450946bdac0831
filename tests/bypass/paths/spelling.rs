//! How a path is spelled.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::{Leaks, Shows};
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};
use crate::bypass::lab::Lab;

pub static SPELLING: Section = Section {
    title: "How a path is spelled",
    about: "The API server decodes the whole path before it splits it, and keeps empty segments. A \
            gateway that splits first, collapses `//` or resolves `..` decides on another request \
            than the one that runs.",
    scene: Lab::secret,
    attacks: SPELLED,
    honest: SPELLED_HONESTLY,
    ..SECTION
};

const SPELLED: &[Entry] = &[
    Entry {
        name: "an empty namespace",
        sends: "GET /api/v1/namespaces//secrets",
        proof: Leaks,
        unguarded: Does(200, "lists the Secrets of all namespaces"),
        guarded: Refuses(400, "empty segment"),
        ..ENTRY
    },
    Entry {
        name: "a slash in front of the name, escaped",
        sends: "GET /api/v1/namespaces/$NS/secrets%2Fdb",
        proof: Leaks,
        unguarded: Does(200, "reads the Secret `db`"),
        guarded: Refuses(400, "escaped slash"),
        ..ENTRY
    },
    Entry {
        name: "the same in lower case",
        sends: "GET /api/v1/namespaces/$NS/secrets%2fdb",
        proof: Leaks,
        unguarded: Does(200, "reads the Secret `db`"),
        guarded: Refuses(400, "escaped slash"),
        ..ENTRY
    },
    Entry {
        name: "a slash behind the namespace, escaped",
        sends: "GET /api/v1/namespaces/$NS%2Fsecrets%2Fdb",
        proof: Leaks,
        unguarded: Does(200, "reads the Secret `db`"),
        guarded: Refuses(400, "escaped slash"),
        ..ENTRY
    },
    Entry {
        name: "every slash escaped",
        sends: "GET /api%2Fv1%2Fnamespaces%2F$NS%2Fsecrets",
        proof: Leaks,
        unguarded: Does(200, "lists the Secrets"),
        guarded: Refuses(400, "escaped slash"),
        ..ENTRY
    },
    Entry {
        name: "an escaped slash at the end",
        sends: "GET /api/v1/namespaces/$NS/secrets/db%2F",
        proof: Leaks,
        unguarded: Does(200, "reads the Secret `db`"),
        guarded: Refuses(400, "escaped slash"),
        ..ENTRY
    },
    Entry {
        name: "an escaped slash at the beginning",
        sends: "GET /%2Fapi/v1/namespaces/$NS/secrets",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "escaped slash"),
        ..ENTRY
    },
    Entry {
        name: "two slashes at the end",
        sends: "GET /api/v1/namespaces/$NS/secrets/db//",
        proof: Leaks,
        unguarded: Does(200, "reads the Secret `db`"),
        guarded: Refuses(400, "empty segment"),
        ..ENTRY
    },
    Entry {
        name: "two slashes in front",
        sends: "GET //api/v1/secrets",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "empty segment"),
        ..ENTRY
    },
    Entry {
        name: "two slashes behind the version",
        sends: "GET /api/v1//secrets",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "empty segment"),
        ..ENTRY
    },
    Entry {
        name: "a dot segment",
        sends: "GET /api/v1/namespaces/$NS/configmaps/../secrets/db",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "`..` segment"),
        ..ENTRY
    },
    Entry {
        name: "an escaped dot segment",
        sends: "GET /api/v1/namespaces/$NS/configmaps/%2e%2e/secrets",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "`..` segment"),
        ..ENTRY
    },
    Entry {
        name: "half of a dot segment escaped",
        sends: "GET /api/v1/namespaces/$NS/configmaps/.%2E/secrets",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "`..` segment"),
        ..ENTRY
    },
    Entry {
        name: "a single dot",
        sends: "GET /api/v1/./secrets",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "`.` or `..`"),
        ..ENTRY
    },
    Entry {
        name: "a dot segment that is escaped twice",
        sends: "GET /api/v1/namespaces/$NS/configmaps/%252e%252e",
        unguarded: Says(400, ""),
        guarded: Says(400, "the same, escaped twice again"),
        ..ENTRY
    },
    Entry {
        name: "a slash that is escaped twice",
        sends: "GET /api/v1/namespaces/$NS/secrets%252Fdb",
        unguarded: Says(404, "no such route"),
        guarded: Says(404, "the same, escaped twice again"),
        ..ENTRY
    },
    Entry {
        name: "a dot segment with a parameter",
        sends: "GET /api/v1/namespaces/$NS/services/web/proxy/public/..;x=1/private",
        unguarded: Says(404, "no such Service; what is behind one may take it for `..`"),
        guarded: Refuses(400, "`..` segment"),
        ..ENTRY
    },
    Entry {
        name: "the same with the `;` escaped",
        sends: "GET /api/v1/namespaces/$NS/services/web/proxy/public/..%3bx/private",
        unguarded: Says(404, "no such Service; the escape is gone behind one"),
        guarded: Refuses(400, "`..` segment"),
        ..ENTRY
    },
    Entry {
        name: "a segment that is a parameter alone",
        sends: "GET /api/v1/namespaces/$NS/;x/secrets/db",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "empty segment"),
        ..ENTRY
    },
    Entry {
        name: "a resource with a parameter",
        sends: "GET /api/v1/namespaces/$NS/secrets;x/db",
        unguarded: Says(404, "no such route"),
        guarded: Says(404, "another resource, which there is not"),
        ..ENTRY
    },
    Entry {
        name: "a backslash, escaped",
        sends: "GET /api/v1/namespaces/$NS%5Csecrets%5Cdb",
        unguarded: Says(404, "a namespace that there is not"),
        guarded: Refuses(400, "backslash"),
        ..ENTRY
    },
    Entry {
        name: "a NUL at the end of a name",
        sends: "GET /api/v1/namespaces/$NS/secrets/db%00",
        unguarded: Says(404, "a name that no object has"),
        guarded: Refuses(400, "control character"),
        ..ENTRY
    },
    Entry {
        name: "a line break in a name",
        sends: "GET /api/v1/namespaces/$NS/secrets/db%0d%0aX:%20y",
        unguarded: Says(404, "a name that no object has"),
        guarded: Refuses(400, "control character"),
        ..ENTRY
    },
    Entry {
        name: "a control character of Latin-1",
        sends: "GET /api/v1/namespaces/$NS/secrets/db%C2%85",
        unguarded: Says(404, "a name that no object has"),
        guarded: Refuses(400, "control character"),
        ..ENTRY
    },
    Entry {
        name: "an escape that is none",
        sends: "GET /api/v1/namespaces/$NS/secrets/%zz",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "invalid percent-escape"),
        ..ENTRY
    },
    Entry {
        name: "half an escape at the end",
        sends: "GET /api/v1/namespaces/$NS/secrets/db%2",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "invalid percent-escape"),
        ..ENTRY
    },
    Entry {
        name: "an overlong slash",
        sends: "GET /api/v1/namespaces/$NS/secrets%c0%afdb",
        unguarded: Says(404, "a resource that there is not"),
        guarded: Refuses(400, "invalid percent-escape"),
        ..ENTRY
    },
    Entry {
        name: "an overlong NUL",
        sends: "GET /api/v1/namespaces/$NS/secrets/db%c0%80",
        unguarded: Says(404, "a name that no object has"),
        guarded: Refuses(400, "invalid percent-escape"),
        ..ENTRY
    },
    Entry {
        name: "half a surrogate pair",
        sends: "GET /api/v1/namespaces/$NS/secrets/%ed%a0%80",
        unguarded: Says(404, "a name that no object has"),
        guarded: Refuses(400, "invalid percent-escape"),
        ..ENTRY
    },
    Entry {
        name: "a byte that is no UTF-8",
        sends: "GET /api/v1/namespaces/$NS/secrets/%ff",
        unguarded: Says(404, "a name that no object has"),
        guarded: Refuses(400, "invalid percent-escape"),
        ..ENTRY
    },
    Entry {
        name: "an escape by code point",
        sends: "GET /api/v1/namespaces/$NS/secrets%u002Fdb",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "invalid percent-escape"),
        ..ENTRY
    },
    Entry {
        name: "a slash that only looks like one",
        sends: "GET /api/v1/namespaces/$NS/secrets%EF%BC%8Fdb",
        unguarded: Says(404, "a resource that there is not"),
        guarded: Says(404, "the same"),
        ..ENTRY
    },
    Entry {
        name: "letters that normalise to others",
        sends: "GET /api/v1/namespaces/$NS/%EF%BD%93ecrets/db",
        unguarded: Says(404, "a resource that there is not"),
        guarded: Says(404, "the same"),
        ..ENTRY
    },
    Entry {
        name: "a space that is a plus",
        sends: "GET /api/v1/namespaces/$NS/secrets/d+b",
        unguarded: Says(404, "a name that no object has"),
        guarded: Says(404, "the same"),
        ..ENTRY
    },
    Entry {
        name: "another case",
        sends: "GET /api/v1/namespaces/$NS/Secrets/db",
        unguarded: Says(404, "a resource that there is not"),
        guarded: Says(404, "the same"),
        ..ENTRY
    },
    Entry {
        name: "another case of the prefix",
        sends: "GET /API/v1/namespaces/$NS/secrets/db",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(403, "no policy allows"),
        ..ENTRY
    },
    Entry {
        name: "a dot at the end",
        sends: "GET /api/v1/namespaces/$NS/secrets./db",
        unguarded: Says(404, "a resource that there is not"),
        guarded: Says(404, "the same"),
        ..ENTRY
    },
    Entry {
        name: "a fragment",
        sends: "GET /api/v1/namespaces/$NS/configmaps#/../secrets/db",
        unguarded: Says(404, "`#` is a letter like any other"),
        guarded: Says(200, "a fragment is no part of a target, so this lists ConfigMaps"),
        ..ENTRY
    },
    Entry {
        name: "a question mark, escaped",
        sends: "GET /api/v1/namespaces/$NS/configmaps%3F/x",
        unguarded: Says(404, "a resource that there is not"),
        guarded: Says(404, "the same, escaped again"),
        ..ENTRY
    },
    Entry {
        name: "out of the cluster's path",
        sends: "GET /../../v1/holds",
        unguarded: Says(404, "no such route"),
        guarded: Refuses(400, "`..` segment"),
        ..ENTRY
    },
];

const SPELLED_HONESTLY: &[Entry] = &[
    Entry {
        name: "the plain path",
        sends: "GET /api/v1/namespaces/$NS/secrets/db",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: Says(200, "with its values masked"),
        ..ENTRY
    },
    Entry {
        name: "a slash at the end",
        sends: "GET /api/v1/namespaces/$NS/secrets/db/",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: Says(200, "with its values masked"),
        ..ENTRY
    },
    Entry {
        name: "an escape without need",
        sends: "GET /api/v1/namespaces/$NS/%73ecrets/%64b",
        proof: Leaks,
        unguarded: Does(200, ""),
        guarded: Says(200, "with its values masked"),
        ..ENTRY
    },
    Entry {
        name: "names with a colon",
        sends: "GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system:discovery",
        proof: Shows("\"name\":\"system:discovery\""),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "the same with the colon escaped",
        sends: "GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Adiscovery",
        proof: Shows("\"name\":\"system:discovery\""),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
