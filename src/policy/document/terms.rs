//! Reads the `hold` of a policy. What it is called, and says of a request, is filled in when it holds
//! one.

use std::time::Duration;

use super::extras::{self, Extras};
use super::matching::subjects;
use crate::api::Demand;
use crate::identity::SubjectPattern;
use crate::policy::decision::{Escalate, HoldTerms};
use crate::policy::problem::{Place, Problems, did_you_mean};
use crate::policy::yaml::{Fields, Node, Value};

const DEFAULT_TIMEOUT: Duration = Duration::from_mins(15);
const LONGEST_TIMEOUT: Duration = Duration::from_hours(24);
const LARGEST_QUORUM: u32 = 16;

pub(super) fn read(node: Node, problems: &mut Problems<'_>) -> Option<HoldTerms> {
    const KNOWN: &[&str] = &[
        "approvers",
        "breakGlass",
        "elevate",
        "escalate",
        "grants",
        "maxAuthAge",
        "quorum",
        "reason",
        "selfApproval",
        "timeout",
    ];
    let mut fields = Fields::read(node, "`hold`", KNOWN, problems)?;
    let approvers = approvers(&mut fields, problems);
    let timeout = fields.text("timeout", problems);
    let timeout = timeout.map_or(DEFAULT_TIMEOUT, |(at, text)| duration(at, &text, problems));
    let reason = fields.text("reason", problems);
    let Extras { grants, elevate, break_glass, max_auth_age } = extras::read(&mut fields, problems);
    let demand = Demand {
        policy: String::new(),
        message: String::new(),
        approvers,
        quorum: quorum(fields.take("quorum"), problems),
        self_approval: truth(fields.take("selfApproval"), "selfApproval", problems),
        max_auth_age: max_auth_age.map(|age| age.as_secs()),
        approved_by: Vec::new(),
    };
    Some(HoldTerms {
        policy: String::new(),
        document: String::new(),
        message: String::new(),
        demands: vec![demand],
        escalate: fields.take("escalate").and_then(|node| escalate(node, timeout, problems)),
        timeout,
        reason_required: reason.is_some_and(|(at, text)| reason_required(at, &text, problems)),
        grants,
        elevate,
        break_glass,
    })
}

fn approvers(fields: &mut Fields, problems: &mut Problems<'_>) -> Vec<SubjectPattern> {
    let approvers = subjects(fields, "approvers", problems);
    if approvers.is_none() && !fields.has("approvers") {
        let hint = Some("name who may approve: `approvers: [\"group:NAME\"]`".to_owned());
        problems.add_with(fields.at, "`approvers` is missing", hint);
    }
    approvers.unwrap_or_default()
}

/// Who joins the approvers, and after how long: while the request still waits, or never.
fn escalate(node: Node, timeout: Duration, problems: &mut Problems<'_>) -> Option<Box<Escalate>> {
    let mut fields = Fields::read(node, "`escalate`", &["after", "approvers"], problems)?;
    let approvers = approvers(&mut fields, problems);
    if !fields.has("after") {
        let hint = Some("say after how long: `after: 5m`".to_owned());
        problems.add_with(fields.at, "`after` is missing", hint);
    }
    let (at, text) = fields.text("after", problems)?;
    let after = duration(at, &text, problems);
    if parse_duration(&text).is_some_and(|after| after >= timeout) {
        let hint = Some("write a shorter `after`, or a longer `timeout`".to_owned());
        problems.add_with(at, "nobody waits for so long: the hold times out before", hint);
    }
    Some(Box::new(Escalate { policy: String::new(), after, approvers }))
}

fn quorum(node: Option<Node>, problems: &mut Problems<'_>) -> u32 {
    let Some(node) = node else { return 1 };
    let number = match node.value {
        Value::Int(number) => u32::try_from(number).ok(),
        _ => None,
    };
    let quorum = number.filter(|number| (1..=LARGEST_QUORUM).contains(number));
    quorum.unwrap_or_else(|| {
        problems.add(node.at, format!("`quorum` has to be a number from 1 to {LARGEST_QUORUM}"));
        1
    })
}

/// `true` or `false`; `false` if it is left out.
pub(super) fn truth(node: Option<Node>, field: &str, problems: &mut Problems<'_>) -> bool {
    match node {
        None => false,
        Some(Node { value: Value::Bool(allowed), .. }) => allowed,
        Some(node) => {
            problems.add(node.at, format!("`{field}` has to be `true` or `false`"));
            false
        }
    }
}

fn reason_required(at: Place, text: &str, problems: &mut Problems<'_>) -> bool {
    if !["optional", "required"].contains(&text) {
        let hint = did_you_mean(text, &["optional", "required"]);
        problems.add_with(at, format!("unknown `reason` `{text}`"), hint);
    }
    text == "required"
}

pub(super) fn duration(at: Place, text: &str, problems: &mut Problems<'_>) -> Duration {
    let range = Duration::from_secs(1)..=LONGEST_TIMEOUT;
    let read = parse_duration(text).filter(|duration| range.contains(duration));
    read.unwrap_or_else(|| {
        let hint = Some("write it as `90s`, `15m` or `1h30m`, at most `24h`".to_owned());
        problems.add_with(at, format!("`{text}` is no duration"), hint);
        DEFAULT_TIMEOUT
    })
}

/// Reads `1h30m15s`, each unit at most once and in this order.
fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0u64;
    for (unit, worth) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((number, behind)) = rest.split_once(unit) {
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let number: u64 = digits.then(|| number.parse().ok())??;
            seconds = seconds.checked_add(number.checked_mul(worth)?)?;
            rest = behind;
        }
    }
    (rest.is_empty() && !text.is_empty()).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, seconds) in [
            ("15m", Some(900)),
            ("90s", Some(90)),
            ("1h30m", Some(5400)),
            ("1h0m5s", Some(3605)),
            ("", None),
            ("15", None),
            ("m", None),
            ("-5m", None),
            ("5m1h", None),
            ("1.5h", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(parse_duration(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
