//! Errors of the API server about masked kinds. Many quote the object (apiserver
//! `endpoints/handlers/patch.go` puts all of it into `Invalid value: ...`), and others come from
//! whoever looks at objects on their way in: webhooks choose code, reason and details themselves, and
//! both they and `ValidatingAdmissionPolicies` their words.
//!
//! So a `Status` passes only if all its words are the API server's own and quote no object
//! ([`words`], [`causes`]). Of any other nothing is passed on but what is filled in anew here: from
//! what was asked for, from the beginning of the message, and from the fields that are wrong.

mod causes;
mod words;

use serde::Serialize;

use self::causes::Cause;
use self::words::Words;
use super::detect::Detectors;
use super::edit::{Edit, quote};
use super::members::Members;
use super::object::requested;
use super::path::FieldPath;
use super::pieces;
use super::rule::{MaskRule, Subject};
use super::walk::detectors;
use super::{Context, MaskError};

const WITHHELD: &str =
    "the API server's message is withheld by kguard: it may contain masked values";

/// The edits for a `Status` about the requested resource that starts at `at`, if rules mask that.
pub(super) fn edits<'c>(
    context: &'c Context,
    (text, at): (&str, usize),
    members: &Members<'_>,
) -> Result<Vec<Edit<'c>>, MaskError> {
    let subject = Subject { resources: requested(context), namespace: None, name: None };
    let rules = context.rules.matching(&subject);
    // Which object it is does not count: a create by `generateName` or a collection has no name yet.
    let Some(rule) = rules.iter().find(|rule| !rule.fields.is_empty()) else {
        return found(&detectors(&rules), text, members);
    };
    let status = Status::read(text, members)?;
    if status.is_own() {
        return Ok(Vec::new());
    }
    let shown = status.shown(context, &rules);
    let replacement = serde_json::to_string(&shown).unwrap_or_default();
    Ok(vec![Edit { span: at..members.end, replacement, rule: Some(&rule.name) }])
}

/// Detectors know what they look for in any text.
fn found<'c>(
    detectors: &[(&'c str, &'c Detectors)],
    text: &str,
    status: &Members<'_>,
) -> Result<Vec<Edit<'c>>, MaskError> {
    let details = status.object("details")?;
    let causes = read_causes(text, details)?;
    let mut edits = Vec::new();
    for members in std::iter::once(status).chain(details).chain(&causes) {
        for key in ["field", "message", "name", "reason"] {
            let Some(said) = members.string(key) else { continue };
            let (replaced, rules) = pieces::replaced(&said, detectors);
            let span = members.get(key).unwrap_or_default();
            if let Some(rule) = rules.first() {
                edits.push(Edit { span, replacement: quote(&replaced), rule: Some(rule) });
            }
        }
    }
    Ok(edits)
}

fn read_causes<'t>(
    text: &'t str,
    details: Option<&Members<'_>>,
) -> Result<Vec<Members<'t>>, MaskError> {
    let causes = details.map(|details| details.array("causes")).transpose()?.flatten();
    let causes = causes.unwrap_or_default().into_iter();
    causes.map(|cause| Members::read(text, cause.start)).collect()
}

/// What came.
struct Status {
    is_failure: bool,
    message: String,
    reason: String,
    code: Option<u16>,
    details: Details,
}

/// A `Status` that was made here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    kind: &'static str,
    api_version: &'static str,
    metadata: Empty,
    status: &'static str,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    details: Details,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u16>,
}

