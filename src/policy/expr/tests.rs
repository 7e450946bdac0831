mod cost;
mod flaws;
mod generated;
mod secrecy;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::identity::CallerKind;
use crate::kube::request_info::Verb;
use crate::policy::capability::Carried;
use crate::policy::tests::{caller, request};

fn evaluate(text: &str, object: &Json, old: &Json) -> Result<bool, Failure> {
    let expression = Expression::compile(text, Vocabulary::Full)
        .unwrap_or_else(|flaws| panic!("{text}: {flaws:#?}"));
    let request = request(Verb::Patch, "statefulsets/scale.apps", "shop", "db");
    let query =
        ["dryRun", "command", "command"].map(|name| (name.to_owned(), format!("{name}-value")));
    let caller = caller(CallerKind::Workload);
    let facts = Facts { request: &request, query: &query, caller: &caller, cluster: "prod" };
    let carried = Carried::by(facts.request).possible;
    let mut scope = Scope::new(&facts, carried);
    scope.set_now("2026-05-04T03:02:01Z".parse().unwrap());
    let known = |json| Some(json).filter(|json: &&Json| !json.is_null());
    scope.set_objects(known(object), known(old))?;
    scope.holds(&expression)
}

fn evaluate_on(expression: &Expression, object: &Json) -> Result<bool, Failure> {
    let request = request(Verb::Patch, "statefulsets/scale.apps", "shop", "db");
    let caller = caller(CallerKind::Workload);
    let facts = Facts { request: &request, query: &[], caller: &caller, cluster: "prod" };
    let carried = Carried::by(facts.request).possible;
    let mut scope = Scope::new(&facts, carried);
    scope.set_objects(Some(object), None)?;
    scope.holds(expression)
}

fn flaws(text: &str) -> Vec<Flaw> {
    Expression::compile(text, Vocabulary::Full).map(|_| ()).unwrap_err()
}

#[test]
fn expressions_see_the_request_the_caller_the_objects_and_the_time() {
    let object = json!({"spec": {"replicas": 2, "half": 0.5, "three": 3.0}, "list": [1, 2]});
    let old = json!({"spec": {"replicas": 5}});
    for text in [
        "request.verb == 'patch' && request.resource == 'statefulsets'",
        "request.subresource == 'scale' && request.apiGroup == 'apps'",
        "request.namespace + '/' + request.name == 'shop/db' && request.cluster == 'prod'",
        "'kill-workloads' in request.capabilities",
        "request.query.dryRun == ['dryRun-value'] && size(request.query.command) == 2",
        "!has(request.query.force)",
        "caller.kind == 'workload' && 'oidc:dev' in caller.groups",
        "caller.name.startsWith('ci:') && caller.issuer.contains('idp')",
        "object.spec.replicas * 2 < oldObject.spec.replicas",
        "object.spec.replicas == oldObject.spec.replicas / 2",
        "object.spec.half < object.spec.replicas && object.spec.replicas > 1.5",
        "object.spec.three % 2 == 1",
        "!has(object.metadata) && has(object.spec.replicas) && !has(object.spec.missing)",
        "object.list.all(x, x > 0) && object.list.map(x, x * 2) == [2, 4]",
        "object.list.exists(x, object.list.exists(y, y == x))",
        "object.?metadata.?name.orValue('none') == 'none'",
        "now.getFullYear() == 2026 && now < timestamp('2027-01-01T00:00:00Z')",
        "now.getHours('Europe/Berlin') == 5",
        "object != null && type(object.spec.replicas) == int",
    ] {
        assert_eq!(evaluate(text, &object, &old), Ok(true), "{text}");
    }
}

#[test]
fn functions_of_each_kind_are_there() {
    for text in [
        "bool('true') && bytes('a') == b'a' && 'abc'.contains('b') && 'abc'.endsWith('c')",
        "double('1.5') == 1.5 && int('2') == 2 && uint('2') == 2u && string(2) == '2'",
        "duration('90s') < duration('2m') && dyn(1) == 1 && type(1) == int && size('abc') == 3",
        "now.getDate() == 4 && now.getDayOfMonth() == 3 && now.getDayOfWeek() == 1",
        "now.getDayOfYear() == 123 && now.getMonth() == 4 && now.getMilliseconds() == 0",
        "now.getHours() == 3 && now.getMinutes() == 2 && now.getSeconds() == 1",
        "'abc'.matches('^a') && 'abc'.startsWith('ab') && timestamp('2026-05-04T03:02:01Z') == now",
        "optional.of(1).value() == 1 && !optional.none().hasValue()",
        "optional.ofNonZeroValue(0).orValue(3) == 3 && optional.none().or(optional.of(1)).value() == 1",
    ] {
        assert_eq!(evaluate(text, &json!({}), &json!({})), Ok(true), "{text}");
    }
}

#[test]
fn what_is_absent_is_null() {
    assert_eq!(
        evaluate("object == null && oldObject == null", &json!(null), &json!(null)),
        Ok(true)
    );
    assert_eq!(
        evaluate("object != null && has(object.spec)", &json!(null), &json!(null)),
        Ok(false)
    );
}

