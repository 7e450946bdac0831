//! What a held request would do, below its card.

use std::fmt::Write as _;
use std::time::Duration;

use kguard::api::Hold;
use kguard::api::effect::{BlastRadius, Effect, ExecEffect, KindCount};

use crate::control::{Control, ControlError};
use crate::ui::{Ui, clean};

/// Lines of a difference that are shown; more scroll away what comes before them.
const MOST_LINES: usize = 200;
/// Kinds that are named.
const MOST_KINDS: usize = 15;
/// Objects of a sort that are named.
const MOST_NAMES: usize = 10;

/// Asks the gateway what a hold would do, and waits until that is known, or for so long.
pub(crate) async fn fetch(
    ui: Ui,
    control: &Control,
    hold: &Hold,
    longest: Duration,
) -> Result<Effect, ControlError> {
    let spinner = ui.is_terminal().then(|| ui.spinner("working out what it would do".to_owned()));
    let mut effect = Effect::default();
    let path = format!("/v1/holds/{}/effect", hold.id);
    let followed = async {
        let mut lines = control.follow::<Effect>(&path).await?;
        while let Some(line) = lines.next().await? {
            effect = line;
            if effect.complete {
                break;
            }
        }
        Ok(())
    };
    // What is known by then is shown; that it is not all is said.
    let ended = tokio::time::timeout(longest, followed).await;
    if let Some(spinner) = spinner {
        spinner.finish_and_clear();
    }
    ended.unwrap_or(Ok(())).map(|()| effect)
}

/// What it would do, or why that is not known: approving stays possible.
pub(crate) fn card(ui: Ui, effect: &Result<Effect, ControlError>, id: &str) -> String {
    match effect {
        Ok(effect) => Card { ui, text: String::new() }.of(effect, id),
        Err(error) => {
            let mut card = Card { ui, text: String::new() };
            card.line("Effect", &format!("cannot be worked out: {error}"));
            card.text
        }
    }
}

/// A unified diff for the terminal; `command` prints all of it.
pub(crate) fn difference(ui: Ui, diff: &str, command: &str) -> String {
    let mut card = Card { ui, text: String::new() };
    card.diff(diff, command);
    card.text
}

fn in_full(id: &str) -> String {
    format!("kguard requests {id} -o yaml")
}

/// A card as it is written.
struct Card {
    ui: Ui,
    text: String,
}

impl Card {
    fn of(mut self, effect: &Effect, id: &str) -> String {
        if let Some(moved) = &effect.moved {
            let (first, diff) = moved.what.split_once('\n').unwrap_or((&moved.what, ""));
            let warning = self.ui.paint("33;1", &clean(first));
            self.painted("Moved", &warning);
            self.diff(diff, &in_full(id));
        }
        self.exec(effect.exec.as_ref());
        if let Some(scale) = &effect.scale {
            self.line("Replicas", &format!("{} → {}", scale.from, scale.to));
        }
        for manager in &effect.managed_by {
            self.line("Managed by", manager);
        }
        if let Some(radius) = &effect.blast_radius {
            self.radius(radius);
        }
        for note in &effect.notes {
            self.line("Note", note);
        }
        if !effect.complete {
            self.line("Note", "this is not all: the rest is still being worked out");
        }
        match &effect.change {
            Some(change) if change.diff.is_empty() => self.line("Change", "none"),
            Some(change) => {
                self.painted("Change", "");
                self.diff(&change.diff, &in_full(id));
            }
            None => {}
        }
        self.text
    }

    fn exec(&mut self, exec: Option<&ExecEffect>) {
        let Some(exec) = exec else { return };
        let ExecEffect { namespace, pod, uid, container, image, node, argv, tty } = exec;
        self.line("Pod", &format!("{namespace}/{pod} on {node} ({uid})"));
        self.line("Container", &format!("{container}, {image}"));
        if !argv.is_empty() {
            // Quoted, so that one argument cannot look like two.
            let argv: Vec<_> = argv.iter().map(|argument| quoted(argument)).collect();
            let terminal = if *tty { " (at a terminal)" } else { "" };
            self.line("Runs", &format!("{}{terminal}", argv.join(" ")));
        }
    }

    fn radius(&mut self, radius: &BlastRadius) {
        self.some("Namespace", &radius.namespaces, Clone::clone);
        self.kinds(&radius.kinds);
        self.some("Volume", &radius.volumes, |volume| {
            let (name, policy) = (&volume.name, &volume.reclaim_policy);
            format!("{name}, {}, would be released: {policy}", volume.storage)
        });
        self.some("Balancer", &radius.load_balancers, |of| {
            format!("{}/{} {}", of.namespace, of.name, of.addresses.join(", "))
        });
        self.some("Budget", &radius.budgets, |budget| {
            format!("{}/{} would be broken: {}", budget.namespace, budget.name, budget.why)
        });
    }

