//! `kguard policy`: checks policies with the code that the gateway decides with.

use std::path::{Path, PathBuf};

use crate::args::PolicyCommand;
use crate::context::Context;
use crate::failure::{Failure, Kind};

/// A policy file with its text.
struct Source {
    #[expect(dead_code, reason = "read by the policy library")]
    path: PathBuf,
    #[expect(dead_code, reason = "read by the policy library")]
    text: String,
}

pub(super) fn run(context: &Context, command: &PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check { paths } => {
            let mut sources = Vec::new();
            for path in paths {
                collect(path, &mut sources)?;
            }
            let problems = check(&sources)?;
            for problem in &problems {
                context.ui.note(problem);
            }
            if !problems.is_empty() {
                return Err(Failure::new(Kind::Other, format_args!("{} problems", problems.len())));
            }
            context.ui.note(format_args!("{} files, no problem", sources.len()));
            Ok(())
        }
        PolicyCommand::Starter => starter(),
    }
}

/// Files as they are named; of folders, all YAML files directly in them, as the gateway reads it.
fn collect(path: &Path, sources: &mut Vec<Source>) -> Result<(), Failure> {
    let error = |error| Failure::usage(format_args!("{}: {error}", path.display()));
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(error)?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| {
            file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
        });
        files.sort();
        return files.iter().try_for_each(|file| collect(file, sources));
    }
    let text = std::fs::read_to_string(path).map_err(error)?;
    sources.push(Source { path: path.to_owned(), text });
    Ok(())
}

/// The one place that calls `kguard::policy::check`: what is wrong, a line each, with file, line
/// and hint.
fn check(_sources: &[Source]) -> Result<Vec<String>, Failure> {
    Err(Failure::new(Kind::Other, "this build cannot check policies"))
}

/// The one place that prints the starter pack.
fn starter() -> Result<(), Failure> {
    Err(Failure::new(Kind::Other, "this build has no starter pack"))
}
