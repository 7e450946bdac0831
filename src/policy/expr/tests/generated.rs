//! Expressions out of the table of functions, over odd values: whatever passes the check comes to
//! an end, without a panic and within its fuel.

use super::*;
use crate::policy::expr::interpret::Run;
use crate::policy::expr::library::{OVERLOADS, Overload};
use crate::policy::expr::types::Type;

/// Values of each type, with those at its edges.
const LEAVES: &[(&str, &[&str])] = &[
    ("bool", &["true", "false", "object.t"]),
    (
        "int",
        &[
            "0",
            "-1",
            "1",
            "9223372036854775807",
            "-9223372036854775808",
            "object.n",
            "size(object.l)",
        ],
    ),
    ("uint", &["0u", "1u", "18446744073709551615u"]),
    ("double", &["0.0", "-0.0", "1.5", "1e308", "double('NaN')", "double('Inf')", "object.d"]),
    (
        "string",
        &[
            "''",
            "'a'",
            "'日本🐱'",
            "'%s%'",
            "'(a|'",
            "'1.5Gi'",
            "'1.2.3.4/8'",
            "'1h'",
            "object.s",
            "request.name",
        ],
    ),
    ("bytes", &["b''", "b'\\xff'"]),
    ("null", &["null", "object.z"]),
    ("duration", &["duration('0s')", "duration('2540400h')", "duration('-2540400h')"]),
    ("timestamp", &["now", "timestamp('0001-01-01T00:00:00Z')", "timestamp(253402200000)"]),
    ("type", &["int", "type(object)"]),
    ("CIDR", &["cidr('0.0.0.0/0')", "cidr('::/0')", "cidr('1.2.3.4/32')", "cidr('::1/128')"]),
    ("IP", &["ip('255.255.255.255')", "ip('::')"]),
    ("Quantity", &["quantity('9223372036854775807')", "quantity('-8Ei')", "quantity('1n')"]),
    ("Semver", &["semver('18446744073709551615.0.0-a.1+b')"]),
    ("URL", &["url('http://[::1]:80/é?a=%20&b')", "url('*')"]),
    ("Format", &["format.uuid()", "format.dns1123LabelPrefix()"]),
];

/// Values that can be anything.
const ANYTHING: &[&str] = &[
    "object",
    "object.l",
    "object.m",
    "object.s",
    "object.n",
    "object.z",
    "oldObject",
    "object.deep",
];

/// Around an expression, so that loops, optionals and literals take part.
const AROUND: &[&str] = &[
    "[{}]",
    "[dyn({})][0]",
    "{'k': {}}",
    "[1, 2].map(x, {})",
    "object.l.filter(x, {} == x)",
    "object.l.sortBy(x, {})",
    "object.m.transformMap(k, v, {})",
    "object.l.transformMapEntry(i, v, {i: {}})",
    "object.l.exists(x, {} == x) || {}",
    "optional.of({}).optMap(x, [x, {}])",
    "({}).?a.b",
    "({})[?0]",
    "true ? {} : {}",
    "has(object.m.a) && {}",
];

/// A source of choices that a seed determines.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<'a, T>(&mut self, options: &'a [T]) -> &'a T {
        &options[self.below(options.len())]
    }

    /// A text that may be of the type, or of no type that is known.
    fn value(&mut self, of: &Type, depth: usize) -> String {
        match self.below(8) {
            0 => return (*self.of(ANYTHING)).to_owned(),
            1 | 2 if depth > 0 => return format!("dyn({})", self.call(depth - 1)),
            3 if depth > 0 => {
                let inner = self.call(depth - 1);
                return self.of(AROUND).replace("{}", &inner);
            }
            _ => {}
        }
        match of {
            Type::List(item) => format!("[{}]", self.value(item, depth)),
            Type::Map(both) => {
                format!("{{{}: {}}}", self.value(&both.0, depth), self.value(&both.1, depth))
            }
            Type::Optional(inner) => format!("optional.of({})", self.value(inner, depth)),
            _ => match LEAVES.iter().find(|(name, _)| *name == of.to_string()) {
                Some((_, leaves)) => (*self.of(leaves)).to_owned(),
                None => (*self.of(ANYTHING)).to_owned(),
            },
        }
    }

    fn call(&mut self, depth: usize) -> String {
        let overload = self.of(&OVERLOADS);
        let values: Vec<_> = overload.parameters.iter().map(|of| self.value(of, depth)).collect();
        written(overload, &values)
    }
}

fn written(overload: &Overload, values: &[String]) -> String {
    let name = overload.name.as_str();
    let operator = name.trim_matches(['_', '@']);
    match values {
        [a, b] if name.starts_with(['_', '@']) => format!("(({a}) {operator} ({b}))"),
        [a] if name.ends_with('_') => format!("({operator}({a}))"),
        [target, rest @ ..] if overload.method => format!("({target}).{name}({})", rest.join(", ")),
        _ => format!("{name}({})", values.join(", ")),
    }
}

fn odd_object() -> Json {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    json!({
        "t": true, "n": i64::MIN, "d": -1.5e-300, "s": "naïve\u{0}\n%d", "z": null, "deep": deep,
        "l": [1, "a", null, 2.5, [], {}, u64::MAX], "m": {"a": 1, "": {"b": [null]}, "日": "x"},
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn what_passes_the_check_comes_to_an_end_without_a_panic(seed in 1_u64..) {
        let text = Choices(seed).call(3);
        let request = request(Verb::Patch, "statefulsets/scale.apps", "shop", "db");
        let caller = caller(CallerKind::Workload);
        let facts = Facts { request: &request, query: &[], caller: &caller, cluster: "prod" };
        let object = odd_object();
        let mut scope = Scope::new(&facts, Carried::by(facts.request).possible);
        scope.set_now("2026-05-04T03:02:01Z".parse().unwrap());
        scope.set_objects(Some(&object), None).unwrap();
        if let Ok((expression, of)) = Expression::read(&text, Vocabulary::Full) {
            let mut run = Run::new(&scope);
            if let Ok(value) = run.value(&expression.code) {
                prop_assert!(of.resolve(&Vec::new()).fits(&value), "{text} is no {of}");
            }
            prop_assert!(run.fuel.spent() > 0);
        }
    }
}

/// What the generator is good for: it says nothing if hardly anything passes the check.
#[test]
fn most_generated_expressions_pass_the_check() {
    let texts: Vec<String> = (1..400).map(|seed| Choices(seed * 7_919).call(1)).collect();
    let passing =
        texts.iter().filter(|text| Expression::read(text, Vocabulary::Full).is_ok()).count();
    assert!(passing * 2 > texts.len(), "{passing} of {}", texts.len());
}
