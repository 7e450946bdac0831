//! A validating scanner over one complete JSON text: it answers with spans, builds no tree and
//! looks at every byte once.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

use super::MaskError;

/// Deeper than any Kubernetes object; the recursion below stays within a thread's stack.
const MAX_DEPTH: usize = 512;

/// A cursor in a JSON text that is known to be UTF-8.
pub(super) struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
    /// Right after an opening bracket, where no comma is due.
    fresh: bool,
}

impl<'t> Scanner<'t> {
    /// A cursor before the value that starts at `at`.
    pub(super) fn new(text: &'t [u8], at: usize) -> Self {
        Self { text, at, depth: 0, fresh: false }
    }

    /// The bytes of a span.
    pub(super) fn bytes(&self, span: &Range<usize>) -> &'t [u8] {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The next byte that is not white space, not consumed.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Consumes `{` or `[`.
    pub(super) fn open(&mut self, bracket: u8) -> Result<(), MaskError> {
        self.expect(bracket)?;
        self.depth += 1;
        self.fresh = true;
        if self.depth > MAX_DEPTH { Err(MaskError::TooDeep) } else { Ok(()) }
    }

    /// The raw text of the next key, with the cursor then before its value; none at the end of
    /// the object, which is consumed.
    pub(super) fn next_key(&mut self) -> Result<Option<Range<usize>>, MaskError> {
        if !self.next_element(b'}')? {
            return Ok(None);
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    /// Whether another element follows, with the cursor before it; `closing` is consumed.
    pub(super) fn next_element(&mut self, closing: u8) -> Result<bool, MaskError> {
        let fresh = std::mem::take(&mut self.fresh);
        let next = self.peek();
        if next == Some(closing) {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if !fresh {
            self.expect(b',')?;
        }
        Ok(true)
    }

    /// Consumes a value of any kind and answers with its span.
    pub(super) fn skip(&mut self) -> Result<Range<usize>, MaskError> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'{') => {
                self.open(b'{')?;
                while self.next_key()?.is_some() {
                    self.skip()?;
                }
            }
            Some(b'[') => {
                self.open(b'[')?;
                while self.next_element(b']')? {
                    self.skip()?;
                }
            }
            Some(b'"') => drop(self.string()?),
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            Some(_) => self.number()?,
            None => return Err(MaskError::Truncated),
        }
        Ok(start..self.at)
    }

