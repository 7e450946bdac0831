//! Disruption budgets that pods which go would break.

use kguard::effect::budgets::{Going, broken};

use super::look::{List, Look};

pub(super) async fn tell(look: &Look, going: &[Going]) {
    let Some(first) = going.first() else { return };
    let is_one = going.iter().all(|of| of.namespace == first.namespace);
    let within = if is_one { format!("namespaces/{}/", first.namespace) } else { String::new() };
    let path = format!("/apis/policy/v1/{within}poddisruptionbudgets");
    let mut budgets = Vec::new();
    if let Err(why) = look.objects(&List::of(path), |budget| budgets.push(budget.clone())).await {
        return look
            .note(format!("whether disruption budgets would be broken is not known: {why}"));
    }
    let broken = broken(&budgets, going);
    if !broken.is_empty() {
        look.tell_radius(|radius| radius.budgets = broken);
    }
}
