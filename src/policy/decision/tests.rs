use std::time::Duration;

use serde_json::json;

use super::*;
use crate::api::Demand;
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
    let message = terms.message.clone();
    assert_eq!(terms.demands, [Demand { policy: "b".into(), ..wanted(&["group:sre"], &message) }]);
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

/// What holds whose policy says nothing of it; the digest is that of the policy `a` in `set`.
fn careful_in(set: &PolicySet) -> HoldTerms {
    HoldTerms {
        policy: "a".into(),
        document: set.document("a").unwrap().to_owned(),
        message: String::new(),
        demands: Vec::new(),
        escalate: None,
        timeout: Duration::from_mins(15),
        reason_required: false,
        grants: None,
        elevate: Vec::new(),
        break_glass: Vec::new(),
    }
}

fn wanted(approvers: &[&str], message: &str) -> Demand {
    Demand {
        policy: "a".into(),
        message: message.into(),
        approvers: approvers.iter().map(|text| text.parse().unwrap()).collect(),
        quorum: 1,
        self_approval: false,
        max_auth_age: None,
        approved_by: Vec::new(),
    }
}

#[test]
fn a_hold_carries_its_terms() {
    let set = set(&["{effect: hold, message: 'Deletes {{ request.name }}!', hold: {approvers: \
                     ['group:sre', 'user:bob'], quorum: 2, timeout: 1h30m, reason: required, \
                     selfApproval: true, elevate: {groups: [admins]}, maxAuthAge: 10m, \
                     breakGlass: {callers: ['group:oncall']}, escalate: {after: 5m, approvers: \
                     ['group:managers']}}}"]);
    let request = request(Verb::Delete, "pods", "shop", "web");
    let terms = HoldTerms {
        message: "Deletes web!".into(),
        demands: vec![Demand {
            quorum: 2,
            self_approval: true,
            max_auth_age: Some(600),
            ..wanted(&["group:sre", "user:bob"], "Deletes web!")
        }],
        escalate: Some(Box::new(Escalate {
            policy: "a".into(),
            after: Duration::from_mins(5),
            approvers: vec!["group:managers".parse().unwrap()],
        })),
        timeout: Duration::from_mins(90),
        reason_required: true,
        elevate: vec!["admins".into()],
        break_glass: vec![vec!["group:oncall".parse().unwrap()]],
        ..careful_in(&set)
    };
    assert_eq!(decide(&set, &request, Person, &nothing()), Decision::Hold(terms));
}

#[test]
fn a_hold_has_careful_defaults() {
    let set = set(&["{effect: hold, hold: {approvers: ['group:sre']}}"]);
    let request = request(Verb::Delete, "deployments.apps", "shop", "web");
    let message = "policy `a` asks for approval to delete deployments.apps \"web\" in namespace \
                   \"shop\" of cluster \"prod\"";
    let demands = vec![wanted(&["group:sre"], message)];
    let terms = HoldTerms { message: message.into(), demands, ..careful_in(&set) };
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

/// What a set with `specs`, named `a`, `b` and so on, says of the deletion of a pod by somebody to
/// whom a grant on `a` was given.
fn with_grant(specs: &[&str], change: impl Fn(&mut Lift)) -> Ruling {
    let set = set(specs);
    let request = request(Verb::Delete, "pods", "shop", "web");
    let caller = caller(Person);
    let pattern = crate::api::GrantPattern::of("prod", &request, &[]).unwrap();
    let document = set.document("a").unwrap().to_owned();
    let mut lift = Lift { grant: "g".into(), policy: "a".into(), document, pattern };
    change(&mut lift);
    let lifts = [lift];
    let facts = Facts { request: &request, query: &[], caller: &caller, cluster: "prod" };
    set.candidates(&facts).lifted_by(&lifts).decide(&nothing(), Timestamp::UNIX_EPOCH)
}

#[test]
fn a_grant_lifts_the_hold_of_its_policy_and_nothing_else() {
    let hold = "{effect: hold, hold: {approvers: ['group:sre'], grants: {maxDuration: 1h}}}";
    for (specs, says, lifted) in [
        (vec![hold], "allow a", true),
        (vec![hold, "{effect: allow}"], "allow a", true),
        (vec![hold, hold], "hold b", true),
        (vec![hold, "{effect: deny}"], "deny b", false),
        (vec![hold, "{when: 'true', effect: deny}"], "deny b", false),
    ] {
        let ruling = with_grant(&specs, |_| {});
        assert_eq!(brief(&ruling.decision), says, "{specs:?}");
        assert_eq!(ruling.lifted == ["g"], lifted, "{specs:?}");
    }
    for change in [
        (&|lift: &mut Lift| lift.document = "other".into()) as &dyn Fn(&mut Lift),
        &|lift| lift.policy = "b".into(),
        &|lift| lift.pattern.names = vec!["db".into()],
    ] {
        let ruling = with_grant(&[hold], change);
        assert_eq!((brief(&ruling.decision).as_str(), ruling.lifted), ("hold a", Vec::new()));
    }
}

#[test]
fn it_is_certain_before_any_object_is_seen_with_which_groups_a_request_will_run() {
    let with = |groups: &str, more: &str| {
        format!(
            "{{{more}effect: hold, hold: {{approvers: ['group:sre'], elevate: {{groups: {groups}}}}}}}"
        )
    };
    let one = with("[admins, 'system:masters']", "");
    let other = with("[admins]", "");
    let elsewhere = with("[admins]", "match: {verbs: [get]}, ");
    let no = with("[admins]", "when: 'false', ");
    let observes = with("[admins]", "mode: observe, ");
    let plain = "{effect: hold, hold: {approvers: ['group:sre']}}";
    let by_object = "{when: object.a == 1, effect: hold, hold: {approvers: ['group:sre']}}";
    for (specs, groups) in [
        (vec![one.as_str()], vec!["admins", "system:masters"]),
        (vec![one.as_str(), "{effect: allow}"], vec!["admins", "system:masters"]),
        (vec![one.as_str(), other.as_str()], vec!["admins"]),
        (vec![one.as_str(), by_object], vec!["admins", "system:masters"]),
        (vec![one.as_str(), plain], vec![]),
        (vec![elsewhere.as_str()], vec![]),
        (vec![no.as_str()], vec![]),
        (vec![observes.as_str()], vec![]),
    ] {
        let set = set(&specs);
        let (request, caller) = (request(Verb::Delete, "pods", "shop", "web"), caller(Person));
        let facts = Facts { request: &request, query: &[], caller: &caller, cluster: "prod" };
        let elevation = set.candidates(&facts).elevation(Timestamp::UNIX_EPOCH);
        assert_eq!(elevation, groups, "{specs:?}");
    }
}
