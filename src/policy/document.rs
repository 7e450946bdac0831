//! The documents of policy files: from located YAML to what decides, with every mistake reported
//! in its place.

mod budget;
mod extras;
mod mask;
mod matching;
mod spelling;
mod terms;

use std::fmt;

use super::case;
use super::decision::HoldTerms;
use super::expr::{Expression, Flaw, Vocabulary};
use super::mask_document::MaskDocument;
use super::matcher::{Match, Reach};
use super::problem::{Place, Problems, did_you_mean};
use super::template::Template;
use super::yaml::{Fields, Node, Value};

pub(super) const API_VERSION: &str = "kguard.dev/v1alpha1";

pub(super) use budget::Budget;
pub(super) use matching::resource_hint;

/// A document that was understood, and where its name stands.
pub(super) enum Document {
    Budget(Place, Budget),
    Mask(Place, MaskDocument),
    Policy(Place, Policy),
}

/// A `Policy` document.
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) matches: Match,
    pub(super) when: Option<Expression>,
    pub(super) effect: Effect,
    pub(super) mode: Mode,
    pub(super) message: Option<Template>,
    /// Whether what is typed into a stream that it lets through is recorded.
    pub(super) record_input: bool,
    /// SHA-256 of what the document says, hex.
    pub(super) document: String,
}

/// Whether a document is in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// It decides.
    #[default]
    Enforce,
    /// What it would decide is recorded.
    Observe,
}

/// What a policy says of the requests that it is about.
pub(super) enum Effect {
    Allow,
    Deny,
    /// With everything but the message, which is made for each request.
    Hold(Box<HoldTerms>),
}

