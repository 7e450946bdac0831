//! Running code.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, SECTION, Section, Story};
use crate::bypass::lab::{ALLOW, Lab, policies};

pub static EXEC: Section = Section {
    title: "Running code",
    about: "A policy names the danger, `run-code`, and not a request. These are its spellings.",
    policies: &[ALLOW, "{match: {capabilities: [run-code]}, effect: deny}"],
    attacks: RUNNING,
    honest: RUNNING_NOTHING,
    stories: STORIES,
    ..SECTION
};

/// The second policy of every section is the one that denies.
const DENIED: Outcome = Refuses(403, "p1");

const RUNNING: &[Entry] = &[
    Entry {
        name: "exec over a websocket",
        sends: "GET /api/v1/namespaces/$NS/pods/none/exec?command=id&stdout=1\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\nSec-WebSocket-Protocol: v5.channel.k8s.io",
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "exec over SPDY",
        sends: "POST /api/v1/namespaces/$NS/pods/none/exec?command=id&stdout=1\nConnection: Upgrade\nUpgrade: SPDY/3.1\nX-Stream-Protocol-Version: v4.channel.k8s.io",
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "exec over SPDY by GET",
        sends: "GET /api/v1/namespaces/$NS/pods/none/exec?command=id&stdout=1\nConnection: Upgrade\nUpgrade: SPDY/3.1\nX-Stream-Protocol-Version: v4.channel.k8s.io",
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "exec without an upgrade",
        sends: "POST /api/v1/namespaces/$NS/pods/none/exec?command=id",
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "attach",
        sends: "POST /api/v1/namespaces/$NS/pods/none/attach?stdin=1\nConnection: Upgrade\nUpgrade: SPDY/3.1\nX-Stream-Protocol-Version: v4.channel.k8s.io",
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "attach over a websocket",
        sends: "GET /api/v1/namespaces/$NS/pods/none/attach?stdin=1\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\nSec-WebSocket-Protocol: v5.channel.k8s.io",
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a debug container",
        sends: "PATCH /api/v1/namespaces/$NS/pods/none/ephemeralcontainers\nContent-Type: application/strategic-merge-patch+json",
        body: b"{}",
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a debug container by PUT",
        sends: "PUT /api/v1/namespaces/$NS/pods/none/ephemeralcontainers\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"none"},"spec":{"containers":[{"name":"c","image":"none"}]}}"#,
        unguarded: Says(404, "no such Pod"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the kubelet's exec through its node",
        sends: "POST /api/v1/nodes/none/proxy/exec/n/p/c?command=id",
        unguarded: Says(404, "no such Node"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the same by GET",
        sends: "GET /api/v1/nodes/none/proxy/exec/n/p/c?command=id",
        unguarded: Says(404, "no such Node"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the same at the kubelet's port",
        sends: "GET /api/v1/nodes/https:none:10250/proxy/run/n/p/c?cmd=id",
        unguarded: Says(404, "no such Node"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a Pod",
        sends: "POST /api/v1/namespaces/$NS/pods?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"none"}]}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a Pod by apply",
        sends: "PATCH /api/v1/namespaces/$NS/pods/x?dryRun=All&fieldManager=a\nContent-Type: application/apply-patch+yaml",
        body: br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"none"}]}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a Pod in YAML",
        sends: "POST /api/v1/namespaces/$NS/pods?dryRun=All\nContent-Type: application/yaml",
        body: br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"none"}]}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a Deployment",
        sends: "POST /apis/apps/v1/namespaces/$NS/deployments?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"none"}]}}}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a Job",
        sends: "POST /apis/batch/v1/namespaces/$NS/jobs?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"x"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"none"}]}}}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a template of Pods",
        sends: "POST /api/v1/namespaces/$NS/podtemplates?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"PodTemplate","metadata":{"name":"x"},"template":{"spec":{"containers":[{"name":"c","image":"none"}]}}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a webhook that the API server calls",
        sends: "POST /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingWebhookConfiguration","metadata":{"name":"bypass"}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "an API server behind the API server",
        sends: "PATCH /apis/apiregistration.k8s.io/v1/apiservices/none?dryRun=All\nContent-Type: application/merge-patch+json",
        body: b"{}",
        unguarded: Says(404, "none of that name"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a conversion webhook",
        sends: "PATCH /apis/apiextensions.k8s.io/v1/customresourcedefinitions/none?dryRun=All\nContent-Type: application/merge-patch+json",
        body: b"{}",
        unguarded: Says(404, "none of that name"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the console of a virtual machine",
        sends: "GET /apis/subresources.kubevirt.io/v1/namespaces/$NS/virtualmachines/v/console",
        unguarded: Says(404, "where there is none"),
        guarded: Refuses(403, "does not know the subresource"),
        ..ENTRY
    },
];

const RUNNING_NOTHING: &[Entry] = &[
    Entry {
        name: "reading Pods",
        sends: "GET /api/v1/namespaces/$NS/pods",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "reading a log",
        sends: "GET /api/v1/namespaces/$NS/pods/none/log",
        unguarded: Says(404, "no such Pod"),
        guarded: Refuses(404, "pods \"none\" not found"),
        ..ENTRY
    },
];

const STORIES: &[Story] = &[Story {
    name: "an exec by the other method",
    attacker: "sends a GET where a policy denies `create`, or a POST where it denies `get`",
    unguarded: "runs it: RBAC before 1.35 lets `get pods/exec` run programs",
    guarded: "403: a deny of either verb is one of both, and an allow of `get` is none",
}];

const WEBSOCKET: &str = "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\nSec-WebSocket-Protocol: v5.channel.k8s.io";
const SPDY: &str =
    "Connection: Upgrade\nUpgrade: SPDY/3.1\nX-Stream-Protocol-Version: v4.channel.k8s.io";

/// An exec is a GET over a websocket and a POST over SPDY. RBAC before 1.35 lets `get pods/exec`
/// run programs; a policy for either verb means both, and one for reading means neither.
#[test]
fn an_exec_is_an_exec_by_whichever_method() {
    let exec = "/api/v1/namespaces/$NS/pods/none/exec?command=id&stdout=1";
    let attempts = [format!("GET {exec}\n{WEBSOCKET}"), format!("POST {exec}\n{SPDY}")];
    for (denied, rules) in [
        (true, &[ALLOW, "{match: {verbs: [create], resources: [pods/exec]}, effect: deny}"][..]),
        (true, &[ALLOW, "{match: {verbs: [get], resources: [pods/exec]}, effect: deny}"]),
        (true, &["{match: {verbs: [get, list, watch], resources: ['*']}, effect: allow}"]),
        (false, &["{match: {verbs: [create], resources: [pods/exec]}, effect: allow}"]),
    ] {
        let lab = Lab::with(&policies(rules));
        for attempt in &attempts {
            let answer = lab.guarded(attempt, "");
            // The pod does not exist: whoever gets that far was let through.
            assert_eq!(answer.status, if denied { 403 } else { 404 }, "{rules:?}: {answer:?}");
            assert_eq!(lab.unguarded(attempt, "").status, 404);
        }
    }
}
