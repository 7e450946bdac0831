//! Writes that depend on others of the same plan.
//!
//! While a plan is made nothing is stored. So the API server knows nothing of a namespace that the
//! plan creates, and refuses to try what is to be put into it. What a plan creates and deletes is
//! remembered here: to tell such a refusal from a real one, and to answer a client that reads again
//! what it has just written.

use std::collections::{HashMap, HashSet};

use http::StatusCode;
use serde_json::Value;

use crate::kube::request_info::{RequestInfo, Verb};

/// How much of what a plan creates is kept to be read again.
const MAX_BYTES: usize = 2 << 20;

/// What a plan makes of the objects so far.
#[derive(Debug, Default)]
pub struct Chain {
    /// By the path at which they are read.
    objects: HashMap<String, Fate>,
    namespaces: HashSet<String>,
    /// Group and plural name of resources that the plan defines.
    kinds: HashSet<(String, String)>,
    bytes: usize,
}

/// What a plan makes of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It is there, and is changed.
    Changed,
    /// It is made: this, as far as it is kept.
    Created(Option<Value>),
    /// It goes.
    Deleted,
}

/// Where the object of a request is read. `name` is that of a create, which its path does not have.
pub fn object_path(request: &RequestInfo, name: &str) -> String {
    if request.creates_object() {
        return format!("{}/{name}", request.path);
    }
    match request.subresource() {
        "" => request.path.clone(),
        of => {
            let end = format!("/{of}");
            request.path.strip_suffix(&end).unwrap_or(&request.path).to_owned()
        }
    }
}

impl Chain {
    /// What the plan makes of the object of a request so far.
    pub fn fate(&self, request: &RequestInfo, name: &str) -> Option<&Fate> {
        self.objects.get(&object_path(request, name))
    }

    /// Takes up that a write makes this of its object.
    pub fn note(&mut self, (request, name): (&RequestInfo, &str), fate: Fate) {
        let path = object_path(request, name);
        let fate = match (fate, self.objects.get(&path)) {
            (Fate::Changed, Some(Fate::Created(object))) => Fate::Created(object.clone()),
            (Fate::Created(object), _) => {
                self.define(request, name, object.as_ref());
                Fate::Created(self.kept(object))
            }
            (fate, _) => fate,
        };
        self.objects.insert(path, fate);
    }

    /// Why a write cannot be tried that the API server refuses with this, if it is for what the plan
    /// has done before.
    pub fn explains(
        &self,
        (request, name): (&RequestInfo, &str),
        code: StatusCode,
    ) -> Option<String> {
        let of = request.resource.as_ref()?;
        match (code, self.fate(request, name)) {
            (StatusCode::NOT_FOUND, Some(Fate::Created(_))) => {
                Some("this plan creates the object".to_owned())
            }
            (StatusCode::CONFLICT, Some(Fate::Deleted)) if request.verb == Verb::Create => {
                Some("this plan deletes the object of that name first".to_owned())
            }
            (StatusCode::NOT_FOUND, _) if self.namespaces.contains(&of.namespace) => {
                Some(format!("this plan creates the namespace `{}`", of.namespace))
            }
            (StatusCode::NOT_FOUND, _)
                if self.kinds.contains(&(of.api_group.clone(), of.resource.clone())) =>
            {
                Some(format!("this plan defines `{}.{}`", of.resource, of.api_group))
            }
            _ => None,
        }
    }

    /// What a new object makes possible.
    fn define(&mut self, request: &RequestInfo, name: &str, object: Option<&Value>) {
        let Some(of) = &request.resource else { return };
        match (of.api_group.as_str(), of.resource.as_str()) {
            ("", "namespaces") => drop(self.namespaces.insert(name.to_owned())),
            ("apiextensions.k8s.io", "customresourcedefinitions") => {
                let text = |at: &str| object?.pointer(at)?.as_str().map(str::to_owned);
                if let (Some(group), Some(plural)) =
                    (text("/spec/group"), text("/spec/names/plural"))
                {
                    self.kinds.insert((group, plural));
                }
            }
            _ => {}
        }
    }

