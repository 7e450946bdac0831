//! Reads a recording event by event, at constant memory, from any place of it.

use std::io::{self, BufRead, Read as _, Seek, SeekFrom};

use super::{Event, Header};

/// The longest line that is read: one event, of what one read of a stream gives.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableRecording {
    #[error("this is no recording: it does not begin as an asciicast does")]
    NoRecording,
    #[error("cannot read the recording")]
    Read(#[from] io::Error),
    #[error("the recording is an asciicast of version {0}; this program reads version 2")]
    Version(u64),
}

/// A recording that is being read.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    source: R,
    start: Place,
    place: Place,
    line: Vec<u8>,
}

/// A place in a recording.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    offset: u64,
    /// When the last event before it was.
    at: f64,
    /// How many events come before it.
    pub(crate) number: u64,
    /// How many lines before it are none.
    pub(crate) unreadable: u64,
}

impl<R: BufRead + Seek> Reader<R> {
    /// Reads the header.
    pub(crate) fn open(mut source: R) -> Result<(Header, Self), UnreadableRecording> {
        let mut line = Vec::new();
        let length = source.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        let header = Header::read(&line)?;
        let start = Place { offset: length as u64, ..Place::default() };
        Ok((header, Self { source, start, place: start, line }))
    }

    /// The next event; none at the end. Time never goes back.
    pub(crate) fn next(&mut self) -> io::Result<Option<Event>> {
        loop {
            self.line.clear();
            let mut limited = self.source.by_ref().take(MAX_LINE_BYTES);
            let mut length = limited.read_until(b'\n', &mut self.line)? as u64;
            if length == 0 {
                return Ok(None);
            }
            if length == MAX_LINE_BYTES && !self.line.ends_with(b"\n") {
                length += self.source.skip_until(b'\n')? as u64;
                self.line.clear();
                self.line.push(b'!');
            }
            self.place.offset += length;
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            let Some(mut event) = Event::read(&self.line) else {
                self.place.unreadable += 1;
                continue;
            };
            event.at = event.at.max(self.place.at);
            self.place.at = event.at;
            self.place.number += 1;
            return Ok(Some(event));
        }
    }

    /// Where it is.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Where the first event is.
    pub(crate) fn start(&self) -> Place {
        self.start
    }

    /// Goes on from where it once was.
    pub(crate) fn go_to(&mut self, place: Place) -> io::Result<()> {
        self.source.seek(SeekFrom::Start(place.offset))?;
        self.place = place;
        Ok(())
    }
}
