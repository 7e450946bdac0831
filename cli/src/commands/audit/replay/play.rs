//! Brings the player, the clock, the keyboard and the screen together.

use std::fs::File;
use std::io::{self, BufReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::player::{Player, Pressed, Step};
use crate::screen::{Screen, Use};
use crate::terminal::{Keyboard, LineEnds};

use super::Seen;

/// How long Ctrl-C may take.
const TICK: Duration = Duration::from_millis(100);

/// Plays; nothing comes back if it was left before the end.
pub(super) fn play(
    mut player: Player<BufReader<File>>,
    ends: LineEnds,
    stop: &AtomicBool,
) -> Result<Option<Seen>, Failure> {
    let mut screen = Screen::open(Use::Watch(ends))?;
    let mut keyboard = Keyboard::open();
    let begun = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let wait = match player.step(begun.elapsed())? {
            Step::Ended => {
                let unreadable = player.unreadable();
                return Ok(Some(Seen { summary: player.into_summary(), unreadable }));
            }
            Step::Wait(wait) => wait.unwrap_or(TICK).min(TICK),
            step => {
                draw(&mut screen, &step)?;
                Duration::ZERO
            }
        };
        for key in keyboard.read(wait)? {
            if player.press(begun.elapsed(), key)? == Pressed::Quit {
                return Ok(None);
            }
        }
    }
    Ok(None)
}

fn draw(screen: &mut Screen, step: &Step) -> io::Result<()> {
    match step {
        Step::Clear => screen.clear(),
        Step::Output(text) => screen.show(text),
        Step::Bar(text) => screen.bar(text),
        Step::Ended | Step::Wait(_) => Ok(()),
    }
}
