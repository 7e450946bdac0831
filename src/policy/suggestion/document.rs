//! Writes a suggestion down, for people to read, change and keep.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::region::{Action, Region, Seen, regions};
use super::{LeftOut, Who};
use crate::policy::MAX_FILE_BYTES;
use crate::policy::capability::Capability;

/// What a file has to keep free for its last comment.
const ROOM: usize = 32 * 1024;

/// Who approves what the trail does not name an approver of.
const SOMEBODY: &str = "group:*sre";

pub(super) fn write(done: &BTreeMap<Who, BTreeMap<Action, Seen>>, left_out: LeftOut) -> String {
    let mut text = head(left_out);
    let regions = done.iter().flat_map(|(who, actions)| {
        regions(actions).into_iter().map(move |(region, seen)| (who, region, seen))
    });
    for (number, (who, region, seen)) in (1..).zip(regions) {
        let document = document(number, who, &region, &seen);
        if text.len() + document.len() > MAX_FILE_BYTES - ROOM {
            text.push_str("# There is more than one file can hold: choose callers by --caller.\n");
            break;
        }
        text.push_str(if number == 1 { "" } else { "---\n" });
        text.push_str(&document);
    }
    text
}

fn head(left_out: LeftOut) -> String {
    let LeftOut { refused, failed, beyond } = left_out;
    let mut text = String::from(
        "# What was done, by the trail, and nothing else. Read it before you use it: what somebody\n\
         # did is not yet what he should be allowed to do.\n",
    );
    for (count, what) in [
        (refused, "refused by policy or by an approver"),
        (
            failed,
            "refused or failed by the cluster, done in somebody else's name, or without a name that a policy can have",
        ),
        (beyond, "beyond what a suggestion has room for; choose callers by --caller"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "# Left out: {count} requests, {what}.");
        }
    }
    text.push('\n');
    text
}

fn document(number: usize, who: &Who, region: &Region, seen: &Seen) -> String {
    let kind = if who.is_person { "user" } else { "workload" };
    let mut text = comments(region, seen);
    let name = format!("{}-{number}", slug(&who.name));
    let _ = write!(
        text,
        "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {name}}}\nspec:\n  match:\n    \
         callers: [{}]\n",
        quoted(&format!("{kind}:{}", who.name))
    );
    let Region { clusters, namespaces, resources, paths, verbs, names } = region;
    for (field, set) in [
        ("clusters", clusters),
        ("verbs", verbs),
        ("resources", resources),
        ("namespaces", namespaces),
        ("names", names),
        ("paths", paths),
    ] {
        if !set.is_empty() {
            let _ = writeln!(text, "    {field}: [{}]", list(set));
        }
    }
    text.push_str(&effect(who.approvers.as_ref()));
    text
}

/// What a reader has to know of a document.
fn comments(region: &Region, seen: &Seen) -> String {
    let times = if seen.times == 1 { "once".to_owned() } else { format!("{} times", seen.times) };
    let day = seen.last.strftime("%Y-%m-%d");
    let mut text = format!("# Done {times}, last on {day}.\n");
    if seen.names > 0 {
        let _ = writeln!(text, "# To {} different names, so `names` is left out.", seen.names);
    }
    if region.namespaces.contains("") {
        text.push_str(
            "# The namespace \"\" is none: across all of them, or of the whole cluster.\n",
        );
    }
    let dangers: Vec<_> = seen.dangers.iter().map(Capability::name).collect();
    if !dangers.is_empty() {
        let _ = writeln!(text, "# DANGER: this can carry {}.", dangers.join(", "));
    }
    text
}

fn effect(approvers: Option<&BTreeSet<String>>) -> String {
    match approvers {
        None => "  effect: allow\n".to_owned(),
        Some(approvers) if approvers.is_empty() => format!(
            "  effect: hold\n  # The trail does not tell who approved it: name them.\n  hold: \
             {{approvers: [\"{SOMEBODY}\"]}}\n"
        ),
        Some(approvers) => {
            let people = approvers.iter().map(|name| format!("user:{name}")).collect();
            format!(
                "  effect: hold\n  # Those who approved it so far.\n  hold: {{approvers: [{}]}}\n",
                list(&people)
            )
        }
    }
}

fn list(set: &BTreeSet<String>) -> String {
    set.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}

/// A text as YAML reads it, whatever is in it: a JSON text is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The part of a caller's name that can be part of a policy's.
fn slug(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let text: String = name.to_lowercase().chars().take(40).map(allowed).collect();
    let words: Vec<_> = text.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "caller".to_owned() } else { words.join("-") }
}
