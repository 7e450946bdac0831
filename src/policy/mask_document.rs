//! `Mask` documents: which fields of which objects nobody gets to see. What a mask does to a
//! response is [`crate::mask`]'s business.

use super::matcher::Match;

/// A `Mask` document.
#[derive(Debug, Clone)]
pub struct MaskDocument {
    /// Its name, under which masked values are counted in the trail.
    pub name: String,
    /// Whose responses and which objects it is about; only callers, clusters, resources,
    /// namespaces and names are ever set.
    pub matches: Match,
    /// The fields to mask.
    pub fields: Vec<FieldPath>,
}

/// A path into an object: `data.*`, `spec.containers.*.env.*.value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    text: String,
    segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// `*`: any key of a map, any index of a list.
    Any,
    /// `**`: any number of steps, none included.
    AnyDepth,
    /// A key.
    Key(String),
}

impl FieldPath {
    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its steps, outermost first; never empty, and never `**` at the end.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// It says "everything below", which would mask what identifies the object.
    #[error("`**` has to be followed by a field, as in `**.password`")]
    EndsInAnyDepth,
    /// A `.` at the start, at the end or twice in a row.
    #[error("a field path has no empty steps; write a dot in a key as `\\.`")]
    EmptyStep,
    /// A backslash that escapes nothing.
    #[error("`\\` is only for `\\.` and `\\\\`")]
    Escape,
    /// `*` as a part of a key.
    #[error("`*` stands for a whole step, not for a part of one")]
    PartialStar,
    /// More steps than any object nests.
    #[error("a field path has at most {MAX_SEGMENTS} steps")]
    TooLong,
}

const MAX_SEGMENTS: usize = 32;

impl std::str::FromStr for FieldPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let mut segments = Vec::new();
        let mut raw = String::new();
        let mut chars = text.chars();
        loop {
            match chars.next() {
                Some('\\') => match chars.next() {
                    Some(escaped @ ('.' | '\\')) => raw.push(escaped),
                    _ => return Err(InvalidPath::Escape),
                },
                Some('.') => segments.push(Segment::read(std::mem::take(&mut raw))?),
                Some(c) => raw.push(c),
                None => break,
            }
        }
        segments.push(Segment::read(raw)?);
        if segments.last() == Some(&Segment::AnyDepth) {
            return Err(InvalidPath::EndsInAnyDepth);
        }
        if segments.len() > MAX_SEGMENTS {
            return Err(InvalidPath::TooLong);
        }
        Ok(Self { text: text.to_owned(), segments })
    }
}

impl Segment {
    fn read(raw: String) -> Result<Self, InvalidPath> {
        match raw.as_str() {
            "" => Err(InvalidPath::EmptyStep),
            "*" => Ok(Self::Any),
            "**" => Ok(Self::AnyDepth),
            _ if raw.contains('*') => Err(InvalidPath::PartialStar),
            _ => Ok(Self::Key(raw)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_step_by_step() {
        let key = |name: &str| Segment::Key(name.into());
        for (text, segments) in [
            ("data.*", vec![key("data"), Segment::Any]),
            ("**.password", vec![Segment::AnyDepth, key("password")]),
            (
                r"metadata.annotations.a\.b/c",
                vec![key("metadata"), key("annotations"), key("a.b/c")],
            ),
            (r"a\\b", vec![key(r"a\b")]),
        ] {
            let path: FieldPath = text.parse().unwrap();
            assert_eq!(path.segments(), segments, "{text}");
            assert_eq!(path.as_str(), text);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for (text, error) in [
            ("", InvalidPath::EmptyStep),
            (".data", InvalidPath::EmptyStep),
            ("data.", InvalidPath::EmptyStep),
            ("data..x", InvalidPath::EmptyStep),
            ("data.**", InvalidPath::EndsInAnyDepth),
            ("da*", InvalidPath::PartialStar),
            (r"da\ta", InvalidPath::Escape),
            (r"data\", InvalidPath::Escape),
        ] {
            assert_eq!(text.parse::<FieldPath>(), Err(error), "{text}");
        }
    }
}
