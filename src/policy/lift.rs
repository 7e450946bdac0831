//! Grants as policies see them: what lifts the hold of one policy from some requests, and how wide
//! that may be.

use super::matcher::Match;
use super::set::PolicySet;
use crate::api::GrantPattern;
use crate::glob::Glob;
use crate::kube::request_info::{RequestInfo, Verb};

/// What a grant lifts. Whoever decides with one has seen to it that it is the caller's and in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lift {
    /// The grant's id.
    pub grant: String,
    /// The policy whose hold it lifts...
    pub policy: String,
    /// ...if that is still the one with this digest.
    pub document: String,
    /// For which requests.
    pub pattern: GrantPattern,
}

/// The most that a pattern may list of one thing, and the longest item.
const MAX_ITEMS: usize = 32;
const MAX_ITEM_BYTES: usize = 1024;
const MAX_ARGUMENTS: usize = 1024;

/// Why a hold cannot be answered with a grant, or not with that one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGrant {
    /// Its policy has changed since, or is gone.
    #[error("policy `{0}` has changed since the request was held; approve just this request")]
    Changed(String),
    /// There is nothing that others could be alike in.
    #[error("no grant can be given for a request of this kind; approve just this request")]
    Kind,
    /// The pattern leaves the request itself out.
    #[error("the grant does not cover the request that is held")]
    Other,
    /// It has more parts than anybody reads.
    #[error("the grant's pattern is too long")]
    TooLong,
    /// It goes beyond the policy.
    #[error("policy `{policy}` does not hold that: {field} `{value}` goes beyond it")]
    Wider {
        /// The policy.
        policy: String,
        /// The field of the pattern.
        field: &'static str,
        /// What in it.
        value: String,
    },
}

impl PolicySet {
    /// SHA-256 of a policy's document, hex, whatever its comments and its layout.
    pub fn document(&self, policy: &str) -> Option<&str> {
        self.policy(policy).map(|policy| policy.document.as_str())
    }

    /// Requests like a held one, as far as the policy that holds it is about them.
    pub fn propose(
        &self,
        policy: &str,
        (cluster, request, query): (&str, &RequestInfo, &[(String, String)]),
    ) -> Result<GrantPattern, NoGrant> {
        let found = self.policy(policy).ok_or_else(|| NoGrant::Changed(policy.to_owned()))?;
        let mut pattern = GrantPattern::of(cluster, request, query).ok_or(NoGrant::Kind)?;
        // What has no name yet is named by the policy, if that names anything.
        if request.resource.as_ref().is_some_and(|of| of.name.is_empty())
            && !found.matches.names.is_empty()
        {
            pattern.names.clone_from(&found.matches.names);
        }
        self.check_pattern(policy, &pattern, (cluster, request, query))?;
        Ok(pattern)
    }

    /// Whether a pattern is for a held request, and for nothing that its policy is not about.
    pub fn check_pattern(
        &self,
        policy: &str,
        pattern: &GrantPattern,
        (cluster, request, query): (&str, &RequestInfo, &[(String, String)]),
    ) -> Result<(), NoGrant> {
        let found = self.policy(policy).ok_or_else(|| NoGrant::Changed(policy.to_owned()))?;
        let own = GrantPattern::of(cluster, request, query).ok_or(NoGrant::Kind)?;
        if !is_short(pattern) {
            return Err(NoGrant::TooLong);
        }
        let named =
            own.names.iter().all(|name| name.as_str() == "*" || covers(&pattern.names, name));
        let placed = match own.namespaces.as_slice() {
            [] => pattern.namespaces.is_empty(),
            [namespace, ..] => covers(&pattern.namespaces, namespace),
        };
        let alike = own.cluster == pattern.cluster
            && own.resource == pattern.resource
            && own.exec == pattern.exec
            && own.verbs.iter().all(|verb| pattern.verbs.contains(verb));
        if !(alike && placed && named && !pattern.names.is_empty()) {
            return Err(NoGrant::Other);
        }
        let wider = |(field, value)| NoGrant::Wider { policy: policy.to_owned(), field, value };
        found.matches.goes_beyond(pattern, &own).map_or(Ok(()), |beyond| Err(wider(beyond)))
    }
}

impl Match {
    /// What of a pattern this is not about, beside what is in the pattern of the held request, which
    /// it is about in some way.
    fn goes_beyond(
        &self,
        pattern: &GrantPattern,
        own: &GrantPattern,
    ) -> Option<(&'static str, String)> {
        let verb = pattern.verbs.iter().find(|verb| {
            let named = self.verbs.contains(**verb) && **verb != Verb::DeleteCollection;
            !named && !own.verbs.contains(*verb)
        });
        if let Some(verb) = verb {
            let name = verb.as_str();
            return Some(("verbs", name.to_owned()));
        }
        let beyond = |field, named: &[Glob], asked: &[Glob]| {
            let beyond = asked.iter().find(|glob| !named.is_empty() && !covers(named, glob));
            beyond.map(|glob| (field, glob.as_str().to_owned()))
        };
        // What is in no namespace is named by `*` alone.
        let nowhere = [Glob::new("")];
        let namespaces =
            if pattern.namespaces.is_empty() { &nowhere[..] } else { &pattern.namespaces };
        beyond("namespaces", &self.namespaces, namespaces)
            .or_else(|| beyond("names", &self.names, &pattern.names))
    }
}

