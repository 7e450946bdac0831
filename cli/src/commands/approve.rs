//! `kguard approve`: approves one request, or asks about each as it comes in.

pub(super) mod grant;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input, Select};
use jiff::Timestamp;
use kguard::api::{GrantOffer, GrantProposal, Hold, HoldState, Verdict, names};

use crate::args::ApproveArgs;
use crate::context::Context;
use crate::control::{Control, ControlError, Stream};
use crate::desktop::Desktop;
use crate::effect_card;
use crate::failure::Failure;
use crate::hold_card::{card, request_line, state};
use crate::ui::{Ui, clean};

use super::deny::decide;
use super::requests::path;

/// How long an approver is kept waiting for all of the effect before what is known is shown.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause before a stream that ended is asked for again.
const RECONNECT: Duration = Duration::from_secs(1);

pub(super) async fn run(context: &Context, args: &ApproveArgs) -> Result<(), Failure> {
    let control = context.control()?;
    let desktop = Desktop::new(&context.environment, context.ui, !args.no_notify);
    match &args.id {
        Some(id) => approve_one(context.ui, &control, id, args).await,
        None if context.ui.asks() => tokio::select! {
            ended = inbox((context.ui, desktop), &control) => ended,
            _ = tokio::signal::ctrl_c() => {
                // A question that was open has hidden it.
                context.ui.show_cursor();
                Ok(())
            }
        },
        None => Err(Failure::usage("there is nobody at the terminal to ask")
            .hint("name the request: `kguard approve ID`; `kguard requests` lists them")),
    }
}

async fn approve_one(
    ui: Ui,
    control: &Control,
    id: &str,
    args: &ApproveArgs,
) -> Result<(), Failure> {
    let hold: Hold = control.get(&path(id)?).await?;
    ui.note(card(ui, &hold, Timestamp::now()).trim_end());
    if hold.state == HoldState::Pending {
        show_effect(ui, control, &hold).await;
    }
    let grant = grant::of_flags(ui, control, (&hold, &args.grant)).await?;
    if hold.state == HoldState::Pending && ui.asks() && !args.yes {
        let confirmed = ask(|| {
            Confirm::with_theme(&ColorfulTheme::default())
                .with_prompt("Approve?")
                .default(false)
                .interact()
        });
        if !confirmed.await? {
            ui.note("nothing was decided");
            return Ok(());
        }
    }
    let decision = (Verdict::Approve, args.comment.clone(), grant);
    let decided = decide(control, &hold, decision).await?;
    report(ui, &decided);
    Ok(())
}

/// Shows what a request would do. If that cannot be told, it says why, and the decision is still
/// the approver's.
async fn show_effect(ui: Ui, control: &Control, hold: &Hold) {
    let effect = effect_card::fetch(ui, control, hold, PATIENCE).await;
    ui.note(effect_card::card(ui, &effect, &hold.id).trim_end());
}

/// What may be done about a request.
#[derive(Debug, Clone, Copy)]
enum Choice {
    Decide(Verdict),
    Skip,
}

/// What was decided: the choice, in which words, and with which grant.
type Chosen = (Choice, Option<String>, Option<GrantOffer>);

