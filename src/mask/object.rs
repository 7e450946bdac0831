//! Masks one object: which rules match it, and what they mask in its fields and in its
//! last-applied annotation.

use std::borrow::Cow;

use memchr::memmem;

use super::edit::{self, Edit};
use super::helm::{self, HelmMode, Keeper};
use super::kind::GroupKind;
use super::members::Members;
use super::rule::{MaskRule, ResourceName, Subject, resource_name};
use super::string::decode;
use super::value::{Location, Values};
use super::walk::{Masks, walk};
use super::written::Salts;
use super::{Context, MaskError};

pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What masking an object comes to.
#[derive(Default)]
pub(super) struct Masked<'c> {
    pub edits: Vec<Edit<'c>>,
    /// The rule for which a table's cells are masked: they may show what it masks.
    pub printed: Option<&'c str>,
    /// `metadata.name`.
    pub name: Option<String>,
}

/// Masks the object that starts at `at`; without a kind, as if every rule matched it.
pub(super) fn mask<'c>(
    context: &'c Context,
    (text, at): (&str, usize),
    members: &Members<'_>,
    kind: Option<&GroupKind>,
) -> Result<Masked<'c>, MaskError> {
    let metadata = members.object("metadata")?;
    let name = metadata.and_then(|metadata| metadata.string("name"));
    let namespace = metadata.and_then(|metadata| metadata.string("namespace"));
    let subject = subject(context, kind, (namespace.as_deref(), name.as_deref()));
    let rules = context.rules.matching(&subject);
    if rules.is_empty() {
        return Ok(Masked::default());
    }
    let is_secret = is_secret(context, kind);
    let values = Values {
        placeholders: context.placeholders.of_object(&identity(metadata, kind, &subject)),
        secret_type: is_secret.then(|| members.string("type").unwrap_or_default().into()),
        salts: if is_secret { Salts::read(metadata)? } else { Salts::default() },
    };
    let mut masks = Masks::new(&rules, is_secret);
    let own = text.get(at..members.end).unwrap_or_default().as_bytes();
    if !is_secret && memmem::find(own, b"binaryData").is_none() {
        masks.look_at(own);
    }
    let mut edits = walk((text, members), &masks, &values, Location::Live)?;
    let kinds = (is_secret, kind.is_some_and(GroupKind::is_config_map));
    if let Some(keeper) = Keeper::of(kinds, members, metadata)? {
        release(keeper, (text, members), (context, &rules, &values), &mut edits)?;
    }
    // Of a whole object it is known that what is masked in it is empty; of a part it is not.
    let is_part = kind.is_none_or(GroupKind::is_partial);
    let printed = printing_rule(&subject, &rules).filter(|_| is_part || !edits.is_empty());
    edits.extend(last_applied(text, metadata, &masks, &values)?);
    edits.extend(metadata.filter(|_| is_secret).and_then(|metadata| managers(metadata)));
    Ok(Masked { edits, printed, name: name.map(Cow::into_owned) })
}

/// Shows a release as the rules say, instead of what hides it as a whole.
fn release<'c>(
    keeper: Keeper,
    (text, members): (&str, &Members<'_>),
    (context, rules, values): (&Context, &[&'c MaskRule], &Values),
    edits: &mut Vec<Edit<'c>>,
) -> Result<(), MaskError> {
    let span = members.object("data")?.and_then(|data| data.get_starting(helm::KEY, b'"'));
    let Some(span) = span else { return Ok(()) };
    let at = edits.iter().position(|edit| edit.span == span);
    let modes = || rules.iter().map(|rule| rule.helm);
    // A mask of fields that leaves the release alone is not about it.
    let is_hidden = at.is_some() || keeper == Keeper::ConfigMap;
    if !is_hidden || modes().any(|mode| mode == HelmMode::Deny) {
        return Ok(());
    }
    if modes().all(|mode| mode == HelmMode::Raw) {
        at.map(|at| edits.swap_remove(at));
        return Ok(());
    }
    let raw = text.get(span.start + 1..span.end - 1).unwrap_or_default();
    let opened = helm::open(keeper, &decode(raw));
    let shown = opened.as_ref().and_then(|opened| {
        let salt = values.salts.of(helm::KEY);
        let shown = helm::view(opened, context, (&values.placeholders, salt));
        (shown != *opened).then(|| helm::close(keeper, &shown)).flatten()
    });
    let rule = at.and_then(|at| edits.get(at)?.rule).or_else(|| Some(&rules.first()?.name));
    match (shown, at) {
        (Some(shown), at) => {
            at.map(|at| edits.swap_remove(at));
            edits.push(Edit { span, replacement: edit::quote(&shown), rule });
        }
        // Nothing in it is hidden.
        (None, Some(at)) if opened.is_some() => {
            edits.swap_remove(at);
        }
        // What cannot be opened stays hidden as a whole.
        (None, _) => {}
    }
    Ok(())
}

/// A table's row that carries no object shows one of the requested resource.
pub(super) fn unseen(context: &Context) -> Masked<'_> {
    let subject = Subject { resources: requested(context), namespace: None, name: None };
    let rules = context.rules.matching(&subject);
    Masked { printed: printing_rule(&subject, &rules), ..Masked::default() }
}

/// The requested resource, as rules match it; nothing when there is none.
pub(super) fn requested(context: &Context) -> Vec<ResourceName<'_>> {
    context.requested.iter().map(resource_name).collect()
}

