//! Standard output as the screen for what a container printed. When dropped, at whatever moment,
//! it leaves the terminal as programs expect it.

use std::io::{self, IsTerminal as _, Stdout, Write as _};

use crate::terminal::{LineEnds, RawTerminal};
use crate::terminal_filter::{Keep, TerminalFilter};
use crate::ui::clean;

/// How the screen is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// To print at once and be gone.
    Print,
    /// To be watched.
    Watch(LineEnds),
}

/// The screen.
#[derive(Debug)]
pub(crate) struct Screen {
    out: Stdout,
    filter: TerminalFilter,
    /// Whether the last that was shown ends a line.
    at_line_start: bool,
    terminal: bool,
    // Dropped last: what is written before is still written as it is.
    _raw: Option<RawTerminal>,
}

impl Screen {
    pub(crate) fn open(used: Use) -> io::Result<Self> {
        let out = io::stdout();
        let terminal = out.is_terminal();
        let raw = match used {
            Use::Watch(ends) if terminal => Some(RawTerminal::enter(ends)?),
            _ => None,
        };
        let filter = TerminalFilter::new(Keep::Screen);
        Ok(Self { out, filter, at_line_start: true, terminal, _raw: raw })
    }

    /// Shows what a container printed, as far as that is harmless.
    pub(crate) fn show(&mut self, output: &str) -> io::Result<()> {
        let mut text = String::new();
        self.filter.push(output, &mut text);
        if let Some(last) = text.chars().last() {
            self.at_line_start = last == '\n';
        }
        self.write(&text)
    }

    /// Empties it.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        let reset = self.filter.reset();
        self.at_line_start = true;
        self.write(&format!("{reset}\x1b[H\x1b[2J"))
    }

    /// Writes a line over the last one, which only [`Self::clear`] brings back.
    pub(crate) fn bar(&mut self, text: &str) -> io::Result<()> {
        let columns = RawTerminal::size().map_or(80, |(columns, _)| columns);
        let columns = usize::try_from(columns).unwrap_or(80).saturating_sub(1);
        let text = clean(text);
        // The end of what is typed is the part to look at.
        let skipped = text.chars().count().saturating_sub(columns);
        let text: String = text.chars().skip(skipped).collect();
        self.write(&format!("\x1b7\x1b[999;1H\x1b[0m\x1b[2K\x1b[7m{text}\x1b[0m\x1b8"))
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.terminal {
            let reset = self.filter.reset();
            let end = if self.at_line_start { "" } else { "\r\n" };
            // There is nowhere to complain that the terminal is gone.
            let _ = self.write(&format!("{reset}{end}"));
        }
    }
}
