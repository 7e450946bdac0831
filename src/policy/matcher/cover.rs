//! Whether one `match` is about everything that another one is about. Told by the words alone: what
//! cannot be told so counts as not covered.

use super::{Match, VerbSet};
use crate::glob::Glob;
use crate::identity::SubjectPattern;
use crate::kube::resource_pattern::ResourcePattern;

impl Match {
    /// Whether every request that `other` is about is one that this is about.
    pub(in crate::policy) fn covers(&self, other: &Self) -> bool {
        let kind = |of: &Self| (of.covers_resources(), of.covers_paths());
        let (resources, paths) = kind(self);
        let (others_resources, others_paths) = kind(other);
        (resources || !others_resources)
            && (paths || !others_paths)
            && self.verbs.covers(other.verbs)
            && all(&self.callers, &other.callers, subject)
            && all(&self.clusters, &other.clusters, glob)
            && all(&self.resources, &other.resources, ResourcePattern::covers)
            && all(&self.namespaces, &other.namespaces, glob)
            && all(&self.names, &other.names, glob)
            && all(&self.paths, &other.paths, glob)
            && self.capabilities.is_none()
    }
}

impl VerbSet {
    fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

/// Whether each of `others` is covered by one of `patterns`, of which none stands for everything.
fn all<T>(patterns: &[T], others: &[T], covers: impl Fn(&T, &T) -> bool) -> bool {
    let covered = |other| patterns.iter().any(|pattern| covers(pattern, other));
    patterns.is_empty() || (!others.is_empty() && others.iter().all(covered))
}

/// A star of the other one can only fall on a star of this one, which takes whatever it stands for.
fn glob(pattern: &Glob, other: &Glob) -> bool {
    pattern.matches(other.as_str())
}

fn subject(pattern: &SubjectPattern, other: &SubjectPattern) -> bool {
    use SubjectPattern as S;
    match (pattern, other) {
        (S::Anyone, _) => true,
        (S::Group(a), S::Group(b))
        | (S::User(a), S::User(b))
        | (S::Workload(a), S::Workload(b)) => glob(a, b),
        _ => false,
    }
}
