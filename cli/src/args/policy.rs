//! The command line of `kguard policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use kguard::identity::SubjectPattern;

use super::audit::Period;
use super::{Common, FormatArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Check policy files or folders, all mistakes at once
    #[command(after_help = "\
Examples:
  kguard policy check policies/
  kguard policy check -o json policies/*.yaml   a list of problems, for editors and CI")]
    Check {
        /// Files and folders, or pack:NAME
        #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Run the cases that say what policies have to decide
    Test(TestArgs),
    /// Tell which policies are about a request, and why others are not
    Explain(ExplainArgs),
    /// Show what masks hide of manifests
    Mask(MaskArgs),
    /// Tell what other policies would have decided on the requests of a trail
    Replay(ReplayArgs),
    /// Suggest the least policies that allow what a trail says was done
    Suggest(SuggestArgs),
    /// Print policies to start with
    #[command(after_help = "\
Examples:
  kguard policy starter --list
  kguard policy starter >policies.yaml
  kguard policy starter agents --tests >tests/agents.yaml")]
    Starter {
        /// The pack
        #[arg(value_name = "NAME", default_value = "starter")]
        name: String,
        /// List the packs
        #[arg(long, conflicts_with = "tests")]
        list: bool,
        /// Print the pack's cases instead
        #[arg(long)]
        tests: bool,
        #[command(flatten)]
        format: FormatArgs,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
A file of cases:
  apiVersion: kguard.dev/v1alpha1
  kind: PolicyTest
  metadata: {name: shop}
  spec:
    policies: [../shop.yaml, \"pack:people\"]
    callers:
      alice: {user: \"oidc:alice\", groups: [\"oidc:dev\"]}
    cases:
      - name: nobody deletes the shop alone
        caller: alice
        request: {verb: delete, resource: namespaces, name: shop}
        expect: {decision: hold, policy: people-deletes-for-good}

Examples:
  kguard policy test                  all cases below this folder
  kguard policy test --coverage tests/shop.yaml
  kguard policy test pack:agents      the cases that come with a pack")]
pub(crate) struct TestArgs {
    /// Files and folders, or pack:NAME
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Fail if there is a policy that no case is decided by
    #[arg(long)]
    pub(crate) coverage: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard policy explain --as user:oidc:alice delete deployments.apps/web -n shop
  kguard policy explain --as workload:ci --group ci --policies policies/ \\
    patch statefulsets.apps/db -n shop --object new.yaml --old-object old.yaml
  kguard policy explain --as user:oidc:alice GET '/api/v1/pods?watch=1'
  kguard policy explain --request case.yaml
  kguard policy explain 0198c5f4-…       a recorded request, out of the gateway's trail")]
pub(crate) struct ExplainArgs {
    /// VERB RESOURCE[/NAME], METHOD PATH, or the id of a recorded request
    #[arg(value_name = "REQUEST", num_args = 0..=2, required_unless_present = "request")]
    pub(crate) what: Vec<String>,
    #[command(flatten)]
    pub(crate) policies: Policies,
    /// Who asks: user:NAME or workload:NAME
    #[arg(long = "as", value_name = "CALLER")]
    pub(crate) caller: Option<String>,
    /// A group of the caller; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,
    /// The namespace
    #[arg(long, short, value_name = "NAMESPACE", default_value = "", hide_default_value = true)]
    pub(crate) namespace: String,
    /// The part of the resource, e.g. exec or scale
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) subresource: String,
    /// The cluster that is asked
    #[arg(long, value_name = "CLUSTER", default_value = "test")]
    pub(crate) on: String,
    /// What would be stored, YAML or JSON; `none` for nothing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) object: Option<PathBuf>,
    /// What is stored now, YAML or JSON; `none` for nothing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) old_object: Option<PathBuf>,
    /// A file with `request`, `caller` and the rest, as in a case
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["what", "caller", "groups"])]
    pub(crate) request: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard policy mask secret.yaml                                 what would be masked, by which mask
  kguard policy mask --policies policies/ --as workload:ci chart.yaml
  kguard policy mask -o yaml secret.yaml                         the manifest as it would be shown
  kguard kubectl get all -o yaml | kguard policy mask -

Logs and the output of exec are no manifests; what is masked there is said in docs/masking.md.")]
pub(crate) struct MaskArgs {
    /// Manifests, YAML or JSON; `-` for standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) policies: Policies,
    /// Who reads: user:NAME or workload:NAME
    #[arg(long = "as", value_name = "CALLER", default_value = "user:somebody")]
    pub(crate) caller: String,
    /// A group of the caller; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,
    /// The cluster that is read from
    #[arg(long, value_name = "CLUSTER", default_value = "test")]
    pub(crate) on: String,
    /// What to print: table or json, what is hidden; yaml, the manifests as they would be shown
    #[arg(
        long,
        short,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub(crate) output: MaskFormat,
}

/// How it is printed what masks hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MaskFormat {
    /// The hidden fields, for programs.
    Json,
    /// The hidden fields, for people.
    Table,
    /// The manifests without them.
    Yaml,
}

#[derive(Debug, Args)]
pub(crate) struct Policies {
    /// Files, folders or pack:NAME; may be given several times
    #[arg(long, value_name = "PATH", default_value = STARTER)]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) policies: Vec<PathBuf>,
}

const STARTER: &str = "pack:starter";

impl Policies {
    /// Whether they are what is taken when none are named.
    pub(crate) fn are_default(&self) -> bool {
        self.policies.iter().all(|path| path.as_os_str() == STARTER)
    }
}

/// A trail, or a part of it.
#[derive(Debug, Args)]
pub(crate) struct TrailArgs {
    /// An exported trail, `-` for standard input [default: the gateway's]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) trail: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) period: Period,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard audit export >trail.jsonl
  kguard policy replay --policies new/ --trail trail.jsonl
  kguard policy replay --policies new/ --trail trail.jsonl --since 2026-01-01 --fail-on-change

The trail holds no bodies. What depends on an object is listed apart, and not guessed.")]
pub(crate) struct ReplayArgs {
    /// Files, folders or pack:NAME; may be given several times
    #[arg(long, value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) policies: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) trail: TrailArgs,
    /// Exit with 1 if anything would be decided otherwise, or may be
    #[arg(long)]
    pub(crate) fail_on_change: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard policy suggest --trail trail.jsonl --caller 'workload:ci:*' >ci.yaml
  kguard policy check ci.yaml && kguard policy replay --policies ci.yaml --trail trail.jsonl

Read what is suggested before you use it: what somebody did is not yet what he should do.")]
pub(crate) struct SuggestArgs {
    #[command(flatten)]
    pub(crate) trail: TrailArgs,
    /// Only for these callers: user:NAME, workload:NAME or group:NAME
    #[arg(long, value_name = "PATTERN")]
    pub(crate) caller: Option<SubjectPattern>,
    #[command(flatten)]
    pub(crate) common: Common,
}
