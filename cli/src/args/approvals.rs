//! What approvers and requesters say of held requests.

use clap::Args;

use super::{Common, FormatArgs, GrantFlags};

#[derive(Debug, Args)]
pub(crate) struct RequestsArgs {
    /// The request to show in full
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard approve 7kq4m         look at one request and approve it
  kguard approve 7kq4m --for 30m --names 'web-*'
                               ...and others like it, for half an hour
  kguard approve               be asked as requests come in, until Ctrl-C")]
pub(crate) struct ApproveArgs {
    /// The request to approve
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Tell the requester something
    #[arg(long, value_name = "TEXT", requires = "id")]
    pub(crate) comment: Option<String>,
    /// Do not ask back
    #[arg(long, short, requires = "id")]
    pub(crate) yes: bool,
    /// No desktop notification when a request comes in
    #[arg(long, conflicts_with = "id")]
    pub(crate) no_notify: bool,
    #[command(flatten)]
    pub(crate) grant: GrantFlags,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct DenyArgs {
    /// The request to refuse
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Tell the requester why
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard undo --list           what can be undone, and until when
  kguard undo 7kq4m            what a hold let through: shows the difference, and asks
  kguard undo 7kq4m --dry-run  only shows it; with -o yaml in full
  kguard undo --yes 01a210c5-f9f9-7007-83ba-997981bb9dba

Undoing is a request of your own: policies decide on it, and it may have to be approved.
What was changed since is not overwritten.")]
pub(crate) struct UndoArgs {
    /// The hold that let the change through, or the request's own id
    #[arg(value_name = "ID", required_unless_present = "list")]
    pub(crate) id: Option<String>,
    /// List what can be undone
    #[arg(long, conflicts_with_all = ["id", "yes"])]
    pub(crate) list: bool,
    /// Only show what it would do
    #[arg(long, conflicts_with_all = ["list", "yes"])]
    pub(crate) dry_run: bool,
    /// Do not ask back
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) common: Common,
}
