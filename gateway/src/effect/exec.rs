//! Where an exec, attach or port-forward would lead, and what it would run.

use kguard::api::effect::ExecEffect;
use kguard::effect::managers;
use kguard::kube::pod::{StreamPod, container};
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
    let StreamPod { uid, node, container, image } = StreamPod::of(pod, container(query));
    ExecEffect {
        namespace: text("/metadata/namespace"),
        pod: text("/metadata/name"),
        uid,
        container,
        image,
        node,
        argv: all("command"),
        tty: is_on(look.request.query.pairs(), "tty"),
    }
}
