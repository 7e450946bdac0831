use crate::policy::tests::compile;
use crate::policy::{PolicySet, Problem, Source, check};

const HEAD: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: p}\n";

/// The problems of a policy with this `spec`, which starts at line 4.
fn problems(spec: &str) -> Vec<String> {
    let found = compile(&format!("{HEAD}{spec}\n")).map(|_| ()).unwrap_err();
    found.iter().map(Problem::to_string).collect()
}

#[track_caller]
fn assert_problem(spec: &str, problem: &str) {
    assert_eq!(problems(spec), [format!("a.yaml:{problem}")], "{spec}");
}

#[test]
fn mistakes_in_a_match_are_reported_in_their_place_with_a_way_out() {
    for (spec, problem) in [
        (
            "spec:\n  match:\n    callers:\n  effect: deny",
            "6:5: `callers` is empty\n  hint: give it a value, or leave it out",
        ),
        (
            "spec:\n  match:\n    namespace: [a]\n  effect: deny",
            "6:5: unknown field `namespace` in `match`\n  hint: did you mean `namespaces`?",
        ),
        (
            "spec:\n  match: {names: [a], names: [b]}\n  effect: deny",
            "5:23: field `names` stands here twice, first in line 5",
        ),
        (
            "spec:\n  match: {verbs: [DELETE]}\n  effect: deny",
            "5:19: unknown verb `DELETE`\n  hint: did you mean `delete`?",
        ),
        (
            "spec:\n  match: {verbs: delete}\n  effect: deny",
            "5:18: `verbs` has to be a list of texts, not a text\n  hint: put it in brackets: [..]",
        ),
        (
            "spec:\n  match: {names: []}\n  effect: deny",
            "5:18: `names` is empty and would match nothing\n  hint: leave the field out to match \
             everything",
        ),
        (
            "spec:\n  match: {names: [7]}\n  effect: deny",
            "5:19: `names` has to be a text, not a number\n  hint: put it in quotes",
        ),
        (
            "spec:\n  match: {resources: [deployments]}\n  effect: deny",
            "5:23: `deployments` is no resource of the core group\n  hint: did you mean \
             `deployments.apps`?",
        ),
        (
            "spec:\n  match: {resources: [pod]}\n  effect: deny",
            "5:23: `pod` is no resource of the core group\n  hint: did you mean `pods`?",
        ),
        (
            "spec:\n  match: {callers: [alice]}\n  effect: deny",
            "5:21: `alice` names no caller: write `*`, `user:NAME`, `workload:NAME` or `group:NAME`",
        ),
        (
            "spec:\n  match: {capabilities: [runcode]}\n  effect: deny",
            "5:26: unknown capability `runcode`\n  hint: did you mean `run-code`?",
        ),
        (
            "spec:\n  match: {paths: [version]}\n  effect: deny",
            "5:19: `version` is no path\n  hint: paths start with a slash: `/version`",
        ),
        (
            "spec:\n  match: {paths: [/version], resources: [pods]}\n  effect: deny",
            "5:10: `paths` are about requests without a resource: nothing matches\n  hint: write \
             one policy with `paths` and one with the rest",
        ),
    ] {
        assert_problem(spec, problem);
    }
}

#[test]
fn an_escalation_that_cannot_happen_is_a_mistake() {
    for (spec, problem) in [
        (
            "spec: {effect: hold, hold: {approvers: ['*'], escalate: {after: 15m, approvers: ['*']}}}",
            "4:65: nobody waits for so long: the hold times out before\n  hint: write a shorter \
             `after`, or a longer `timeout`",
        ),
        (
            "spec: {effect: hold, hold: {approvers: ['*'], escalate: {approvers: ['*']}}}",
            "4:57: `after` is missing\n  hint: say after how long: `after: 5m`",
        ),
        (
            "spec: {effect: hold, hold: {approvers: ['*'], escalate: {after: 5m}}}",
            "4:57: `approvers` is missing\n  hint: name who may approve: `approvers: \
             [\"group:NAME\"]`",
        ),
    ] {
        assert_problem(spec, problem);
    }
}

