//! Notifications that could not be delivered.

use clap::{Args, Subcommand};

use super::{Common, ListArgs};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  kguard notifications                      those that did not arrive; for auditors
  kguard notifications retry 9c51e0ab42     one of them once more
  kguard notifications test sre-slack       a message that says that it is a test")]
pub(crate) struct NotificationsArgs {
    #[command(subcommand)]
    pub(crate) what: Option<NotificationsCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// What else can be done with notifications.
#[derive(Debug, Subcommand)]
pub(crate) enum NotificationsCommand {
    /// Send one that was not delivered once more
    Retry {
        /// Its id, as `kguard notifications` lists it
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Send a target a message that says that it is a test
    Test {
        /// The target's name in the gateway's configuration
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        common: Common,
    },
}
