use serde_json::json;

use super::*;
use crate::identity::CallerKind::{self, Person, Workload};
use crate::kube::request_info::Verb;
use crate::policy::tests::{brief, caller, compile, decide, known, request, rule, set};
use crate::policy::{Escalate, PolicySet};

fn nothing() -> Objects {
    Objects::default()
}

fn needs(specs: &[&str]) -> Needs {
    let set = set(specs);
    let request = request(Verb::Update, "pods", "shop", "web");
    let caller = caller(Person);
    set.candidates(&Facts { request: &request, query: &[], caller: &caller, cluster: "prod" })
        .needs()
}

#[test]
fn deny_beats_hold_beats_allow_and_nothing_is_deny() {
    let allow = "{effect: allow}";
    let deny = "{effect: deny}";
    let hold = "{effect: hold, hold: {approvers: ['group:sre']}}";
    let elsewhere = "{match: {clusters: [dev]}, effect: allow}";
    let no = "{when: 'false', effect: deny}";
    for (specs, says) in [
        (vec![elsewhere], "deny -"),
        (vec![allow, allow], "allow a"),
        (vec![allow, no], "allow a"),
        (vec![allow, hold, hold], "hold b"),
        (vec![allow, hold, deny, deny], "deny c"),
        (vec![deny, hold, allow], "deny a"),
        (vec![allow, "{when: 'true', effect: deny}", deny], "deny c"),
        (vec![allow, "{when: 'true', effect: deny}", hold], "deny b"),
    ] {
        let request = request(Verb::Get, "pods", "shop", "web");
        let decision = decide(&set(&specs), &request, Person, &nothing());
        assert_eq!(brief(&decision), says, "{specs:?}");
    }
}

#[test]
fn only_objects_that_can_matter_are_needed() {
    let object = "{when: object.a == 1, effect: allow}";
    let old = "{when: oldObject.a == 1, effect: deny}";
    let of_deletes = "{match: {verbs: [delete]}, when: object.a == 1, effect: deny}";
    for (specs, object, old_object) in [
        (vec!["{effect: allow}"], false, false),
        (vec![object], true, false),
        (vec![old], false, false),
        (vec!["{effect: allow}", old], false, true),
        (vec![object, old], true, true),
        (vec![object, old, "{effect: deny}"], false, false),
        (vec!["{effect: allow}", of_deletes], false, false),
        (vec!["{when: \"'run-code' in request.capabilities\", effect: allow}"], true, true),
    ] {
        assert_eq!(needs(&specs), Needs { object, old_object, blast_radius: false }, "{specs:?}");
    }
}

/// What only observes lets through, and says what it would have done.
#[test]
fn observing_policies_decide_nothing_and_are_heard() {
    let allow = "{effect: allow}";
    let deny = "{effect: deny, mode: observe}";
    let hold = "{effect: hold, mode: observe, hold: {approvers: ['group:sre']}}";
    let broken = "{when: object.a == 1, effect: deny, mode: observe}";
    let more = "{effect: allow, mode: observe}";
    for (specs, says, would) in [
        (vec![allow, deny], "allow a", "deny b"),
        (vec![allow, hold], "allow a", "hold b"),
        (vec![allow, hold, deny], "allow a", "deny c"),
        (vec![allow, broken], "allow a", "deny b"),
        (vec![allow, more], "allow a", "-"),
        (vec![more], "deny -", "allow a"),
        (vec!["{effect: deny}", more], "deny a", "-"),
        (vec![allow, "{when: 'false', effect: deny, mode: observe}"], "allow a", "-"),
    ] {
        let request = request(Verb::Update, "pods", "shop", "web");
        let objects = Objects {
            object: Object::Unavailable { why: "it is secret".into() },
            ..Objects::default()
        };
        let ruling = rule(&set(&specs), &request, Person, &objects);
        let observed = ruling.observed.map_or_else(|| "-".to_owned(), |Observed(of)| brief(&of));
        assert_eq!(
            (brief(&ruling.decision).as_str(), observed.as_str()),
            (says, would),
            "{specs:?}"
        );
    }
}

