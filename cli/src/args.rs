//! The command line, as clap reads it. Help texts teach by example; meaning is in `commands`.

mod approvals;
mod audit;
mod grants;
mod notifications;
mod plans;
mod policy;
mod streams;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use jiff::SignedDuration;

use crate::gateway::Gateway;
use crate::output::Format;
use crate::ui::Color;

pub(crate) use approvals::{ApproveArgs, DenyArgs, RequestsArgs, UndoArgs};
pub(crate) use audit::{AuditCommand, AuditFilter, VerifyArgs};
pub(crate) use grants::{
    CloseArgs, GrantFlags, GrantsArgs, GrantsCommand, ReviewsArgs, ReviewsCommand, RevokeArgs,
};
pub(crate) use notifications::{NotificationsArgs, NotificationsCommand};
pub(crate) use plans::{ApplyArgs, PlanArgs, PlanCommand, ShowPlanArgs};
pub(crate) use policy::{
    ExplainArgs, MaskArgs, MaskFormat, PolicyCommand, ReplayArgs, SuggestArgs, TestArgs, TrailArgs,
};
pub(crate) use streams::{EndArgs, PlayArgs, SessionsArgs, SessionsCommand, WatchArgs};

/// kubectl through a gateway that decides, masks, asks for approval and records
///
/// Start with `kguard login --gateway URL`, then put `kguard` before `kubectl`.
#[derive(Debug, Parser)]
#[command(name = "kguard", version, propagate_version = true, after_help = EXAMPLES)]
#[command(arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Wait for no approval, if a policy lets you: all approvers hear of it, and one has to review it
    #[arg(long)]
    pub(crate) break_glass: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  kguard login --gateway https://gateway.example
  kguard kubectl get pods -n shop
  kguard --reason 'frees the disk' kubectl delete namespace old
  kguard --break-glass --reason 'the shop is down' kubectl rollout restart deploy/shop
  kguard run -- helm upgrade shop ./chart
  eval \"$(kguard env)\"

Exit codes: the program's own; 77 refused, 75 not decided in time, 69 gateway not reachable,
66 not logged in, 64 wrong usage.

Environment: KGUARD_GATEWAY, KGUARD_CA_FILE, KGUARD_CLUSTER, KGUARD_REASON, KGUARD_TOKEN,
KGUARD_TOKEN_FILE, KGUARD_KUBECTL, KGUARD_HOME, NO_COLOR.";

/// What most commands take, before the command or behind it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// The gateway, if not the one logged in to
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) gateway: Option<Gateway>,
    /// The cluster to start with, if not the one chosen by `use`
    #[arg(long, value_name = "CLUSTER")]
    pub(crate) cluster: Option<String>,
    /// Why you do this; approvers see it and it is recorded
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Stop waiting for an approval after this time, e.g. 10m, and end with 75
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) approval_timeout: Option<Duration>,
    /// Let a workload's held requests wait on when this ends, for the next run [default: if CI=true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    pub(crate) keep_hold: Option<bool>,
    /// Say more
    #[arg(long, short, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) color: Option<Color>,
}

