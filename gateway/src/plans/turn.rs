//! The turn of a request that comes with a plan: between the decision on it and its answer.

use std::sync::Arc;

use http::StatusCode;
use kguard::api::plans::{Action, PlannedWrite};
use kguard::kube::request_info::{RequestInfo, Verb};
use kguard::plan::chain::Fate;

use super::digest::Digested;
use super::slot::{Claim, Noted, Slot};
use super::{Plans, applying, imagined, planning};
use crate::decide::{Deciding, Subject, Verdict};
use crate::forward::Unmasked;
use crate::live::QUESTIONS;
use crate::request::KubeRequest;

/// What a request is to a plan.
pub enum Part {
    /// It is to be one of the plan's writes.
    Applying(Arc<Slot>),
    /// It goes into the plan, if it writes.
    Planning(Arc<Slot>),
}

/// What is left to do once a request is answered.
pub enum Turn {
    /// Nothing.
    Nothing,
    /// It is a write of a plan that is made.
    Planned(Arc<Slot>, Box<Noted>),
    /// It reads one object while a plan is made.
    Reads(Arc<Slot>, Arc<RequestInfo>),
    /// It is a write of a plan that is run.
    Runs(Box<Claim>),
}

impl Part {
    /// Makes of a decision what the plan makes of it.
    pub async fn turn(
        self,
        plans: &Plans,
        verdict: Verdict,
        deciding: &Deciding<'_>,
    ) -> (Verdict, Turn) {
        let request = verdict.subject().request();
        // Nothing is tried with groups that nobody has approved: its answer would be told.
        let is_elevated = !verdict.subject().elevated().is_empty();
        if !is_write(request) {
            let turn = match self {
                Self::Planning(_) if request.is_dry_run() && !is_elevated => {
                    return (Box::pin(planning::tried(verdict, deciding)).await, Turn::Nothing);
                }
                Self::Planning(slot) if reads_one(&request.info) => {
                    Turn::Reads(slot, Arc::clone(&request.info))
                }
                _ => Turn::Nothing,
            };
            return (verdict, turn);
        }
        match self {
            Self::Applying(slot) => applying::turn(&slot, plans, verdict, deciding).await,
            Self::Planning(slot) => planning::turn(&slot, verdict, deciding).await,
        }
    }
}

impl Turn {
    /// The request has its answer.
    pub fn answered(self, unmasked: Unmasked) -> Unmasked {
        let Some(code) = unmasked.code() else { return unmasked };
        match self {
            Self::Planned(slot, noted) if code.is_success() => {
                let is_delete = noted.write.action == Action::Delete;
                let info = Arc::clone(&noted.write.request);
                slot.note(*noted);
                if is_delete { unmasked.instead(imagined::deletion(&info)) } else { unmasked }
            }
            Self::Nothing | Self::Planned(..) => unmasked,
            Self::Reads(slot, info) => match (code, slot.fate(&info, "")) {
                (StatusCode::NOT_FOUND, Some(Fate::Created(Some(object)))) => {
                    unmasked.instead(imagined::read(&object))
                }
                (StatusCode::OK, Some(Fate::Deleted)) => unmasked.instead(imagined::gone(&info)),
                _ => unmasked,
            },
            Self::Runs(claim) => {
                // What the API server refuses is not done. Anything else may have been.
                if code.is_client_error() {
                    claim.give_back();
                } else {
                    claim.keep();
                }
                unmasked
            }
        }
    }
}

/// Whether a request may change something. What only asks, or is tried, does not.
fn is_write(request: &KubeRequest) -> bool {
    let group = request.info.resource.as_ref().map(|of| of.api_group.as_str());
    let asks = group.is_some_and(|group| QUESTIONS.contains(&group));
    let creates = request.info.creates_object();
    request.info.is_change() && !request.is_dry_run() && !(asks && creates)
}

/// Whether it reads one object, itself.
fn reads_one(info: &RequestInfo) -> bool {
    let is_object = |name: &str, subresource: &str| !name.is_empty() && subresource.is_empty();
    info.verb == Verb::Get
        && info.resource.as_ref().is_some_and(|of| is_object(&of.name, &of.subresource))
}

/// A write as it is noted, but for its effect.
pub(super) fn described(subject: &Subject, digested: Digested) -> PlannedWrite {
    let request = subject.request();
    let free =
        digested.is_release.then(|| kguard::plan::canonical::RELEASE_TIMES_ARE_FREE.to_owned());
    PlannedWrite {
        method: request.method.to_string(),
        request: Arc::clone(&request.info),
        name: request.object_name(),
        query: subject.noted_query().to_vec(),
        impersonated: request.impersonation.clone(),
        digest: digested.digest,
        action: Action::Change,
        policy: None,
        unforeseen: None,
        unbound: free.into_iter().collect(),
        diff: String::new(),
        saw: None,
        used: false,
    }
}

/// A write in a few words: what an error names it by.
pub(super) fn in_words(info: &RequestInfo, name: &str) -> String {
    let Some(of) = &info.resource else { return format!("{} {}", info.verb, info.path) };
    let mut words = format!("{} {}", info.verb, of.resource);
    if !of.api_group.is_empty() {
        words = format!("{words}.{}", of.api_group);
    }
    for part in [of.subresource.as_str(), name].iter().filter(|part| !part.is_empty()) {
        words = format!("{words}/{part}");
    }
    if !of.namespace.is_empty() && of.resource != "namespaces" {
        words = format!("{words} in {}", of.namespace);
    }
    words
}
