use proptest::prelude::*;

use super::*;
use crate::audit::trail::samples::Trail;
use crate::policy::replay::{Replay, Replayed};
use crate::policy::{PolicySet, Source, check};

fn suggest(trail: &Trail, callers: Option<&str>) -> (String, LeftOut) {
    let callers = callers.map(|pattern| pattern.parse().unwrap());
    let mut suggestion = Suggestion::new(callers, Between::default());
    trail.lines().for_each(|line| suggestion.line(line).unwrap());
    let (text, left_out) = suggestion.finish();
    (text.unwrap_or_default(), left_out)
}

/// What the trail would be under the policies that it suggests.
fn replayed(text: &str, trail: &Trail) -> Replayed {
    let source = Source { name: "s.yaml".into(), text: text.to_owned() };
    assert_eq!(check(std::slice::from_ref(&source)), [], "{text}");
    let set = PolicySet::compile(&[source]).unwrap();
    let mut replay = Replay::new(&set, Between::default());
    trail.lines().for_each(|line| replay.line(line).unwrap());
    replay.finish()
}

fn backup_job() -> Trail {
    let mut trail = Trail::default();
    let ns = "/api/v1/namespaces";
    for (request, decision, code) in [
        ("GET /version".to_owned(), "allow", 200),
        ("GET /apis/apps/v1".to_owned(), "allow", 200),
        ("GET /api/v1/nodes".to_owned(), "allow", 200),
        (format!("GET {ns}/shop/pods"), "allow", 200),
        (format!("GET {ns}/shop/pods?watch=1"), "allow", 200),
        (format!("GET {ns}/prod/pods"), "allow", 200),
        (format!("GET {ns}/shop/pods/db-0/exec?command=dump&stdout=true"), "allow", 101),
        (format!("GET {ns}/shop/secrets/db"), "allow", 200),
        (format!("GET {ns}/shop/configmaps/state"), "allow", 404),
        (format!("POST {ns}/shop/configmaps"), "allow", 201),
        (format!("DELETE {ns}/shop/secrets/db"), "deny", 403),
        ("DELETE /apis/apps/v1/namespaces/shop/deployments/web".to_owned(), "hold bob", 200),
        ("DELETE /apis/apps/v1/namespaces/shop/deployments/db".to_owned(), "hold eve", 200),
    ] {
        trail.request(&format!("ci/backup {request}"), decision, Some(code));
    }
    trail
}

#[test]
fn the_trail_of_a_caller_replayed_against_its_suggestion_changes_nothing() {
    let trail = backup_job();
    let (text, _) = suggest(&trail, Some("workload:ci/*"));
    let replayed = replayed(&text, &trail);
    assert_eq!((replayed.changes, replayed.unchanged), (vec![], 13), "{text}");
}

