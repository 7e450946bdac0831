//! A request target without spelling tricks: decoded once, refused where two readers could differ,
//! and written anew for the API server. The client's own bytes are never forwarded.
//!
//! Every rule here closes a way in which a gateway and the API server were seen to read the same
//! target differently: the API server decodes the whole path before it splits it, keeps inner
//! empty segments, and silently drops query pairs with a `;` or a bad escape.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What may stand unescaped in a path segment (RFC 3986 `pchar`).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// What may stand unescaped in a query key or value (RFC 3986 `unreserved`).
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');

/// The longest target that is read at all, in bytes.
pub const MAX_TARGET_BYTES: usize = 16 * 1024;

/// A parsed path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    segments: Vec<String>,
    trailing_slash: bool,
    query: Query,
}

/// A parsed query: decoded pairs in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

/// Why a target is refused. All of these are the client's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// A `%` that two hex digits do not follow, or an escape that is not UTF-8.
    #[error("the request target has an invalid percent-escape")]
    BadEscape,
    /// A control character, raw or escaped.
    #[error("the request target contains a control character")]
    ControlCharacter,
    /// `.` or `..` as a segment.
    #[error("the request path contains a `.` or `..` segment")]
    DotSegment,
    /// `//` inside the path.
    #[error("the request path contains an empty segment")]
    EmptySegment,
    /// `%2F` or `%5C`, which the API server would take for a separator.
    #[error("the request path contains an escaped slash or backslash")]
    EscapedSlash,
    /// The path does not begin with a slash.
    #[error("the request path does not begin with `/`")]
    NotAbsolute,
    /// A `;` in the query, which Go drops together with its pair.
    #[error("the query contains `;`")]
    Semicolon,
    /// Longer than [`MAX_TARGET_BYTES`].
    #[error("the request target is longer than {MAX_TARGET_BYTES} bytes")]
    TooLong,
}

impl Target {
    /// Reads the path and query of a request line.
    pub fn parse(path: &str, query: Option<&str>) -> Result<Self, TargetError> {
        if path.len() + query.map_or(0, str::len) > MAX_TARGET_BYTES {
            return Err(TargetError::TooLong);
        }
        let Some(rest) = path.strip_prefix('/') else { return Err(TargetError::NotAbsolute) };
        let (rest, trailing_slash) = match rest.strip_suffix('/') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let segments = match rest {
            "" if trailing_slash => return Err(TargetError::EmptySegment),
            "" => Vec::new(),
            rest => rest.split('/').map(segment).collect::<Result<_, _>>()?,
        };
        Ok(Self { segments, trailing_slash, query: Query::parse(query.unwrap_or_default())? })
    }

    /// The decoded segments.
    pub fn segments(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// The query.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The same target with another query.
    #[must_use]
    pub fn with_query(self, query: Query) -> Self {
        Self { query, ..self }
    }

    /// The canonical path. A trailing slash survives only where `keep_slash` says that it means
    /// something, which is behind a proxy subresource.
    pub fn path(&self, keep_slash: bool) -> String {
        let mut path = String::new();
        for segment in &self.segments {
            let _ = write!(path, "/{}", utf8_percent_encode(segment, SEGMENT));
        }
        if path.is_empty() || (keep_slash && self.trailing_slash) {
            path.push('/');
        }
        path
    }
}

fn segment(raw: &str) -> Result<String, TargetError> {
    let text = without_controls(decode(raw)?)?;
    // What is behind a proxy may take `..;x` for `..` with a parameter, as Tomcat does.
    match text.split(';').next().unwrap_or_default() {
        "" => Err(TargetError::EmptySegment),
        "." | ".." => Err(TargetError::DotSegment),
        _ if text.contains(['/', '\\']) => Err(TargetError::EscapedSlash),
        _ => Ok(text),
    }
}

/// Decodes percent-escapes strictly: each `%` with its two digits, and UTF-8.
fn decode(raw: &str) -> Result<String, TargetError> {
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
            if !digit(bytes.next()) || !digit(bytes.next()) {
                return Err(TargetError::BadEscape);
            }
        }
    }
    let text = percent_decode_str(raw).decode_utf8().map_err(|_| TargetError::BadEscape)?;
    Ok(text.into_owned())
}

