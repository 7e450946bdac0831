use serde_json::json;

use super::*;
use crate::identity::CallerKind::Person;
use crate::kube::request_info::{RequestInfo, Verb};
use crate::policy::capability::Carried;
use crate::policy::tests::{caller, known, path, request, set};
use crate::policy::{Facts, PolicySet};

fn explain(specs: &[&str], request: &RequestInfo, objects: &Objects) -> Explanation {
    let caller = caller(Person);
    let facts = Facts { request, query: &[], caller: &caller, cluster: "prod" };
    set(specs).explain(&facts, objects, Timestamp::UNIX_EPOCH)
}

#[test]
fn each_policy_that_is_about_the_request_tells_whether_it_applies() {
    let specs = [
        "{effect: allow}",
        "{when: object.a == 1, effect: allow}",
        "{when: object.a == 2, effect: deny, mode: observe}",
        "{when: object.b == 1, effect: deny}",
        "{match: {clusters: [dev]}, effect: deny}",
    ];
    let objects = Objects { object: known(json!({"a": 1})), ..Objects::default() };
    let told = explain(&specs, &request(Verb::Update, "pods", "shop", "web"), &objects);
    let brief: Vec<_> = told.matched.iter().map(|of| (of.policy.as_str(), &of.applies)).collect();
    let why = "it reads a field, key or index that is not there; guard it with `has(..)`".into();
    assert_eq!(
        brief,
        [
            ("a", &Applies::Yes),
            ("b", &Applies::Yes),
            ("c", &Applies::No),
            ("d", &Applies::Fails { why })
        ]
    );
    assert_eq!(told.ruling.decision.policy(), Some("d"));
    assert!(told.matched[2].observes && told.possible == [Outcome::Deny]);
}

#[test]
fn a_policy_that_one_field_keeps_out_is_near() {
    let specs = [
        "{match: {namespaces: [prod], verbs: [delete]}, effect: allow}",
        "{match: {namespaces: [prod], verbs: [get]}, effect: allow}",
        "{match: {paths: ['*']}, effect: allow}",
        "{match: {callers: ['group:sre']}, effect: allow}",
        "{match: {resources: [pods/log]}, effect: allow}",
        "{match: {capabilities: [read-secrets]}, effect: deny}",
    ];
    let told = explain(&specs, &request(Verb::Delete, "pods", "shop", "web"), &Objects::default());
    let near: Vec<_> =
        told.near.iter().map(|of| (of.policy.as_str(), of.field, &*of.value)).collect();
    assert_eq!(
        near,
        [
            ("a", "namespaces", "shop"),
            ("d", "callers", "oidc:alice"),
            ("e", "resources", "pods"),
            ("f", "capabilities", "kill-workloads, see-environment")
        ]
    );
}

#[test]
fn what_unknown_objects_can_change_is_possible_and_nothing_else() {
    use Outcome::{Allow, Deny, Hold};
    let allow = "{effect: allow}";
    let hold = "{effect: hold, hold: {approvers: ['*']}}";
    let hold_when = "{when: object.a == 1, effect: hold, hold: {approvers: ['*']}}";
    for (specs, possible) in [
        (vec![allow], vec![Allow]),
        (vec![], vec![Deny]),
        (vec![allow, "{when: 'request.verb == \"update\"', effect: deny}"], vec![Deny]),
        (vec![allow, hold_when], vec![Allow, Hold, Deny]),
        (vec![allow, hold, hold_when], vec![Hold, Deny]),
        (vec!["{when: object.a == 1, effect: allow}"], vec![Deny, Allow]),
        (vec![allow, hold_when, "{effect: deny}"], vec![Deny]),
        (vec![allow, "{when: object.a == 1, mode: observe, effect: deny}"], vec![Allow]),
        // Whether it carries that shows the object, but to look for it cannot fail.
        (vec![hold, "{match: {capabilities: [run-code]}, effect: allow}"], vec![Hold]),
        (vec![allow, "{match: {capabilities: [run-code]}, effect: deny}"], vec![Allow, Deny]),
    ] {
        let specs = [vec!["{match: {clusters: [dev]}, effect: allow}"], specs].concat();
        let request = request(Verb::Update, "deployments.apps", "shop", "web");
        let told = explain(&specs, &request, &Objects::unknown(&request, "why"));
        assert_eq!(told.possible, possible, "{specs:?}");
    }
}

#[test]
fn no_field_is_amiss_exactly_where_a_match_fits() {
    let set = set(&[
        "{match: {namespaces: [prod], verbs: [delete, list]}, effect: allow}",
        "{match: {namespaces: [prod], verbs: [get, list]}, effect: deny}",
        "{match: {paths: ['/api*']}, effect: allow}",
        "{match: {names: [web], capabilities: [run-code]}, effect: allow}",
        "{match: {names: [db], resources: ['*.apps']}, effect: deny}",
        "{match: {capabilities: [read-secrets, kill-workloads]}, effect: deny}",
    ]);
    let mut requests = vec![path("/api"), path("/version")];
    for verb in [Verb::Get, Verb::List, Verb::Create, Verb::Delete, Verb::Patch] {
        for resource in ["pods", "deployments.apps", "secrets", "pods/exec"] {
            for (namespace, name) in [("", ""), ("prod", ""), ("prod", "web"), ("shop", "db")] {
                requests.push(request(verb, resource, namespace, name));
            }
        }
    }
    for request in &requests {
        fits_as_told(&set, request);
    }
}

fn fits_as_told(set: &PolicySet, request: &RequestInfo) {
    let caller = caller(Person);
    let facts = Facts { request, query: &[], caller: &caller, cluster: "prod" };
    let fitting: Vec<_> =
        set.candidates(&facts).policies.iter().map(|of| of.document.name.clone()).collect();
    let carried = Carried::by(request);
    let flawless = set.policies().iter().filter(|policy| {
        let misfits = policy.matches.misfits(&facts, carried, policy.effect.reach());
        misfits.is_some_and(|misfits| misfits.is_empty())
    });
    let flawless: Vec<_> = flawless.map(|policy| policy.name.clone()).collect();
    assert_eq!(fitting, flawless, "{request:?}");
}
