use serde_json::json;

use super::*;
use crate::identity::CallerKind::{Person, Workload};
use crate::policy::tests::{brief, decide, known, path, request, set};
use crate::policy::{Decision, Object, Objects, PolicySet};

#[test]
fn every_field_has_to_fit_and_one_of_its_entries_is_enough() {
    let request = request(Verb::Update, "statefulsets/scale.apps", "shop", "db");
    for (fields, fits) in [
        ("{}", true),
        ("{callers: ['user:*']}", false),
        ("{callers: ['user:*', 'workload:ci:*']}", true),
        ("{callers: ['group:oidc:dev']}", true),
        ("{clusters: [dev]}", false),
        ("{clusters: [dev, 'pr*']}", true),
        ("{verbs: [patch]}", false),
        ("{verbs: [patch, update]}", true),
        ("{verbs: ['*']}", true),
        ("{resources: ['statefulsets.apps/scale']}", true),
        ("{resources: ['statefulsets.apps']}", false),
        ("{namespaces: [sho]}", false),
        ("{namespaces: [sho, 's*']}", true),
        ("{names: ['d*']}", true),
        ("{names: [x]}", false),
        ("{paths: ['*']}", false),
        ("{capabilities: [kill-workloads, see-environment]}", true),
        ("{capabilities: [kill-workloads]}", false),
        ("{capabilities: [run-code]}", false),
        ("{verbs: [update], namespaces: [shop], names: [db], clusters: [prod]}", true),
        ("{verbs: [update], namespaces: [shop], names: [db], clusters: [dev]}", false),
    ] {
        let set = set(&[&format!("{{match: {fields}, effect: allow}}")]);
        let decision = decide(&set, &request, Workload, &Objects::default());
        assert_eq!(matches!(decision, Decision::Allow { .. }), fits, "{fields}");
    }
}

#[test]
fn paths_and_resources_do_not_cross() {
    for (fields, of_path, of_resource) in [
        ("{}", true, true),
        ("{callers: ['*'], clusters: ['*'], verbs: [get]}", true, true),
        ("{paths: ['*']}", true, false),
        ("{paths: [/openapi/*]}", true, false),
        ("{paths: [/version]}", false, false),
        ("{resources: ['*']}", false, true),
        ("{namespaces: ['*']}", false, true),
        ("{names: ['*']}", false, true),
        ("{capabilities: [see-environment]}", false, true),
    ] {
        let set = set(&[&format!("{{match: {fields}, effect: allow}}")]);
        let says =
            |request: &RequestInfo| brief(&decide(&set, request, Person, &Objects::default()));
        let expected = |fits| if fits { "allow a" } else { "deny -" };
        assert_eq!(says(&path("/openapi/v3/apis")), expected(of_path), "{fields}");
        assert_eq!(says(&request(Verb::Get, "pods", "", "")), expected(of_resource), "{fields}");
    }
}

#[test]
fn requests_across_namespaces_fit_no_namespace_but_the_star() {
    let list = request(Verb::List, "pods", "", "");
    for (fields, says) in [("{namespaces: [shop]}", "deny -"), ("{namespaces: ['*']}", "allow a")] {
        let set = set(&[&format!("{{match: {fields}, effect: allow}}")]);
        assert_eq!(brief(&decide(&set, &list, Person, &Objects::default())), says, "{fields}");
    }
}

