//! Plays a recording: from its events, the keys that are pressed and the time that has gone by
//! comes what to show and how long to wait. Who calls has the clock, the keyboard and the screen.
//!
//! A screen cannot be taken back. So to go back is to begin anew and to hurry to the place, and so
//! is to take away the bar at the bottom.

mod clock;
mod press;
mod search;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead, Seek};
use std::time::Duration;

use crate::recording::{Event, Place, Reader, Summary, What};

use clock::Clock;
pub(crate) use search::Search;

/// How much is shown at once when hurrying; keys are looked at in between.
const BATCH_BYTES: usize = 64 << 10;

/// How fast to play.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Recorded seconds in a second.
    pub(crate) speed: f64,
    /// The longest time, in recorded seconds, in which nothing happens.
    pub(crate) idle_limit: Option<f64>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// Empty the screen.
    Clear,
    /// It is over.
    Ended,
    /// Show what the container printed.
    Output(String),
    /// Show this at the bottom.
    Bar(String),
    /// Wait for so long, or for a key.
    Wait(Option<Duration>),
}

/// A key that means something while playing, or in a text to search for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Char(char),
    Enter,
    Erase,
    Escape,
    Left,
    Right,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Pressed {
    GoOn,
    Quit,
}

/// What is shown without waiting.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Until {
    /// All up to this second of what is played.
    Moment(f64),
    /// All up to this second of the recording.
    Recorded(f64),
    /// All up to the event of this number.
    Event(u64),
}

/// What stands at the bottom.
#[derive(Debug, PartialEq, Eq)]
enum Bar {
    None,
    /// A text to search for, as it is typed.
    Prompt(String),
    /// Something that was said; the next key takes it away.
    Said,
}

/// An event with its place among those that are played.
#[derive(Debug)]
struct Due {
    /// The second at which it is shown. Without a limit to idle times it is the recorded one.
    at: f64,
    number: u64,
    event: Event,
}

/// A recording that is being played.
#[derive(Debug)]
pub(crate) struct Player<R> {
    reader: Reader<R>,
    pace: Pace,
    clock: Clock,
    /// Paused by the user; a bar pauses, too.
    paused: bool,
    next: Option<Due>,
    /// The last event that was shown.
    shown: Shown,
    hurry: Option<Until>,
    bar: Bar,
    /// What is to be drawn before anything else.
    draw: Vec<Step>,
    needle: Option<String>,
    summary: Summary,
}

#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    at: f64,
    recorded: f64,
    place: Place,
}

impl<R: BufRead + Seek> Player<R> {
    pub(crate) fn new(reader: Reader<R>, pace: Pace) -> Self {
        let shown = Shown { place: reader.start(), ..Shown::default() };
        Self {
            reader,
            pace,
            clock: Clock::new(pace.speed),
            paused: false,
            next: None,
            shown,
            hurry: None,
            bar: Bar::None,
            draw: Vec::new(),
            needle: None,
            summary: Summary::default(),
        }
    }

    /// Begins at this second of the recording; what comes before is shown at once.
    pub(crate) fn start_at(&mut self, recorded: f64) {
        self.hurry = Some(Until::Recorded(recorded));
    }

    /// Begins where this text is printed; whether it is.
    pub(crate) fn start_where(&mut self, needle: &str) -> io::Result<bool> {
        let found = self.find(needle)?;
        self.needle = Some(needle.to_owned());
        if let Some(event) = found {
            self.hurry = Some(Until::Event(event));
        }
        Ok(found.is_some())
    }

    /// What the events so far say besides output.
    pub(crate) fn into_summary(self) -> Summary {
        self.summary
    }

    /// How many lines so far were none.
    pub(crate) fn unreadable(&self) -> u64 {
        self.reader.place().unreadable
    }

    /// What to do next, at this time since the beginning.
    pub(crate) fn step(&mut self, now: Duration) -> io::Result<Step> {
        if !self.draw.is_empty() {
            return Ok(self.draw.remove(0));
        }
        let mut output = String::new();
        loop {
            let Some(due) = self.next()? else {
                let ended = output.is_empty();
                return Ok(if ended { Step::Ended } else { Step::Output(output) });
            };
            let wait = self.wait(now, &due);
            if wait != Some(Duration::ZERO) {
                self.next = Some(due);
                let shown = !output.is_empty();
                return Ok(if shown { Step::Output(output) } else { Step::Wait(wait) });
            }
            self.shown = Shown { at: due.at, recorded: due.event.at, place: self.reader.place() };
            self.summary.note(&due.event.what);
            if let What::Output(text) = due.event.what {
                output.push_str(&text);
            }
            if output.len() >= BATCH_BYTES {
                return Ok(Step::Output(output));
            }
        }
    }

    /// How long to wait for an event; none while paused.
    fn wait(&mut self, now: Duration, due: &Due) -> Option<Duration> {
        let (hurries, arrives) = match self.hurry {
            None => (false, None),
            Some(Until::Moment(moment)) => (due.at <= moment, Some(moment)),
            Some(Until::Recorded(moment)) => (due.event.at <= moment, Some(self.shown.at)),
            Some(Until::Event(number)) => (due.number <= number, Some(self.shown.at)),
        };
        if hurries {
            return Some(Duration::ZERO);
        }
        if let Some(moment) = arrives {
            self.hurry = None;
            self.clock.set(now, moment);
        }
        if self.is_held() { None } else { Some(self.clock.until(now, due.at)) }
    }

    fn next(&mut self) -> io::Result<Option<Due>> {
        if let Some(due) = self.next.take() {
            return Ok(Some(due));
        }
        let Some(event) = self.reader.next()? else { return Ok(None) };
        let gap = event.at - self.shown.recorded;
        let gap = self.pace.idle_limit.map_or(gap, |limit| gap.min(limit));
        Ok(Some(Due { at: self.shown.at + gap, number: self.reader.place().number, event }))
    }

    /// Whether time stands still.
    fn is_held(&self) -> bool {
        self.paused || self.bar != Bar::None
    }

    /// The number of the next event, behind what is shown, that prints the end of the text.
    fn find(&mut self, needle: &str) -> io::Result<Option<u64>> {
        let back = self.reader.place();
        self.reader.go_to(self.shown.place)?;
        let mut search = Search::new(needle);
        let mut found = None;
        while let Some(event) = self.reader.next()? {
            if let What::Output(text) = &event.what
                && search.push(text)
            {
                found = Some(self.reader.place().number);
                break;
            }
        }
        self.reader.go_to(back)?;
        Ok(found)
    }

    /// Begins anew, and hurries to where it is to go on.
    fn redraw(&mut self, until: Until) -> io::Result<()> {
        self.reader.go_to(self.reader.start())?;
        self.next = None;
        self.shown = Shown { place: self.reader.start(), ..Shown::default() };
        self.summary = Summary::default();
        self.hurry = Some(until);
        self.draw.clear();
        self.draw.push(Step::Clear);
        Ok(())
    }
}
