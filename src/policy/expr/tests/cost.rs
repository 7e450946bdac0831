//! Everything that takes time or memory is paid for: no expression goes on when its fuel is out,
//! and none makes more than it has paid for.

use super::*;
use crate::policy::expr::fuel::Fuel;

/// A hundred rounds of a hundred, each of which does `what`, whatever comes of it.
fn many_times(what: &str) -> String {
    format!("object.items.all(x, object.items.all(y, ({what}) || true))")
}

fn large() -> Json {
    json!({
        "items": (0..100).collect::<Vec<_>>(),
        "long": "ab".repeat(100_000),
        "texts": vec!["x".repeat(100); 1000],
        "wide": (0..1000).map(|i| (format!("key-{i:01000}"), json!(i))).collect::<serde_json::Map<_, _>>(),
    })
}

fn outcome(text: &str, object: &Json) -> Result<bool, Failure> {
    evaluate(text, object, &json!(null))
}

#[test]
fn loops_pay_for_their_rounds_however_deep_they_nest() {
    let list = |length: usize| json!({"list": vec![1; length]});
    for (text, length, expected) in [
        ("object.list.all(x, x == 1)", 10_000, Ok(true)),
        ("object.list.all(x, x == 1)", 190_000, Err(Failure::OutOfFuel)),
        ("object.list.all(x, object.list.all(y, y == 1))", 150, Ok(true)),
        ("object.list.all(x, object.list.all(y, y == 1))", 1_000, Err(Failure::OutOfFuel)),
        (
            "object.list.all(a, object.list.all(b, object.list.all(c, object.list.all(d, a + b + c + d == 4))))",
            10,
            Ok(true),
        ),
        (
            "object.list.all(a, object.list.all(b, object.list.all(c, object.list.all(d, a + b + c + d == 4))))",
            100,
            Err(Failure::OutOfFuel),
        ),
        // A round that goes through the whole object costs what the object is large.
        ("object.list.all(x, object == object)", 100, Ok(true)),
        ("object.list.all(x, object == object)", 5_000, Err(Failure::OutOfFuel)),
    ] {
        assert_eq!(outcome(text, &list(length)), expected, "{text} over {length}");
    }
}

#[test]
fn nothing_absorbs_that_fuel_is_out() {
    let object = json!({"list": vec![1; 190_000]});
    let endless = "object.list.all(x, x == 1)";
    for text in [
        format!("{endless} || true"),
        format!("!({endless}) && false"),
        format!("{endless} ? true : true"),
        format!("[1].exists(x, {endless} || true)"),
        format!("[true, true].all(x, {endless} || x)"),
        format!("[1].map(x, {endless}).size() == 1 || true"),
        format!("optional.of(1).optMap(x, {endless}).hasValue() || true"),
    ] {
        assert_eq!(outcome(&text, &object), Err(Failure::OutOfFuel), "{text}");
    }
    assert_eq!(outcome(&format!("true || {endless}"), &object), Ok(true));
}

/// Each of these takes long or much memory for what it is written with.
const COSTLY: &[&str] = &[
    "object == object",
    "object.wide == object.wide",
    "object.texts.distinct() == []",
    "object.texts.sort() == []",
    "object.texts.sortBy(t, t) == []",
    "object.texts.reverse() == []",
    "object.texts.slice(0, 1000) == []",
    "[object.texts].flatten() == []",
    "object.texts.isSorted()",
    "object.texts.max() == ''",
    "object.texts.indexOf('') == -1",
    "object.texts + object.texts == []",
    "object.texts.map(t, t) == []",
    "object.texts.filter(t, true) == []",
    "object.texts.transformList(i, t, t) == []",
    "object.texts.transformMap(i, t, t) == {}",
    "object.texts.transformMapEntry(i, t, {i: t}) == {}",
    "object.wide.transformMap(k, v, v) == {}",
    "object.wide.all(k, true)",
    "sets.contains(object.texts, object.texts)",
    "sets.equivalent(object.texts, object.texts)",
    "!sets.intersects(object.texts, ['y'])",
    "'y' in object.texts",
    "lists.range(1000000000) == []",
    "lists.range(1000).size() > 0",
    "object.texts.join('') == ''",
    "object.long + object.long != ''",
    "bytes(object.long) != b''",
    "string(bytes(object.long)) != ''",
    "object.long == object.long + ''",
    "object.long < object.long + 'a'",
    "object.long.size() > 0",
    "object.long.contains('c')",
    "object.long.startsWith(object.long)",
    "object.long.charAt(1) == 'b'",
    "object.long.indexOf('c') == -1",
    "object.long.lastIndexOf('c') == -1",
    "object.long.substring(1) != ''",
    "object.long.replace('', object.long) == ''",
    "object.long.replace('a', 'bb') != ''",
    "object.long.split('') != []",
    "object.long.split('a') != []",
    "object.long.upperAscii() != ''",
    "object.long.trim() != ''",
    "strings.quote(object.long) != ''",
    "'%s%s'.format([object.long, object.long]) != ''",
    "'%x'.format([object.long]) != ''",
    "'%s'.format([object.texts]) != ''",
    "'%s'.format([object.wide]) != ''",
    "'%.100f%.100f%.100f'.format([1e308, 1e308, 1e308]) != ''",
    "object.long.matches('(a|b)*a(a|b){12}c')",
    "object.long.find('c') == ''",
    "object.long.findAll('a') != []",
    "object.long.findAll('a.*z|a') != []",
    "'a'.matches('[ab]{90}' + string(x))",
    "'a'.matches('\\\\pL{9}' + string(x))",
    "url('http://a/' + object.long).getHost() == 'a'",
    "isURL('http://a/' + object.long)",
    "url('http://a/?' + object.long).getQuery() != {}",
    "!isQuantity(object.long)",
    "!isSemver('1.0.0-' + object.long)",
    "format.dns1123Label().validate(object.long).hasValue()",
];

#[test]
fn functions_pay_for_what_they_go_through_and_make() {
    let object = large();
    for what in COSTLY {
        let text = many_times(what);
        assert_eq!(outcome(&text, &object), Err(Failure::OutOfFuel), "{text}");
    }
}

/// Texts that grow by doubling, as deep as brackets nest.
#[test]
fn what_doubles_runs_out_before_it_is_large() {
    let mut text = "object.long".to_owned();
    for _ in 0..24 {
        text = format!("[{text}].map(s, s + s)[0]");
    }
    assert_eq!(outcome(&format!("{text} != ''"), &large()), Err(Failure::OutOfFuel));
}

#[test]
fn fuel_that_is_out_stays_out() {
    let mut fuel = Fuel::full();
    assert_eq!(fuel.spend(usize::MAX), Err(Failure::OutOfFuel));
    assert_eq!(fuel.spend(1), Err(Failure::OutOfFuel));
    assert_eq!(fuel.spend_product(usize::MAX, 2), Err(Failure::OutOfFuel));
}

#[test]
fn what_ordinary_policies_ask_for_costs_little() {
    let container = json!({"image": "registry.example.com/shop/web:1.2.3", "env": vec![json!({"name": "A", "value": "b"}); 30]});
    let object = json!({"spec": {"containers": vec![container; 20]}});
    let text = "object.spec.containers.all(c, c.image.matches('^registry[.]example[.]com/') \
                && c.env.all(e, !e.name.contains('PASSWORD')))";
    assert_eq!(outcome(text, &object), Ok(true));
}