fn without_controls(text: String) -> Result<String, TargetError> {
    if text.chars().any(char::is_control) { Err(TargetError::ControlCharacter) } else { Ok(text) }
}

/// A value may be of several lines, as the script of `sh -c` in an exec often is.
fn without_controls_but_lines(text: String) -> Result<String, TargetError> {
    let harmful = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.chars().any(harmful) { Err(TargetError::ControlCharacter) } else { Ok(text) }
}

/// Whether a flag is set, as API servers read those of their streams: by its first value, which is only
/// `false` and `0` if it is off (apimachinery `runtime/conversion.go`).
pub fn is_on(query: &[(String, String)], name: &str) -> bool {
    let value = query.iter().find(|(own, _)| own == name).map(|(_, value)| value);
    value.is_some_and(|value| !value.eq_ignore_ascii_case("false") && value != "0")
}

impl Query {
    /// Reads a raw query, without its `?`.
    pub fn parse(raw: &str) -> Result<Self, TargetError> {
        if raw.contains(';') {
            return Err(TargetError::Semicolon);
        }
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = without_controls(decode(&key.replace('+', " "))?)?;
            Ok((key, without_controls_but_lines(decode(&value.replace('+', " "))?)?))
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }

    /// The decoded pairs.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The first value of a key, which is the one that the API server takes for a scalar.
    pub fn first(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All values of a key.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The first key that occurs more than once, unless it is one of `lists`.
    pub fn repeated(&self, lists: &[&str]) -> Option<&str> {
        let mut seen = std::collections::HashSet::new();
        let scalars = self.0.iter().map(|(key, _)| key.as_str()).filter(|key| !lists.contains(key));
        scalars.into_iter().find(|key| !seen.insert(*key))
    }

    /// The same query without the pairs whose key is one of `keys`.
    #[must_use]
    pub fn without(&self, keys: &[&str]) -> Self {
        Self(self.0.iter().filter(|(key, _)| !keys.contains(&key.as_str())).cloned().collect())
    }

    /// The canonical query, escaped, without a `?`; empty for none.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        for (key, value) in &self.0 {
            let separator = if text.is_empty() { "" } else { "&" };
            let key = utf8_percent_encode(key, QUERY);
            let _ = write!(text, "{separator}{key}={}", utf8_percent_encode(value, QUERY));
        }
        text
    }
}

/// A query boolean as apimachinery's `Convert_Slice_string_To_bool` reads it: present means true,
/// except for `0` and `false`.
pub(super) fn is_true(value: &str) -> bool {
    value != "0" && !value.eq_ignore_ascii_case("false")
}

