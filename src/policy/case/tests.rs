use proptest::prelude::*;

use super::*;
use crate::policy::asked::Attributes;

const HEAD: &str =
    "apiVersion: kguard.dev/v1alpha1\nkind: PolicyTest\nmetadata: {name: t}\nspec:\n";

fn source(spec: &str) -> Source {
    Source { name: "t.yaml".into(), text: format!("{HEAD}  {}\n", spec.replace('\n', "\n  ")) }
}

fn suite(spec: &str) -> Suite {
    let mut suites = read(&source(spec)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    suites.remove(0)
}

fn problems(spec: &str) -> String {
    let problems = read(&source(spec)).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Runs one case as alice against the policies `a`, `b` and so on.
fn run(specs: &[&str], case: &str) -> CaseReport {
    let suite = suite(&format!(
        "policies: [x.yaml]\ncallers:\n  alice: {{user: 'oidc:alice', groups: ['oidc:dev']}}\n  \
         robot: {{workload: 'ci:deploy'}}\ncases:\n- {{name: c, {case}}}"
    ));
    suite.cases[0].run(&crate::policy::tests::set(specs))
}

const ALLOW: &str = "{effect: allow}";
const PEOPLE: &str = "{match: {callers: ['user:*']}, effect: allow}";
const DELETE: &str = "request: {verb: delete, resource: pods, namespace: shop, name: web}";

#[test]
fn a_case_holds_if_all_that_it_expects_is_so() {
    let deny =
        "{match: {namespaces: [shop]}, effect: deny, message: 'Not in {{ request.namespace }}.'}";
    for (expect, mismatches) in [
        ("{decision: deny}", vec![]),
        ("{decision: deny, policy: b, message: in shop}", vec![]),
        ("{decision: allow}", vec!["decision"]),
        ("{decision: hold, policy: a, message: in prod}", vec!["decision", "policy", "message"]),
    ] {
        let report = run(&[ALLOW, deny], &format!("caller: alice, {DELETE}, expect: {expect}"));
        let of: Vec<_> = report.mismatches.iter().map(|mismatch| mismatch.of).collect();
        assert_eq!((of, report.holds()), (mismatches.clone(), mismatches.is_empty()), "{expect}");
    }
}

#[test]
fn who_asks_and_how_it_is_spelled_is_what_the_gateway_would_see() {
    let wire = "request: {method: DELETE, path: /api/v1/namespaces/shop/pods/web}";
    let inline = "caller: {user: 'oidc:eve'}";
    for (caller, request, policy) in [
        ("caller: alice", DELETE, "a"),
        ("caller: alice", wire, "a"),
        ("caller: robot", DELETE, NO_POLICY),
        (inline, "request: {verb: get, path: /version}", "a"),
    ] {
        let expect = format!(
            "expect: {{decision: {}, policy: {policy}}}",
            if policy == "a" { "allow" } else { "deny" }
        );
        let report = run(&[PEOPLE], &format!("{caller}, {request}, {expect}"));
        assert!(report.holds(), "{caller} {request}: {report:?}");
    }
}

#[test]
fn objects_are_what_the_case_says_and_nothing_is_made_up() {
    let when = "{when: 'oldObject == null || oldObject.spec.cost > 1.25', effect: deny}";
    for (old, policy, applies) in [
        ("oldObject: {spec: {cost: 1.5}}, ", "b", Some(true)),
        ("oldObject: {spec: {cost: 1.0}}, ", "a", Some(false)),
        ("oldObject: none, ", "b", Some(true)),
        ("", "b", None),
    ] {
        let case = format!("caller: alice, {DELETE}, {old} expect: {{decision: deny}}");
        let report = run(&[ALLOW, when], &case);
        assert_eq!(report.policy.as_deref(), Some(policy), "{old}");
        let unknown = matches!(report.matched[1].applies, crate::policy::Applies::Unknown { .. });
        assert_eq!(unknown, applies.is_none(), "{old}");
    }
}

#[test]
fn the_time_of_a_case_is_its_own() {
    let at_night = "{when: 'now < timestamp(\"2026-01-01T06:00:00Z\")', effect: deny}";
    for (hour, decision) in [("05", "deny"), ("07", "allow")] {
        let now = format!("now: '2026-01-01T{hour}:00:00Z'");
        let case = format!("caller: alice, {DELETE}, {now}, expect: {{decision: {decision}}}");
        assert!(run(&[ALLOW, at_night], &case).holds(), "{hour}");
    }
}

#[test]
fn every_mistake_is_told_with_its_place_and_the_way_out() {
    let told = problems(
        "policy: [x.yaml]\ncallers:\n  alice: {user: a, workload: b}\n  bob: {user: bob}\ncases:\n\
         - {name: a, caller: bop, request: {verb: delet, resource: pods, name: x}, expect: {decision: alow}}\n\
         - {name: b, caller: bob, request: {verb: get, resource: deployments, name: x}, expect: {}}\n\
         - {name: c, caller: bob, request: {verb: get, path: /x, resource: pods}, expect: {decision: deny}}\n\
         - {name: d, caller: bob, request: {verb: list, resource: pods}, now: noon, object: [], expect: {decision: deny}}\n\
         - {name: e, caller: bob, request: {verb: list, resource: pods}, object: {b: 1, b: 2}, expect: {decision: deny}}",
    );
    for expected in [
        "t.yaml:5:3: unknown field `policy`",
        "did you mean `policies`?",
        "t.yaml:7:12: a caller has one name",
        "unknown caller `bop`",
        "did you mean `bob`?",
        "unknown verb `delet`",
        "did you mean `delete`?",
        "unknown decision `alow`",
        "did you mean `deployments.apps`?",
        "`decision` is missing",
        "`request` is not one request",
        "`noon` is no time",
        "`object` has to be a map or `none`",
        "field `b` stands here twice",
    ] {
        assert!(told.contains(expected), "{expected}:\n{told}");
    }
}

#[test]
fn a_test_without_a_case_is_refused() {
    for spec in ["policies: [x.yaml]", "policies: [x.yaml]\ncases: []"] {
        assert!(problems(spec).contains("there is no case"), "{spec}");
    }
}

#[test]
fn cases_and_policies_may_share_a_file() {
    let policy =
        "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: a}\nspec: {effect: allow}";
    let case = "policies: [x.yaml]\ncases:\n- {name: c, caller: {user: a}, \
                request: {verb: list, resource: pods}, expect: {decision: allow}}";
    let Source { name, text } = source(case);
    let both = Source { name, text: format!("{policy}\n---\n{text}") };
    let set = PolicySet::compile(std::slice::from_ref(&both)).unwrap();
    assert!(read(&both).unwrap()[0].cases[0].run(&set).holds());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(spec in "\\PC{0,80}", case in "[a-z:{}\\[\\], '\\n-]{0,80}") {
        let _ = read(&source(&spec));
        let _ = read(&source(&format!("policies: [x.yaml]\ncases:\n- {case}")));
        let _ = Situation::read(&Source { name: "r.yaml".into(), text: case });
    }

    #[test]
    fn no_attribute_makes_a_request_of_another_kind(
        namespace in "\\PC{0,12}", name in "\\PC{1,12}", subresource in "[a-z/]{0,8}"
    ) {
        let attributes = Attributes {
            verb: "get".into(), resource: "pods".into(), subresource, namespace, name,
        };
        if let Ok(asked) = Asked::by_attributes(&attributes) {
            let read = asked.request.resource.unwrap();
            prop_assert_eq!((read.resource, read.namespace), ("pods".into(), attributes.namespace));
            prop_assert_eq!(read.subresource, attributes.subresource);
        }
    }
}
