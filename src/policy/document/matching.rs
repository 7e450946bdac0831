//! Reads the `match` of a document.

use super::spelling::misspelt;
use crate::glob::Glob;
use crate::identity::SubjectPattern;
use crate::kube::request_info::Verb;
use crate::kube::resource_pattern::{
    CORE_RESOURCES, GROUPED_RESOURCES, InvalidResource, ResourcePattern,
};
use crate::policy::capability::{Capabilities, Capability};
use crate::policy::matcher::{Match, VerbSet};
use crate::policy::problem::{Place, Problems, did_you_mean};
use crate::policy::yaml::{Fields, Node};

/// Whose `match` it is; masks are about objects, so they have no say in verbs.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Mask,
    Policy,
}

pub(super) fn read(node: Node, target: Target, problems: &mut Problems<'_>) -> Match {
    let known: &'static [&'static str] = match target {
        Target::Mask => &["callers", "clusters", "names", "namespaces", "resources"],
        Target::Policy => &[
            "callers",
            "capabilities",
            "clusters",
            "names",
            "namespaces",
            "paths",
            "resources",
            "verbs",
        ],
    };
    let at = node.at;
    let Some(mut fields) = Fields::read(node, "`match`", known, problems) else {
        return Match::default();
    };
    let mut matches = Match {
        callers: subjects(&mut fields, "callers", problems).unwrap_or_default(),
        clusters: globs(&mut fields, "clusters", problems),
        resources: resources(&mut fields, problems),
        namespaces: globs(&mut fields, "namespaces", problems),
        names: globs(&mut fields, "names", problems),
        ..Match::default()
    };
    if matches!(target, Target::Policy) {
        matches.verbs = verbs(&mut fields, problems);
        matches.paths = paths(&mut fields, problems);
        matches.capabilities = capabilities(&mut fields, problems);
        if !matches.is_consistent() {
            let message = "`paths` are about requests without a resource: nothing matches";
            let hint = "write one policy with `paths` and one with the rest";
            problems.add_with(at, message, Some(hint.to_owned()));
        }
    }
    matches
}

/// A list of callers; `None` if the field is missing.
pub(super) fn subjects(
    fields: &mut Fields,
    name: &str,
    problems: &mut Problems<'_>,
) -> Option<Vec<SubjectPattern>> {
    let texts = fields.texts(name, problems)?;
    Some(parse_all(texts, problems, |text| {
        text.parse::<SubjectPattern>().map_err(|error| (error.to_string(), None))
    }))
}

fn globs(fields: &mut Fields, name: &str, problems: &mut Problems<'_>) -> Vec<Glob> {
    let texts = fields.texts(name, problems).unwrap_or_default();
    texts.into_iter().map(|(_, text)| Glob::new(text)).collect()
}

fn paths(fields: &mut Fields, problems: &mut Problems<'_>) -> Vec<Glob> {
    let texts = fields.texts("paths", problems).unwrap_or_default();
    parse_all(texts, problems, |text| {
        if text.starts_with('/') || text == "*" {
            return Ok(Glob::from(text));
        }
        Err((format!("`{text}` is no path"), Some(format!("paths start with a slash: `/{text}`"))))
    })
}

fn resources(fields: &mut Fields, problems: &mut Problems<'_>) -> Vec<ResourcePattern> {
    let texts = fields.texts("resources", problems).unwrap_or_default();
    for (at, text) in &texts {
        if let Some((message, hint)) = misspelt(text) {
            problems.warn(*at, message, hint);
        }
    }
    parse_all(texts, problems, |text| {
        text.parse().map_err(|error: InvalidResource| {
            let hint = match &error {
                InvalidResource::NotCore(resource) => resource_hint(resource),
                InvalidResource::Shape(_) => None,
            };
            (error.to_string(), hint)
        })
    })
}

/// What a resource without a group may have meant.
pub(in crate::policy) fn resource_hint(resource: &str) -> Option<String> {
    let grouped = GROUPED_RESOURCES.iter().find(|(name, _)| *name == resource);
    if let Some((name, group)) = grouped {
        return Some(format!("did you mean `{name}.{group}`?"));
    }
    let core = did_you_mean(resource, &CORE_RESOURCES);
    core.or_else(|| Some(format!("name its group: `{resource}.GROUP`, or `{resource}.*` for any")))
}

fn verbs(fields: &mut Fields, problems: &mut Problems<'_>) -> VerbSet {
    let Some(texts) = fields.texts("verbs", problems) else { return VerbSet::default() };
    if texts.iter().any(|(_, text)| text == "*") {
        return VerbSet::default();
    }
    let names = Verb::ALL.map(Verb::as_str);
    let verbs = parse_all(texts, problems, |text| {
        let verb = Verb::named(text);
        verb.ok_or_else(|| (format!("unknown verb `{text}`"), did_you_mean(text, &names)))
    });
    verbs.into_iter().collect()
}

fn capabilities(fields: &mut Fields, problems: &mut Problems<'_>) -> Option<Capabilities> {
    let texts = fields.texts("capabilities", problems)?;
    let names = Capability::ALL.map(Capability::name);
    let named = parse_all(texts, problems, |text| {
        let hint = || did_you_mean(text, &names);
        Capability::named(text).ok_or_else(|| (format!("unknown capability `{text}`"), hint()))
    });
    Some(named.into_iter().collect())
}

fn parse_all<T>(
    texts: Vec<(Place, String)>,
    problems: &mut Problems<'_>,
    parse: impl Fn(&str) -> Result<T, (String, Option<String>)>,
) -> Vec<T> {
    let mut parsed = Vec::with_capacity(texts.len());
    for (at, text) in texts {
        match parse(&text) {
            Ok(value) => parsed.push(value),
            Err((message, hint)) => problems.add_with(at, message, hint),
        }
    }
    parsed
}
