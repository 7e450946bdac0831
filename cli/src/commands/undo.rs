//! `kguard undo`: takes back a change that an approval let through, by a request of one's own.

use std::time::Duration;

use dialoguer::Confirm;
use dialoguer::theme::ColorfulTheme;
use jiff::Timestamp;
use kguard::api::undo::{Undo, UndoLine, UndoPreview, Undoable};
use kguard::api::{Hold, HoldState};

use crate::args::UndoArgs;
use crate::context::Context;
use crate::control::Stream;
use crate::effect_card::difference;
use crate::failure::{Failure, Kind};
use crate::hold_card::age;
use crate::output::{self, Columns, Format};
use crate::session::claims;
use crate::session::watch::words::{settled, waiting};
use crate::ui::{Ui, clean};

use super::approve::ask;

/// The way out where undoing is not possible.
const BY_HAND: &str = "`kguard undo ID --dry-run` shows the difference, as far as you may see it";

pub(super) async fn run(context: &Context, args: &UndoArgs) -> Result<(), Failure> {
    let control = context.control()?;
    let Some(id) = args.id.as_deref().filter(|_| !args.list) else {
        let changes: Vec<Undoable> = control.get("/v1/undo").await?;
        return print(args.format.output, &changes, Timestamp::now());
    };
    let path = path(id)?;
    let preview: UndoPreview = control.get(&path).await?;
    if args.dry_run {
        return match args.format.output {
            format @ (Format::Json | Format::Yaml) => output::value(format, &preview),
            _ => output::text(&card(context.ui, &preview)),
        };
    }
    context.ui.note(card(context.ui, &preview).trim_end());
    if let Some(obstacle) = &preview.obstacle {
        return Err(Failure::new(Kind::Other, obstacle).hint(BY_HAND));
    }
    if !args.yes && !confirmed(context.ui).await? {
        context.ui.note("nothing was undone");
        return Ok(());
    }
    let argv = ["kguard", "undo", id].map(str::to_owned).to_vec();
    let body = Undo { claims: claims(context, argv) };
    let lines = control.begin::<UndoLine>(&path, &body).await?;
    let waited = waited(context.ui, lines);
    match context.common.approval_timeout {
        Some(patience) => within(patience, waited).await,
        None => waited.await,
    }
}

async fn confirmed(ui: Ui) -> Result<bool, Failure> {
    if !ui.asks() {
        return Err(Failure::usage("there is nobody at the terminal to ask")
            .hint("`--yes` undoes without asking, `--dry-run` only shows"));
    }
    let question = || {
        Confirm::with_theme(&ColorfulTheme::default())
            .with_prompt("Undo?")
            .default(false)
            .interact()
    };
    ask(question).await
}

/// Whoever waits no longer goes away, and his hold with him.
async fn within(
    patience: Duration,
    waited: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    tokio::time::timeout(patience, waited).await.unwrap_or_else(|_| {
        Err(Failure::new(Kind::TimedOut, "nobody decided on it in time, so nothing was undone")
            .hint("without --approval-timeout it waits as long as the policy lets it"))
    })
}

/// Tells what happens until it is undone, or not.
async fn waited(ui: Ui, mut lines: Stream<UndoLine>) -> Result<(), Failure> {
    let mut timed_out = false;
    while let Some(line) = lines.next().await? {
        match line {
            UndoLine::Held { hold } => ui.note(waiting(&hold)),
            UndoLine::Settled { hold } => {
                timed_out = hold.state == HoldState::Expired;
                tell(ui, &hold);
            }
            UndoLine::Done => {
                ui.note("undone");
                return Ok(());
            }
            UndoLine::Failed { code, message } => return Err(failure(code, &message, timed_out)),
        }
    }
    let message = "the gateway ended the answer early; whether it is undone is not known";
    Err(Failure::new(Kind::Other, message)
        .hint("`kguard audit list` tells what became of the request"))
}

fn tell(ui: Ui, hold: &Hold) {
    if let Some(text) = settled(hold) {
        ui.note(text);
    }
}

fn failure(code: u16, message: &str, timed_out: bool) -> Failure {
    let kind = match code {
        _ if timed_out => Kind::TimedOut,
        403 => Kind::Refused,
        _ => Kind::Other,
    };
    let failure = Failure::new(kind, format_args!("nothing was undone: {message}"));
    if code == 409 { failure.hint(BY_HAND) } else { failure }
}

