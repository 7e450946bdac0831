//! `kguard policy`, without a gateway and without a login.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::trail;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The exit code, standard output and standard error of `kguard policy LINE`.
    fn policy(&self, line: &str) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_kguard"))
            .arg("policy")
            .args(line.split(' '))
            .current_dir(self.path())
            .env_clear()
            .env("KGUARD_HOME", self.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.policy(line).1).unwrap()
    }
}

const ALLOW: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: all}\n\
                     spec: {effect: allow}\n";

#[test]
fn whatever_is_wrong_is_told_at_once_and_nothing_is_read_without_end() {
    let folder = Folder::new(&[
        ("ok.yaml", ALLOW),
        ("bad.yaml", "apiVersion: kguard.dev/v1alpha1\nkind: Polizy\nmetadata: {name: a}\n"),
        ("cycle.yaml", "a: &a [*a]\n"),
        ("empty/note.txt", ""),
    ]);
    let big = std::fs::File::create(folder.path().join("big.yaml")).unwrap();
    big.set_len(50 << 20).unwrap();
    std::fs::write(folder.path().join("bin.yaml"), b"\xff\xfe").unwrap();
    let (code, _, stderr) = folder
        .policy("check ok.yaml bad.yaml cycle.yaml empty big.yaml bin.yaml nope.yaml pack:peple");
    assert_eq!(code, 1, "{stderr}");
    for expected in [
        "bad.yaml:2:7: unknown kind `Polizy`\n  hint: did you mean `Policy`?",
        "cycle.yaml:1:8: not valid YAML",
        "empty: there is no YAML file in this folder",
        "big.yaml: the file is larger than 1 MiB\n  hint: split it",
        "bin.yaml: the file is no text",
        "nope.yaml: No such file",
        "did you mean `people`?",
        "error: 7 problems",
    ] {
        assert!(stderr.contains(expected), "{expected}:\n{stderr}");
    }
}

#[test]
fn problems_and_warnings_are_a_list_for_programs() {
    let policy = |spec: &str| ALLOW.replace("{effect: allow}", spec);
    let folder = Folder::new(&[
        ("a.yaml", &policy("{match: {resources: [statefulset.apps]}, effect: allow}")),
        ("b.yaml", &policy("{effect: alow}")),
    ]);
    let warned = folder.json("check a.yaml -o json");
    assert_eq!(warned[0]["severity"], "warning");
    assert_eq!(warned[0]["hint"], "did you mean `statefulsets.apps`?");
    assert_eq!(folder.policy("check a.yaml").0, 0);
    let found = folder.json("check b.yaml -o json");
    assert_eq!((&found[0]["severity"], &found[0]["line"]), (&"error".into(), &4.into()));
    assert_eq!(folder.policy("check b.yaml -o json").0, 1);
}

const CASE: &str = "apiVersion: kguard.dev/v1alpha1\nkind: PolicyTest\nmetadata: {name: t}\nspec:\n  \
                    policies: [POLICIES]\n  cases:\n  - {name: c, caller: {user: a}, \
                    request: {verb: list, resource: pods}, expect: {decision: DECISION}}\n";

fn case(policies: &str, decision: &str) -> String {
    CASE.replace("POLICIES", policies).replace("DECISION", decision)
}

#[test]
fn cases_hold_or_fail_and_say_so() {
    let folder = Folder::new(&[
        ("all.yaml", ALLOW),
        ("good/t.yaml", &case("../all.yaml", "allow")),
        ("deep/er/t.yaml", &case("pack:people", "deny")),
        ("bad/t.yaml", &case("../none.yaml", "allow")),
        ("deep/chart/values.yaml", "{{ not YAML }"),
        ("none/other.yaml", "a: b"),
    ]);
    let (code, stdout, stderr) = folder.policy("test good");
    assert_eq!((code, stdout.as_str()), (0, "ok    t: c\n1 case, 0 failed\n"), "{stderr}");
    assert_eq!(folder.policy("test --coverage good").0, 0);
    let report = folder.json("test deep -o json");
    assert_eq!(report["failed"], 1);
    assert_eq!(report["files"][0]["cases"][0]["mismatches"][0]["got"], "allow");
    assert_eq!(folder.policy("test deep").0, 1);
    assert_eq!(folder.policy("test --coverage pack:agents").0, 0);
    let (code, _, stderr) = folder.policy("test bad");
    let expected = "bad/t.yaml:5:14: bad/../none.yaml: No such file";
    assert!(code == 1 && stderr.contains(expected), "{stderr}");
    let (code, _, stderr) = folder.policy("test none");
    assert!(code == 1 && stderr.contains("there is no file of cases"), "{stderr}");
    let (code, _, stderr) = folder.policy("test all.yaml");
    assert!(code == 1 && stderr.contains("there is no case"), "{stderr}");
}

