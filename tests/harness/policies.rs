//! Policies that several tests are about.

/// Deletes of ConfigMaps wait for the approvers of a list, such as `group:oidc:sre`; all else runs.
pub fn deletes_wait(approvers: &str) -> String {
    format!(
        "\
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {{name: deletes}}
spec:
  match: {{resources: [configmaps], verbs: [delete]}}
  effect: hold
  hold: {{approvers: ['{approvers}'], timeout: 10m}}
  message: Deletes a ConfigMap.
---
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {{name: all}}
spec: {{match: {{callers: ['*']}}, effect: allow}}
"
    )
}