/// Whether everything that fits `glob` fits one of `globs`: a star can only fall on a star.
fn covers(globs: &[Glob], glob: &Glob) -> bool {
    globs.iter().any(|of| of.matches(glob.as_str()))
}

fn is_short(pattern: &GrantPattern) -> bool {
    let globs = || pattern.namespaces.iter().chain(&pattern.names);
    let exec = pattern.exec.iter().flat_map(|exec| &exec.command);
    pattern.verbs.len() <= MAX_ITEMS
        && pattern.namespaces.len() <= MAX_ITEMS
        && pattern.names.len() <= MAX_ITEMS
        && globs().all(|glob| glob.as_str().len() <= MAX_ITEM_BYTES)
        && exec.count() <= MAX_ARGUMENTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::target::Target;
    use crate::policy::Source;

    const POLICIES: &str = r#"
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: shop}
spec:
  match: {verbs: [delete, deletecollection, update], namespaces: ["shop-*"], names: ["web-*", db]}
  effect: hold
  hold: {approvers: ["group:sre"], grants: {maxDuration: 1h}}
---
apiVersion: kguard.dev/v1alpha1
kind: Policy
metadata: {name: all}
spec:
  effect: hold
  hold: {approvers: ["group:sre"]}
"#;

    fn set(text: &str) -> PolicySet {
        let source = Source { name: "test.yaml".into(), text: text.into() };
        PolicySet::compile(&[source]).unwrap()
    }

    fn delete(path: &str) -> RequestInfo {
        RequestInfo::read(&http::Method::DELETE, &Target::parse(path, None).unwrap()).unwrap()
    }

    #[test]
    fn a_pattern_may_be_edited_within_the_policy_and_no_further() {
        let set = set(POLICIES);
        let held = delete("/api/v1/namespaces/shop-a/pods/web-0");
        let about = ("prod", &held, [].as_slice());
        let proposed = set.propose("shop", about).unwrap();
        let check = |change: &dyn Fn(&mut GrantPattern)| {
            let mut pattern = proposed.clone();
            change(&mut pattern);
            set.check_pattern("shop", &pattern, about)
        };
        assert_eq!(check(&|_| {}), Ok(()));
        assert_eq!(check(&|of| of.names = vec!["web-*".into(), "db".into()]), Ok(()));
        assert_eq!(check(&|of| of.namespaces = vec!["shop-*".into()]), Ok(()));
        assert_eq!(check(&|of| of.verbs.push(Verb::Update)), Ok(()));
        for (field, value, change) in [
            (
                "names",
                "*",
                (&|of: &mut GrantPattern| of.names = vec!["*".into()])
                    as &dyn Fn(&mut GrantPattern),
            ),
            ("names", "w*", &|of| of.names = vec!["w*".into()]),
            ("names", "api", &|of| of.names.push("api".into())),
            ("namespaces", "*", &|of| of.namespaces = vec!["*".into()]),
            ("namespaces", "shop*", &|of| of.namespaces = vec!["shop*".into()]),
            ("verbs", "create", &|of| of.verbs.push(Verb::Create)),
            ("verbs", "deletecollection", &|of| of.verbs.push(Verb::DeleteCollection)),
        ] {
            let (policy, value) = ("shop".to_owned(), value.to_owned());
            assert_eq!(check(change), Err(NoGrant::Wider { policy, field, value }));
        }
        for change in [
            (&|of: &mut GrantPattern| of.names = vec!["db".into()]) as &dyn Fn(&mut GrantPattern),
            &|of| of.names.clear(),
            &|of| of.namespaces = vec!["shop-b".into()],
            &|of| of.namespaces.clear(),
            &|of| of.verbs = vec![Verb::Update],
            &|of| of.cluster = "test".into(),
            &|of| of.resource = "services".into(),
        ] {
            assert_eq!(check(change), Err(NoGrant::Other));
        }
        let many = |of: &mut GrantPattern| of.names = vec!["web-*".into(); MAX_ITEMS + 1];
        assert_eq!(check(&many), Err(NoGrant::TooLong));
        assert_eq!(set.propose("gone", about), Err(NoGrant::Changed("gone".into())));
        // A policy that names nothing holds everything.
        let mut wide = proposed.clone();
        (wide.names, wide.namespaces) = (vec!["*".into()], vec!["*".into()]);
        assert_eq!(set.check_pattern("all", &wide, about), Ok(()));
    }

    #[test]
    fn a_document_is_known_by_what_it_says() {
        let of = |text: &str, name: &str| set(text).document(name).unwrap().to_owned();
        let other = POLICIES.replace("1h", "2h");
        let layout = POLICIES.replace("spec:\n", "spec: # a comment\n\n");
        assert_ne!(of(POLICIES, "shop"), of(&other, "shop"));
        assert_eq!(of(POLICIES, "all"), of(&other, "all"));
        assert_eq!(of(POLICIES, "shop"), of(&layout, "shop"));
    }
}
