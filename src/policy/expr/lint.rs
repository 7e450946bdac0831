//! What can be said of an expression before any request: syntax, names, depth, loops.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::{IdedExpr, ParseErrors};

use super::value::{CALLER_FIELDS, REQUEST_FIELDS};
use super::{Flaw, Uses, Vocabulary};
use crate::policy::problem::did_you_mean;

/// In bytes.
pub(super) const MAX_LENGTH: usize = 4096;
const MAX_CONDITIONS: usize = 64;
const MAX_DEPTH: usize = 64;
const MAX_LOOP_DEPTH: usize = 2;
const MAX_LOOPS: usize = 8;

const VARIABLES: [&str; 5] = ["caller", "now", "object", "oldObject", "request"];

/// Names of types, which are values too, and the roots of the library's qualified names.
const TYPES: [&str; 11] = [
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "optional",
    "string",
    "type",
    "uint",
];

/// The functions of the library.
const FUNCTIONS: [&str; 32] = [
    "bool",
    "bytes",
    "contains",
    "double",
    "duration",
    "dyn",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "hasValue",
    "int",
    "matches",
    "none",
    "of",
    "ofNonZeroValue",
    "or",
    "orValue",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
    "uint",
    "value",
];

const MACROS: [&str; 7] = ["all", "exists", "existsOne", "exists_one", "filter", "has", "map"];

/// Checks what has to be bounded before the parser sees it: it recurses into conditions without a
/// limit of its own.
pub(super) fn size(text: &str) -> Result<(), Vec<Flaw>> {
    let refuse = |message: String| Err(vec![Flaw { line: 1, column: 1, message, hint: None }]);
    if text.len() > MAX_LENGTH {
        return refuse(format!("the expression is longer than {MAX_LENGTH} bytes"));
    }
    if text.matches('?').count() > MAX_CONDITIONS {
        return refuse(format!("the expression has more than {MAX_CONDITIONS} conditions"));
    }
    Ok(())
}

/// The flaw behind syntax errors. One mistake confuses the parser several times over; its first
/// report is the one that helps.
pub(super) fn syntax(errors: &ParseErrors) -> Flaw {
    let (pos, message) =
        errors.errors.first().map_or(((1, 1), ""), |error| (error.pos, error.msg.trim()));
    Flaw {
        line: usize::try_from(pos.0).unwrap_or(1).max(1),
        column: usize::try_from(pos.1).unwrap_or(1).max(1),
        message: format!("not a valid expression: {message}"),
        hint: None,
    }
}

/// Checks the names and the shape, and tells which costly variables are used.
pub(super) fn check(
    tree: &IdedExpr,
    text: &str,
    vocabulary: Vocabulary,
) -> Result<Uses, Vec<Flaw>> {
    let mut walk = Walk {
        text,
        vocabulary,
        bound: Vec::new(),
        uses: Uses::default(),
        loops: 0,
        flaws: Vec::new(),
    };
    walk.visit(tree, 0, 0);
    if walk.flaws.is_empty() { Ok(walk.uses) } else { Err(walk.flaws) }
}