#[test]
fn mistakes_in_effects_are_reported_in_their_place_with_a_way_out() {
    for (spec, problem) in [
        ("spec: {}", "4:7: `effect` is missing"),
        ("spec: {effect: }", "4:8: `effect` is empty\n  hint: give it a value, or leave it out"),
        (
            "spec: {effect: permit}",
            "4:16: unknown effect `permit`\n  hint: one of `allow`, `deny`, `hold`",
        ),
        (
            "spec: {effect: hold}",
            "4:16: `hold` is missing: who may approve?\n  hint: add `hold: {approvers: \
             [\"group:NAME\"]}`",
        ),
        (
            "spec: {effect: hold, hold: {quorum: 2}}",
            "4:28: `approvers` is missing\n  hint: name who may approve: `approvers: \
             [\"group:NAME\"]`",
        ),
        (
            "spec: {effect: hold, hold: {approvers: ['*'], timeout: 15}}",
            "4:56: `timeout` has to be a text, not a number\n  hint: put it in quotes",
        ),
        (
            "spec: {effect: hold, hold: {approvers: ['*'], timeout: 15 min}}",
            "4:56: `15 min` is no duration\n  hint: write it as `90s`, `15m` or `1h30m`, at most \
             `24h`",
        ),
        (
            "spec: {effect: hold, hold: {approvers: ['*'], quorum: 0}}",
            "4:55: `quorum` has to be a number from 1 to 16",
        ),
        (
            "spec: {effect: hold, hold: {approvers: ['*'], reason: must}}",
            "4:55: unknown `reason` `must`\n  hint: one of `optional`, `required`",
        ),
        (
            "spec: {effect: hold, hold: {approvers: ['*'], selfApproval: maybe}}",
            "4:61: `selfApproval` has to be `true` or `false`",
        ),
        (
            "spec: {effect: deny, recordInput: true}",
            "4:35: `recordInput` means nothing with `effect: deny`: nothing runs",
        ),
        (
            "spec: {effect: allow, recordInput: 1}",
            "4:36: `recordInput` has to be `true` or `false`",
        ),
        (
            "spec: {effect: deny, hold: {approvers: ['*']}}",
            "4:28: `hold` means nothing with `effect: deny`\n  hint: write `effect: hold`, or leave \
             `hold` out",
        ),
        ("spec: [a]", "4:7: the spec of a policy has to be a map, not a list"),
    ] {
        assert_problem(spec, problem);
    }
}

#[test]
fn flaws_of_expressions_are_reported_where_they_stand_in_the_file() {
    let unknown = "unknown variable `x1`";
    for (spec, place) in [
        ("spec:\n  when: true && x1\n  effect: deny", "5:17"),
        ("spec:\n  when: \"true && x1\"\n  effect: deny", "5:18"),
        ("spec:\n  when: 'true && x1'\n  effect: deny", "5:18"),
        ("spec:\n  when: |\n    true\n    && x1\n  effect: deny", "7:8"),
        // Folded and escaped texts are not as they stand: the start has to do.
        ("spec:\n  when: \"tr\\u0075e && x1\"\n  effect: deny", "5:9"),
        ("spec:\n  when: >-\n    true\n    && x1\n  effect: deny", "6:5"),
        ("spec:\n  message: \"of {{ request.name }} by {{ x1 }}\"\n  effect: deny", "5:41"),
    ] {
        let found = problems(spec);
        let [problem] = found.as_slice() else { panic!("{spec}: {found:#?}") };
        assert!(problem.starts_with(&format!("a.yaml:{place}: {unknown}")), "{spec}: {problem}");
    }
}

#[test]
fn templates_are_checked() {
    assert_problem("spec: {effect: deny, message: 'a {{ b'}", "4:34: `{{` without its `}}`");
    assert_problem(
        "spec: {effect: deny, message: '{{ object.data.password }}'}",
        "4:35: `object` is not to be had here\n  hint: messages reach errors and logs: only \
         `request` and `caller` are there",
    );
}

#[test]
fn documents_are_checked_as_a_whole() {
    for (text, problem) in [
        (
            "apiVersion: v1\nkind: Policy\nmetadata: {name: p}\nspec: {effect: deny}",
            "1:13: unknown apiVersion `v1`\n  hint: write `apiVersion: kguard.dev/v1alpha1`",
        ),
        (
            "apiVersion: kguard.dev/v1alpha1\nkind: Polcy\nmetadata: {name: p}\nspec: {}",
            "2:7: unknown kind `Polcy`\n  hint: did you mean `Policy`?",
        ),
        (
            "apiVersion: kguard.dev/v1alpha1\nkind: Budget\nmetadata: {name: p}\nspec: {}",
            "4:7: `max` is missing",
        ),
        (
            "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: A b}\nspec: {effect: \
             deny}",
            "3:18: `A b` is no name\n  hint: up to 63 lower-case letters, digits, `-` and `.`, as \
             `robots-run-no-code`",
        ),
        (
            "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: p}",
            "1:1: `spec` is missing",
        ),
        (
            "apiVersion: kguard.dev/v1alpha1\nkind: Mask\nmetadata: {name: m}\nspec: {match: \
             {verbs: [get]}, fields: ['data..x']}",
            "4:16: unknown field `verbs` in `match`\n  hint: one of `callers`, `clusters`, `names`, \
             `namespaces`, `resources`",
        ),
        ("- a\n- b", "1:1: the document has to be a map, not a list"),
    ] {
        let found = compile(text).map(|_| ()).unwrap_err();
        assert_eq!(found[0].to_string(), format!("a.yaml:{problem}"), "{text}");
    }
}