impl FromIterator<(String, String)> for Query {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        use TargetError as E;
        for (path, query, why) in [
            ("/api/v1/namespaces//secrets", None, E::EmptySegment),
            ("//api/v1/secrets", None, E::EmptySegment),
            ("//", None, E::EmptySegment),
            ("/api/v1/secrets//", None, E::EmptySegment),
            ("/api/v1/namespaces/t/secrets%2Fdb", None, E::EscapedSlash),
            ("/api/v1/namespaces/t%2fsecrets", None, E::EscapedSlash),
            ("/api%2Fv1%2Fsecrets", None, E::EscapedSlash),
            ("/api/v1/namespaces/t%5Csecrets", None, E::EscapedSlash),
            ("/api/v1/../v1/secrets", None, E::DotSegment),
            ("/api/v1/%2e%2e/secrets", None, E::DotSegment),
            ("/api/v1/./secrets", None, E::DotSegment),
            ("/a/proxy/..;x=1/secrets", None, E::DotSegment),
            ("/a/proxy/%2e%3b/secrets", None, E::DotSegment),
            ("/a/proxy/;x/secrets", None, E::EmptySegment),
            ("/api/v1/secrets%00", None, E::ControlCharacter),
            ("/api/v1/secrets%0a", None, E::ControlCharacter),
            ("/api/v1/secrets%zz", None, E::BadEscape),
            ("/api/v1/secrets%2", None, E::BadEscape),
            ("/api/v1/secrets%ff", None, E::BadEscape),
            ("api/v1", None, E::NotAbsolute),
            ("*", None, E::NotAbsolute),
            ("/api/v1/pods", Some("dryRun=All;"), E::Semicolon),
            ("/api/v1/pods", Some("watch=1;x"), E::Semicolon),
            ("/api/v1/pods", Some("dryRun=All%zz"), E::BadEscape),
            ("/api/v1/pods", Some("a=%00"), E::ControlCharacter),
            ("/api/v1/pods", Some("a=%1b%5b2J"), E::ControlCharacter),
            ("/api/v1/pods", Some("a%0a=1"), E::ControlCharacter),
        ] {
            assert_eq!(Target::parse(path, query), Err(why), "{path}?{query:?}");
        }
        let long = format!("/{}", "a".repeat(MAX_TARGET_BYTES));
        assert_eq!(Target::parse(&long, None), Err(E::TooLong));
    }

    #[test]
    fn an_honest_target_is_written_anew_with_the_same_meaning() {
        for (path, query, canonical) in [
            ("/", None, "/"),
            ("/version", None, "/version"),
            ("/api/v1/secrets/", None, "/api/v1/secrets"),
            ("/api/v1/pods", Some("a=b+c&&d"), "/api/v1/pods?a=b%20c&d="),
            ("/api/v1/pods", Some("command=sh&command=-c"), "/api/v1/pods?command=sh&command=-c"),
            ("/a/exec", Some("command=a%0D%0A%09b"), "/a/exec?command=a%0D%0A%09b"),
            ("/a/system:x/%C3%A9", None, "/a/system:x/%C3%A9"),
            ("/a/x%3By", None, "/a/x%3By"),
        ] {
            let target = Target::parse(path, query).unwrap();
            let query = target.query().encode();
            let query = if query.is_empty() { query } else { format!("?{query}") };
            assert_eq!(format!("{}{query}", target.path(false)), canonical);
        }
        let proxied = Target::parse("/a/proxy/", None).unwrap();
        assert_eq!(proxied.path(true), "/a/proxy/");
    }

    #[test]
    fn repeated_scalars_are_found_and_lists_are_not() {
        let query = Query::parse("command=a&command=b&watch=1").unwrap();
        assert_eq!(query.repeated(&["command"]), None);
        assert_eq!(query.repeated(&[]), Some("command"));
        let query = Query::parse("watch=false&watch=true").unwrap();
        assert_eq!(
            (query.repeated(&["command"]), query.first("watch")),
            (Some("watch"), Some("false"))
        );
    }

    proptest! {
        #[test]
        fn the_canonical_form_reads_back_as_itself(path in "(/[ -~]{1,12}){1,5}", query in "[ -~]{0,40}") {
            if let Ok(target) = Target::parse(&path, Some(&query)) {
                let again = Target::parse(&target.path(true), Some(&target.query().encode()));
                prop_assert_eq!(again, Ok(target));
            }
        }

        /// The invariant where it matters: escapes, and values that are of several lines.
        #[test]
        fn every_escape_reads_back_as_itself(
            path in "(/([a-z;:+.&=]|%[0-7][0-9a-fA-F]|%C3%A9){1,6}){1,4}/?",
            query in "(([a-c&=+*.~]|%[0-7][0-9a-fA-F]|%C3%A9){0,6}){0,4}",
        ) {
            if let Ok(target) = Target::parse(&path, Some(&query)) {
                let again = Target::parse(&target.path(true), Some(&target.query().encode()));
                prop_assert_eq!(again, Ok(target));
            }
        }

        #[test]
        fn no_target_makes_it_panic(path in "\\PC{0,60}", query in "\\PC{0,60}") {
            let _ = Target::parse(&path, Some(&query));
        }
    }
}
