//! Reads `PolicyTest` documents.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Case, Expected, Reference, Situation, Suite};
use crate::audit::record::Outcome;
use crate::identity::{Caller, CallerKind};
use crate::kube::request_info::RequestInfo;
use crate::policy::asked::{Asked, Attributes, NoRequest};
use crate::policy::decision::{Object, Objects};
use crate::policy::document::{API_VERSION, name};
use crate::policy::problem::{Place, Problems, did_you_mean};
use crate::policy::yaml::{Fields, Node, Value};

/// The cluster and the time of cases that do not say.
const CLUSTER: &str = "test";
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// What cases of a document share.
struct Shared {
    callers: BTreeMap<String, Caller>,
    cluster: String,
    now: Timestamp,
}

pub(super) fn read(node: Node, problems: &mut Problems<'_>) -> Option<Suite> {
    const KNOWN: &[&str] = &["apiVersion", "kind", "metadata", "spec"];
    let mut fields = Fields::read(node, "the document", KNOWN, problems)?;
    if let Some((at, version)) = required_text(&mut fields, "apiVersion", problems)
        && version != API_VERSION
    {
        let hint = Some(format!("write `apiVersion: {API_VERSION}`"));
        problems.add_with(at, format!("unknown apiVersion `{version}`"), hint);
    }
    let name = fields.require("metadata", problems).and_then(|node| name(node, problems));
    let spec = fields.require("spec", problems)?;
    let (policies, cases) = suite(spec, problems)?;
    name.map(|(_, name)| Suite { name, policies, cases })
}

fn suite(spec: Node, problems: &mut Problems<'_>) -> Option<(Vec<Reference>, Vec<Case>)> {
    const KNOWN: &[&str] = &["callers", "cases", "cluster", "now", "policies"];
    let mut fields = Fields::read(spec, "the spec of a test", KNOWN, problems)?;
    let policies = fields.texts("policies", problems);
    if policies.is_none() && !fields.has("policies") {
        let hint = "name files beside this one, or `pack:starter`".to_owned();
        problems.add_with(fields.at, "`policies` is missing", Some(hint));
    }
    let shared = Shared {
        callers: fields.take("callers").map(|node| callers(node, problems)).unwrap_or_default(),
        cluster: fields.text("cluster", problems).map_or_else(|| CLUSTER.into(), |(_, name)| name),
        now: now(&mut fields, problems).unwrap_or(NOW),
    };
    let at = fields.at;
    let items = fields.require("cases", problems).map(|node| list(node, "cases", problems));
    let items = items.unwrap_or_default();
    if items.is_empty() {
        problems.add(at, "there is no case: this test shows nothing");
    }
    let cases = items.into_iter().filter_map(|node| case(node, &shared, problems)).collect();
    let file = problems.file().to_owned();
    let refer = |(at, text)| Reference { at, file: file.clone(), text };
    Some((policies.unwrap_or_default().into_iter().map(refer).collect(), cases))
}

fn list(node: Node, name: &str, problems: &mut Problems<'_>) -> Vec<Node> {
    match node.value {
        Value::List(items) => items,
        other => {
            problems.add(node.at, format!("`{name}` has to be a list, not {}", other.kind()));
            Vec::new()
        }
    }
}

fn callers(node: Node, problems: &mut Problems<'_>) -> BTreeMap<String, Caller> {
    let Value::Map(entries) = node.value else {
        let message = format!("`callers` has to be a map, not {}", node.value.kind());
        problems.add(node.at, message);
        return BTreeMap::new();
    };
    let mut callers = BTreeMap::new();
    for (key, node) in entries {
        if let Some(caller) = caller(node, problems)
            && callers.insert(key.name.clone(), caller).is_some()
        {
            problems.add(key.at, format!("there are two callers `{}`", key.name));
        }
    }
    callers
}