#[test]
fn a_failed_evaluation_tells_the_kind_and_no_value() {
    let object = json!({"password": "hunter2", "list": [1]});
    for (text, failure) in [
        ("object[object.password] == 1", Failure::NoSuchField),
        ("object.list[7] == 1", Failure::NoSuchField),
        ("object.missing.deeper", Failure::NoSuchField),
        ("object.password + 1 == 2", Failure::MismatchedTypes),
        ("object.password < 1", Failure::MismatchedTypes),
        ("'a'.matches(object.password + '(')", Failure::Other),
        (
            "[object.password, object.password].transformMapEntry(i, x, {x: i}) == {}",
            Failure::Other,
        ),
        ("1 / (object.list[0] - 1) == 1", Failure::Other),
        ("object.password", Failure::NotBoolean),
    ] {
        let outcome = evaluate(text, &object, &json!(null));
        assert_eq!(outcome, Err(failure), "{text}");
        assert!(!failure.to_string().contains("hunter2"), "{text}");
    }
}

#[test]
fn an_object_with_too_many_values_is_not_looked_at() {
    let object = json!({"list": vec![0; 250_000]});
    assert_eq!(evaluate("has(object.list)", &object, &json!(null)), Err(Failure::ObjectTooLarge));
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(evaluate("object == object", &deep, &json!(null)), Err(Failure::ObjectTooLarge));
}

#[test]
fn a_loop_variable_may_hide_a_variable_within_the_loop_alone() {
    assert_eq!(
        evaluate(
            "object.list.all(request, request.a == 1)",
            &json!({"list": [{"a": 1}]}),
            &json!(null)
        ),
        Ok(true)
    );
    assert_eq!(flaws("object.list.all(request, true) && request.a == 1").len(), 1);
}

#[test]
fn no_expression_overflows_the_stack() {
    for piece in
        ["(", "[", "{", "!", "-", "a.", "a[", "a(", "true?", "a ? b : ", "a&&", "has(", "[1]+"]
    {
        let text: String = piece.chars().cycle().take(syntax::MAX_LENGTH).collect();
        assert!(!flaws(&text).is_empty(), "{piece}");
    }
    let nots = "!".repeat(syntax::MAX_LENGTH - 4) + "true";
    assert_eq!(evaluate(&nots, &json!({}), &json!({})), Ok(true));
}

#[test]
fn an_expression_as_high_as_they_get_evaluates() {
    let high = format!("{}1 == 97", "1 + ".repeat(96));
    assert_eq!(flaws(&high).len(), 1);
    let just = format!("{}1 == 95", "1 + ".repeat(94));
    assert_eq!(evaluate(&just, &json!({}), &json!({})), Ok(true));
    let nested = format!("{}true{}", "[".repeat(30), "][0]".repeat(30));
    assert_eq!(evaluate(&nested, &json!({}), &json!({})), Ok(true));
    let loops = (0..8).fold("true".to_owned(), |inner, i| format!("[1].all(x{i}, {inner})"));
    assert_eq!(evaluate(&loops, &json!({}), &json!({})), Ok(true));
}

#[test]
fn messages_cannot_name_objects() {
    for name in ["object", "oldObject", "now"] {
        let found = Expression::compile(&format!("{name} == 1"), Vocabulary::RequestOnly);
        assert_eq!(found.map(|_| ()).unwrap_err().len(), 1, "{name}");
    }
}

#[test]
fn an_expression_tells_which_objects_it_uses() {
    for (text, object, old_object) in [
        ("request.verb == 'get'", false, false),
        ("object.a == 1", true, false),
        ("has(oldObject.a)", false, true),
        ("request.query.all(q, object[q] == oldObject[q])", true, true),
        ("caller.groups.all(object, object == '')", false, false),
    ] {
        let expression = Expression::compile(text, Vocabulary::Full).unwrap();
        assert_eq!(expression.uses(), Uses { object, old_object, capabilities: false }, "{text}");
    }
    let text = "'run-code' in request.capabilities";
    assert!(Expression::compile(text, Vocabulary::Full).unwrap().uses().capabilities);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_compilation_or_evaluation_panic(
        tokens in prop::collection::vec(prop::sample::select(TOKENS), 1..24)
    ) {
        let text = tokens.join(" ").replace(" . ", ".");
        let object = json!({"list": [1, 2.5, null, "x"], "map": {"a": {}}, "n": -9_223_372_036_854_775_808_i64});
        if Expression::compile(&text, Vocabulary::Full).is_ok() {
            let _ = evaluate(&text, &object, &object);
        }
    }

    #[test]
    fn no_characters_make_compilation_panic(text in "\\PC{0,80}") {
        let _ = Expression::compile(&text, Vocabulary::Full);
    }
}

const TOKENS: &[&str] = &[
    "request",
    "caller",
    "object",
    "now",
    "oldObject",
    ".",
    ".",
    ".",
    "list",
    "map",
    "n",
    "name",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "?",
    ":",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    "in",
    "&&",
    "||",
    "!",
    "0",
    "1",
    "-1",
    "1u",
    "2.5",
    "'a'",
    "\"x\"",
    "b'x'",
    "null",
    "true",
    "has(",
    "all(x,",
    "exists(x,",
    "map(x,",
    "filter(x,",
    "x",
    "size(",
    "string(",
    "int(",
    "duration(",
    "timestamp(",
    "matches(",
    "contains(",
    "optional",
    "orValue(",
    ".?",
    "[?",
    "type(",
    "uint(",
];
