//! What notifications say to people, before any format: a title, facts, and what to do.

use std::fmt::Write as _;

use kguard::api::{
    Decision, Demand, HoldState, Notice, Notification, NotificationEvent, Verdict, people,
};
use kguard::hidden::is_hidden;

/// The longest text of others in a message; the chats cut longer ones or refuse them.
const MAX_CHARS: usize = 300;

/// Said with the last request that is told of a caller who asks all the time.
const THROTTLED: &str = "the same caller asks so often that the next ones are told of later; \
                         `kguard approve` and the page show all";

/// A message in words. None of the texts has a line break or a control character in it.
pub(super) struct Text {
    pub(super) title: String,
    /// What is asked for, and by whom, one below the other.
    pub(super) facts: Vec<(&'static str, String)>,
    /// The address of the page.
    pub(super) url: Option<String>,
    /// The command to decide with.
    pub(super) command: Option<String>,
}

impl Text {
    pub(super) fn of(notification: &Notification) -> Self {
        let Some(hold) = &notification.hold else {
            let title = "kguard: this is a test, and it has arrived".to_owned();
            return Self { title, facts: Vec::new(), url: None, command: None };
        };
        let waits = hold.state == HoldState::Pending;
        let mut facts = facts(hold);
        if notification.throttled {
            facts.push(("Note", THROTTLED.to_owned()));
        }
        Self {
            title: title(notification.event, hold),
            facts,
            url: hold.url.clone(),
            command: waits.then(|| hold.command.clone()),
        }
    }

    /// All of it as lines.
    pub(super) fn lines(&self) -> String {
        let mut lines = format!("{}\n\n", self.title);
        for (name, value) in &self.facts {
            // Writing to a String does not fail.
            let _ = writeln!(lines, "{:<12}{value}", format!("{name}:"));
        }
        for line in self.url.iter().chain(&self.command) {
            let _ = write!(lines, "\n{line}\n");
        }
        lines
    }
}

fn title(event: NotificationEvent, hold: &Notice) -> String {
    let id = plain(&hold.id);
    match event {
        NotificationEvent::BreakGlass => format!("kguard: {id} ran without an approval"),
        NotificationEvent::Escalated => {
            format!("kguard: {id} still waits, and more people may decide now")
        }
        NotificationEvent::Held | NotificationEvent::Test => {
            format!("kguard: {id} waits for an approval")
        }
        NotificationEvent::Settled => format!("kguard: {id} is {}", hold.state.as_str()),
    }
}

fn facts(hold: &Notice) -> Vec<(&'static str, String)> {
    let said = |of: &Demand| format!("{}: {}", of.policy, of.message);
    let policies: Vec<_> = hold.demands.iter().map(said).collect();
    let decisions: Vec<_> = hold.decisions.iter().map(decided).collect();
    let facts = [
        ("Who", hold.caller.name.clone()),
        ("Acting as", hold.acting_as.clone().unwrap_or_default()),
        ("Does", format!("{} on {}", hold.summary, hold.cluster)),
        ("Policy", policies.join("; ")),
        ("Reason", hold.claims.reason.clone().unwrap_or_default()),
        ("Command", hold.claims.argv.join(" ")),
        ("CI run", hold.claims.run.clone().unwrap_or_default()),
        ("Approvers", people(&hold.demands)),
        ("Decisions", decisions.join("; ")),
        ("Until", hold.expires.strftime("%Y-%m-%d %H:%M UTC").to_string()),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    facts.map(|(name, value)| (name, plain(&value))).collect()
}

fn decided(decision: &Decision) -> String {
    let verdict = match decision.verdict {
        Verdict::Approve => "approved",
        Verdict::Deny => "denied",
    };
    let comment = decision.comment.as_deref().unwrap_or_default();
    format!("{verdict} by {} {comment}", decision.by)
}

/// A text of somebody else on one line: what controls a terminal or a mail, or turns the direction
/// of writing, is shown as an escape; what is too long is cut.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    for char in chars.by_ref().take(MAX_CHARS) {
        if is_hidden(char) {
            plain.extend(char.escape_default());
        } else {
            plain.push(char);
        }
    }
    if chars.next().is_some() {
        plain.push('…');
    }
    plain
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::samples;

    /// A notification of a hold whose requester wrote `text` wherever he may.
    pub(crate) fn notification(event: NotificationEvent, text: &str) -> Notification {
        let mut hold = samples::hold("7kq4m", HoldState::Pending, "2026-01-01T00:00:00Z");
        hold.claims.reason = Some(text.to_owned());
        hold.claims.argv = vec!["kubectl".to_owned(), text.to_owned()];
        hold.message = text.to_owned();
        hold.demands[0].message = text.to_owned();
        hold.cluster = text.to_owned();
        hold.url = Some("https://kguard.example/ui/#/holds/7kq4m".to_owned());
        let at = hold.created;
        let hold = Some(Arc::new(Notice::of(&hold)));
        Notification { id: "1".into(), event, at, hold, throttled: false }
    }

    #[test]
    fn who_reads_it_knows_who_wants_what_and_what_to_do() {
        let lines = Text::of(&notification(NotificationEvent::Held, "x")).lines();
        let expected = "\
kguard: 7kq4m waits for an approval

Who:        oidc:alice
Does:       delete pods/web in shop on x
Policy:     deletes: x
Reason:     x
Command:    kubectl x
Approvers:  1 of group:oidc:sre
Until:      2026-01-01 00:00 UTC

https://kguard.example/ui/#/holds/7kq4m

kguard approve 7kq4m
";
        assert_eq!(lines, expected);
    }

    #[test]
    fn texts_of_others_stay_on_their_line_and_are_cut() {
        let text = Text::of(&notification(
            NotificationEvent::Held,
            &format!("a\r\nBcc: b\u{202e}c\u{1b}[31m{}", "d".repeat(1000)),
        ));
        for (_, value) in &text.facts {
            assert!(!value.contains(['\r', '\n', '\u{202e}', '\u{1b}']), "{value:?}");
            assert!(value.chars().count() < 400, "{value:?}");
        }
    }
}
