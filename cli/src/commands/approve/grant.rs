//! A grant as an approver sees and edits it before he gives it.

use std::time::Duration;

use dialoguer::Input;
use dialoguer::theme::ColorfulTheme;
use kguard::api::{GrantOffer, GrantPattern, GrantProposal, Hold};
use kguard::glob::Glob;

use crate::args::{self, GrantFlags};
use crate::control::Control;
use crate::failure::Failure;
use crate::ui::{Ui, clean};

use super::super::requests::path;

/// What an approver is offered at first, if the policy allows that much.
const USUAL: Duration = Duration::from_mins(30);

/// What the gateway lets a hold be answered with.
pub(super) async fn proposal(control: &Control, hold: &Hold) -> Result<GrantProposal, Failure> {
    Ok(control.get(&format!("{}/grant", path(&hold.id)?)).await?)
}

/// The grant that the flags ask for, if they ask for one; shown, since nobody has seen it yet.
pub(super) async fn of_flags(
    ui: Ui,
    control: &Control,
    (hold, flags): (&Hold, &GrantFlags),
) -> Result<Option<GrantOffer>, Failure> {
    let Some(time) = flags.time else { return Ok(None) };
    let GrantProposal { mut pattern, .. } = proposal(control, hold).await?;
    if !flags.names.is_empty() {
        pattern.names = globs(&flags.names);
    }
    if !flags.namespaces.is_empty() {
        pattern.namespaces = globs(&flags.namespaces);
    }
    if !flags.verbs.is_empty() {
        pattern.verbs =
            flags.verbs.iter().map(|verb| self::verb(verb)).collect::<Result<_, _>>()?;
    }
    let offer = GrantOffer { seconds: time.as_secs(), pattern, max_uses: flags.max_uses };
    ui.note(format_args!("{} {}", ui.bold("Grants    "), clean(&offer_text(&offer))));
    Ok(Some(offer))
}

/// Has somebody at the terminal edit a proposal. Blocks.
pub(super) fn ask(proposal: GrantProposal) -> dialoguer::Result<GrantOffer> {
    let GrantProposal { max_seconds, mut pattern } = proposal;
    let usual = USUAL.as_secs().min(max_seconds);
    let theme = ColorfulTheme::default();
    let time: String = Input::with_theme(&theme)
        .with_prompt(format!("For how long (at most {})", time_text(max_seconds)))
        .with_initial_text(time_text(usual))
        .validate_with(|text: &String| match args::duration(text) {
            Ok(time) if time.as_secs() <= max_seconds => Ok(()),
            Ok(_) => Err("the policy does not allow that long".to_owned()),
            Err(why) => Err(why),
        })
        .interact_text()?;
    let list = |prompt: &str, globs: &[Glob]| {
        let texts: Vec<_> = globs.iter().map(Glob::as_str).collect();
        let edited: String = Input::with_theme(&theme)
            .with_prompt(prompt)
            .with_initial_text(texts.join(" "))
            .interact_text()?;
        Ok::<_, dialoguer::Error>(edited.split_whitespace().map(Glob::from).collect::<Vec<_>>())
    };
    if !pattern.namespaces.is_empty() {
        pattern.namespaces = list("In which namespaces (* is a glob)", &pattern.namespaces)?;
    }
    pattern.names = list("Of which names (* is a glob)", &pattern.names)?;
    let seconds = args::duration(&time).map_or(usual, |time| time.as_secs());
    Ok(GrantOffer { seconds, pattern, max_uses: None })
}

/// `30m, once at most: delete pods web-* in shop`.
pub(super) fn offer_text(offer: &GrantOffer) -> String {
    let most = match offer.max_uses {
        None => String::new(),
        Some(most) => format!(", at most {most} times"),
    };
    format!("{}{most}: {}", time_text(offer.seconds), pattern_text(&offer.pattern))
}

/// `delete pods web-* in shop`, or `create pods/exec web-0 in shop -c app: sh -c ls`.
pub(in crate::commands) fn pattern_text(pattern: &GrantPattern) -> String {
    let GrantPattern { verbs, resource, namespaces, names, exec, .. } = pattern;
    let verbs: Vec<_> = verbs.iter().map(|verb| verb.as_str()).collect();
    let join = |globs: &[Glob]| globs.iter().map(Glob::as_str).collect::<Vec<_>>().join(",");
    let mut text = format!("{} {resource} {}", verbs.join(","), join(names));
    if !namespaces.is_empty() {
        text.extend([" in ", &join(namespaces)]);
    }
    if let Some(exec) = exec {
        if !exec.container.is_empty() {
            text.extend([" -c ", &exec.container]);
        }
        if !exec.command.is_empty() {
            text.extend([": ", &exec.command.join(" ")]);
        }
        for (is_on, how) in [(exec.stdin, ", with input"), (exec.tty, ", with a terminal")] {
            text.push_str(if is_on { how } else { "" });
        }
    }
    text
}

fn globs(texts: &[String]) -> Vec<Glob> {
    texts.iter().map(|text| Glob::new(text.clone())).collect()
}

fn verb(text: &str) -> Result<kguard::kube::request_info::Verb, Failure> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|_| {
        Failure::usage(format_args!("`{text}` is no verb")).hint("write get, update, delete, …")
    })
}

/// `1h30m`, as policies and flags have it.
fn time_text(seconds: u64) -> String {
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let mut text = String::new();
    for (number, unit) in parts.into_iter().filter(|(number, _)| *number > 0) {
        text.extend([&number.to_string(), unit]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_told_in_one_line() {
        let offer = |pattern: serde_json::Value| GrantOffer {
            seconds: 5400,
            pattern: serde_json::from_value(pattern).unwrap(),
            max_uses: Some(3),
        };
        for (pattern, text) in [
            (
                serde_json::json!({
                    "cluster": "prod", "verbs": ["delete", "update"], "resource": "pods",
                    "namespaces": ["shop"], "names": ["web-*", "db"],
                }),
                "1h30m, at most 3 times: delete,update pods web-*,db in shop",
            ),
            (
                serde_json::json!({
                    "cluster": "prod", "verbs": ["create"], "resource": "pods/exec",
                    "namespaces": ["shop"], "names": ["web-0"],
                    "exec": {"container": "app", "command": ["sh", "-c", "ls"]},
                }),
                "1h30m, at most 3 times: create pods/exec web-0 in shop -c app: sh -c ls",
            ),
        ] {
            assert_eq!(offer_text(&offer(pattern)), text);
        }
        assert_eq!([time_text(30), time_text(1800), time_text(3661)], ["30s", "30m", "1h1m1s"]);
    }
}
