//! The functions: one table of what they are called, what they take and give, and what they do.
//! The check reads its types, its hints and its knowledge of names from it, the interpreter its
//! functions. It is Kubernetes 1.34's base environment (`apiserver/pkg/cel/environment`).

mod core;
mod encoding;
pub(super) mod format;
mod lists;
pub(super) mod net;
mod operators;
mod optional;
pub(super) mod quantity;
pub(super) mod regex;
pub(super) mod semver;
mod sets;
mod strings;
pub(super) mod time;
pub(super) mod url;

use std::sync::LazyLock;

use super::Failure;
use super::fuel::Fuel;
use super::types::Type;
use super::value::{Outcome, Value};

pub(super) use lists::sort_by;
pub(super) use operators::{index, select};
pub(super) use strings::format_verbs;

/// What a function does. It pays for its time and for the memory of its result beforehand, and
/// takes what does not fit its signature for mismatched types.
type Function = for<'a> fn(&mut Fuel, &[Value<'a>]) -> Outcome<'a>;

/// Signatures and functions, as `string.charAt(int) -> string`. Single capitals are open types;
/// of those, `C` is any type that has an order.
type Table = &'static [(&'static str, Function)];

const TABLES: [Table; 14] = [
    core::TABLE,
    encoding::TABLE,
    format::TABLE,
    lists::TABLE,
    net::TABLE,
    operators::TABLE,
    optional::TABLE,
    quantity::TABLE,
    regex::TABLE,
    semver::TABLE,
    sets::TABLE,
    strings::TABLE,
    time::TABLE,
    url::TABLE,
];

const ORDERED: [&str; 8] =
    ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];

/// One way to call a function.
pub(super) struct Overload {
    pub(super) name: String,
    /// As the table writes it, for hints.
    pub(super) signature: String,
    /// Whether the first parameter is what it is called on.
    pub(super) method: bool,
    pub(super) parameters: Vec<Type>,
    pub(super) result: Type,
    run: Function,
}

impl Overload {
    /// Whether the values can be its arguments.
    pub(super) fn fits(&self, values: &[Value<'_>]) -> bool {
        self.parameters.len() == values.len()
            && self.parameters.iter().zip(values).all(|(parameter, value)| parameter.fits(value))
    }

    pub(super) fn run<'a>(&self, fuel: &mut Fuel, values: &[Value<'a>]) -> Outcome<'a> {
        (self.run)(fuel, values)
    }
}

/// All overloads, in the order of the tables.
pub(super) static OVERLOADS: LazyLock<Vec<Overload>> = LazyLock::new(|| {
    let rows = TABLES.into_iter().flatten();
    rows.flat_map(|(signature, run)| {
        expand(signature).into_iter().filter_map(|signature| read(signature, *run))
    })
    .collect()
});

/// The overloads with this name.
pub(super) fn overloads(name: &str) -> impl Iterator<Item = &'static Overload> {
    OVERLOADS.iter().filter(move |overload| overload.name == name)
}

/// One signature for each type that has an order, where one is asked for.
fn expand(signature: &str) -> Vec<String> {
    if !signature.contains("(C)") {
        return vec![signature.to_owned()];
    }
    let fill = |name: &&str| {
        let filled = signature.replace("(C)", &format!("({name})"));
        filled.replace("-> C", &format!("-> {name}"))
    };
    ORDERED.iter().map(fill).collect()
}

/// Reads a signature; none is malformed, as a test sees to.
fn read(signature: String, run: Function) -> Option<Overload> {
    let (head, result) = signature.split_once(" -> ")?;
    let (path, parameters) = head.split_at_checked(opening(head)?)?;
    let (receiver, name) = match path.rsplit_once('.') {
        Some((receiver, name)) => (Type::read(receiver), name),
        None => (None, path),
    };
    // What stands before the dot of `sets.contains` is no type.
    let name = if receiver.is_some() { name } else { path }.to_owned();
    let method = receiver.is_some();
    let parameters = arguments(parameters.strip_prefix('(')?.strip_suffix(')')?);
    let parameters = receiver.map(Some).into_iter().chain(parameters.into_iter().map(Type::read));
    let parameters = parameters.collect::<Option<_>>()?;
    let result = Type::read(result)?;
    Some(Overload { name, signature, method, parameters, result, run })
}

/// Where the parameters of `list(T).indexOf(T)` start.
fn opening(head: &str) -> Option<usize> {
    let mut depth = 0_usize;
    head.char_indices().rev().find_map(|(at, c)| {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => return None,
        }
        (depth == 0).then_some(at)
    })
}

/// Splits at the commas that are in no brackets.
fn arguments(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// What an implementation says to arguments that its signature rules out.
const fn mismatch<'a>() -> Outcome<'a> {
    Err(Failure::MismatchedTypes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_reads() {
        let rows: usize =
            TABLES.into_iter().flatten().map(|(signature, _)| expand(signature).len()).sum();
        assert_eq!(OVERLOADS.len(), rows);
    }

    #[test]
    fn the_chapter_lists_every_function() {
        let chapter = include_str!("../../../docs/expressions.md");
        let (_, functions) = chapter.split_once("\n## Functions\n").unwrap();
        let (functions, _) = functions.split_once("\n## ").unwrap();
        let mut listed: Vec<_> = functions.lines().filter(|line| line.contains(" -> ")).collect();
        let rows = TABLES.into_iter().flatten().map(|(signature, _)| *signature);
        let mut rows: Vec<_> = rows.filter(|row| !row.starts_with(['_', '@', '-', '!'])).collect();
        listed.sort_unstable();
        rows.sort_unstable();
        assert_eq!(listed, rows);
    }

    #[test]
    fn a_signature_tells_method_parameters_and_result() {
        let found: Vec<_> =
            overloads("indexOf").filter(|found| found.parameters.len() == 2).collect();
        assert!(found.iter().all(|found| found.method && found.result == Type::Int));
        assert!(
            overloads("sets.contains").all(|found| !found.method && found.parameters.len() == 2)
        );
        assert_eq!(overloads("sort").count(), ORDERED.len());
    }
}
