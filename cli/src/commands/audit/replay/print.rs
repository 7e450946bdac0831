//! Prints what a container printed, at once.

use std::io::{self, BufRead, Seek};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;
use crate::player::Search;
use crate::recording::{Event, Reader, Summary, What};
use crate::screen::{Screen, Use};

use super::{Seen, not_found};

/// The longest line that is printed from its beginning, if it is the one that was searched for.
const MAX_LINE_BYTES: usize = 64 << 10;

/// From where on to print.
#[derive(Debug, Default)]
pub(super) struct Begin {
    /// This second.
    pub(super) from: Option<f64>,
    /// The line in which this text is printed.
    pub(super) search: Option<String>,
}

/// Prints; nothing comes back if it was stopped.
pub(super) fn print<R: BufRead + Seek>(
    reader: Reader<R>,
    begin: &Begin,
    stop: &AtomicBool,
) -> Result<Option<Seen>, Failure> {
    let mut screen = Screen::open(Use::Print)?;
    let mut show = |text: &str| {
        let shown =
            if stop.load(Ordering::Relaxed) { Ok(false) } else { screen.show(text).map(|()| true) };
        match shown {
            // Whoever read has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            shown => shown,
        }
    };
    print_to(reader, begin, &mut show)
}

/// Prints to something that tells whether to go on.
fn print_to<R: BufRead + Seek>(
    mut reader: Reader<R>,
    begin: &Begin,
    show: &mut dyn FnMut(&str) -> io::Result<bool>,
) -> Result<Option<Seen>, Failure> {
    let mut summary = Summary::default();
    let mut search = begin.search.as_deref().map(Search::new);
    let mut line = String::new();
    while let Some(Event { at, what }) = reader.next()? {
        summary.note(&what);
        let What::Output(text) = what else { continue };
        if begin.from.is_some_and(|from| at < from) {
            continue;
        }
        if let Some(searching) = &mut search {
            line.push_str(&text);
            if !searching.push(&text) {
                keep_last_line(&mut line);
                continue;
            }
            search = None;
            if !show(&std::mem::take(&mut line))? {
                return Ok(None);
            }
        } else if !show(&text)? {
            return Ok(None);
        }
    }
    match (&begin.search, search) {
        (Some(text), Some(_)) => Err(not_found(text)),
        _ => Ok(Some(Seen { summary, unreadable: reader.place().unreadable })),
    }
}

fn keep_last_line(text: &mut String) {
    let line = text.rfind('\n').map_or(0, |end| end + 1);
    let bound = text.ceil_char_boundary(text.len().saturating_sub(MAX_LINE_BYTES));
    text.drain(..line.max(bound));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::tests::{SESSION, open};

    fn printed(begin: &Begin) -> Result<String, Failure> {
        let mut out = String::new();
        let mut show = |text: &str| {
            out.push_str(text);
            Ok(true)
        };
        let seen = print_to(open(SESSION).1, begin, &mut show)?.unwrap();
        assert_eq!(seen.summary.lines().len(), 2);
        Ok(out)
    }

    #[test]
    fn it_prints_all_or_what_follows() {
        let from = |from| printed(&Begin { from: Some(from), search: None }).unwrap();
        let search = |text: &str| printed(&Begin { from: None, search: Some(text.to_owned()) });
        assert_eq!(printed(&Begin::default()).unwrap(), "$ ls\r\na.txt\r\n$ exit\r\n");
        assert_eq!(from(1.75), "a.txt\r\n$ exit\r\n");
        assert_eq!(from(99.0), "");
        assert_eq!(search("ls").unwrap(), "$ ls\r\na.txt\r\n$ exit\r\n");
        assert_eq!(search("txt").unwrap(), "a.txt\r\n$ exit\r\n");
        assert!(search("rm").unwrap_err().message.contains("`rm` is not printed"));
    }
}
