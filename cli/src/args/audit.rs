//! Which records of the trail, and what to do with them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use jiff::{Span, SpanRelativeTo, Timestamp};
use kguard::audit::{Head, PublicKey};
use kguard::kube::request_info::Verb;

use super::{Common, ListArgs, PlayArgs, WatchArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List the newest records
    #[command(after_help = "\
Examples:
  kguard audit list --since 2h --decision deny
  kguard audit list --search exec         the ids are what `show` and `replay` take
  kguard audit list --verb delete -n shop -o json

Auditors see what everybody did, others what they did themselves.")]
    List {
        /// How many records
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u64,
        #[command(flatten)]
        filter: AuditFilter,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show all records of a request, a hold, a grant or a plan
    Show {
        /// An id, as `kguard audit list` shows it
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
    /// Only requests with this verb of the API, e.g. delete
    #[arg(long, value_name = "VERB", value_parser = verb)]
    pub(crate) verb: Option<Verb>,
    /// Only requests in this namespace
    #[arg(long, short, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Only what has all of these words somewhere in its record, in any case, e.g. exec
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(crate) search: Option<String>,
    #[command(flatten)]
    pub(crate) period: Period,
}

/// From when and until when records are looked at.
#[derive(Debug, Args)]
pub(crate) struct Period {
    /// Only from this moment on: 2h or 7d ago, 2026-01-31T12:00:00Z, or the day 2026-01-31 (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<Timestamp>,
    /// Only before this moment, written the same way
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

/// A verb of the Kubernetes API; commands of kubectl are none.
fn verb(text: &str) -> Result<Verb, String> {
    Verb::named(text).ok_or_else(|| {
        let verbs = Verb::ALL.map(Verb::as_str).join(", ");
        format!("the verbs are {verbs}; --search finds exec, logs and the like")
    })
}

/// What the gateway takes to search for.
fn words(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("write a word to search for".to_owned()),
        text if text.len() > 512 => Err("write 512 bytes at most".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// A moment, the beginning of a day, or how long ago it was.
fn moment(text: &str) -> Result<Timestamp, String> {
    let ago = text.strip_suffix(" ago").unwrap_or(text).parse::<Span>();
    let ago = ago.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    if let Ok(ago) = ago {
        return Timestamp::now().checked_sub(ago.unsigned_abs()).map_err(|error| error.to_string());
    }
    let moment = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse());
    moment.map_err(|_| "write 2h, 7d, 2026-01-31T12:00:00Z or 2026-01-31".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_day_or_some_time_ago() {
        for (text, moment_of) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
            ("2026-01-31", "2026-01-31T00:00:00Z"),
        ] {
            assert_eq!(moment(text).map(|moment| moment.to_string()).as_deref(), Ok(moment_of));
        }
        for text in ["2h", "2h ago", "90m30s"] {
            let ago = moment(text).unwrap().duration_until(Timestamp::now());
            assert!((1..3).contains(&ago.as_hours()), "{text}: {ago}");
        }
        let ago = moment("7d").unwrap().duration_until(Timestamp::now());
        assert_eq!(ago.as_hours(), 7 * 24);
        for text in ["yesterday", "2", "", "2026-02-31"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_verbs_of_the_api_are_verbs() {
        assert_eq!(verb("delete"), Ok(Verb::Delete));
        assert!(verb("exec").is_err_and(|error| error.contains("--search")));
    }
}
