//! The members of an object and of the objects in it, for what decides by its keys.

use std::borrow::Cow;
use std::ops::Range;

use super::MaskError;
use super::scan::Scanner;
use super::string::decode;

/// How many levels below an object are read with it: `metadata`, and `annotations` and `labels` in
/// it. What is deeper, or in arrays, would cost more memory than it saves time.
const LEVELS_BELOW: u8 = 2;

/// The members of one object, each key once.
pub(super) struct Members<'t> {
    text: &'t str,
    entries: Vec<Member<'t>>,
    /// Where the object ends.
    pub end: usize,
}

/// One member of an object.
pub(super) struct Member<'t> {
    /// Its key.
    pub key: Cow<'t, str>,
    /// Where its value stands.
    pub span: Range<usize>,
    /// The members of its value, if that is an object which was read with it.
    pub members: Option<Box<Members<'t>>>,
}

impl<'t> Members<'t> {
    /// Reads the object that starts at `at`.
    pub(super) fn read(text: &'t str, at: usize) -> Result<Self, MaskError> {
        let mut scanner = Scanner::new(text, at);
        if scanner.peek() != Some(b'{') {
            return Err(MaskError::NotAnObject);
        }
        Self::scan(text, &mut scanner, LEVELS_BELOW)
    }

    /// Reads a complete text that holds nothing but one object.
    pub(super) fn read_all(text: &'t str) -> Result<Self, MaskError> {
        let members = Self::read(text, 0)?;
        Scanner::new(text, members.end).end()?;
        Ok(members)
    }

    fn scan(text: &'t str, scanner: &mut Scanner<'t>, levels_below: u8) -> Result<Self, MaskError> {
        scanner.open(b'{')?;
        let mut entries = Vec::with_capacity(8);
        while let Some(key) = scanner.next_key()? {
            let key = decode(scanner.of(&key));
            entries.push(if levels_below > 0 && scanner.peek() == Some(b'{') {
                let start = scanner.position();
                let members = Self::scan(text, scanner, levels_below - 1)?;
                Member { key, span: start..members.end, members: Some(Box::new(members)) }
            } else {
                Member { key, span: scanner.skip()?, members: None }
            });
        }
        let members = Self { text, entries, end: scanner.position() };
        refuse_duplicates(members.keys())?;
        Ok(members)
    }

    /// The members in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Member<'t>> {
        self.entries.iter()
    }

    /// The keys in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> + Clone {
        self.entries.iter().map(|member| member.key.as_ref())
    }

    /// The span of a member's value.
    pub(super) fn get(&self, key: &str) -> Option<Range<usize>> {
        self.member(key).map(|member| member.span.clone())
    }

    /// The span of a member's value if that starts with `first`: `{`, `[` or `"`.
    pub(super) fn get_starting(&self, key: &str, first: u8) -> Option<Range<usize>> {
        self.get(key).filter(|span| self.text.as_bytes().get(span.start) == Some(&first))
    }

    /// What stands between the quotes of a string member.
    pub(super) fn raw_string(&self, key: &str) -> Option<Range<usize>> {
        self.get_starting(key, b'"').map(|span| span.start + 1..span.end - 1)
    }

    /// A member's value if it is a string.
    pub(super) fn string(&self, key: &str) -> Option<Cow<'t, str>> {
        self.raw_string(key).map(|span| decode(self.text.get(span).unwrap_or_default()))
    }

    /// The members of a member, which must be an object if it is there at all; at most two levels
    /// below an object that was read.
    pub(super) fn object(&self, key: &str) -> Result<Option<&Self>, MaskError> {
        let Some(member) = self.member(key) else { return Ok(None) };
        match &member.members {
            None if self.text.get(member.span.clone()) == Some("null") => Ok(None),
            None => Err(MaskError::NotAnObject),
            Some(members) => Ok(Some(members)),
        }
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

    fn member(&self, key: &str) -> Option<&Member<'t>> {
        self.entries.iter().find(|member| member.key == key)
    }
}

/// How many keys are compared each with each; more are sorted.
const FEW_KEYS: usize = 8;

/// Refuses an object in which a key occurs twice.
pub(super) fn refuse_duplicates<'k>(
    keys: impl Iterator<Item = &'k str> + Clone,
) -> Result<(), MaskError> {
    let twice = if keys.clone().nth(FEW_KEYS).is_none() {
        let mut rest = keys;
        std::iter::from_fn(|| rest.next().map(|key| rest.clone().any(|other| other == key)))
            .any(|twice| twice)
    } else {
        let mut keys: Vec<&str> = keys.collect();
        keys.sort_unstable();
        keys.windows(2).any(|pair| pair.first() == pair.last())
    };
    if twice { Err(MaskError::DuplicateKey) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_spelled_in_two_ways_is_a_duplicate() {
        for text in [
            r#"{"data":1,"d\u0061ta":2}"#,
            r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"\u0061":2}"#,
            r#"{"metadata":{"name":"a","name":"b"}}"#,
        ] {
            assert_eq!(Members::read_all(text).err(), Some(MaskError::DuplicateKey), "{text}");
        }
    }

    #[test]
    fn what_is_deeper_than_it_was_read_is_no_object() {
        let members = Members::read_all(r#"{"a":{"b":{"c":{}},"d":null}}"#).unwrap();
        let a = members.object("a").unwrap().unwrap();
        let b = a.object("b").unwrap().unwrap();
        assert!(a.object("d").unwrap().is_none());
        assert_eq!(b.object("c").err(), Some(MaskError::NotAnObject));
    }
}
