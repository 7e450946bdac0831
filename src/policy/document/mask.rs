//! Reads the spec of a `Mask`.
//!
//! A mask is about objects, or, if its resources are `pods/log`, `pods/exec` or `pods/attach`, about
//! text: that has no fields, and there what is hidden are values that are known and what detectors
//! find.

mod doubts;

use self::doubts::Written;
use super::matching::{self, subjects};
use crate::mask::detect::{BuiltIn, DetectorError, DetectorSpec, Detectors};
use crate::mask::{FieldPath, FieldPathError, HelmMode, MaskRule};
use crate::policy::mask_document::MaskDocument;
use crate::policy::matcher::Match;
use crate::policy::problem::{Place, Problems, did_you_mean};
use crate::policy::yaml::{Fields, Node, Value};

/// The values of the Secrets that a pod references.
const KNOWN_SECRETS: &str = "known-secrets";
/// Where text comes from.
const TEXTS: [&str; 3] = ["pods/attach", "pods/exec", "pods/log"];

pub(super) fn read(spec: Node, problems: &mut Problems<'_>) -> Option<MaskDocument> {
    const KNOWN: &[&str] = &["exempt", "fields", "helm", "match", "values"];
    let mut fields = Fields::read(spec, "the spec of a mask", KNOWN, problems)?;
    let mut at = fields.at;
    let (matches, is_text) = match fields.take("match") {
        Some(node) => {
            at = node.at;
            let is_text = is_text(&node);
            let matches = matching::read(node, matching::Target::Mask, problems);
            (matches, is_text.unwrap_or_else(|| mixed(at, problems)))
        }
        None => (Match::default(), false),
    };
    let exempt = subjects(&mut fields, "exempt", problems).unwrap_or_default();
    let paths = paths(&mut fields, is_text, problems);
    let (values, known_secrets) = values(&mut fields, is_text, problems);
    let helm = helm(&mut fields, is_text, problems);
    if !fields.has("fields") && !fields.has("values") {
        let hint = if is_text {
            "write `values: [known-secrets]`"
        } else {
            "write `fields: [PATH]`, or `values: [DETECTOR]`, or both"
        };
        problems.add_with(fields.at, "it masks nothing", Some(hint.to_owned()));
        return None;
    }
    let written = Written {
        at,
        resources: &matches.resources,
        paths: &paths,
        has_values: !values.is_empty(),
        helm: helm.map(|(at, _)| at),
    };
    written.warn(problems);
    let rule = MaskRule {
        document: String::new(),
        name: String::new(),
        resources: matches.resources.clone(),
        namespaces: matches.namespaces.clone(),
        names: matches.names.clone(),
        fields: paths.into_iter().map(|(_, path)| path).collect(),
        values,
        helm: helm.map(|(_, mode)| mode).unwrap_or_default(),
        is_text,
        known_secrets,
    };
    Some(MaskDocument::new(matches, exempt, rule))
}

/// Whether the resources are texts; none if some are and others are not.
fn is_text(matches: &Node) -> Option<bool> {
    let Value::Map(entries) = &matches.value else { return Some(false) };
    let resources = entries.iter().find(|(key, _)| key.name == "resources");
    let Some((_, Node { value: Value::List(resources), .. })) = resources else {
        return Some(false);
    };
    let of =
        |node: &&Node| matches!(&node.value, Value::Text(text) if TEXTS.contains(&text.as_str()));
    match resources.iter().filter(of).count() {
        0 => Some(false),
        texts if texts == resources.len() => Some(true),
        _ => None,
    }
}

fn mixed(at: Place, problems: &mut Problems<'_>) -> bool {
    let hint = format!("write one mask for `{}`, and one for the rest", TEXTS.join("`, `"));
    problems.add_with(at, "the resources are objects and texts", Some(hint));
    true
}

fn paths(
    fields: &mut Fields,
    is_text: bool,
    problems: &mut Problems<'_>,
) -> Vec<(Place, FieldPath)> {
    let at = fields.at;
    let paths = fields.texts("fields", problems).unwrap_or_default();
    if is_text && fields.has("fields") {
        let hint = "write `values: [known-secrets]`, or name detectors there";
        problems.add_with(at, "text has no `fields`", Some(hint.to_owned()));
    }
    let mut read = Vec::with_capacity(paths.len());
    for (at, path) in paths {
        match path.parse() {
            Ok(path) => read.push((at, path)),
            Err(error) => problems.add(at, FieldPathError::to_string(&error)),
        }
    }
    read
}

