//! Decides on a classified request, and makes the permit without which nothing is sent.

use std::sync::Arc;

use jiff::Timestamp;
use kguard::identity::Caller;
use kguard::kube::request_info::Verb;
use kguard::mask::MaskRules;
use kguard::policy::{Decision, Facts, HoldTerms, Object, Objects, PolicySet};
use serde_json::Value;

use crate::hold::Approval;
use crate::live::LiveObjects;
use crate::request::KubeRequest;

/// What the policies say.
#[must_use]
#[derive(Debug)]
pub enum Verdict {
    /// It may be sent.
    Allow(Box<Permit>),
    /// It is refused.
    Deny(Box<Denial>),
    /// It waits for an approval.
    Hold(Box<Held>),
}

/// The right to send one request once, for one caller. Made here alone, and consumed by sending.
///
/// Its fields are private and it cannot be cloned: a request that was not decided, or was decided
/// differently, cannot be sent.
#[derive(Debug)]
pub struct Permit {
    subject: Subject,
    policy: String,
    hold: Option<String>,
}

/// A request that waits. Turned into a permit by an approval of it, and by nothing else.
#[derive(Debug)]
pub struct Held {
    subject: Subject,
    terms: HoldTerms,
}

/// A refused request and why.
#[derive(Debug)]
pub struct Denial {
    subject: Subject,
    /// The policy, or none if no policy allows the request.
    pub policy: Option<String>,
    /// What the caller is told.
    pub message: String,
}

/// Who asks for what, and what he may see of the answer.
#[derive(Debug)]
pub struct Subject {
    caller: Arc<Caller>,
    request: KubeRequest,
    masks: Arc<MaskRules>,
}

/// Asks the policies.
pub async fn decide(
    policies: &PolicySet,
    live: &LiveObjects<'_>,
    (caller, request): (Arc<Caller>, KubeRequest),
    now: Timestamp,
) -> Verdict {
    let cluster = live.cluster_name();
    let masks = Arc::new(policies.mask_rules(&caller, cluster));
    if let Some(mask) = mask_read_by_patch(&masks, &request) {
        let message = format!(
            "the mask `{mask}` covers what this JSON patch tests, copies or moves; patch it with \
             `add`, `replace` and `remove` instead"
        );
        let subject = Subject { caller, request, masks };
        return Verdict::Deny(Box::new(Denial { subject, policy: Some(mask), message }));
    }
    let decision = {
        let facts = Facts {
            request: &request.info,
            query: request.query.pairs(),
            caller: &caller,
            cluster,
        };
        let candidates = policies.candidates(&facts);
        let needs = candidates.needs();
        let objects = Objects {
            object: if needs.object { object(&request) } else { Object::Absent },
            old_object: if needs.old_object {
                Box::pin(old_object(live, &caller, &request)).await
            } else {
                Object::Absent
            },
        };
        candidates.decide(&objects, now)
    };
    let subject = Subject { caller, request, masks };
    match decision {
        Decision::Allow { policy } => {
            Verdict::Allow(Box::new(Permit { subject, policy, hold: None }))
        }
        Decision::Deny { policy, message } => {
            Verdict::Deny(Box::new(Denial { subject, policy, message }))
        }
        Decision::Hold(terms) => Verdict::Hold(Box::new(Held { subject, terms })),
    }
}

/// The mask that a JSON patch would get around, by reading what the mask covers.
fn mask_read_by_patch(masks: &MaskRules, request: &KubeRequest) -> Option<String> {
    let resource = request.info.resource.as_ref()?;
    masks.read_by_patch(resource, request.json_patch()?).map(str::to_owned)
}

/// What the request would store, as far as its text shows it.
fn object(request: &KubeRequest) -> Object {
    match request.object() {
        Some(value) if has_directive(value) => {
            let why = "its patch removes by directive (`$patch`, `$retainKeys`) what it does not \
                       name; write out what it changes";
            Object::Unavailable { why: why.to_owned() }
        }
        Some(value) => Object::Known(value.clone()),
        None if request.writes_object() => {
            let why = "its body is protobuf or a JSON patch, which kguard cannot look into yet";
            Object::Unavailable { why: why.to_owned() }
        }
        None => Object::Absent,
    }
}

/// Whether a strategic merge patch takes fields away that it does not name. Within lists, where
/// kubectl itself needs it, this is about one element.
fn has_directive(patch: &Value) -> bool {
    let Some(map) = patch.as_object() else { return false };
    map.contains_key("$patch") || map.contains_key("$retainKeys") || map.values().any(has_directive)
}

/// What is stored now, read as the caller.
async fn old_object(live: &LiveObjects<'_>, caller: &Caller, request: &KubeRequest) -> Object {
    match request.info.verb {
        Verb::Delete | Verb::Patch | Verb::Update => live.read(caller, &request.info).await,
        _ => Object::Absent,
    }
}

impl Permit {
    /// Who asks for what.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The policy that allowed or held it.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// The hold whose approval let it through.
    pub fn hold(&self) -> Option<&str> {
        self.hold.as_deref()
    }

    /// Ends the permit: what is left is a request that is being sent.
    pub(crate) fn spend(self) -> Subject {
        self.subject
    }
}

impl Held {
    /// Who asks for what.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// On what terms it waits.
    pub fn terms(&self) -> &HoldTerms {
        &self.terms
    }

    /// For binding the request to the object that is shown to the approvers.
    pub(crate) fn request_mut(&mut self) -> &mut KubeRequest {
        &mut self.subject.request
    }

    /// The permit that an approval gives.
    pub fn release(self, approval: Approval) -> Permit {
        let Self { subject, terms } = self;
        Permit { subject, policy: terms.policy, hold: Some(approval.into_hold_id()) }
    }
}

impl Denial {
    /// What the caller is told: the policy's message, and the policy's name if that lacks it.
    pub fn explain(&self) -> String {
        match &self.policy {
            Some(policy) if !self.message.contains(policy.as_str()) => {
                format!("{} (denied by policy `{policy}`)", self.message)
            }
            _ => self.message.clone(),
        }
    }

    /// Who asked for what.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
}

impl Subject {
    /// The caller.
    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// The request.
    pub fn request(&self) -> &KubeRequest {
        &self.request
    }

    /// What the caller may not see.
    pub fn masks(&self) -> &Arc<MaskRules> {
        &self.masks
    }

    /// Everything, for the one who sends it.
    pub(crate) fn into_parts(self) -> (Arc<Caller>, KubeRequest, Arc<MaskRules>) {
        (self.caller, self.request, self.masks)
    }
}
