//! `kguard policy mask`: what masks hide of manifests.

use std::path::{Path, PathBuf};

use kguard::kube::strict_yaml;
use kguard::mask::{MaskRules, Preview, unknown_kind};
use kguard::policy::review::review;
use kguard::policy::{PolicySet, did_you_mean};
use serde::Serialize;
use serde_json::Value;

use super::sources::Folders;
use super::{caller, sources};
use crate::args::{MaskArgs, MaskFormat};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{self, Format};

/// A hidden field as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    object: &'a str,
    path: &'a str,
    mask: &'a str,
}

/// An object of a file, and what is hidden of it.
struct Looked {
    name: String,
    preview: Preview,
}

pub(in crate::commands) fn run(context: &Context, args: &MaskArgs) -> Result<(), Failure> {
    let policies = masks(context, &args.policies.policies)?;
    let caller = caller::named(&args.caller, &args.groups).ok_or_else(|| {
        let failure = Failure::usage(format_args!("`{}` names no caller", args.caller));
        failure.hint("--as user:NAME for a person, --as workload:NAME for a machine")
    })?;
    let rules = policies.mask_rules(&caller, &args.on);
    let mut looked = Vec::new();
    for path in &args.files {
        for object in objects(path)? {
            warn_of_kind(context, &object);
            looked.push(look(&rules, &object, path)?);
        }
    }
    match args.output {
        MaskFormat::Json => output::value(Format::Json, &told(&looked)),
        MaskFormat::Table => output::text(&text(&looked)),
        MaskFormat::Yaml => output::text(&manifests(&looked)?),
    }
}

/// The masks, whether or not policies stand beside them, and what looks like a mistake in them.
fn masks(context: &Context, paths: &[PathBuf]) -> Result<PolicySet, Failure> {
    let sources = sources::read_all(paths, Folders::Flat);
    let read = sources.and_then(|sources| Ok((PolicySet::compile_masks(&sources)?, sources)));
    let (policies, sources) = read.map_err(|found| super::problems(context, &found))?;
    let warnings = review(&sources).warnings;
    warnings.iter().filter(|warning| !warning.file.is_empty()).for_each(|it| context.ui.warn(it));
    Ok(policies)
}

/// A misspelt kind is one that no mask is about.
fn warn_of_kind(context: &Context, object: &Value) {
    let Some(known) = unknown_kind(object) else { return };
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    context.ui.warn(format_args!("Kubernetes has no kind `{kind}`, so no mask is about it"));
    if let Some(hint) = did_you_mean(&format!("{kind}s"), known) {
        context.ui.hint(hint);
    }
}

/// The objects of a file: its documents, and what their lists hold.
fn objects(path: &Path) -> Result<Vec<Value>, Failure> {
    let text = read(path).map_err(|error| {
        Failure::usage(format_args!("{} cannot be read: {error}", path.display()))
    })?;
    let mut objects = Vec::new();
    for document in documents(&text) {
        // As the API server reads it. The error would tell what is in the file.
        let document = strict_yaml::parse(document.as_bytes()).map_err(|_| {
            let failure =
                Failure::usage(format_args!("{} is neither YAML nor JSON", path.display()));
            failure.hint("a manifest is expected, as `kubectl get -o yaml` prints it")
        })?;
        let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default();
        match document.get("items").and_then(Value::as_array) {
            Some(items) if kind.ends_with("List") => objects.extend(items.iter().cloned()),
            _ if document.is_null() => {}
            _ => objects.push(document),
        }
    }
    Ok(objects)
}

fn read(path: &Path) -> std::io::Result<String> {
    if path == Path::new("-") {
        return std::io::read_to_string(std::io::stdin());
    }
    std::fs::read_to_string(path)
}

/// The documents of a YAML stream.
fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.lines() {
        match documents.last_mut() {
            Some(document) if line.trim_end() != "---" => {
                document.push_str(line);
                document.push('\n');
            }
            _ => documents.push(String::new()),
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}

fn look(rules: &MaskRules, object: &Value, path: &Path) -> Result<Looked, Failure> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let (Some(kind), Some(_)) = (text("/kind"), text("/apiVersion")) else {
        let message = format!("{} holds something without `kind` and `apiVersion`", path.display());
        return Err(Failure::usage(message).hint("by these it is known which masks are about it"));
    };
    let name = format!("{}/{}", kind.to_lowercase(), text("/metadata/name").unwrap_or("?"));
    let preview = rules.preview(object).map_err(|error| {
        Failure::new(Kind::Other, format_args!("{name} of {}: {error}", path.display()))
    })?;
    Ok(Looked { name, preview })
}

fn told(looked: &[Looked]) -> Vec<Told<'_>> {
    let mut told = Vec::new();
    for Looked { name, preview } in looked {
        let fields = preview.hidden.iter();
        told.extend(fields.map(|of| Told { object: name, path: &of.path, mask: &of.mask }));
    }
    told
}

fn manifests(looked: &[Looked]) -> Result<String, Failure> {
    let documents = looked.iter().map(|looked| serde_saphyr::to_string(&looked.preview.shown));
    let documents = documents.collect::<Result<Vec<_>, _>>();
    let documents = documents.map_err(|error| Failure::new(Kind::Other, error))?;
    Ok(documents.join("---\n"))
}

fn text(looked: &[Looked]) -> String {
    let mut lines = Vec::new();
    for Looked { name, preview } in looked {
        let nothing = if preview.hidden.is_empty() { ": nothing is masked" } else { "" };
        lines.push(format!("{name}{nothing}"));
        let fields = preview.hidden.iter();
        lines.extend(fields.map(|field| format!("  {}  masked by {}", field.path, field.mask)));
    }
    let hidden = looked.iter().map(|looked| looked.preview.hidden.len()).sum();
    let count = |number: usize, what: &str| {
        format!("{number} {what}{}", if number == 1 { "" } else { "s" })
    };
    lines.push(format!("{} of {} masked\n", count(hidden, "value"), count(looked.len(), "object")));
    lines.join("\n")
}