#[test]
fn a_denial_reaches_everything_that_does_what_it_names() {
    use Verb::*;
    let allowed = "{match: {verbs: ['*']}, effect: allow}";
    for (fields, verb, resource, namespace, name, says) in [
        ("namespaces: [prod]", List, "pods", "", "", "deny b"),
        ("namespaces: [prod]", Watch, "pods", "", "", "deny b"),
        ("namespaces: [prod]", DeleteCollection, "pods", "prod", "", "deny b"),
        ("namespaces: [prod]", List, "pods", "dev", "", "allow a"),
        ("namespaces: [prod]", List, "widgets.example.com", "", "", "deny b"),
        ("namespaces: [prod]", List, "nodes", "", "", "allow a"),
        ("namespaces: [prod]", List, "storageclasses.storage.k8s.io", "", "", "allow a"),
        ("namespaces: [prod]", Get, "nodes", "", "n1", "allow a"),
        ("namespaces: [prod], names: [db]", List, "pods", "prod", "", "deny b"),
        ("namespaces: [prod], names: [db]", List, "pods", "prod", "web", "allow a"),
        ("names: [db]", Create, "pods", "prod", "", "deny b"),
        ("resources: [pods]", Get, "pods/status", "prod", "web", "deny b"),
        ("resources: [pods]", Get, "pods/ephemeralcontainers", "prod", "web", "deny b"),
        ("resources: [pods]", Get, "pods/log", "prod", "web", "allow a"),
        ("resources: [pods]", Get, "nodes/status", "", "n", "allow a"),
        ("resources: ['*.apps']", Patch, "deployments/status.apps", "prod", "web", "deny b"),
        (
            "resources: [namespaces], verbs: [update]",
            Update,
            "namespaces/finalize",
            "x",
            "x",
            "deny b",
        ),
        ("resources: [namespaces], namespaces: [x]", List, "namespaces", "", "", "deny b"),
        ("resources: [namespaces], namespaces: [x]", List, "namespaces", "", "x", "deny b"),
        ("resources: [namespaces], namespaces: [x]", List, "namespaces", "", "y", "allow a"),
        ("resources: [events]", Get, "events.events.k8s.io", "prod", "e", "deny b"),
        ("names: [db]", Create, "pods/eviction", "prod", "web", "allow a"),
        ("capabilities: [run-code]", Create, "pods", "prod", "", "deny b"),
        ("capabilities: [run-code, open-tunnel]", Patch, "deployments.apps", "prod", "x", "deny b"),
        ("capabilities: [open-tunnel]", Patch, "deployments.apps", "prod", "x", "allow a"),
        ("verbs: [create], resources: [pods/exec]", Get, "pods/exec", "prod", "web", "deny b"),
        ("verbs: [get], resources: [pods/exec]", Create, "pods/exec", "prod", "web", "deny b"),
        ("verbs: [get], resources: [pods/proxy]", Head, "pods/proxy", "prod", "web", "deny b"),
        ("verbs: [get], resources: [pods/proxy]", Options, "pods/proxy", "prod", "web", "deny b"),
        ("verbs: [get], resources: [pods]", Create, "pods", "prod", "", "allow a"),
        ("verbs: [list], resources: [pods]", Get, "pods", "prod", "web", "allow a"),
    ] {
        let set = set(&[allowed, &format!("{{match: {{{fields}}}, effect: deny}}")]);
        let decision =
            decide(&set, &request(verb, resource, namespace, name), Person, &Objects::default());
        assert_eq!(brief(&decision), says, "{fields}: {verb} {resource} {namespace}/{name}");
    }
}

#[test]
fn an_allowance_reaches_nothing_that_does_more_than_it_names() {
    use Verb::*;
    for (fields, verb, resource, namespace, name, fits) in [
        ("namespaces: [prod]", List, "pods", "", "", false),
        ("names: [db]", List, "pods", "prod", "", false),
        ("verbs: [get, list, watch]", Get, "pods/exec", "prod", "web", false),
        ("verbs: [get, list, watch]", Get, "pods/portforward", "prod", "web", false),
        ("names: [db]", Create, "pods", "prod", "", false),
        ("resources: [pods]", Get, "pods/status", "prod", "web", false),
        ("resources: [namespaces], namespaces: [x]", List, "namespaces", "", "", false),
        ("capabilities: [see-environment]", Get, "pods", "prod", "web", true),
        ("capabilities: [see-environment]", Get, "nodes", "", "n", false),
        ("capabilities: [see-environment]", Get, "pods/exec", "prod", "web", false),
        ("capabilities: [see-environment]", Patch, "pods", "prod", "web", false),
        ("verbs: [create]", Get, "pods/exec", "prod", "web", true),
        ("verbs: [create]", Create, "pods/exec", "prod", "web", true),
        ("verbs: [get]", Head, "pods/proxy", "prod", "web", true),
        ("verbs: [get]", Options, "pods/proxy", "prod", "web", false),
    ] {
        let set = set(&[&format!("{{match: {{{fields}}}, effect: allow}}")]);
        let decision =
            decide(&set, &request(verb, resource, namespace, name), Person, &Objects::default());
        assert_eq!(brief(&decision) == "allow a", fits, "{fields}: {verb} {resource}");
    }
}