/// The detectors, and whether known values are among what is hidden.
fn values(fields: &mut Fields, is_text: bool, problems: &mut Problems<'_>) -> (Detectors, bool) {
    let Some(node) = fields.take("values") else { return (Detectors::default(), false) };
    let at = node.at;
    let Value::List(items) = node.value else {
        let hint = Some(format!("write `values: [{}]`", BuiltIn::Jwt.name()));
        let message = format!("`values` has to be a list, not {}", node.value.kind());
        problems.add_with(at, message, hint);
        return (Detectors::default(), false);
    };
    if items.is_empty() {
        problems.add(at, "`values` is empty, so it masks nothing");
    }
    let (mut specs, mut known_secrets) = (Vec::new(), false);
    for item in items {
        match item.value {
            Value::Text(name) if name == KNOWN_SECRETS => {
                known_secrets = true;
                if !is_text {
                    let hint = format!("they are looked for in text: in `{}`", TEXTS.join("`, `"));
                    problems.add_with(item.at, "objects have no `known-secrets`", Some(hint));
                }
            }
            Value::Text(name) => specs.extend(built_in((item.at, name), is_text, problems)),
            _ => specs.extend(named(item, problems)),
        }
    }
    let detectors = Detectors::compile(&specs).unwrap_or_else(|error| {
        problems.add(at, error.to_string());
        Detectors::default()
    });
    (detectors, known_secrets)
}

fn helm(
    fields: &mut Fields,
    is_text: bool,
    problems: &mut Problems<'_>,
) -> Option<(Place, HelmMode)> {
    let (at, mode) = fields.text("helm", problems)?;
    if is_text {
        problems.add(at, "text has no `helm`");
    }
    let mode = match mode.as_str() {
        "deny" => HelmMode::Deny,
        "raw" => HelmMode::Raw,
        "view" => HelmMode::View,
        other => {
            let hint = did_you_mean(other, &["deny", "raw", "view"]);
            problems.add_with(at, format!("unknown mode `{other}`"), hint);
            HelmMode::default()
        }
    };
    Some((at, mode))
}

fn built_in(
    (at, name): (Place, String),
    is_text: bool,
    problems: &mut Problems<'_>,
) -> Option<DetectorSpec> {
    if let Ok(built_in) = name.parse() {
        return Some(DetectorSpec::BuiltIn(built_in));
    }
    let mut known = BuiltIn::ALL.map(BuiltIn::name).to_vec();
    known.extend(is_text.then_some(KNOWN_SECRETS));
    let hint = did_you_mean(&name, &known);
    problems.add_with(at, format!("unknown detector `{name}`"), hint);
    None
}

/// `{name: order-number, regex: 'ORD-[0-9]{12}'}`.
fn named(item: Node, problems: &mut Problems<'_>) -> Option<DetectorSpec> {
    let mut fields = Fields::read(item, "a detector", &["name", "regex"], problems)?;
    let name = fields.require("name", problems).and_then(|node| node.into_text("name", problems));
    let regex = fields.require("regex", problems)?.into_text("regex", problems)?;
    let (name_at, name) = name?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if name.is_empty() || name.len() > 63 || !name.chars().all(allowed) {
        let hint = "up to 63 letters, digits, `-`, `.` and `_`, as `order-number`";
        problems.add_with(name_at, format!("`{name}` is no name"), Some(hint.to_owned()));
        return None;
    }
    if name.parse::<BuiltIn>().is_ok() || name == KNOWN_SECRETS {
        problems.add(name_at, format!("`{name}` is the name of a detector of kguard's own"));
        return None;
    }
    let spec = DetectorSpec::Named { name, regex: regex.1 };
    // Checked one by one, so that each mistake is reported in its place.
    match Detectors::compile(std::slice::from_ref(&spec)) {
        Ok(_) => Some(spec),
        Err(DetectorError::Empty { .. }) => {
            problems.add(regex.0, "it matches the empty text, so it would mask nothing");
            None
        }
        Err(DetectorError::Invalid { why, .. }) => {
            problems.add(regex.0, format!("the regular expression cannot be used: {why}"));
            None
        }
    }
}
