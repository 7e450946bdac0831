//! One object's members, for the few objects whose keys decide what is masked.

use std::borrow::Cow;
use std::ops::Range;

use super::MaskError;
use super::scan::Scanner;
use super::string::decode;

/// The members of one object, each key once.
pub(super) struct Members<'t> {
    text: &'t [u8],
    entries: Vec<(Cow<'t, str>, Range<usize>)>,
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
        let mut entries = Vec::with_capacity(8);
        while let Some(key) = scanner.next_key()? {
            entries.push((decode(scanner.bytes(&key)), scanner.skip()?));
        }
        refuse_duplicates(entries.iter().map(|(key, _)| key.as_ref()))?;
        Ok(Self { text, entries, end: scanner.position() })
    }

    /// Reads a complete text that holds nothing but one object.
    pub(super) fn read_all(text: &'t [u8]) -> Result<Self, MaskError> {
        let members = Self::read(text, 0)?;
        Scanner::new(text, members.end).end()?;
        Ok(members)
    }

    /// The span of a member's value.
    pub(super) fn get(&self, key: &str) -> Option<Range<usize>> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, span)| span.clone())
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

    /// The members of a member, which must be an object if it is there at all.
    pub(super) fn object(&self, key: &str) -> Result<Option<Self>, MaskError> {
        let span = self.get(key).filter(|span| self.text.get(span.clone()) != Some(b"null"));
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

    /// The keys and the spans of their values, in their order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Cow<'t, str>, Range<usize>)> + '_ {
        self.entries.iter().map(|(key, span)| (key.clone(), span.clone()))
    }

    /// The keys in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key.as_ref())
    }
}

/// Refuses an object in which a key occurs twice.
pub(super) fn refuse_duplicates<'k>(keys: impl Iterator<Item = &'k str>) -> Result<(), MaskError> {
    let mut keys: Vec<&str> = keys.collect();
    keys.sort_unstable();
    let twice = keys.windows(2).any(|pair| pair.first() == pair.last());
    if twice { Err(MaskError::DuplicateKey) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_spelled_in_two_ways_is_a_duplicate() {
        let text = br#"{"data":1,"d\u0061ta":2}"#;
        assert_eq!(Members::read_all(text).err(), Some(MaskError::DuplicateKey));
    }
}
