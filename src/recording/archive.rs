//! The files in a tar archive that passes by (POSIX ustar and pax, GNU's long names), each with its
//! SHA-256. It holds one header at most, whatever comes. What is not of an archive is given back: it may be
//! what somebody did behind one.

use serde::Serialize;

use crate::audit::hex::Sha256;

const BLOCK: usize = 512;
/// What is said of a file ahead of its header: a long name, and a few numbers. More is cut.
const MAX_SAID_BYTES: usize = 8192;
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
    /// How many files there were, listed or not.
    count: usize,
}

#[derive(Default)]
struct Said {
    name: Option<String>,
    size: Option<u64>,
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
    /// A name, or what names are in.
    Name {
        text: Vec<u8>,
        is_pax: bool,
    },
    /// What is about all files, or the target of a link.
    Other,
}

impl Archive {
    /// How many files there were, of which the first 10,000 are listed.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// What is left at the end: a file that was cut off, and the beginning of something that is no
    /// archive.
    pub(super) fn end(&mut self) -> Found {
        let mut found = Found::default();
        if let State::Content { file: Content::File { name, bytes, hashing }, left, .. } =
            std::mem::replace(&mut self.state, State::Over)
        {
            let (bytes, sha256) = (bytes - left, Some(hashing.finish()));
            self.list(File { name, bytes, sha256, link: None, cut: true }, &mut found);
        }
        found.rest = std::mem::take(&mut self.block);
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
        if block.iter().all(|byte| *byte == 0) {
            let is_end = matches!(self.state, State::Ending);
            self.state = if is_end { State::Over } else { State::Ending };
            return;
        }
        let Some(header) = Header::read(block) else {
            self.state = State::Over;
            return found.rest.extend_from_slice(block);
        };
        let mut size = header.size;
        let content = match header.kind {
            b'x' | b'L' => Content::Name { text: Vec::new(), is_pax: header.kind == b'x' },
            b'0' | 0 | b'7' => {
                let said = std::mem::take(&mut self.said);
                // Programs that do not know of pax go by the header: it has no size that they could take.
                match said.size {
                    Some(own) if size == 0 || size == own => size = own,
                    Some(_) => {
                        self.state = State::Over;
                        return found.rest.extend_from_slice(block);
                    }
                    None => {}
                }
                let name = said.name.unwrap_or(header.name);
                Content::File { name, bytes: size, hashing: Box::default() }
            }
            b'K' | b'g' => Content::Other,
            // Of a link, a folder or a device some readers pass over as much content as its header says,
            // others over none.
            b'1'..=b'6' if size == 0 => {
                let name = std::mem::take(&mut self.said).name.unwrap_or(header.name);
                self.state = State::Header;
                if matches!(header.kind, b'1' | b'2') {
                    let link = Some(header.link);
                    self.list(File { name, bytes: 0, sha256: None, link, cut: false }, found);
                }
                return;
            }
            // Whoever does not know a kind makes a file of it, others something else.
            _ => {
                self.state = State::Over;
                return found.rest.extend_from_slice(block);
            }
        };
        if !matches!(header.kind, b'K' | b'g') {
            self.said = Said::default();
        }
        let padding = size.wrapping_neg() % BLOCK as u64;
        self.state = State::Content { file: content, left: size, padding };
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
            Content::Name { text, is_pax: true } => {
                let number = |text: String| text.parse().ok().filter(|size| *size < LARGEST);
                let (name, size) = (pax(&text, "path"), pax(&text, "size").and_then(number));
                self.said = Said { name, size };
            }
            Content::Name { text, is_pax: false } => {
                if !text.is_empty() {
                    self.said.name = Some(c_text(&text));
                }
            }
            Content::Other => {}
        }
    }
}

impl Content {
    fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::File { hashing, .. } => hashing.update(bytes),
            Self::Name { text, .. } => {
                let room = MAX_SAID_BYTES.saturating_sub(text.len()).min(bytes.len());
                text.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
            Self::Other => {}
        }
    }
}

/// What a header says.
struct Header {
    name: String,
    size: u64,
    kind: u8,
    link: String,
}

