//! Credentials.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Shows;
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, SECTION, Section};
use crate::bypass::lab::{ALLOW, Lab};

pub static CREDENTIALS: Section = Section {
    title: "Credentials",
    about: "`get-credentials`, however they are got.",
    policies: &[ALLOW, "{match: {capabilities: [get-credentials]}, effect: deny}"],
    scene: Lab::secret,
    attacks: GOT,
    honest: GOT_NOTHING,
    ..SECTION
};

/// The second policy of every section is the one that denies.
const DENIED: Outcome = Refuses(403, "p1");

const GOT: &[Entry] = &[
    Entry {
        name: "a token of a service account",
        sends: "POST /api/v1/namespaces/$NS/serviceaccounts/default/token\nContent-Type: application/json",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}"#,
        proof: Shows("\"token\":\"ey"),
        unguarded: Does(201, ""),
        guarded: DENIED,
    },
    Entry {
        name: "a Secret that is filled with one",
        sends: "POST /api/v1/namespaces/$NS/secrets?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x","annotations":{"kubernetes.io/service-account.name":"default"}},"type":"kubernetes.io/service-account-token"}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the same by apply",
        sends: "PATCH /api/v1/namespaces/$NS/secrets/x?dryRun=All&fieldManager=a\nContent-Type: application/apply-patch+yaml",
        body: br#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x","annotations":{"kubernetes.io/service-account.name":"default"}},"type":"kubernetes.io/service-account-token"}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a certificate",
        sends: "PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/none/approval\nContent-Type: application/json",
        body: br#"{"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":{"name":"none"},"spec":{"request":"eA==","signerName":"a.b/c"}}"#,
        unguarded: Says(404, "none of that name"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a role",
        sends: "POST /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/rolebindings?dryRun=All\nContent-Type: application/json",
        body: br#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"x"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"}}"#,
        unguarded: Does(201, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a role aggregated into another",
        sends: "PATCH /apis/rbac.authorization.k8s.io/v1/clusterroles/none\nContent-Type: application/merge-patch+json",
        body: b"{}",
        unguarded: Says(404, "none of that name"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the kubelet's certificate through its node",
        sends: "GET /api/v1/nodes/none/proxy/configz",
        unguarded: Says(404, "no such Node"),
        guarded: DENIED,
        ..ENTRY
    },
];

const GOT_NOTHING: &[Entry] = &[
    Entry {
        name: "who one is",
        sends: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews\nContent-Type: application/json",
        body: br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "what one may",
        sends: "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews\nContent-Type: application/json",
        body: br#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}"#,
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
    Entry {
        name: "reading service accounts",
        sends: "GET /api/v1/namespaces/$NS/serviceaccounts/default",
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];
