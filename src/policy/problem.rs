//! What is wrong with a policy file, said so that its author can fix it: where, what, and the way
//! out.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong in a policy file. A set with problems is refused whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The file, by the name of its [`Source`](super::Source); empty for the set as a whole.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// The column, from 1; 0 for the line as a whole.
    pub column: u64,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// About a file as a whole.
    pub fn of_file(file: String, message: String) -> Self {
        Self { file, line: 0, column: 0, message, hint: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
            if self.line > 0 {
                write!(f, "{}:{}:", self.line, self.column)?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub(super) line: u64,
    /// From 1.
    pub(super) column: u64,
    /// The byte at which the value starts, where the parser tells.
    pub(super) byte: Option<usize>,
}

impl Place {
    /// The file as a whole.
    pub(super) const WHOLE: Self = Self { line: 0, column: 0, byte: None };
}

/// Collects what is wrong with one file.
pub(super) struct Problems<'a> {
    file: &'a str,
    found: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) fn of(file: &'a str) -> Self {
        Self { file, found: Vec::new(), warnings: Vec::new() }
    }

    /// The file.
    pub(super) fn file(&self) -> &str {
        self.file
    }

    pub(super) fn add(&mut self, at: Place, message: impl Into<String>) {
        self.add_with(at, message, None);
    }

    pub(super) fn add_with(&mut self, at: Place, message: impl Into<String>, hint: Option<String>) {
        let problem = self.problem(at, message.into(), hint);
        self.found.push(problem);
    }

    /// Notes what can be read, and looks like a mistake.
    pub(super) fn warn(&mut self, at: Place, message: String, hint: Option<String>) {
        let problem = self.problem(at, message, hint);
        self.warnings.push(problem);
    }

    fn problem(&self, at: Place, message: String, hint: Option<String>) -> Problem {
        let Place { line, column, .. } = at;
        Problem { file: self.file.to_owned(), line, column, message, hint }
    }

    /// What looks like a mistake.
    pub(super) fn take_warnings(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.warnings)
    }

    pub(super) fn into_vec(self) -> Vec<Problem> {
        self.found
    }
}

/// The hint for a word that is none of `known`: the nearest of them, or all of them when none is
/// near and they are few.
pub fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    let word = word.to_lowercase();
    let near = known
        .iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance);
    match near {
        Some((_, candidate)) => Some(format!("did you mean `{candidate}`?")),
        None if (1..=12).contains(&known.len()) => Some(format!("one of `{}`", known.join("`, `"))),
        None => None,
    }
}

/// The Levenshtein distance, over bytes; words longer than any that is known are not near.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let best = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_known_word_is_suggested() {
        let known = ["namespaces", "names", "resources", "verbs"];
        for (word, hint) in [
            ("namespace", "did you mean `namespaces`?"),
            ("Verbs", "did you mean `verbs`?"),
            ("nmaes", "did you mean `names`?"),
            ("whatever", "one of `namespaces`, `names`, `resources`, `verbs`"),
        ] {
            assert_eq!(did_you_mean(word, &known).as_deref(), Some(hint), "{word}");
        }
    }

    #[test]
    fn a_problem_reads_like_a_compilers() {
        let problem = Problem {
            file: "policies/a.yaml".into(),
            line: 12,
            column: 5,
            message: "unknown field `namespace`".into(),
            hint: Some("did you mean `namespaces`?".into()),
        };
        assert_eq!(
            problem.to_string(),
            "policies/a.yaml:12:5: unknown field `namespace`\n  hint: did you mean `namespaces`?"
        );
    }

    #[test]
    fn the_distance_counts_edits() {
        for (a, b, edits) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }
}
