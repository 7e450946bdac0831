//! Decisions with ten policies and with ten thousand, and how long ten thousand take to load.
//!
//! The large set is what a large company would have: the same ten policies for everybody, and for
//! each of its namespaces what its team and its pipelines may do with each kind of resource. One in
//! ten has a `when`. Requests are spread over all of it.

use std::fmt::Write as _;
use std::time::Instant;

use jiff::Timestamp;
use kguard::identity::{Caller, CallerKind};
use kguard::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use kguard::policy::{Facts, Objects, PolicySet, Source};

use crate::Failure;
use crate::table::{Limit, Row, Table, say};

const POLICIES: usize = 10_000;
const NAMESPACES: usize = 333;
const DECISIONS: usize = 200_000;

const RESOURCES: [(&str, &str); 10] = [
    ("", "configmaps"),
    ("", "events"),
    ("", "persistentvolumeclaims"),
    ("", "pods"),
    ("", "services"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("batch", "jobs"),
    ("networking.k8s.io", "ingresses"),
    ("policy", "poddisruptionbudgets"),
];

const VERBS: [Verb; 6] =
    [Verb::Create, Verb::Delete, Verb::Get, Verb::List, Verb::Update, Verb::Watch];

/// All of it in this process: a decision sends nothing.
pub(crate) fn measure(rounds: usize, table: &mut Table) -> Result<(), Failure> {
    let few = compile(10)?;
    let many = compile(POLICIES)?;
    let requests = requests();
    let mut figures: [Vec<f64>; 5] = Default::default();
    for round in 0..=rounds {
        say(&format!("policies, round {round} of {rounds} (0 warms up)"));
        let start = Instant::now();
        compile(POLICIES)?;
        let load = start.elapsed().as_secs_f64();
        let (few_p50, few_p99) = percentiles(&few, &requests);
        let (many_p50, many_p99) = percentiles(&many, &requests);
        if round > 0 {
            let sample = [many_p50, few_p50, many_p99, few_p99, load];
            figures.iter_mut().zip(sample).for_each(|(figures, sample)| figures.push(sample));
        }
    }
    let [many_p50, few_p50, many_p99, few_p99, load] = figures;
    let row =
        |what, unit, (ours, peer, theirs), limit| Row { what, unit, ours, peer, theirs, limit };
    let constant = |value: f64| vec![value; rounds];
    let at_ten = "10 policies";
    let p50 = "(f) decision p50, 10,000 policies";
    table.add(row(p50, "µs", (many_p50, at_ten, few_p50), Limit::None));
    let p99 = "(f) decision p99, 10,000 policies";
    table.add(row(p99, "µs", (many_p99.clone(), at_ten, few_p99), Limit::AtMost(3.0)));
    table.add(row(p99, "µs", (many_p99, "limit", constant(20.0)), Limit::AtMost(1.0)));
    let loading = "(g) loading 10,000 policies";
    table.add(row(loading, "s", (load, "limit", constant(2.0)), Limit::AtMost(1.0)));
    Ok(())
}

/// The median and the 99th percentile of a decision, in microseconds.
fn percentiles(set: &PolicySet, requests: &[(RequestInfo, Caller)]) -> (f64, f64) {
    let objects = Objects::default();
    let now = Timestamp::UNIX_EPOCH;
    let mut times = Vec::with_capacity(DECISIONS);
    for (request, caller) in requests.iter().cycle().take(DECISIONS) {
        let start = Instant::now();
        let facts = Facts { request, query: &[], caller, cluster: "production" };
        let _ = std::hint::black_box(set.candidates(&facts).decide(&objects, now));
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(DECISIONS * share / 100).copied().unwrap_or(f64::NAN);
    (at(50), at(99))
}

fn compile(count: usize) -> Result<PolicySet, Failure> {
    let policies: Vec<String> = (0..count).map(policy).collect();
    let file = |(number, policies): (usize, &[String])| Source {
        name: format!("policies/{number}.yaml"),
        text: policies.join("---\n"),
    };
    let sources: Vec<_> = policies.chunks(500).enumerate().map(file).collect();
    PolicySet::compile(&sources).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        format!("{} problems, the first: {first}", problems.len()).into()
    })
}

/// The first ten are for everybody.
fn policy(number: usize) -> String {
    let spec = match number {
        0 => "{match: {paths: [/version, /api, '/api/*', /apis, '/apis/*']}, effect: allow}".into(),
        1 => "{match: {callers: ['group:oidc:sre']}, effect: allow}".into(),
        2 => "{match: {callers: ['workload:*'], capabilities: [get-credentials]}, effect: deny}".into(),
        3 => "{match: {callers: ['workload:*'], capabilities: [open-tunnel]}, effect: deny}".into(),
        4 => "{match: {verbs: [deletecollection]}, effect: deny}".into(),
        5 => "{match: {verbs: [delete], resources: [namespaces]}, effect: deny}".into(),
        6 => "{match: {namespaces: ['kube-*'], verbs: [create, delete, patch, update]}, effect: deny}".into(),
        7 => "{match: {resources: ['*.admissionregistration.k8s.io']}, effect: deny}".into(),
        8 => "{match: {resources: [nodes], verbs: [get, list, watch]}, effect: allow}".into(),
        9 => "{match: {resources: [namespaces], verbs: [get, list, watch]}, effect: allow}".into(),
        _ => of_team(number - 10),
    };
    format!(
        "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: policy-{number:05}}}\nspec: {spec}\n"
    )
}

fn of_team(number: usize) -> String {
    let team = number % NAMESPACES;
    let (group, resource) = nth(&RESOURCES, number / NAMESPACES);
    let resource =
        if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
    let (verbs, effect) = match number / NAMESPACES / RESOURCES.len() {
        0 => ("get, list, watch", "allow"),
        1 => ("create, patch, update", "allow"),
        _ => ("delete", "deny"),
    };
    let mut spec = format!(
        "{{match: {{callers: ['group:oidc:team-{team}'], namespaces: [team-{team}], resources: \
         [{resource}], verbs: [{verbs}]}}, effect: {effect}"
    );
    if number.is_multiple_of(10) {
        // Writing to a String does not fail.
        let _ = write!(spec, ", when: 'caller.kind == \"person\" && request.name != \"keep\"'");
    }
    spec + "}"
}

/// The nth of them, over and over.
fn nth<T: Copy + Default>(of: &[T], n: usize) -> T {
    of.get(n % of.len()).copied().unwrap_or_default()
}

/// Every team asks for everything in its own namespace.
fn requests() -> Vec<(RequestInfo, Caller)> {
    let mut requests = Vec::new();
    for team in 0..NAMESPACES {
        // In an order of no meaning, so that no list stays in the processor's cache by luck.
        let team = team * 131 % NAMESPACES;
        for (index, (group, resource)) in RESOURCES.iter().enumerate() {
            let verb = VERBS.get((index + team) % VERBS.len()).copied().unwrap_or(Verb::Get);
            let resource = ResourceInfo {
                api_group: (*group).to_owned(),
                api_version: "v1".to_owned(),
                namespace: format!("team-{team}"),
                resource: (*resource).to_owned(),
                subresource: String::new(),
                name: if verb.is_of_collection() { String::new() } else { "web".to_owned() },
            };
            let caller = Caller {
                name: format!("oidc:member-{team}"),
                groups: vec!["oidc:staff".to_owned(), format!("oidc:team-{team}")],
                uid: None,
                kind: CallerKind::Person,
                issuer: "https://idp.example".to_owned(),
            };
            let path = String::new();
            requests.push((RequestInfo { verb, path, resource: Some(resource) }, caller));
        }
    }
    requests
}
