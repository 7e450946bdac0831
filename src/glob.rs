//! Patterns as people write them in policies: literal text in which `*` stands for any run of
//! characters, none included.

use serde::{Deserialize, Serialize};

/// One pattern. Matching takes time linear in the text for a pattern with one star, and never
/// more than `pattern × text`; there is no backtracking to abuse.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

impl Glob {
    /// A pattern out of its text. Every text is a valid pattern.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern has no star, so that it matches exactly one text.
    pub fn is_literal(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether `text` as a whole fits the pattern.
    pub fn matches(&self, text: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut text) = text.strip_prefix(head) else { return false };
        let mut parts = rest.split('*');
        // `split` yields at least one part: what stands after the last star.
        let tail = parts.next_back().unwrap_or_default();
        for part in parts {
            let Some((_, after)) = text.split_once(part) else { return false };
            text = after;
        }
        text.ends_with(tail)
    }
}

impl From<&str> for Glob {
    fn from(pattern: &str) -> Self {
        Self::new(pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("*", "anything", true),
            ("pods", "pods", true),
            ("pods", "pods/exec", false),
            ("pods/*", "pods/exec", true),
            ("pods/*", "pods", false),
            ("*/exec", "pods/exec", true),
            ("prod-*-eu", "prod-a-b-eu", true),
            ("prod-*-eu", "prod-eu", false),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(Glob::from(pattern).matches(text), fits, "{pattern} on {text}");
        }
    }
}
