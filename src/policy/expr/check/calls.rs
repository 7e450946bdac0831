//! Calls: which overloads of the table can fit, and what can be done before any evaluation.

use std::sync::Arc;

use super::misfits::MACROS;
use super::{Check, Typed, article};
use crate::policy::expr::code::Code;
use crate::policy::expr::fuel::Fuel;
use crate::policy::expr::library::regex::{Pattern, TAKES_PATTERN};
use crate::policy::expr::library::{Overload, format_verbs, overloads};
use crate::policy::expr::syntax::{Kind, Node, dotted};
use crate::policy::expr::types::Type;
use crate::policy::expr::value::Value;

/// Functions that Kubernetes runs at load if they are given a constant.
const CONVERSIONS: [&str; 8] =
    ["bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint"];

/// What functions are grouped under, in Kubernetes and elsewhere.
const NAMESPACES: [&str; 11] = [
    "base64", "cel", "format", "ip", "json", "lists", "math", "optional", "regex", "sets",
    "strings",
];

/// What a call looks like: its place, its name, whether it is one on something, its arguments.
pub(super) struct Call<'n> {
    pub(super) at: usize,
    pub(super) name: &'n str,
    pub(super) method: bool,
    /// With what it is called on.
    pub(super) arguments: Vec<&'n Node>,
}

