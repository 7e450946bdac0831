//! What is told of the pod that a stream goes to.

use serde_json::Value;

/// The container that a stream asks for; empty if it names none.
pub fn container(query: &[(String, String)]) -> &str {
    query.iter().find(|(name, _)| name == "container").map_or("", |(_, value)| value)
}

/// Where a command runs, or a connection leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamPod {
    /// The pod's uid.
    pub uid: String,
    /// The node that it is on.
    pub node: String,
    /// The container: the one that is asked for, or the first.
    pub container: String,
    /// Its image.
    pub image: String,
}

impl StreamPod {
    /// Of a pod, and the container that is asked for; empty if none is. What is not there is empty.
    pub fn of(pod: &Value, container: &str) -> Self {
        let text = |of: &Value, pointer: &str| {
            of.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let lists = ["containers", "initContainers", "ephemeralContainers"];
        let mut all =
            lists.iter().filter_map(|list| pod.get("spec")?.get(list)?.as_array()).flatten();
        let found = all.find(|of| container.is_empty() || text(of, "/name") == container);
        let of_container = |pointer| found.map(|of| text(of, pointer)).unwrap_or_default();
        Self {
            uid: text(pod, "/metadata/uid"),
            node: text(pod, "/spec/nodeName"),
            container: if container.is_empty() {
                of_container("/name")
            } else {
                container.to_owned()
            },
            image: of_container("/image"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_container_is_the_one_that_is_asked_for_or_the_first() {
        let pod = json!({
            "metadata": {"uid": "u"},
            "spec": {
                "nodeName": "n",
                "containers": [{"name": "app", "image": "a:1"}, {"name": "db", "image": "d:2"}],
                "ephemeralContainers": [{"name": "debug", "image": "x:3"}],
            },
        });
        for (asked, container, image) in
            [("", "app", "a:1"), ("db", "db", "d:2"), ("debug", "debug", "x:3"), ("no", "no", "")]
        {
            let told = StreamPod::of(&pod, asked);
            assert_eq!(
                (told.container.as_str(), told.image.as_str()),
                (container, image),
                "{asked}"
            );
            assert_eq!((told.uid.as_str(), told.node.as_str()), ("u", "n"));
        }
        assert_eq!(StreamPod::of(&json!({}), ""), StreamPod::default());
    }
}
