//! Shows what happens to the session's requests while the program runs: who is waited for, what
//! was refused. All of it on standard error.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar};
use kguard::api::{Hold, HoldState, SessionEvent, Verdict};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::outcome::Outcome;
use crate::ui::{Ui, clean};

/// How often a hold is mentioned where there is no terminal.
const REMINDER: Duration = Duration::from_mins(1);

/// Watches in the background.
pub(super) struct Watcher {
    outcome: watch::Receiver<Outcome>,
}

impl Watcher {
    pub(super) fn start(ui: Ui, events: mpsc::Receiver<SessionEvent>) -> Self {
        let (sender, outcome) = watch::channel(Outcome::default());
        tokio::spawn(show_all(ui, events, sender));
        Self { outcome }
    }

    /// What is known by now, or becomes known within a moment.
    pub(super) async fn outcome(mut self, moment: Duration) -> Outcome {
        let known = self.outcome.wait_for(|outcome| outcome.explains_failure());
        match timeout(moment, known).await {
            Ok(Ok(outcome)) => *outcome,
            _ => Outcome::default(),
        }
    }
}

async fn show_all(
    ui: Ui,
    mut events: mpsc::Receiver<SessionEvent>,
    outcome: watch::Sender<Outcome>,
) {
    let spinners = MultiProgress::new();
    let mut waiting: BTreeMap<String, (String, ProgressBar)> = BTreeMap::new();
    let mut reminder = tokio::time::interval(REMINDER);
    reminder.reset();
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = reminder.tick() => {
                if !ui.is_terminal() {
                    for (text, _) in waiting.values() {
                        ui.note(format_args!("still {text}"));
                    }
                }
                continue;
            }
        };
        let Some(event) = event else { return };
        outcome.send_modify(|outcome| outcome.note_event(&event));
        match event {
            SessionEvent::Held { hold } => {
                // After a lost connection the gateway may tell it again.
                if let Entry::Vacant(place) = waiting.entry(hold.id.clone()) {
                    reminder.reset();
                    let text = waiting_text(&hold);
                    let spinner = spinners.add(ui.spinner(text.clone()));
                    place.insert((text, spinner));
                }
            }
            SessionEvent::Settled { hold } => {
                if let Some((_, spinner)) = waiting.remove(&hold.id) {
                    spinner.finish_and_clear();
                }
                if let Some(text) = settled_text(&hold) {
                    ui.note(text);
                }
            }
            // kubectl prints the refusal, which names the policy and the way out.
            SessionEvent::Refused { policy, .. } => {
                let policy = policy.as_deref().unwrap_or("none");
                ui.verbose(format_args!("refused; policy: {}", clean(policy)));
            }
        }
    }
}

fn waiting_text(hold: &Hold) -> String {
    let approvers: Vec<String> = hold.approvers.iter().map(ToString::to_string).collect();
    let people = match hold.quorum {
        0 | 1 => String::new(),
        quorum => format!("{quorum} of "),
    };
    let message = if hold.message.is_empty() {
        String::new()
    } else {
        format!(" ({})", clean(&hold.message))
    };
    format!(
        "waiting for approval by {people}{}{message}: kguard approve {}",
        clean(&approvers.join(", ")),
        clean(&hold.id)
    )
}

fn settled_text(hold: &Hold) -> Option<String> {
    let decided = |verdict| {
        let by = hold.decisions.iter().filter(|decision| decision.verdict == verdict);
        let texts = by.map(|decision| match &decision.comment {
            Some(comment) => format!("{}: {}", clean(&decision.by), clean(comment)),
            None => clean(&decision.by).into_owned(),
        });
        texts.collect::<Vec<_>>().join(", ")
    };
    let id = clean(&hold.id);
    match hold.state {
        HoldState::Approved | HoldState::Used => {
            Some(format!("{id} approved by {}", decided(Verdict::Approve)))
        }
        HoldState::Denied => Some(format!("{id} denied by {}", decided(Verdict::Deny))),
        HoldState::Expired => Some(format!("nobody decided on {id} in time")),
        HoldState::Cancelled | HoldState::Pending => None,
    }
}