#[test]
fn a_set_that_only_observes_lets_everything_through() {
    for (specs, says, would) in [
        (vec!["{effect: deny}"], "allow -", "deny a"),
        (vec!["{match: {verbs: [get]}, effect: allow}"], "allow -", "deny -"),
        (vec!["{effect: allow}"], "allow a", "-"),
    ] {
        let request = request(Verb::Update, "pods", "shop", "web");
        let ruling = rule(&set(&specs), &request, Person, &nothing()).only_observed();
        let observed = ruling.observed.map_or_else(|| "-".to_owned(), |Observed(of)| brief(&of));
        assert_eq!(
            (brief(&ruling.decision).as_str(), observed.as_str()),
            (says, would),
            "{specs:?}"
        );
    }
}

fn with_budget(spec: &str) -> PolicySet {
    let head = "apiVersion: kguard.dev/v1alpha1\nkind: ";
    compile(&format!(
        "{head}Policy\nmetadata: {{name: a}}\nspec: {{effect: allow}}\n---\n\
         {head}Budget\nmetadata: {{name: b}}\nspec: {spec}"
    ))
    .unwrap()
}

#[test]
fn a_budget_takes_what_goes_along_with_a_request() {
    let set = with_budget(
        "{match: {capabilities: [kill-workloads]}, max: 10, per: 10m, over: deny, message: \
         'Too much, {{ caller.name }}.'}",
    );
    let patch = request(Verb::Patch, "deployments/scale.apps", "shop", "web");
    let scale = |replicas: u64| known(json!({"spec": {"replicas": replicas}}));
    let charges = |new: u64| {
        let caller = caller(Person);
        let facts = Facts { request: &patch, query: &[], caller: &caller, cluster: "prod" };
        let candidates = set.candidates(&facts);
        assert!(candidates.needs().blast_radius);
        let mut objects = Objects { object: scale(new), old_object: scale(30), ..nothing() };
        let BlastRadius::Of(radius) = candidates.blast_radius(&objects) else { panic!() };
        objects.blast_radius = Some(radius);
        candidates.decide(&objects, Timestamp::UNIX_EPOCH).charges
    };
    let charged = charges(0);
    assert_eq!((charged.len(), charged[0].amount), (1, Some(30)));
    assert_eq!(charges(31), [], "more of them kills none");

    let Decision::Deny { policy, message } = charged[0].clone().exceeded(4) else { panic!() };
    assert_eq!(policy.as_deref(), Some("b"));
    assert_eq!(
        message,
        "Too much, oidc:alice. (budget `b`: 4 of 10 in 10 min are spent, and this takes 30)"
    );
}

#[test]
fn what_goes_over_a_budget_can_be_held() {
    let set = with_budget(
        "{match: {verbs: [delete]}, max: 1, per: 1h, over: hold, hold: {approvers: ['group:sre']}}",
    );
    let delete = request(Verb::Delete, "pods", "shop", "web");
    let caller = caller(Person);
    let facts = Facts { request: &delete, query: &[], caller: &caller, cluster: "prod" };
    let ruling = set.candidates(&facts).decide(&nothing(), Timestamp::UNIX_EPOCH);
    let Decision::Hold(terms) = ruling.charges[0].clone().exceeded(1) else { panic!() };
    assert_eq!(terms.policy, "b");
    assert_eq!(terms.approvers, ["group:sre".parse().unwrap()]);
    assert!(terms.message.contains("1 of 1 in 60 min are spent"), "{}", terms.message);
    assert!(terms.message.contains("nobody can tell how many"), "{}", terms.message);
}

