//! The command line of what goes beyond one approval: grants, and reviews of runs without one.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Common, ListArgs, duration};

/// How an approval becomes one for a while.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct GrantFlags {
    /// Approve requests like this one too, for so long: 30m, 1h
    #[arg(long = "for", value_name = "TIME", requires = "id", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    /// ...of these names, with `*`, instead of just this one
    #[arg(long, value_name = "NAME", requires = "time", num_args = 1..)]
    pub(crate) names: Vec<String>,
    /// ...in these namespaces, with `*`, instead of just this one
    #[arg(long, value_name = "NAMESPACE", requires = "time", num_args = 1..)]
    pub(crate) namespaces: Vec<String>,
    /// ...with these verbs, instead of just this one
    #[arg(long, value_name = "VERB", requires = "time", num_args = 1..)]
    pub(crate) verbs: Vec<String>,
    /// ...but no more than so many of them
    #[arg(long, value_name = "N", requires = "time")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_uses: Option<u32>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  kguard grants                          those you have, and those you may revoke
  kguard approve 7kq4m --for 30m --names 'web-*'
  kguard grants revoke 7kq4m --comment 'the incident is over'

Auditors see all. What runs on a grant ends with it.")]
pub(crate) struct GrantsArgs {
    #[command(subcommand)]
    pub(crate) what: Option<GrantsCommand>,
    /// Show those that have ended, too
    #[arg(long, short)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GrantsCommand {
    /// End a grant at once, and the sessions that run on it
    #[command(after_help = "\
Example:
  kguard grants revoke 7kq4m --comment 'the incident is over'")]
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The grant's id, which is that of the request that was approved with it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Say why
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  kguard reviews
  kguard reviews close 7kq4m --comment 'looked at it with alice, and all is well'

Who runs something with --break-glass owes a review, until somebody else who could have
approved it closes that.")]
pub(crate) struct ReviewsArgs {
    #[command(subcommand)]
    pub(crate) what: Option<ReviewsCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReviewsCommand {
    /// Say what there is to say about a run without approval
    #[command(after_help = "\
Example:
  kguard reviews close 7kq4m --comment 'looked at it with alice, and all is well'")]
    Close(CloseArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    /// The request
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// What you say to it; recorded
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: String,
    #[command(flatten)]
    pub(crate) common: Common,
}
