//! What looks like a way to a capability and carries nothing of it.

use super::table::{Way, way};

const G: &str = "change-guardrails";
const C: &str = "get-credentials";
const K: &str = "kill-workloads";
const T: &str = "open-tunnel";
const S: &str = "read-secrets";
const R: &str = "run-code";

pub const WAYS: &[Way] = &[
    way(
        R,
        "a label of a Deployment",
        "PATCH /apis/apps/v1/namespaces/$NS/deployments/web?dryRun=All\nContent-Type: application/merge-patch+json",
        r#"{"metadata":{"labels":{"x":"y"}}}"#,
        200,
    ),
    way(
        R,
        "an apply of what is there already",
        "PATCH /apis/apps/v1/namespaces/$NS/deployments/applied?fieldManager=kubectl&dryRun=All\nContent-Type: application/apply-patch+yaml",
        super::table::APPLIED,
        200,
    ),
    way(
        R,
        "more or fewer replicas",
        "PATCH /apis/apps/v1/namespaces/$NS/deployments/web?dryRun=All\nContent-Type: application/merge-patch+json",
        r#"{"spec":{"replicas":4}}"#,
        200,
    ),
    way(
        R,
        "a custom resource without a program",
        "PATCH /apis/$GROUP/v1/namespaces/$NS/widgets/w?dryRun=All\nContent-Type: application/merge-patch+json",
        r#"{"spec":{"size":2}}"#,
        200,
    ),
    way(
        S,
        "a pod without a reference to a Secret",
        "POST /api/v1/namespaces/$NS/pods?dryRun=All\nContent-Type: application/json",
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"n"},"spec":{"containers":[{"name":"c","image":"none"}]}}"#,
        201,
    ),
    way(
        S,
        "a ConfigMap that talks of one",
        "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/json",
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":{"secretName":"s"}}"#,
        201,
    ),
    way(
        C,
        "a Secret of any other type",
        "POST /api/v1/namespaces/$NS/secrets?dryRun=All\nContent-Type: application/json",
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"n"},"type":"Opaque"}"#,
        201,
    ),
    way(
        C,
        "delete of a role binding",
        "DELETE /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/rolebindings/allowed-0?dryRun=All",
        "",
        200,
    ),
    way(
        K,
        "more replicas",
        "PATCH /apis/apps/v1/namespaces/$NS/deployments/web/scale?dryRun=All\nContent-Type: application/merge-patch+json",
        r#"{"spec":{"replicas":5}}"#,
        200,
    ),
    way(
        K,
        "an annotation of a pod",
        "PATCH /api/v1/namespaces/$NS/pods/p?dryRun=All\nContent-Type: application/merge-patch+json",
        r#"{"metadata":{"annotations":{"x":"y"}}}"#,
        200,
    ),
    way(
        K,
        "a cordon",
        "PATCH /api/v1/nodes/kguard-node?dryRun=All\nContent-Type: application/merge-patch+json",
        r#"{"spec":{"unschedulable":true}}"#,
        200,
    ),
    way(
        K,
        "a Deployment with replicas of its own",
        "POST /apis/apps/v1/namespaces/$NS/deployments?dryRun=All\nContent-Type: application/json",
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"n"},"spec":{"selector":{"matchLabels":{"a":"n"}},"template":{"metadata":{"labels":{"a":"n"}},"spec":{"containers":[{"name":"c","image":"none"}]}}}}"#,
        201,
    ),
    way(T, "a service", "GET /api/v1/namespaces/$NS/services/svc", "", 200),
    way(
        G,
        "a service inside the cluster",
        "PATCH /api/v1/namespaces/$NS/services/svc?dryRun=All\nContent-Type: application/merge-patch+json",
        r#"{"spec":{"ports":[{"port":81}]}}"#,
        200,
    ),
    way(
        G,
        "a ConfigMap of one's own namespace",
        "PATCH /api/v1/namespaces/$NS/configmaps/c?dryRun=All\nContent-Type: application/merge-patch+json",
        r#"{"data":{"a":"c"}}"#,
        200,
    ),
];
