//! Reads a trail line by line: a file, standard input, or the gateway's.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use kguard::audit::trail::{Between, Unreadable};

use crate::args::TrailArgs;
use crate::commands::audit;
use crate::context::Context;
use crate::failure::{Failure, Kind};

/// No record is longer.
const MAX_LINE_BYTES: u64 = 4 << 20;

impl TrailArgs {
    pub(super) fn between(&self) -> Between {
        Between { since: self.period.since, until: self.period.until }
    }

    /// Hands every line over.
    pub(super) async fn each(
        &self,
        context: &Context,
        mut take: impl FnMut(&[u8]) -> Result<(), Unreadable>,
    ) -> Result<(), Failure> {
        match &self.trail {
            Some(file) if file == Path::new("-") => lines("-", io::stdin().lock(), take),
            Some(path) => {
                let error = |error| Failure::usage(format_args!("{}: {error}", path.display()));
                let file = File::open(path).map_err(error)?;
                let progress = progress(context, &file);
                let name = path.display().to_string();
                let read = lines(&name, BufReader::new(progress.wrap_read(file)), take);
                progress.finish_and_clear();
                read
            }
            None => {
                let mut lines = audit::export(context, 0).await?;
                while let Some(line) = lines.next().await? {
                    take(line.get().as_bytes())
                        .map_err(|error| Failure::of(Kind::Other, &error))?;
                }
                Ok(())
            }
        }
    }
}

fn progress(context: &Context, file: &File) -> ProgressBar {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    if !context.ui.is_terminal() || length == 0 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} left");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

fn lines(
    name: &str,
    mut input: impl BufRead,
    mut take: impl FnMut(&[u8]) -> Result<(), Unreadable>,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let at = |error: &dyn std::fmt::Display| {
            Failure::new(Kind::Other, format_args!("{name}:{number}: {error}"))
        };
        let read = input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        if read.map_err(|error| at(&error))? == 0 {
            break;
        }
        if !line.trim_ascii().is_empty() {
            take(&line).map_err(|error| {
                at(&error)
                    .hint("`kguard audit export` writes one: kguard audit export >trail.jsonl")
            })?;
        }
    }
    Ok(())
}