impl Check<'_> {
    pub(super) fn call(
        &mut self,
        at: usize,
        target: Option<&Node>,
        name: &str,
        arguments: &[Node],
    ) -> Typed {
        if let Some(macro_) = self.expand(at, target, name, arguments) {
            return macro_;
        }
        if MACROS.contains(&name) && overloads(name).next().is_none() {
            return self.unknown(&Call { at, name, method: false, arguments: Vec::new() });
        }
        let qualified = target.and_then(|target| self.qualified(target, name));
        if qualified.is_none()
            && let Some(path) = target.and_then(|target| self.namespace(target))
        {
            let name = format!("{path}.{name}");
            let at = target.map_or(at, |target| target.at);
            return self.unknown(&Call { at, name: &name, method: false, arguments: Vec::new() });
        }
        let method = target.is_some() && qualified.is_none();
        let target = target.filter(|_| method);
        let name = qualified.as_deref().unwrap_or(name);
        self.resolve(&Call {
            at,
            name,
            method,
            arguments: target.into_iter().chain(arguments).collect(),
        })
    }

    /// `sets.contains`, if that is a function and `sets` no variable.
    fn qualified(&self, target: &Node, name: &str) -> Option<String> {
        let path = dotted(target)?;
        let shadowed = self.locals.iter().any(|(local, _)| *local == path);
        let qualified = format!("{path}.{name}");
        (!shadowed && overloads(&qualified).next().is_some()).then_some(qualified)
    }

    /// The name of a namespace of functions, if that is what the call is in and no variable.
    fn namespace<'n>(&self, target: &'n Node) -> Option<&'n str> {
        let Kind::Name(name) = &target.kind else { return None };
        let shadowed = self.locals.iter().any(|(local, _)| local == name);
        (!shadowed && NAMESPACES.contains(&name.as_str())).then_some(name)
    }

    fn resolve(&mut self, call: &Call<'_>) -> Typed {
        let mut codes = Vec::with_capacity(call.arguments.len());
        let mut types = Vec::with_capacity(call.arguments.len());
        let flaws = self.flaws.len();
        self.formats += usize::from(call.name == "format");
        for argument in &call.arguments {
            let Typed(code, of) = self.node(argument);
            codes.push(code);
            types.push(of);
        }
        self.formats -= usize::from(call.name == "format");
        let of_that_name: Vec<_> =
            overloads(call.name).filter(|overload| overload.method == call.method).collect();
        let mut fitting = Vec::new();
        let mut result: Option<Type> = None;
        for overload in &of_that_name {
            let Some(of) = result_of(overload, &types) else { continue };
            fitting.push(*overload);
            result = Some(match result {
                Some(other) if other != of => Type::Dyn,
                _ => of,
            });
        }
        match result {
            Some(of) => {
                let code = Code::Call { overloads: fitting, arguments: codes };
                Typed(self.settle(call, code), of)
            }
            // What is wrong with an argument has been said, and may be all that is.
            None if self.flaws.len() > flaws && !of_that_name.is_empty() => {
                Typed(Code::Constant(Value::Null), Type::Unknown)
            }
            None => self.misfit(call, &types, &of_that_name),
        }
    }

    /// Looks at literals that every evaluation would fail on, and does once what need not be done
    /// each time: conversions of constants, and compiling patterns.
    fn settle(&mut self, call: &Call<'_>, code: Code) -> Code {
        let Code::Call { overloads, mut arguments } = code else { return code };
        let literal = |index: usize| match call.arguments.get(index).map(|node| &node.kind) {
            Some(Kind::Literal(Value::String(text))) => Some(text.clone()),
            _ => None,
        };
        if TAKES_PATTERN.contains(&call.name)
            && let (Some(text), Some(argument)) = (literal(1), arguments.get_mut(1))
        {
            *argument = self.pattern(call, &text);
        }
        if let ("format", Some(text), Some(Kind::List(_))) =
            (call.name, literal(0), call.arguments.get(1).map(|node| &node.kind))
        {
            self.check_format(call, &text);
        }
        if let (true, [Code::Constant(value)]) =
            (CONVERSIONS.contains(&call.name), arguments.as_slice())
        {
            return self.convert(call, &overloads, value.clone());
        }
        Code::Call { overloads, arguments }
    }

    fn pattern(&mut self, call: &Call<'_>, text: &str) -> Code {
        let pattern = Pattern::compile(text);
        let Some(pattern) = pattern else {
            let hint = Some("the syntax is Go's, without look-around".to_owned());
            let at = call.arguments.get(1).map_or(call.at, |node| node.at);
            let Typed(code, _) =
                self.flaw(at, "not a regular expression, or too large a one", hint);
            return code;
        };
        Code::Constant(Value::Pattern(Arc::new(pattern)))
    }

    fn convert(
        &mut self,
        call: &Call<'_>,
        overloads: &[&'static Overload],
        value: Value<'static>,
    ) -> Code {
        let values = [value];
        // Kubernetes refuses literals that are no text here, though the function takes them.
        let nanos = call.name == "duration" && matches!(values, [Value::Int(_)]);
        let overload = overloads.iter().find(|overload| overload.fits(&values) && !nanos);
        let converted = overload.map(|overload| overload.run(&mut Fuel::full(), &values));
        let Some(Ok(value)) = converted else {
            let hint = match call.name {
                "duration" => Some("as `1h30m`".to_owned()),
                "timestamp" => Some("as `2026-01-31T12:00:00Z`".to_owned()),
                _ => None,
            };
            let Typed(code, _) =
                self.flaw(call.at, format!("`{}` can make nothing of this", call.name), hint);
            return code;
        };
        Code::Constant(value)
    }

    fn check_format(&mut self, call: &Call<'_>, text: &str) {
        let types = std::mem::take(&mut self.item_types);
        let verbs = match format_verbs(text) {
            Ok(verbs) => verbs,
            Err(message) => {
                self.flaw(call.at, message, None);
                return;
            }
        };
        if verbs.len() != types.len() {
            let message =
                format!("the format takes {} values, the list has {}", verbs.len(), types.len());
            self.flaw(call.at, message, None);
        }
        for (verb, of) in verbs.into_iter().zip(&types) {
            if !takes(verb, of) {
                self.flaw(call.at, format!("`%{verb}` does not take {}", article(of)), None);
            }
        }
    }
}

/// Whether a clause of a format takes a type.
const fn takes(verb: char, of: &Type) -> bool {
    let int = matches!(of, Type::Int | Type::Uint);
    match (verb, of) {
        (_, Type::Dyn | Type::Unknown)
        | ('f', Type::Double)
        | ('b', Type::Bool)
        | ('x' | 'X', Type::String | Type::Bytes) => true,
        ('s', _) => !matches!(of, Type::Opaque(_) | Type::Optional(_) | Type::Record(_)),
        ('b' | 'd' | 'o' | 'x' | 'X', _) => int,
        _ => false,
    }
}

/// What the call comes to, if the overload can fit.
fn result_of(overload: &Overload, types: &[Type]) -> Option<Type> {
    let mut bound = Vec::new();
    let fits = overload.parameters.len() == types.len()
        && overload
            .parameters
            .iter()
            .zip(types)
            .all(|(parameter, of)| parameter.admits(of, &mut bound));
    fits.then(|| overload.result.resolve(&bound))
}
