//! Which kinds of objects a cluster keeps, out of the aggregated discovery documents (`/api` and
//! `/apis` as `APIGroupDiscoveryList`).

use serde_json::Value;

use super::{items, text};

/// What to ask for, to be answered with such a document.
pub const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                          application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

/// A kind of objects that can be listed and deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listable {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version that the API server prefers.
    pub version: String,
    /// The plural name.
    pub resource: String,
    /// The kind.
    pub kind: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

impl Listable {
    /// Where its objects are listed: in a namespace, or in all if none is named.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = match self.group.as_str() {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.resource),
            None => format!("{root}/{}", self.resource),
        }
    }

    /// As objects say it.
    pub fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }
}

/// The kinds that a document tells of; none if it is another document.
pub fn listable(document: &Value) -> Option<Vec<Listable>> {
    if text(document, "/kind") != "APIGroupDiscoveryList" {
        return None;
    }
    Some(items(document, "/items").flat_map(of_group).collect())
}

/// Each kind in the first version that has it, which is the preferred one.
fn of_group(group: &Value) -> Vec<Listable> {
    let name = text(group, "/metadata/name");
    let mut found: Vec<Listable> = Vec::new();
    for version in items(group, "/versions") {
        for resource in items(version, "/resources").filter(|of| can_be_listed(of)) {
            let plural = text(resource, "/resource");
            let known = found.iter().any(|known| known.resource == plural);
            // The events of both groups are the same objects.
            let doubled = (name, plural) == ("events.k8s.io", "events");
            if !known && !doubled {
                found.push(Listable {
                    group: name.to_owned(),
                    version: text(version, "/version").to_owned(),
                    resource: plural.to_owned(),
                    kind: text(resource, "/responseKind/kind").to_owned(),
                    namespaced: text(resource, "/scope") == "Namespaced",
                });
            }
        }
    }
    found
}

/// What cannot be deleted is no object of its own, but a view of others.
fn can_be_listed(resource: &Value) -> bool {
    let can = |verb: &str| items(resource, "/verbs").any(|of| of == verb);
    can("list") && can("delete")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_is_found_once_in_its_preferred_version() {
        let resource = |name: &str, kind: &str, verbs: &[&str]| {
            json!({
                "resource": name, "scope": "Namespaced", "verbs": verbs,
                "responseKind": {"group": "", "version": "", "kind": kind},
            })
        };
        let all = &["delete", "list"];
        let document = json!({"kind": "APIGroupDiscoveryList", "items": [
            {"metadata": {}, "versions": [
                {"version": "v1", "resources": [
                    resource("pods", "Pod", all), resource("bindings", "Binding", &["create"]),
                ]},
            ]},
            {"metadata": {"name": "autoscaling"}, "versions": [
                {"version": "v2", "resources": [resource("hpas", "HPA", all)]},
                {"version": "v1", "resources": [resource("hpas", "HPA", all)]},
            ]},
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [
                {"version": "v1beta1", "resources": [resource("pods", "PodMetrics", &["list"])]},
            ]},
            {"metadata": {"name": "events.k8s.io"}, "versions": [
                {"version": "v1", "resources": [resource("events", "Event", all)]},
            ]},
        ]});
        let found = listable(&document).unwrap();
        let paths: Vec<_> = found.iter().map(|of| of.path(Some("shop"))).collect();
        assert_eq!(
            paths,
            ["/api/v1/namespaces/shop/pods", "/apis/autoscaling/v2/namespaces/shop/hpas"]
        );
        assert_eq!(found[1].path(None), "/apis/autoscaling/v2/hpas");
        assert_eq!(found[1].api_version(), "autoscaling/v2");
        assert_eq!(listable(&json!({"kind": "APIGroupList"})), None);
    }
}
