//! How a decision came about, in lines for people.

use kguard::policy::{Applies, Matched, Near};

use crate::ui::clean;

/// A line for each policy that is about the request, and for each that nearly is.
pub(super) fn lines(matched: &[Matched], near: &[Near]) -> Vec<String> {
    let names = matched.iter().map(|of| &of.policy).chain(near.iter().map(|of| &of.policy));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    let matched = matched.iter().map(|of| {
        let observes = if of.observes { ", only observes" } else { "" };
        let Matched { policy, effect, applies, .. } = of;
        format!("{policy:width$}  {:5}  {}{observes}", effect.as_str(), applying(applies))
    });
    let near = near.iter().map(|of| {
        let Near { policy, effect, field, value } = of;
        let value = if value.is_empty() { "\"\"".into() } else { clean(value) };
        format!(
            "{policy:width$}  {:5}  is not about it: its `{field}` do not fit {value}",
            effect.as_str()
        )
    });
    matched.chain(near).collect()
}

fn applying(applies: &Applies) -> String {
    match applies {
        Applies::Yes => "applies".to_owned(),
        Applies::No => {
            "does not apply: its `when` is false, or the object is not what it is about".to_owned()
        }
        Applies::Fails { why } => format!("denies: its `when` cannot be evaluated, {why}"),
        Applies::Unknown { why } => format!("depends: {}", clean(why)),
    }
}
