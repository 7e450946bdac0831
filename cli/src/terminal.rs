//! The terminal while somebody watches: what is typed comes key by key and is not shown, and what
//! is printed is shown as it is. Put back when dropped.

#[cfg(unix)]
mod keys;

pub(crate) use imp::{Keyboard, RawTerminal};

/// What becomes of the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnds {
    /// It is as the program at its own terminal wrote it.
    AsTheyAre,
    /// It has to bring the cursor back to the left, as it does in a file that is shown.
    Translated,
}

#[cfg(unix)]
mod imp {
    use std::io::{self, Stdin};
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::termios::{
        LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr,
        tcgetwinsize, tcsetattr,
    };

    use super::{LineEnds, keys};
    use crate::player::Key;

    /// `_POSIX_VDISABLE`.
    const NO_KEY: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

    /// Standard output's terminal.
    #[derive(Debug)]
    pub(crate) struct RawTerminal {
        before: Termios,
    }

    impl RawTerminal {
        /// Ctrl-C stays a signal, so that it ends whatever goes wrong. Ctrl-Z and Ctrl-\ would
        /// leave the terminal as it is now to the shell.
        pub(crate) fn enter(ends: LineEnds) -> io::Result<Self> {
            let before = tcgetattr(io::stdout())?;
            let mut raw = before.clone();
            raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
            if ends == LineEnds::AsTheyAre {
                raw.output_modes.remove(OutputModes::OPOST);
            }
            raw.special_codes[SpecialCodeIndex::VMIN] = 1;
            raw.special_codes[SpecialCodeIndex::VTIME] = 0;
            for key in [SpecialCodeIndex::VSUSP, SpecialCodeIndex::VQUIT] {
                raw.special_codes[key] = NO_KEY;
            }
            tcsetattr(io::stdout(), OptionalActions::Drain, &raw)?;
            Ok(Self { before })
        }

        /// Columns and lines.
        pub(crate) fn size() -> Option<(u64, u64)> {
            let size = tcgetwinsize(io::stdout()).ok()?;
            // Some terminals do not say.
            Some((size.ws_col.into(), size.ws_row.into()))
                .filter(|(columns, lines)| *columns > 0 && *lines > 0)
        }
    }

    impl Drop for RawTerminal {
        fn drop(&mut self) {
            // What was typed was for the player, not for the shell. If the terminal is gone, there
            // is nothing to put back.
            let _ = tcsetattr(io::stdout(), OptionalActions::Flush, &self.before);
        }
    }

    /// Standard input, if somebody sits there.
    #[derive(Debug)]
    pub(crate) struct Keyboard {
        stdin: Option<Stdin>,
    }

    impl Keyboard {
        pub(crate) fn open() -> Self {
            Self { stdin: Some(io::stdin()).filter(io::IsTerminal::is_terminal) }
        }

        /// What is pressed within this time, as soon as anything is.
        pub(crate) fn read(&mut self, within: Duration) -> io::Result<Vec<Key>> {
            let Some(stdin) = &self.stdin else {
                std::thread::sleep(within);
                return Ok(Vec::new());
            };
            let timeout = Timespec::try_from(within).map_err(io::Error::other)?;
            match poll(&mut [PollFd::new(stdin, PollFlags::IN)], Some(&timeout)) {
                Ok(0) | Err(Errno::INTR) => return Ok(Vec::new()),
                ready => ready?,
            };
            let mut bytes = [0; 64];
            let length = rustix::io::read(stdin, &mut bytes)?;
            if length == 0 {
                // The terminal is gone; polling it would never wait again.
                self.stdin = None;
            }
            Ok(keys::read(bytes.get(..length).unwrap_or_default()))
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use std::io;
    use std::time::Duration;

    use super::LineEnds;
    use crate::player::Key;

    /// Consoles that are none of Unix's stay as they are.
    #[derive(Debug)]
    pub(crate) struct RawTerminal;

    impl RawTerminal {
        pub(crate) fn enter(_: LineEnds) -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn size() -> Option<(u64, u64)> {
            None
        }
    }

    /// No keys: they come by the line only.
    #[derive(Debug)]
    pub(crate) struct Keyboard;

    impl Keyboard {
        pub(crate) fn open() -> Self {
            Self
        }

        pub(crate) fn read(&mut self, within: Duration) -> io::Result<Vec<Key>> {
            std::thread::sleep(within);
            Ok(Vec::new())
        }
    }
}
