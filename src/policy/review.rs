//! Reviews policy files: what is wrong with them, and what is most likely not what their author
//! means though it can be read.

use super::document::{Effect, Mode, Policy};
use super::problem::{Place, Problem, Problems};
use super::set::{Loader, no_policy};
use super::{Source, case};

/// What there is to say of policy files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    /// What is wrong. A set with problems is refused.
    pub problems: Vec<Problem>,
    /// What can be read, and looks like a mistake.
    pub warnings: Vec<Problem>,
}

/// Reviews files as one set, with the cases that stand in them.
pub fn review(sources: &[Source]) -> Review {
    let mut loader = Loader::default();
    let mut cases = Vec::new();
    let mut has_cases = false;
    for source in sources {
        loader.load(source);
        match case::read(source) {
            Ok(suites) => has_cases |= !suites.is_empty(),
            Err(problems) => cases.extend(problems),
        }
    }
    let mut warnings = std::mem::take(&mut loader.warnings);
    warnings.extend(never_let_through(&loader));
    warnings.extend(shadowed(&loader));
    let only_masks = loader.has_only_masks() && loader.problems.is_empty();
    warnings.extend(only_masks.then(no_policy));
    warnings.sort();
    // A file of cases alone is no set, and need not be one; masks stand beside the policies.
    let mut problems = if has_cases && loader.policies.is_empty() {
        loader.problems
    } else if only_masks {
        loader.build().err().unwrap_or_default()
    } else {
        loader.finish().err().unwrap_or_default()
    };
    problems.extend(cases);
    problems.sort();
    // Both readers report what is not YAML.
    problems.dedup();
    Review { problems, warnings }
}

fn never_let_through(loader: &Loader) -> Option<Problem> {
    let denies = |policy: &Policy| matches!(policy.effect, Effect::Deny);
    let only_denies = !loader.policies.is_empty() && loader.policies.iter().all(denies);
    only_denies.then(|| {
        let mut problems = Problems::of("");
        let hint = Some("add a policy with `effect: allow`".to_owned());
        let message = "no policy lets anything through: what none allows is denied";
        problems.add_with(Place::WHOLE, message, hint);
        problems.into_vec().remove(0)
    })
}

/// Policies that a denial stands in front of, whatever is asked.
fn shadowed(loader: &Loader) -> Vec<Problem> {
    let denials = || loader.policies.iter().filter(|policy| is_flat_denial(policy));
    let shadow = |policy: &Policy| {
        let of_others = |denial: &&Policy| denial.name != policy.name;
        denials().filter(of_others).find(|denial| denial.matches.covers(&policy.matches))
    };
    let others = loader.policies.iter().filter(|policy| !matches!(policy.effect, Effect::Deny));
    let warning = |policy: &Policy| {
        let denial = shadow(policy)?;
        let (file, at) = loader.place_of(&policy.name)?;
        let mut problems = Problems::of(file);
        let message = format!(
            "`{}` never decides: `{}` denies all that it is about",
            policy.name, denial.name
        );
        let hint = Some(format!("narrow the `match` of `{}`, or give it a `when`", denial.name));
        problems.add_with(at, message, hint);
        problems.into_vec().pop()
    };
    others.filter_map(warning).collect()
}