#[test]
fn what_cannot_be_evaluated_is_denied_in_the_policys_name_and_without_values() {
    let request = request(Verb::Update, "pods", "shop", "web");
    let object = || known(json!({"secret": "hunter2"}));
    let unavailable = || Object::Unavailable { why: "it is a JSON patch".into() };
    for (spec, object, told) in [
        ("{when: 'object[object.secret] == 1', effect: allow}", object(), "not there"),
        ("{when: object.secret, effect: hold, hold: {approvers: ['*']}}", object(), "neither true"),
        ("{when: object.secret == '', effect: allow}", unavailable(), "it is a JSON patch"),
    ] {
        let objects = Objects { object, ..nothing() };
        let decision = decide(&set(&["{effect: allow}", spec]), &request, Person, &objects);
        let Decision::Deny { policy, message } = decision else { panic!("{spec}: {decision:?}") };
        assert_eq!(policy.as_deref(), Some("b"), "{spec}");
        assert!(message.contains("policy `b`") && message.contains(told), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn an_object_that_nobody_asks_for_may_be_unavailable() {
    let request = request(Verb::Update, "pods", "shop", "web");
    let object = Object::Unavailable { why: String::new() };
    let old_object = known(json!({"a": 1}));
    let decision = decide(
        &set(&["{when: oldObject.a == 1, effect: allow}"]),
        &request,
        Person,
        &Objects { object, old_object, ..nothing() },
    );
    assert_eq!(brief(&decision), "allow a");
}

#[test]
fn a_hold_carries_its_terms() {
    let set = set(&["{effect: hold, message: 'Deletes {{ request.name }}!', hold: {approvers: \
                     ['group:sre', 'user:bob'], quorum: 2, timeout: 1h30m, reason: required, \
                     selfApproval: true, escalate: {after: 5m, approvers: \
                     ['group:managers']}}}"]);
    let request = request(Verb::Delete, "pods", "shop", "web");
    let terms = HoldTerms {
        policy: "a".into(),
        message: "Deletes web!".into(),
        approvers: vec!["group:sre".parse().unwrap(), "user:bob".parse().unwrap()],
        escalate: Some(Box::new(Escalate {
            after: Duration::from_mins(5),
            approvers: vec!["group:managers".parse().unwrap()],
        })),
        quorum: 2,
        timeout: Duration::from_mins(90),
        reason_required: true,
        self_approval: true,
    };
    assert_eq!(decide(&set, &request, Person, &nothing()), Decision::Hold(terms));
}

#[test]
fn a_hold_has_careful_defaults() {
    let set = set(&["{effect: hold, hold: {approvers: ['group:sre']}}"]);
    let request = request(Verb::Delete, "deployments.apps", "shop", "web");
    let terms = HoldTerms {
        policy: "a".into(),
        message: "policy `a` asks for approval to delete deployments.apps \"web\" in namespace \
                  \"shop\" of cluster \"prod\""
            .into(),
        approvers: vec!["group:sre".parse().unwrap()],
        escalate: None,
        quorum: 1,
        timeout: Duration::from_mins(15),
        reason_required: false,
        self_approval: false,
    };
    assert_eq!(decide(&set, &request, Person, &nothing()), Decision::Hold(terms));
}

#[test]
fn a_denial_says_what_was_refused_and_what_to_do() {
    let kinds = |spec: &str, kind: CallerKind| {
        let request = request(Verb::Patch, "statefulsets/scale.apps", "shop", "db");
        match decide(&set(&[spec]), &request, kind, &nothing()) {
            Decision::Deny { message, .. } => message,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        kinds("{match: {verbs: [get]}, effect: allow}", Workload),
        "no policy allows ci:deploy to patch statefulsets.apps/scale \"db\" in namespace \"shop\" \
         of cluster \"prod\"; ask whoever keeps kguard's policies for one"
    );
    assert_eq!(
        kinds("{effect: deny}", Person),
        "policy `a` denies to patch statefulsets.apps/scale \"db\" in namespace \"shop\" of cluster \
         \"prod\""
    );
    assert_eq!(
        kinds(
            "{effect: deny, message: \"{{ caller.name }} {{caller.groups}} {{ 1 + 1 }}\"}",
            Person
        ),
        "oidc:alice ? 2"
    );
}

#[test]
fn the_debug_form_of_an_object_is_silent_about_values() {
    assert_eq!(format!("{:?}", known(json!({"a": "hunter2"}))), "Known(..)");
}
