use super::*;
use crate::audit::trail::samples::Trail;
use crate::policy::tests::set;

fn replay(specs: &[&str], trail: &Trail, between: Between) -> Replayed {
    let set = set(specs);
    let mut replay = Replay::new(&set, between);
    trail.lines().for_each(|line| replay.line(line).unwrap());
    replay.finish()
}

/// `from→to caller verb resource policy count`, a line for each change.
fn told(replayed: &Replayed) -> Vec<String> {
    let line = |Change { group, count }: &Change| {
        let Group { from, to, caller, verb, resource, policy } = group;
        let to: Vec<_> = to.iter().map(|outcome| outcome.as_str()).collect();
        let (from, to, policy) = (from.as_str(), to.join("|"), policy.as_deref().unwrap_or("-"));
        format!("{from}→{to} {caller} {verb} {resource} {policy} {}", count.count)
    };
    replayed.changes.iter().map(line).collect()
}

#[test]
fn what_would_be_otherwise_is_counted_by_what_it_has_in_common() {
    let mut trail = Trail::default();
    for name in ["a", "b", "c"] {
        let line = format!("ci/robot DELETE /api/v1/namespaces/shop/pods/{name}");
        trail.request(&line, "allow", Some(200));
    }
    trail
        .request("alice DELETE /api/v1/namespaces/shop/pods/a", "deny", None)
        .request("alice DELETE /apis/apps/v1/namespaces/shop/deployments/a", "hold bob", Some(200))
        .request("alice GET /api/v1/pods", "allow", Some(200))
        .request("alice GET /version", "allow", Some(200));
    let replayed = replay(
        &[
            "{match: {callers: ['user:*'], resources: ['*']}, effect: allow}",
            "{match: {callers: ['workload:*'], verbs: [delete]}, effect: deny}",
        ],
        &trail,
        Between::default(),
    );
    assert_eq!(
        told(&replayed),
        [
            "allow→deny ci/robot delete pods b 3",
            "allow→deny alice get /version - 1",
            "deny→allow alice delete pods a 1",
            "hold→allow alice delete deployments.apps a 1",
        ]
    );
    let changed: Vec<_> = replayed.changed.iter().map(|(kind, n)| (kind.as_str(), *n)).collect();
    assert_eq!(changed, [("allow→deny", 4), ("deny→allow", 1), ("hold→allow", 1)]);
    assert_eq!((replayed.requests, replayed.unchanged, replayed.depends), (7, 1, 0));
    assert_eq!(replayed.changes[0].count.example, uuid::Uuid::from_u128(3).to_string());
}

#[test]
fn what_depends_on_an_object_is_never_guessed() {
    let mut trail = Trail::default();
    trail
        .request("alice PATCH /apis/apps/v1/namespaces/shop/statefulsets/db", "allow", Some(200))
        .request("alice GET /apis/apps/v1/namespaces/shop/statefulsets/db", "allow", Some(200));
    let shrinks = "{match: {resources: [statefulsets.apps]}, when: 'object != null && \
                   object.spec.replicas == 0', effect: hold, hold: {approvers: ['*']}}";
    let replayed = replay(&["{effect: allow}", shrinks], &trail, Between::default());
    assert_eq!(told(&replayed), ["allow→allow|hold|deny alice patch statefulsets.apps - 1"]);
    assert_eq!((replayed.unchanged, replayed.depends), (1, 1));
    let denied = replay(&["{effect: deny}", shrinks], &trail, Between::default());
    assert_eq!((denied.depends, denied.changed["allow→deny"]), (0, 2));
}

#[test]
fn who_acts_as_somebody_needs_the_right_to_and_gets_no_more_than_either() {
    let mut trail = Trail::default();
    trail.request("alice>bob GET /api/v1/pods", "allow", Some(200));
    let everything = "{effect: allow}";
    for (policy, decided) in [
        ("{match: {clusters: [dev]}, effect: deny}", None),
        ("{match: {verbs: [impersonate]}, effect: deny}", Some("allow→deny")),
        (
            "{match: {verbs: [impersonate]}, effect: hold, hold: {approvers: ['*']}}",
            Some("allow→deny"),
        ),
        ("{match: {callers: ['user:bob']}, effect: deny}", Some("allow→deny")),
        (
            "{match: {callers: ['user:alice'], verbs: [list]}, effect: hold, hold: {approvers: ['*']}}",
            Some("allow→hold"),
        ),
    ] {
        let replayed = replay(&[everything, policy], &trail, Between::default());
        assert_eq!(replayed.changed.keys().next().map(String::as_str), decided, "{policy}");
    }
}

#[test]
fn only_what_happened_in_time_is_looked_at() {
    let mut trail = Trail::default();
    for name in ["a", "b", "c", "d"] {
        trail.request(&format!("alice GET /api/v1/nodes/{name}"), "allow", None);
    }
    let at = |second| Some(Timestamp::from_second(second).unwrap());
    for (since, until, requests) in
        [(None, None, 4), (at(1), None, 3), (at(1), at(3), 2), (at(9), None, 0)]
    {
        let replayed = replay(&["{effect: deny}"], &trail, Between { since, until });
        assert_eq!(replayed.requests, requests, "{since:?} {until:?}");
    }
}

#[test]
fn lines_that_are_no_requests_are_passed_over_and_what_is_no_trail_is_an_error() {
    let set = set(&["{effect: allow}"]);
    let mut replay = Replay::new(&set, Between::default());
    let newer = br#"{"entry":{"seq":1,"hash":"HASH","record":{"at":"2026-01-01T00:00:00Z","event":"later"}}}"#;
    let newer = String::from_utf8_lossy(newer).replace("HASH", &"0".repeat(64));
    replay.line(newer.as_bytes()).unwrap();
    for line in [&b""[..], b"{}", b"not JSON", b"{\"entry\":{}}"] {
        assert!(replay.line(line).is_err());
    }
    let replayed = replay.finish();
    assert_eq!((replayed.requests, replayed.unknown), (0, 1));
}

#[test]
fn what_ran_on_a_grant_was_a_hold_to_the_policies() {
    let mut trail = Trail::default();
    trail.request("alice GET /api/v1/nodes", "grant bob", Some(200));
    let hold = "{match: {verbs: [list]}, effect: hold, hold: {approvers: ['*']}}";
    assert_eq!(replay(&[hold], &trail, Between::default()).unchanged, 1);
    let replayed = replay(&["{effect: allow}"], &trail, Between::default());
    assert_eq!(told(&replayed), ["hold→allow alice list nodes a 1"]);
}