impl Effect {
    /// How wide the `match` of a policy with this effect reaches.
    pub(super) fn reach(&self) -> Reach {
        match self {
            Self::Allow => Reach::Narrow,
            Self::Deny | Self::Hold(_) => Reach::Wide,
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Policy").field(&self.name).finish()
    }
}

/// Reads one document of the file with this `text`.
pub(super) fn read(node: Node, text: &str, problems: &mut Problems<'_>) -> Option<Document> {
    const KNOWN: &[&str] = &["apiVersion", "kind", "metadata", "spec"];
    let digest = node.value.digest();
    let mut fields = Fields::read(node, "the document", KNOWN, problems)?;
    if let Some((at, version)) = fields
        .require("apiVersion", problems)
        .and_then(|node| node.into_text("apiVersion", problems))
        && version != API_VERSION
    {
        let hint = Some(format!("write `apiVersion: {API_VERSION}`"));
        problems.add_with(at, format!("unknown apiVersion `{version}`"), hint);
    }
    let kind = fields.require("kind", problems)?.into_text("kind", problems)?;
    let name = fields.require("metadata", problems).and_then(|node| name(node, problems));
    match kind.1.as_str() {
        "Mask" => {
            let spec = fields.require("spec", problems)?;
            let mask = mask::read(spec, problems)?;
            name.map(|(at, name)| Document::Mask(at, mask.named(name, digest)))
        }
        "Policy" => {
            let spec = fields.require("spec", problems)?;
            let at = spec.at;
            let policy = policy(spec, text, problems)?;
            extras::check_elevation(&policy, at, problems);
            let named = |name| Policy { name, document: digest, ..policy };
            name.map(|(at, name)| Document::Policy(at, named(name)))
        }
        "Budget" => {
            let spec = fields.require("spec", problems)?;
            let budget = budget::read(spec, text, problems)?;
            name.map(|(at, name)| Document::Budget(at, Budget { name, ..budget }))
        }
        // Cases may stand beside what they are about; nothing is decided by them.
        case::KIND => None,
        other => {
            let hint = did_you_mean(other, &["Budget", "Mask", "Policy", case::KIND]);
            problems.add_with(kind.0, format!("unknown kind `{other}`"), hint);
            None
        }
    }
}

/// Reads `metadata`, of which a document has its name.
pub(super) fn name(metadata: Node, problems: &mut Problems<'_>) -> Option<(Place, String)> {
    let mut fields = Fields::read(metadata, "`metadata`", &["name"], problems)?;
    let (at, name) = fields.require("name", problems)?.into_text("name", problems)?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let well_formed = (1..=63).contains(&name.len())
        && name.chars().all(allowed)
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.']);
    if !well_formed {
        let hint = "up to 63 lower-case letters, digits, `-` and `.`, as `robots-run-no-code`";
        problems.add_with(at, format!("`{name}` is no name"), Some(hint.to_owned()));
    }
    Some((at, name))
}

fn policy(spec: Node, text: &str, problems: &mut Problems<'_>) -> Option<Policy> {
    const KNOWN: &[&str] = &["effect", "hold", "match", "message", "mode", "recordInput", "when"];
    let mut fields = Fields::read(spec, "the spec of a policy", KNOWN, problems)?;
    let matches = match fields.take("match") {
        Some(node) => matching::read(node, matching::Target::Policy, problems),
        None => Match::default(),
    };
    let when = fields.take("when").and_then(|node| when(node, text, problems));
    let message =
        fields.text("message", problems).and_then(|message| template(message, text, problems));
    let mode = mode(&mut fields, problems);
    let record_input = fields.take("recordInput");
    let effect = effect(&mut fields, problems)?;
    let record_input = record_input.is_some_and(|node| record(node, &effect, problems));
    let (name, document) = (String::new(), String::new());
    Some(Policy { name, matches, when, effect, mode, message, record_input, document })
}

fn record(node: Node, effect: &Effect, problems: &mut Problems<'_>) -> bool {
    if matches!(effect, Effect::Deny) {
        problems.add(node.at, "`recordInput` means nothing with `effect: deny`: nothing runs");
    }
    terms::truth(Some(node), "recordInput", problems)
}

fn mode(fields: &mut Fields, problems: &mut Problems<'_>) -> Mode {
    match fields.text("mode", problems) {
        Some((_, mode)) if mode == "observe" => Mode::Observe,
        Some((at, mode)) if mode != "enforce" => {
            let hint = did_you_mean(&mode, &["enforce", "observe"]);
            problems.add_with(at, format!("unknown mode `{mode}`"), hint);
            Mode::Enforce
        }
        _ => Mode::Enforce,
    }
}

fn effect(fields: &mut Fields, problems: &mut Problems<'_>) -> Option<Effect> {
    const KNOWN: &[&str] = &["allow", "deny", "hold"];
    let hold = fields.take("hold");
    let (at, effect) = fields.require("effect", problems)?.into_text("effect", problems)?;
    if let (Some(hold), "allow" | "deny") = (&hold, effect.as_str()) {
        let hint = Some("write `effect: hold`, or leave `hold` out".to_owned());
        problems.add_with(hold.at, format!("`hold` means nothing with `effect: {effect}`"), hint);
    }
    match effect.as_str() {
        "allow" => Some(Effect::Allow),
        "deny" => Some(Effect::Deny),
        "hold" => {
            let Some(hold) = hold else {
                let hint = Some("add `hold: {approvers: [\"group:NAME\"]}`".to_owned());
                problems.add_with(at, "`hold` is missing: who may approve?", hint);
                return None;
            };
            terms::read(hold, problems).map(Box::new).map(Effect::Hold)
        }
        other => {
            problems.add_with(at, format!("unknown effect `{other}`"), did_you_mean(other, KNOWN));
            None
        }
    }
}

fn when(node: Node, file: &str, problems: &mut Problems<'_>) -> Option<Expression> {
    // `when: true` is an expression too.
    let (at, text) = match node.value {
        Value::Bool(truth) => (node.at, truth.to_string()),
        _ => node.into_text("when", problems)?,
    };
    match Expression::compile(&text, Vocabulary::Full) {
        Ok(expression) => Some(expression),
        Err(flaws) => {
            for flaw in flaws {
                report(flaw, at, Scalar { text: &text, skip: 0 }, file, problems);
            }
            None
        }
    }
}

fn template(
    (at, text): (Place, String),
    file: &str,
    problems: &mut Problems<'_>,
) -> Option<Template> {
    match Template::compile(&text) {
        Ok(template) => Some(template),
        Err(flaws) => {
            for found in flaws {
                report(found.flaw, at, Scalar { text: &text, skip: found.byte }, file, problems);
            }
            None
        }
    }
}

/// A text out of the file, and how many bytes of it precede what a flaw counts from.
#[derive(Clone, Copy)]
struct Scalar<'a> {
    text: &'a str,
    skip: usize,
}

/// Reports a flaw where it stands in the file, if the scalar stands there as it reads; folded and
/// escaped scalars are reported at their start.
fn report(flaw: Flaw, at: Place, scalar: Scalar<'_>, file: &str, problems: &mut Problems<'_>) {
    let place = locate(&flaw, at, scalar, file).unwrap_or(at);
    problems.add_with(place, flaw.message, flaw.hint);
}

fn locate(flaw: &Flaw, at: Place, scalar: Scalar<'_>, file: &str) -> Option<Place> {
    let source = file.get(at.byte?..)?;
    let text = scalar.text.lines().nth(flaw.line - 1)?;
    if flaw.line > 1 {
        // A literal block: its lines stand there, indented alike.
        let indent = source.lines().nth(flaw.line - 1)?.strip_suffix(text)?.chars().count();
        let line = at.line + u64::try_from(flaw.line - 1).ok()?;
        let column = u64::try_from(indent + flaw.column).ok()?;
        return Some(Place { line, column, byte: None });
    }
    let quote = usize::from(source.starts_with(['"', '\'']));
    let verbatim = source.get(quote..)?.starts_with(text);
    let skipped = scalar.text.get(..scalar.skip)?.chars().count();
    let column = at.column + u64::try_from(quote + skipped + flaw.column - 1).ok()?;
    verbatim.then_some(Place { column, ..at })
}

#[cfg(test)]
mod tests;
