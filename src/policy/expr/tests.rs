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
    let known = |json: &'_ Json| if json.is_null() { None } else { Some(json.clone()) };
    scope.set_objects(known(object).as_ref(), known(old).as_ref())?;
    scope.holds(&expression)
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
fn the_functions_that_the_check_knows_are_there() {
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
        ("{object.password: 1, object.password: 2} == {}", Failure::Other),
        ("1 / (object.list[0] - 1) == 1", Failure::Other),
        ("object.password", Failure::NotBoolean),
        ("request.name", Failure::NotBoolean),
    ] {
        let outcome = evaluate(text, &object, &json!(null));
        assert_eq!(outcome, Err(failure), "{text}");
        assert!(!failure.to_string().contains("hunter2"), "{text}");
    }
}

#[test]
fn a_loop_pays_for_its_rounds_before_it_runs() {
    let list = |length: usize| json!({"list": vec![1; length]});
    for (text, length, outcome) in [
        ("object.list.all(x, x == 1)", 10_000, Ok(true)),
        ("object.list.all(x, x == 1)", 60_000, Err(Failure::OutOfFuel)),
        ("object.list.all(x, object.list.all(y, y == 1))", 150, Ok(true)),
        ("object.list.all(x, object.list.all(y, y == 1))", 1_000, Err(Failure::OutOfFuel)),
        ("object.list.map(x, object.list) == []", 60_000, Err(Failure::OutOfFuel)),
        // The disjunction would absorb an ordinary error.
        ("object.list.all(x, x == 1) || true", 60_000, Err(Failure::OutOfFuel)),
        ("true || object.list.all(x, x == 1)", 60_000, Ok(true)),
        // A round that goes through the whole object costs what the object is large.
        ("object.list.all(x, object == object)", 100, Ok(true)),
        ("object.list.all(x, object == object)", 5_000, Err(Failure::OutOfFuel)),
    ] {
        assert_eq!(evaluate(text, &list(length), &json!(null)), outcome, "{text} over {length}");
    }
}

#[test]
fn an_object_with_too_many_values_is_not_looked_at() {
    let object = json!({"list": vec![0; 250_000]});
    assert_eq!(evaluate("has(object.list)", &object, &json!(null)), Err(Failure::ObjectTooLarge));
}

#[test]
fn unknown_names_are_flaws_with_a_place_and_a_hint() {
    for (text, column, message, hint) in [
        ("reqest.verb == ''", 1, "unknown variable `reqest`", Some("did you mean `request`?")),
        ("true && objekt.a", 9, "unknown variable `objekt`", Some("did you mean `object`?")),
        (
            "request.namspace == ''",
            9,
            "`request` has no field `namspace`",
            Some("did you mean `namespace`?"),
        ),
        (
            "caller['grups'] == []",
            9,
            "`caller` has no field `grups`",
            Some("did you mean `groups`?"),
        ),
        ("has(caller.nam)", 12, "`caller` has no field `nam`", Some("did you mean `name`?")),
        ("caller.?kin == 'x'", 9, "`caller` has no field `kin`", Some("did you mean `kind`?")),
        (
            "request.name.startWith('a')",
            14,
            "unknown function `startWith`",
            Some("did you mean `startsWith`?"),
        ),
        ("object.list.all(x, y)", 20, "unknown variable `y`", None),
    ] {
        let found = flaws(text);
        let [flaw] = found.as_slice() else { panic!("{text}: {found:#?}") };
        assert_eq!((flaw.line, flaw.message.as_str()), (1, message), "{text}");
        assert_eq!(flaw.column, column, "{text}");
        if hint.is_some() {
            assert_eq!(flaw.hint.as_deref(), hint, "{text}");
        }
    }
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
fn all_flaws_of_an_expression_are_reported() {
    assert_eq!(flaws("reqest.verb == caller.nam && now2 > now").len(), 3);
}

#[test]
fn a_syntax_error_has_its_place() {
    for (text, line, column) in [("request.verb ==", 1, 16), ("true &&\n  * 2", 2, 3), ("(", 1, 2)]
    {
        let found = flaws(text);
        assert_eq!((found[0].line, found[0].column), (line, column), "{text}: {found:#?}");
        assert_eq!(found.len(), 1, "{text}");
    }
}

#[test]
fn expressions_that_are_long_deep_or_nest_loops_too_far_are_refused() {
    let nested = "object.a.all(a, object.a.all(b, object.a.all(c, object.a.all(d, a == d))))";
    let many = ["object.a.all(x, true)"; 9].join(" && ");
    let lists = format!("{}{}", "[".repeat(80), "]".repeat(80));
    let chain = vec!["request.name"; 200].join(" + ");
    let long = format!("'{}' == ''", "x".repeat(5000));
    for (text, message) in [
        (nested, "loops nest more than 2 deep"),
        (&many, "more than 8 loops in one expression"),
        (&chain, "the expression nests too deep"),
        (&lists, "not a valid expression: expression recursion limit exceeded: 32"),
        (&long, "the expression is longer than 4096 bytes"),
    ] {
        let found = flaws(text);
        assert!(found.iter().any(|flaw| flaw.message == message), "{text}: {found:#?}");
    }
}

#[test]
fn no_expression_overflows_the_stack() {
    for piece in
        ["(", "[", "{", "!", "-", "a.", "a[", "a(", "true?", "a ? b : ", "a&&", "has(", "[1]+"]
    {
        let text: String = piece.chars().cycle().take(lint::MAX_LENGTH).collect();
        assert!(!flaws(&text).is_empty(), "{piece}");
    }
    let nots = "!".repeat(lint::MAX_LENGTH - 4) + "true";
    if let Ok(expression) = Expression::compile(&nots, Vocabulary::Full) {
        assert!(!expression.uses().object);
    }
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
        assert_eq!(expression.uses(), Uses { object, old_object }, "{text}");
    }
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
