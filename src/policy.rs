//! Policy: documents become a compiled set, and the set decides on requests. Deny beats hold beats
//! allow; nothing matched is deny; a policy that cannot be evaluated denies.
//!
//! A decision takes two steps, so that objects are fetched only for requests that need them:
//! [`PolicySet::candidates`] looks at the request line and the caller and tells which objects the
//! policies in question name; [`Candidates::decide`] evaluates those on them.

pub mod asked;
mod blast_radius;
pub mod capability;
pub mod case;
mod decision;
mod document;
mod expr;
mod index;
mod lift;
mod mask_document;
pub mod matcher;
pub mod pack;
mod problem;
pub mod replay;
pub mod review;
mod set;
pub mod suggestion;
mod template;
mod yaml;

pub use blast_radius::BlastRadius;
pub use decision::{
    Applies, Candidates, Charge, Decision, Escalate, Explanation, HoldTerms, Matched, Near, Needs,
    Object, Objects, Observed, Over, Ruling,
};
pub use expr::{Evaluated, evaluate};
pub use lift::{Lift, NoGrant};
pub use problem::{Problem, did_you_mean};
pub use set::{PolicySet, digest_of};

use crate::identity::Caller;
use crate::kube::request_info::RequestInfo;

/// A policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What its problems call it: its path.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A larger file is refused unread.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// What is said of a larger file, and the way out.
pub const TOO_LARGE: (&str, &str) =
    ("the file is larger than 1 MiB", "split it into several files");

impl Source {
    /// Its documents; that it is too large to be read is a problem.
    fn nodes(&self, problems: &mut problem::Problems<'_>) -> Vec<yaml::Node> {
        if self.text.len() <= MAX_FILE_BYTES {
            return yaml::parse(&self.text, problems);
        }
        problems.add_with(problem::Place::WHOLE, TOO_LARGE.0, Some(TOO_LARGE.1.to_owned()));
        Vec::new()
    }
}

/// What is known of a request before any object is fetched.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The request as the API server reads it.
    pub request: &'a RequestInfo,
    /// The query, decoded.
    pub query: &'a [(String, String)],
    /// Who asks.
    pub caller: &'a Caller,
    /// Which cluster is asked.
    pub cluster: &'a str,
}

/// Everything that is wrong with a set of policy files.
pub fn check(sources: &[Source]) -> Vec<Problem> {
    PolicySet::compile(sources).err().unwrap_or_default()
}

/// The starter pack: what a gateway decides by until somebody writes policies of his own.
pub fn starter() -> Source {
    pack::STARTER.policies()
}

#[cfg(test)]
mod tests;
