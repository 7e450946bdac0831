//! Makes loops pay: every range is wrapped into a call that takes the fuel for all rounds at once.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, operators};

use super::lint::children;

/// The function that loops pay with. No identifier of the language starts with an `@`.
pub(super) const CHARGE: &str = "@charge";

/// Wraps the range of every loop in the tree.
pub(super) fn wrap_ranges(node: &mut IdedExpr) {
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
            let cost = Cost::of(&comprehension.loop_step);
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
            let literal = |number: i64| IdedExpr {
                id,
                expr: Expr::Literal(LiteralValue::Int(number.into())),
            };
            let args = vec![range, literal(1 + cost.nodes / 8), literal(cost.wide)];
            let call = CallExpr { func_name: CHARGE.to_owned(), target: None, args };
            comprehension.iter_range = IdedExpr { id, expr: Expr::Call(call) };
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) | Expr::Unspecified => {}
    }
}

/// What one round of a loop takes, inner loops aside: they pay for themselves.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// Nodes of the tree.
    nodes: i64,
    /// Operations that may go through values as large as an object.
    wide: i64,
}

impl Cost {
    fn of(node: &IdedExpr) -> Self {
        let own = match &node.expr {
            Expr::Call(call) => Self { nodes: 1, wide: i64::from(is_wide(call)) },
            Expr::Comprehension(inner) => return Self::of(&inner.iter_range),
            _ => Self { nodes: 1, wide: 0 },
        };
        children(node).into_iter().map(Self::of).fold(own, |sum, cost| Self {
            nodes: sum.nodes + cost.nodes,
            wide: sum.wide + cost.wide,
        })
    }
}

/// Comparing with a literal stops where the literal ends.
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
