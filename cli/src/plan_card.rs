//! A change set, for the eyes of those who decide on it and of those who made it.

use jiff::Timestamp;
use kguard::api::plans::{Action, Plan, PlanCard, PlannedWrite};
use kguard::kube::request_info::RequestInfo;

use crate::hold_card::age;
use crate::ui::{Ui, clean};

/// The writes of a plan on the card of its hold, a line each.
pub(crate) fn lines(card: &PlanCard) -> Vec<(&'static str, String)> {
    let mut lines = vec![("Change set", summary(card.writes, card.unforeseen.len()))];
    if let Some(name) = &card.apply_as {
        lines.push(("Runs as", format!("workload {name}")));
    }
    lines.extend(card.changes.iter().map(|write| ("", write_line(write))));
    for write in &card.unforeseen {
        lines.push(("Unforeseen", write_line(write)));
    }
    lines
}

fn summary(writes: usize, unforeseen: usize) -> String {
    let writes = match writes {
        1 => "1 write".to_owned(),
        writes => format!("{writes} writes"),
    };
    match unforeseen {
        0 => writes,
        unforeseen => format!("{writes}, of which {unforeseen} could not be foreseen"),
    }
}

/// What a write does, to what, and who holds it.
pub(crate) fn write_line(write: &PlannedWrite) -> String {
    let action = match write.action {
        Action::Nothing => "leave as it is",
        Action::Change | Action::Create | Action::Delete => write.action.as_str(),
    };
    let mut line = format!("{action} {}", object(&write.request, &write.name));
    if let Some(identity) = &write.impersonated {
        line = format!("{line}, as {}", identity.user);
    }
    if let Some(policy) = &write.policy {
        line = format!("{line} ({policy})");
    }
    if let Some(why) = &write.unforeseen {
        line = format!(
            "{line}: not foreseen, as {why}; held by itself when it runs, if a policy wants it"
        );
    }
    for free in &write.unbound {
        line = format!("{line}; not bound: {free}");
    }
    line
}

fn object(request: &RequestInfo, name: &str) -> String {
    let Some(of) = &request.resource else { return request.path.clone() };
    let mut object = of.resource.clone();
    if !of.api_group.is_empty() {
        object = format!("{object}.{}", of.api_group);
    }
    for part in [&*of.subresource, name].into_iter().filter(|part| !part.is_empty()) {
        object = format!("{object}/{part}");
    }
    if !of.namespace.is_empty() && of.resource != "namespaces" {
        object = format!("{object} in {}", of.namespace);
    }
    object
}

/// All of a plan, with its differences.
pub(crate) fn card(ui: Ui, plan: &Plan, now: Timestamp) -> String {
    let mut card = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            card.extend([&ui.bold(&format!("{name:<11}")), &*clean(value), "\n"]);
        }
    };
    line("Plan", &plan.id);
    line("State", plan.state.as_str());
    line("Why", plan.stopped.as_deref().unwrap_or_default());
    line("Who", &plan.caller.name);
    line("Runs as", plan.apply_as.as_deref().unwrap_or_default());
    line("Cluster", &plan.cluster);
    line("Claims", &plan.claims.argv.join(" "));
    line("Reason", plan.claims.reason.as_deref().unwrap_or_default());
    line("CI run", plan.claims.run.as_deref().unwrap_or_default());
    line("Made", &format!("{} ago", age(plan.created, now)));
    if plan.expires > now {
        line("Time left", &age(now, plan.expires));
    }
    let unforeseen = plan.writes.iter().filter(|write| write.unforeseen.is_some()).count();
    line("Change set", &summary(plan.writes.len(), unforeseen));
    for write in &plan.writes {
        card.push('\n');
        let mark = if write.used { "done: " } else { "" };
        card.extend([&*ui.bold(&format!("{mark}{}", clean(&write_line(write)))), "\n"]);
        card.push_str(&diff(ui, &write.diff));
    }
    for refused in &plan.refused {
        let what = format!("{} {}", refused.method, object(&refused.request, &refused.name));
        let why = clean(&refused.why);
        card.extend(["\n", &ui.bold(&format!("not in it: {}", clean(&what))), ": ", &*why, "\n"]);
    }
    card
}

/// A unified diff, in colours where there are some.
fn diff(ui: Ui, diff: &str) -> String {
    let mut shown = String::new();
    for line in diff.lines() {
        let text = clean(line);
        let painted = match line.as_bytes().first() {
            Some(b'+') => ui.paint("32", &text),
            Some(b'-') => ui.paint("31", &text),
            _ => text.into_owned(),
        };
        shown.extend(["  ", &painted, "\n"]);
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::environment::Environment;
    use crate::ui::{Color, Verbosity};

    fn write(action: &str, more: &serde_json::Value) -> PlannedWrite {
        let mut write = json!({
            "method": "POST", "name": "web", "digest": "00", "action": action,
            "request": {
                "verb": "create", "path": "/apis/apps/v1/namespaces/shop/deployments",
                "apiGroup": "apps", "apiVersion": "v1", "namespace": "shop",
                "resource": "deployments", "subresource": "", "name": "",
            },
        });
        let more = more.as_object().unwrap().clone();
        write.as_object_mut().unwrap().extend(more);
        serde_json::from_value(write).unwrap()
    }

    #[test]
    fn a_write_is_told_in_a_line() {
        let plain = write("create", &json!({"policy": "deploys"}));
        assert_eq!(write_line(&plain), "create deployments.apps/web in shop (deploys)");
        let unforeseen = write("create", &json!({"unforeseen": "its namespace is new"}));
        assert!(write_line(&unforeseen).contains("not foreseen, as its namespace is new"));
        let loose = write("create", &json!({"unbound": ["the times"]}));
        assert!(write_line(&loose).ends_with("not bound: the times"));
    }

    #[test]
    fn the_card_tells_all_and_plays_no_tricks() {
        let ui = Ui::new(&Environment::default(), Color::Never, Verbosity::Normal);
        let plan: Plan = serde_json::from_value(json!({
            "id": "ab2cd", "state": "pending", "cluster": "prod",
            "caller": {"name": "oidc:alice", "groups": [], "kind": "person", "issuer": "https://idp.example"},
            "claims": {"argv": ["kubectl", "apply"]}, "session": uuid::Uuid::nil(),
            "writes": [write("create", &json!({"diff": "+a: \u{1b}[2J\n-b\n"}))],
            "created": "2026-01-01T00:00:00Z", "expires": "2026-01-02T00:00:00Z",
        }))
        .unwrap();
        let card = card(ui, &plan, "2026-01-01T00:05:00Z".parse().unwrap());
        let expected = "\
Plan       ab2cd
State      pending
Who        oidc:alice
Cluster    prod
Claims     kubectl apply
Made       5m ago
Time left  23h
Change set 1 write

create deployments.apps/web in shop
  +a: \\u{1b}[2J
  -b
";
        assert_eq!(card, expected);
    }
}
