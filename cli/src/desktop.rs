//! A notification on the desktop, by the terminal's own means: a control sequence that the terminal
//! which shows us turns into one, also over ssh. Terminals that do not know it ignore it.

use crate::environment::Environment;
use crate::ui::{Ui, clean};

/// More does not fit into what desktops show.
const MAX_CHARS: usize = 120;

/// The sequence that a terminal is most likely to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    /// `OSC 9`: iTerm2, `WezTerm`, kitty, Ghostty, Konsole.
    Plain,
    /// `OSC 777`: VTE (GNOME), foot, urxvt.
    Titled,
}

/// Where notifications go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Desktop {
    sequence: Option<Sequence>,
    tmux: bool,
}

impl Desktop {
    /// None unless there is a terminal that may show them.
    pub(crate) fn new(environment: &Environment, ui: Ui, wanted: bool) -> Self {
        let wanted = wanted && ui.is_terminal();
        Self {
            sequence: Some(sequence(environment)).filter(|_| wanted).flatten(),
            tmux: environment.get("TMUX").is_some(),
        }
    }

    /// What has to be written to show a text; nothing if it cannot be.
    pub(crate) fn notification(self, text: &str) -> String {
        // What separates the parts of the sequence, or ends it, is no part of the text.
        let text: String = clean(text).replace(';', ",").chars().take(MAX_CHARS).collect();
        let sequence = match self.sequence {
            None => return String::new(),
            Some(Sequence::Plain) => format!("\x1b]9;kguard: {text}\x1b\\"),
            Some(Sequence::Titled) => format!("\x1b]777;notify;kguard;{text}\x1b\\"),
        };
        if self.tmux {
            // Passed on to the terminal outside, if tmux is allowed to (`allow-passthrough`).
            return format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"));
        }
        sequence
    }
}

fn sequence(environment: &Environment) -> Option<Sequence> {
    let terminal = environment.get("TERM")?;
    if ["dumb", "linux"].contains(&terminal) {
        return None;
    }
    let is_titled = environment.get("VTE_VERSION").is_some()
        || ["foot", "rxvt"].iter().any(|name| terminal.starts_with(name));
    Some(if is_titled { Sequence::Titled } else { Sequence::Plain })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desktop(variables: &[(&str, &str)]) -> Desktop {
        let environment = variables.iter().copied().collect();
        Desktop { sequence: sequence(&environment), tmux: environment.get("TMUX").is_some() }
    }

    #[test]
    fn each_terminal_gets_what_it_knows() {
        for (variables, expected) in [
            (&[][..], ""),
            (&[("TERM", "dumb")], ""),
            (&[("TERM", "xterm-256color")], "\x1b]9;kguard: hi\x1b\\"),
            (
                &[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")],
                "\x1b]777;notify;kguard;hi\x1b\\",
            ),
            (&[("TERM", "foot")], "\x1b]777;notify;kguard;hi\x1b\\"),
            (
                &[("TERM", "tmux-256color"), ("TMUX", "/tmp/x,1,0")],
                "\x1bPtmux;\x1b\x1b]9;kguard: hi\x1b\x1b\\\x1b\\",
            ),
        ] {
            assert_eq!(desktop(variables).notification("hi"), expected, "{variables:?}");
        }
    }

    #[test]
    fn no_text_ends_the_sequence_or_begins_another() {
        let text = format!("a\x1b\\b\x07c\u{9c}d;e{}", "f".repeat(1000));
        let written = desktop(&[("TERM", "foot")]).notification(&text);
        assert_eq!(written.matches('\x1b').count(), 2, "{written:?}");
        assert!(!written.contains(['\x07', '\u{9c}']), "{written:?}");
        assert_eq!(written.matches(';').count(), 3);
        assert!(written.chars().count() < 200);
    }

    #[test]
    fn nothing_is_written_where_nobody_looks() {
        let environment: Environment = [("TERM", "xterm")].into_iter().collect();
        let ui = Ui::new(&environment, crate::ui::Color::Never, crate::ui::Verbosity::Quiet);
        assert_eq!(Desktop::new(&environment, ui, true).notification("x"), "");
    }
}
