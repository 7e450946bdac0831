//! Objects as lists tell of them: their metadata, and how many there are.

use serde_json::{Map, Value};

use super::{items, text};

/// What to ask for, to be answered with metadata alone.
pub const ACCEPT: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// The metadata of one object, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its uid.
    pub uid: String,
    /// Its namespace; empty if it is in none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it is labelled with.
    pub labels: Map<String, Value>,
    /// The uids of those it belongs to.
    pub owners: Vec<String>,
    /// What has to be done before it is gone.
    pub finalizers: Vec<String>,
}

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The objects on it.
    pub objects: Vec<Listed>,
    /// How many more there are, if the API server says so.
    pub remaining: Option<u64>,
    /// Where to go on; empty at the end.
    pub next: String,
}

impl Page {
    /// Reads a page; none if it is no list.
    pub fn read(list: &Value) -> Option<Self> {
        let objects = match list.get("items")? {
            Value::Null => Vec::new(),
            Value::Array(items) => items.iter().map(Listed::read).collect(),
            _ => return None,
        };
        Some(Self {
            objects,
            remaining: list.pointer("/metadata/remainingItemCount").and_then(Value::as_u64),
            next: text(list, "/metadata/continue").to_owned(),
        })
    }

    /// How many objects there are, and whether there are more than that.
    pub fn count(&self) -> (u64, bool) {
        let here = self.objects.len() as u64;
        match self.remaining {
            Some(remaining) => (here.saturating_add(remaining), false),
            None => (here, !self.next.is_empty()),
        }
    }
}

impl Listed {
    /// Reads the metadata of an object.
    pub fn read(object: &Value) -> Self {
        let owned = |of: &str| text(object, of).to_owned();
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
        let finalizers = items(object, "/metadata/finalizers").filter_map(Value::as_str);
        Self {
            uid: owned("/metadata/uid"),
            namespace: owned("/metadata/namespace"),
            name: owned("/metadata/name"),
            labels: labels.cloned().unwrap_or_default(),
            owners: items(object, "/metadata/ownerReferences")
                .map(|owner| text(owner, "/uid").to_owned())
                .collect(),
            finalizers: finalizers.map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_tells_how_many_there_are() {
        let page = |metadata: Value| {
            let items =
                json!([{"metadata": {"name": "a", "uid": "1"}}, {"metadata": {"name": "b"}}]);
            Page::read(&json!({"items": items, "metadata": metadata})).unwrap()
        };
        for (metadata, count) in [
            (json!({}), (2, false)),
            (json!({"continue": "x", "remainingItemCount": 9_998}), (10_000, false)),
            (json!({"continue": "x"}), (2, true)),
        ] {
            assert_eq!(page(metadata.clone()).count(), count, "{metadata}");
        }
        assert_eq!(page(json!({})).objects[0].uid, "1");
        assert_eq!(Page::read(&json!({"items": null})), Some(Page::default()));
        assert_eq!(Page::read(&json!({"kind": "Status"})), None);
    }
}