impl Header {
    fn read(block: &[u8]) -> Option<Self> {
        let sum = octal(block.get(148..156)?)?;
        let blank = |at: usize, byte: u8| if (148..156).contains(&at) { b' ' } else { byte };
        let own: u64 = block.iter().enumerate().map(|(at, byte)| u64::from(blank(at, *byte))).sum();
        if sum != own {
            return None;
        }
        let (name, prefix) = (c_text(block.get(..100)?), c_text(block.get(345..500)?));
        let is_ustar = block.get(257..263)? == b"ustar\0";
        let name = if is_ustar && !prefix.is_empty() { format!("{prefix}/{name}") } else { name };
        let (size, kind) = (number(block.get(124..136)?)?, *block.get(156)?);
        Some(Self { name, size, kind, link: c_text(block.get(157..257)?) })
    }
}

/// No file is as large.
const LARGEST: u64 = 1 << 62;

/// Octal digits; or, for large files, a number in base 256 behind a set bit (GNU).
fn number(field: &[u8]) -> Option<u64> {
    match field.split_first()? {
        (0x80, rest) => {
            let (high, low) = rest.split_at_checked(rest.len() - 8)?;
            let low = low.try_into().ok().map(u64::from_be_bytes)?;
            high.iter().all(|byte| *byte == 0).then_some(low).filter(|size| *size < LARGEST)
        }
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn c_text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

/// What `LENGTH KEY=VALUE\n` says among the records of a pax header. Of several that are alike the last one
/// counts (POSIX, pax).
fn pax(mut records: &[u8], key: &str) -> Option<String> {
    let mut found = None;
    while !records.is_empty() {
        let Some((record, rest)) = pax_record(records) else { break };
        let value = record.strip_prefix(key.as_bytes()).and_then(|of| of.strip_prefix(b"="));
        found = value.map(|value| String::from_utf8_lossy(value).into_owned()).or(found);
        records = rest;
    }
    found
}

fn pax_record(records: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = records.iter().position(|byte| *byte == b' ')?;
    let length = std::str::from_utf8(records.get(..space)?).ok()?.parse::<usize>().ok()?;
    Some((records.get(space + 1..length.checked_sub(1)?)?, records.get(length..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::hex::sha256;

    fn header(name: &str, size: usize, kind: u8) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        block[156] = kind;
        if kind == b'2' {
            block[157..163].copy_from_slice(b"target");
        }
        block[257..263].copy_from_slice(b"ustar\0");
        block[148..156].copy_from_slice(b"        ");
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    fn entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut entry = header(name, content.len(), kind);
        entry.extend(content);
        entry.resize(entry.len().next_multiple_of(BLOCK), 0);
        entry
    }

    fn archive() -> Vec<u8> {
        let long = "d/".repeat(120) + "long";
        let record = format!("path={long}\n");
        let length = record.len() + 4;
        [
            entry("dir/", b'5', b""),
            entry("a", b'0', b"hello"),
            entry("empty", b'0', b""),
            entry("link", b'2', b""),
            entry("x", b'x', format!("{length} {record}").as_bytes()),
            entry("cut", b'0', &[7; 600]),
            entry("././@LongLink", b'L', b"gnu/long\0"),
            entry("cut", b'0', b"x"),
            vec![0; 2 * BLOCK],
        ]
        .concat()
    }

    #[test]
    fn every_file_is_listed() {
        let bytes = archive();
        for size in [1, 7, 512, bytes.len()] {
            let mut archive = Archive::default();
            let found: Vec<_> = bytes.chunks(size).map(|chunk| archive.push(chunk)).collect();
            assert!(found.iter().all(|found| found.rest.is_empty()));
            let files: Vec<_> = found.into_iter().flat_map(|found| found.files).collect();
            let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
            let long = "d/".repeat(120) + "long";
            assert_eq!(names, ["a", "empty", "link", long.as_str(), "gnu/long"]);
            assert_eq!(files[0].sha256, Some(sha256(b"hello")));
            assert_eq!((files[2].link.as_deref(), &files[2].sha256), (Some("target"), &None));
            assert_eq!(files[3].bytes, 600);
            assert_eq!((archive.count(), archive.end()), (5, Found::default()));
        }
    }

    /// As Go's `archive/tar` does of more than 8 GiB, for `kubectl cp` into a container.
    #[test]
    fn what_has_no_room_in_a_header_is_read_ahead_of_it() {
        let mut file = entry("big", b'0', &[7; 600]);
        file[124..135].copy_from_slice(b"00000000000");
        let sum: u64 = file[..BLOCK].iter().map(|byte| u64::from(*byte)).sum();
        let own: u64 = file[148..156].iter().map(|byte| u64::from(*byte)).sum();
        let sum = sum - own + 8 * u64::from(b' ');
        file[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let said = entry("x", b'x', b"12 size=999\n12 size=600\n");
        let bytes = [said, file, entry("next", b'0', b"x")].concat();
        let found = Archive::default().push(&bytes);
        let files: Vec<_> = found.files.iter().map(|file| (&*file.name, file.bytes)).collect();
        assert_eq!(files, [("big", 600), ("next", 1)]);
        assert_eq!(found.files[0].sha256, Some(sha256(&[7; 600])));
        // Two sizes are one for each reader.
        let said = entry("x", b'x', b"12 size=999\n");
        let bytes = [said, entry("big", b'0', &[7; 600])].concat();
        assert!(!Archive::default().push(&bytes).rest.is_empty());
    }

    #[test]
    fn what_is_no_name_names_nothing() {
        let bytes = [
            entry("g", b'g', b"19 comment=harmless\n"),
            entry("K", b'K', b"harmless\0"),
            entry("evil", b'0', b"x"),
        ];
        let found = Archive::default().push(&bytes.concat());
        assert_eq!(found.files.first().map(|file| file.name.as_str()), Some("evil"));
    }

    #[test]
    fn a_file_that_is_cut_off_is_listed() {
        let mut archive = Archive::default();
        let bytes = entry("most", b'0', &[7; 600]);
        assert_eq!(archive.push(&bytes[..BLOCK + 599]).files, []);
        let file = archive.end().files.pop().unwrap();
        assert_eq!((file.name.as_str(), file.bytes, file.cut), ("most", 599, true));
        assert_eq!(file.sha256, Some(sha256(&[7; 599])));
    }

    #[test]
    fn what_readers_take_for_different_things_is_not_read_on() {
        for (kind, content) in [(b'Q', "x"), (b'S', "x"), (b'5', "x"), (b'2', "x"), (b'1', "x")] {
            let hidden = entry("hidden", b'0', b"y");
            let mut bytes = entry("first", b'0', b"x");
            let odd = entry("odd", kind, content.as_bytes());
            bytes.extend([odd.as_slice(), hidden.as_slice()].concat());
            let found = Archive::default().push(&bytes);
            let names: Vec<_> = found.files.iter().map(|file| file.name.as_str()).collect();
            assert_eq!(names, ["first"], "{}", char::from(kind));
            assert!(found.rest.starts_with(&odd[..3]), "{}", char::from(kind));
        }
    }

    #[test]
    fn files_behind_one_block_of_zeros_are_listed() {
        let bytes = [vec![0; BLOCK], entry("hidden", b'0', b"x")].concat();
        let found = Archive::default().push(&bytes);
        assert_eq!(found.files.first().map(|file| file.name.as_str()), Some("hidden"));
    }

    #[test]
    fn what_is_not_of_an_archive_is_given_back() {
        let mut other = Archive::default();
        assert_eq!(other.push(&[b'x'; 600]).rest, [b'x'; 600]);
        let mut short = Archive::default();
        assert_eq!(short.push(b"uid=0(root)").rest, b"");
        assert_eq!(short.end().rest, b"uid=0(root)");
        let mut behind = Archive::default();
        let bytes = [archive(), b"uid=0(root)".to_vec()].concat();
        assert_eq!(behind.push(&bytes).rest, b"uid=0(root)");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), at in 0..1500_usize, byte in any::<u8>()) {
            Archive::default().push(&bytes);
            let mut archive = archive();
            archive[at] = byte;
            Archive::default().push(&archive);
        }
    }
}
