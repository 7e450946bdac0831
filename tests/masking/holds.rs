//! Holds of writes to what is masked.

use std::collections::BTreeSet;

use super::*;
use crate::harness::http;

#[test]
fn two_held_writes_are_not_one_because_a_guess_is_right() {
    let desk = Desk::with(
        "held",
        &format!(
            "{HEAD}kind: Policy\nmetadata: {{name: all}}\nspec: {{match: {{callers: ['*']}}, effect: \
             allow}}\n---\n{HEAD}kind: Policy\nmetadata: {{name: held}}\nspec:\n  match: {{resources: \
             [deployments.apps], verbs: [patch]}}\n  effect: hold\n  hold: {{approvers: \
             ['user:*']}}\n---\n{HEAD}kind: Mask\nmetadata: {{name: env}}\nspec:\n  match: {{resources: \
             [deployments.apps]}}\n  fields: ['spec.**.env.*.value']\n"
        ),
    );
    desk.namespace.apply(round_trips::DEPLOYMENT);
    let path = "jsonpath={.spec.template.spec.containers[0].env[0].value}";
    let shown = desk.kubectl(&["get", "deployment", "web", "-o", path]).ok();
    let hold = |value: &str| {
        let head = format!(
            "PATCH /apis/apps/v1/namespaces/{}/deployments/web\nContent-Type: \
             application/strategic-merge-patch+json",
            desk.namespace.name
        );
        let env = format!(r#"{{"name":"c","env":[{{"name":"A","value":"{value}"}}]}}"#);
        let body = format!(r#"{{"spec":{{"template":{{"spec":{{"containers":[{env}]}}}}}}}}"#);
        let answer = http::send(&desk.gateway, &desk.user, &head, &body);
        assert_eq!(answer.status, 429, "{answer:?}");
        answer.message()
    };
    let holds = [&shown, "first", "wrong"].map(hold);
    assert_eq!(holds.iter().collect::<BTreeSet<_>>().len(), 3, "{holds:?}");
    // As its caller sent it, it is found again.
    assert_eq!(hold(&shown), holds[0]);
}
