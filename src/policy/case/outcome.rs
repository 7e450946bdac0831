//! What became of a case.

use serde::Serialize;

use super::{Case, NO_POLICY};
use crate::audit::record::Outcome;
use crate::policy::decision::{Explanation, Matched, Near};

/// What the policies say in a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseReport {
    /// The case.
    pub case: String,
    /// Its line in its file.
    pub line: u64,
    /// What is decided.
    pub decision: Outcome,
    /// The policy that decides, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What is not as it was expected; nothing, if the case holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<Mismatch>,
    /// The policies that are about the request.
    pub matched: Vec<Matched>,
    /// The policies that are nearly about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<Near>,
}

/// Something that is not as it was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    /// Of what: `decision`, `policy` or `message`.
    pub of: &'static str,
    /// As the case has it.
    pub expected: String,
    /// As it is.
    pub got: String,
}

impl CaseReport {
    /// Whether everything is as expected.
    pub fn holds(&self) -> bool {
        self.mismatches.is_empty()
    }

    pub(super) fn of(case: &Case, explanation: &Explanation) -> Self {
        let decision = &explanation.ruling.decision;
        let expected = &case.expected;
        let policy = decision.policy();
        let message = decision.message().unwrap_or_default();
        let pairs = [
            ("decision", Some(expected.decision.as_str()), decision.outcome().as_str()),
            ("policy", expected.policy.as_deref(), policy.unwrap_or(NO_POLICY)),
        ];
        let differs = |(of, expected, got): (&'static str, Option<&str>, &str)| {
            let expected = expected.filter(|expected| *expected != got)?;
            Some(Mismatch { of, expected: expected.to_owned(), got: got.to_owned() })
        };
        let mut mismatches: Vec<_> = pairs.into_iter().filter_map(differs).collect();
        if let Some(part) = expected.message.as_ref().filter(|part| !message.contains(*part)) {
            let (expected, got) = (part.clone(), message.to_owned());
            mismatches.push(Mismatch { of: "message", expected, got });
        }
        Self {
            case: case.name.clone(),
            line: case.line,
            decision: decision.outcome(),
            policy: policy.map(str::to_owned),
            // What nearly matched explains a surprise; otherwise it is noise.
            near: if mismatches.is_empty() { Vec::new() } else { explanation.near.clone() },
            mismatches,
            matched: explanation.matched.clone(),
        }
    }
}
