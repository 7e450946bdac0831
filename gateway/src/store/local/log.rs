//! The trail itself: a file of the lines that an export has, one batch behind the other, each
//! batch ended by its checkpoint.
//!
//! A batch is one write and one sync. What a crash leaves of one is cut off at the next start:
//! nobody was told that it is durable.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kguard::audit::{Checkpoint, Head, Line, Sealed};
use serde::Serialize;

use super::{files, open_error};
use crate::store::{Batch, NewEntry, StoreError};

/// More than a record can come to, by far: it repeats some of a request's head, which is some hundred
/// KiB at most, and JSON makes six bytes of one at worst.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// More than a batch can come to in practice. Whatever is longer is not taken for the rest of one.
const MAX_TORN_BYTES: u64 = 1024 * 1024 * 1024;

/// Memory that is kept from one batch to the next.
const KEPT_BYTES: usize = 1024 * 1024;

/// The trail's file, open for as long as the store is.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// For a moment only, unlike the other: whoever asks must not wait for the disk.
    extent: Mutex<Extent>,
    writing: Mutex<Writing>,
}

/// How far the trail has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The last entry.
    pub(super) head: Head,
    /// The size of the file up to the end of that entry's batch.
    pub(super) size: u64,
}

/// What belongs to the one who writes.
#[derive(Debug, Default)]
struct Writing {
    /// Whether something of a failed write may stand behind the last batch.
    unclean: bool,
    /// What is written next; kept for its memory.
    text: Vec<u8>,
}

/// Where a line stands in the file, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: u64,
    pub(super) length: u64,
}

/// A batch in its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) batch: Arc<Batch>,
    /// Of each entry.
    pub(super) entries: Vec<Place>,
    pub(super) checkpoint: Place,
    /// Where the batch begins.
    pub(super) start: u64,
}

impl Placed {
    /// How far the trail has come with it.
    pub(super) fn extent(&self) -> Extent {
        let Place { start, length } = self.checkpoint;
        Extent { head: self.batch.checkpoint.head(), size: start + length + 1 }
    }
}

impl Log {
    /// Opens the file, which is made if it is not there. `known` is how far it is known to go; what
    /// comes behind that is read by [`Log::after`], up to what a crash has cut off.
    pub(super) fn open(path: &Path, known: Extent) -> Result<Self, StoreError> {
        let file = files::create_private(path)?;
        let failed = |source: io::Error| open_error(path, source);
        let size = file.metadata().map_err(failed)?.len();
        if size < known.size {
            return Err(StoreError::Altered { path: path.to_owned(), what: "it was cut off" });
        }
        let log = Self {
            path: path.to_owned(),
            file,
            extent: Mutex::new(known),
            writing: Mutex::default(),
        };
        let mut batches = log.batches(known).map_err(failed)?;
        let extent = loop {
            match batches.next() {
                Some(Ok(_)) => {}
                Some(Err(BatchError::Read(error))) => return Err(failed(error)),
                Some(Err(BatchError::Malformed)) => {
                    let extent = batches.extent;
                    log.cut_off(extent, size)?;
                    break extent;
                }
                None => break batches.extent,
            }
        };
        *lock(&log.extent) = extent;
        Ok(log)
    }

    /// Removes what a crash has left of a batch. Anything else that cannot be read is a sign that
    /// somebody was there.
    fn cut_off(&self, Extent { size: start, .. }: Extent, size: u64) -> Result<(), StoreError> {
        let failed = |source: io::Error| open_error(&self.path, source);
        let what = "it has a batch that is not the gateway's";
        let altered = || StoreError::Altered { path: self.path.clone(), what };
        let length = Some(size - start).filter(|length| *length <= MAX_TORN_BYTES);
        let length = length.and_then(|length| usize::try_from(length).ok()).ok_or_else(altered)?;
        let mut rest = vec![0; length];
        self.file.read_exact_at(&mut rest, start).map_err(failed)?;
        if !is_torn(&rest) {
            return Err(altered());
        }
        tracing::warn!(
            file = %self.path.display(), bytes = rest.len(),
            "an interruption left part of a batch behind, which nobody relies on; it is removed"
        );
        self.file.set_len(start).and_then(|()| self.file.sync_all()).map_err(failed)
    }

    /// How far the trail has come.
    pub(super) fn extent(&self) -> Extent {
        *lock(&self.extent)
    }

    /// Adds a batch. Its error leaves the trail as it was.
    pub(super) fn append(&self, batch: Arc<Batch>) -> io::Result<Placed> {
        let mut writing = lock(&self.writing);
        let start = self.extent().size;
        let placed = write(batch, start, &mut writing.text)?;
        if writing.unclean {
            self.file.set_len(start)?;
        }
        writing.unclean = true;
        self.file.write_all_at(&writing.text, start)?;
        self.file.sync_data()?;
        writing.unclean = false;
        writing.text.shrink_to(KEPT_BYTES);
        *lock(&self.extent) = placed.extent();
        Ok(placed)
    }