/// `user` or `workload` is the name, as policies write it; whoever has it is one.
fn caller(node: Node, problems: &mut Problems<'_>) -> Option<Caller> {
    const KNOWN: &[&str] = &["groups", "uid", "user", "workload"];
    let mut fields = Fields::read(node, "a caller", KNOWN, problems)?;
    let user = fields.text("user", problems);
    let workload = fields.text("workload", problems);
    let (kind, name) = match (user, workload) {
        (Some((_, name)), None) => (CallerKind::Person, name),
        (None, Some((_, name))) => (CallerKind::Workload, name),
        _ => {
            let hint = "write `user: NAME` for a person and `workload: NAME` for a machine";
            problems.add_with(fields.at, "a caller has one name", Some(hint.to_owned()));
            return None;
        }
    };
    let groups = fields.texts("groups", problems).unwrap_or_default();
    Some(Caller {
        name,
        groups: groups.into_iter().map(|(_, group)| group).collect(),
        uid: fields.text("uid", problems).map(|(_, uid)| uid),
        kind,
        issuer: String::new(),
    })
}

fn now(fields: &mut Fields, problems: &mut Problems<'_>) -> Option<Timestamp> {
    let (at, text) = fields.text("now", problems)?;
    let now = text.parse().ok();
    if now.is_none() {
        let hint = Some("write it as `2026-01-31T12:00:00Z`".to_owned());
        problems.add_with(at, format!("`{text}` is no time"), hint);
    }
    now
}

fn case(node: Node, shared: &Shared, problems: &mut Problems<'_>) -> Option<Case> {
    const KNOWN: &[&str] =
        &["caller", "cluster", "expect", "name", "now", "object", "oldObject", "request"];
    let line = node.at.line;
    let mut fields = Fields::read(node, "a case", KNOWN, problems)?;
    let name = required_text(&mut fields, "name", problems);
    let situation = situation_of(&mut fields, shared, problems);
    let expected = fields.require("expect", problems).and_then(|node| expect(node, problems))?;
    Some(Case { name: name?.1, line, situation: situation?, expected })
}

/// Reads a file that is one situation.
pub(super) fn situation(nodes: Vec<Node>, problems: &mut Problems<'_>) -> Option<Situation> {
    const KNOWN: &[&str] = &["caller", "cluster", "now", "object", "oldObject", "request"];
    let [node] = <[Node; 1]>::try_from(nodes).ok().or_else(|| {
        problems.add(Place::WHOLE, "the file has to hold one document, which is one request");
        None
    })?;
    let mut fields = Fields::read(node, "a request's file", KNOWN, problems)?;
    let shared = Shared { callers: BTreeMap::new(), cluster: CLUSTER.into(), now: NOW };
    situation_of(&mut fields, &shared, problems)
}

fn situation_of(
    fields: &mut Fields,
    shared: &Shared,
    problems: &mut Problems<'_>,
) -> Option<Situation> {
    let caller = case_caller(fields, shared, problems);
    let cluster = fields.text("cluster", problems).map(|(_, cluster)| cluster);
    let now = now(fields, problems).unwrap_or(shared.now);
    let new_object = fields.take("object").map(|node| object("object", node, problems));
    let old_object = fields.take("oldObject").map(|node| object("oldObject", node, problems));
    let asked = fields.require("request", problems).and_then(|node| request(node, problems));
    let asked = asked?;
    Some(Situation {
        caller: caller?,
        cluster: cluster.unwrap_or_else(|| shared.cluster.clone()),
        objects: objects(&asked.request, new_object, old_object),
        asked,
        now,
    })
}

fn required_text(
    fields: &mut Fields,
    name: &str,
    problems: &mut Problems<'_>,
) -> Option<(Place, String)> {
    fields.require(name, problems)?.into_text(name, problems)
}

