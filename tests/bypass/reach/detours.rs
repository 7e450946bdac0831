//! The same object, and the same deed, by another name.

use crate::bypass::catalogue::Outcome::{Does, Refuses};
use crate::bypass::catalogue::Proof::{Creates, Shows};
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, SECTION, Section};
use crate::bypass::lab::ALLOW;

/// The second policy of every section is the one that denies.
const DENIED: Outcome = Refuses(403, "p1");

pub static CREATES: Section = Section {
    title: "Creating",
    about: "An update of most kinds, and an apply, creates what is not there: the API server wants the right to create for it, besides. The policy here denies `create`.",
    policies: &[ALLOW, "{match: {verbs: [create]}, effect: deny}"],
    scene: |lab| lab.make_configmap("x"),
    attacks: CREATED,
    honest: CREATED_NOTHING,
    ..SECTION
};

const CREATED: &[Entry] = &[
    Entry {
        name: "a create",
        sends: "POST /api/v1/namespaces/$NS/configmaps\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"}}"#,
        proof: Creates("new"),
        unguarded: Does(201, ""),
        guarded: DENIED,
    },
    Entry {
        name: "an apply",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/new?fieldManager=x\nContent-Type: application/apply-patch+yaml",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"}}"#,
        proof: Creates("new"),
        unguarded: Does(201, ""),
        guarded: DENIED,
    },
    Entry {
        name: "an update",
        sends: "PUT /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/roles/new?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"new"},"rules":[]}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "an update of a lease",
        sends: "PUT /apis/coordination.k8s.io/v1/namespaces/$NS/leases/new?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"new"}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
];

const CREATED_NOTHING: &[Entry] = &[
    Entry {
        name: "an apply to what is there",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?fieldManager=x\nContent-Type: application/apply-patch+yaml",
        body:
            br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","labels":{"a":"b"}}}"#,
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "an update of what is there",
        sends: "PUT /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#,
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];

pub static WHOLES: Section = Section {
    title: "The whole object by one of its parts",
    about: "Some subresources are read and written with the whole object, its metadata included. The policy here denies `pods` and `namespaces`.",
    policies: &[ALLOW, "{match: {resources: [pods, namespaces]}, effect: deny}"],
    scene: |lab| lab.space.apply(POD),
    attacks: WHOLE,
    honest: PARTS,
    ..SECTION
};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {jewel: 'yes'}}\nspec: {nodeSelector: {no: where}, containers: [{name: c, image: none}]}\n";

const WHOLE: &[Entry] = &[
    Entry {
        name: "the object",
        sends: "GET /api/v1/namespaces/$NS/pods/p",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "its status",
        sends: "GET /api/v1/namespaces/$NS/pods/p/status",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "its ephemeral containers",
        sends: "GET /api/v1/namespaces/$NS/pods/p/ephemeralcontainers",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "its size",
        sends: "GET /api/v1/namespaces/$NS/pods/p/resize",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a label, by the status",
        sends: "PATCH /api/v1/namespaces/$NS/pods/p/status?dryRun=All\nContent-Type: application/merge-patch+json",
        body: br#"{"metadata":{"labels":{"stolen":"label"}}}"#,
        proof: Shows("stolen"),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "a namespace's pod security, by its status",
        sends: "PATCH /api/v1/namespaces/$NS/status?dryRun=All\nContent-Type: application/merge-patch+json",
        body: br#"{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}"#,
        proof: Shows("privileged"),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
];

const PARTS: &[Entry] = &[Entry {
    name: "a part that is named apart",
    sends: "GET /api/v1/namespaces/$NS/pods/p/log",
    unguarded: Does(204, "nothing was written yet"),
    guarded: Does(204, "nothing was written yet"),
    ..ENTRY
}];

pub static NAMESPACES: Section = Section {
    title: "One namespace among others",
    about: "The policy here denies some namespaces themselves.",
    policies: &[
        ALLOW,
        "{match: {resources: [namespaces], namespaces: ['t-bypass-*']}, effect: deny}",
    ],
    attacks: LISTED,
    honest: OTHERS,
    ..SECTION
};

const LISTED: &[Entry] = &[
    Entry {
        name: "the namespace",
        sends: "GET /api/v1/namespaces/$NS",
        proof: Shows("\"phase\""),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "all namespaces",
        sends: "GET /api/v1/namespaces",
        proof: Shows("\"phase\""),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the namespace by a field selector",
        sends: "GET /api/v1/namespaces?fieldSelector=metadata.name%3D$NS",
        proof: Shows("\"phase\""),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch of all namespaces",
        sends: "GET /api/v1/namespaces?watch=1&timeoutSeconds=1",
        proof: Shows("\"phase\""),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
];

const OTHERS: &[Entry] = &[Entry {
    name: "another namespace",
    sends: "GET /api/v1/namespaces/default",
    unguarded: Does(200, ""),
    guarded: Does(200, ""),
    ..ENTRY
}];
