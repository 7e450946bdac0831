//! Expressions come to what they come to in Kubernetes: each case is evaluated here and in the
//! environment that Kubernetes 1.34 gives its policies, and the outcomes are compared.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use kguard::identity::{Caller, CallerKind};
use kguard::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use kguard::policy::{Evaluated, Facts, Object, Objects, evaluate};
use serde_json::{Value, json};

use crate::harness::process::run;

const CASES: &str = include_str!("expressions/cases.txt");
const OBJECT: &str = include_str!("expressions/object.json");
const NOW: &str = "2026-05-04T03:02:01Z";

/// An expression of the file, and why it is known to differ.
struct Case {
    expression: &'static str,
    differs: Option<String>,
}

/// What became of an expression; the words of errors are each side's own.
#[derive(Debug, PartialEq)]
enum Outcome {
    Value(Value),
    Failed,
    Refused,
}

#[test]
fn expressions_come_to_what_they_come_to_in_kubernetes() {
    let cases = cases();
    let expected = in_kubernetes(&cases);
    assert_eq!(expected.len(), cases.len());
    let mut wrong = Vec::new();
    for (case, (expected, words)) in cases.iter().zip(expected) {
        let (found, own_words) = here(case.expression);
        if (found == expected) == case.differs.is_some() {
            let Case { expression, differs } = case;
            wrong.push(match differs {
                Some(reason) => format!("{expression}\n  differs no more: {reason}"),
                None => format!("{expression}\n  kubernetes: {expected:?} {words}\n  kguard: {found:?} {own_words}"),
            });
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// By the chapter, which a unit test holds against the table of functions.
#[test]
fn the_functions_are_those_of_kubernetes_but_for_those_that_the_chapter_names() {
    let chapter = include_str!("../docs/expressions.md");
    let section = |title: &str| {
        let (_, rest) = chapter.split_once(&format!("\n## {title}\n")).unwrap();
        rest.split_once("\n## ").unwrap().0
    };
    let left_out: HashSet<_> = section("What is left out").split('`').skip(1).step_by(2).collect();
    let here: HashSet<_> = section("Functions")
        .lines()
        .filter_map(|line| name_of(line.split_once(" -> ")?.0))
        .collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cel/build.sh");
    let oracle = run(Command::new("bash").arg(script)).ok();
    let listed = run(Command::new(oracle.trim()).arg("functions")).ok();
    // The others are operators, and what macros expand to.
    let is_function = |name: &str| !name.contains(['_', '@']) && name != "in";
    let there: HashSet<_> =
        listed.lines().filter(|name| is_function(name) && !left_out.contains(name)).collect();
    let only: Vec<_> = here.symmetric_difference(&there).collect();
    assert!(only.is_empty(), "in one of both alone: {only:?}");
}

/// `indexOf` of `list(T).indexOf(T)`, `sets.contains` of `sets.contains(list(T), list(T))`.
fn name_of(head: &str) -> Option<&str> {
    let namespaces = ["format.", "ip.", "lists.", "optional.", "sets.", "strings."];
    if namespaces.iter().any(|namespace| head.starts_with(namespace)) {
        return head.split('(').next();
    }
    let method = head.match_indices(").").last().map(|(at, _)| at + 1);
    let dot = method.or_else(|| head.split('(').next()?.rfind('.'));
    head.get(dot.map_or(0, |dot| dot + 1)..)?.split('(').next()
}

#[test]
fn no_case_is_there_twice() {
    let mut seen = HashSet::new();
    let twice: Vec<_> =
        cases().iter().map(|case| case.expression).filter(|text| !seen.insert(*text)).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut differs: Option<String> = None;
    for line in CASES.lines() {
        if let Some(reason) = line.strip_prefix("<>") {
            differs = Some(format!("{}{}", differs.unwrap_or_default(), reason));
        } else if line.is_empty() || line.starts_with("== ") {
            differs = None;
        } else if !line.starts_with("# ") {
            cases.push(Case { expression: line, differs: differs.clone() });
        }
    }
    cases
}

fn here(expression: &str) -> (Outcome, String) {
    let resource = ResourceInfo {
        api_group: "apps".into(),
        api_version: "v1".into(),
        namespace: "shop".into(),
        resource: "deployments".into(),
        subresource: String::new(),
        name: "web".into(),
    };
    let path = "/apis/apps/v1/namespaces/shop/deployments/web".into();
    let request = RequestInfo { verb: Verb::Patch, path, resource: Some(resource) };
    let query: Vec<_> = [("command", "sh"), ("command", "-c"), ("dryRun", "All")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let caller = Caller {
        name: "alice".into(),
        groups: vec!["dev".into(), "admins".into()],
        uid: Some("u1".into()),
        kind: CallerKind::Person,
        issuer: "https://idp.example".into(),
    };
    let facts = Facts { request: &request, query: &query, caller: &caller, cluster: "prod" };
    let object = Object::Known(serde_json::from_str(OBJECT).unwrap());
    let objects = Objects { object, ..Objects::default() };
    match evaluate(expression, &facts, &objects, NOW.parse().unwrap()) {
        Evaluated::Value(value) => (Outcome::Value(value), String::new()),
        Evaluated::Failed(why) => (Outcome::Failed, why),
        Evaluated::Refused(flaws) => (Outcome::Refused, flaws.join("; ")),
    }
}

fn in_kubernetes(cases: &[Case]) -> Vec<(Outcome, String)> {
    let variables = json!({
        "request": {
            "apiGroup": "apps", "apiVersion": "v1", "capabilities": [], "cluster": "prod",
            "name": "web", "namespace": "shop",
            "path": "/apis/apps/v1/namespaces/shop/deployments/web",
            "query": {"command": ["sh", "-c"], "dryRun": ["All"]},
            "resource": "deployments", "subresource": "", "verb": "patch",
        },
        "caller": {
            "groups": ["dev", "admins"], "issuer": "https://idp.example", "kind": "person",
            "name": "alice", "uid": "u1",
        },
        "now": NOW,
        "object": serde_json::from_str::<Value>(OBJECT).unwrap(),
        "oldObject": null,
    });
    let mut input = variables.to_string();
    for case in cases {
        input.push('\n');
        input.push_str(&json!(case.expression).to_string());
    }
    ask_oracle(input).lines().map(read_outcome).collect()
}

/// Builds the oracle, unless it is there, and gives it the lines.
fn ask_oracle(input: String) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cel/build.sh");
    let oracle = run(Command::new("bash").arg(script)).ok();
    let mut oracle =
        Command::new(oracle.trim()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = oracle.stdin.take().unwrap();
    // On a thread of its own: the answers begin before the questions end.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = oracle.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn read_outcome(line: &str) -> (Outcome, String) {
    let answer: Value = serde_json::from_str(line).unwrap();
    let words = |kind: &str| answer[kind].as_str().unwrap_or_default().to_owned();
    if let Some([value]) = answer["value"].as_array().map(Vec::as_slice) {
        (Outcome::Value(value.clone()), String::new())
    } else if answer.get("refused").is_some() {
        (Outcome::Refused, words("refused"))
    } else {
        (Outcome::Failed, words("failed"))
    }
}
