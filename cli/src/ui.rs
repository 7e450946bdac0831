//! What the user sees besides data: notes, warnings, errors and hints, all on standard error.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use kguard::hidden::is_hidden;

use crate::environment::Environment;
use crate::failure::Failure;

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// Always.
    Always,
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Never.
    Never,
}

/// How much to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// What the user needs to know.
    #[default]
    Normal,
    /// Errors only.
    Quiet,
    /// What may help to find a fault.
    Verbose,
}

/// The terminal, or what stands in for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    color: bool,
    verbosity: Verbosity,
    terminal: bool,
    asks: bool,
}

impl Ui {
    pub(crate) fn new(environment: &Environment, color: Color, verbosity: Verbosity) -> Self {
        let terminal = io::stderr().is_terminal();
        let forced = environment.get("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => forced || (terminal && environment.get("NO_COLOR").is_none()),
        };
        let asks = terminal && io::stdin().is_terminal();
        Self { color, verbosity, terminal, asks }
    }

    /// Whether there is somebody to answer a question.
    pub(crate) fn asks(self) -> bool {
        self.asks
    }

    /// Whether there is a terminal to draw on.
    pub(crate) fn is_terminal(self) -> bool {
        self.terminal && self.verbosity != Verbosity::Quiet
    }

    pub(crate) fn note(self, text: impl Display) {
        if self.verbosity != Verbosity::Quiet {
            line(text);
        }
    }

    pub(crate) fn verbose(self, text: impl Display) {
        if self.verbosity == Verbosity::Verbose {
            line(text);
        }
    }

    pub(crate) fn warn(self, text: impl Display) {
        line(format_args!("{} {text}", self.paint("33;1", "warning:")));
    }

    pub(crate) fn hint(self, text: impl Display) {
        line(format_args!("{} {text}", self.paint("36;1", "hint:")));
    }

    /// Shows a failure; parts of it may be the gateway's words, or other people's.
    pub(crate) fn failure(self, failure: &Failure) {
        line(format_args!("{} {}", self.paint("31;1", "error:"), clean(&failure.message)));
        for cause in &failure.causes {
            line(format_args!("  caused by: {}", clean(cause)));
        }
        for hint in &failure.hints {
            self.hint(hint);
        }
    }

    /// A spinner with a text, on a terminal; elsewhere the text once.
    pub(crate) fn spinner(self, text: String) -> ProgressBar {
        if !self.is_terminal() {
            self.note(&text);
            return ProgressBar::hidden();
        }
        let spinner = ProgressBar::new_spinner().with_message(text);
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
        spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        spinner.enable_steady_tick(Duration::from_millis(120));
        spinner
    }

    /// Shows the cursor again, after a question that was not answered.
    pub(crate) fn show_cursor(self) {
        if self.terminal {
            line("\x1b[?25h");
        }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// A text in a colour, where there are colours.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// One write for a line, so that lines of several processes do not mix.
fn line(text: impl Display) {
    // There is nowhere to complain that standard error is closed.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// A text of somebody else, made harmless for a terminal: what moves the cursor, changes colours
/// or turns the direction of writing is shown as an escape.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut clean = String::new();
    for c in text.chars() {
        if is_hidden(c) { clean.extend(c.escape_default()) } else { clean.push(c) }
    }
    clean.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_play_with_the_terminal() {
        for (text, shown) in [
            ("delete ns zürich", "delete ns zürich"),
            ("a\x1b[2Kb", "a\\u{1b}[2Kb"),
            ("two\nlines\r", "two\\nlines\\r"),
            ("\u{202e}txt", "\\u{202e}txt"),
            ("\u{9b}31m", "\\u{9b}31m"),
        ] {
            assert_eq!(clean(text), shown);
        }
    }

    #[test]
    fn colours_come_only_when_wanted() {
        let painted = |variables: &[(&str, &str)], color| {
            let environment = variables.iter().copied().collect();
            Ui::new(&environment, color, Verbosity::Normal).paint("1", "x")
        };
        assert_eq!(painted(&[], Color::Never), "x");
        assert_eq!(painted(&[("NO_COLOR", "1")], Color::Auto), "x");
        assert_eq!(painted(&[("CLICOLOR_FORCE", "1")], Color::Auto), "\x1b[1mx\x1b[0m");
        assert_eq!(painted(&[], Color::Always), "\x1b[1mx\x1b[0m");
    }
}
