//! Grants: approvals that hold for a while, for one caller and for requests alike; and runs that
//! broke the glass.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::glob::Glob;
use crate::identity::{Caller, SubjectPattern};
use crate::kube::pod::container;
use crate::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use crate::kube::target::is_on;

/// Which requests a grant is for: AND across fields, OR inside a list. It only ever narrows the
/// policy whose hold it lifts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantPattern {
    /// The one cluster.
    pub cluster: String,
    /// What is asked for.
    pub verbs: Vec<Verb>,
    /// The one resource, with its group and subresource, as `deployments.apps` or `pods/exec`.
    pub resource: String,
    /// In which namespaces, with `*` as a glob; none for what is in no namespace.
    #[serde(default)]
    pub namespaces: Vec<Glob>,
    /// Of which names, with `*` as a glob. What has no name in its request line fits `*` alone.
    pub names: Vec<Glob>,
    /// Of exec and attach: what is run, and where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecPattern>,
}

/// What is run in a container, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecPattern {
    /// The container; empty if the request names none.
    #[serde(default)]
    pub container: String,
    /// The program and its arguments; empty for attach.
    #[serde(default)]
    pub command: Vec<String>,
    /// Whether it may be given input: of a shell, that is what it does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stdin: bool,
    /// Whether it may have a terminal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tty: bool,
}

/// What an approver answers a hold with, instead of approving it just once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantOffer {
    /// For how long, in seconds.
    pub seconds: u64,
    /// For which requests.
    pub pattern: GrantPattern,
    /// For how many requests at most, the one that was held included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
}

/// What a hold may be answered with: the widest that its policy allows is up to the approver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantProposal {
    /// The longest time that the policy allows, in seconds.
    pub max_seconds: u64,
    /// Requests like the one that is held; may be edited within what the policy is about.
    pub pattern: GrantPattern,
}

/// Approvers' word that requests like one run without waiting, for one caller and for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Short and made to be read out, like a hold's.
    pub id: String,
    /// For whom, as he was when it was given: who loses a group loses the grant.
    pub caller: Arc<Caller>,
    /// The policy whose holds it lifts.
    pub policy: String,
    /// SHA-256 of that policy's document, hex: when it changes, the grant ends.
    pub document: String,
    /// For which requests.
    pub pattern: GrantPattern,
    /// The hold that was answered with it.
    pub hold: String,
    /// Who could have decided on that hold, and so may revoke the grant.
    pub approvers: Vec<SubjectPattern>,
    /// Who gave it.
    pub by: Vec<String>,
    /// Since when.
    pub created: Timestamp,
    /// Until when.
    pub expires: Timestamp,
    /// For how many requests at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
    /// How many requests have run on it.
    #[serde(default)]
    pub uses: u32,
    /// Its end, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<GrantEnd>,
}

/// How a grant ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantEnd {
    /// Why.
    pub why: EndedBy,
    /// Who revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// His words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What ends a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EndedBy {
    /// Its policy is another one now, or is gone.
    Policy,
    /// A person.
    Revocation,
    /// Its time was up.
    Time,
}

/// Revokes a grant.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revoke {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// That a request ran without waiting for the approval that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakGlass {
    /// Why, in the caller's words.
    pub reason: String,
    /// What somebody else says to it; owed until then.
    #[serde(default)]
    pub review: Option<Review>,
}

/// One person's word on a run that broke the glass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Who reviewed it.
    pub by: String,
    /// What he says.
    pub comment: String,
    /// When.
    pub at: Timestamp,
}

/// Closes the review of a run that broke the glass.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloseReview {
    /// What there is to say.
    pub comment: String,
}

impl GrantPattern {
    /// Requests like this one, to the letter; none where that cannot be said: of a request on no
    /// resource, of one that deletes a whole collection, and of one that goes through the API server
    /// to something else.
    pub fn of(cluster: &str, request: &RequestInfo, query: &[(String, String)]) -> Option<Self> {
        let resource = request.resource.as_ref()?;
        if request.verb == Verb::DeleteCollection || request.is_proxy() {
            return None;
        }
        let namespace = resource.namespace_asked();
        let name = if resource.name.is_empty() { "*" } else { &resource.name };
        Some(Self {
            cluster: cluster.to_owned(),
            verbs: vec![verb_of(request)],
            resource: resource.display_name(),
            namespaces: if namespace.is_empty() { Vec::new() } else { vec![namespace.into()] },
            names: vec![name.into()],
            exec: ExecPattern::of(resource, query),
        })
    }