/// The name of what is created stands in the object, and there alone.
#[test]
fn a_create_is_known_by_the_name_of_its_object() {
    let create = request(Verb::Create, "configmaps", "shop", "");
    let of = |metadata: serde_json::Value| Objects {
        object: known(json!({ "metadata": metadata })),
        ..Objects::default()
    };
    for (fields, metadata, allows, denies) in [
        ("names: [db]", json!({"name": "db"}), true, true),
        ("names: [db]", json!({"name": "web"}), false, false),
        ("names: ['*']", json!({"name": "web"}), true, true),
        // The real one gets another name than the one that was seen.
        ("names: [db]", json!({"name": "db", "generateName": "d"}), false, true),
    ] {
        let allow = set(&[&format!("{{match: {{{fields}}}, effect: allow}}")]);
        let deny = set(&["{effect: allow}", &format!("{{match: {{{fields}}}, effect: deny}}")]);
        let says = |set: &PolicySet| brief(&decide(set, &create, Person, &of(metadata.clone())));
        assert_eq!(says(&allow) == "allow a", allows, "{fields} {metadata}");
        assert_eq!(says(&deny) == "deny b", denies, "{fields} {metadata}");
    }
}

/// An update, and an apply, creates what is not there.
#[test]
fn a_change_that_creates_is_a_create_too() {
    let apply = request(Verb::Patch, "configmaps", "shop", "c");
    let deny = set(&["{effect: allow}", "{match: {verbs: [create]}, effect: deny}"]);
    let patch = set(&["{match: {verbs: [patch]}, effect: allow}"]);
    let both = set(&["{match: {verbs: [create, patch]}, effect: allow}"]);
    let unknown = || Object::Unavailable { why: String::new() };
    for (old_object, creates, denied, patches) in [
        (Object::Absent, None, "deny b", "deny -"),
        (known(json!({})), None, "allow a", "allow a"),
        (unknown(), None, "deny b", "deny -"),
        (unknown(), Some(true), "deny b", "deny -"),
        (unknown(), Some(false), "allow a", "allow a"),
    ] {
        let objects = Objects { old_object, creates, ..Objects::default() };
        assert_eq!(brief(&decide(&deny, &apply, Person, &objects)), denied, "{objects:?}");
        assert_eq!(brief(&decide(&patch, &apply, Person, &objects)), patches, "{objects:?}");
        assert_eq!(brief(&decide(&both, &apply, Person, &objects)), "allow a", "{objects:?}");
    }
    // A subresource is never created.
    let scale = request(Verb::Patch, "deployments/scale.apps", "shop", "web");
    assert_eq!(brief(&decide(&deny, &scale, Person, &Objects::default())), "allow a");
    assert_eq!(brief(&decide(&patch, &scale, Person, &Objects::default())), "allow a");
}

#[test]
fn a_capability_is_told_by_the_object() {
    let patch = request(Verb::Patch, "deployments.apps", "shop", "web");
    let spec = |image: &str| json!({"spec": {"template": {"spec": {"image": image}}}});
    let deny = set(&["{effect: allow}", "{match: {capabilities: [run-code]}, effect: deny}"]);
    let allow = set(&["{match: {capabilities: [see-environment]}, effect: allow}"]);
    for (object, old_object, denied, allowed) in [
        (known(spec("b")), known(spec("a")), "deny b", "deny -"),
        (known(spec("a")), known(spec("a")), "allow a", "allow a"),
        // An apply creates what is not there.
        (known(spec("a")), Object::Absent, "deny b", "deny -"),
        // What is not known is assumed to carry all it can.
        (Object::Unavailable { why: String::new() }, known(spec("a")), "deny b", "deny -"),
        (known(spec("a")), Object::Unavailable { why: String::new() }, "deny b", "deny -"),
    ] {
        let objects = Objects { object, old_object, ..Objects::default() };
        assert_eq!(brief(&decide(&deny, &patch, Person, &objects)), denied);
        assert_eq!(brief(&decide(&allow, &patch, Person, &objects)), allowed);
    }
}
