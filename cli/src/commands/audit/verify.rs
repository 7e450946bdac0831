//! `kguard audit verify`: reads a trail line by line; what is true of it, the library says. The
//! recordings that it names are compared by their hashes.

mod recordings;

use std::io::BufRead;
use std::path::Path;

use kguard::audit::{Expected, Summary, Verifier, VerifyError};

use crate::args::VerifyArgs;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output;

use recordings::Named;

pub(super) async fn run(context: &Context, args: &VerifyArgs) -> Result<(), Failure> {
    let mut verifier = Verifier::new(Expected { key: args.key, head: args.contains });
    let mut named = Named::default();
    match &args.file {
        Some(file) => offline(file, (&mut verifier, &mut named))?,
        None => live(context, (&mut verifier, &mut named)).await?,
    }
    let summary = verifier.finish().map_err(|error| unsound(&error))?;
    output::text(&report(&summary, args))?;
    if args.recordings {
        return output::text(&named.compare(context).await?);
    }
    named.hint(context.ui);
    Ok(())
}

fn offline(file: &Path, (verifier, named): (&mut Verifier, &mut Named)) -> Result<(), Failure> {
    let error = |error| Failure::usage(format_args!("{}: {error}", file.display()));
    let trail = std::fs::File::open(file).map_err(error)?;
    for line in std::io::BufReader::new(trail).split(b'\n') {
        let line = line.map_err(error)?;
        verifier.line(&line).map_err(|error| unsound(&error))?;
        named.line(&line);
    }
    Ok(())
}

async fn live(
    context: &Context,
    (verifier, named): (&mut Verifier, &mut Named),
) -> Result<(), Failure> {
    let mut lines = super::export(context, 0).await?;
    while let Some(line) = lines.next().await? {
        verifier.line(line.get().as_bytes()).map_err(|error| unsound(&error))?;
        named.line(line.get().as_bytes());
    }
    Ok(())
}

fn unsound(error: &VerifyError) -> Failure {
    Failure::new(Kind::Other, format_args!("the trail is not sound: {error}"))
}

fn report(summary: &Summary, args: &VerifyArgs) -> String {
    let Summary { entries, checkpoints, unsigned, open, head, .. } = summary;
    let mut lines = vec![format!("sound: {entries} entries, {checkpoints} signed checkpoints")];
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        lines.push(format!("from   {first} to {last}"));
    }
    if let Some(key) = summary.key {
        let trusted =
            if args.key.is_some() { "as given" } else { "as the trail says; pin it with --key" };
        lines.push(format!("key    {key} ({trusted})"));
    }
    lines.push(format!("head   {head}"));
    if *unsigned > 0 {
        lines.push(format!("{unsigned} entries at the end are not signed yet"));
    }
    if !open.is_empty() {
        lines.push(format!("{} requests are under way", open.len()));
    }
    lines.join("\n") + "\n"
}
