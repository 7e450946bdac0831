//! `kubectl auth can-i` asks the API server, which knows its RBAC and nothing of policies. Its
//! answer is completed here: what a policy denies is no, whatever RBAC says.
//!
//! What depends on an object that nobody has seen yet, and what is held for an approval, is still
//! a yes: the caller may try.

mod rules;

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HeaderValue};
use http_body_util::{BodyExt, Limited};
use kguard::identity::Caller;
use kguard::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use kguard::kube::strict_json;
use kguard::policy::{Decision, Facts, Objects, PolicySet};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::decide::Deciding;
use crate::forward::{Answer, PooledBody, Unmasked};
use crate::mask::UnmaskableError;
use crate::policies::Mode;
use crate::request::KubeRequest;

/// Larger than any review.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// A question about what the caller may do.
pub struct Question {
    kind: Kind,
    caller: Arc<Caller>,
    /// As whom he asks, if not as himself.
    identity: Option<Caller>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `can-i VERB RESOURCE`
    Access,
    /// `can-i --list`
    Rules,
}

impl Question {
    /// The question that a request asks, if it asks one.
    pub fn of(request: &KubeRequest, caller: &Arc<Caller>) -> Option<Self> {
        let kind = kind(&request.info)?;
        let identity = request.impersonation.as_ref().map(|of| of.caller(caller));
        Some(Self { kind, caller: Arc::clone(caller), identity })
    }

    /// Completes the API server's answer. One that is no success stays as it is.
    pub async fn complete(
        self,
        unmasked: Unmasked,
        deciding: &Deciding<'_>,
    ) -> Result<Unmasked, UnmaskableError> {
        let Unmasked { answer, about, committed, opened } = unmasked;
        let answer = match answer {
            Answer::Response(response)
                if response.status().is_success() && deciding.mode == Mode::Enforce =>
            {
                let broken = || UnmaskableError::Broken { cluster: about.cluster.clone() };
                let completed = self.completed(response, deciding).await;
                Answer::Response(completed.ok_or_else(broken)?)
            }
            other => other,
        };
        Ok(Unmasked { answer, about, committed, opened })
    }

    async fn completed(
        self,
        response: http::Response<PooledBody>,
        deciding: &Deciding<'_>,
    ) -> Option<http::Response<PooledBody>> {
        let (mut parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.ok()?.to_bytes();
        let mut review = strict_json::parse(&body).ok()?;
        let policies = Policies { question: &self, deciding };
        match self.kind {
            Kind::Access => policies.complete_access(&mut review).await,
            Kind::Rules => rules::complete(&mut review, &policies).await,
        }
        let body = review.to_string();
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        Some(http::Response::from_parts(parts, PooledBody::whole(body.into())))
    }
}

/// Whether the answer to the request has to be one that can be completed.
pub fn is_review(info: &RequestInfo) -> bool {
    kind(info).is_some()
}

fn kind(info: &RequestInfo) -> Option<Kind> {
    let resource = info.resource.as_ref()?;
    match (info.verb, &*resource.api_group, &*resource.resource) {
        (Verb::Create, "authorization.k8s.io", "selfsubjectaccessreviews") => Some(Kind::Access),
        (Verb::Create, "authorization.k8s.io", "selfsubjectrulesreviews") => Some(Kind::Rules),
        _ => None,
    }
}

/// The policies, asked on behalf of one question.
struct Policies<'a> {
    question: &'a Question,
    deciding: &'a Deciding<'a>,
}

/// What policies say of a request that nobody has made yet.
enum Prospect {
    /// It is allowed, or could be.
    Open,
    /// It waits for an approval.
    Held(String),
    /// It is denied, whatever the object is.
    Denied(String),
}

impl Policies<'_> {
    fn cluster(&self) -> &Cluster {
        self.deciding.cluster
    }

    /// As whom the request is sent.
    fn identity(&self) -> &Caller {
        self.question.identity.as_ref().unwrap_or(&self.question.caller)
    }

    async fn complete_access(&self, review: &mut Value) {
        let allowed = review.pointer("/status/allowed").and_then(Value::as_bool);
        if allowed != Some(true) {
            return;
        }
        let requests = match review.get("spec") {
            Some(spec) if has_star(spec) => rules::requests(spec, self).await,
            Some(spec) => requests(spec),
            None => Vec::new(),
        };
        let prospects = requests.iter().map(|request| self.prospect(request));
        let Some(status) = review.get_mut("status").and_then(Value::as_object_mut) else { return };
        for prospect in prospects {
            match prospect {
                Prospect::Open => {}
                Prospect::Held(policy) => {
                    let reason = format!("kguard holds it for approval: `{policy}`");
                    status.insert("reason".into(), json!(reason));
                }
                Prospect::Denied(message) => {
                    status.insert("allowed".into(), json!(false));
                    status.insert("reason".into(), json!(format!("kguard: {message}")));
                    return;
                }
            }
        }
    }

    /// What is said of the caller and of the one as whom he asks, whichever is stricter.
    fn prospect(&self, request: &RequestInfo) -> Prospect {
        let caller = self.prospect_of(request, &self.question.caller);
        match (caller, &self.question.identity) {
            (Prospect::Open, Some(identity)) => self.prospect_of(request, identity),
            (caller, _) => caller,
        }
    }

    fn prospect_of(&self, request: &RequestInfo, caller: &Caller) -> Prospect {
        let policies: &PolicySet = self.deciding.policies;
        let cluster = self.cluster().name();
        let candidates = policies.candidates(&Facts { request, query: &[], caller, cluster });
        let depends = candidates.depend_on_objects();
        match candidates.decide(&Objects::default(), self.deciding.now).decision {
            Decision::Deny { message, .. } if !depends => Prospect::Denied(message),
            Decision::Hold(terms) => Prospect::Held(terms.policy),
            Decision::Allow { .. } | Decision::Deny { .. } => Prospect::Open,
        }
    }
}

/// Whether a review asks for all resources, or for those of all groups. To RBAC that is all of them
/// together.
fn has_star(spec: &Value) -> bool {
    let star = |key: &str| {
        spec.pointer(&format!("/resourceAttributes/{key}")).is_some_and(|value| value == "*")
    };
    star("group") || star("resource")
}

/// The requests that a review is about: one, or one for each verb. Verbs that no request has, such
/// as `bind` and `use`, are RBAC's alone.
fn requests(spec: &Value) -> Vec<RequestInfo> {
    let of = |attributes: &Value, key: &str| {
        attributes.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let attributes = spec.get("resourceAttributes").filter(|of| of.is_object());
    let (verb, path, resource) = if let Some(attributes) = attributes {
        let of = |key: &str| of(attributes, key);
        let resource = ResourceInfo {
            api_group: of("group"),
            api_version: of("version"),
            namespace: of("namespace"),
            resource: of("resource"),
            subresource: of("subresource"),
            name: of("name"),
        };
        (of("verb"), String::new(), Some(resource))
    } else {
        let attributes = spec.get("nonResourceAttributes").unwrap_or(&Value::Null);
        (of(attributes, "verb"), of(attributes, "path"), None)
    };
    let verbs = VERBS.into_iter().filter(|of| verb == "*" || verb == of.as_str());
    verbs.map(|verb| RequestInfo { verb, path: path.clone(), resource: resource.clone() }).collect()
}

/// The verbs that RBAC and requests share.
const VERBS: [Verb; 9] = [
    Verb::Create,
    Verb::Delete,
    Verb::DeleteCollection,
    Verb::Get,
    Verb::Impersonate,
    Verb::List,
    Verb::Patch,
    Verb::Update,
    Verb::Watch,
];
