//! `kguard audit watch`: looks on while a stream runs.

use serde_json::value::RawValue;

use crate::args::WatchArgs;
use crate::context::Context;
use crate::control::Stream;
use crate::failure::{Failure, Kind};
use crate::recording::{Event, Summary, What};
use crate::screen::{Screen, Use};
use crate::stopped::Stops;
use crate::terminal::LineEnds;
use crate::ui::clean;

use super::super::sessions::{pick, running, what};

pub(super) async fn run(context: &Context, args: &WatchArgs) -> Result<(), Failure> {
    let (ui, control) = (context.ui, context.control()?);
    let streams = running(&control).await?;
    let stream = pick(&streams, &args.id)?;
    if !stream.recorded {
        let why = format_args!("`{}` is not recorded, so there is nothing to see", args.id);
        return Err(Failure::new(Kind::Other, why));
    }
    let mut lines = control.follow(&format!("/v1/streams/{}/recording", stream.id)).await?;
    let title = format!("{} in {}: {}", stream.caller, stream.cluster, what(stream));
    ui.note(format_args!("{}; Ctrl-C leaves, and it goes on", clean(&title)));
    let ends = if stream.tty { LineEnds::AsTheyAre } else { LineEnds::Translated };
    // Before the terminal is changed, so that it is put back.
    let stops = Stops::listen()?;
    let mut screen = Screen::open(Use::Watch(ends))?;
    let ended = tokio::select! {
        ended = follow(&mut lines, &mut screen) => Some(ended),
        () = stops.stopped() => None,
    };
    drop(screen);
    match ended {
        Some(summary) => {
            ui.note("the session has ended");
            for line in summary?.lines() {
                ui.note(line);
            }
        }
        None => ui.note("left; the session goes on"),
    }
    Ok(())
}

/// Shows what is printed until the stream ends.
async fn follow(
    lines: &mut Stream<Box<RawValue>>,
    screen: &mut Screen,
) -> Result<Summary, Failure> {
    let mut summary = Summary::default();
    while let Some(line) = lines.next().await? {
        // The header, and what a newer gateway may write, are no events.
        let Some(Event { what, .. }) = Event::read(line.get().as_bytes()) else { continue };
        summary.note(&what);
        if let What::Output(text) = what {
            screen.show(&text)?;
        }
    }
    Ok(summary)
}
