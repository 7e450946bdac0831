//! Persistent volumes that would be released with their claims, and load balancers that would go
//! with their Services.

use serde_json::Value;

use super::{items, text};
use crate::api::effect::{LoadBalancer, Volume};

/// The volume, if its claim is one of those that go.
pub fn released(volume: &Value, goes: impl FnOnce(&str, &str) -> bool) -> Option<Volume> {
    let claim = volume.pointer("/spec/claimRef")?;
    goes(text(claim, "/namespace"), text(claim, "/name")).then(|| Volume {
        name: text(volume, "/metadata/name").to_owned(),
        reclaim_policy: text(volume, "/spec/persistentVolumeReclaimPolicy").to_owned(),
        storage: text(volume, "/spec/capacity/storage").to_owned(),
    })
}

/// The load balancer of a Service, if it has one.
pub fn load_balancer(service: &Value) -> Option<LoadBalancer> {
    (text(service, "/spec/type") == "LoadBalancer").then(|| {
        let ingress = items(service, "/status/loadBalancer/ingress");
        let address = |of: &Value| match (text(of, "/ip"), text(of, "/hostname")) {
            ("", host) => host.to_owned(),
            (ip, _) => ip.to_owned(),
        };
        LoadBalancer {
            namespace: text(service, "/metadata/namespace").to_owned(),
            name: text(service, "/metadata/name").to_owned(),
            addresses: ingress.map(address).collect(),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_volume_goes_with_its_claim() {
        let volume = json!({
            "metadata": {"name": "pv-1"},
            "spec": {
                "claimRef": {"namespace": "shop", "name": "data"},
                "persistentVolumeReclaimPolicy": "Delete", "capacity": {"storage": "8Gi"},
            },
        });
        let found = released(&volume, |namespace, name| (namespace, name) == ("shop", "data"));
        let expected =
            Volume { name: "pv-1".into(), reclaim_policy: "Delete".into(), storage: "8Gi".into() };
        assert_eq!(found, Some(expected));
        assert_eq!(released(&volume, |_, _| false), None);
        assert_eq!(released(&json!({"spec": {}}), |_, _| true), None);
    }

    #[test]
    fn a_load_balancer_is_told_with_its_addresses() {
        let service = |kind: &str| {
            json!({
                "metadata": {"namespace": "shop", "name": "web"}, "spec": {"type": kind},
                "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "a.example"}]}},
            })
        };
        let found = load_balancer(&service("LoadBalancer")).unwrap();
        assert_eq!(found.addresses, ["192.0.2.1", "a.example"]);
        assert_eq!(load_balancer(&service("ClusterIP")), None);
    }
}
