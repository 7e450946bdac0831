use serde_json::json;

use super::*;
use crate::identity::CallerKind::{self, Person, Workload};
use crate::kube::request_info::Verb;
use crate::policy::tests::{brief, caller, decide, known, request, set};

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
        (vec![old], false, true),
        (vec![object, old], true, true),
        (vec![object, old, "{effect: deny}"], false, false),
        (vec!["{effect: allow}", of_deletes], false, false),
    ] {
        assert_eq!(needs(&specs), Needs { object, old_object }, "{specs:?}");
    }
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
        let objects = Objects { object, old_object: Object::Absent };
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
        &Objects { object, old_object },
    );
    assert_eq!(brief(&decision), "allow a");
}

#[test]
fn a_hold_carries_its_terms() {
    let set = set(&["{effect: hold, message: 'Deletes {{ request.name }}!', hold: {approvers: \
                     ['group:sre', 'user:bob'], quorum: 2, timeout: 1h30m, reason: required, \
                     selfApproval: true}}"]);
    let request = request(Verb::Delete, "pods", "shop", "web");
    let terms = HoldTerms {
        policy: "a".into(),
        message: "Deletes web!".into(),
        approvers: vec!["group:sre".parse().unwrap(), "user:bob".parse().unwrap()],
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
         of cluster \"prod\"; ask whoever keeps kguard's policies for one, `kguard policy check` \
         tells whether it is well written"
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
