//! The effect of a plan as a whole, as it was seen when it was planned.

use std::fmt::Write as _;

use kguard::api::effect::{ChangeEffect, Effect};
use kguard::api::plans::Plan;

use super::turn::in_words;

/// What all writes of a plan would do: their differences one behind the other, and what nobody has
/// seen.
pub fn effect(plan: &Plan) -> Effect {
    let mut effect = Effect { complete: true, ..Effect::default() };
    let mut change = ChangeEffect::default();
    for write in &plan.writes {
        let words = in_words(&write.request, &write.name);
        // Writing to a text does not fail.
        let _ = write!(change.diff, "# {}: {words}\n{}", write.action.as_str(), write.diff);
        if let Some(why) = &write.unforeseen {
            effect.notes.push(format!(
                "{words} could not be foreseen, as {why}; it is held by itself when it runs, if a policy \
                 wants it"
            ));
        }
        for free in &write.unbound {
            effect.notes.push(format!("{words}: not bound are {free}"));
        }
    }
    for refused in &plan.refused {
        let words = in_words(&refused.request, &refused.name);
        effect.notes.push(format!("not in the plan: {words}: {}", refused.why));
    }
    effect.change = Some(change).filter(|change| !change.diff.is_empty());
    effect
}
