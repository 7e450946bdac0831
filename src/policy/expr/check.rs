//! What can be said of an expression before any request: names, fields, types, and how far loops
//! nest. The types are inferred as cel-go's checker does it; an error is said only where no
//! overload can fit. All of them are, each in its place.

mod calls;
mod loops;
mod misfits;

use super::code::{Code, Variable};
use super::syntax::{Entry, Item, Kind, Node, dotted};
use super::types::Type;
use super::value::Value;
use super::variables::{CALLER, REQUEST};
use super::{Flaw, Uses, Vocabulary};
use crate::policy::problem::did_you_mean;

const VARIABLES: [&str; 5] = ["caller", "now", "object", "oldObject", "request"];

/// Names of types, which are values too.
const TYPE_NAMES: [&str; 15] = [
    "bool",
    "bytes",
    "double",
    "google.protobuf.Duration",
    "google.protobuf.Timestamp",
    "int",
    "list",
    "map",
    "net.CIDR",
    "net.IP",
    "null_type",
    "optional_type",
    "string",
    "type",
    "uint",
];

/// Variables of Kubernetes' policies that there are none of here, and what is instead.
const ELSEWHERE: [(&str, &str); 4] = [
    ("authorizer", "kguard asks no authorizer; write who may in `match` or ask `caller.groups`"),
    ("namespaceObject", "kguard does not read namespaces; `request.namespace` is the name"),
    ("params", "policies have no parameters"),
    ("variables", "policies have no variables of their own"),
];

/// The code of a tree, its type, and which costly variables it uses.
pub(super) fn check(
    tree: &Node,
    text: &str,
    vocabulary: Vocabulary,
) -> Result<(Code, Type, Uses), Vec<Flaw>> {
    let locals = Vec::new();
    let mut check = Check {
        text,
        vocabulary,
        locals,
        uses: Uses::default(),
        loop_depth: 0,
        formats: 0,
        item_types: Vec::new(),
        flaws: Vec::new(),
    };
    let Typed(code, of) = check.node(tree);
    if check.flaws.is_empty() { Ok((code, of, check.uses)) } else { Err(check.flaws) }
}

/// Code and the type of its value.
struct Typed(Code, Type);

struct Check<'t> {
    text: &'t str,
    vocabulary: Vocabulary,
    /// Variables of the loops around, innermost last.
    locals: Vec<(String, Type)>,
    uses: Uses,
    loop_depth: usize,
    /// How many calls of `format` are around: what they take may be mixed.
    formats: usize,
    /// Of the list literal that was checked last.
    item_types: Vec<Type>,
    flaws: Vec<Flaw>,
}

