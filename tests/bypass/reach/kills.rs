//! Deleting and killing.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::{Deletes, Shows};
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, SECTION, Section};
use crate::bypass::lab::ALLOW;

pub static DELETES: Section = Section {
    title: "Deleting and killing",
    about: "`kill-workloads`, however it is done.",
    policies: &[ALLOW, "{match: {capabilities: [kill-workloads]}, effect: deny}"],
    scene: |lab| lab.make_configmap("x"),
    attacks: KILLED,
    honest: KILLED_NOTHING,
    ..SECTION
};

/// The second policy of every section is the one that denies.
const DENIED: Outcome = Refuses(403, "p1");

const KILLED: &[Entry] = &[
    Entry {
        name: "a delete",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x",
        proof: Deletes("x"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a delete with a slash behind it",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps/x/",
        proof: Deletes("x"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a delete of all",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps",
        proof: Deletes("x"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a delete of one by selector",
        sends: "DELETE /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3Dx",
        proof: Deletes("x"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "an eviction",
        sends: "POST /api/v1/namespaces/$NS/pods/none/eviction\nContent-Type: application/json",
        body: br#"{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"none"}}"#,
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a Pod that has failed, it says",
        sends: "PATCH /api/v1/namespaces/$NS/pods/none/status\nContent-Type: application/merge-patch+json",
        body: br#"{"status":{"phase":"Failed"}}"#,
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "no resources for a Pod",
        sends: "PATCH /api/v1/namespaces/$NS/pods/none/resize\nContent-Type: application/merge-patch+json",
        body: b"{}",
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the namespace",
        sends: "DELETE /api/v1/namespaces/none",
        unguarded: Says(404, "none of that name"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the namespace's finalizers",
        sends: "PUT /api/v1/namespaces/none/finalize\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"none"}}"#,
        unguarded: Says(404, "none of that name"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "an owner of the namespace that is gone, by its status",
        sends: "PATCH /api/v1/namespaces/$NS/status?dryRun=All\nContent-Type: application/merge-patch+json",
        body: br#"{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"gone","uid":"gone"}]}}"#,
        proof: Shows("\"uid\":\"gone\""),
        unguarded: Does(200, "writes the metadata along, and collects the namespace as garbage"),
        guarded: DENIED,
    },
    Entry {
        name: "an autoscaler",
        sends: "POST /apis/autoscaling/v1/namespaces/$NS/horizontalpodautoscalers?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"x"},"spec":{"maxReplicas":1,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"x"}}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "an autoscaler of another version",
        sends: "PATCH /apis/autoscaling/v2/namespaces/$NS/horizontalpodautoscalers/none\nContent-Type: application/merge-patch+json",
        body: b"{}",
        unguarded: Says(404, "none of that name"),
        guarded: DENIED,
        ..ENTRY
    },
];

const KILLED_NOTHING: &[Entry] = &[
    Entry {
        name: "a create",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y"}}"#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "a patch",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x\nContent-Type: application/merge-patch+json",
        body: br#"{"data":{"a":"b"}}"#,
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
