//! Who manages an object, where its labels and annotations say so: what is changed by hand may be
//! undone by the next sync, and what is deleted may come back.

use serde_json::Value;

use super::{items, text};

/// Who manages an object.
pub fn of(object: &Value) -> Vec<String> {
    let label = |key| field(object, "labels", key);
    let annotation = |key| field(object, "annotations", key);
    let mut managers = Vec::new();
    if let Some(release) = annotation("meta.helm.sh/release-name") {
        let namespace = annotation("meta.helm.sh/release-namespace").unwrap_or_default();
        managers.push(format!("Helm, release {}", within(namespace, release)));
    }
    // `APPLICATION:GROUP/KIND:NAMESPACE/NAME`.
    let tracked = annotation("argocd.argoproj.io/tracking-id").and_then(|id| id.split(':').next());
    if let Some(application) = tracked.or_else(|| label("argocd.argoproj.io/instance")) {
        managers.push(format!("Argo CD, application {application}"));
    }
    for (what, prefix) in [
        ("Kustomization", "kustomize.toolkit.fluxcd.io"),
        ("HelmRelease", "helm.toolkit.fluxcd.io"),
    ] {
        if let Some(name) = field(object, "labels", &format!("{prefix}/name")) {
            let namespace = field(object, "labels", &format!("{prefix}/namespace"));
            let namespace = namespace.unwrap_or_default();
            managers.push(format!("Flux, {what} {}", within(namespace, name)));
        }
    }
    if managers.is_empty()
        && let Some(manager) = label("app.kubernetes.io/managed-by")
    {
        managers.push(manager.to_owned());
    }
    let controllers = items(object, "/metadata/ownerReferences");
    for owner in controllers.filter(|owner| owner.get("controller") == Some(&Value::Bool(true))) {
        managers.push(format!("{} {}", text(owner, "/kind"), text(owner, "/name")));
    }
    managers
}

fn within(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

fn field<'v>(object: &'v Value, map: &str, key: &str) -> Option<&'v str> {
    object.get("metadata")?.get(map)?.get(key)?.as_str().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn managers_are_told_by_what_they_leave_on_their_objects() {
        for (metadata, managers) in [
            (json!({}), vec![]),
            (json!({"labels": {"app.kubernetes.io/managed-by": "terraform"}}), vec!["terraform"]),
            (
                json!({
                    "labels": {"app.kubernetes.io/managed-by": "Helm"},
                    "annotations": {
                        "meta.helm.sh/release-name": "web",
                        "meta.helm.sh/release-namespace": "shop",
                    },
                }),
                vec!["Helm, release shop/web"],
            ),
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:a/b"}}),
                vec!["Argo CD, application shop"],
            ),
            (
                json!({"labels": {"argocd.argoproj.io/instance": "shop"}}),
                vec!["Argo CD, application shop"],
            ),
            (
                json!({"labels": {
                    "kustomize.toolkit.fluxcd.io/name": "apps",
                    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
                }}),
                vec!["Flux, Kustomization flux-system/apps"],
            ),
            (
                json!({"ownerReferences": [
                    {"kind": "ReplicaSet", "name": "web-1", "controller": true},
                    {"kind": "Node", "name": "n"},
                ]}),
                vec!["ReplicaSet web-1"],
            ),
        ] {
            assert_eq!(of(&json!({"metadata": metadata})), managers, "{metadata}");
        }
    }
}
