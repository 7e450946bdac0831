//! Macros: presence, loops, and maps over optionals.

use super::{Check, Typed, article};
use crate::policy::expr::code::{Code, Gather, Loop};
use crate::policy::expr::syntax::{Kind, Node};
use crate::policy::expr::types::Type;
use crate::policy::expr::value::Value;

/// Loops may nest this deep; the fuel bounds what they do.
const MAX_LOOP_DEPTH: usize = 8;

/// A loop as it is written.
struct Comprehension<'n> {
    at: usize,
    name: &'n str,
    gather: Gather,
    target: &'n Node,
    /// One or two names.
    variables: &'n [Node],
    /// The filter, if there is one, and the body.
    parts: &'n [Node],
}

/// What the variables of a loop are.
struct Bound<'n> {
    names: Vec<&'n str>,
    types: Vec<Type>,
}

impl Check<'_> {
    /// The code of a macro, if the call is one: that depends on the number of arguments too.
    pub(super) fn expand(
        &mut self,
        at: usize,
        target: Option<&Node>,
        name: &str,
        arguments: &[Node],
    ) -> Option<Typed> {
        let Some(target) = target else {
            let ("has", [argument]) = (name, arguments) else { return None };
            return Some(self.has(argument));
        };
        let (gather, variables) = match (name, arguments.len()) {
            ("all", 2 | 3) => (Gather::All, arguments.len() - 1),
            ("exists", 2 | 3) => (Gather::Exists, arguments.len() - 1),
            ("exists_one", 2) | ("existsOne" | "exists_one", 3) => {
                (Gather::ExistsOne, arguments.len() - 1)
            }
            ("filter", 2) => (Gather::Filter, 1),
            ("map", 2 | 3) => (Gather::List, 1),
            ("sortBy", 2) => (Gather::SortBy, 1),
            ("transformList", 3 | 4) => (Gather::List, 2),
            ("transformMap", 3 | 4) => (Gather::Map, 2),
            ("transformMapEntry", 3 | 4) => (Gather::MapEntries, 2),
            ("optMap" | "optFlatMap", 2) => {
                return Some(self.optional_map(target, name, arguments));
            }
            _ => return None,
        };
        let (variables, parts) = arguments.split_at_checked(variables)?;
        Some(self.comprehension(&Comprehension { at, name, gather, target, variables, parts }))
    }

    fn has(&mut self, argument: &Node) -> Typed {
        let Kind::Select { operand, field, optional: false } = &argument.kind else {
            let hint = Some("it is `has(value.field)`".to_owned());
            return self.flaw(argument.at, "`has` takes a field", hint);
        };
        let Typed(operand, of) = self.node(operand);
        self.field_type(argument.at, &of, field);
        let field = field.clone().into();
        Typed(Code::Has { operand: operand.into(), field }, Type::Bool)
    }

    fn comprehension(&mut self, call: &Comprehension<'_>) -> Typed {
        if self.loop_depth == MAX_LOOP_DEPTH {
            let message = format!("loops nest more than {MAX_LOOP_DEPTH} deep");
            let hint = Some("ask for less, or in several policies".to_owned());
            return self.flaw(call.at, message, hint);
        }
        let Typed(range, range_type) = self.node(call.target);
        let Some(names) = self.variable_names(call.variables) else { return unknown() };
        let types = self.variable_types(call, &range_type);
        let bound = Bound { names, types };
        self.loop_depth += 1;
        let (filter, body) = self.bound(&bound, |check| check.body(call));
        self.loop_depth -= 1;
        let Some(Typed(body, body_type)) = body else { return unknown() };
        let first = bound.types.first().cloned().unwrap_or(Type::Unknown);
        let of = match call.gather {
            Gather::All | Gather::Exists | Gather::ExistsOne => Type::Bool,
            Gather::Filter | Gather::SortBy => Type::list(first),
            Gather::List => Type::list(body_type),
            Gather::Map => Type::map(first, body_type),
            Gather::MapEntries => body_type,
        };
        let two_variables = call.variables.len() == 2;
        let gather = call.gather;
        Typed(Code::Loop(Box::new(Loop { gather, range, two_variables, filter, body })), of)
    }

    /// The names that a loop gives.
    fn variable_names<'n>(&mut self, variables: &'n [Node]) -> Option<Vec<&'n str>> {
        let mut found = Vec::with_capacity(variables.len());
        for variable in variables {
            let Kind::Name(name) = &variable.kind else {
                self.flaw(variable.at, "the variable of a loop is a simple name", None);
                return None;
            };
            if found.contains(&name.as_str()) {
                let message = "the two variables of a loop have different names";
                self.flaw(variable.at, message, None);
                return None;
            }
            found.push(name.as_str());
        }
        Some(found)
    }

    fn variable_types(&mut self, call: &Comprehension<'_>, range: &Type) -> Vec<Type> {
        let count = call.variables.len();
        let mut types = match range {
            Type::List(item) if count == 2 => vec![Type::Int, (**item).clone()],
            Type::List(item) => vec![(**item).clone()],
            Type::Map(both) if call.gather != Gather::SortBy => {
                vec![both.0.clone(), both.1.clone()]
            }
            Type::Dyn => vec![Type::Dyn; count],
            Type::Unknown => Vec::new(),
            _ => {
                let message = format!("`{}` does not go through {}", call.name, article(range));
                self.flaw(call.at, message, None);
                Vec::new()
            }
        };
        types.resize(count, Type::Unknown);
        types
    }

    /// Checks with the variables of a loop in place.
    fn bound<T>(&mut self, bound: &Bound<'_>, then: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.locals.len();
        let named = bound.names.iter().zip(&bound.types);
        self.locals.extend(named.map(|(name, of)| ((*name).to_owned(), of.clone())));
        let outcome = then(self);
        self.locals.truncate(outer);
        outcome
    }

    /// The filter and the body of a loop.
    fn body(&mut self, call: &Comprehension<'_>) -> (Option<Code>, Option<Typed>) {
        let name = call.name;
        let (filter, body) = match call.parts {
            [body] => (None, body),
            [filter, body] => (Some(self.truth(filter, &format!("the filter of `{name}`"))), body),
            _ => return (None, None),
        };
        let typed = match call.gather {
            Gather::All | Gather::Exists | Gather::ExistsOne | Gather::Filter => {
                Typed(self.truth(body, &format!("the condition of `{name}`")), Type::Bool)
            }
            Gather::List | Gather::Map => self.node(body),
            Gather::MapEntries => {
                let Typed(code, of) = self.node(body);
                if !matches!(of, Type::Map(_) | Type::Dyn | Type::Unknown) {
                    self.flaw(body.at, format!("`{name}` makes maps, not {}", article(&of)), None);
                }
                Typed(code, of)
            }
            Gather::SortBy => {
                let Typed(code, of) = self.node(body);
                if !has_order(&of) {
                    self.flaw(body.at, format!("{} has no order", article(&of)), None);
                }
                Typed(code, of)
            }
        };
        (filter, Some(typed))
    }

    fn optional_map(&mut self, target: &Node, name: &str, arguments: &[Node]) -> Typed {
        let Typed(operand, of) = self.node(target);
        let inner = match of {
            Type::Optional(inner) => (*inner).clone(),
            Type::Dyn | Type::Unknown => of,
            _ => {
                let message = format!("`{name}` is called on an optional, not {}", article(&of));
                return self.flaw(target.at, message, None);
            }
        };
        let [variable, body] = arguments else { return unknown() };
        let Some(names) = self.variable_names(std::slice::from_ref(variable)) else {
            return unknown();
        };
        let bound = Bound { names, types: vec![inner] };
        let at = body.at;
        let Typed(body, body_type) = self.bound(&bound, |check| check.node(body));
        let flat = name == "optFlatMap";
        let of = match body_type {
            _ if !flat => Type::optional(body_type),
            Type::Optional(_) | Type::Dyn | Type::Unknown => body_type,
            _ => {
                let message = format!("`{name}` makes optionals, not {}", article(&body_type));
                return self.flaw(at, message, None);
            }
        };
        Typed(Code::OptionalMap { operand: operand.into(), body: body.into(), flat }, of)
    }
}

/// What stands for code with a flaw.
const fn unknown() -> Typed {
    Typed(Code::Constant(Value::Null), Type::Unknown)
}

const fn has_order(of: &Type) -> bool {
    matches!(
        of,
        Type::Dyn
            | Type::Unknown
            | Type::Bool
            | Type::Int
            | Type::Uint
            | Type::Double
            | Type::String
            | Type::Bytes
            | Type::Duration
            | Type::Timestamp
    )
}
