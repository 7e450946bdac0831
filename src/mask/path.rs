//! Field paths as mask documents write them: `data.*`, `spec.**.password`.

use std::fmt;
use std::str::FromStr;

/// Which fields of an object a rule masks, from the object's root.
///
/// Segments are separated by `.`; `*` is any key or index, `**` any number of levels, none
/// included, and `\` takes the next character literally (`data.tls\.key`). An index is written as
/// its number. A path that ends at an object or array means all values below. What makes an object
/// readable at all (`kind`, `apiVersion`, `metadata` except for annotations and labels) is never
/// masked: stars pass over it, and naming it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldPath {
    segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Segment {
    /// Any key or index.
    Any,
    /// Any number of levels.
    Deep,
    /// This key.
    Key(String),
}

/// Why a field path is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldPathError {
    /// `spec.items[0]`, as in JSONPath.
    #[error("field path `{path}` uses brackets: write `.*` for any index, `.0` for the first")]
    Brackets {
        /// The path.
        path: String,
    },
    /// `a..b`, `.a`, or nothing at all.
    #[error("field path `{path}` has an empty segment: write it like `spec.template.*.password`")]
    EmptySegment {
        /// The path.
        path: String,
    },
    /// `pass*`.
    #[error(
        "field path `{path}` mixes `*` with text: `*` stands for a whole key, `\\*` for a star"
    )]
    PartialStar {
        /// The path.
        path: String,
    },
    /// `kind`, `metadata.name`.
    #[error("field path `{path}` names what clients need to read the object; it cannot be masked")]
    Structure {
        /// The path.
        path: String,
    },
    /// More segments than any object is deep.
    #[error("field path `{path}` has more than {MAX_SEGMENTS} segments")]
    TooLong {
        /// The path.
        path: String,
    },
    /// A `\` at the end.
    #[error("field path `{path}` ends with `\\`, which takes the next character literally")]
    UnfinishedEscape {
        /// The path.
        path: String,
    },
}

const MAX_SEGMENTS: usize = 64;

impl FieldPath {
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether the path's last segment names `key` itself, so that no exemption applies to it.
    pub(super) fn names(&self, key: &str) -> bool {
        matches!(self.segments.last(), Some(Segment::Key(last)) if last == key)
    }

    /// Whether a segment may be a position in a list.
    pub(super) fn has_positions(&self) -> bool {
        self.segments.iter().filter_map(Segment::key).any(is_position)
    }

    /// Its keys in their order; none for a star.
    pub fn keys(&self) -> impl Iterator<Item = Option<&str>> {
        self.segments.iter().map(Segment::key)
    }

    /// Whether it means the value at a place, or all of what that stands in.
    pub fn may_reach(&self, place: &[&str]) -> bool {
        may_reach(&self.segments, place)
    }

    /// Whether it may mean labels or annotations.
    pub(super) fn may_reach_metadata(&self) -> bool {
        self.keys().next().flatten().is_none_or(|key| key == "metadata")
    }

    /// The same path below another first key, if it starts with the key `from`.
    pub(super) fn moved(&self, from: &str, to: &str) -> Option<Self> {
        let (first, rest) = self.segments.split_first()?;
        (*first == Segment::Key(from.to_owned())).then(|| {
            let first = Segment::Key(to.to_owned());
            Self { segments: std::iter::once(first).chain(rest.iter().cloned()).collect() }
        })
    }
}

impl FromStr for FieldPath {
    type Err = FieldPathError;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let owned = || path.to_owned();
        let mut segments = Vec::new();
        let mut draft = Draft::default();
        let mut characters = path.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some(literal) => draft.push(literal, false),
                    None => return Err(FieldPathError::UnfinishedEscape { path: owned() }),
                },
                '[' | ']' => return Err(FieldPathError::Brackets { path: owned() }),
                '.' => segments.push(std::mem::take(&mut draft).finish(path)?),
                other => draft.push(other, other == '*'),
            }
        }
        segments.push(draft.finish(path)?);
        if segments.len() > MAX_SEGMENTS {
            return Err(FieldPathError::TooLong { path: owned() });
        }
        let mut keys = segments.iter().map_while(Segment::key);
        if is_structure(keys.next(), keys.next()) {
            return Err(FieldPathError::Structure { path: owned() });
        }
        Ok(Self { segments })
    }
}

