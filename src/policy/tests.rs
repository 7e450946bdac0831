use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::identity::CallerKind;
use crate::kube::request_info::{ResourceInfo, Verb};

/// A request on `[resource/subresource.group]`, as in `statefulsets/scale.apps`.
pub(super) fn request(verb: Verb, resource: &str, namespace: &str, name: &str) -> RequestInfo {
    let (resource, api_group) = resource.split_once('.').unwrap_or((resource, ""));
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let resource = ResourceInfo {
        api_group: api_group.into(),
        api_version: "v1".into(),
        namespace: namespace.into(),
        resource: resource.into(),
        subresource: subresource.into(),
        name: name.into(),
    };
    RequestInfo { verb, path: "/api/..".into(), resource: Some(resource) }
}

pub(super) fn path(path: &str) -> RequestInfo {
    RequestInfo { verb: Verb::Get, path: path.into(), resource: None }
}

pub(super) fn caller(kind: CallerKind) -> Caller {
    Caller {
        name: match kind {
            CallerKind::Person => "oidc:alice".into(),
            CallerKind::Workload => "ci:deploy".into(),
        },
        groups: vec!["oidc:dev".into()],
        uid: Some("u1".into()),
        kind,
        issuer: "https://idp.example".into(),
    }
}

pub(super) fn compile(text: &str) -> Result<PolicySet, Vec<Problem>> {
    PolicySet::compile(&[Source { name: "a.yaml".into(), text: text.into() }])
}

