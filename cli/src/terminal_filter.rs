//! Lets through of a container's output what a screen shows, and nothing that harms the terminal
//! of whoever watches a recording.
//!
//! What moves the cursor, colours or erases passes. What asks the terminal for an answer (which
//! would be typed into the watcher's shell), sets its title, clipboard, keys or mouse, or takes
//! away its scrollback does not. Everything unknown is unsafe. Sequences are taken apart and
//! written anew, so that nothing half read passes.
//!
//! Terminals differ in where a sequence that is broken ends. Here it ends as soon as it can: a
//! recording could otherwise hide from its auditor what its author saw.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

/// More than a sequence that is of any use has.
const MAX_PARAMETERS: usize = 64;
/// More columns and lines than a screen has. A repeat of a billion would hang some terminals.
const MAX_NUMBER: u32 = 9999;

/// What is kept of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Text, and what moves, colours and erases.
    Screen,
    /// Text alone, to search in.
    Text,
}

/// A filter with what it has let through. A sequence may come in any number of pieces.
#[derive(Debug)]
pub(crate) struct TerminalFilter {
    keep: Keep,
    state: State,
    /// The program has switched to the alternate screen.
    alternate: bool,
    /// The program has set margins.
    margins: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Text,
    /// Behind ESC.
    Escape,
    /// Behind ESC and these intermediate bytes.
    EscapeWith(char),
    /// In a sequence that is not understood, behind ESC.
    EscapeIgnored,
    /// Behind ESC [.
    Control(String),
    /// In a control sequence that is not understood.
    ControlIgnored,
    /// In a string: OSC, DCS, APC, PM, SOS.
    String,
}

impl TerminalFilter {
    pub(crate) fn new(keep: Keep) -> Self {
        Self { keep, state: State::Text, alternate: false, margins: false }
    }

    /// Takes more output, and writes what is kept of it.
    pub(crate) fn push(&mut self, text: &str, out: &mut String) {
        for c in text.chars() {
            self.char(c, out);
        }
    }

    /// What undoes all that may have been let through.
    pub(crate) fn reset(&mut self) -> String {
        let mut reset = String::new();
        if std::mem::take(&mut self.alternate) {
            reset.push_str("\x1b[?1049l");
        }
        // The soft reset, and by itself what it resets: not every terminal knows it.
        reset.push_str("\x1b[!p");
        if std::mem::take(&mut self.margins) {
            // Without margins the cursor is in the corner.
            reset.push_str("\x1b7\x1b[r\x1b8");
        }
        reset.push_str("\x1b[?7h\x1b[?25h\x1b(B\x1b[0m");
        self.state = State::Text;
        reset
    }

    fn char(&mut self, c: char, out: &mut String) {
        if c.is_control() {
            return self.control(c, out);
        }
        let state = std::mem::replace(&mut self.state, State::Text);
        self.state = match (state, c) {
            (State::Escape, '[') => State::Control(String::new()),
            (State::Escape, ']' | 'P' | '_' | '^' | 'X') | (State::String, _) => State::String,
            (State::Escape, ' '..='/') => State::EscapeWith(c),
            (State::EscapeWith(_) | State::EscapeIgnored, ' '..='/') => State::EscapeIgnored,
            (State::Escape, '0'..='~') => {
                self.escape(c, out);
                State::Text
            }
            (State::EscapeWith(between), '0'..='~') => {
                self.character_set(between, c, out);
                State::Text
            }
            (State::Control(mut parameters), ' '..='?') => {
                parameters.push(c);
                let fits = parameters.len() <= MAX_PARAMETERS;
                if fits { State::Control(parameters) } else { State::ControlIgnored }
            }
            (State::Control(parameters), '@'..='~') => {
                self.sequence(&parameters, c, out);
                State::Text
            }
            (State::ControlIgnored, ' '..='?') => State::ControlIgnored,
            (State::EscapeIgnored | State::ControlIgnored, '\0'..='~') => State::Text,
            // Text; and no terminal takes other letters than these into a sequence.
            _ => {
                out.push(c);
                State::Text
            }
        };
    }

    /// A control character ends whatever it stands in.
    fn control(&mut self, c: char, out: &mut String) {
        self.state = State::Text;
        match c {
            '\x1b' => self.state = State::Escape,
            '\t' | '\n' | '\r' => out.push(c),
            '\x08' | '\x0b' | '\x0c' if self.keep == Keep::Screen => out.push(c),
            // ENQ makes terminals answer, SO shows other letters than were written, and half of
            // all terminals take U+009B for ESC [: what would follow it is shown as text.
            _ => {}
        }
    }

    /// ESC and one letter: save and restore the cursor, a line up and down.
    fn escape(&mut self, c: char, out: &mut String) {
        if self.keep == Keep::Screen && matches!(c, '7' | '8' | 'D' | 'E' | 'M') {
            out.extend(['\x1b', c]);
        }
    }

    /// Frames are drawn with letters of another set. It is put back in the end.
    fn character_set(&mut self, between: char, c: char, out: &mut String) {
        if self.keep == Keep::Screen && between == '(' && matches!(c, '0' | 'B') {
            out.extend(['\x1b', '(', c]);
        }
    }

    fn sequence(&mut self, parameters: &str, last: char, out: &mut String) {
        if self.keep == Keep::Text {
            return;
        }
        if let Some(modes) = parameters.strip_prefix('?') {
            return self.modes(modes, last, out);
        }
        let Some(numbers) = numbers(parameters) else { return };
        let passes = match last {
            '@'..='I' | 'K'..='M' | 'P' | 'S' | 'X' | 'Z' | '`'..='b' | 'd'..='f' | 'm' => true,
            // 3 erases what the watcher had on the terminal before.
            'J' => numbers.iter().all(|number| *number < 3),
            // With more numbers it highlights after the mouse, and waits for an answer.
            'T' => numbers.len() <= 1,
            'r' => {
                self.margins = true;
                true
            }
            // With numbers these are about keys and margins at the sides.
            's' | 'u' => parameters.is_empty(),
            _ => false,
        };
        // Only colours have numbers below numbers.
        if passes && (last == 'm' || !parameters.contains(':')) {
            out.extend(["\x1b[", parameters]);
            out.push(last);
        }
    }

    /// Private modes: wrapping, the cursor, the alternate screen; of others in the same sequence
    /// nothing is left.
    fn modes(&mut self, modes: &str, last: char, out: &mut String) {
        let (Some(modes), 'h' | 'l') = (numbers(modes), last) else { return };
        for mode in modes {
            if mode == 1049 {
                // Twice would restore a cursor that nobody saved.
                if self.alternate == (last == 'h') {
                    continue;
                }
                self.alternate = last == 'h';
            }
            if matches!(mode, 7 | 25 | 1049) {
                // Writing to a text does not fail.
                let _ = write!(out, "\x1b[?{mode}{last}");
            }
        }
    }
}

/// The numbers of a sequence; none if there is anything else, or one that no screen needs.
fn numbers(parameters: &str) -> Option<Vec<u32>> {
    let number = |digits: &str| match digits {
        "" => Some(0),
        digits if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    let numbers: Option<Vec<u32>> = parameters.split([';', ':']).map(number).collect();
    numbers.filter(|numbers| numbers.iter().all(|number| *number <= MAX_NUMBER))
}
