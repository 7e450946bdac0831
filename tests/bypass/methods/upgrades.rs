//! Upgrades.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Shows;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};
use crate::bypass::lab::Lab;

pub static UPGRADES: Section = Section {
    title: "Upgrades",
    about: "The API server serves watches and logs over websockets too, and takes `upgrade` anywhere in `Connection` for a wish. Exec, attach, port-forward and watches are upgraded, and nothing else; and upstream a watch stays a plain one, so that it is masked like any other.",
    scene: Lab::secret,
    attacks: UPGRADED,
    honest: UPGRADED_HONESTLY,
    ..SECTION
};

const UPGRADED: &[Entry] = &[
    Entry {
        name: "a watch over a websocket",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1\nConnection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
        unguarded: Does(101, "sends the Secrets in frames"),
        guarded: Says(101, "sends them masked"),
        ..ENTRY
    },
    Entry {
        name: "`upgrade` within another word",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1\nConnection: x-upgradex\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
        unguarded: Does(101, "looks for the letters anywhere"),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "`upgrade` in a second line",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1\nConnection: keep-alive\nConnection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
        unguarded: Says(400, ""),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "no `Connection` at all",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1\nConnection: close\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
        unguarded: Says(200, "is a plain watch"),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "HTTP/2 in clear text",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMAAABk",
        unguarded: Says(200, "knows no such upgrade"),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "a log over a websocket",
        sends: "GET /api/v1/namespaces/$NS/pods/none/log\nConnection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "a get over a websocket",
        sends: "GET /api/v1/namespaces/$NS/secrets/db\nConnection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
        unguarded: Does(200, ""),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "a path without a resource",
        sends: "GET /version\nConnection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
        unguarded: Does(200, ""),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "a proxied request",
        sends: "GET /api/v1/namespaces/$NS/pods/none/proxy/\nConnection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "a kubelet's exec through its node's proxy",
        sends: "GET /api/v1/nodes/none/proxy/exec/n/p/c?command=id\nConnection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
        unguarded: Says(404, "no such Node; on a real one, it runs"),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "an exec as HTTP/2",
        sends: "GET /api/v1/namespaces/$NS/pods/none/exec\nConnection: Upgrade\nUpgrade: h2c",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "an exec as two protocols",
        sends: "GET /api/v1/namespaces/$NS/pods/none/exec\nConnection: Upgrade\nUpgrade: websocket, SPDY/3.1",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "an exec as an old protocol",
        sends: "POST /api/v1/namespaces/$NS/pods/none/exec\nConnection: Upgrade\nUpgrade: SPDY/2",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
    Entry {
        name: "TLS within TLS",
        sends: "GET /version\nConnection: Upgrade\nUpgrade: TLS/1.3",
        unguarded: Does(200, ""),
        guarded: Refuses(403, "cannot be upgraded"),
        ..ENTRY
    },
];

const UPGRADED_HONESTLY: &[Entry] = &[
    Entry {
        name: "an exec over a websocket",
        sends: "GET /api/v1/namespaces/$NS/pods/none/exec?command=id&stdout=1\nConnection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\nSec-WebSocket-Protocol: v5.channel.k8s.io",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(404, "pods \"none\" not found"),
        ..ENTRY
    },
    Entry {
        name: "an exec over SPDY",
        sends: "POST /api/v1/namespaces/$NS/pods/none/exec?command=id&stdout=1\nConnection: Upgrade\nUpgrade: SPDY/3.1\nX-Stream-Protocol-Version: v4.channel.k8s.io",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(404, "pods \"none\" not found"),
        ..ENTRY
    },
    Entry {
        name: "a port-forward over a websocket",
        sends: "GET /api/v1/namespaces/$NS/pods/none/portforward\nConnection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\nSec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(404, "pods \"none\" not found"),
        ..ENTRY
    },
    Entry {
        name: "a plain watch",
        sends: "GET /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1",
        proof: Shows("\"type\":\"ADDED\""),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
