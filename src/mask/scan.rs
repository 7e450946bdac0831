//! A validating scanner over one complete JSON text: it answers with spans, builds no tree and
//! looks at every byte once.

use std::ops::Range;

use memchr::memchr2;

use super::MaskError;

/// Deeper than any Kubernetes object; the recursion below stays within a thread's stack.
const MAX_DEPTH: usize = 512;

/// A cursor in a JSON text.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    /// Right after an opening bracket, where no comma is due.
    fresh: bool,
}

impl<'t> Scanner<'t> {
    /// A cursor before the value that starts at `at`.
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at, depth: 0, fresh: false }
    }

    /// The text of a span.
    pub(super) fn of(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The next byte that is not white space, not consumed.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other,
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
            Some(b'"') => {
                self.string()?;
            }
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
            let rest = self.rest();
            let end = memchr2(b'"', b'\\', rest).ok_or(MaskError::Truncated)?;
            let run = rest.get(..end).unwrap_or_default();
            // Without an early exit, so that it compiles to wide compares.
            if run.iter().fold(0, |found, byte| found | u8::from(*byte < b' ')) != 0 {
                return Err(MaskError::Syntax);
            }
            self.at += end + 1;
            if rest.get(end) == Some(&b'"') {
                return Ok(start..self.at - 1);
            }
            self.escape()?;
        }
    }

    /// Where the cursor is.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Makes sure that nothing but white space follows.
    pub(super) fn end(&mut self) -> Result<(), MaskError> {
        self.peek().map_or(Ok(()), |_| Err(MaskError::TrailingData))
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn escape(&mut self) -> Result<(), MaskError> {
        let length = match self.byte(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') => 5,
            _ => return Err(MaskError::Syntax),
        };
        let digits = self.text.as_bytes().get(self.at + 1..self.at + length);
        let digits = digits.ok_or(MaskError::Truncated)?;
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
        let is_word = self.rest().starts_with(word);
        self.at += word.len();
        if is_word { Ok(()) } else { Err(MaskError::Syntax) }
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
        let found = self.byte(self.at).is_some_and(|byte| any_of.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> Result<(), MaskError> {
        let start = self.at;
        while self.accept(b"0123456789") {}
        if self.at > start { Ok(()) } else { Err(MaskError::Syntax) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepts(text: &str) -> bool {
        let mut scanner = Scanner::new(text, 0);
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
        assert_eq!(Scanner::new(&deep, 0).skip(), Err(MaskError::TooDeep));
    }

    proptest! {
        #[test]
        fn it_accepts_what_serde_json_accepts(text in r#"[\[\]{}:,"ab\\u0-9.eE+\- truefalsn]{0,24}"#) {
            let model = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(accepts(&text), model);
        }
    }
}
