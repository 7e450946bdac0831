//! What keys do.

use std::io::{self, BufRead, Seek};
use std::time::Duration;

use super::{Bar, Key, Player, Pressed, Step, Until};

/// How far an arrow key goes.
const LEAP_SECONDS: f64 = 5.0;
/// The longest text that is searched for.
const MAX_NEEDLE_CHARS: usize = 200;

impl<R: BufRead + Seek> Player<R> {
    /// A key was pressed.
    pub(crate) fn press(&mut self, now: Duration, key: Key) -> io::Result<Pressed> {
        match (std::mem::replace(&mut self.bar, Bar::None), key) {
            (Bar::Prompt(text), key) => self.type_in(now, text, key)?,
            (Bar::Said, key) => {
                self.redraw(Until::Event(self.shown.place.number))?;
                self.hold(now);
                return self.press(now, key);
            }
            (Bar::None, Key::Char('q')) => return Ok(Pressed::Quit),
            (Bar::None, Key::Char(' ')) => self.paused = !self.paused,
            (Bar::None, Key::Char('+' | '=')) => self.clock.faster(now),
            (Bar::None, Key::Char('-')) => self.clock.slower(now),
            (Bar::None, Key::Char('/')) => self.prompt(String::new()),
            (Bar::None, Key::Char('n')) => self.search_again()?,
            (Bar::None, Key::Left) => {
                self.redraw(Until::Moment((self.position(now) - LEAP_SECONDS).max(0.0)))?;
            }
            (Bar::None, Key::Right) => {
                self.hurry = Some(Until::Moment(self.position(now) + LEAP_SECONDS));
            }
            (Bar::None, _) => {}
        }
        self.hold(now);
        Ok(Pressed::GoOn)
    }

    /// Lets the clock stand or go.
    fn hold(&mut self, now: Duration) {
        self.clock.hold(now, self.is_held());
    }

    /// The second that is being played.
    fn position(&self, now: Duration) -> f64 {
        match self.hurry {
            Some(Until::Moment(moment)) => moment,
            _ => self.clock.position(now),
        }
    }

    fn prompt(&mut self, text: String) {
        self.draw.push(Step::Bar(format!("/{text}")));
        self.bar = Bar::Prompt(text);
    }

    fn say(&mut self, text: String) {
        self.draw.push(Step::Bar(text));
        self.bar = Bar::Said;
    }

    /// A key in the text to search for.
    fn type_in(&mut self, now: Duration, mut text: String, key: Key) -> io::Result<()> {
        match key {
            Key::Char(c) if text.chars().count() < MAX_NEEDLE_CHARS => text.push(c),
            Key::Erase => drop(text.pop()),
            Key::Enter if !text.is_empty() => {
                self.needle = Some(text);
                return self.search_again();
            }
            Key::Enter | Key::Escape => {
                self.redraw(Until::Event(self.shown.place.number))?;
                self.hold(now);
                return Ok(());
            }
            Key::Char(_) | Key::Left | Key::Right => {}
        }
        self.prompt(text);
        Ok(())
    }

    /// Goes to where the text comes next.
    fn search_again(&mut self) -> io::Result<()> {
        let Some(needle) = self.needle.clone() else {
            self.say("nothing to search for yet: / asks".to_owned());
            return Ok(());
        };
        match self.find(&needle)? {
            Some(event) => self.redraw(Until::Event(event))?,
            None => self.say(format!("`{needle}` does not come any more")),
        }
        Ok(())
    }
}