#[test]
fn a_suggestion_says_what_a_reader_has_to_know() {
    let (text, left_out) = suggest(&backup_job(), None);
    assert_eq!(left_out, LeftOut { refused: 1, ..LeftOut::default() });
    for expected in [
        "# Left out: 1 requests, refused by policy or by an approver.",
        "callers: [\"workload:ci/backup\"]",
        "resources: [\"pods/exec\"]\n    namespaces: [\"shop\"]\n    names: [\"db-0\"]",
        "# DANGER: this can carry",
        "paths: [\"/apis/*\", \"/version\"]",
        "# The namespace \"\" is none",
        "hold: {approvers: [\"user:bob\"]}",
        "hold: {approvers: [\"user:eve\"]}",
        "# Done once, last on 1970-01-01.",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
}

#[test]
fn actions_come_together_only_where_every_combination_was_seen() {
    let mut trail = Trail::default();
    for (method, namespace, resource) in [
        ("GET", "a", "pods"),
        ("GET", "a", "services"),
        ("GET", "b", "pods"),
        ("GET", "b", "services"),
        ("POST", "b", "pods"),
    ] {
        let line = format!("alice {method} /api/v1/namespaces/{namespace}/{resource}");
        trail.request(&line, "allow", Some(200));
    }
    let (text, _) = suggest(&trail, None);
    assert_eq!(text.matches("kind: Policy").count(), 2, "{text}");
    let all = "verbs: [\"list\"]\n    resources: [\"pods\", \"services\"]\n    namespaces: [\"a\", \"b\"]";
    let one = "verbs: [\"create\"]\n    resources: [\"pods\"]\n    namespaces: [\"b\"]";
    assert!(text.contains(all) && text.contains(one), "{text}");
}

#[test]
fn names_are_listed_where_they_are_few() {
    for (count, expected) in [(8, "names: ["), (9, "# To 9 different names")] {
        let mut trail = Trail::default();
        for name in 0..count {
            trail.request(&format!("alice DELETE /api/v1/nodes/n{name}"), "allow", Some(200));
        }
        let (text, _) = suggest(&trail, None);
        assert!(text.contains(expected), "{text}");
        assert_eq!(replayed(&text, &trail).changes, [], "{text}");
    }
}

#[test]
fn what_the_cluster_refused_or_no_policy_can_name_is_left_out() {
    let mut trail = Trail::default();
    trail
        .request("alice GET /api/v1/pods", "allow", Some(403))
        .request("alice GET /api/v1/nodes", "allow", Some(503))
        .request("alice GET /api/v1/nonsense", "allow", Some(404))
        .request("alice GET /api/v1/namespaces/*/pods", "allow", Some(200))
        .request("al*ce GET /api/v1/secrets", "allow", Some(200))
        .request("alice>bob GET /api/v1/services", "allow", Some(200));
    let (text, left_out) = suggest(&trail, None);
    assert_eq!((text.as_str(), left_out.failed), ("", 6));
    // A watch ends when its client does; what is under way was not refused.
    trail.request("alice GET /api/v1/pods?watch=1", "allow", None);
    assert!(suggest(&trail, None).0.contains("verbs: [\"watch\"]"));
}

#[test]
fn other_callers_are_no_part_of_it() {
    let mut trail = backup_job();
    trail.request("alice DELETE /api/v1/nodes/n", "allow", Some(200));
    let (text, _) = suggest(&trail, Some("workload:*"));
    assert!(text.contains("ci/backup") && !text.contains("alice"), "{text}");
}

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const RESOURCES: [&str; 4] =
    ["/api/v1 pods", "/api/v1 secrets", "/apis/apps/v1 deployments", "/apis/x.example/v1 widgets"];

fn target(method: usize, resource: usize, namespace: usize, name: usize) -> String {
    let (root, resource) = RESOURCES[resource].split_once(' ').unwrap();
    let namespace = ["", "/namespaces/shop", "/namespaces/prod"][namespace];
    let name =
        if method == 1 || (method == 0 && name == 0) { String::new() } else { format!("/n{name}") };
    format!("{} {root}{namespace}/{resource}{name}", METHODS[method])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was done, and whatever was refused beside it.
    #[test]
    fn a_suggestion_changes_nothing_for_any_trail(
        requests in proptest::collection::vec((0..4usize, 0..4usize, 0..3usize, 0..12usize, 0..3u8), 1..60)
    ) {
        let mut trail = Trail::default();
        for (method, resource, namespace, name, caller) in requests {
            let caller = ["alice", "ci/backup", "ci/deploy"][usize::from(caller)];
            let line = format!("{caller} {}", target(method, resource, namespace, name));
            let refused = (method + resource + namespace) % 3 == 0;
            trail.request(&line, if refused { "deny" } else { "allow" }, (!refused).then_some(200));
        }
        let (text, _) = suggest(&trail, None);
        prop_assume!(!text.is_empty());
        let replayed = replayed(&text, &trail);
        prop_assert_eq!(replayed.changes, vec![], "{}", text);
    }

    #[test]
    fn no_name_breaks_the_file(name in "\\PC{1,30}") {
        let mut trail = Trail::default();
        let name = name.replace([' ', '*', '>'], "-");
        trail.request(&format!("{name} GET /api/v1/nodes"), "allow", Some(200));
        let (text, _) = suggest(&trail, None);
        prop_assert_eq!(replayed(&text, &trail).changes, vec![], "{}", text);
    }
}
