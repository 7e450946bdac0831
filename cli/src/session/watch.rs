//! Shows what happens to the session's requests while the program runs: who is waited for, what
//! was refused. All of it on standard error.

pub(crate) mod words;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar};
use kguard::api::{Hold, SessionEvent};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use self::words::{broken, given_up, settled, waiting};
use crate::outcome::{Cause, Outcome};
use crate::tunnel::Tunnel;
use crate::ui::{Ui, clean};

/// How often a hold is mentioned where there is no terminal.
const REMINDER: Duration = Duration::from_mins(1);

/// How long an approval is waited for, and the way to say that it is no more.
pub(super) struct Patience {
    timeout: Option<Duration>,
    tunnel: Tunnel,
}

impl Patience {
    pub(super) fn new(timeout: Option<Duration>, tunnel: Tunnel) -> Self {
        Self { timeout, tunnel }
    }

    /// Ends a hold, so that its request is answered. One that is kept waits for the next run.
    async fn end(&self, hold: &Hold) -> bool {
        !hold.kept && self.tunnel.post(&format!("/v1/holds/{}/cancel", hold.id)).await.is_ok()
    }
}

/// Watches in the background.
pub(super) struct Watcher {
    outcome: watch::Receiver<Outcome>,
    gave_up: watch::Receiver<bool>,
}

impl Watcher {
    pub(super) fn start(ui: Ui, events: mpsc::Receiver<SessionEvent>, patience: Patience) -> Self {
        let (outcome, seen) = watch::channel(Outcome::default());
        let (gave_up, over) = watch::channel(false);
        let desk = Desk {
            ui,
            patience,
            outcome,
            gave_up,
            spinners: MultiProgress::new(),
            waiting: BTreeMap::new(),
        };
        tokio::spawn(desk.show_all(events));
        Self { outcome: seen, gave_up: over }
    }

    /// What is known by now.
    pub(super) fn outcome(&self) -> Outcome {
        *self.outcome.borrow()
    }

    /// Resolves when a hold is not waited for any more, and nothing will answer its request.
    pub(super) fn gave_up(&self) -> impl Future<Output = ()> + use<> {
        let mut gave_up = self.gave_up.clone();
        async move {
            if gave_up.wait_for(|gave_up| *gave_up).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// A hold that is waited for.
struct Waiting {
    hold: Hold,
    spinner: ProgressBar,
    until: Option<Instant>,
}

/// What is on the screen.
struct Desk {
    ui: Ui,
    patience: Patience,
    outcome: watch::Sender<Outcome>,
    gave_up: watch::Sender<bool>,
    spinners: MultiProgress,
    waiting: BTreeMap<String, Waiting>,
}

impl Desk {
    async fn show_all(mut self, mut events: mpsc::Receiver<SessionEvent>) {
        let mut reminder = tokio::time::interval(REMINDER);
        reminder.reset();
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => {
                        if self.show(event) {
                            reminder.reset();
                        }
                    }
                    None => return,
                },
                _ = reminder.tick() => self.remind(),
                id = self.next_given_up() => self.give_up(&id).await,
            }
        }
    }

    /// Shows an event; whether it is one that will be reminded of.
    fn show(&mut self, event: SessionEvent) -> bool {
        self.outcome.send_modify(|outcome| outcome.note_event(&event));
        match event {
            SessionEvent::BrokeGlass { hold } => self.ui.warn(broken(&hold)),
            SessionEvent::Held { hold } => return self.held(*hold),
            SessionEvent::Settled { hold } => {
                if let Some(waiting) = self.waiting.remove(&hold.id) {
                    waiting.spinner.finish_and_clear();
                }
                if let Some(text) = settled(&hold) {
                    self.ui.note(text);
                }
            }
            // kubectl prints the refusal, which names the policy and the way out.
            SessionEvent::Refused { policy, .. } => {
                let policy = policy.as_deref().unwrap_or("none");
                self.ui.verbose(format_args!("refused; policy: {}", clean(policy)));
            }
        }
        false
    }

    /// After a lost connection the gateway may tell it again, and it does when more people may
    /// decide.
    fn held(&mut self, hold: Hold) -> bool {
        let text = waiting(&hold);
        if let Some(known) = self.waiting.get_mut(&hold.id) {
            if waiting(&known.hold) == text {
                return false;
            }
            if !self.ui.is_terminal() {
                self.ui.note(&text);
            }
            known.spinner.set_message(text);
            known.hold = hold;
            return true;
        }
        if self.patience.tunnel.breaks_glass() {
            let why = "what holds this does not let you break the glass, so it waits as ever";
            self.ui.warn(why);
        }
        let spinner = self.spinners.add(self.ui.spinner(text));
        let until = self.patience.timeout.map(|timeout| Instant::now() + timeout);
        self.waiting.insert(hold.id.clone(), Waiting { hold, spinner, until });
        true
    }

    fn remind(&self) {
        if !self.ui.is_terminal() {
            for known in self.waiting.values() {
                self.ui.note(format_args!("still {}", waiting(&known.hold)));
            }
        }
    }

    /// The id of the hold that is waited for no longer, once its time has come.
    fn next_given_up(&self) -> impl Future<Output = String> + use<> {
        let due = self.waiting.iter().filter_map(|(id, known)| Some((known.until?, id.clone())));
        let next = due.min();
        async move {
            match next {
                Some((until, id)) => {
                    tokio::time::sleep_until(until).await;
                    id
                }
                None => std::future::pending().await,
            }
        }
    }

    async fn give_up(&mut self, id: &str) {
        let Some(Waiting { hold, spinner, .. }) = self.waiting.remove(id) else { return };
        spinner.finish_and_clear();
        self.ui.note(given_up(&hold));
        self.outcome.send_modify(|outcome| outcome.note(Cause::TimedOut));
        if !self.patience.end(&hold).await {
            self.gave_up.send_replace(true);
        }
    }
}
