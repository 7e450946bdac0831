//! The files in a tar archive that passes by (POSIX ustar and pax, GNU's long names), each with its
//! SHA-256. It reads on only where all readers of archives (GNU tar, BusyBox tar, Go's `archive/tar`) read
//! alike: otherwise a file that one of them finds could be hidden from this one. It holds one header at most
//! and what is said ahead of it, whatever comes. What is not of an archive is given back: it may be what
//! somebody did behind one.

mod header;
mod pax;
#[cfg(test)]
mod tests;

use serde::Serialize;

use self::header::{Header, c_text};
use self::pax::Said;
use crate::audit::hex::Sha256;

const BLOCK: usize = 512;
/// What is said of a file ahead of its header: a long name, and a few numbers. What says more is not read.
const MAX_SAID_BYTES: u64 = 8192;
/// No file is as large.
const LARGEST: u64 = 1 << 62;
/// More files than this are counted, and not listed.
const MAX_FILES: usize = 10_000;

/// A file that was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    /// Its path in the archive.
    pub(super) name: String,
    /// Its length.
    pub(super) bytes: u64,
    /// SHA-256 of what is in it, hex; of a link, nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    /// Where a link points to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<String>,
    /// That it ended before all of it had come.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) cut: bool,
}

/// Reads an archive.
#[derive(Default)]
pub(super) struct Archive {
    state: State,
    block: Vec<u8>,
    /// Of the next file, what has no room in its header.
    said: Said,
    /// The blocks that said it: they are given back when it is not read on.
    ahead: Vec<u8>,
    /// How many files there were, listed or not.
    count: usize,
}

#[derive(Default)]
enum State {
    #[default]
    Header,
    /// Content, then padding.
    Content { file: Content, left: u64, padding: u64 },
    /// A block of zeros, of which two end an archive.
    Ending,
    /// It is no archive, or has ended.
    Over,
}

/// What there was in some bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The files that are complete by now.
    pub(super) files: Vec<File>,
    /// What is not of the archive.
    pub(super) rest: Vec<u8>,
}

enum Content {
    File {
        name: String,
        bytes: u64,
        hashing: Box<Sha256>,
    },
    /// What is said ahead of a header: its own header, then what it says.
    Said {
        kind: u8,
        held: Vec<u8>,
    },
}

impl Archive {
    /// How many files there were, of which the first 10,000 are listed.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// What is left at the end: a file that was cut off, and the beginning of something that is no
    /// archive.
    pub(super) fn end(&mut self) -> Found {
        let mut found = Found { files: Vec::new(), rest: std::mem::take(&mut self.ahead) };
        match std::mem::replace(&mut self.state, State::Over) {
            State::Content { file: Content::File { name, bytes, hashing }, left, .. } => {
                let (bytes, sha256) = (bytes - left, Some(hashing.finish()));
                self.list(File { name, bytes, sha256, link: None, cut: true }, &mut found);
            }
            State::Content { file: Content::Said { held, .. }, .. } => found.rest.extend(held),
            State::Header | State::Ending | State::Over => {}
        }
        found.rest.append(&mut self.block);
        found
    }

