//! What is wrong with an expression is said at load: what, where, and the way out.

use super::*;

/// The only flaw of an expression: its column, message and hint.
#[track_caller]
fn flaw(text: &str) -> (usize, String, String) {
    let found = flaws(text);
    let [flaw] = found.as_slice() else { panic!("{text}: {found:#?}") };
    assert_eq!(flaw.line, 1, "{text}");
    (flaw.column, flaw.message.clone(), flaw.hint.clone().unwrap_or_default())
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

/// Expressions with one flaw: its column, the start of its message, a part of its hint.
const MISFITS: &[(&str, usize, &str, &str)] = &[
    ("request.verb == 3", 14, "`==` does not take string and int", "texts are written in quotes"),
    ("1 == 1.0", 3, "`==` does not take int and double", "convert one of them"),
    (
        "request.query.x == 'y'",
        17,
        "`==` does not take list(string) and string",
        "write `.. in ..`",
    ),
    ("1 + 'a' == ''", 3, "`+` does not take int and string", "write `string(..)`"),
    ("caller.groups > 1", 15, "`>` does not take list(string) and int", ""),
    ("-request.name == ''", 1, "`-` does not take string", ""),
    ("1 in 'abc'", 3, "`in` does not take int and string", ""),
    (
        "request.name.startsWith(1)",
        14,
        "`startsWith` does not take int",
        "`string.startsWith(string) -> bool`",
    ),
    ("caller.groups.contains('x')", 15, "list(string) has no `contains`", "write `.. in ..`"),
    ("request.name.size(1) == 1", 14, "`size` does not take 1 argument", "`string.size() -> int`"),
    ("size() == 1", 1, "`size` does not take 0 arguments", "`size(string) -> int`"),
    ("size(1) == 1", 1, "`size` does not take int", "`size(string) -> int`"),
    (
        "contains('a', 'b')",
        1,
        "`contains` is not called like this",
        "`string.contains(string) -> bool`",
    ),
    (
        "'a'.duration() == now",
        5,
        "`duration` is not called like this",
        "`duration(duration) -> duration`",
    ),
    ("has(request.nope)", 13, "`request` has no field `nope`", "did you mean"),
    ("has(request)", 5, "`has` takes a field", "`has(value.field)`"),
    ("request['verb'] == 'get'", 8, "`request` has fields, not keys", "write `request.verb`"),
    ("caller.groups.name == ''", 15, "a list(string) has no fields", "`[0]`"),
    ("caller.groups['a'] == ''", 14, "a list(string) is not indexed by a string", ""),
    ("request.name", 1, "it is a string, neither true nor false", ""),
    ("  1 + 1", 3, "it is an int, neither true nor false", ""),
    ("request.name ? true : false", 9, "the condition before `?` is a string, not bool", ""),
    ("true ? 1 : 'a'", 6, "the two outcomes are of different types: int and string", ""),
    ("true && 'a'", 9, "a condition is a string, not bool", ""),
    ("caller.groups.all(g, g)", 22, "the condition of `all` is a string, not bool", ""),
    ("request.name.all(c, true)", 14, "`all` does not go through a string", ""),
    ("caller.groups.all('g', true)", 19, "the variable of a loop is a simple name", ""),
    ("[1, 'a'] == []", 5, "items of a list are of one type, not int and string", "`dyn(..)`"),
    ("{'a': 1, 2: 3} == {}", 10, "keys of a map are of one type, not string and int", "`dyn(..)`"),
    ("'a'.matches('(')", 13, "not a regular expression", "Go's"),
    ("duration('1 day') < duration('2h')", 1, "`duration` can make nothing of this", "`1h30m`"),
    ("timestamp('2026') < now", 1, "`timestamp` can make nothing of this", "2026-01-31"),
    ("'%d'.format(['a']) == ''", 6, "`%d` does not take a string", ""),
    ("'%s'.format([]) == ''", 6, "the format takes 1 values, the list has 0", ""),
    ("'%q'.format([1]) == ''", 6, "a clause of the format is unknown", ""),
    ("Pod{name: 'a'} == null", 1, "unknown type `Pod`", "maps are written"),
    ("params.replicas > 1", 1, "unknown variable `params`", "policies have no parameters"),
    ("math.abs(1) == 1", 1, "unknown function `math.abs`", ""),
    ("request.name.upper() == ''", 14, "unknown function `upper`", "`upperAscii()`"),
    ("1.all(x)", 3, "`all` is not called like this", "`list.all(x, x > 0)`"),
    ("object.user.allowed()", 13, "`allowed` is not to be had here", "no authorizer"),
    ("if == 1", 1, "not a valid expression: `if` is a reserved word", ""),
];

#[test]
fn types_that_cannot_fit_are_flaws_in_their_place() {
    for (text, column, message, hint) in MISFITS {
        let (found_column, found, found_hint) = flaw(text);
        assert!(found.starts_with(message), "{text}: {found}");
        assert_eq!(found_column, *column, "{text}: {found}");
        assert!(found_hint.contains(hint), "{text}: {found_hint}");
    }
}

#[test]
fn all_flaws_of_an_expression_are_reported_each_in_its_own_place() {
    let found = flaws(
        "reqest.verb == caller.nam\n  && request.nam == 'nam'\n  && now2 > now && caller.nam != 1",
    );
    let places: Vec<_> = found.iter().map(|flaw| (flaw.line, flaw.column)).collect();
    assert_eq!(places, [(1, 1), (1, 23), (2, 14), (3, 6), (3, 27)], "{found:#?}");
}

#[test]
fn one_mistake_is_one_flaw() {
    for text in [
        "reqest.verb.startsWith('a') + 1 == [2]",
        "[1, reqest] == ['a', objekt][0]",
        "request.nope.all(x, x.y + 1 == 'a')",
        "size(request.nope, 2)",
        "objekt.filter(x, x > 1).map(y, y + 'a').size() > 'b'.length()",
    ] {
        assert!(flaws(text).len() <= 2, "{text}: {:#?}", flaws(text));
    }
}

/// What is not known before the evaluation is no flaw.
#[test]
fn what_may_fit_is_no_flaw() {
    for text in [
        "object.a == 1 && object.a == 'a'",
        "object.a.startsWith('a') || object.a.contains(object.b)",
        "object.a + object.b > 1 + object.c",
        "object.a",
        "object.a.all(x, x)",
        "[] == [1] && {} == {'a': 1} && [[]] == [['a']]",
        "optional.none() == optional.of(1)",
        "(true ? [] : ['a']).size() == 0",
        "request.query.x[0] == 'y' && 'y' in request.query.x",
        "dyn(request.verb) == 3",
        "now == null || ip('1.1.1.1') == null",
    ] {
        assert!(Expression::compile(text, Vocabulary::Full).is_ok(), "{text}: {:#?}", flaws(text));
    }
}

#[test]
fn a_syntax_error_has_its_place() {
    for (text, line, column) in [
        ("request.verb ==", 1, 16),
        ("true &&\n  * 2", 2, 3),
        ("(", 1, 2),
        ("true && 'é' == 'x", 1, 16),
        ("a b", 1, 3),
        ("1 = 1", 1, 3),
    ] {
        let found = flaws(text);
        assert_eq!((found[0].line, found[0].column), (line, column), "{text}: {found:#?}");
        assert_eq!(found.len(), 1, "{text}");
    }
}

#[test]
fn expressions_that_are_long_deep_or_nest_loops_too_far_are_refused() {
    let loops = (0..9).fold("true".to_owned(), |inner, i| format!("object.a.all(x{i}, {inner})"));
    let lists = format!("{}{}", "[".repeat(80), "]".repeat(80));
    let chain = vec!["request.name"; 200].join(" + ");
    let fields = format!("object{}", ".a".repeat(200));
    let long = format!("'{}' == ''", "x".repeat(5000));
    for (text, message) in [
        (&loops, "loops nest more than 8 deep"),
        (&chain, "not a valid expression: it nests deeper than 96"),
        (&fields, "not a valid expression: it nests deeper than 96"),
        (&lists, "not a valid expression: brackets nest deeper than 32"),
        (&long, "the expression is longer than 4096 bytes"),
    ] {
        let found = flaws(text);
        assert!(found.iter().any(|flaw| flaw.message == message), "{text}: {found:#?}");
    }
}