    /// Consumes a string and answers with what stands between its quotes.
    pub(super) fn string(&mut self) -> Result<Range<usize>, MaskError> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let end = memchr2(b'"', b'\\', rest).ok_or(MaskError::Truncated)?;
            let run = rest.get(..end).unwrap_or_default();
            // Without an early exit, so that it compiles to wide compares.
            if run.iter().fold(false, |found, byte| found | (*byte < b' ')) {
                return Err(MaskError::Syntax);
            }
            self.at += end + 1;
            if rest.get(end) == Some(&b'"') {
                return Ok(start..self.at - 1);
            }
            self.escape()?;
        }
    }

    /// Makes sure that nothing but white space follows.
    pub(super) fn end(&mut self) -> Result<(), MaskError> {
        self.peek().map_or(Ok(()), |_| Err(MaskError::TrailingData))
    }

    fn escape(&mut self) -> Result<(), MaskError> {
        let length = match self.text.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') => 5,
            _ => return Err(MaskError::Syntax),
        };
        let digits = self.text.get(self.at + 1..self.at + length).ok_or(MaskError::Truncated)?;
        self.at += length;
        if digits.iter().all(u8::is_ascii_hexdigit) { Ok(()) } else { Err(MaskError::Syntax) }
    }

    fn expect(&mut self, byte: u8) -> Result<(), MaskError> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(MaskError::Syntax),
            None => Err(MaskError::Truncated),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), MaskError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += word.len();
        if rest.starts_with(word) { Ok(()) } else { Err(MaskError::Syntax) }
    }

    fn number(&mut self) -> Result<(), MaskError> {
        self.accept(b"-");
        if !self.accept(b"0") {
            self.digits()?;
        }
        if self.accept(b".") {
            self.digits()?;
        }
        if self.accept(b"eE") {
            self.accept(b"+-");
            self.digits()?;
        }
        Ok(())
    }

    fn accept(&mut self, any_of: &[u8]) -> bool {
        let found = self.text.get(self.at).is_some_and(|byte| any_of.contains(byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> Result<(), MaskError> {
        let start = self.at;
        while self.accept(b"0123456789") {}
        if self.at > start { Ok(()) } else { Err(MaskError::Syntax) }
    }
}

/// The members of one object, each key once.
pub(super) struct Members<'t> {
    text: &'t [u8],
    members: Vec<(Cow<'t, str>, Range<usize>)>,
    /// Where the object ends.
    pub end: usize,
}

impl<'t> Members<'t> {
    /// Reads the object that starts at `at`.
    pub(super) fn read(text: &'t [u8], at: usize) -> Result<Self, MaskError> {
        let mut scanner = Scanner::new(text, at);
        if scanner.peek() != Some(b'{') {
            return Err(MaskError::NotAnObject);
        }
        scanner.open(b'{')?;
        let mut members = Vec::with_capacity(8);
        while let Some(key) = scanner.next_key()? {
            members.push((decode(scanner.bytes(&key)), scanner.skip()?));
        }
        refuse_duplicates(members.iter().map(|(key, _)| key.as_ref()))?;
        Ok(Self { text, members, end: scanner.at })
    }

    /// Reads a complete text that holds nothing but one object.
    pub(super) fn read_all(text: &'t [u8]) -> Result<Self, MaskError> {
        let members = Self::read(text, 0)?;
        Scanner::new(text, members.end).end()?;
        Ok(members)
    }

    /// The span of a member's value.
    pub(super) fn get(&self, key: &str) -> Option<Range<usize>> {
        self.members.iter().find(|(name, _)| name == key).map(|(_, span)| span.clone())
    }

    /// The span of a member's value if that starts with `first`: `{`, `[` or `"`.
    pub(super) fn get_starting(&self, key: &str, first: u8) -> Option<Range<usize>> {
        self.get(key).filter(|span| self.text.get(span.start) == Some(&first))
    }

    /// What stands between the quotes of a string member.
    pub(super) fn raw_string(&self, key: &str) -> Option<Range<usize>> {
        self.get_starting(key, b'"').map(|span| span.start + 1..span.end - 1)
    }

    /// A member's value if it is a string.
    pub(super) fn string(&self, key: &str) -> Option<Cow<'t, str>> {
        self.raw_string(key).map(|span| decode(self.text.get(span).unwrap_or_default()))
    }

    /// The members of a member that is an object.
    pub(super) fn object(&self, key: &str) -> Result<Option<Self>, MaskError> {
        let span = self.get_starting(key, b'{');
        span.map(|span| Self::read(self.text, span.start)).transpose()
    }

    /// The spans of the elements of a member that is an array; none if it is none.
    pub(super) fn array(&self, key: &str) -> Result<Option<Vec<Range<usize>>>, MaskError> {
        let Some(span) = self.get_starting(key, b'[') else { return Ok(None) };
        let mut scanner = Scanner::new(self.text, span.start);
        let mut elements = Vec::new();
        scanner.open(b'[')?;
        while scanner.next_element(b']')? {
            elements.push(scanner.skip()?);
        }
        Ok(Some(elements))
    }

    /// The keys in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(key, _)| key.as_ref())
    }
}

/// Refuses an object in which a key occurs twice.
pub(super) fn refuse_duplicates<'k>(keys: impl Iterator<Item = &'k str>) -> Result<(), MaskError> {
    let mut keys: Vec<&str> = keys.collect();
    keys.sort_unstable();
    let twice = keys.windows(2).any(|pair| pair.first() == pair.last());
    if twice { Err(MaskError::DuplicateKey) } else { Ok(()) }
}

/// The text of a validated string.
pub(super) fn decode(raw: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    Cow::Owned(String::from_utf8(decode_lossy(raw)).unwrap_or_default())
}

