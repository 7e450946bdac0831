//! Disruption budgets that would be broken by pods that go.

use serde_json::{Map, Value};

use super::{selector, text};
use crate::api::effect::DisruptionBudget;

/// Pods of one namespace that go, or as many of a kind as go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Going {
    /// Their namespace.
    pub namespace: String,
    /// What they are labelled with.
    pub labels: Map<String, Value>,
    /// How many.
    pub count: u64,
}

/// Those of the budgets that allow fewer disruptions than there would be.
pub fn broken(budgets: &[Value], going: &[Going]) -> Vec<DisruptionBudget> {
    let mut broken: Vec<_> = budgets.iter().filter_map(|budget| judge(budget, going)).collect();
    broken.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    broken
}

fn judge(budget: &Value, going: &[Going]) -> Option<DisruptionBudget> {
    let namespace = text(budget, "/metadata/namespace");
    let is_meant = |of: &&Going| {
        of.namespace == namespace && selector::matches(budget.pointer("/spec/selector"), &of.labels)
    };
    let count = going.iter().filter(is_meant).map(|of| of.count).fold(0, u64::saturating_add);
    let allowed = budget.pointer("/status/disruptionsAllowed").and_then(Value::as_u64);
    let allowed = allowed.unwrap_or_default();
    (count > allowed).then(|| DisruptionBudget {
        namespace: namespace.to_owned(),
        name: text(budget, "/metadata/name").to_owned(),
        why: format!("{count} of its pods would go, and it allows {allowed} now"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_budget_is_broken_by_more_pods_than_it_allows() {
        let budget = |name: &str, app: &str, allowed: u64| {
            json!({
                "metadata": {"namespace": "shop", "name": name},
                "spec": {"selector": {"matchLabels": {"app": app}}},
                "status": {"disruptionsAllowed": allowed},
            })
        };
        let going = |namespace: &str, app: &str, count| Going {
            namespace: namespace.into(),
            labels: json!({"app": app}).as_object().unwrap().clone(),
            count,
        };
        let budgets = [budget("web", "web", 1), budget("db", "db", 0), budget("wide", "web", 3)];
        let all = [going("shop", "web", 1), going("shop", "web", 1), going("other", "db", 5)];
        let broken = broken(&budgets, &all);
        let told: Vec<_> = broken.iter().map(|of| (of.name.as_str(), of.why.as_str())).collect();
        assert_eq!(told, [("web", "2 of its pods would go, and it allows 1 now")]);
    }
}