impl Common {
    /// What stands behind the command wins over what stands before it.
    pub(crate) fn or(&self, before: &Self) -> Self {
        Self {
            gateway: self.gateway.clone().or_else(|| before.gateway.clone()),
            cluster: self.cluster.clone().or_else(|| before.cluster.clone()),
            reason: self.reason.clone().or_else(|| before.reason.clone()),
            approval_timeout: self.approval_timeout.or(before.approval_timeout),
            keep_hold: self.keep_hold.or(before.keep_hold),
            verbose: self.verbose || before.verbose,
            quiet: self.quiet || before.quiet,
            color: self.color.or(before.color),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Log in to a gateway with a code in the browser
    Login(LoginArgs),
    /// Forget the login
    Logout(CommonOnly),
    /// Show who the gateway takes you for
    Whoami(ListArgs),
    /// List the clusters you may reach
    Clusters(ListArgs),
    /// Choose the cluster to start with
    Use(UseArgs),
    /// Run one kubectl through the gateway
    ///
    /// All arguments are kubectl's. Every cluster is a context named after it.
    #[command(disable_help_flag = true, disable_version_flag = true)]
    Kubectl(KubectlArgs),
    /// Run any program that reads KUBECONFIG through the gateway
    Run(RunArgs),
    /// Plan what a command would change, and have all of it approved at once
    Plan(PlanArgs),
    /// Run an approved plan
    Apply(ApplyArgs),
    /// Hold a local port to the clusters open until Ctrl-C
    Proxy(ProxyArgs),
    /// Print what makes this shell use the gateway
    ///
    /// A proxy in the background serves all shells of yours: eval "$(kguard env)".
    Env(EnvArgs),
    /// Put a `kubectl` on the PATH that goes through the gateway
    #[command(subcommand)]
    Shim(ShimCommand),
    /// List held requests, or show one in full
    Requests(RequestsArgs),
    /// Approve a held request, or wait for requests to decide on
    Approve(ApproveArgs),
    /// Refuse a held request
    Deny(DenyArgs),
    /// Take back an approved delete, update or scaling
    Undo(UndoArgs),
    /// List notifications that could not be delivered, send one again, try a target
    Notifications(NotificationsArgs),
    /// List what was approved for a while, or revoke it
    Grants(GrantsArgs),
    /// List the runs without approval that nobody has reviewed, or close a review
    Reviews(ReviewsArgs),
    /// List the exec, attach and port-forward sessions that run, or end one
    Sessions(SessionsArgs),
    /// Read and verify the trail, play recordings, look on
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Write policies and try them before the gateway gets them
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print completions for a shell
    Completion(CompletionArgs),
    /// Find out what does not work, and how to mend it
    Doctor(DoctorArgs),
    /// Show the version
    Version(FormatArgs),
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct DoctorArgs {
    #[command(subcommand)]
    pub(crate) what: Option<DoctorCommand>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What else `kguard doctor` looks at.
#[derive(Debug, Subcommand)]
pub(crate) enum DoctorCommand {
    /// Show what masks hide of manifests, as `kguard policy mask` does
    #[command(after_help = "\
Examples:
  kguard doctor mask secret.yaml              what the starter pack masks, and by which mask
  kguard doctor mask --policies policies/ --as workload:ci chart.yaml
  kguard doctor mask -o yaml secret.yaml      the manifest as it would be shown

Without --policies it is the starter pack, not what a gateway has.")]
    Mask(MaskArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CommonOnly {
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: kguard login --gateway https://gateway.example")]
pub(crate) struct LoginArgs {
    /// Trust this CA for the gateway, and no other (PEM)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca: Option<PathBuf>,
    /// Keep the login in a file that only you can read, instead of the keyring
    #[arg(long)]
    pub(crate) insecure_storage: bool,
    /// Prove who you are anew, whatever the issuer remembers: some policies ask approvers for that
    #[arg(long)]
    pub(crate) fresh: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct FormatArgs {
    /// How to print: table, wide, json, yaml or name
    #[arg(
        long,
        short,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub(crate) output: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct UseArgs {
    /// The cluster
    #[arg(value_name = "CLUSTER")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct KubectlArgs {
    /// kubectl's own arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub(crate) arguments: Vec<OsString>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard run -- k9s
  kguard run --plan ID -- ./deploy.sh     as it was planned and approved")]
pub(crate) struct RunArgs {
    /// Run it as this plan: what it writes has to be what was approved
    #[arg(long, value_name = "ID")]
    pub(crate) plan: Option<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    #[arg(value_hint = ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard proxy --port 8001     any client that knows proxy-url
  kguard proxy --direct        one port per cluster, for clients that do not")]
pub(crate) struct ProxyArgs {
    /// The port, if not any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// Open one plain TLS port per cluster, from PORT on
    #[arg(long)]
    pub(crate) direct: bool,
    /// Serve `kguard env`
    #[arg(long, hide = true)]
    pub(crate) background: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// The shells that `env` can talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnvShell {
    /// fish
    Fish,
    /// PowerShell
    Powershell,
    /// sh, bash, zsh and their like
    Posix,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(kguard env)\"                  sh, bash, zsh
  kguard env --shell fish | source
  eval \"$(kguard env --stop)\"")]
pub(crate) struct EnvArgs {
    /// Stop the proxy in the background
    #[arg(long)]
    pub(crate) stop: bool,
    /// The shell: posix, fish or powershell
    #[arg(long, value_name = "SHELL", hide_possible_values = true)]
    #[arg(default_value = if cfg!(windows) { "powershell" } else { "posix" })]
    pub(crate) shell: EnvShell,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShimCommand {
    /// Write the shim into a folder; put that folder first on the PATH
    #[command(after_help = "\
Example:
  kguard shim install ~/.kguard/bin
  export PATH=\"$HOME/.kguard/bin:$PATH\"")]
    Install {
        /// The folder
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
}

/// A time to wait, as policies write it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let read = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    read.filter(|time| !time.is_zero()).ok_or_else(|| "write 90s, 10m or 1h30m".to_owned())
}

#[derive(Debug, Args)]
#[command(after_help = "Example: kguard completion bash >/etc/bash_completion.d/kguard")]
pub(crate) struct CompletionArgs {
    /// The shell
    pub(crate) shell: Shell,
}

/// What kubectl is asked to do most.
const KUBECTL_COMMANDS: [&str; 26] = [
    "annotate",
    "attach",
    "cordon",
    "cp",
    "create",
    "debug",
    "delete",
    "describe",
    "diff",
    "drain",
    "edit",
    "events",
    "exec",
    "expose",
    "get",
    "label",
    "logs",
    "patch",
    "port-forward",
    "replace",
    "rollout",
    "scale",
    "set",
    "taint",
    "top",
    "wait",
];

/// The command of kubectl that somebody has given to kguard itself, and not to a command of it.
pub(crate) fn kubectl_command(error: &clap::Error) -> Option<&str> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    if !usage.to_string().contains("kguard [") {
        return None;
    }
    let context = error.get(ContextKind::InvalidSubcommand)?;
    let ContextValue::String(word) = context else { return None };
    KUBECTL_COMMANDS.contains(&word.as_str()).then_some(word)
}

#[cfg(test)]
mod tests;
