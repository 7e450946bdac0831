//! Where an exec, attach or port-forward would lead, and what it would run.

use kguard::api::effect::ExecEffect;
use kguard::effect::managers;
use kguard::kube::target::is_on;
use kguard::mask::Echo;
use kguard::policy::Object;
use serde_json::Value;

use super::look::Look;
use super::moved;

pub(super) async fn tell(look: &Look) {
    let pod = look.live().pod(&look.request.info).await;
    moved::tell(look, &pod.clone().map_or(Object::Absent, Object::Known));
    let Some(pod) = pod.and_then(|pod| look.shown(&pod, &Echo::None)) else {
        return look.note("the pod cannot be read");
    };
    let managed_by = managers::of(&pod);
    if look.request.info.subresource() == "portforward" {
        look.note("it may open any port of the pod: which ones is told only when it runs");
    }
    let exec = describe(look, &pod);
    look.tell(|effect| {
        effect.exec = Some(exec);
        effect.managed_by = managed_by;
    });
}

fn describe(look: &Look, pod: &Value) -> ExecEffect {
    let query = look.matter.noted_query();
    let all = |name: &str| {
        let of = query.iter().filter(move |(own, _)| own == name);
        of.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let text =
        |pointer| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let named = all("container").into_iter().next().unwrap_or_default();
    let (container, image) = container(pod, &named).unwrap_or_default();
    ExecEffect {
        namespace: text("/metadata/namespace"),
        pod: text("/metadata/name"),
        uid: text("/metadata/uid"),
        container: if named.is_empty() { container } else { named },
        image,
        node: text("/spec/nodeName"),
        argv: all("command"),
        tty: is_on(look.request.query.pairs(), "tty"),
    }
}

/// Name and image of a container; of the first, if none is named.
fn container(pod: &Value, named: &str) -> Option<(String, String)> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let all = lists.iter().filter_map(|list| pod.get("spec")?.get(list)?.as_array()).flatten();
    let text = |of: &Value, key| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut all = all.map(|of| (text(of, "name"), text(of, "image")));
    all.find(|(name, _)| named.is_empty() || name == named)
}
