//! Groups for the approved request alone.

use serde_json::json;

use super::{Scene, held};
use crate::harness::{Cluster, User};

const ELEVATES: &str = "elevate: {groups: ['system:masters']}";

#[test]
fn a_caller_whom_the_cluster_refuses_may_do_what_is_approved_and_nothing_else() {
    let matches = "{callers: ['user:oidc:carol'], resources: [configmaps], verbs: [delete, patch]}";
    let scene = Scene::set("elevate", &held(matches, ELEVATES));
    scene.config_maps(&["a", "b"]);
    let carol = User::person(&scene.gateway, "carol");
    let refused = carol.kubectl(&["-n", &scene.namespace.name, "get", "cm", "a"]);
    assert!(refused.stderr.contains("Forbidden"), "{refused:?}");

    let (mut delete, id) = scene.start_held(&carol, &["delete", "cm", "a", "--wait=false"]);
    let card = scene.bob.kguard(&["requests", &id]).ok();
    assert!(card.contains("Runs with") && card.contains("group system:masters"), "{card}");
    scene.bob.kguard(&["approve", &id, "--yes"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
    assert!(!scene.exists("cm/a"));
    let [ran] = &scene.allowed("/configmaps/a")[..] else { panic!("one request") };
    assert_eq!(ran["elevated"], json!(["system:masters"]), "{ran}");
    assert_eq!(ran["caller"]["groups"], json!(["oidc:ci-admins"]), "{ran}");

    // What comes next is as it was before.
    let refused = carol.kubectl(&["-n", &scene.namespace.name, "get", "cm", "b"]);
    assert!(refused.stderr.contains("Forbidden"), "{refused:?}");
    scene.assert_held(&carol, &["delete", "cm", "b", "--wait=false"]);
    assert!(scene.exists("cm/b"));
}

/// A policy beside it looks at what would be stored, so that the change is tried before it is held.
#[test]
fn what_the_cluster_says_to_the_groups_is_not_told_before_it_is_approved() {
    let matches = "{callers: ['user:oidc:carol'], resources: [configmaps], verbs: [create]}";
    let looks = "---\napiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: looks}\nspec:\n  \
                 match: {resources: [configmaps], verbs: [create]}\n  when: object.data.a == 'no'\n  \
                 effect: deny\n";
    let scene = Scene::set("tell", &format!("{}{looks}", held(matches, ELEVATES)));
    scene.config_maps(&["there"]);
    let carol = User::person(&scene.gateway, "carol");
    let create = ["create", "configmap", "new", "--from-literal=a=yes"];
    let (mut created, id) = scene.start_held(&carol, &create);
    scene.bob.kguard(&["approve", &id, "--yes"]).ok();
    assert_eq!(created.exit_code(), 0, "{}", created.said());
    assert!(scene.exists("cm/new"));

    // That it is there already is nothing that carol could find out.
    let again = ["create", "configmap", "there", "--from-literal=a=yes"];
    let all = [&["-n", &scene.namespace.name], &again[..]].concat();
    let refused = carol.kubectl(&all);
    assert_eq!(refused.code, 77, "{refused:?}");
    assert!(!refused.stderr.contains("AlreadyExists"), "{refused:?}");
}

/// A plan tries its writes before anybody has approved anything.
#[test]
fn nothing_is_planned_with_groups_that_nobody_has_approved() {
    let matches = "{callers: ['user:oidc:carol'], resources: [configmaps], verbs: [delete, patch]}";
    let scene = Scene::set("elevate-plan", &held(matches, ELEVATES));
    scene.config_maps(&["a"]);
    let carol = User::person(&scene.gateway, "carol");
    let kubectl = Cluster::get().kubectl_path("1.34");
    let (kubectl, n) = (kubectl.to_str().unwrap(), &scene.namespace.name);
    // One is there and one is not; carol, who may read neither, is told the same of both.
    for name in ["a", "none"] {
        let delete = ["-n", n, "delete", "cm", name, "--wait=false", "-o", "name"];
        let planned = carol.kguard(&[&["plan", "--", kubectl][..], &delete].concat());
        let foreseen = planned.code == 0 && !planned.stderr.contains("not foreseen");
        assert!(!foreseen, "{planned:?}");
    }
    assert!(scene.exists("cm/a"));
}