/// An object, as rules match it.
pub(super) fn subject<'a>(
    context: &'a Context,
    kind: Option<&'a GroupKind>,
    (namespace, name): (Option<&'a str>, Option<&'a str>),
) -> Subject<'a> {
    let info = context.requested.as_ref();
    let resources = match kind {
        Some(kind) if kind.is_partial() => requested(context),
        Some(kind) => kind.resources(info),
        None => Vec::new(),
    };
    let given = |text: &&str| !text.is_empty();
    Subject {
        resources,
        namespace: namespace.or_else(|| info.map(|info| info.namespace.as_str())).filter(given),
        name: name.or_else(|| info.map(|info| info.name.as_str())).filter(given),
    }
}

/// Whether this is a Secret, or may be one by what was requested.
fn is_secret(context: &Context, kind: Option<&GroupKind>) -> bool {
    kind.is_some_and(GroupKind::is_secret)
        || kind.is_none_or(GroupKind::is_partial)
            && context
                .requested
                .as_ref()
                .is_some_and(|info| info.resource == "secrets" && info.api_group.is_empty())
}

/// What tells an object apart: its uid, or what it is called.
pub(super) fn identity(
    metadata: Option<&Members<'_>>,
    kind: Option<&GroupKind>,
    subject: &Subject<'_>,
) -> String {
    match metadata.and_then(|metadata| metadata.string("uid")) {
        Some(uid) if !uid.is_empty() => identity_of_uid(&uid),
        _ => format!("name {kind:?} {:?} {:?}", subject.namespace, subject.name),
    }
}

/// What tells an object with this uid apart.
pub(super) fn identity_of_uid(uid: &str) -> String {
    format!("uid {uid}")
}

/// The rule for which a row's cells are masked, if any.
///
/// The columns of the API server's own kinds print no field that one would mask, except for
/// events; those of custom resources print any field that their author likes.
fn printing_rule<'r>(subject: &Subject<'_>, rules: &[&'r MaskRule]) -> Option<&'r str> {
    let is_silent = subject.resources.first().is_some_and(|(resource, group)| {
        resource != "events" && group.bytes().all(|byte| byte != b'.')
    });
    rules.first().filter(|_| !is_silent).map(|rule| rule.name.as_str())
}

/// The edits within the last-applied annotation, which holds the object again as JSON in a string.
fn last_applied<'r>(
    text: &str,
    metadata: Option<&Members<'_>>,
    masks: &Masks<'r>,
    values: &Values,
) -> Result<Vec<Edit<'r>>, MaskError> {
    let Some(metadata) = metadata else { return Ok(Vec::new()) };
    let Some(annotations) = metadata.object("annotations")? else { return Ok(Vec::new()) };
    let Some(span) = annotations.get(LAST_APPLIED) else { return Ok(Vec::new()) };
    let inner = annotations.raw_string(LAST_APPLIED).unwrap_or(0..0);
    let raw = text.get(inner.clone()).unwrap_or_default();
    let Ok(mut edits) = embedded(&decode(raw), masks, values) else {
        // What we cannot read, others may.
        let annotation = text.get(span.clone()).unwrap_or_default();
        return Ok(Vec::from_iter(whole((annotation, span), masks, values)));
    };
    edit::sort(&mut edits);
    Ok(edit::to_raw(raw.as_bytes(), inner.start, edits))
}

/// Leaves out who manages which field of a Secret and since when: it tells whether what somebody
/// wrote is what was there before. The API server takes an empty list as none given, so that nothing
/// is lost when it comes back.
fn managers<'r>(metadata: &Members<'_>) -> Option<Edit<'r>> {
    let span = metadata.get_starting("managedFields", b'[')?;
    Some(Edit { span, replacement: "[]".to_owned(), rule: None })
}

/// The edits of the object within a last-applied annotation.
fn embedded<'r>(
    text: &str,
    masks: &Masks<'r>,
    values: &Values,
) -> Result<Vec<Edit<'r>>, MaskError> {
    let members = Members::read_all(text)?;
    let mut edits = walk((text, &members), masks, values, Location::LastApplied)?;
    let Some(metadata) = members.object("metadata")? else { return Ok(edits) };
    let Some(annotations) = metadata.object("annotations")? else { return Ok(edits) };
    // kubectl never nests the annotation; whoever does hides something.
    if let Some(span) = annotations.get(LAST_APPLIED) {
        let nested = text.get(span.clone()).unwrap_or_default();
        edits.extend(whole((nested, span), masks, values));
    }
    Ok(edits)
}

/// A placeholder for a whole annotation.
fn whole<'r>(
    (annotation, span): (&str, std::ops::Range<usize>),
    masks: &Masks<'r>,
    values: &Values,
) -> Option<Edit<'r>> {
    let place = ["metadata".into(), "annotations".into(), LAST_APPLIED.into()];
    let replacement = values.replacement(Location::LastApplied, &place, annotation, true)?;
    Some(Edit { span, replacement, rule: Some(masks.first_rule()) })
}