    /// Whether a request is one of those. `created` is the name of what it creates, if that is
    /// known.
    pub fn matches(
        &self,
        cluster: &str,
        (request, query): (&RequestInfo, &[(String, String)]),
        created: Option<&str>,
    ) -> bool {
        let Some(resource) = &request.resource else { return false };
        let namespace = resource.namespace_asked();
        let in_namespace = match self.namespaces.as_slice() {
            [] => namespace.is_empty(),
            globs => globs.iter().any(|glob| glob.matches(namespace)),
        };
        let name =
            if resource.name.is_empty() { created.unwrap_or_default() } else { &resource.name };
        self.cluster == cluster
            && self.verbs.contains(&verb_of(request))
            && self.resource == resource.display_name()
            && in_namespace
            && self.names.iter().any(|glob| glob.matches(name))
            && match (&self.exec, ExecPattern::of(resource, query)) {
                (Some(pattern), Some(asked)) => pattern.covers(&asked),
                (None, None) => true,
                _ => false,
            }
    }
}

impl ExecPattern {
    fn of(resource: &ResourceInfo, query: &[(String, String)]) -> Option<Self> {
        if !matches!(resource.subresource.as_str(), "attach" | "exec") {
            return None;
        }
        let words = query.iter().filter(|(name, _)| name == "command");
        Some(Self {
            container: container(query).to_owned(),
            command: words.map(|(_, word)| word.clone()).collect(),
            stdin: is_on(query, "stdin"),
            tty: is_on(query, "tty"),
        })
    }

    /// Whether another is for the same command, with no more ways to talk to it.
    fn covers(&self, asked: &Self) -> bool {
        self.container == asked.container
            && self.command == asked.command
            && (self.stdin || !asked.stdin)
            && (self.tty || !asked.tty)
    }
}

/// The verb that RBAC knows: a stream is a create, over SPDY and over a WebSocket.
fn verb_of(request: &RequestInfo) -> Verb {
    if request.is_stream() { Verb::Create } else { request.verb }
}

impl Grant {
    /// Whether it is for `caller`: the very one, with every group that he had when it was given.
    pub fn is_for(&self, caller: &Caller) -> bool {
        let own = &self.caller;
        own.name == caller.name
            && own.issuer == caller.issuer
            && own.uid == caller.uid
            && own.kind == caller.kind
            && own.groups.iter().all(|group| caller.groups.contains(group))
    }

    /// Whether one more request may run on it.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.ended.is_none()
            && now < self.expires
            && self.max_uses.is_none_or(|most| self.uses < most)
    }
}