#[test]
fn masks_are_checked() {
    for (spec, problem) in [
        (
            "{match: {resources: [secrets]}}",
            "4:7: it masks nothing\n  hint: write `fields: [PATH]`, or `values: [DETECTOR]`, or both",
        ),
        (
            "{match: {resources: [pods/log]}}",
            "4:7: it masks nothing\n  hint: write `values: [known-secrets]`",
        ),
        (
            "{match: {resources: [pods/log]}, fields: [a], values: [jwt]}",
            "4:7: text has no `fields`\n  hint: write `values: [known-secrets]`, or name detectors there",
        ),
        (
            "{match: {resources: [pods/log, pods]}, values: [jwt]}",
            "4:15: the resources are objects and texts\n  hint: write one mask for `pods/attach`, \
             `pods/exec`, `pods/log`, and one for the rest",
        ),
        (
            "{values: [known-secrets]}",
            "4:17: objects have no `known-secrets`\n  hint: they are looked for in text: in \
             `pods/attach`, `pods/exec`, `pods/log`",
        ),
        ("{values: [jwts]}", "4:17: unknown detector `jwts`\n  hint: did you mean `jwt`?"),
        ("{values: []}", "4:16: `values` is empty, so it masks nothing"),
        (
            "{values: jwt}",
            "4:16: `values` has to be a list, not a text\n  hint: write `values: [jwt]`",
        ),
        (
            "{values: [{name: a, regex: 'a*'}]}",
            "4:34: it matches the empty text, so it would mask nothing",
        ),
        (
            "{values: [{name: jwt, regex: 'a'}]}",
            "4:24: `jwt` is the name of a detector of kguard's own",
        ),
        ("{values: [{name: a}]}", "4:17: `regex` is missing"),
        (
            "{fields: [a], exempt: [argocd]}",
            "4:30: `argocd` names no caller: write `*`, `user:NAME`, \
         `workload:NAME` or `group:NAME`",
        ),
    ] {
        let text = format!(
            "apiVersion: kguard.dev/v1alpha1\nkind: Mask\nmetadata: {{name: b}}\nspec: {spec}"
        );
        let found = compile(&text).map(|_| ()).unwrap_err();
        let expected = format!("a.yaml:{problem}");
        assert!(found.iter().any(|found| found.to_string() == expected), "{spec}: {found:#?}");
    }
}

#[test]
fn budgets_are_checked() {
    for (spec, problem) in [
        ("{max: -1, per: 10m, over: deny}", "4:13: `max` has to be a number, 0 or more"),
        (
            "{max: 1, per: soon, over: deny}",
            "4:21: `soon` is no duration\n  hint: write it as `90s`, `15m` or `1h30m`, at most `24h`",
        ),
        (
            "{max: 1, per: 10m, over: hald}",
            "4:32: unknown `over` `hald`\n  hint: did you mean `hold`?",
        ),
        (
            "{max: 1, per: 10m, over: hold}",
            "4:32: `hold` is missing: who may approve what goes over?\n  hint: add `hold: \
             {approvers: [\"group:NAME\"]}`",
        ),
        (
            "{max: 1, per: 10m, over: deny, hold: {approvers: ['*']}}",
            "4:44: `hold` means nothing with `over: deny`\n  hint: write `over: hold`, or leave \
             `hold` out",
        ),
        (
            "{max: 1, per: 10m, over: deny, mode: obsrve}",
            "4:44: unknown mode `obsrve`\n  hint: did you mean `observe`?",
        ),
        (
            "{max: 1, pre: 10m, over: deny}",
            "4:16: unknown field `pre` in the spec of a budget\n  hint: one of `hold`, `match`, `max`, \
             `message`, `mode`, `over`, `per`",
        ),
    ] {
        let text = format!(
            "apiVersion: kguard.dev/v1alpha1\nkind: Budget\nmetadata: {{name: b}}\nspec: {spec}"
        );
        let found = compile(&text).map(|_| ()).unwrap_err();
        let expected = format!("a.yaml:{problem}");
        assert!(found.iter().any(|found| found.to_string() == expected), "{spec}: {found:#?}");
    }
}

#[test]
fn a_second_document_of_the_same_name_is_a_problem_wherever_it_is() {
    let source =
        |name: &str| Source { name: name.into(), text: format!("{HEAD}spec: {{effect: deny}}") };
    let found = check(&[source("a.yaml"), source("b.yaml")]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "b.yaml:3:18: there are two documents Policy `p`\n  hint: the other one stands in a.yaml:3"
    );
}

