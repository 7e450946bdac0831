//! What is not sent, and what is said of it.

use kguard::kube::status::Reason;

use super::Subject;
use crate::forward::PooledBody;
use crate::incoming::Unprepared;

/// A refused request and why.
#[derive(Debug)]
pub struct Denial {
    pub(super) subject: Subject,
    /// The policy, or none if no policy allows the request.
    pub policy: Option<String>,
    /// What the caller is told.
    pub message: String,
    /// The kind of refusal.
    pub reason: Reason,
    /// The field that is in the way, if it is one.
    pub field: Option<String>,
    pub(super) refused_by: RefusedBy,
}

/// Whose word a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusedBy {
    /// What is masked for the caller: policies may well allow the request.
    Masking,
    /// The plan that the request is, or is not, part of.
    Plan,
    /// The policies.
    Policies,
}

/// A request that the API server would refuse, by its answer to a dry run.
pub struct Futile {
    pub(super) subject: Subject,
    pub(super) response: http::Response<PooledBody>,
    pub(super) why: Unsent,
}

/// Why a request is answered that is not sent.
#[derive(Debug, Clone)]
pub enum Unsent {
    /// It is part of a plan, and cannot be tried before what comes first in the plan has run.
    Planned(String),
    /// The API server would refuse it.
    Refused,
}

impl Denial {
    pub(super) fn of(subject: Subject, unprepared: &Unprepared) -> Self {
        let field = unprepared.field().map(str::to_owned);
        let (message, reason) = (unprepared.to_string(), unprepared.reason());
        Self { subject, policy: None, message, reason, field, refused_by: RefusedBy::Masking }
    }

    /// What the caller is told: the policy's message, the policy's name if that lacks it, and the
    /// command that says more.
    pub fn explain(&self) -> String {
        let Self { subject, policy, message, reason, refused_by, .. } = self;
        if *reason != Reason::Forbidden {
            return message.clone();
        }
        let id = subject.request.id;
        let by = match policy {
            Some(policy) if !message.contains(policy.as_str()) => {
                format!("denied by policy `{policy}`; ")
            }
            _ => String::new(),
        };
        let command = match refused_by {
            // Of masks `policy explain` knows nothing: it would tell that policies allow this.
            RefusedBy::Masking => "audit show",
            RefusedBy::Policies => "policy explain",
            // The message says it all.
            RefusedBy::Plan => return message.clone(),
        };
        format!("{message} ({by}why: kguard {command} {id})")
    }

    /// Who asked for what.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
}

impl Futile {
    /// Who asked for what.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Why it is not sent.
    pub fn why(&self) -> &Unsent {
        &self.why
    }

    /// With what the API server refused the dry run.
    pub fn status(&self) -> http::StatusCode {
        self.response.status()
    }

    /// The request that is not sent, and the API server's answer to its dry run.
    pub(crate) fn into_parts(self) -> (Subject, http::Response<PooledBody>) {
        (self.subject, self.response)
    }
}
