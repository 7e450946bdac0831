//! The command line, as clap reads it. Help texts teach by example; meaning is in `commands`.

mod grants;
mod plans;
mod policy;
mod streams;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use jiff::{SignedDuration, Timestamp};
use kguard::audit::{Head, PublicKey};

use crate::gateway::Gateway;
use crate::output::Format;
use crate::ui::Color;

pub(crate) use grants::{
    CloseArgs, GrantFlags, GrantsArgs, GrantsCommand, ReviewsArgs, ReviewsCommand, RevokeArgs,
};
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

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List the newest records
    List {
        /// How many records
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u64,
        #[command(flatten)]
        filter: AuditFilter,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show all records of a request or a hold
    Show {
        /// A request's id or a hold's id
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Verify the gateway's trail, or an exported one offline
    Verify(VerifyArgs),
    /// Write the trail to standard output, a record a line
    Export {
        /// Only what follows this position
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        after: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Play the recording of an exec, attach or port-forward that has ended
    Replay(PlayArgs),
    /// Look on while an exec, attach or port-forward runs
    Watch(WatchArgs),
}

/// A moment, or the beginning of a day.
fn moment(text: &str) -> Result<Timestamp, String> {
    let moment = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse());
    moment.map_err(|_| "write 2026-01-31T12:00:00Z or 2026-01-31".to_owned())
}

/// A time to wait, as policies write it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let read = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    read.filter(|time| !time.is_zero()).ok_or_else(|| "write 90s, 10m or 1h30m".to_owned())
}

/// Which records to list; all of these have to fit.
#[derive(Debug, Args)]
pub(crate) struct AuditFilter {
    /// Only what this caller did, or decided
    #[arg(long, value_name = "NAME")]
    pub(crate) caller: Option<String>,
    /// Only requests to this cluster
    #[arg(long, value_name = "CLUSTER")]
    pub(crate) on: Option<String>,
    /// Only requests with this decision: allow, deny or hold
    #[arg(long, value_name = "DECISION", value_parser = ["allow", "deny", "hold"])]
    pub(crate) decision: Option<String>,
    /// Only requests with this verb, e.g. delete
    #[arg(long, value_name = "VERB")]
    pub(crate) verb: Option<String>,
    /// Only requests in this namespace
    #[arg(long, short, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Only from this moment on: 2026-01-31T12:00:00Z, or the day 2026-01-31 (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<Timestamp>,
    /// Only before this moment
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) until: Option<Timestamp>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard audit verify                        the gateway's trail, as an auditor
  kguard audit export >trail.jsonl
  kguard audit verify trail.jsonl --key KEY  offline, with the key noted down before
  kguard audit verify --recordings           and every recording of exec, attach and port-forward

Whoever keeps the HEAD that a run prints can tell later, with --contains, that nothing before it
was cut off or made anew.")]
pub(crate) struct VerifyArgs {
    /// An exported trail [default: the gateway's]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// The public key that must have signed it, in hex
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<PublicKey>,
    /// A head that the trail must contain, as an earlier run printed it
    #[arg(long, value_name = "HEAD")]
    pub(crate) contains: Option<Head>,
    /// Fetch the recordings that the trail names from the gateway, and compare their hashes
    #[arg(long)]
    pub(crate) recordings: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: kguard completion bash >/etc/bash_completion.d/kguard")]
pub(crate) struct CompletionArgs {
    /// The shell
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests;
