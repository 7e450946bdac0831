//! What a caller to whom values are masked may write, and what becomes of it.

mod oracles;
mod round_trips;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::placeholder::PlaceholderKey;
use super::super::rule::MaskRule;
use super::super::written::WRITTEN;
use super::super::{Context, Masker};
use super::*;

/// One masked object, and one who writes to it.
struct Desk {
    rules: Arc<MaskRules>,
    resource: ResourceInfo,
    live: Value,
}

impl Desk {
    fn new(resource: &str, group: &str, fields: &[&str], live: Value) -> Self {
        let name = if group.is_empty() { resource.into() } else { format!("{resource}.{group}") };
        let rule = MaskRule {
            name: "m".into(),
            resources: vec![name.parse().unwrap()],
            namespaces: Vec::new(),
            names: Vec::new(),
            fields: fields.iter().map(|field| field.parse().unwrap()).collect(),
            ..MaskRule::default()
        };
        let resource = ResourceInfo {
            resource: resource.into(),
            api_group: group.into(),
            namespace: "shop".into(),
            name: "db".into(),
            ..ResourceInfo::default()
        };
        Self { rules: Arc::new(MaskRules { rules: vec![Arc::new(rule)] }), resource, live }
    }

    /// A Secret with the values `hunter2`, `swordfish` and a last-applied annotation.
    fn secret() -> Self {
        let data = json!({"password": encoded("hunter2"), "user": encoded("swordfish")});
        let applied = json!({
            "apiVersion": "v1", "data": data, "kind": "Secret",
            "metadata": {"annotations": {}, "name": "db", "namespace": "shop"}, "type": "Opaque",
        });
        let live = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {
                "name": "db", "namespace": "shop", "uid": "uid-db", "resourceVersion": "5",
                "annotations": {LAST_APPLIED: format!("{applied}\n")},
                "managedFields": [{
                    "manager": "kubectl-create", "operation": "Update",
                    "fieldsV1": {"f:data": {".": {}, "f:password": {}, "f:user": {}}},
                }],
            },
            "data": data,
        });
        Self::new("secrets", "", &["data.*"], live)
    }

    fn deployment() -> Self {
        let env = json!([{"name": "A", "value": "first"}, {"name": "B", "value": "second"}]);
        let live = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "db", "namespace": "shop", "uid": "uid-d", "resourceVersion": "5",
                "labels": {"app": "db"},
            },
            "spec": {"template": {"spec": {"containers": [{"name": "c", "env": env}]}}},
        });
        let fields = ["spec.template.spec.containers.*.env.*.value"];
        Self::new("deployments", "apps", &fields, live)
    }

    fn placeholders() -> Placeholders {
        PlaceholderKey::new(&[7; 32]).placeholders("test", Echo::None)
    }

    fn shown(&self) -> Value {
        self.shown_of(&self.live)
    }

    /// What a reader is shown of an object.
    fn shown_of(&self, object: &Value) -> Value {
        let mut masker = Masker::new(Context {
            rules: Arc::clone(&self.rules),
            shape: Shape::Object,
            requested: Some(self.resource.clone()),
            placeholders: Self::placeholders(),
            max_element_bytes: MAX_ELEMENT_BYTES,
        });
        let mut shown = Vec::new();
        masker.push(object.to_string().as_bytes(), &mut shown).unwrap();
        masker.finish().unwrap();
        serde_json::from_slice(&shown).unwrap()
    }

    /// What is sent of a body, and what the answer may not show.
    fn write(&self, form: Form<'_>, body: &Value) -> Result<(Value, Echo), Unwritable> {
        self.write_to(Some(&self.live), form, body)
    }

    fn write_to(
        &self,
        live: Option<&Value>,
        form: Form<'_>,
        body: &Value,
    ) -> Result<(Value, Echo), Unwritable> {
        let incoming = Incoming {
            rules: Arc::clone(&self.rules),
            placeholders: Self::placeholders(),
            resource: &self.resource,
            form,
            live,
        };
        let mut body = body.clone();
        incoming.prepare(&mut body).map(|prepared| (body, prepared.echo))
    }
}

const APPLY: Form<'static> = Form::Apply { manager: "ci", force: false };
const FORCED: Form<'static> = Form::Apply { manager: "ci", force: true };
const FORMS: [Form<'static>; 5] =
    [APPLY, FORCED, Form::MergePatch, Form::Object, Form::StrategicMergePatch];

fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

/// What the annotation has for each key.
fn salts(object: &Value) -> Value {
    let text = object["metadata"]["annotations"][WRITTEN].as_str();
    text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

fn foreign(place: &str) -> Unwritable {
    Unwritable::Foreign { place: place.to_owned() }
}