    /// The first batches behind a known one.
    pub(super) fn after(&self, known: Extent, count: usize) -> io::Result<Vec<Placed>> {
        let end = self.extent().size;
        let mut batches = self.batches(known)?;
        let mut found = Vec::new();
        while batches.extent.size < end && found.len() < count {
            match batches.next() {
                Some(Ok(placed)) => found.push(placed),
                Some(Err(BatchError::Read(error))) => return Err(error),
                Some(Err(BatchError::Malformed)) | None => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "the trail's file was altered while the gateway runs",
                    ));
                }
            }
        }
        Ok(found)
    }

    /// One line.
    pub(super) fn line(&self, place: Place) -> io::Result<Line> {
        let mut line = vec![0; usize::try_from(place.length).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut line, place.start)?;
        Ok(serde_json::from_slice(&line)?)
    }

    fn batches(&self, known: Extent) -> io::Result<Batches> {
        // Of its own, for it is read by its own position.
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(known.size))?;
        Ok(Batches { lines: BufReader::new(file), extent: known })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// [`Line`], borrowed.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum LineRef<'a> {
    Checkpoint(&'a Checkpoint),
    Entry(&'a Sealed),
}

fn write(batch: Arc<Batch>, start: u64, text: &mut Vec<u8>) -> io::Result<Placed> {
    text.clear();
    let mut place = |line: LineRef<'_>| -> io::Result<Place> {
        let before = text.len();
        serde_json::to_writer(&mut *text, &line)?;
        let place = Place { start: start + before as u64, length: (text.len() - before) as u64 };
        text.push(b'\n');
        Ok(place)
    };
    let entries = batch.entries.iter().map(|entry| place(LineRef::Entry(&entry.sealed)));
    let entries = entries.collect::<io::Result<_>>()?;
    let checkpoint = place(LineRef::Checkpoint(&batch.checkpoint))?;
    Ok(Placed { batch, entries, checkpoint, start })
}

/// Reads batches one after the other.
struct Batches {
    lines: BufReader<File>,
    /// Up to the last one that was read.
    extent: Extent,
}

enum BatchError {
    /// What is there is no batch that follows.
    Malformed,
    Read(io::Error),
}

impl Iterator for Batches {
    type Item = Result<Placed, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Unfinished { head: self.extent.head, entries: vec![], places: vec![] };
        let mut at = self.extent.size;
        loop {
            let mut line = Vec::new();
            match self.lines.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line) {
                Ok(0) if at == self.extent.size => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(BatchError::Read(error))),
            }
            let Some(text) = line.strip_suffix(b"\n") else {
                return Some(Err(BatchError::Malformed));
            };
            let place = Place { start: at, length: text.len() as u64 };
            at += line.len() as u64;
            let added = serde_json::from_slice(text).map_err(|_| BatchError::Malformed);
            match added.and_then(|line| batch.add(line, place)) {
                Ok(None) => {}
                Ok(Some(checkpoint)) => {
                    let placed = batch.end(checkpoint, place, self.extent.size);
                    self.extent = placed.extent();
                    return Some(Ok(placed));
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A batch whose checkpoint has not been read.
struct Unfinished {
    head: Head,
    entries: Vec<NewEntry>,
    places: Vec<Place>,
}

impl Unfinished {
    /// Takes the next line; returns the checkpoint that ends the batch.
    fn add(&mut self, line: Line, place: Place) -> Result<Option<Checkpoint>, BatchError> {
        match line {
            Line::Entry(sealed) if self.head.is_followed_by(&sealed) => {
                let record = sealed.record.read().map_err(|_| BatchError::Malformed)?;
                self.head = sealed.head();
                self.entries.push(NewEntry { sealed, record });
                self.places.push(place);
                Ok(None)
            }
            Line::Checkpoint(end) if !self.entries.is_empty() && end.head() == self.head => {
                Ok(Some(end))
            }
            Line::Checkpoint(_) | Line::Entry(_) => Err(BatchError::Malformed),
        }
    }

    fn end(self, checkpoint: Checkpoint, place: Place, start: u64) -> Placed {
        let batch = Arc::new(Batch { entries: self.entries, checkpoint });
        Placed { batch, entries: self.places, checkpoint: place, start }
    }
}

/// Whether this is what a crash leaves of one batch: a part without its end, or a whole one with
/// pages that never reached the disk and read as zeros.
fn is_torn(rest: &[u8]) -> bool {
    let is_checkpoint =
        |line: &[u8]| matches!(serde_json::from_slice(line), Ok(Line::Checkpoint(_)));
    let mut lines = rest.split_inclusive(|byte| *byte == b'\n');
    let first = lines.find(|line| line.ends_with(b"\n") && is_checkpoint(line));
    first.is_none() || (rest.contains(&0) && lines.next().is_none())
}
