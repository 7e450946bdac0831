//! Whether what belongs to an object stays when that goes, as the API server decides it
//! (k8s.io/apiserver `pkg/registry/generic/registry/store.go`, `shouldOrphanDependents`): the delete's
//! options first, then the object's finalizers, then what its kind is given.

use super::listing::Listed;
use crate::kube::delete_options::DeleteOptions;
use crate::kube::request_info::ResourceInfo;

/// Kinds that leave behind what belongs to them unless the delete says otherwise, "for back
/// compatibility" (k8s.io/kubernetes `pkg/registry/batch/job/strategy.go` and
/// `pkg/registry/core/replicationcontroller/strategy.go`). kubectl always says otherwise.
const LEAVING: [(&str, &str, &str); 2] =
    [("", "v1", "replicationcontrollers"), ("batch", "v1", "jobs")];

/// Why what belongs to an object stays, in words; none if it goes along.
pub fn stay(
    options: Option<&DeleteOptions>,
    resource: &ResourceInfo,
    object: &Listed,
) -> Option<&'static str> {
    if let Some(orphans) = options.and_then(DeleteOptions::orphans) {
        return orphans.then_some("as the request says so (propagation policy Orphan)");
    }
    let has = |name: &str| object.finalizers.iter().any(|of| of == name);
    if has("orphan") {
        return Some("as the object says so (finalizer `orphan`)");
    }
    let ResourceInfo { api_group, api_version, resource, .. } = resource;
    let kind = (api_group.as_str(), api_version.as_str(), resource.as_str());
    let is_leaving = LEAVING.contains(&kind) && !has("foregroundDeletion");
    is_leaving.then_some(
        "as it does for objects of this kind where the request says nothing of it (it has no \
         propagation policy)",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::target::Query;

    fn stays(query: &str, kind: (&str, &str), finalizers: &[&str]) -> bool {
        let options = DeleteOptions::from_query(&Query::parse(query).unwrap()).unwrap();
        let resource = ResourceInfo {
            api_group: kind.0.to_owned(),
            api_version: "v1".to_owned(),
            resource: kind.1.to_owned(),
            ..ResourceInfo::default()
        };
        let object = Listed::read(&json!({"metadata": {"name": "x", "finalizers": finalizers}}));
        stay(Some(&options), &resource, &object).is_some()
    }

    #[test]
    fn the_request_decides_then_the_object_then_its_kind() {
        let (job, deployment) = (("batch", "jobs"), ("apps", "deployments"));
        for (query, kind, finalizers, expected) in [
            ("", deployment, &[][..], false),
            ("", job, &[], true),
            ("", ("", "replicationcontrollers"), &[], true),
            ("propagationPolicy=Background", job, &[], false),
            ("orphanDependents=false", job, &["orphan"], false),
            ("propagationPolicy=Orphan", deployment, &["foregroundDeletion"], true),
            ("", deployment, &["orphan"], true),
            ("", job, &["foregroundDeletion"], false),
        ] {
            assert_eq!(stays(query, kind, finalizers), expected, "{query} {kind:?} {finalizers:?}");
        }
    }
}