struct Walk<'a> {
    text: &'a str,
    vocabulary: Vocabulary,
    /// Variables of the loops around.
    bound: Vec<&'a str>,
    uses: Uses,
    loops: usize,
    flaws: Vec<Flaw>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, node: &'a IdedExpr, depth: usize, loop_depth: usize) {
        if depth > MAX_DEPTH {
            return self.flaw(Word::Whole, "the expression nests too deep", None);
        }
        match &node.expr {
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.field(&select.operand, &select.field),
            Expr::Call(call) => self.call(call),
            Expr::Struct(strct) => {
                let message = format!("unknown type `{}`", strct.type_name);
                self.flaw(Word::Name(&strct.type_name), message, None);
            }
            Expr::Comprehension(comprehension) => {
                return self.comprehension(comprehension, depth, loop_depth);
            }
            // The interpreter panics on it.
            Expr::Unspecified => self.flaw(Word::Whole, "the expression has a gap", None),
            Expr::List(_) | Expr::Literal(_) | Expr::Map(_) => {}
        }
        for child in children(node) {
            self.visit(child, depth + 1, loop_depth);
        }
    }

    fn comprehension(
        &mut self,
        comprehension: &'a ComprehensionExpr,
        depth: usize,
        loop_depth: usize,
    ) {
        self.loops += 1;
        if loop_depth == MAX_LOOP_DEPTH {
            let message = format!("loops nest more than {MAX_LOOP_DEPTH} deep");
            return self.flaw(
                Word::Whole,
                message,
                Some("ask for less, or in several policies".into()),
            );
        }
        if self.loops == MAX_LOOPS + 1 {
            self.flaw(Word::Whole, format!("more than {MAX_LOOPS} loops in one expression"), None);
        }
        self.visit(&comprehension.iter_range, depth + 1, loop_depth);
        self.visit(&comprehension.accu_init, depth + 1, loop_depth);
        let outer = self.bound.len();
        self.bound.push(&comprehension.iter_var);
        self.bound.extend(comprehension.iter_var2.as_deref());
        self.bound.push(&comprehension.accu_var);
        for part in [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result] {
            self.visit(part, depth + 1, loop_depth + 1);
        }
        self.bound.truncate(outer);
    }

    fn name(&mut self, name: &str) {
        if self.bound.contains(&name) || TYPES.contains(&name) {
            return;
        }
        match (name, self.vocabulary) {
            ("request" | "caller", _) | ("now", Vocabulary::Full) => {}
            ("object", Vocabulary::Full) => self.uses.object = true,
            ("oldObject", Vocabulary::Full) => self.uses.old_object = true,
            ("object" | "oldObject" | "now", Vocabulary::RequestOnly) => {
                let hint = "messages reach errors and logs: only `request` and `caller` are there";
                self.flaw(
                    Word::Name(name),
                    format!("`{name}` is not to be had here"),
                    Some(hint.into()),
                );
            }
            _ => {
                let hint = did_you_mean(name, &VARIABLES);
                self.flaw(Word::Name(name), format!("unknown variable `{name}`"), hint);
            }
        }
    }

    /// Checks `field` of the variables whose fields are known.
    fn field(&mut self, operand: &IdedExpr, field: &str) {
        let Expr::Ident(variable) = &operand.expr else { return };
        if self.bound.contains(&variable.as_str()) {
            return;
        }
        let known = match variable.as_str() {
            "request" => REQUEST_FIELDS,
            "caller" => CALLER_FIELDS,
            _ => return,
        };
        if !known.contains(&field) {
            let hint = did_you_mean(field, known)
                .or_else(|| Some(format!("one of `{}`", known.join("`, `"))));
            self.flaw(Word::Member(field), format!("`{variable}` has no field `{field}`"), hint);
        }
    }

    fn call(&mut self, call: &'a CallExpr) {
        let name = call.func_name.as_str();
        if let (operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT, [operand, key]) =
            (name, call.args.as_slice())
            && let Expr::Literal(LiteralValue::String(field)) = &key.expr
        {
            self.field(operand, field.inner());
        }
        // Operators have names that no function can have.
        let function = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if function && !FUNCTIONS.contains(&name) {
            let known: Vec<&str> = FUNCTIONS.into_iter().chain(MACROS).collect();
            let hint = if MACROS.contains(&name) {
                Some(format!("`{name}` takes other arguments"))
            } else {
                did_you_mean(name, &known)
            };
            self.flaw(Word::Member(name), format!("unknown function `{name}`"), hint);
        }
    }

    /// The parser keeps no places, but the word that is wrong stands in the text as it is.
    fn flaw(&mut self, word: Word<'_>, message: impl Into<String>, hint: Option<String>) {
        let before = word.find(self.text).unwrap_or_default();
        let (line, column) = before.chars().fold((1, 1), |(line, column), c| match c {
            '\n' => (line + 1, 1),
            _ => (line, column + 1),
        });
        let flaw = Flaw { line, column, message: message.into(), hint };
        if !self.flaws.contains(&flaw) {
            self.flaws.push(flaw);
        }
    }
}

/// What a flaw is about.
#[derive(Clone, Copy)]
enum Word<'a> {
    /// A field or a function.
    Member(&'a str),
    /// A variable.
    Name(&'a str),
    /// The expression as a whole.
    Whole,
}

impl Word<'_> {
    /// What precedes the word where it stands first.
    fn find(self, text: &str) -> Option<&str> {
        let (word, member) = match self {
            Self::Member(word) => (word, true),
            Self::Name(word) => (word, false),
            Self::Whole => return None,
        };
        let part = |c: char| c.is_alphanumeric() || c == '_';
        text.match_indices(word).find_map(|(start, _)| {
            let (before, from) = text.split_at_checked(start)?;
            let after = from.strip_prefix(word)?;
            let quoted = before.ends_with(['.', '?', '\'', '"']);
            let whole = !before.ends_with(part) && !after.starts_with(part);
            (whole && (member || !quoted)).then_some(before)
        })
    }
}

pub(super) fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Map(map) => map
            .entries
            .iter()
            .flat_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
                EntryExpr::StructField(field) => vec![&field.value],
            })
            .collect(),
        Expr::Comprehension(_)
        | Expr::Ident(_)
        | Expr::Literal(_)
        | Expr::Struct(_)
        | Expr::Unspecified => Vec::new(),
    }
}
