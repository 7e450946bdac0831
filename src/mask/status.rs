//! Error texts: the API server quotes whole objects in some of them (apiserver
//! `endpoints/handlers/patch.go` puts the patched object into `Invalid value: ...`).

use super::detect::Detectors;
use super::edit::{Edit, quote};
use super::members::Members;
use super::object::requested;
use super::pieces;
use super::rule::Subject;
use super::walk::detectors;
use super::{Context, MaskError};

const WITHHELD: &str =
    "the API server's message is withheld by kguard: it may contain masked values";

/// The edits for a `Status` about the requested resource, if rules mask that.
pub(super) fn edits<'c>(
    context: &'c Context,
    text: &str,
    status: &Members<'_>,
) -> Result<Vec<Edit<'c>>, MaskError> {
    let subject = Subject { resources: requested(context), namespace: None, name: None };
    let rules = context.rules.matching(&subject);
    // Which object it is does not count: a create by `generateName` or a collection has no name yet.
    match rules.iter().find(|rule| !rule.fields.is_empty()) {
        Some(rule) => withheld(&rule.name, text, status),
        None => found(&detectors(&rules), text, status),
    }
}

/// Detectors know what they look for in any text.
fn found<'c>(
    detectors: &[(&'c str, &'c Detectors)],
    text: &str,
    status: &Members<'_>,
) -> Result<Vec<Edit<'c>>, MaskError> {
    let details = status.object("details")?;
    let causes = match details {
        Some(details) => read_causes(text, details)?,
        None => Vec::new(),
    };
    let mut edits = Vec::new();
    for members in std::iter::once(status).chain(&causes) {
        let Some(message) = members.string("message") else { continue };
        let (replaced, rules) = pieces::replaced(&message, detectors);
        let span = members.get("message").unwrap_or_default();
        if let Some(rule) = rules.first() {
            edits.push(Edit { span, replacement: quote(&replaced), rule: Some(rule) });
        }
    }
    Ok(edits)
}

fn withheld<'c>(
    rule: &'c str,
    text: &str,
    status: &Members<'_>,
) -> Result<Vec<Edit<'c>>, MaskError> {
    let code = status.get("code").and_then(|span| text.get(span)).unwrap_or_default();
    if status.string("status").as_deref() == Some("Success") || quotes_no_object(code) {
        return Ok(Vec::new());
    }
    let details = status.object("details")?;
    let causes = match details {
        Some(details) => read_causes(text, details)?,
        None => Vec::new(),
    };
    let mut edits = Vec::new();
    let mut replace = |members: &Members<'_>, message: &str| {
        if let Some(span) = members.raw_string("message").filter(|span| !span.is_empty()) {
            let span = span.start - 1..span.end + 1;
            edits.push(Edit { span, replacement: quote(message), rule: Some(rule) });
        }
    };
    replace(status, &message(status, details, &causes));
    for cause in causes.iter().filter(|cause| !is_field_conflict(cause)) {
        replace(cause, WITHHELD);
    }
    Ok(edits)
}

/// Errors from before the object was read, or that name no more than it.
fn quotes_no_object(code: &str) -> bool {
    const SAFE: [&str; 11] =
        ["401", "403", "404", "405", "406", "410", "413", "415", "429", "503", "504"];
    SAFE.contains(&code)
}

fn read_causes<'t>(text: &'t str, details: &Members<'_>) -> Result<Vec<Members<'t>>, MaskError> {
    let causes = details.array("causes")?.unwrap_or_default();
    causes.into_iter().map(|cause| Members::read(text, cause.start)).collect()
}

/// The API server's own words where they can be made from the details, as clients and people know
/// them (apimachinery `api/errors`).
fn message(status: &Members<'_>, details: Option<&Members<'_>>, causes: &[Members<'_>]) -> String {
    let detail = |key| details.and_then(|details| details.string(key)).unwrap_or_default();
    let (name, resource, group) = (detail("name"), detail("kind"), detail("group"));
    if name.is_empty() || resource.is_empty() {
        return WITHHELD.to_owned();
    }
    let dot = if group.is_empty() { "" } else { "." };
    let object = format!("{resource}{dot}{group} {name:?}");
    match status.string("reason").as_deref() {
        Some("AlreadyExists") => format!("{object} already exists"),
        Some("Conflict") if causes.iter().any(is_field_conflict) => apply_conflict(causes),
        Some("Conflict") => format!(
            "Operation cannot be fulfilled on {object}: the object has been modified; \
             please apply your changes to the latest version and try again"
        ),
        _ => WITHHELD.to_owned(),
    }
}

/// Server-side apply names managers and fields, never values.
fn is_field_conflict(cause: &Members<'_>) -> bool {
    cause.string("reason").as_deref() == Some("FieldManagerConflict")
}

fn apply_conflict(causes: &[Members<'_>]) -> String {
    let fields: Vec<_> = causes.iter().filter_map(|cause| cause.string("field")).collect();
    let plural = if fields.len() == 1 { "" } else { "s" };
    format!("Apply failed with {} conflict{plural}: {}", fields.len(), fields.join(", "))
}