#[test]
fn all_problems_of_all_files_are_reported_at_once_in_order() {
    let a = format!("{HEAD}spec: {{effects: deny, when: x1 == y1}}\n---\nkind: Policy\n");
    let sources = [
        Source { name: "b.yaml".into(), text: "a: [\n".into() },
        Source { name: "a.yaml".into(), text: a },
    ];
    let places: Vec<_> = check(&sources)
        .iter()
        .map(|problem| format!("{}:{}:{}", problem.file, problem.line, problem.column))
        .collect();
    let (last, first) = places.split_last().unwrap();
    assert_eq!(
        first,
        [
            "a.yaml:4:7",  // effect is missing
            "a.yaml:4:8",  // effects
            "a.yaml:4:29", // x1
            "a.yaml:4:35", // y1
            "a.yaml:6:1",  // apiVersion
            "a.yaml:6:1",  // metadata
            "a.yaml:6:1",  // spec
        ]
    );
    assert!(last.starts_with("b.yaml:"), "{places:?}");
}

#[test]
fn a_set_without_a_policy_is_refused() {
    for sources in [vec![], vec![Source { name: "a.yaml".into(), text: "# nothing yet\n".into() }]]
    {
        let found = PolicySet::compile(&sources).map(|_| ()).unwrap_err();
        assert!(found[0].to_string().starts_with("there is no policy"), "{found:?}");
    }
}

#[test]
fn files_that_are_too_much_are_refused() {
    let large = "#".repeat(1024 * 1024 + 1);
    assert!(check_one(&large).starts_with("a.yaml: the file is larger than 1 MiB"));
    let bomb: String =
        (1..=9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".into(), |text, i| {
            let alias = format!("*a{}", i - 1);
            format!("{text}a{i}: &a{i} [{}]\n", [alias.as_str(); 10].join(", "))
        });
    assert!(check_one(&bomb).contains("not valid YAML"), "{}", check_one(&bomb));
    assert!(check_one("a: &a [*a]\n").contains("not valid YAML"));
    for deep in ["[", "- ", "{a: ", "? ", "&a "] {
        assert!(check_one(&deep.repeat(100_000)).contains("not valid YAML"), "{deep}");
    }
}

#[test]
fn a_bare_star_gets_the_hint_to_quote_it() {
    let found = problems("spec:\n  match: {callers: [*]}\n  effect: deny");
    assert!(found[0].contains("quote the pattern"), "{found:?}");
    let found = problems("spec:\n  match: {clusters: [*prod]}\n  effect: deny");
    assert!(found[0].contains("quote the pattern"), "{found:?}");
}

fn check_one(text: &str) -> String {
    check(&[Source { name: "a.yaml".into(), text: text.into() }])[0].to_string()
}

#[test]
fn mistakes_in_what_else_a_hold_has_are_reported_in_their_place_with_a_way_out() {
    for (hold, problem) in [
        ("grants: {}", "4:55: `maxDuration` is missing"),
        (
            "grants: {maxDuration: ever}",
            "4:69: `ever` is no duration\n  hint: write it as `90s`, `15m` or `1h30m`, at most `24h`",
        ),
        (
            "elevate: {groups: ['system:*']}",
            "4:66: `system:*` has a star\n  hint: a request runs with just the groups that stand \
             here; spell each of them out",
        ),
        (
            "elevate: {groups: [' a']}",
            "4:66: that is no group's name\n  hint: write it as the cluster's RBAC does, as \
             `system:masters`",
        ),
        ("elevate: {}", "4:56: `groups` is missing"),
        (
            "elevate: {groups: [a]}, grants: {maxDuration: 1h}",
            "4:28: `grants` and `elevate` do not go together\n  hint: what runs with more groups is \
             approved one by one; leave one of them out",
        ),
        (
            "breakGlass: {}",
            "4:59: `callers` is missing\n  hint: name who may run without waiting: `callers: \
             [\"group:NAME\"]`",
        ),
        (
            "maxAuthAge: never",
            "4:59: `never` is no duration\n  hint: write it as `90s`, `15m` or `1h30m`, at most `24h`",
        ),
    ] {
        let spec = format!("spec: {{effect: hold, hold: {{approvers: ['*'], {hold}}}}}");
        assert_problem(&spec, problem);
    }
    let spec = "spec: {when: oldObject.a == 1, effect: hold, hold: {approvers: ['*'], elevate: \
                {groups: [a]}}}";
    assert_problem(
        spec,
        "4:7: `elevate` does not go with a `when` that looks at objects\n  hint: the caller may not \
         see them, and would learn from the decision what is in them",
    );
}
