//! `kguard plan` and `kguard apply`.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueHint};

use super::{Common, FormatArgs, ListArgs};
use crate::output::Format;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  kguard plan -- kubectl apply -f dir/          nothing is stored; what would be is put to approval
  kguard plan --wait -- helm upgrade app ./chart
  kguard plan -o name --apply-as system:serviceaccount:ci:deploy -- ./deploy.sh
  kguard plan show ID                           all of it, with the differences
  kguard apply ID                               run it, once it is approved

Leave out what waits for objects to become ready, such as helm's --wait: in a plan nothing does.
With -o, what the command prints goes to standard error, so that a script can read the plan.")]
pub(crate) struct PlanArgs {
    #[command(subcommand)]
    pub(crate) what: Option<PlanCommand>,
    /// The workload that may run the plan, by its whole name, if not you
    #[arg(long, value_name = "NAME")]
    pub(crate) apply_as: Option<String>,
    /// For how long it may be approved and run, such as 4h or 2d [default: 24h]
    #[arg(long, value_name = "TIME", value_parser = minutes)]
    pub(crate) valid: Option<u32>,
    /// Wait until it is decided on
    #[arg(long)]
    pub(crate) wait: bool,
    /// Print the plan: table, json, yaml or name
    #[arg(long, short, value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) output: Option<Format>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    #[arg(value_hint = ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// List plans: yours, and those that you may run or decide on
    List(ListArgs),
    /// Show all of a plan
    Show(ShowPlanArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowPlanArgs {
    /// The plan
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard apply ID            run the command again that was planned
  kguard apply --wait ID     once it is approved
  kguard run --plan ID -- ./deploy.sh
                             the same with the command from here: if another has planned it

Whatever runs: a write that is not one of the approved ones stops the plan.")]
pub(crate) struct ApplyArgs {
    /// The plan
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Wait until it is decided on
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// A time such as `90m`, `4h` or `2d`, in minutes.
fn minutes(text: &str) -> Result<u32, String> {
    let units = [('m', 1), ('h', 60), ('d', 24 * 60)];
    let read = units.into_iter().find_map(|(unit, minutes)| {
        let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
        count.checked_mul(minutes)
    });
    read.filter(|minutes| *minutes > 0).ok_or_else(|| "write 90m, 4h or 2d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, read) in [("90m", Some(90)), ("4h", Some(240)), ("2d", Some(2880))] {
            assert_eq!(minutes(text).ok(), read);
        }
        for text in ["", "4", "0h", "-1h", "h", "1w", "99999999d"] {
            assert!(minutes(text).is_err(), "{text}");
        }
    }
}
