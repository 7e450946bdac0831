//! The command line of what is about streams.

use clap::{Args, Subcommand};

use super::{Common, ListArgs};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  kguard sessions
  kguard sessions -o json
  kguard sessions end 01a210c5-f9f9 --reason 'the incident is over'

Auditors see all, others their own.")]
pub(crate) struct SessionsArgs {
    #[command(subcommand)]
    pub(crate) what: Option<SessionsCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// End a session; who is in it is told why
    #[command(after_help = "\
Example:
  kguard sessions end 01a210c5-f9f9 --reason 'the incident is over'")]
    End(EndArgs),
}

#[derive(Debug, Args)]
pub(crate) struct EndArgs {
    /// The session's id or the beginning of it, or a hold's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Do not ask back
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}