fn is_flat_denial(policy: &Policy) -> bool {
    matches!(policy.effect, Effect::Deny)
        && policy.mode == Mode::Enforce
        && policy.when.is_none()
        && policy.matches.capabilities.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, spec: &str) -> String {
        format!(
            "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        )
    }

    fn warnings(policies: &[String]) -> String {
        let source = Source { name: "a.yaml".into(), text: policies.join("---\n") };
        let review = review(&[source]);
        assert_eq!(review.problems, []);
        review.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn resources_that_cannot_exist_are_warned_of_with_what_was_meant() {
        for (resource, expected) in [
            ("statefulset.apps", "did you mean `statefulsets.apps`?"),
            ("deployment.apps/scale", "did you mean `deployments.apps`?"),
            ("deployments.app", "there is no API group `app`"),
            ("pods/exce", "did you mean `exec`?"),
            ("deployments.apps/exec", "no such subresource"),
            ("ingress.networking.k8s.io", "did you mean `ingresses.networking.k8s.io`?"),
            ("statefulsets.apps", ""),
            ("widgets.example.com/status", ""),
            ("nodes.metrics.k8s.io", ""),
            ("*.apps", ""),
            ("pods/*", ""),
        ] {
            let told = warnings(&[policy(
                "a",
                &format!("{{match: {{resources: ['{resource}']}}, effect: allow}}"),
            )]);
            assert!(told.contains(expected), "{resource}: {told}");
            assert_eq!(told.is_empty(), expected.is_empty(), "{resource}: {told}");
        }
    }

    #[test]
    fn a_policy_behind_a_denial_is_warned_of() {
        let shadowed = |allow: &str, deny: &str| {
            let told = warnings(&[
                policy("open", "{match: {callers: ['user:root']}, effect: allow}"),
                policy("a", &format!("{{match: {{{allow}}}, effect: allow}}")),
                policy("d", &format!("{{{deny}, effect: deny}}")),
            ]);
            assert!(!told.contains("`open`"), "{told}");
            told.contains("a.yaml:8:18: `a` never decides: `d` denies all that it is about")
        };
        let delete = "match: {verbs: [delete], namespaces: ['prod-*']}";
        for (allow, deny, is) in [
            ("verbs: [delete], namespaces: [prod-eu, prod-*]", delete, true),
            ("verbs: [delete]", delete, false),
            ("verbs: [delete, get], namespaces: [prod-eu]", delete, false),
            ("verbs: [delete], namespaces: [prod]", delete, false),
            ("namespaces: [shop]", "match: {callers: ['group:*'], namespaces: [shop]}", false),
            ("callers: ['group:a']", "match: {callers: ['group:*']}", true),
            ("callers: ['user:a']", "match: {callers: ['workload:*']}", false),
            ("resources: [pods/log]", "match: {resources: [pods]}", false),
            ("resources: [pods/log, pods/exec]", "match: {resources: ['pods/*']}", true),
            ("resources: ['*.apps']", "match: {resources: ['*'], callers: ['user:*']}", false),
            ("paths: ['/metrics']", "match: {paths: ['*'], clusters: [prod]}", false),
            ("paths: ['/metrics']", "match: {paths: ['*']}", true),
            ("names: [web]", "match: {names: [web]}, when: 'true'", false),
            ("names: [web]", "match: {names: [web]}, mode: observe", false),
            ("names: [web]", "match: {names: [web], capabilities: [run-code]}", false),
        ] {
            assert_eq!(shadowed(allow, deny), is, "{allow} behind {deny}");
        }
    }

    #[test]
    fn a_mask_that_hides_nothing_of_what_it_is_about_is_warned_of() {
        for (spec, expected) in [
            ("match: {resources: [secrets]}, fields: ['dat.*']", "did you mean `data`?"),
            ("match: {resources: [configmaps]}, fields: ['dta.x']", "did you mean `data`?"),
            ("match: {resources: [configmaps]}, fields: [stringData]", "no object of `configmaps`"),
            ("match: {resources: [secrets, configmaps]}, fields: [stringData, '*.x', '**']", ""),
            ("match: {resources: [secrets, pods]}, fields: [spec]", ""),
            ("match: {resources: ['*']}, fields: [dat]", ""),
            (
                "match: {resources: ['*.apps']}, fields: [spec.template.spec.containers.env.value]",
                "write `containers.*.env`",
            ),
            ("match: {resources: [pods]}, fields: [spec.**.env.value]", "write `env.*.value`"),
            ("match: {resources: [pods]}, fields: [spec.containers.0.env.*.value]", ""),
            ("match: {resources: [gateways.example.com]}, fields: [spec.env.value]", ""),
            (
                "match: {resources: [configmaps]}, fields: [data.x], helm: deny",
                "it hides no release",
            ),
            ("match: {resources: [pods]}, fields: ['**'], helm: raw", "it hides no release"),
            ("match: {resources: [secrets]}, fields: ['data.*'], helm: raw", ""),
            ("match: {resources: [configmaps]}, values: [jwt], helm: view", ""),
            ("match: {resources: [pods/log, pods/exec]}, values: [jwt]", "add `pods/attach`"),
            ("match: {resources: [pods/log]}, values: [jwt]", ""),
        ] {
            let mask = policy("m", &format!("{{{spec}}}")).replace("kind: Policy", "kind: Mask");
            let told = warnings(&[policy("a", "{effect: allow}"), mask]);
            assert!(told.contains(expected), "{spec}: {told}");
            assert_eq!(told.is_empty(), expected.is_empty(), "{spec}: {told}");
        }
    }

    #[test]
    fn masks_alone_are_checked_and_warned_of() {
        let mask = |spec: &str| policy("a", spec).replace("kind: Policy", "kind: Mask");
        let told = warnings(&[mask("{match: {resources: [secrets]}, fields: ['data.*']}")]);
        assert!(told.starts_with("there is no policy"), "{told}");
        let source = |text| [Source { name: "a.yaml".into(), text }];
        let wrong = review(&source(mask("{fields: ['data..a']}")));
        assert_eq!((wrong.problems.len(), wrong.warnings.len()), (1, 0));
        let budget = policy("a", "{match: {verbs: [delete]}, max: 1, per: 1h, over: deny}");
        assert_eq!(review(&source(budget.replace("Policy", "Budget"))).problems, [no_policy()]);
    }

    #[test]
    fn a_set_that_lets_nothing_through_is_warned_of() {
        assert!(warnings(&[policy("a", "{effect: deny}")]).contains("no policy lets anything"));
        assert_eq!(warnings(&[policy("a", "{effect: allow}")]), "");
    }
}