    /// Reads on.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Found {
        let mut found = Found::default();
        while !bytes.is_empty() {
            match &mut self.state {
                State::Over => {
                    // An archive is filled up with zeros.
                    let is_said = |byte: &&u8| **byte != 0;
                    found.rest.extend(bytes.iter().filter(is_said));
                    break;
                }
                State::Header | State::Ending => {
                    let missing = BLOCK - self.block.len();
                    let (own, rest) = bytes.split_at(missing.min(bytes.len()));
                    self.block.extend_from_slice(own);
                    bytes = rest;
                    if self.block.len() == BLOCK {
                        let block = std::mem::take(&mut self.block);
                        self.header(&block, &mut found);
                    }
                }
                State::Content { file, left, padding } => {
                    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    let (own, rest) = bytes.split_at(length);
                    file.push(own);
                    *left -= length as u64;
                    let skipped = if *left == 0 { (*padding).min(rest.len() as u64) } else { 0 };
                    *padding -= skipped;
                    bytes = rest.get(usize::try_from(skipped).unwrap_or(0)..).unwrap_or_default();
                    if *left == 0 && *padding == 0 {
                        self.end_content(&mut found);
                    }
                }
            }
        }
        found
    }

    fn list(&mut self, file: File, found: &mut Found) {
        self.count += 1;
        if self.count <= MAX_FILES {
            found.files.push(file);
        }
    }

    fn header(&mut self, block: &[u8], found: &mut Found) {
        if self.read_header(block, found).is_none() {
            self.give_back(block, found);
        }
    }

    /// Reads no further: this, and what was said ahead of it, may be anything.
    fn give_back(&mut self, bytes: &[u8], found: &mut Found) {
        self.state = State::Over;
        found.rest.append(&mut self.ahead);
        found.rest.extend_from_slice(bytes);
    }

    /// Nothing, if some readers could read on otherwise than others.
    fn read_header(&mut self, block: &[u8], found: &mut Found) -> Option<()> {
        if block.iter().all(|byte| *byte == 0) {
            return self.zeros();
        }
        let header = Header::read(block)?;
        match header.kind {
            b'x' | b'g' | b'L' | b'K' => self.begin_said(&header, block, found),
            b'0' | 0 | b'7' => self.begin_file(header, found),
            b'1'..=b'6' => self.link(header, found),
            // Whoever does not know a kind makes a file of it, others something else.
            _ => None,
        }
    }

    /// Some readers keep what was said ahead of zeros, others forget it.
    fn zeros(&mut self) -> Option<()> {
        let is_end = matches!(self.state, State::Ending);
        self.state = if is_end { State::Over } else { State::Ending };
        self.ahead.is_empty().then_some(())
    }

    fn begin_said(&mut self, header: &Header, block: &[u8], found: &mut Found) -> Option<()> {
        let is_read = header.size <= MAX_SAID_BYTES && self.said.may_be_followed_by(header.kind);
        let content = Content::Said { kind: header.kind, held: block.to_vec() };
        is_read.then(|| self.begin(content, header.size, found))
    }

    fn begin_file(&mut self, header: Header, found: &mut Found) -> Option<()> {
        let bytes = self.said.size_of_file(header.size)?;
        // Some readers make a folder of it, and look for the next header in its content.
        let is_folder = |name: &String| name.ends_with('/');
        // The name in the header is theirs too, where they know no pax.
        let own = Some(&header.name).filter(|_| !self.said.has_long_name());
        if own.is_some_and(is_folder) || self.said.name.as_ref().is_some_and(is_folder) {
            return None;
        }
        let name = self.take_said().name.unwrap_or(header.name);
        self.begin(Content::File { name, bytes, hashing: Box::default() }, bytes, found);
        Some(())
    }

    /// A link, a folder or a device. Some readers pass over as much content as is said of it, others over
    /// none.
    fn link(&mut self, header: Header, found: &mut Found) -> Option<()> {
        if header.size != 0 || self.said.size.is_some_and(|size| size != 0) {
            return None;
        }
        let said = self.take_said();
        self.state = State::Header;
        if matches!(header.kind, b'1' | b'2') {
            let name = said.name.unwrap_or(header.name);
            let link = Some(said.link.unwrap_or(header.link));
            self.list(File { name, bytes: 0, sha256: None, link, cut: false }, found);
        }
        Some(())
    }

    fn take_said(&mut self) -> Said {
        self.ahead.clear();
        std::mem::take(&mut self.said)
    }

    fn begin(&mut self, file: Content, size: u64, found: &mut Found) {
        let padding = size.wrapping_neg() % BLOCK as u64;
        self.state = State::Content { file, left: size, padding };
        if size == 0 {
            self.end_content(found);
        }
    }

    fn end_content(&mut self, found: &mut Found) {
        let State::Content { file, .. } = std::mem::take(&mut self.state) else { return };
        match file {
            Content::File { name, bytes, hashing } => {
                let sha256 = Some(hashing.finish());
                self.list(File { name, bytes, sha256, link: None, cut: false }, found);
            }
            Content::Said { kind, held } => {
                let text = held.get(BLOCK..).unwrap_or_default();
                match self.said.read(kind, text) {
                    None => self.give_back(&held, found),
                    // It is about no file.
                    Some(()) if kind == b'g' => {}
                    Some(()) => self.ahead.extend(held),
                }
            }
        }
    }
}

impl Content {
    fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::File { hashing, .. } => hashing.update(bytes),
            Self::Said { held, .. } => held.extend_from_slice(bytes),
        }
    }
}
