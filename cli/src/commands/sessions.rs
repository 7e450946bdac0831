//! `kguard sessions`: the streams that run, and their end.

use dialoguer::Confirm;
use dialoguer::theme::ColorfulTheme;
use jiff::Timestamp;
use kguard::api::{EndStream, RunningStream};

use crate::args::{Common, EndArgs, SessionsArgs, SessionsCommand};
use crate::context::Context;
use crate::control::Control;
use crate::failure::{Failure, Kind};
use crate::hold_card::age;
use crate::output::{Columns, Format};
use crate::ui::clean;

use super::approve::ask;

/// So much of an id is the millisecond in which the request came. Few share one, and no later
/// request will, so that a listed id stays good in the trail.
const ID_CHARS: usize = "01a210c5-f9f9".len();

pub(super) async fn run(context: &Context, args: &SessionsArgs) -> Result<(), Failure> {
    match &args.what {
        Some(SessionsCommand::End(args)) => end(context, args).await,
        None => {
            let streams = running(&context.control()?).await?;
            print(args.list.format.output, &streams, Timestamp::now())
        }
    }
}

/// The common options of whichever command it is.
pub(super) fn common(args: &SessionsArgs) -> &Common {
    match &args.what {
        Some(SessionsCommand::End(args)) => &args.common,
        None => &args.list.common,
    }
}

/// All streams that the caller may see.
pub(super) async fn running(control: &Control) -> Result<Vec<RunningStream>, Failure> {
    Ok(control.get("/v1/streams").await?)
}

/// The one that is meant: by its id, the beginning of it, or the hold that let it through.
pub(super) fn pick<'a>(
    streams: &'a [RunningStream],
    id: &str,
) -> Result<&'a RunningStream, Failure> {
    let wanted = id.to_ascii_lowercase();
    let is_meant = |stream: &&RunningStream| {
        let hold = stream.hold.as_deref().is_some_and(|hold| hold.eq_ignore_ascii_case(id));
        hold || (!wanted.is_empty() && stream.id.to_string().starts_with(&wanted))
    };
    let mut meant = streams.iter().filter(is_meant);
    match (meant.next(), meant.count()) {
        (Some(stream), 0) => Ok(stream),
        (Some(_), more) => Err(Failure::usage(format_args!("{} sessions are `{id}`", more + 1))
            .hint("write more of the id; `kguard sessions` lists them")),
        (None, _) => Err(Failure::new(Kind::Other, format_args!("no session `{id}` is running"))
            .hint(
                "`kguard sessions` lists them; `kguard audit replay ID` plays one that has ended",
            )),
    }
}

/// What goes on in it: `exec shop/web-0 -c app: sh -c ls`.
pub(super) fn what(stream: &RunningStream) -> String {
    let RunningStream { kind, namespace, pod, container, command, .. } = stream;
    let mut what = format!("{kind} {namespace}/{pod}");
    if !container.is_empty() {
        what.extend([" -c ", container]);
    }
    if !command.is_empty() {
        what.extend([": ", &command.join(" ")]);
    }
    what
}

async fn end(context: &Context, args: &EndArgs) -> Result<(), Failure> {
    let (ui, control) = (context.ui, context.control()?);
    let streams = running(&control).await?;
    let stream = pick(&streams, &args.id)?;
    let title = format!("{} of {} in {}", what(stream), stream.caller, stream.cluster);
    let title = clean(&title).into_owned();
    if ui.asks() && !args.yes {
        let prompt = format!("End {title}?");
        let confirmed = ask(|| {
            Confirm::with_theme(&ColorfulTheme::default())
                .with_prompt(prompt)
                .default(false)
                .interact()
        });
        if !confirmed.await? {
            ui.note("nothing was ended");
            return Ok(());
        }
    }
    let order = EndStream { reason: context.common.reason.clone() };
    let _: RunningStream = control.post(&format!("/v1/streams/{}/end", stream.id), &order).await?;
    ui.note(format_args!("ended {title}"));
    Ok(())
}

fn print(format: Format, streams: &[RunningStream], now: Timestamp) -> Result<(), Failure> {
    let columns = Columns {
        headings: &["ID", "WHO", "CLUSTER", "WHAT", "TTY", "SINCE", "RECORDED", "HOLD"],
        wide: 7,
        row: &|stream: &RunningStream| {
            let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
            vec![
                short(streams, stream),
                stream.caller.clone(),
                stream.cluster.clone(),
                what(stream),
                yes(stream.tty),
                age(stream.started, now),
                yes(stream.recorded),
                stream.hold.clone().unwrap_or_default(),
            ]
        },
    };
    columns.print(format, streams)
}

/// The beginning of an id that none of the others has.
fn short(streams: &[RunningStream], stream: &RunningStream) -> String {
    let id = stream.id.to_string();
    let is_alone = |beginning: &&str| {
        streams.iter().filter(|other| other.id.to_string().starts_with(beginning)).count() <= 1
    };
    let mut beginnings = (ID_CHARS..id.len()).filter_map(|length| id.get(..length));
    beginnings.find(is_alone).unwrap_or(&id).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(id: &str, hold: Option<&str>) -> RunningStream {
        let stream = serde_json::json!({
            "id": id, "caller": "oidc:alice", "cluster": "prod", "namespace": "shop",
            "pod": "web-0", "kind": "exec", "container": "app", "command": ["sh", "-c", "ls"],
            "started": "2026-01-01T00:00:00Z", "hold": hold,
        });
        serde_json::from_value(stream).unwrap()
    }

    fn streams() -> Vec<RunningStream> {
        vec![
            stream("01a210c5-f9f9-7007-83ba-997981bb9dba", Some("7kq4m")),
            stream("01a210c5-f9f9-7107-83ba-997981bb9dba", None),
            stream("01a210c6-0000-7007-83ba-997981bb9dba", None),
        ]
    }

    #[test]
    fn ids_are_as_short_as_they_can_be() {
        let streams = streams();
        let ids: Vec<_> = streams.iter().map(|stream| short(&streams, stream)).collect();
        assert_eq!(ids, ["01a210c5-f9f9-70", "01a210c5-f9f9-71", "01a210c6-0000"]);
        for (id, stream) in ids.iter().zip(&streams) {
            assert_eq!(pick(&streams, id).unwrap(), stream);
        }
    }

    #[test]
    fn a_session_is_meant_by_the_beginning_of_its_id_or_by_its_hold() {
        let streams = streams();
        for (id, found) in [
            ("01a210c6", 2),
            ("01A210C6-", 2),
            ("7KQ4M", 0),
            ("01a210c5-f9f9-7107-83ba-997981bb9dba", 1),
        ] {
            assert_eq!(pick(&streams, id).unwrap(), &streams[found], "{id}");
        }
        for (id, message) in [
            ("01a210c5", "2 sessions are"),
            ("", "no session"),
            ("7kq4", "no session"),
            ("x", "no session"),
        ] {
            let failure = pick(&streams, id).unwrap_err();
            assert!(failure.message.contains(message), "{id}: {}", failure.message);
        }
    }

    #[test]
    fn what_goes_on_is_told_as_one_would_type_it() {
        let mut stream = stream("01a210c5-f9f9-7007-83ba-997981bb9dba", None);
        assert_eq!(what(&stream), "exec shop/web-0 -c app: sh -c ls");
        stream.command.clear();
        stream.container.clear();
        assert_eq!(what(&stream), "exec shop/web-0");
    }
}
