//! The command line of what is about streams: recordings and running sessions.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::{Common, ListArgs};

#[derive(Debug, Args)]
#[command(after_help = "\
Keys:
  space         pause, and go on
  left, right   five seconds back, forward
  + -           twice, half the speed
  / n           search for a text, and again
  q, Ctrl-C     quit

Examples:
  kguard audit replay 01a210c5-f9f9              the recording of a request
  kguard audit replay 7kq4m --idle-limit 2       of what a hold let through
  kguard audit replay 7kq4m --search 'rm -rf'    from where that was printed
  kguard audit replay 7kq4m --no-delay | less -R
  kguard audit replay 7kq4m -o asciicast >session.cast
  kguard audit replay --file session.cast 7kq4m  the file, if it is what the trail names

The trail holds the SHA-256 of every recording; what does not match is not played. What would
harm your terminal is left out.")]
pub(crate) struct PlayArgs {
    /// A request's id, the beginning of one, or a hold's id
    #[arg(value_name = "ID", required_unless_present = "file")]
    pub(crate) id: Option<String>,
    /// Play a file; with ID only if it is what the trail names
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// How many times as fast
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    pub(crate) speed: f64,
    /// Cut short what is longer than this without output
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) idle_limit: Option<f64>,
    /// Print all output at once
    #[arg(long)]
    pub(crate) no_delay: bool,
    /// Begin where this text is printed
    #[arg(long, value_name = "TEXT", conflicts_with = "from")]
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) search: Option<String>,
    /// Begin at this second
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) from: Option<f64>,
    /// Play even what the trail does not name, or what is not what it names
    #[arg(long)]
    pub(crate) unverified: bool,
    /// Print the recording itself: asciicast, for any asciinema player
    #[arg(long, short, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(conflicts_with_all = ["no_delay", "search", "from", "idle_limit"])]
    pub(crate) output: Option<RecordingFormat>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// How a recording is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordingFormat {
    /// asciicast v2, as it is stored.
    Asciicast,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=1e9).contains(seconds));
    seconds.ok_or_else(|| "write a number of seconds, like 90 or 0.5".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches('x').parse().ok();
    let speed = speed.filter(|speed| (0.01..=1000.0).contains(speed));
    speed.ok_or_else(|| "write a number from 0.01 to 1000, like 2 or 0.5".to_owned())
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kguard sessions                        what runs, and the ids
  kguard audit watch 01a210c5-f9f9       look on until it ends, or until Ctrl-C

Who is watched goes on undisturbed, and so does the session when you leave.
`kguard sessions end ID` ends it.")]
pub(crate) struct WatchArgs {
    /// A session's id or the beginning of one, or a hold's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  kguard sessions
  kguard sessions -o json
  kguard audit watch 01a210c5-f9f9
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
