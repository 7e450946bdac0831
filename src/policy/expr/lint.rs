//! What can be said of an expression before any request: syntax, names, depth, loops.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::{IdedExpr, ParseErrors, Program};

use super::value::{CALLER_FIELDS, REQUEST_FIELDS};
use super::{Flaw, Uses, Vocabulary};
use crate::policy::problem::did_you_mean;

/// The function that loops pay with. No identifier of the language starts with an `@`.
pub(super) const CHARGE: &str = "@charge";

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
const FUNCTIONS: [&str; 34] = [
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
    "optFlatMap",
    "optMap",
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

pub(super) fn syntax(errors: &ParseErrors) -> Vec<Flaw> {
    let flaw = |error: &cel::ParseError| Flaw {
        line: usize::try_from(error.pos.0).unwrap_or(1).max(1),
        column: usize::try_from(error.pos.1).unwrap_or(1).max(1),
        message: format!("not a valid expression: {}", error.msg.trim()),
        hint: None,
    };
    // One mistake confuses the parser several times over; the first report is the one that helps.
    errors.errors.first().map(flaw).into_iter().collect()
}

/// Checks the names and the shape, and tells which costly variables are used.
pub(super) fn check(
    program: &Program,
    text: &str,
    vocabulary: Vocabulary,
) -> Result<Uses, Vec<Flaw>> {
    let mut walk = Walk {
        program,
        text,
        vocabulary,
        bound: Vec::new(),
        uses: Uses::default(),
        loops: 0,
        flaws: Vec::new(),
    };
    walk.visit(program.expression(), 0, 0);
    if walk.flaws.is_empty() { Ok(walk.uses) } else { Err(walk.flaws) }
}

struct Walk<'a> {
    program: &'a Program,
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
            return self.flaw(node.id, "the expression nests too deep", None);
        }
        match &node.expr {
            Expr::Ident(name) => self.name(node.id, name),
            Expr::Select(select) => self.field(select.operand.id, &select.operand, &select.field),
            Expr::Call(call) => self.call(node.id, call),
            Expr::Struct(strct) => {
                let message = format!("unknown type `{}`", strct.type_name);
                self.flaw(node.id, message, None);
            }
            Expr::Comprehension(comprehension) => {
                return self.comprehension(node.id, comprehension, depth, loop_depth);
            }
            Expr::List(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Unspecified => {}
        }
        for child in children(node) {
            self.visit(child, depth + 1, loop_depth);
        }
    }

    fn comprehension(
        &mut self,
        id: u64,
        comprehension: &'a ComprehensionExpr,
        depth: usize,
        loop_depth: usize,
    ) {
        self.loops += 1;
        if loop_depth == MAX_LOOP_DEPTH {
            let message = format!("loops nest more than {MAX_LOOP_DEPTH} deep");
            return self.flaw(id, message, Some("ask for less, or in several policies".into()));
        }
        if self.loops == MAX_LOOPS + 1 {
            self.flaw(id, format!("more than {MAX_LOOPS} loops in one expression"), None);
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

    fn name(&mut self, id: u64, name: &str) {
        if self.bound.contains(&name) || TYPES.contains(&name) {
            return;
        }
        match (name, self.vocabulary) {
            ("request" | "caller", _) => {}
            ("object", Vocabulary::Full) => self.uses.object = true,
            ("oldObject", Vocabulary::Full) => self.uses.old_object = true,
            ("now", Vocabulary::Full) => {}
            ("object" | "oldObject" | "now", Vocabulary::RequestOnly) => {
                let hint = "messages reach errors and logs: only `request` and `caller` are there";
                self.flaw(id, format!("`{name}` is not to be had here"), Some(hint.into()));
            }
            _ => {
                let hint = did_you_mean(name, &VARIABLES);
                self.flaw(id, format!("unknown variable `{name}`"), hint);
            }
        }
    }

    /// Checks `field` of the variables whose fields are known.
    fn field(&mut self, id: u64, operand: &IdedExpr, field: &str) {
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
            self.flaw(id, format!("`{variable}` has no field `{field}`"), hint);
        }
    }

    fn call(&mut self, id: u64, call: &'a CallExpr) {
        let name = call.func_name.as_str();
        if let (operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT, [operand, key]) =
            (name, call.args.as_slice())
        {
            if let Expr::Literal(LiteralValue::String(field)) = &key.expr {
                self.field(operand.id, operand, field.inner());
            }
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
            self.flaw(id, format!("unknown function `{name}`"), hint);
        }
    }

    fn flaw(&mut self, id: u64, message: impl Into<String>, hint: Option<String>) {
        let start = self.program.source_info().offset_for(id).map_or(0, |(start, _)| start);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let before = self.text.chars().take(start);
        let (line, column) = before.fold((1, 1), |(line, column), c| match c {
            '\n' => (line + 1, 1),
            _ => (line, column + 1),
        });
        self.flaws.push(Flaw { line, column, message: message.into(), hint });
    }
}

fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
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

/// The expression with every loop's range wrapped into a payment for its rounds.
pub(super) fn meter(program: &Program) -> IdedExpr {
    let mut tree = program.expression().clone();
    wrap_ranges(&mut tree);
    tree
}

fn wrap_ranges(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Call(call) => {
            call.target.as_deref_mut().into_iter().chain(&mut call.args).for_each(wrap_ranges);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(wrap_ranges),
        Expr::Select(select) => wrap_ranges(&mut select.operand),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                match &mut entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        wrap_ranges(&mut entry.key);
                        wrap_ranges(&mut entry.value);
                    }
                    EntryExpr::StructField(field) => wrap_ranges(&mut field.value),
                }
            }
        }
        Expr::Comprehension(comprehension) => {
            let wide = wide_operations(&comprehension.loop_step);
            for part in [
                &mut comprehension.iter_range,
                &mut comprehension.accu_init,
                &mut comprehension.loop_cond,
                &mut comprehension.loop_step,
                &mut comprehension.result,
            ] {
                wrap_ranges(part);
            }
            let range = std::mem::take(&mut comprehension.iter_range);
            let id = range.id;
            let wide = IdedExpr { id, expr: Expr::Literal(LiteralValue::Int(wide.into())) };
            let call =
                CallExpr { func_name: CHARGE.to_owned(), target: None, args: vec![range, wide] };
            comprehension.iter_range = IdedExpr { id, expr: Expr::Call(call) };
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) | Expr::Unspecified => {}
    }
}

/// How many operations of one round may go through values as large as an object. Comparing with a
/// literal stops where the literal ends; inner loops pay for themselves.
fn wide_operations(node: &IdedExpr) -> i64 {
    let own = match &node.expr {
        Expr::Call(call) => i64::from(is_wide(call)),
        Expr::Comprehension(inner) => return wide_operations(&inner.iter_range),
        _ => 0,
    };
    own + children(node).into_iter().map(wide_operations).sum::<i64>()
}

fn is_wide(call: &CallExpr) -> bool {
    use operators as op;
    let literal = call.args.iter().any(|arg| matches!(arg.expr, Expr::Literal(_)));
    match call.func_name.as_str() {
        op::CONDITIONAL
        | op::INDEX
        | op::LOGICAL_AND
        | op::LOGICAL_NOT
        | op::LOGICAL_OR
        | op::NOT_STRICTLY_FALSE
        | op::OPT_INDEX
        | op::OPT_SELECT
        | "endsWith"
        | "size"
        | "startsWith" => false,
        op::EQUALS
        | op::GREATER
        | op::GREATER_EQUALS
        | op::LESS
        | op::LESS_EQUALS
        | op::NOT_EQUALS => !literal,
        // `map` and `filter` append to their accumulator in place.
        op::ADD => !call
            .args
            .iter()
            .any(|arg| matches!(&arg.expr, Expr::Ident(name) if name.starts_with('@'))),
        _ => true,
    }
}