fn path(id: &str) -> Result<String, Failure> {
    let is_id = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_id {
        return Ok(format!("/v1/undo/{}", id.to_ascii_lowercase()));
    }
    Err(Failure::usage(format_args!("`{id}` is no request's id"))
        .hint("`kguard undo --list` lists what can be undone"))
}

/// What was changed, and what undoing would do.
fn card(ui: Ui, preview: &UndoPreview) -> String {
    let UndoPreview { change, sends, diff, notes, obstacle } = preview;
    let mut card = String::new();
    let mut line = |name: &str, value: &str| {
        card.extend([&ui.bold(&format!("{name:<11}")), &*clean(value), "\n"]);
    };
    line("Undoes", &format!("{} ({})", change.request.summary(), change.id));
    line("Was sent", &format!("by {} at {}", change.caller.name, change.at));
    line("Cluster", &change.cluster);
    line("Sends", sends);
    line("Possible", &format!("until {}", change.until));
    for note in notes {
        line("Note", note);
    }
    if let Some(obstacle) = obstacle {
        line("Obstacle", obstacle);
    }
    match diff.as_deref() {
        Some("") => line("Change", "none"),
        Some(diff) => {
            let command = format!("kguard undo {} --dry-run -o yaml", change.id);
            card.extend([ui.bold("Change").as_str(), "\n", &difference(ui, diff, &command)]);
        }
        None => {}
    }
    card
}

fn print(format: Format, changes: &[Undoable], now: Timestamp) -> Result<(), Failure> {
    let columns = Columns {
        headings: &["ID", "HOLD", "WHO", "CLUSTER", "CHANGE", "AGE", "LEFT"],
        wide: 7,
        row: &|change: &Undoable| {
            vec![
                change.id.to_string(),
                change.hold.clone().unwrap_or_default(),
                change.caller.name.clone(),
                change.cluster.clone(),
                change.request.summary(),
                age(change.at, now),
                age(now, change.until),
            ]
        },
    };
    columns.print(format, changes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::environment::Environment;
    use crate::ui::{Color, Verbosity};

    #[test]
    fn the_card_tells_what_was_changed_and_what_undoing_does() {
        let caller = json!({
            "name": "oidc:alice", "groups": [], "kind": "person", "issuer": "https://idp.example",
        });
        let preview = json!({
            "change": {
                "id": "01a210c5-f9f9-7007-83ba-997981bb9dba", "hold": "7kq4m", "caller": caller,
                "identity": caller, "cluster": "prod", "at": "2026-01-01T00:00:00Z",
                "until": "2026-01-04T00:00:00Z",
                "request": {
                    "verb": "delete", "path": "/api/v1/namespaces/shop/configmaps/c",
                    "apiGroup": "", "apiVersion": "v1", "namespace": "shop",
                    "resource": "configmaps", "subresource": "", "name": "c",
                },
            },
            "sends": "POST /api/v1/namespaces/shop/configmaps",
            "diff": "@@ -0,0 +1 @@\n+kind: ConfigMap\u{1b}\n",
            "notes": ["it will not belong to Widget w"],
        });
        let preview: UndoPreview = serde_json::from_value(preview).unwrap();
        let ui = Ui::new(&Environment::default(), Color::Never, Verbosity::Normal);
        let expected = "\
Undoes     delete configmaps/c in shop (01a210c5-f9f9-7007-83ba-997981bb9dba)
Was sent   by oidc:alice at 2026-01-01T00:00:00Z
Cluster    prod
Sends      POST /api/v1/namespaces/shop/configmaps
Possible   until 2026-01-04T00:00:00Z
Note       it will not belong to Widget w
Change
@@ -0,0 +1 @@
+kind: ConfigMap\\u{1b}
";
        assert_eq!(card(ui, &preview), expected);
    }

    #[test]
    fn who_fails_ends_with_the_code_that_says_why() {
        assert_eq!(failure(403, "no", false).kind, Kind::Refused);
        assert_eq!(failure(403, "no", true).kind, Kind::TimedOut);
        assert_eq!(failure(409, "no", false).kind, Kind::Other);
        assert!(!failure(409, "no", false).hints.is_empty());
        assert!(path("../holds").is_err());
    }
}
