//! A held request, for the eyes of somebody who is to decide on it.

use jiff::{Timestamp, Unit};
use kguard::api::{Decision, Demand, Hold, HoldState, LiveObject, Verdict, names};
use kguard::kube::target::Query;

use crate::plan_card;
use crate::ui::{Ui, clean};

/// The request in one line: verb, resource and where.
pub(crate) fn request_line(hold: &Hold) -> String {
    hold.summary()
}

pub(crate) fn state(hold: &Hold) -> &'static str {
    match hold.state {
        HoldState::Approved => "approved",
        HoldState::Cancelled => "cancelled",
        HoldState::Denied => "denied",
        HoldState::Expired => "expired",
        HoldState::Pending => "pending",
        HoldState::Used => "used",
    }
}

/// A duration as kubectl's AGE shows it.
pub(crate) fn age(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.since(from).and_then(|span| span.total(Unit::Second)).unwrap_or(0.0).max(0.0);
    match std::time::Duration::from_secs_f64(seconds).as_secs() {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7200 => format!("{}m", seconds / 60),
        seconds @ 7200..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// All that a decision rests on, and what the client claims, told apart.
pub(crate) fn card(ui: Ui, hold: &Hold, now: Timestamp) -> String {
    let mut card = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            card.extend([&ui.bold(&format!("{name:<11}")), &*clean(value), "\n"]);
        }
    };
    line("Request", &hold.id);
    line("State", state(hold));
    let kind = format!("{:?}", hold.caller.kind).to_lowercase();
    line("Who", &format!("{} ({kind}, by {})", hold.caller.name, hold.caller.issuer));
    line("Groups", &hold.caller.groups.join(", "));
    if let Some(identity) = &hold.impersonated {
        let groups = identity.groups.iter().map(|group| format!(", group {group}"));
        line("Acting as", &format!("{}{}", identity.user, groups.collect::<String>()));
    }
    line("Runs with", &elevation(hold));
    line("Cluster", &hold.cluster);
    if let Some(plan) = &hold.plan {
        for (name, value) in plan_card::lines(plan) {
            line(name, &value);
        }
    } else {
        line("Does", &request_line(hold));
    }
    line("Undoes", &hold.undoes.map(|request| request.to_string()).unwrap_or_default());
    // Escaped, so that one parameter cannot look like two.
    let query = hold.query.iter().cloned().collect::<Query>().encode();
    let query = if query.is_empty() { query } else { format!("?{query}") };
    if hold.plan.is_none() {
        line("HTTP", &format!("{} {}{query}", hold.method, hold.request.path));
    }
    for (name, value) in policies(hold) {
        line(name, &value);
    }
    line("Digest", &hold.digest);
    let version = |of: &LiveObject| format!("{} at version {}", of.uid, of.resource_version);
    line("Object", &hold.bound_to.as_ref().map(version).unwrap_or_default());
    line("Claims", &hold.claims.argv.join(" "));
    line("Reason", hold.claims.reason.as_deref().unwrap_or_default());
    line("CI run", hold.claims.run.as_deref().unwrap_or_default());
    for (name, value) in approvers(hold, now) {
        line(name, &value);
    }
    if hold.kept {
        line("Kept", "if its job ends: the same job, run again, finds it or its approval");
    }
    line("Page", hold.url.as_deref().unwrap_or_default());
    for (name, value) in beyond_one_approval(hold) {
        line(name, &value);
    }
    for decision in &hold.decisions {
        line("Decision", &told(decision));
    }
    line("Asked", &format!("{} ago", age(hold.created, now)));
    if hold.state == HoldState::Pending {
        line("Time left", &age(now, hold.expires));
    }
    card
}

/// What each of the policies says that hold it.
fn policies(hold: &Hold) -> Vec<(&'static str, String)> {
    let said = |policy: &str, message: &str| ("Policy", format!("{policy}: {message}"));
    match hold.demands.as_slice() {
        [] | [_] => vec![said(&hold.policy, &hold.message)],
        demands => demands.iter().map(|of| said(&of.policy, &of.message)).collect(),
    }
}

/// Whom each of the policies wants, who of several has what it wants already, and who joins later.
fn approvers(hold: &Hold, now: Timestamp) -> Vec<(&'static str, String)> {
    let wanted = |demand: &Demand| match (hold.demands.len(), demand.approved_by.as_slice()) {
        (1, _) => demand.people(),
        (_, []) => format!("{} for {}", demand.people(), demand.policy),
        (_, by) => {
            format!("{} for {}; approved by {}", demand.people(), demand.policy, by.join(", "))
        }
    };
    let mut lines: Vec<_> = hold.demands.iter().map(|of| ("Approvers", wanted(of))).collect();
    let escalation = hold.escalation.as_ref().filter(|escalation| !escalation.done);
    lines.extend(escalation.map(|escalation| {
        let people = names(&escalation.approvers);
        ("Later also", format!("{people}, in {}", age(now, escalation.at)))
    }));
    lines
}

