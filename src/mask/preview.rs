//! What masks hide of an object that somebody has at hand.

use std::sync::Arc;

use serde_json::Value;

use super::incoming::difference;
use super::kind::GroupKind;
use super::placeholder::{Echo, PlaceholderKey, Placeholders};
use super::rule::MaskRules;
use super::{Context, MAX_ELEMENT_BYTES, MaskError, Shape};
use crate::kube::request_info::ResourceInfo;
use crate::kube::resource_pattern::CORE_RESOURCES;
use crate::kube::resources::resources_of;

/// What a reader would be shown of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The object, masked. The placeholders are none of a gateway's.
    pub shown: Value,
    /// What is hidden of it, in the order of the object.
    pub hidden: Vec<HiddenField>,
}

/// A value that is hidden, in whole or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenField {
    /// Where it stands, as field paths are written.
    pub path: String,
    /// The first mask that hides it.
    pub mask: String,
}

impl MaskRules {
    /// What these rules hide of an object, or of the objects of a list.
    pub fn preview(&self, object: &Value) -> Result<Preview, MaskError> {
        let mut hidden: Vec<HiddenField> = Vec::new();
        for rule in &self.rules {
            let alone = Self { rules: vec![Arc::clone(rule)] };
            for found in difference::hidden(alone.context(), object)? {
                let path = found.place.to_string();
                if hidden.iter().all(|field| field.path != path) {
                    hidden.push(HiddenField { path, mask: rule.name.clone() });
                }
            }
        }
        let shown = difference::masked(self.context(), object)?;
        Ok(Preview { shown, hidden })
    }

    /// The object as a reader is shown it, with a gateway's placeholders.
    pub fn shown(
        self: &Arc<Self>,
        object: &Value,
        requested: Option<&ResourceInfo>,
        placeholders: Placeholders,
    ) -> Result<Value, MaskError> {
        if self.is_empty() {
            return Ok(object.clone());
        }
        let context = Context {
            rules: Arc::clone(self),
            shape: Shape::Object,
            requested: requested.cloned(),
            placeholders,
            max_element_bytes: MAX_ELEMENT_BYTES,
        };
        difference::masked(context, object)
    }

    fn context(&self) -> Context {
        Context {
            rules: Arc::new(self.clone()),
            shape: Shape::Object,
            requested: None,
            placeholders: PlaceholderKey::new(&[0; 32]).placeholders("", Echo::None),
            max_element_bytes: MAX_ELEMENT_BYTES,
        }
    }
}

/// Kinds that are only ever asked with or answered with, and are no resources.
const MESSAGES: [&str; 4] = ["Eviction", "Scale", "Status", "TokenRequest"];

/// All resources of an object's group, if its kind is none of them: it is misspelt then, and no mask
/// is about it.
pub fn unknown_kind(object: &Value) -> Option<&'static [&'static str]> {
    let text = |key| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let kind = GroupKind::new(text("apiVersion"), text("kind"))?;
    let kind = kind.item().filter(|_| kind.is_list()).unwrap_or(kind);
    let known = match kind.group.as_str() {
        "" => &CORE_RESOURCES[..],
        group => resources_of(group)?,
    };
    let is_known = kind.resources(None).iter().any(|(resource, _)| known.contains(&&**resource));
    (!is_known && !MESSAGES.contains(&kind.kind.as_str())).then_some(known)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::rule::MaskRule;
    use super::*;

    #[test]
    fn each_hidden_field_is_told_with_the_first_mask_that_hides_it() {
        let rule = |name: &str, resource: &str, field: &str| {
            Arc::new(MaskRule {
                name: name.into(),
                resources: vec![resource.parse().unwrap()],
                fields: vec![field.parse().unwrap()],
                ..MaskRule::default()
            })
        };
        let rules = MaskRules {
            rules: vec![
                rule("a", "secrets", "data.*"),
                rule("b", "secrets", "**"),
                rule("c", "pods", "**"),
            ],
        };
        let object = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque",
            "data": {"x": "eA=="}, "other": ["y"],
        });
        let Preview { shown, hidden } = rules.preview(&object).unwrap();
        let told: Vec<_> = hidden.iter().map(|of| (of.path.as_str(), of.mask.as_str())).collect();
        assert_eq!(told, [("data.x", "a"), ("other.0", "b")]);
        assert_ne!(shown["data"]["x"], "eA==");
        assert_eq!(shown["metadata"], object["metadata"]);
    }

    #[test]
    fn a_kind_that_its_group_does_not_have_is_told() {
        for (api_version, kind, is_unknown) in [
            ("v1", "Secrt", true),
            ("v1", "Secret", false),
            ("v1", "SecretList", false),
            ("v1", "Endpoints", false),
            ("apps/v1", "Deploymnt", true),
            ("networking.k8s.io/v1", "NetworkPolicy", false),
            ("networking.k8s.io/v1", "Ingress", false),
            ("authentication.k8s.io/v1", "TokenRequest", false),
            ("example.com/v1", "Widget", false),
        ] {
            let object = json!({"apiVersion": api_version, "kind": kind});
            assert_eq!(unknown_kind(&object).is_some(), is_unknown, "{api_version} {kind}");
        }
    }
}
