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

    /// Whether some text fits both patterns. Takes time and room in proportion to the product of
    /// their lengths: for patterns of the gateway's own configuration.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (own, other): (Vec<char>, Vec<char>) =
            (self.0.chars().collect(), other.0.chars().collect());
        // Whether what follows each place of `other` and one place of `own`, from its end on,
        // overlap.
        let mut after: Vec<bool> = Vec::new();
        for place in (0..=own.len()).rev() {
            let mut here = vec![false; other.len() + 1];
            for behind in (0..=other.len()).rev() {
                let at = |row: &[bool], place: usize| row.get(place).copied().unwrap_or(false);
                let overlap = match (own.get(place), other.get(behind)) {
                    (None, None) => true,
                    (Some('*'), _) => at(&after, behind) || at(&here, behind + 1),
                    (_, Some('*')) => at(&here, behind + 1) || at(&after, behind),
                    (Some(one), Some(another)) => one == another && at(&after, behind + 1),
                    _ => false,
                };
                if let Some(cell) = here.get_mut(behind) {
                    *cell = overlap;
                }
            }
            after = here;
        }
        after.first().copied().unwrap_or(false)
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
    fn patterns_overlap_if_some_text_fits_both() {
        for (one, another, overlap) in [
            ("", "", true),
            ("", "*", true),
            ("a", "", false),
            ("sre", "sre", true),
            ("sre", "dev", false),
            ("*sre", "oidc:sre", true),
            ("oidc:*", "*sre", true),
            ("oidc:*", "ldap:*", false),
            ("a*b*c", "*x*", true),
            ("a*b", "b*", false),
            ("ab", "a*b*b", false),
        ] {
            let (one, another) = (Glob::from(one), Glob::from(another));
            assert_eq!(one.overlaps(&another), overlap, "{one:?} {another:?}");
            assert_eq!(another.overlaps(&one), overlap, "{another:?} {one:?}");
        }
    }

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
