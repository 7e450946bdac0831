//! Reads what a `hold` may have besides approvers: grants, elevation, break-glass, fresh logins.

use std::time::Duration;

use super::matching::subjects;
use super::terms::duration;
use super::{Effect, Policy};
use crate::identity::SubjectPattern;
use crate::policy::decision::HoldTerms;
use crate::policy::expr::Expression;
use crate::policy::problem::{Place, Problems};
use crate::policy::yaml::{Fields, Node};

/// What may be added to a request, and how long its headers may become by it.
const MAX_GROUPS: usize = 16;
const MAX_GROUP_BYTES: usize = 256;

/// The extras of one `hold`.
#[derive(Default)]
pub(super) struct Extras {
    pub(super) grants: Option<Duration>,
    pub(super) elevate: Vec<String>,
    pub(super) break_glass: Vec<Vec<SubjectPattern>>,
    pub(super) max_auth_age: Option<Duration>,
}

pub(super) fn read(fields: &mut Fields, problems: &mut Problems<'_>) -> Extras {
    let at = fields.at;
    let grants = fields.take("grants").and_then(|node| grants(node, problems));
    let elevate = fields.take("elevate").map(|node| elevate(node, problems)).unwrap_or_default();
    let break_glass = fields.take("breakGlass").and_then(|node| callers(node, problems));
    let max_auth_age = fields.text("maxAuthAge", problems);
    let max_auth_age = max_auth_age.map(|(at, text)| duration(at, &text, problems));
    if grants.is_some() && !elevate.is_empty() {
        let hint = "what runs with more groups is approved one by one; leave one of them out";
        problems.add_with(at, "`grants` and `elevate` do not go together", Some(hint.to_owned()));
    }
    Extras { grants, elevate, break_glass: break_glass.into_iter().collect(), max_auth_age }
}

fn grants(node: Node, problems: &mut Problems<'_>) -> Option<Duration> {
    let mut fields = Fields::read(node, "`grants`", &["maxDuration"], problems)?;
    let (at, text) = fields.require("maxDuration", problems)?.into_text("maxDuration", problems)?;
    Some(duration(at, &text, problems))
}

fn callers(node: Node, problems: &mut Problems<'_>) -> Option<Vec<SubjectPattern>> {
    let mut fields = Fields::read(node, "`breakGlass`", &["callers"], problems)?;
    let callers = subjects(&mut fields, "callers", problems);
    if callers.is_none() && !fields.has("callers") {
        let hint = "name who may run without waiting: `callers: [\"group:NAME\"]`";
        problems.add_with(fields.at, "`callers` is missing", Some(hint.to_owned()));
    }
    callers
}

fn elevate(node: Node, problems: &mut Problems<'_>) -> Vec<String> {
    let Some(mut fields) = Fields::read(node, "`elevate`", &["groups"], problems) else {
        return Vec::new();
    };
    let at = fields.at;
    let groups = fields.texts("groups", problems);
    if groups.is_none() && !fields.has("groups") {
        problems.add(at, "`groups` is missing");
    }
    let groups = groups.unwrap_or_default();
    if groups.len() > MAX_GROUPS {
        problems.add(at, format!("`groups` has more than {MAX_GROUPS} groups"));
    }
    groups.into_iter().map(|(at, group)| self::group(at, group, problems)).collect()
}

/// A group is added as it stands there: a star would be a group named so.
fn group(at: Place, group: String, problems: &mut Problems<'_>) -> String {
    if group.contains('*') {
        let hint = "a request runs with just the groups that stand here; spell each of them out";
        problems.add_with(at, format!("`{group}` has a star"), Some(hint.to_owned()));
    }
    let well_formed = !group.is_empty()
        && group.len() <= MAX_GROUP_BYTES
        && group.trim() == group
        && !group.chars().any(char::is_control);
    if !well_formed {
        let hint = "write it as the cluster's RBAC does, as `system:masters`";
        problems.add_with(at, "that is no group's name", Some(hint.to_owned()));
    }
    group
}

/// A budget counts requests, and nothing is known of them but how many they are.
pub(super) fn refuse_in_budget(terms: &HoldTerms, at: Place, problems: &mut Problems<'_>) {
    let named = [("grants", terms.grants.is_some()), ("elevate", !terms.elevate.is_empty())];
    for (field, _) in named.into_iter().filter(|(_, is_there)| *is_there) {
        let hint = "write it into a policy that holds";
        let message = format!("`{field}` means nothing in the `hold` of a budget");
        problems.add_with(at, message, Some(hint.to_owned()));
    }
}

/// Elevation is decided on before an object is looked at, since it is with these groups that it is
/// looked at.
pub(super) fn check_elevation(policy: &Policy, at: Place, problems: &mut Problems<'_>) {
    let Effect::Hold(terms) = &policy.effect else { return };
    let uses = policy.when.as_ref().map(Expression::uses).unwrap_or_default();
    if !terms.elevate.is_empty() && (uses.object || uses.old_object) {
        let message = "`elevate` does not go with a `when` that looks at objects";
        let hint = "the caller may not see them, and would learn from the decision what is in them";
        problems.add_with(at, message, Some(hint.to_owned()));
    }
}
