//! The kubeconfig of a session: a context per cluster, all of them through the local port.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::certificates::ClientIdentity;

/// Where a cluster is found locally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The cluster's name, and its context's.
    pub(crate) cluster: String,
    /// The `server` URL.
    pub(crate) server: String,
    /// The local port to reach it by; none if the URL names the port itself.
    pub(crate) proxy: Option<String>,
}

/// The kubeconfig's text. It is JSON, which is YAML too.
pub(crate) fn render(
    entries: &[Entry],
    current: &str,
    ca_pem: &str,
    client: &ClientIdentity,
) -> String {
    let clusters: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let mut cluster = json!({
                "server": entry.server,
                "certificate-authority-data": STANDARD.encode(ca_pem),
            });
            if let (Some(proxy), Some(fields)) = (&entry.proxy, cluster.as_object_mut()) {
                fields.insert("proxy-url".to_owned(), json!(proxy));
            }
            json!({"name": entry.cluster, "cluster": cluster})
        })
        .collect();
    let contexts: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let context = json!({"cluster": entry.cluster, "user": "kguard"});
            json!({"name": entry.cluster, "context": context})
        })
        .collect();
    let user = json!({
        "client-certificate-data": STANDARD.encode(&client.certificate),
        "client-key-data": STANDARD.encode(&client.key),
    });
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": clusters,
        "contexts": contexts,
        "users": [{"name": "kguard", "user": user}],
    });
    format!("{config:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cluster_is_a_context_behind_the_local_port() {
        let entries = [
            Entry {
                cluster: "prod".into(),
                server: "https://prod.gw.example.kguard.internal".into(),
                proxy: Some("http://127.0.0.1:4000".into()),
            },
            Entry { cluster: "dev".into(), server: "https://127.0.0.1:4001".into(), proxy: None },
        ];
        let client = ClientIdentity { certificate: "c".into(), key: "k".into() };
        let text = render(&entries, "dev", "ca", &client);
        let config: Value = serde_json::from_str(&text).unwrap();
        let expected = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "dev",
            "clusters": [
                {"name": "prod", "cluster": {
                    "server": "https://prod.gw.example.kguard.internal",
                    "certificate-authority-data": "Y2E=",
                    "proxy-url": "http://127.0.0.1:4000",
                }},
                {"name": "dev", "cluster": {
                    "server": "https://127.0.0.1:4001",
                    "certificate-authority-data": "Y2E=",
                }},
            ],
            "contexts": [
                {"name": "prod", "context": {"cluster": "prod", "user": "kguard"}},
                {"name": "dev", "context": {"cluster": "dev", "user": "kguard"}},
            ],
            "users": [{"name": "kguard", "user": {
                "client-certificate-data": "Yw==", "client-key-data": "aw==",
            }}],
        });
        assert_eq!(config, expected);
    }
}
