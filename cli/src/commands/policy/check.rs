//! `kguard policy check`: all mistakes at once.

use std::path::PathBuf;

use kguard::policy::Problem;
use kguard::policy::review::{Review, review};
use serde::Serialize;

use super::sources::{self, Folders};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{self, Format};

/// A problem as editors and CI read it.
#[derive(Serialize)]
struct Finding<'a> {
    severity: &'static str,
    #[serde(flatten)]
    problem: &'a Problem,
}

pub(super) fn run(context: &Context, paths: &[PathBuf], format: Format) -> Result<(), Failure> {
    let (sources, mut problems) = sources::read(paths, Folders::Flat);
    let mut review = review(&sources);
    if !problems.is_empty() {
        // Of what could not be read nobody knows whether it holds the policy that is missing.
        review.problems.retain(|problem| !problem.file.is_empty());
        review.warnings.retain(|warning| !warning.file.is_empty());
        problems.append(&mut review.problems);
        review.problems = problems;
    }
    if matches!(format, Format::Json | Format::Yaml) {
        output::value(format, &findings(&review))?;
        return match review.problems.len() {
            0 => Ok(()),
            count => Err(Failure::new(Kind::Other, format_args!("problems: {count}"))),
        };
    }
    for warning in &review.warnings {
        context.ui.warn(warning);
    }
    if !review.problems.is_empty() {
        return Err(super::problems(context, &review.problems));
    }
    context.ui.note(match sources.len() {
        1 => "1 file, no problem".to_owned(),
        files => format!("{files} files, no problem"),
    });
    Ok(())
}

fn findings(review: &Review) -> Vec<Finding<'_>> {
    let errors = review.problems.iter().map(|problem| Finding { severity: "error", problem });
    let warnings = review.warnings.iter().map(|problem| Finding { severity: "warning", problem });
    errors.chain(warnings).collect()
}
