//! `kguard policy replay`: what other policies would have decided.

use kguard::audit::record::Outcome;
use kguard::policy::replay::{Change, Group, Replay, Replayed};

use super::sources;
use crate::args::ReplayArgs;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{self, Columns, Format};

pub(super) async fn run(context: &Context, args: &ReplayArgs) -> Result<(), Failure> {
    let compiled = sources::compile(&args.policies);
    let policies = compiled.map_err(|found| super::problems(context, &found))?;
    let mut replay = Replay::new(&policies, args.trail.between());
    args.trail.each(context, |line| replay.line(line)).await?;
    let replayed = replay.finish();
    print(args.format.output, &replayed)?;
    let changes = replayed.changed.values().sum::<u64>() + replayed.depends;
    if args.fail_on_change && changes > 0 {
        let message = format_args!("{changes} requests are, or may be, decided otherwise");
        return Err(Failure::new(Kind::Other, message));
    }
    Ok(())
}

fn print(format: Format, replayed: &Replayed) -> Result<(), Failure> {
    if matches!(format, Format::Json | Format::Yaml) {
        return output::value(format, replayed);
    }
    let (depends, changed): (Vec<_>, Vec<_>) =
        replayed.changes.iter().cloned().partition(|change| change.group.to.len() > 1);
    output::text(&summary(replayed))?;
    for (heading, changes) in [
        ("Decided otherwise:", changed),
        ("Depends on the object, which the trail does not hold:", depends),
    ] {
        if !changes.is_empty() {
            output::text(&format!("\n{heading}\n"))?;
            let headings = &["COUNT", "CHANGE", "WHO", "WHAT", "POLICY", "EXAMPLE"];
            Columns { headings, wide: 6, row: &row }.print(Format::Table, &changes)?;
        }
    }
    Ok(())
}

fn summary(replayed: &Replayed) -> String {
    let Replayed { requests, unchanged, changed, depends, unknown, others, .. } = replayed;
    let mut lines = vec![format!("{requests} requests, {unchanged} decided alike")];
    lines.extend(changed.iter().map(|(change, count)| format!("{count} {change}")));
    for (count, what) in [
        (depends, "depend on the object"),
        (others, "are otherwise in more ways than are listed"),
        (unknown, "lines are by a newer gateway, and were passed over"),
    ] {
        if *count > 0 {
            lines.push(format!("{count} {what}"));
        }
    }
    lines.join("\n") + "\n"
}

fn row(change: &Change) -> Vec<String> {
    let Change { group, count } = change;
    let Group { from, to, caller, verb, resource, policy } = group;
    let to: Vec<_> = to.iter().map(|outcome: &Outcome| outcome.as_str()).collect();
    vec![
        count.count.to_string(),
        format!("{}→{}", from.as_str(), to.join("|")),
        caller.clone(),
        format!("{verb} {resource}"),
        policy.clone().unwrap_or_else(|| "-".to_owned()),
        count.example.clone(),
    ]
}
