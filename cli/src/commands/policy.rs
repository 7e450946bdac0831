//! `kguard policy`: checks policies with the code that the gateway decides with.

use std::path::{Path, PathBuf};

use kguard::policy::{self, Source};

use crate::args::PolicyCommand;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output;

pub(super) fn run(context: &Context, command: &PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check { paths } => {
            let mut sources = Vec::new();
            for path in paths {
                collect(path, &mut sources)?;
            }
            let problems = policy::check(&sources);
            for problem in &problems {
                context.ui.note(problem);
            }
            match problems.len() {
                0 => context.ui.note(format_args!("{} files, no problem", sources.len())),
                1 => return Err(Failure::new(Kind::Other, "1 problem")),
                count => return Err(Failure::new(Kind::Other, format_args!("{count} problems"))),
            }
            Ok(())
        }
        PolicyCommand::Starter => output::text(&policy::starter().text),
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
    sources.push(Source { name: path.display().to_string(), text });
    Ok(())
}
