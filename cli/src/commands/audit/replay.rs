//! `kguard audit replay`: plays a recording, after a look at whether it is the one that the trail
//! names.

mod play;
mod print;
mod source;
mod trail;

use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use crate::args::PlayArgs;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output;
use crate::player::{Pace, Player};
use crate::recording::{Header, Reader, Summary, What};
use crate::stopped::Stops;
use crate::terminal::{LineEnds, RawTerminal};
use crate::ui::{Ui, clean};

/// A verified copy that is being read.
type Recording = Reader<BufReader<File>>;

/// What there is to say when all has been seen.
#[derive(Debug)]
struct Seen {
    summary: Summary,
    unreadable: u64,
}

pub(super) async fn run(context: &Context, args: &PlayArgs) -> Result<(), Failure> {
    let terminal = io::stdout().is_terminal();
    if args.output.is_some() && terminal {
        return Err(Failure::usage("a recording as it is may harm a terminal")
            .hint("send it to a file: `kguard audit replay ID -o asciicast >session.cast`"));
    }
    let mut file = source::open(context, args).await?;
    if args.output.is_some() {
        return output::copy(&mut file);
    }
    let (header, mut reader) = Reader::open(BufReader::new(file))?;
    let seen = if terminal && !args.no_delay {
        introduce(context.ui, &header, size(&header, &mut reader)?);
        play(args, &header, reader).await?
    } else {
        let (from, search) = (args.from, args.search.clone());
        until_stopped(move |stop| print::print(reader, &print::Begin { from, search }, stop))
            .await?
    };
    if let Some(Seen { summary, unreadable }) = seen {
        conclude(context.ui, &header, &summary, unreadable);
    }
    Ok(())
}

async fn play(
    args: &PlayArgs,
    header: &Header,
    reader: Recording,
) -> Result<Option<Seen>, Failure> {
    let pace = Pace { speed: args.speed, idle_limit: args.idle_limit };
    let mut player = Player::new(reader, pace);
    if let Some(from) = args.from {
        player.start_at(from);
    }
    if let Some(text) = &args.search
        && !player.start_where(text)?
    {
        return Err(not_found(text));
    }
    let ends = if header.is_tty() { LineEnds::AsTheyAre } else { LineEnds::Translated };
    until_stopped(move |stop| play::play(player, ends, stop)).await
}

/// Runs on a thread of its own what waits for the terminal; it is told when it is to stop.
async fn until_stopped<T: Send + 'static>(
    work: impl FnOnce(&AtomicBool) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    // Before the terminal is changed, so that it is put back.
    let stops = Stops::listen()?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let mut working = tokio::task::spawn_blocking(move || work(&told));
    let done = tokio::select! {
        done = &mut working => done,
        () = stops.stopped() => {
            stop.store(true, Ordering::Relaxed);
            // It puts the terminal back, which takes no time.
            working.await
        }
    };
    done.map_err(io::Error::other)?
}

fn not_found(text: &str) -> Failure {
    Failure::new(Kind::Other, format_args!("`{text}` is not printed in this recording"))
}

/// The size of the terminal at the first output. Many are told it just after they begin.
fn size(header: &Header, reader: &mut Recording) -> io::Result<Option<(u64, u64)>> {
    let mut size = header.size;
    while let Some(event) = reader.next()? {
        match event.what {
            What::Resize(columns, lines) => size = Some((columns, lines)),
            What::Output(_) => break,
            _ => {}
        }
    }
    reader.go_to(reader.start())?;
    Ok(size)
}

fn introduce(ui: Ui, header: &Header, size: Option<(u64, u64)>) {
    let since = header.timestamp.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let title = match (header.title(), since) {
        (title, Some(since)) if !title.is_empty() => format!("{title}, {since}"),
        (title, since) => since.map_or(title, |since| since.to_string()),
    };
    if !title.is_empty() {
        ui.note(clean(&title));
    }
    if let (Some((width, height)), Some((columns, lines))) = (size, RawTerminal::size())
        && header.is_tty()
        && (width > columns || height > lines)
    {
        ui.hint(format_args!(
            "recorded at {width}×{height}; this terminal has {columns}×{lines} and may show it askew"
        ));
    }
}

fn conclude(ui: Ui, header: &Header, summary: &Summary, unreadable: u64) {
    for line in summary.lines() {
        ui.note(line);
    }
    if unreadable > 0 {
        ui.warn(format_args!("{unreadable} lines of the recording could not be read"));
    }
    if header.is_of_gateway() && !summary.has_end() {
        ui.warn("the recording does not say how the session ended");
    }
}
