//! Cases: requests of which it is written down what policies have to say of them.
//!
//! A `PolicyTest` document names its policies, its callers and its cases. The request of a case is
//! read by the gateway's own reader, and decided by the gateway's own code.

mod document;
mod outcome;

use jiff::Timestamp;

pub use outcome::{CaseReport, Mismatch};

use super::asked::Asked;
use super::decision::{Explanation, Objects};
use super::problem::{Place, Problem, Problems};
use super::{Facts, PolicySet, Source};
use crate::audit::record::Outcome;
use crate::identity::Caller;

/// The kind of document that holds cases.
pub const KIND: &str = "PolicyTest";

/// What stands in `expect.policy` where no policy is to have decided.
pub const NO_POLICY: &str = "none";

/// A `PolicyTest` document.
#[derive(Debug)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Where its policies are: paths that start at its own file's folder, or `pack:NAME`.
    pub policies: Vec<Reference>,
    /// What it expects.
    pub cases: Vec<Case>,
}

/// Names policies, at a place of the file that does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    at: Place,
    file: String,
    /// A path or `pack:NAME`.
    pub text: String,
}

/// One request, and what is expected of the policies.
#[derive(Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Its line in its file.
    pub line: u64,
    situation: Situation,
    expected: Expected,
}

/// A request and everything that policies look at beside it.
#[derive(Debug, Clone)]
pub struct Situation {
    /// What is asked for.
    pub asked: Asked,
    /// Who asks.
    pub caller: Caller,
    /// Which cluster is asked.
    pub cluster: String,
    /// What would be stored and what is.
    pub objects: Objects,
    /// When.
    pub now: Timestamp,
}

/// What is expected of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    decision: Outcome,
    policy: Option<String>,
    message: Option<String>,
}

/// The suites of a file; other documents in it are passed over.
pub fn read(source: &Source) -> Result<Vec<Suite>, Vec<Problem>> {
    let mut problems = Problems::of(&source.name);
    let mut suites = Vec::new();
    let nodes = source.nodes(&mut problems).into_iter();
    let cases = nodes.filter(|node| node.kind_of_document() == Some(KIND));
    suites.extend(cases.filter_map(|node| document::read(node, &mut problems)));
    let problems = problems.into_vec();
    if problems.is_empty() { Ok(suites) } else { Err(problems) }
}

impl Reference {
    /// What is wrong with the reference, as a problem of the file that makes it.
    pub fn problem(&self, message: String, hint: Option<String>) -> Problem {
        let mut problems = Problems::of(&self.file);
        problems.add_with(self.at, message, hint);
        problems.into_vec().remove(0)
    }
}

impl Case {
    /// Has the case decided, and compares.
    pub fn run(&self, policies: &PolicySet) -> CaseReport {
        CaseReport::of(self, &self.situation.explain(policies))
    }
}

impl Situation {
    /// Reads a file that describes one, in the words of a case.
    pub fn read(source: &Source) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::of(&source.name);
        let nodes = source.nodes(&mut problems);
        let situation = document::situation(nodes, &mut problems);
        match (situation, problems.into_vec()) {
            (Some(situation), problems) if problems.is_empty() => Ok(situation),
            (_, problems) => Err(problems),
        }
    }

    /// What the policies say of it, and why.
    pub fn explain(&self, policies: &PolicySet) -> Explanation {
        let facts = Facts {
            request: &self.asked.request,
            query: &self.asked.query,
            caller: &self.caller,
            cluster: &self.cluster,
        };
        policies.explain(&facts, &self.objects, self.now)
    }
}

#[cfg(test)]
mod tests;