#[test]
fn a_request_is_explained_however_it_is_described() {
    let request = "caller: {user: 'oidc:a'}\nrequest: {verb: delete, resource: namespaces, name: x}\n\
                   oldObject: none\n";
    let folder =
        Folder::new(&[("r.yaml", request), ("old.json", r#"{"metadata": {"name": "x"}}"#)]);
    for line in [
        "explain --as user:oidc:a delete namespaces/x",
        "explain --as user:oidc:a delete namespaces/x --old-object old.json",
        "explain --as user:oidc:a DELETE /api/v1/namespaces/x",
        "explain --request r.yaml",
    ] {
        let told = folder.json(&format!("{line} -o json"));
        assert_eq!(
            (&told["decision"], &told["policy"]),
            (&"hold".into(), &"namespace-deletes".into()),
            "{line}"
        );
        assert_eq!(told["matched"][0]["applies"], "yes", "{line}: {told}");
    }
    let depends = "explain --as user:a patch statefulsets.apps/db -n shop -o json";
    assert_eq!(folder.json(depends)["possible"], serde_json::json!(["allow", "hold", "deny"]));
    for (line, says) in [
        ("explain delete pods/x", "say who asks"),
        ("explain --as alice delete pods/x", "--as user:NAME"),
        ("explain --as user:a delete deployments/x", "did you mean `deployments.apps`?"),
        ("explain --as user:a delete pods", "needs a name"),
        ("explain --as user:a delete pods/x --policies pack:none", "there is no pack `none`"),
    ] {
        let (code, _, stderr) = folder.policy(line);
        assert!(code > 0 && stderr.contains(says), "{line}: {stderr}");
    }
}

#[test]
fn a_trail_is_replayed_and_what_it_suggests_changes_nothing() {
    let folder = Folder::new(&[("all.yaml", ALLOW), ("trail.jsonl", &trail::sample())]);
    let all = folder.json("replay --policies all.yaml --trail trail.jsonl -o json");
    assert_eq!((&all["requests"], &all["unchanged"]), (&4.into(), &4.into()));
    let line = "replay --policies pack:people --trail trail.jsonl --fail-on-change";
    let (code, stdout, stderr) = folder.policy(line);
    assert!(code == 1 && stdout.contains("2 allow→deny"), "{stdout}{stderr}");
    let later = folder.json(&format!("{line} --since 2026-02-01 -o json"));
    assert_eq!(later["requests"], 0);

    let (code, suggested, stderr) = folder.policy("suggest --trail trail.jsonl");
    assert_eq!(code, 0, "{stderr}");
    assert!(suggested.contains("# DANGER: this can carry"), "{suggested}");
    std::fs::write(folder.path().join("suggested.yaml"), suggested).unwrap();
    let (code, _, stderr) = folder.policy("check suggested.yaml");
    assert_eq!(code, 0, "{stderr}");
    let line = "replay --policies suggested.yaml --trail trail.jsonl --fail-on-change";
    assert_eq!(folder.policy(line).0, 0);
}

#[test]
fn what_is_no_trail_is_told_with_its_line() {
    let text = trail::sample() + "nonsense\n";
    let folder = Folder::new(&[("trail.jsonl", &text)]);
    let (code, _, stderr) = folder.policy("suggest --trail trail.jsonl");
    assert!(code == 1 && stderr.contains("trail.jsonl:9: this is no line"), "{stderr}");
    let (code, _, stderr) = folder.policy("suggest --trail none.jsonl");
    assert!(code == 64 && stderr.contains("none.jsonl"), "{stderr}");
}

#[test]
fn packs_are_listed_printed_and_good() {
    let folder = Folder::new(&[]);
    let packs = folder.json("starter --list -o json");
    for pack in packs.as_array().unwrap() {
        let name = pack["name"].as_str().unwrap();
        let (code, text, _) = folder.policy(&format!("starter {name}"));
        assert!(code == 0 && text.contains("kind: Policy"), "{name}");
        let (code, _, stderr) = folder.policy(&format!("check pack:{name}"));
        assert_eq!(code, 0, "{stderr}");
    }
    assert!(folder.policy("starter --tests").1.contains("kind: PolicyTest"));
    let (code, _, stderr) = folder.policy("starter robot");
    assert!(code == 64 && stderr.contains("did you mean `robots`?"), "{stderr}");
}
