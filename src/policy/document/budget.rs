//! Reads a `Budget`: how much a caller may take along within a time.

use std::fmt;
use std::time::Duration;

use super::{Mode, extras, matching, mode, template, terms};
use crate::policy::decision::Over;
use crate::policy::matcher::Match;
use crate::policy::problem::{Place, Problems, did_you_mean};
use crate::policy::template::Template;
use crate::policy::yaml::{Fields, Node, Value};

/// A `Budget` document.
pub(in crate::policy) struct Budget {
    pub(in crate::policy) name: String,
    pub(in crate::policy) matches: Match,
    /// Pods or objects.
    pub(in crate::policy) max: u64,
    pub(in crate::policy) per: Duration,
    pub(in crate::policy) over: Over,
    pub(in crate::policy) mode: Mode,
    pub(in crate::policy) message: Option<Template>,
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Budget").field(&self.name).finish()
    }
}

pub(super) fn read(spec: Node, text: &str, problems: &mut Problems<'_>) -> Option<Budget> {
    const KNOWN: &[&str] = &["hold", "match", "max", "message", "mode", "over", "per"];
    let mut fields = Fields::read(spec, "the spec of a budget", KNOWN, problems)?;
    let matches = match fields.take("match") {
        Some(node) => matching::read(node, matching::Target::Policy, problems),
        None => Match::default(),
    };
    let mode = mode(&mut fields, problems);
    let message =
        fields.text("message", problems).and_then(|message| template(message, text, problems));
    let max = fields.require("max", problems).map(|node| max(&node, problems));
    let per = fields.require("per", problems).and_then(|node| {
        let (at, text) = node.into_text("per", problems)?;
        Some(terms::duration(at, &text, problems))
    });
    let over = over(&mut fields, problems);
    let (max, per, over) = (max?, per?, over?);
    Some(Budget { name: String::new(), matches, max, per, over, mode, message })
}

fn max(node: &Node, problems: &mut Problems<'_>) -> u64 {
    let number = match node.value {
        Value::Int(number) => u64::try_from(number).ok(),
        _ => None,
    };
    number.unwrap_or_else(|| {
        problems.add(node.at, "`max` has to be a number, 0 or more");
        0
    })
}

fn over(fields: &mut Fields, problems: &mut Problems<'_>) -> Option<Over> {
    let hold = fields.take("hold");
    let (at, over) = fields.require("over", problems)?.into_text("over", problems)?;
    match (over.as_str(), hold) {
        ("deny", None) => Some(Over::Deny),
        ("deny", Some(hold)) => {
            let hint = Some("write `over: hold`, or leave `hold` out".to_owned());
            problems.add_with(hold.at, "`hold` means nothing with `over: deny`", hint);
            None
        }
        ("hold", Some(hold)) => {
            let at = hold.at;
            let terms = terms::read(hold, problems)?;
            extras::refuse_in_budget(&terms, at, problems);
            Some(Over::Hold(Box::new(terms)))
        }
        ("hold", None) => missing_hold(at, problems),
        (other, _) => {
            let hint = did_you_mean(other, &["deny", "hold"]);
            problems.add_with(at, format!("unknown `over` `{other}`"), hint);
            None
        }
    }
}

fn missing_hold(at: Place, problems: &mut Problems<'_>) -> Option<Over> {
    let hint = Some("add `hold: {approvers: [\"group:NAME\"]}`".to_owned());
    problems.add_with(at, "`hold` is missing: who may approve what goes over?", hint);
    None
}
