//! Packs: policies to start with, each with the cases that show what it does.

use super::Source;

/// Policies that come with kguard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pack {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a line.
    pub summary: &'static str,
    policies: &'static str,
    cases: &'static str,
}

macro_rules! pack {
    ($name:literal, $summary:literal) => {
        Pack {
            name: $name,
            summary: $summary,
            policies: include_str!(concat!("../../policies/", $name, ".yaml")),
            cases: include_str!(concat!("../../policies/tests/", $name, ".yaml")),
        }
    };
}

/// What a gateway decides by until somebody writes policies of his own.
pub const STARTER: Pack =
    pack!("starter", "people and workloads within RBAC; risky changes held, secrets masked");

/// All packs; the one to start with first.
pub const PACKS: [Pack; 5] = [
    STARTER,
    pack!("agents", "AI agents read what is harmless; what they change waits for a person"),
    pack!("ci", "pipelines deploy to their namespaces, and nothing else"),
    pack!("people", "people work within RBAC; production and guardrails need a second person"),
    pack!("robots", "monitoring, scanners and dashboards: they only read, and no secrets"),
];

impl Pack {
    /// The pack of that name.
    pub fn named(name: &str) -> Option<Self> {
        PACKS.into_iter().find(|pack| pack.name == name)
    }

    /// Its policies.
    pub fn policies(self) -> Source {
        let name = format!("policies/{}.yaml", self.name);
        Source { name, text: self.policies.to_owned() }
    }

    /// Its cases.
    pub fn cases(self) -> Source {
        let name = format!("policies/tests/{}.yaml", self.name);
        Source { name, text: self.cases.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::audit::record::Outcome;
    use crate::identity::{Caller, CallerKind};
    use crate::mask::{Context, Echo, Masker, PlaceholderKey, Shape};
    use crate::policy::{PolicySet, case, review};

    #[test]
    fn the_packs_have_no_problem_and_nothing_to_warn_of() {
        for pack in PACKS {
            let review = review::review(&[pack.policies(), pack.cases()]);
            assert_eq!(review, review::Review::default(), "{}", pack.name);
        }
    }

    #[test]
    fn agents_see_no_value_of_a_variable() {
        let set = PolicySet::compile(&[Pack::named("agents").unwrap().policies()]).unwrap();
        let agent = Caller {
            name: "agents:fixer".into(),
            groups: vec!["oidc:agents".into()],
            uid: None,
            kind: CallerKind::Workload,
            issuer: String::new(),
        };
        let variables = json!([{"name": "PASSWORD", "value": "hunter2"}]);
        let pod = json!({"containers": [{"name": "a", "image": "b", "env": variables}]});
        for (api_version, kind, spec) in [
            ("v1", "Pod", pod.clone()),
            ("apps/v1", "Deployment", json!({"template": {"spec": pod}})),
            ("batch/v1", "CronJob", json!({"jobTemplate": {"spec": {"template": {"spec": pod}}}})),
        ] {
            let object = json!({"kind": kind, "apiVersion": api_version, "spec": spec});
            let mut masker = Masker::new(Context {
                rules: Arc::new(set.mask_rules(&agent, "prod")),
                shape: Shape::Object,
                requested: None,
                placeholders: PlaceholderKey::new(&[1; 32]).placeholders("prod", Echo::None),
                max_element_bytes: 1 << 20,
            });
            let mut seen = Vec::new();
            masker.push(object.to_string().as_bytes(), &mut seen).unwrap();
            masker.finish().unwrap();
            let seen = String::from_utf8(seen).unwrap();
            assert!(seen.contains("PASSWORD") && !seen.contains("hunter2"), "{seen}");
        }
    }

    #[test]
    fn every_case_of_every_pack_holds_and_every_policy_is_decided_by_one() {
        for pack in PACKS {
            let set = PolicySet::compile(&[pack.policies()]).unwrap();
            let mut deciding = BTreeSet::new();
            let mut outcomes = BTreeSet::new();
            for case in case::read(&pack.cases()).unwrap().iter().flat_map(|suite| &suite.cases) {
                let report = case.run(&set);
                assert!(report.holds(), "{}: {report:#?}", pack.name);
                outcomes.insert(report.decision);
                deciding.extend(report.policy);
            }
            let all: BTreeSet<_> = set.policy_names().map(str::to_owned).collect();
            assert_eq!(deciding, all, "{}", pack.name);
            assert!(outcomes.is_superset(&BTreeSet::from([Outcome::Allow, Outcome::Deny])));
        }
    }
}