/// Asks about requests as they come in, until Ctrl-C. A gateway that restarts is waited for: what
/// is pending comes first again, so nothing is missed.
async fn inbox((ui, desktop): (Ui, Desktop), control: &Control) -> Result<(), Failure> {
    let mut was_connected = false;
    loop {
        match control.follow("/v1/inbox").await {
            Ok(mut stream) => {
                was_connected = true;
                ui.note("waiting for requests that you may decide; Ctrl-C ends");
                while let Ok(Some(hold)) = stream.next().await {
                    handle((ui, desktop), control, &mut stream, hold).await?;
                }
            }
            Err(ControlError::Unreachable { .. }) if was_connected => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

/// Asks about one request and, afterwards, about what came in meanwhile.
async fn handle(
    (ui, desktop): (Ui, Desktop),
    control: &Control,
    stream: &mut Stream<Hold>,
    first: Hold,
) -> Result<(), Failure> {
    let mut queue = BTreeMap::from([((first.created, first.id.clone()), first)]);
    while let Some((_, hold)) = queue.pop_first() {
        if hold.state != HoldState::Pending {
            tell_of_broken_glass(ui, &hold);
            continue;
        }
        let call = desktop.notification(&format!(
            "{} asks to {} on {}",
            hold.caller.name,
            hold.summary(),
            hold.cluster
        ));
        ui.note(format_args!("\x07{call}\n{}", card(ui, &hold, Timestamp::now()).trim_end()));
        show_effect(ui, control, &hold).await;
        // What cannot be proposed cannot be chosen: of the policy that holds it, say, since it changed.
        let proposal = match hold.max_grant {
            Some(_) => grant::proposal(control, &hold).await.ok(),
            None => None,
        };
        let is_gone = Arc::new(AtomicBool::new(false));
        let mut asked = std::pin::pin!(choose(proposal, Arc::clone(&is_gone)));
        let (mut connected, mut gone) = (true, false);
        let (choice, comment, grant) = loop {
            tokio::select! {
                answer = &mut asked => break answer?,
                news = stream.next(), if connected => match news {
                    Ok(Some(news)) if news.id == hold.id => {
                        gone = news.state != HoldState::Pending;
                        is_gone.store(gone, Ordering::Relaxed);
                        if gone {
                            ui.note(format_args!(
                                "\n{} is {} by now; Enter goes on",
                                clean(&news.id),
                                state(&news)
                            ));
                        }
                    }
                    Ok(Some(news)) => {
                        if news.state == HoldState::Pending {
                            ui.note(format_args!("\n{} waits, too", clean(&news.id)));
                        }
                        queue.insert((news.created, news.id.clone()), news);
                    }
                    // The next stream tells what is still pending. This question has to be
                    // answered first: two of them would share one terminal's keys.
                    Ok(None) | Err(_) => connected = false,
                },
            }
        };
        if let (Choice::Decide(verdict), false) = (choice, gone) {
            match decide(control, &hold, (verdict, comment, grant)).await {
                Ok(decided) => report(ui, &decided),
                // Somebody else was faster, or it timed out: no reason to stop.
                Err(failure) => ui.failure(&failure),
            }
        }
        if !connected {
            return Ok(());
        }
    }
    Ok(())
}

/// Asks what to do; and not for a comment on what `is_gone` by then.
async fn choose(
    proposal: Option<GrantProposal>,
    is_gone: Arc<AtomicBool>,
) -> Result<Chosen, Failure> {
    ask(move || {
        let theme = ColorfulTheme::default();
        let mut items = vec!["skip", "approve", "deny"];
        items.extend(proposal.as_ref().map(|_| "approve this and others like it, for a while"));
        let select = Select::with_theme(&theme).with_prompt("Decide").items(items).default(0);
        let (verdict, grant) = match (select.interact()?, proposal) {
            (1, _) => (Verdict::Approve, None),
            (2, _) => (Verdict::Deny, None),
            (3, Some(proposal)) => (Verdict::Approve, Some(grant::ask(proposal)?)),
            _ => return Ok((Choice::Skip, None, None)),
        };
        if is_gone.load(Ordering::Relaxed) {
            return Ok((Choice::Skip, None, None));
        }
        let comment: String = Input::with_theme(&theme)
            .with_prompt("Comment (may be empty)")
            .allow_empty(true)
            .interact_text()?;
        let comment = Some(comment).filter(|comment| !comment.trim().is_empty());
        Ok((Choice::Decide(verdict), comment, grant))
    })
    .await
}

/// What ran without waiting for anybody here is told once, and asks for nothing now.
fn tell_of_broken_glass(ui: Ui, hold: &Hold) {
    if let Some(broken) = hold.break_glass.as_ref().filter(|_| hold.owes_review()) {
        ui.warn(format_args!(
            "\x07{} broke the glass: {} on {} ran without approval ({}). Look at it, then: kguard \
             reviews close {} --comment …",
            clean(&hold.caller.name),
            clean(&request_line(hold)),
            clean(&hold.cluster),
            clean(&broken.reason),
            clean(&hold.id),
        ));
    }
}

/// Asks on a thread of its own, since the terminal blocks.
pub(super) async fn ask<T: Send + 'static>(
    question: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let answer = tokio::task::spawn_blocking(question).await.map_err(std::io::Error::other)?;
    let dialoguer_error = |dialoguer::Error::IO(error)| Failure::from(error);
    answer.map_err(dialoguer_error)
}

fn report(ui: Ui, hold: &Hold) {
    match hold.state {
        HoldState::Pending => {
            let open = hold.demands.iter().filter(|demand| !demand.is_met());
            let more = open.map(|of| format!("{} more of {}", of.missing(), names(&of.approvers)));
            let more = more.collect::<Vec<_>>().join(", and ");
            ui.note(format_args!("{} waits for {}", clean(&hold.id), clean(&more)));
        }
        _ => ui.note(format_args!("{} is {}", clean(&hold.id), state(hold))),
    }
    if hold.state == HoldState::Approved {
        match (&hold.grant, hold.decisions.last().and_then(|last| last.grant.as_deref())) {
            (Some(id), Some(offer)) => ui.note(format_args!(
                "and so are others like it for {}; kguard grants revoke {}",
                clean(&grant::offer_text(offer)),
                clean(id)
            )),
            (None, Some(_)) => ui.warn("just this request: the approvers do not name one grant"),
            _ => {}
        }
    }
}