/// A set of policies out of their specs in flow style, named `a`, `b` and so on.
pub(super) fn set(specs: &[&str]) -> PolicySet {
    let documents: Vec<_> = ('a'..)
        .zip(specs)
        .map(|(name, spec)| {
            format!("apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {name}}}\nspec: {spec}\n")
        })
        .collect();
    compile(&documents.join("---\n")).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub(super) fn known(value: Value) -> Object {
    Object::Known(value)
}

pub(super) fn decide(
    set: &PolicySet,
    request: &RequestInfo,
    kind: CallerKind,
    objects: &Objects,
) -> Decision {
    rule(set, request, kind, objects).decision
}

pub(super) fn rule(
    set: &PolicySet,
    request: &RequestInfo,
    kind: CallerKind,
    objects: &Objects,
) -> Ruling {
    let caller = caller(kind);
    let query = [("dryRun".to_owned(), "All".to_owned())];
    let facts = Facts { request, query: &query, caller: &caller, cluster: "prod" };
    set.candidates(&facts).decide(objects, Timestamp::UNIX_EPOCH)
}

/// The effect and the policy, as `deny a`.
pub(super) fn brief(decision: &Decision) -> String {
    match decision {
        Decision::Allow { policy } => format!("allow {}", policy.as_deref().unwrap_or("-")),
        Decision::Deny { policy, .. } => format!("deny {}", policy.as_deref().unwrap_or("-")),
        Decision::Hold(terms) => format!("hold {}", terms.policy),
    }
}

fn starter_says(request: &RequestInfo, kind: CallerKind, object: Value, old: Value) -> String {
    let set = PolicySet::compile(&[starter()]).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let object = if object.is_null() { Object::Absent } else { known(object) };
    let old_object = if old.is_null() { Object::Absent } else { known(old) };
    brief(&decide(&set, request, kind, &Objects { object, old_object, ..Objects::default() }))
}

#[test]
fn the_starter_pack_has_no_problem() {
    assert_eq!(check(&[starter()]), []);
}

#[test]
fn the_starter_pack_lets_people_work_and_holds_what_is_risky() {
    use Verb::*;
    for (verb, resource, name, person, workload) in [
        (Get, "pods", "web", "allow people", "allow workloads"),
        (List, "secrets", "", "allow people", "allow workloads"),
        (Get, "pods/log", "web", "allow people", "allow workloads"),
        (Update, "configmaps", "c", "allow people", "allow workloads"),
        (Create, "pods/exec", "web", "allow people", "deny workloads-run-no-code"),
        (Get, "pods/attach", "web", "allow people", "deny workloads-run-no-code"),
        (Patch, "deployments.apps", "web", "allow people", "deny workloads-run-no-code"),
        (Create, "serviceaccounts/token", "sa", "allow people", "deny workloads-run-no-code"),
        (Get, "pods/portforward", "web", "allow people", "deny workloads-open-no-tunnel"),
        (Get, "services/proxy", "web", "allow people", "deny workloads-open-no-tunnel"),
        (Delete, "namespaces", "shop", "hold namespace-deletes", "hold namespace-deletes"),
        (Delete, "deployments.apps", "web", "hold workload-deletes", "hold workload-deletes"),
        (Delete, "pods", "web", "allow people", "allow workloads"),
        (DeleteCollection, "pods", "", "deny no-delete-collection", "deny no-delete-collection"),
        (
            Create,
            "validatingwebhookconfigurations.admissionregistration.k8s.io",
            "",
            "hold admission-changes",
            "deny workloads-run-no-code",
        ),
    ] {
        let request = request(verb, resource, "shop", name);
        let says = |kind| starter_says(&request, kind, Value::Null, Value::Null);
        assert_eq!(says(CallerKind::Person), person, "{verb:?} {resource}");
        assert_eq!(says(CallerKind::Workload), workload, "{verb:?} {resource}");
    }
    for (at, says) in [("/version", "allow discovery"), ("/apis/apps/v1", "allow discovery")] {
        let request = path(at);
        assert_eq!(starter_says(&request, CallerKind::Workload, json!(null), json!(null)), says);
    }
}

#[test]
fn the_starter_pack_holds_statefulsets_that_shrink_below_half() {
    let spec = |replicas: Value| json!({"spec": {"replicas": replicas}});
    let held = "hold shrinking-statefulsets";
    let scaled = "hold shrinking-statefulsets-by-scale";
    for (verb, resource, object, old, says) in [
        (Verb::Patch, "statefulsets.apps", spec(json!(2)), spec(json!(5)), held),
        (Verb::Patch, "statefulsets.apps", spec(json!(3)), spec(json!(6)), "allow people"),
        (Verb::Update, "statefulsets.apps", spec(json!(0)), json!(null), "allow people"),
        (Verb::Patch, "statefulsets/scale.apps", spec(json!(1)), spec(json!(3)), scaled),
        (Verb::Patch, "statefulsets/scale.apps", spec(json!(2)), spec(json!(3)), "allow people"),
        (Verb::Update, "statefulsets/scale.apps", json!({"spec": {}}), spec(json!(1)), scaled),
        (
            Verb::Update,
            "statefulsets/scale.apps",
            spec(json!(3)),
            json!({"spec": {}}),
            "allow people",
        ),
    ] {
        let request = request(verb, resource, "shop", "db");
        let message = format!("{verb:?} {resource} {object} {old}");
        assert_eq!(starter_says(&request, CallerKind::Person, object, old), says, "{message}");
    }
}

#[test]
fn sets_are_shared_and_candidates_wait_for_objects_across_threads() {
    const fn shared<T: Send + Sync>() {}
    const { shared::<PolicySet>() };
    const { shared::<Candidates<'_>>() };
    const { shared::<Decision>() };
}

#[test]
fn the_digest_tells_sets_apart_whatever_the_order_of_their_files() {
    let source = |name: &str, policy: &str| Source {
        name: name.into(),
        text: format!(
            "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {policy}}}\nspec: \
             {{effect: deny}}\n"
        ),
    };
    let digest = |sources: &[Source]| PolicySet::compile(sources).unwrap().digest().to_owned();
    let (a, b) = (source("a", "x"), source("b", "y"));
    assert_eq!(digest(&[a.clone(), b.clone()]), digest(&[b.clone(), a.clone()]));
    assert_ne!(digest(&[a.clone(), b]), digest(&[a, source("b", "z")]));
    assert_eq!(digest(&[source("a", "x")]).len(), 64);
}

#[test]
fn masks_are_chosen_by_caller_and_cluster() {
    let mask = |name: &str, matches: &str| {
        format!(
            "---\napiVersion: kguard.dev/v1alpha1\nkind: Mask\nmetadata: {{name: {name}}}\nspec: \
             {{match: {matches}, fields: ['data.*', '**.password']}}\n"
        )
    };
    let set = compile(&format!(
        "{}{}{}apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: a}}\nspec: \
         {{effect: deny}}\n",
        mask("all", "{resources: [secrets]}"),
        mask("robots", "{callers: ['workload:*'], clusters: ['prod*']}"),
        "---\n"
    ))
    .unwrap_or_else(|problems| panic!("{problems:#?}"));
    for (kind, cluster, names) in [
        (CallerKind::Person, "prod", vec!["all"]),
        (CallerKind::Workload, "prod-eu", vec!["all", "robots"]),
        (CallerKind::Workload, "dev", vec!["all"]),
    ] {
        let caller = caller(kind);
        let masks = set.mask_rules(&caller, cluster).rules;
        assert_eq!(masks.iter().map(|mask| mask.name.as_str()).collect::<Vec<_>>(), names);
        assert_eq!(masks[0].fields.len(), 2);
    }
}

#[test]
fn who_is_exempt_from_a_mask_sees_what_it_hides() {
    let set = compile(
        "apiVersion: kguard.dev/v1alpha1\nkind: Mask\nmetadata: {name: m}\nspec: {exempt: \
         ['workload:*'], values: [jwt, {name: order, regex: 'ORD-[0-9]+'}]}\n---\napiVersion: \
         kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: a}\nspec: {effect: deny}\n",
    )
    .unwrap_or_else(|problems| panic!("{problems:#?}"));
    let rules = |kind| set.mask_rules(&caller(kind), "prod").rules;
    assert!(rules(CallerKind::Workload).is_empty());
    assert_eq!(rules(CallerKind::Person)[0].values.find(b"ORD-1").len(), 1);
}

#[test]
fn the_starter_pack_holds_a_delete_by_the_garbage_collector() {
    let gone = json!({"metadata": {"ownerReferences": [{"kind": "Node", "uid": "gone"}]}});
    let owned =
        json!({"metadata": {"name": "shop", "ownerReferences": [{"kind": "Team", "uid": "t"}]}});
    let free = json!({"metadata": {"name": "shop"}});
    for (verb, object, old, says) in [
        (Verb::Patch, &gone, &free, "hold owner-changes"),
        (Verb::Patch, &gone, &owned, "hold owner-changes"),
        (Verb::Update, &gone, &free, "hold owner-changes"),
        (Verb::Update, &owned, &owned, "allow people"),
        (Verb::Patch, &json!({"metadata": {"labels": {"a": "b"}}}), &owned, "allow people"),
    ] {
        for resource in ["namespaces", "namespaces/status"] {
            let request = request(verb, resource, "shop", "shop");
            let decision = starter_says(&request, CallerKind::Person, object.clone(), old.clone());
            assert_eq!(decision, says, "{verb} {resource} {object}");
        }
    }
}