    fn kinds(&mut self, kinds: &[KindCount]) {
        let total = kinds.iter().map(|kind| kind.count).fold(0, u64::saturating_add);
        let more = if kinds.iter().any(|kind| kind.more) { ", at least" } else { "" };
        self.line("Takes", &format!("{total} objects along{more}"));
        for KindCount { kind, api_version, count, more } in kinds.iter().take(MOST_KINDS) {
            let more = if *more { "+" } else { "" };
            self.line("", &format!("{count:>8}{more} {kind} ({api_version})"));
        }
        if let Some(left @ 1..) = kinds.len().checked_sub(MOST_KINDS) {
            self.line("", &format!("and {left} more kinds"));
        }
    }

    fn some<T>(&mut self, name: &str, of: &[T], say: impl Fn(&T) -> String) {
        for one in of.iter().take(MOST_NAMES) {
            self.line(name, &say(one));
        }
        if let Some(left @ 1..) = of.len().checked_sub(MOST_NAMES) {
            self.line(name, &format!("and {left} more"));
        }
    }

    /// A unified diff, each line in its colour; `command` prints all of it.
    fn diff(&mut self, diff: &str, command: &str) {
        let lines = diff.lines().count();
        for line in diff.lines().take(MOST_LINES) {
            let shown = clean(line);
            let shown = match line.as_bytes().first() {
                Some(b'+') => self.ui.paint("32", &shown),
                Some(b'-') => self.ui.paint("31", &shown),
                Some(b'@') => self.ui.paint("36", &shown),
                _ => shown.into_owned(),
            };
            self.text.extend([&shown, "\n"]);
        }
        if let Some(left @ 1..) = lines.checked_sub(MOST_LINES) {
            // Writing to a String does not fail.
            let _ = writeln!(self.text, "… {left} more lines: `{}`", clean(command));
        }
    }

    fn line(&mut self, name: &str, value: &str) {
        let value = clean(value).into_owned();
        self.painted(name, &value);
    }

    fn painted(&mut self, name: &str, value: &str) {
        let line = format!("{}{value}", self.ui.bold(&format!("{name:<11}")));
        self.text.extend([line.trim_end(), "\n"]);
    }
}

/// As a shell would want it.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::environment::Environment;
    use crate::ui::{Color, Verbosity};

    fn shown(color: Color, effect: serde_json::Value) -> String {
        let ui = Ui::new(&Environment::default(), color, Verbosity::Normal);
        card(ui, &Ok(serde_json::from_value(effect).unwrap()), "7KQ4")
    }

    #[test]
    fn the_card_shows_all_that_goes_along() {
        let card = shown(
            Color::Never,
            json!({
                "complete": true,
                "moved": {"what": "it was changed\n@@ -1 +1 @@\n-a\n+b\n"},
                "managedBy": ["Helm, release shop/web"],
                "blastRadius": {
                    "namespaces": ["shop"],
                    "kinds": [
                        {"kind": "Pod", "apiVersion": "v1", "count": 10_000},
                        {"kind": "Widget", "apiVersion": "a.example/v1", "count": 500, "more": true},
                    ],
                    "volumes": [{"name": "pv-1", "reclaimPolicy": "Delete", "storage": "8Gi"}],
                    "loadBalancers": [{"namespace": "shop", "name": "web", "addresses": ["192.0.2.1"]}],
                    "budgets": [{"namespace": "shop", "name": "web", "why": "2 of its pods go"}],
                },
                "notes": ["1 waits\u{1b}[2K"],
            }),
        );
        let expected = "\
Moved      it was changed
@@ -1 +1 @@
-a
+b
Managed by Helm, release shop/web
Namespace  shop
Takes      10500 objects along, at least
              10000 Pod (v1)
                500+ Widget (a.example/v1)
Volume     pv-1, 8Gi, would be released: Delete
Balancer   shop/web 192.0.2.1
Budget     shop/web would be broken: 2 of its pods go
Note       1 waits\\u{1b}[2K
";
        assert_eq!(card, expected);
    }

    #[test]
    fn one_argument_cannot_look_like_two() {
        let card = shown(
            Color::Never,
            json!({"complete": true, "exec": {
                "namespace": "shop", "pod": "web-1", "uid": "u", "container": "main", "image": "i:1",
                "node": "n", "argv": ["sh", "-c", "a b'c", ""], "tty": true,
            }}),
        );
        assert_eq!(
            card,
            "Pod        shop/web-1 on n (u)\nContainer  main, i:1\nRuns       sh -c 'a b'\\''c' '' (at a terminal)\n"
        );
    }

    #[test]
    fn a_long_difference_is_coloured_and_cut() {
        let lines: Vec<_> = (0..5000).map(|line| format!("+line {line}")).collect();
        let diff = lines.join("\n");
        let card = shown(Color::Always, json!({"complete": true, "change": {"diff": diff}}));
        assert!(
            card.contains(
                "\x1b[32m+line 199\x1b[0m\n… 4800 more lines: `kguard requests 7KQ4 -o yaml`"
            ),
            "{card}"
        );
        let plain =
            shown(Color::Never, json!({"complete": false, "change": {"diff": "-\u{1b}]0;x\n"}}));
        assert!(!plain.contains('\u{1b}') && plain.contains("this is not all"), "{plain}");
    }
}