impl Check<'_> {
    fn node(&mut self, node: &Node) -> Typed {
        match &node.kind {
            Kind::And(terms) => Typed(Code::And(self.truths(terms)), Type::Bool),
            Kind::Or(terms) => Typed(Code::Or(self.truths(terms)), Type::Bool),
            Kind::Call { target, name, arguments } => {
                self.call(node.at, target.as_deref(), name, arguments)
            }
            Kind::Conditional(parts) => self.conditional(node.at, parts),
            Kind::Index { operand, index, optional } => {
                self.index(node.at, operand, index, *optional)
            }
            Kind::List(items) => self.list(items),
            Kind::Literal(value) => Typed(Code::Constant(value.clone()), literal_type(value)),
            Kind::Map(entries) => self.map(entries),
            Kind::Name(name) => self.name(node.at, name),
            Kind::Record(name) => self.flaw(
                node.at,
                format!("unknown type `{name}`"),
                Some("maps are written `{'key': value}`".into()),
            ),
            Kind::Select { operand, field, optional } => {
                self.select(node, operand, field, *optional)
            }
        }
    }

    /// Notes what is wrong; the type is not settled, so that one mistake is one flaw.
    fn flaw(&mut self, at: usize, message: impl Into<String>, hint: Option<String>) -> Typed {
        self.flaws.push(Flaw::at(self.text, at, message.into(), hint));
        Typed(Code::Constant(Value::Null), Type::Unknown)
    }

    fn truths(&mut self, terms: &[Node]) -> Vec<Code> {
        terms.iter().map(|term| self.truth(term, "a condition")).collect()
    }

    /// Code that comes to a bool as far as is known.
    fn truth(&mut self, node: &Node, what: &str) -> Code {
        let Typed(code, of) = self.node(node);
        if !Type::Bool.admits(&of, &mut Vec::new()) {
            self.flaw(node.at, format!("{what} is {}, not bool", article(&of)), None);
        }
        code
    }

    fn conditional(&mut self, at: usize, parts: &[Node; 3]) -> Typed {
        let [condition, yes, no] = parts;
        let condition = self.truth(condition, "the condition before `?`");
        let (Typed(yes, a), Typed(no, b)) = (self.node(yes), self.node(no));
        let Some(of) = a.join(&b) else {
            return self.flaw(
                at,
                format!("the two outcomes are of different types: {a} and {b}"),
                None,
            );
        };
        Typed(Code::Conditional(Box::new([condition, yes, no])), of)
    }

    fn name(&mut self, at: usize, name: &str) -> Typed {
        if let Some(place) = self.locals.iter().rposition(|(local, _)| local == name) {
            let of = self.locals.get(place).map_or(Type::Dyn, |(_, of)| of.clone());
            return Typed(Code::Local(place), of);
        }
        let (variable, of) = match (name, self.vocabulary) {
            ("request", _) => (Variable::Request, Type::Record(&REQUEST)),
            ("caller", _) => (Variable::Caller, Type::Record(&CALLER)),
            ("now", Vocabulary::Full) => (Variable::Now, Type::Timestamp),
            ("object", Vocabulary::Full) => {
                self.uses.object = true;
                (Variable::Object, Type::Dyn)
            }
            ("oldObject", Vocabulary::Full) => {
                self.uses.old_object = true;
                (Variable::OldObject, Type::Dyn)
            }
            ("object" | "oldObject" | "now", Vocabulary::RequestOnly) => {
                let hint = "messages reach errors and logs: only `request` and `caller` are there";
                return self.flaw(at, format!("`{name}` is not to be had here"), Some(hint.into()));
            }
            _ => return self.type_or_unknown(at, name),
        };
        Typed(Code::Variable(variable), of)
    }

    fn type_or_unknown(&mut self, at: usize, name: &str) -> Typed {
        if let Some(found) = TYPE_NAMES.iter().find(|known| **known == name) {
            return Typed(Code::Constant(Value::Type(found)), Type::Meta);
        }
        let elsewhere = ELSEWHERE.iter().find(|(known, _)| *known == name);
        let hint =
            elsewhere.map(|(_, why)| (*why).to_owned()).or_else(|| did_you_mean(name, &VARIABLES));
        self.flaw(at, format!("unknown variable `{name}`"), hint)
    }

    fn select(&mut self, node: &Node, operand: &Node, field: &str, optional: bool) -> Typed {
        if let Some(name) = dotted(node).filter(|name| TYPE_NAMES.contains(&name.as_str())) {
            return self.type_or_unknown(node.at, &name);
        }
        let Typed(operand, of) = self.node(operand);
        let found = self.field_type(node.at, &of, field);
        let of = if optional { as_optional(found) } else { found };
        self.uses.capabilities |= field == "capabilities";
        let field = field.to_owned().into();
        Typed(Code::Select { operand: operand.into(), field, optional }, of)
    }

    fn field_type(&mut self, at: usize, of: &Type, field: &str) -> Type {
        match of {
            Type::Dyn | Type::Unknown => of.clone(),
            Type::Map(both) => both.1.clone(),
            Type::Optional(inner) => as_optional(self.field_type(at, inner, field)),
            Type::Record(record) => record.field(field).unwrap_or_else(|| {
                let message = format!("`{}` has no field `{field}`", record.name);
                let Typed(_, of) = self.flaw(at, message, did_you_mean(field, &record.names()));
                of
            }),
            _ => {
                let hint = matches!(of, Type::List(_))
                    .then(|| "lists have items, as in `[0]`, and loops, as `all`".to_owned());
                let Typed(_, of) = self.flaw(at, format!("{} has no fields", article(of)), hint);
                of
            }
        }
    }

    fn index(&mut self, at: usize, operand: &Node, index: &Node, optional: bool) -> Typed {
        let Typed(operand, of) = self.node(operand);
        let Typed(key, key_type) = self.node(index);
        let literal = match &index.kind {
            Kind::Literal(Value::String(text)) => Some(&**text),
            _ => None,
        };
        let found = self.item_type(at, &of, &key_type, literal);
        let of = if optional { as_optional(found) } else { found };
        Typed(Code::Index { operand: operand.into(), index: key.into(), optional }, of)
    }

    fn item_type(&mut self, at: usize, of: &Type, index: &Type, literal: Option<&str>) -> Type {
        let admitted = |expected: &Type| expected.admits(index, &mut Vec::new());
        match of {
            Type::Dyn | Type::Unknown if *index != Type::Null => of.clone(),
            Type::List(item) if admitted(&Type::Int) => (**item).clone(),
            Type::Map(both) if admitted(&both.0) => both.1.clone(),
            Type::Optional(inner) => as_optional(self.item_type(at, inner, index, literal)),
            Type::Record(record) => {
                let field = literal.unwrap_or("FIELD");
                let hint = Some(format!("write `{}.{field}`", record.name));
                let message = format!("`{}` has fields, not keys", record.name);
                let Typed(_, of) = self.flaw(at, message, hint);
                of
            }
            _ => {
                let message = format!("{} is not indexed by {}", article(of), article(index));
                let Typed(_, of) = self.flaw(at, message, None);
                of
            }
        }
    }

    fn list(&mut self, items: &[Item]) -> Typed {
        let mut codes = Vec::with_capacity(items.len());
        let mut types = Vec::with_capacity(items.len());
        let mut common = None;
        for Item { value, optional } in items {
            let Typed(code, of) = self.entry(value, *optional);
            codes.push((code, *optional));
            types.push(of.clone());
            common = Some(self.common(value.at, common, of, "items of a list"));
        }
        self.item_types = types;
        Typed(Code::List(codes), Type::list(common.unwrap_or(Type::Unknown)))
    }

    fn map(&mut self, entries: &[Entry]) -> Typed {
        let mut codes = Vec::with_capacity(entries.len());
        let (mut keys, mut values) = (None, None);
        for Entry { key, value, optional } in entries {
            let Typed(key_code, key_type) = self.node(key);
            let Typed(code, of) = self.entry(value, *optional);
            codes.push((key_code, code, *optional));
            keys = Some(self.common(key.at, keys, key_type, "keys of a map"));
            values = Some(self.common(value.at, values, of, "values of a map"));
        }
        let of = Type::map(keys.unwrap_or(Type::Unknown), values.unwrap_or(Type::Unknown));
        Typed(Code::Map(codes), of)
    }

    /// A value in a list or map; behind a `?` it is what the optional holds.
    fn entry(&mut self, value: &Node, optional: bool) -> Typed {
        let Typed(code, of) = self.node(value);
        match of {
            _ if !optional => Typed(code, of),
            Type::Optional(inner) => Typed(code, (*inner).clone()),
            Type::Dyn | Type::Unknown => Typed(code, of),
            _ => self.flaw(value.at, format!("`?` takes an optional, not {}", article(&of)), None),
        }
    }

    /// Kubernetes admits no mixed lists and maps, but for what is formatted.
    fn common(&mut self, at: usize, before: Option<Type>, of: Type, what: &str) -> Type {
        let Some(before) = before else { return of };
        let joined = before.join(&of);
        if self.formats > 0 {
            return joined.unwrap_or(Type::Dyn);
        }
        if let Some(joined) = joined
            && before.same(&of)
        {
            return joined;
        }
        let hint = Some("`dyn(..)` around each of them allows it".to_owned());
        let message = format!("{what} are of one type, not {before} and {of}");
        let Typed(_, of) = self.flaw(at, message, hint);
        of
    }
}

fn as_optional(of: Type) -> Type {
    match of {
        Type::Optional(_) => of,
        _ => Type::optional(of),
    }
}

fn literal_type(value: &Value<'_>) -> Type {
    match value {
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Uint(_) => Type::Uint,
        Value::Double(_) => Type::Double,
        Value::String(_) => Type::String,
        Value::Bytes(_) => Type::Bytes,
        Value::Null => Type::Null,
        _ => Type::Dyn,
    }
}

/// `an int`, `a string`.
pub(super) fn article(of: &Type) -> String {
    let name = of.to_string();
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'I']) { "an" } else { "a" };
    format!("{article} {name}")
}