impl Segment {
    fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Any | Self::Deep => None,
        }
    }
}

/// Whether a key of a path may be a position in a list.
pub(super) fn is_position(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the value at a place that starts with these keys is never masked.
pub(super) fn is_structure(first: Option<&str>, second: Option<&str>) -> bool {
    match (first, second) {
        (Some("apiVersion" | "kind"), _) => true,
        (Some("metadata"), Some(field)) => !matches!(field, "annotations" | "labels"),
        _ => false,
    }
}

fn may_reach(segments: &[Segment], place: &[&str]) -> bool {
    match (segments, place) {
        ([], _) => true,
        ([Segment::Deep, rest @ ..], _) => {
            let further = place.split_first().is_some_and(|(_, place)| may_reach(segments, place));
            may_reach(rest, place) || further
        }
        (_, []) => false,
        ([Segment::Any, rest @ ..], [_, place @ ..]) => may_reach(rest, place),
        ([Segment::Key(key), rest @ ..], [first, place @ ..]) => {
            key == first && may_reach(rest, place)
        }
    }
}

/// A segment while it is read.
#[derive(Default)]
struct Draft {
    text: String,
    stars: usize,
}

impl Draft {
    fn push(&mut self, character: char, star: bool) {
        self.text.push(character);
        self.stars += usize::from(star);
    }

    fn finish(self, path: &str) -> Result<Segment, FieldPathError> {
        match (self.stars, self.text.as_str()) {
            (0, "") => Err(FieldPathError::EmptySegment { path: path.to_owned() }),
            (0, _) => Ok(Segment::Key(self.text)),
            (1, "*") => Ok(Segment::Any),
            (2, "**") => Ok(Segment::Deep),
            _ => Err(FieldPathError::PartialStar { path: path.to_owned() }),
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments.iter().enumerate() {
            if index > 0 {
                formatter.write_str(".")?;
            }
            match segment {
                Segment::Any => formatter.write_str("*")?,
                Segment::Deep => formatter.write_str("**")?,
                Segment::Key(key) => {
                    for character in key.chars() {
                        if matches!(character, '.' | '\\' | '*' | '[' | ']') {
                            formatter.write_str("\\")?;
                        }
                        write!(formatter, "{character}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_it_was_written() {
        for path in [
            "data.*",
            "metadata.labels.*",
            "spec.**.password",
            r"data.tls\.key",
            r"a.\*.b",
            "a.0",
            "**",
        ] {
            assert_eq!(path.parse::<FieldPath>().unwrap().to_string(), path);
        }
    }

    #[test]
    fn a_path_reaches_what_it_names_and_what_is_below() {
        for (path, reaches) in [
            ("data.release", true),
            ("data", true),
            ("data.*", true),
            ("*.*", true),
            ("**", true),
            ("**.release", true),
            ("data.**", true),
            ("data.x", false),
            ("data.release.x", false),
            ("**.x", false),
            ("release", false),
        ] {
            assert_eq!(path.parse::<FieldPath>().unwrap().may_reach(&["data", "release"]), reaches);
        }
    }

    #[test]
    fn what_is_no_path_is_refused_with_the_way_out() {
        for (path, hint) in [
            ("", "empty segment"),
            (".spec", "empty segment"),
            ("spec..x", "empty segment"),
            ("spec.pass*", "whole key"),
            ("spec.***", "whole key"),
            ("spec.items[0]", ".0"),
            (r"spec.\", "literally"),
            ("kind", "cannot be masked"),
            ("metadata.name", "cannot be masked"),
        ] {
            let error = path.parse::<FieldPath>().unwrap_err().to_string();
            assert!(error.contains(hint), "{path}: {error}");
        }
    }
}