impl GrantEnd {
    /// What somebody is told whose grant this ends.
    pub fn tell(&self) -> String {
        match (self.why, &self.by) {
            (EndedBy::Policy, _) => "its policy has changed".to_owned(),
            (EndedBy::Revocation, by) => {
                let by = by.as_deref().unwrap_or("somebody");
                let because = self.comment.as_ref().map(|comment| format!(": {comment}"));
                format!("{by} has revoked it{}", because.unwrap_or_default())
            }
            (EndedBy::Time, _) => "its time is up".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::CallerKind;
    use crate::kube::target::Target;

    fn request(method: &http::Method, path: &str) -> RequestInfo {
        RequestInfo::read(method, &Target::parse(path, None).unwrap()).unwrap()
    }

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    const POD: &str = "/api/v1/namespaces/shop/pods/web-0";

    #[test]
    fn a_pattern_is_for_requests_alike_and_for_no_others() {
        let (delete, get) = (http::Method::DELETE, http::Method::GET);
        let mut pattern = GrantPattern::of("prod", &request(&delete, POD), &[]).unwrap();
        let fits = |pattern: &GrantPattern, cluster, method, path| {
            pattern.matches(cluster, (&request(method, path), &[]), None)
        };
        assert!(fits(&pattern, "prod", &delete, POD));
        for (cluster, method, path) in [
            ("test", &delete, POD),
            ("prod", &get, POD),
            ("prod", &delete, "/api/v1/namespaces/shop/pods/web-1"),
            ("prod", &delete, "/api/v1/namespaces/other/pods/web-0"),
            ("prod", &delete, "/api/v1/namespaces/shop/services/web-0"),
            ("prod", &delete, "/api/v1/namespaces/shop/pods"),
            ("prod", &delete, "/apis/metrics.k8s.io/v1/namespaces/shop/pods/web-0"),
        ] {
            assert!(!fits(&pattern, cluster, method, path), "{cluster} {method} {path}");
        }
        pattern.names = vec!["web-*".into()];
        assert!(fits(&pattern, "prod", &delete, "/api/v1/namespaces/shop/pods/web-1"));
        assert!(!fits(&pattern, "prod", &delete, "/api/v1/namespaces/shop/pods/db-0"));
    }

    #[test]
    fn an_exec_is_alike_if_it_runs_the_same_in_the_same_container() {
        let path = format!("{POD}/exec");
        let asked = pairs(&[("command", "ls"), ("command", "-l"), ("container", "app")]);
        let exec = request(&http::Method::POST, &path);
        let pattern = GrantPattern::of("prod", &exec, &asked).unwrap();
        let fits = |method, query: &[(String, String)]| {
            pattern.matches("prod", (&request(&method, &path), query), None)
        };
        assert!(fits(http::Method::POST, &asked) && fits(http::Method::GET, &asked));
        for other in [
            pairs(&[("command", "ls"), ("container", "app")]),
            pairs(&[("command", "ls"), ("command", "-l"), ("command", "/"), ("container", "app")]),
            pairs(&[("command", "ls"), ("command", "-l"), ("container", "db")]),
            pairs(&[("command", "ls"), ("command", "-l")]),
            Vec::new(),
        ] {
            assert!(!fits(http::Method::POST, &other), "{other:?}");
        }
    }

    #[test]
    fn what_was_to_run_without_input_gets_none() {
        let exec = request(&http::Method::POST, &format!("{POD}/exec"));
        let plain = pairs(&[("command", "sh"), ("stdin", "false")]);
        let typed = pairs(&[("command", "sh"), ("stdin", "true"), ("tty", "true")]);
        let fits = |pattern: &[_], query: &[_]| {
            let pattern = GrantPattern::of("prod", &exec, pattern).unwrap();
            pattern.matches("prod", (&exec, query), None)
        };
        assert!(fits(&plain, &plain) && fits(&typed, &typed) && fits(&typed, &plain));
        assert!(!fits(&plain, &typed));
        assert!(!fits(&plain, &pairs(&[("command", "sh"), ("tty", "1")])));
    }

    #[test]
    fn what_is_in_no_namespace_and_what_has_no_name_yet() {
        let node = request(&http::Method::DELETE, "/api/v1/nodes/n1");
        let pattern = GrantPattern::of("prod", &node, &[]).unwrap();
        assert!(pattern.namespaces.is_empty() && pattern.matches("prod", (&node, &[]), None));

        let create = request(&http::Method::POST, "/api/v1/namespaces/shop/configmaps");
        let mut pattern = GrantPattern::of("prod", &create, &[]).unwrap();
        assert!(pattern.matches("prod", (&create, &[]), None));
        pattern.names = vec!["web-*".into()];
        assert!(pattern.matches("prod", (&create, &[]), Some("web-1")));
        assert!(!pattern.matches("prod", (&create, &[]), Some("db")));
        assert!(!pattern.matches("prod", (&create, &[]), None));

        let many = request(&http::Method::DELETE, "/api/v1/namespaces/shop/configmaps");
        assert!(GrantPattern::of("prod", &many, &[]).is_none());
        let path = request(&http::Method::GET, "/metrics");
        assert!(GrantPattern::of("prod", &path, &[]).is_none());
    }

    fn grant(caller: &Caller) -> Grant {
        let node = request(&http::Method::DELETE, "/api/v1/nodes/n1");
        Grant {
            id: "abcde".into(),
            caller: Arc::new(caller.clone()),
            policy: "nodes".into(),
            document: String::new(),
            pattern: GrantPattern::of("prod", &node, &[]).unwrap(),
            hold: "fghij".into(),
            approvers: Vec::new(),
            by: vec!["oidc:bob".into()],
            created: Timestamp::UNIX_EPOCH,
            expires: Timestamp::from_second(60).unwrap(),
            max_uses: Some(2),
            uses: 0,
            ended: None,
        }
    }

    #[test]
    fn who_loses_a_group_or_is_another_loses_the_grant() {
        let alice = Caller {
            name: "oidc:alice".into(),
            groups: vec!["dev".into(), "ops".into()],
            uid: Some("1".into()),
            kind: CallerKind::Person,
            issuer: "https://idp".into(),
        };
        let grant = grant(&alice);
        let more =
            Caller { groups: vec!["ops".into(), "new".into(), "dev".into()], ..alice.clone() };
        assert!(grant.is_for(&alice) && grant.is_for(&more));
        for other in [
            Caller { name: "oidc:bob".into(), ..alice.clone() },
            Caller { issuer: "https://other".into(), ..alice.clone() },
            Caller { uid: None, ..alice.clone() },
            Caller { kind: CallerKind::Workload, ..alice.clone() },
            Caller { groups: vec!["dev".into()], ..alice },
        ] {
            assert!(!grant.is_for(&other), "{other:?}");
        }
    }

    #[test]
    fn a_grant_is_good_until_its_time_its_uses_or_itself_has_ended() {
        let nobody = Caller {
            name: "n".into(),
            groups: Vec::new(),
            uid: None,
            kind: CallerKind::Person,
            issuer: String::new(),
        };
        let second = |second| Timestamp::from_second(second).unwrap();
        let mut grant = grant(&nobody);
        assert!(grant.is_good(second(59)) && !grant.is_good(second(60)));
        grant.uses = 2;
        assert!(!grant.is_good(second(1)));
        grant.uses = 1;
        let (by, comment) = (Some("oidc:bob".into()), Some("over".into()));
        grant.ended = Some(GrantEnd { why: EndedBy::Revocation, by, comment, at: second(1) });
        assert!(!grant.is_good(second(1)));
        assert_eq!(grant.ended.unwrap().tell(), "oidc:bob has revoked it: over");
    }
}