    fn kept(&mut self, object: Option<Value>) -> Option<Value> {
        let object = object?;
        self.bytes += object.to_string().len();
        (self.bytes <= MAX_BYTES).then_some(object)
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;
    use crate::kube::target::Target;

    fn read(method: &Method, path: &str) -> RequestInfo {
        RequestInfo::read(method, &Target::parse(path, None).unwrap()).unwrap()
    }

    #[test]
    fn what_is_put_into_a_new_namespace_cannot_be_tried() {
        let mut chain = Chain::default();
        let create = read(&Method::POST, "/api/v1/namespaces/shop/configmaps");
        let not_found = StatusCode::NOT_FOUND;
        assert_eq!(chain.explains((&create, "a"), not_found), None);
        let namespace = read(&Method::POST, "/api/v1/namespaces");
        chain.note((&namespace, "shop"), Fate::Created(Some(json!({}))));
        let why = chain.explains((&create, "a"), not_found).unwrap();
        assert!(why.contains("`shop`"), "{why}");
        // A refusal for anything else is a refusal.
        assert_eq!(chain.explains((&create, "a"), StatusCode::FORBIDDEN), None);
        let elsewhere = read(&Method::POST, "/api/v1/namespaces/other/configmaps");
        assert_eq!(chain.explains((&elsewhere, "a"), not_found), None);
    }

    #[test]
    fn what_the_plan_creates_is_read_and_changed_later() {
        let mut chain = Chain::default();
        let create = read(&Method::POST, "/api/v1/namespaces/shop/configmaps");
        let object = json!({"data": {"a": "b"}});
        chain.note((&create, "a"), Fate::Created(Some(object.clone())));
        let path = "/api/v1/namespaces/shop/configmaps/a";
        let [get, patch] = [Method::GET, Method::PATCH].map(|method| read(&method, path));
        assert_eq!(chain.fate(&get, ""), Some(&Fate::Created(Some(object.clone()))));
        assert!(chain.explains((&patch, ""), StatusCode::NOT_FOUND).is_some());
        chain.note((&patch, ""), Fate::Changed);
        assert_eq!(chain.fate(&get, ""), Some(&Fate::Created(Some(object))));
        chain.note((&read(&Method::DELETE, path), ""), Fate::Deleted);
        assert_eq!(chain.fate(&get, ""), Some(&Fate::Deleted));
        assert!(chain.explains((&create, "a"), StatusCode::CONFLICT).is_some());
    }

    #[test]
    fn objects_of_a_kind_that_the_plan_defines_cannot_be_tried() {
        let mut chain = Chain::default();
        let create = read(&Method::POST, "/apis/example.com/v1/namespaces/shop/widgets");
        let definition =
            read(&Method::POST, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
        let object = json!({"spec": {"group": "example.com", "names": {"plural": "widgets"}}});
        chain.note((&definition, "widgets.example.com"), Fate::Created(Some(object)));
        assert!(chain.explains((&create, "a"), StatusCode::NOT_FOUND).is_some());
    }

    #[test]
    fn a_subresource_is_of_its_object() {
        let scale = read(&Method::PATCH, "/apis/apps/v1/namespaces/a/deployments/web/scale");
        assert_eq!(object_path(&scale, ""), "/apis/apps/v1/namespaces/a/deployments/web");
    }

    #[test]
    fn no_more_is_kept_than_fits() {
        let mut chain = Chain::default();
        let create = read(&Method::POST, "/api/v1/namespaces/shop/configmaps");
        let big = Value::from("x".repeat(MAX_BYTES / 2));
        for name in ["a", "b"] {
            chain.note((&create, name), Fate::Created(Some(big.clone())));
        }
        assert_eq!(chain.fate(&create, "a"), Some(&Fate::Created(Some(big))));
        assert_eq!(chain.fate(&create, "b"), Some(&Fate::Created(None)));
    }
}
