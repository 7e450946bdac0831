//! `kguard notifications`: those that did not arrive, and trying them.

use jiff::Timestamp;
use kguard::api::{DeadLetter, NotificationEvent, Sent};

use crate::args::{Common, NotificationsArgs, NotificationsCommand};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::hold_card::age;
use crate::output::{Columns, Format};
use crate::ui::clean;

pub(super) async fn run(context: &Context, args: &NotificationsArgs) -> Result<(), Failure> {
    let control = context.control()?;
    match &args.what {
        None => {
            let letters: Vec<DeadLetter> = control.get("/v1/notifications").await?;
            if letters.is_empty() {
                context.ui.note("every notification was delivered, or is still being tried");
            }
            print(args.list.format.output, &letters, Timestamp::now())
        }
        Some(NotificationsCommand::Retry { id, .. }) => {
            send(context, &format!("/v1/notifications/{}/retry", segment(id)?)).await
        }
        Some(NotificationsCommand::Test { name, .. }) => {
            send(context, &format!("/v1/notification-targets/{}/test", segment(name)?)).await
        }
    }
}

/// The common options of whichever command it is.
pub(super) fn common(args: &NotificationsArgs) -> &Common {
    match &args.what {
        Some(
            NotificationsCommand::Retry { common, .. } | NotificationsCommand::Test { common, .. },
        ) => common,
        None => &args.list.common,
    }
}

async fn send(context: &Context, path: &str) -> Result<(), Failure> {
    let sent: Sent = context.control()?.post(path, &()).await?;
    let target = clean(&sent.target);
    match sent.error {
        None => {
            context.ui.note(format_args!("delivered to {target}"));
            Ok(())
        }
        Some(error) => Err(Failure::new(
            Kind::Other,
            format_args!("{target} did not take it: {}", clean(&error)),
        )),
    }
}

/// A part of a path.
fn segment(text: &str) -> Result<&str, Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !text.is_empty() && text.chars().all(is_plain) {
        return Ok(text);
    }
    Err(Failure::usage(format_args!("`{text}` names no notification"))
        .hint("`kguard notifications` lists those that were not delivered"))
}

fn print(format: Format, letters: &[DeadLetter], now: Timestamp) -> Result<(), Failure> {
    let columns = Columns {
        headings: &["ID", "TARGET", "EVENT", "HOLD", "FAILED", "ATTEMPTS", "WHY"],
        wide: 7,
        row: &|letter: &DeadLetter| {
            let hold = letter.notification.hold.as_ref();
            vec![
                letter.id.clone(),
                letter.target.clone(),
                event(letter.notification.event).to_owned(),
                hold.map(|hold| hold.id.clone()).unwrap_or_default(),
                age(letter.failed, now),
                letter.attempts.to_string(),
                letter.error.clone(),
            ]
        },
    };
    columns.print(format, letters)
}

fn event(event: NotificationEvent) -> &'static str {
    match event {
        NotificationEvent::BreakGlass => "breakGlass",
        NotificationEvent::Escalated => "escalated",
        NotificationEvent::Held => "held",
        NotificationEvent::Settled => "settled",
        NotificationEvent::Test => "test",
    }
}