fn told(decision: &Decision) -> String {
    let verdict = match decision.verdict {
        Verdict::Approve => "approved",
        Verdict::Deny => "denied",
    };
    let comment = decision.comment.as_deref().unwrap_or_default();
    format!("{verdict} by {} {comment}", decision.by)
}

/// The groups that it runs with, once it is approved.
fn elevation(hold: &Hold) -> String {
    let groups: Vec<_> = hold.elevate.iter().map(|group| format!("group {group}")).collect();
    if groups.is_empty() { String::new() } else { format!("{}, if approved", groups.join(", ")) }
}

/// What there is besides one approval of those who are named.
fn beyond_one_approval(hold: &Hold) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(seconds) = hold.max_auth_age {
        let minutes = seconds.div_ceil(60);
        lines.push(("Login", format!("within the last {minutes} min, to approve")));
    }
    if let Some(seconds) = hold.max_grant {
        let how = format!("kguard approve {} --for …", hold.id);
        lines.push(("Grants", format!("of up to {} min ({how})", seconds / 60)));
    }
    if let Some(broken) = &hold.break_glass {
        lines.push(("Broke glass", format!("ran without approval: {}", broken.reason)));
        lines.push(match &broken.review {
            Some(review) => ("Review", format!("{}: {}", review.by, review.comment)),
            None => ("Review", "owed".to_owned()),
        });
    }
    lines
}

#[cfg(test)]
pub(crate) mod tests {
    use kguard::api::Claims;

    use super::*;
    use crate::environment::Environment;
    use crate::ui::{Color, Verbosity};

    /// A held deletion of a namespace.
    pub(crate) fn hold(id: &str, state: &str) -> Hold {
        serde_json::from_value(serde_json::json!({
            "id": id, "state": state,
            "caller": {"name": "oidc:alice", "groups": ["oidc:dev"], "kind": "person", "issuer": "https://idp.example"},
            "cluster": "prod", "method": "DELETE",
            "request": {
                "verb": "delete", "path": "/api/v1/namespaces/shop", "apiGroup": "", "apiVersion": "v1",
                "namespace": "shop", "resource": "namespaces", "subresource": "", "name": "shop",
            },
            "query": [], "digest": "abc", "policy": "namespace-deletes", "message": "Deletes all in it.",
            "approvers": ["group:oidc:sre"], "decisions": [],
            "demands": [{"policy": "p", "message": "", "approvers": ["group:oidc:sre"], "quorum": 1}],
            "created": "2026-01-01T00:00:00Z", "expires": "2026-01-01T00:15:00Z",
        }))
        .unwrap()
    }

    #[test]
    fn the_card_shows_as_whom_it_runs_and_one_parameter_as_one() {
        let ui = Ui::new(&Environment::default(), Color::Never, Verbosity::Normal);
        let mut hold = hold("7KQ4", "pending");
        hold.query = vec![("command".into(), "id&command=rm\n".into())];
        let identity = r#"{"user":"root","groups":["system:masters"]}"#;
        hold.impersonated = Some(serde_json::from_str(identity).unwrap());
        let card = card(ui, &hold, "2026-01-01T00:05:00Z".parse().unwrap());
        assert!(card.contains("Acting as  root, group system:masters"), "{card}");
        assert!(card.contains("/api/v1/namespaces/shop?command=id%26command%3Drm%0A"), "{card}");
    }

    #[test]
    fn the_card_shows_what_is_decided_and_by_whom_it_is_claimed() {
        let ui = Ui::new(&Environment::default(), Color::Never, Verbosity::Normal);
        let mut hold = hold("7KQ4", "pending");
        hold.claims = Claims {
            argv: vec!["kubectl".into(), "delete".into(), "ns\x1b[31m".into()],
            reason: Some("cleanup".into()),
            run: None,
        };
        let card = card(ui, &hold, "2026-01-01T00:05:00Z".parse().unwrap());
        let expected = "\
Request    7KQ4
State      pending
Who        oidc:alice (person, by https://idp.example)
Groups     oidc:dev
Cluster    prod
Does       delete namespaces/shop
HTTP       DELETE /api/v1/namespaces/shop
Policy     namespace-deletes: Deletes all in it.
Digest     abc
Claims     kubectl delete ns\\u{1b}[31m
Reason     cleanup
Approvers  1 of group:oidc:sre
Asked      5m ago
Time left  10m
";
        assert_eq!(card, expected);
    }
}
