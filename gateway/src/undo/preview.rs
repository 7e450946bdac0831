//! What undoing a change would do, without what is masked for the one who looks or for the one who
//! made the change: so nobody learns more from what is kept than from an answer.

use std::sync::Arc;

use kguard::api::undo::UndoPreview;
use kguard::effect::diff;
use kguard::effect::noise::Noise;
use kguard::identity::Caller;
use kguard::mask::{Echo, MaskRules};
use serde_json::Value;

use super::Former;
use super::plan::Plan;
use crate::cluster::Cluster;
use crate::gateway::Gateway;

/// Why there is no difference to be seen.
const HIDDEN: &str = "kguard cannot tell what is masked of the object, so it is not shown";

/// What undoing would do now.
pub async fn preview(
    gateway: &Gateway,
    cluster: &Cluster,
    (former, caller): (Former, &Caller),
) -> UndoPreview {
    let plan = Plan::of(gateway, cluster, (&former, caller)).await;
    let sends = format!("{} {}", plan.method, plan.path);
    let obstacle = plan.obstacle.as_ref().map(ToString::to_string);
    let shown = Sides::shown(gateway, &former, (&plan, caller));
    let mut notes = plan.notes;
    let diff = match shown {
        Some(sides) => sides.difference().await,
        None => None,
    };
    if diff.is_none() {
        notes.push(HIDDEN.to_owned());
    }
    UndoPreview { change: former.change, sends, diff, notes, obstacle }
}

/// What is there and what would be, masked and without noise.
struct Sides {
    live: Option<Value>,
    body: Value,
}

impl Sides {
    fn shown(gateway: &Gateway, former: &Former, (plan, viewer): (&Plan, &Caller)) -> Option<Self> {
        let change = &former.change;
        let policies = gateway.policies.current();
        let mut masks = MaskRules::default();
        for caller in [viewer, &change.caller, &change.identity] {
            masks.rules.extend(policies.mask_rules(caller, &change.cluster).rules);
        }
        let masks = Arc::new(masks);
        let resource = change.request.resource.as_ref();
        let shown = |object: &Value| {
            let placeholders = gateway.placeholders.placeholders(&change.cluster, Echo::None);
            masks.shown(object, resource, placeholders).ok()
        };
        let noise = Noise::between(&change.request, plan.live.as_ref(), Some(&plan.body));
        // Masked as it was stored: placeholders depend on the object that a value is in.
        let mut body = shown(&former.object)?;
        noise.strip(&mut body);
        let live = match &plan.live {
            Some(live) => {
                let mut live = shown(live)?;
                noise.strip(&mut live);
                Some(live)
            }
            None => None,
        };
        Some(Self { live, body })
    }

    async fn difference(self) -> Option<String> {
        let compare = move || diff::unified(self.live.as_ref(), Some(&self.body)).ok();
        tokio::task::spawn_blocking(compare).await.ok().flatten()
    }
}