fn case_caller(
    fields: &mut Fields,
    shared: &Shared,
    problems: &mut Problems<'_>,
) -> Option<Caller> {
    let node = fields.require("caller", problems)?;
    if matches!(node.value, Value::Map(_)) {
        return caller(node, problems);
    }
    let (at, name) = node.into_text("caller", problems)?;
    let caller = shared.callers.get(&name).cloned();
    if caller.is_none() {
        let known: Vec<_> = shared.callers.keys().map(String::as_str).collect();
        problems.add_with(at, format!("unknown caller `{name}`"), did_you_mean(&name, &known));
    }
    caller
}

/// An object, or `none` to say that there is none.
fn object(name: &str, node: Node, problems: &mut Problems<'_>) -> Object {
    match &node.value {
        Value::Map(_) => node.into_json(problems).map_or(Object::Absent, Object::Known),
        Value::Text(none) if none == "none" => Object::Absent,
        other => {
            let message = format!("`{name}` has to be a map or `none`, not {}", other.kind());
            problems.add(node.at, message);
            Object::Absent
        }
    }
}

/// What a case does not tell of objects that the gateway would have is not known: a policy that
/// looks at it denies, and says so.
fn objects(request: &RequestInfo, object: Option<Object>, old_object: Option<Object>) -> Objects {
    let why = "the case does not give it; write `none` if there is none";
    let missing = Objects::unknown(request, why);
    Objects {
        creates: if old_object.is_some() { None } else { missing.creates },
        object: object.unwrap_or(missing.object),
        old_object: old_object.unwrap_or(missing.old_object),
        blast_radius: None,
    }
}

fn request(node: Node, problems: &mut Problems<'_>) -> Option<Asked> {
    const KNOWN: &[&str] =
        &["method", "name", "namespace", "path", "resource", "subresource", "verb"];
    let mut fields = Fields::read(node, "`request`", KNOWN, problems)?;
    let at = fields.at;
    let mut text = |name: &str| fields.text(name, problems).map(|(_, text)| text);
    let (method, path) = (text("method"), text("path"));
    let verb = text("verb");
    let attributes = Attributes {
        resource: text("resource").unwrap_or_default(),
        subresource: text("subresource").unwrap_or_default(),
        namespace: text("namespace").unwrap_or_default(),
        name: text("name").unwrap_or_default(),
        verb: verb.clone().unwrap_or_default(),
    };
    let of_resource =
        attributes != Attributes { verb: attributes.verb.clone(), ..Attributes::default() };
    let asked = match (method, path, verb) {
        (Some(method), Some(path), None) if !of_resource => Asked::on_the_wire(&method, &path),
        (None, Some(path), Some(verb)) if verb == "get" && !of_resource => {
            Asked::on_the_wire("GET", &path)
        }
        (None, None, Some(_)) => Asked::by_attributes(&attributes),
        _ => {
            let hint = "write `{verb: delete, resource: pods, namespace: shop, name: web}`, or \
                        `{method: DELETE, path: /api/v1/namespaces/shop/pods/web}`";
            problems.add_with(at, "`request` is not one request", Some(hint.to_owned()));
            return None;
        }
    };
    asked.map_err(|error| no_request(at, &error, problems)).ok()
}

fn no_request(at: Place, error: &NoRequest, problems: &mut Problems<'_>) {
    problems.add_with(at, error.to_string(), error.hint());
}

fn expect(node: Node, problems: &mut Problems<'_>) -> Option<Expected> {
    const KNOWN: &[&str] = &["decision", "message", "policy"];
    let mut fields = Fields::read(node, "`expect`", KNOWN, problems)?;
    let (at, decision) = required_text(&mut fields, "decision", problems)?;
    let outcomes = [Outcome::Allow, Outcome::Deny, Outcome::Hold];
    let known = outcomes.into_iter().find(|outcome| outcome.as_str() == decision);
    if known.is_none() {
        let hint = did_you_mean(&decision, &outcomes.map(Outcome::as_str));
        problems.add_with(at, format!("unknown decision `{decision}`"), hint);
    }
    Some(Expected {
        decision: known?,
        policy: fields.text("policy", problems).map(|(_, policy)| policy),
        message: fields.text("message", problems).map(|(_, message)| message),
    })
}