impl Status {
    fn read(text: &str, members: &Members<'_>) -> Result<Self, MaskError> {
        let string = |members: &Members<'_>, key| -> String {
            members.string(key).map(Into::into).unwrap_or_default()
        };
        let number =
            |members: &Members<'_>, key| text.get(members.get(key)?).and_then(|it| it.parse().ok());
        let mut details = Details::default();
        if let Some(of) = members.object("details")? {
            let causes = read_causes(text, Some(of))?;
            let cause = |cause: &Members<'_>| Cause {
                reason: string(cause, "reason"),
                message: string(cause, "message"),
                field: string(cause, "field"),
            };
            details = Details {
                name: string(of, "name"),
                group: string(of, "group"),
                kind: string(of, "kind"),
                causes: causes.iter().map(cause).collect(),
                retry_after_seconds: number(of, "retryAfterSeconds"),
            };
        }
        Ok(Self {
            is_failure: members.string("status").as_deref() != Some("Success"),
            message: string(members, "message"),
            reason: string(members, "reason"),
            code: number(members, "code"),
            details,
        })
    }

    /// Whether every word of it may be shown.
    fn is_own(&self) -> bool {
        if !self.is_failure {
            return self.message.is_empty();
        }
        matches!(words::of(&self.message), Words::Own)
            && words::is_reason(&self.reason)
            && self.details.causes.iter().all(Cause::is_own)
    }

    fn shown(self, context: &Context, rules: &[&MaskRule]) -> Shown {
        let object = words::invalid_object(&self.message).map(str::to_owned);
        let is_conflict = words::is_apply_conflict(&self.message);
        let reason = if words::is_reason(&self.reason) { self.reason } else { String::new() };
        let retry_after_seconds = self.details.retry_after_seconds;
        let mut details = Details { retry_after_seconds, ..about_requested(context) };
        let message = if let Some(object) = object {
            let Details { name, group, kind, causes, .. } = self.details;
            // A patch that cannot be decoded names no object.
            if !kind.is_empty() {
                details = Details { name, group, kind, ..details };
            }
            let shows_metadata = !reach_metadata(rules);
            details.causes =
                causes.into_iter().map(|cause| cause.of_field(shows_metadata)).collect();
            invalid(&object, &details)
        } else if is_conflict && self.details.causes.iter().all(Cause::is_field_conflict) {
            details.causes = self.details.causes;
            apply_conflict(&mut details, context)
        } else {
            details.causes = self.details.causes.into_iter().map(Cause::withheld).collect();
            shown_of(&self.message)
        };
        let status = if self.is_failure { "Failure" } else { "Success" };
        let metadata = Empty {};
        let (kind, api_version, code) = ("Status", "v1", self.code);
        Shown { kind, api_version, metadata, status, message, reason, details, code }
    }
}

/// As much of a message as may be shown.
fn shown_of(message: &str) -> String {
    match words::of(message) {
        Words::Own => message.to_owned(),
        Words::Head(head) => {
            format!("{head}: the rest is withheld by kguard: it may contain masked values")
        }
        Words::Foreign => WITHHELD.to_owned(),
    }
}

fn about_requested(context: &Context) -> Details {
    let Some(info) = &context.requested else { return Details::default() };
    Details {
        name: info.name.clone(),
        group: info.api_group.clone(),
        kind: info.resource.clone(),
        ..Details::default()
    }
}

/// As `NewInvalid` puts it together (apimachinery `api/errors`).
fn invalid(object: &str, details: &Details) -> String {
    let object = match object.trim_matches([' ', '"']) {
        "" => format!("{} {:?}", details.kind, details.name),
        _ => object.to_owned(),
    };
    let wrong = |cause: &Cause| format!("{}: {}", cause.field, cause.message);
    let wrong: Vec<_> = details.causes.iter().map(wrong).collect();
    match wrong.as_slice() {
        [] => format!("{object} is invalid"),
        [one] => format!("{object} is invalid: {one}"),
        several => format!("{object} is invalid: [{}]", several.join(", ")),
    }
}

/// Server-side apply names managers and fields, never values. Of Secrets it is not told who manages
/// what, nor how many do: that changes with a write of another value and not with one of the same.
fn apply_conflict(details: &mut Details, context: &Context) -> String {
    let is_secret = details.kind == "secrets" && details.group.is_empty();
    if is_secret || context.requested.is_none() {
        details.causes.sort_by(|a, b| a.field.cmp(&b.field));
        details.causes.dedup_by(|next, cause| next.field == cause.field);
        details.causes.iter_mut().for_each(Cause::forget_manager);
    }
    let conflict = |cause: &Cause| format!("{}: {}", cause.message, cause.field);
    let conflicts: Vec<_> = details.causes.iter().map(conflict).collect();
    match conflicts.as_slice() {
        [one] => format!("Apply failed with 1 conflict: {one}"),
        several => {
            format!("Apply failed with {} conflicts:\n- {}", several.len(), several.join("\n- "))
        }
    }
}

/// Whether a rule may mask labels or annotations.
fn reach_metadata(rules: &[&MaskRule]) -> bool {
    rules.iter().flat_map(|rule| &rule.fields).any(FieldPath::may_reach_metadata)
}