/// Any text with the escapes of JSON strings resolved.
pub(super) fn decode_lossy(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    for piece in Pieces::new(raw) {
        match piece {
            Piece::Plain(run) => text.extend_from_slice(run),
            Piece::Escape { character, .. } => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    text
}

/// A run of plain bytes, or one escaped character, of a validated string.
pub(super) enum Piece<'t> {
    Plain(&'t [u8]),
    Escape { raw_length: usize, character: char },
}

impl Piece<'_> {
    /// The lengths as written and as meant.
    pub(super) fn lengths(&self) -> (usize, usize) {
        match self {
            Self::Plain(run) => (run.len(), run.len()),
            Self::Escape { raw_length, character } => (*raw_length, character.len_utf8()),
        }
    }
}

/// The pieces of a validated string.
pub(super) struct Pieces<'t> {
    rest: &'t [u8],
}

impl<'t> Pieces<'t> {
    pub(super) fn new(raw: &'t [u8]) -> Self {
        Self { rest: raw }
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let plain = memchr::memchr(b'\\', self.rest).unwrap_or(self.rest.len());
        if plain > 0 {
            let (run, rest) = self.rest.split_at_checked(plain)?;
            self.rest = rest;
            return Some(Piece::Plain(run));
        }
        let (raw_length, character) = unescape(self.rest);
        self.rest = self.rest.get(raw_length..).unwrap_or_default();
        Some(Piece::Escape { raw_length, character })
    }
}

/// The escape at the start of `raw`: its length and the character. Half a surrogate pair is
/// U+FFFD, as in Go.
fn unescape(raw: &[u8]) -> (usize, char) {
    let simple = |character| (2, character);
    match raw.get(1) {
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'u') => {
            let high = code_unit(raw);
            let low = raw.get(6..).map_or(0, code_unit);
            let is_pair = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
            let code = if is_pair { 0x1_0000 + ((high & 0x3ff) << 10 | low & 0x3ff) } else { high };
            (if is_pair { 12 } else { 6 }, char::from_u32(code).unwrap_or('\u{fffd}'))
        }
        Some(byte) => simple(char::from(*byte)),
        None => (1, '\u{fffd}'),
    }
}

/// The number in a `\uXXXX` at the start of `raw`, or 0.
fn code_unit(raw: &[u8]) -> u32 {
    let digits = raw.strip_prefix(br"\u").and_then(|rest| rest.get(..4));
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepts(text: &str) -> bool {
        let mut scanner = Scanner::new(text.as_bytes(), 0);
        scanner.skip().and_then(|_| scanner.end()).is_ok()
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "[1 2]",
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "tru",
            "nul",
            "\"",
            "\"\u{1}\"",
            r#""\x""#,
            r#""\u12g4""#,
            "[}",
            "{]",
            "1 2",
            "[,1]",
        ] {
            assert!(!accepts(text), "{text}");
        }
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(accepts(&nested(MAX_DEPTH)));
        let deep = nested(MAX_DEPTH + 1);
        assert_eq!(Scanner::new(deep.as_bytes(), 0).skip(), Err(MaskError::TooDeep));
    }

    #[test]
    fn a_key_spelled_in_two_ways_is_a_duplicate() {
        let text = br#"{"data":1,"d\u0061ta":2}"#;
        assert_eq!(Members::read_all(text).err(), Some(MaskError::DuplicateKey));
    }

    proptest! {
        #[test]
        fn it_accepts_what_serde_json_accepts(text in r#"[\[\]{}:,"ab\\u0-9.eE+\- truefalsn]{0,24}"#) {
            let model = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(accepts(&text), model);
        }

        #[test]
        fn it_decodes_strings_as_serde_json_does(text in ".*") {
            let json = serde_json::to_string(&text).unwrap();
            let escaped: String = text
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect();
            prop_assert_eq!(decode(&json.as_bytes()[1..json.len() - 1]), text.as_str());
            prop_assert_eq!(decode(escaped.as_bytes()), text.as_str());
        }
    }
}
