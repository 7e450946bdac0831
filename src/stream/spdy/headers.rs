//! Header blocks: names and values, compressed by one zlib stream for each direction of a connection,
//! which begins with a dictionary (SPDY/3, 2.6.10.1).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use super::StreamError;

/// Of the draft. Its SHA-256 is in the tests.
const DICTIONARY: &[u8] = include_bytes!("dictionary.bin");
/// A block of exec's is some hundred bytes; the Go side believes any length.
const MAX_BLOCK_BYTES: usize = 16 << 10;
const MAX_HEADERS: u32 = 64;

/// Names in lower case, each once, and values, which may be several with zeros in between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of a header.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn parse(mut block: &[u8]) -> Option<Self> {
        let count = number(&mut block).filter(|count| *count <= MAX_HEADERS)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for _ in 0..count {
            let (name, value) = (text(&mut block)?, text(&mut block)?);
            let is_lower = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
            let is_lower = is_lower && !name.bytes().any(|byte| byte.is_ascii_uppercase());
            // Go takes the first of several, and others the last.
            if !is_lower || headers.iter().any(|(own, _)| *own == name) {
                return None;
            }
            headers.push((name, value));
        }
        block.is_empty().then_some(Self(headers))
    }

    fn write(&self) -> Vec<u8> {
        let length = |text: &str| u32::try_from(text.len()).unwrap_or(0).to_be_bytes();
        let count = u32::try_from(self.0.len()).unwrap_or(0);
        let mut block = count.to_be_bytes().to_vec();
        for text in self.0.iter().flat_map(|(name, value)| [name, value]) {
            block.extend_from_slice(&length(text));
            block.extend_from_slice(text.as_bytes());
        }
        block
    }

    #[cfg(test)]
    pub(crate) fn of(headers: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(headers.iter().map(owned).collect())
    }
}

fn number(block: &mut &[u8]) -> Option<u32> {
    let (number, rest) = block.split_first_chunk()?;
    *block = rest;
    Some(u32::from_be_bytes(*number))
}

fn text(block: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(number(block)?).ok()?;
    let (text, rest) = block.split_at_checked(length)?;
    *block = rest;
    String::from_utf8(text.to_vec()).ok()
}

/// Reads the blocks of one direction.
pub(super) struct HeaderReader(Decompress);

impl HeaderReader {
    pub(super) fn new() -> Self {
        Self(Decompress::new(true))
    }

    /// Reads the next block.
    pub(super) fn read(&mut self, mut compressed: &[u8]) -> Result<Headers, StreamError> {
        let mut block = Vec::with_capacity(MAX_BLOCK_BYTES);
        while !compressed.is_empty() {
            let (taken, given) = (self.0.total_in(), block.len());
            let result = self.0.decompress_vec(compressed, &mut block, FlushDecompress::Sync);
            let taken = usize::try_from(self.0.total_in() - taken).unwrap_or(usize::MAX);
            compressed = compressed.get(taken..).ok_or(StreamError::Frame)?;
            match result {
                Ok(_) if taken == 0 && block.len() == given => return Err(StreamError::Frame),
                Ok(_) => {}
                Err(error) if error.needs_dictionary().is_some() => {
                    self.0.set_dictionary(DICTIONARY).map_err(|_| StreamError::Frame)?;
                }
                Err(_) => return Err(StreamError::Frame),
            }
        }
        Headers::parse(&block).ok_or(StreamError::Frame)
    }
}

/// Writes the blocks of one direction.
pub(super) struct HeaderWriter {
    deflate: Compress,
    has_dictionary: bool,
}

impl HeaderWriter {
    pub(super) fn new() -> Self {
        Self { deflate: Compress::new(Compression::fast(), true), has_dictionary: false }
    }

    /// Writes the next block.
    pub(super) fn write(&mut self, headers: &Headers) -> Result<Vec<u8>, StreamError> {
        if !std::mem::replace(&mut self.has_dictionary, true) {
            self.deflate.set_dictionary(DICTIONARY).map_err(|_| StreamError::Frame)?;
        }
        let block = headers.write();
        // Deflate never makes it longer by more than a few bytes for each 16 KiB.
        let mut compressed = Vec::with_capacity(block.len() + block.len() / 1024 + 64);
        let before = self.deflate.total_in();
        let result = self.deflate.compress_vec(&block, &mut compressed, FlushCompress::Sync);
        let is_all = self.deflate.total_in() - before == block.len() as u64;
        let has_room = compressed.len() < compressed.capacity();
        if result.is_ok() && is_all && has_room { Ok(compressed) } else { Err(StreamError::Frame) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::hex::sha256;

    #[test]
    fn the_dictionary_is_that_of_the_draft() {
        let digest = "51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02";
        assert_eq!(sha256(DICTIONARY), digest);
    }

    /// Blocks that moby/spdystream 0.5.1 wrote, one after the other on one connection.
    #[test]
    fn what_go_writes_is_read() {
        let mut reader = HeaderReader::new();
        let port = [("port", "5432"), ("requestid", "0"), ("streamtype", "data")];
        for (block, headers) in [
            (
                "78f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff",
                &[("streamtype", "error")][..],
            ),
            ("c22e555c92929907000000ffff", &[("streamtype", "stdin")]),
            ("0225550c295001940829cb8bc0d9c6d4c4d888818181b30812f799a03cc16800000000ffff", &port),
            ("6260606000000000ffff", &[]),
        ] {
            let bytes = |at: usize| u8::from_str_radix(block.get(at..at + 2).unwrap(), 16).unwrap();
            let block: Vec<u8> = (0..block.len()).step_by(2).map(bytes).collect();
            let (mut read, mut expected) = (reader.read(&block).unwrap(), Headers::of(headers));
            read.0.sort();
            expected.0.sort();
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn doubtful_names_are_refused() {
        for headers in
            [&[("port", "1"), ("port", "2")][..], &[("Port", "1")], &[("", "1")], &[("a b", "1")]]
        {
            let block = HeaderWriter::new().write(&Headers::of(headers)).unwrap();
            assert_eq!(HeaderReader::new().read(&block), Err(StreamError::Frame), "{headers:?}");
        }
    }

    #[test]
    fn a_block_that_grows_is_refused() {
        let bomb = Headers::of(&[("a", &"x".repeat(MAX_BLOCK_BYTES))]);
        let block = HeaderWriter::new().write(&bomb).unwrap();
        assert!(block.len() < 200);
        assert_eq!(HeaderReader::new().read(&block), Err(StreamError::Frame));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(blocks in proptest::collection::vec(any::<Vec<u8>>(), 0..4)) {
            let mut reader = HeaderReader::new();
            for block in blocks {
                let _ = reader.read(&block);
            }
        }

        #[test]
        fn what_is_written_is_read(
            blocks in proptest::collection::vec(
                proptest::collection::btree_map("[a-z-]{1,12}", ".{0,40}", 0..6), 1..5),
        ) {
            let (mut writer, mut reader) = (HeaderWriter::new(), HeaderReader::new());
            for block in blocks {
                let headers = Headers(block.into_iter().collect());
                prop_assert_eq!(reader.read(&writer.write(&headers).unwrap()).unwrap(), headers);
            }
        }
    }
}
