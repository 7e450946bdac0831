//! Secrets, the one thing that policy changes: the values are masked, all else is the same.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use uuid::Uuid;

use super::side::{Caller, Side};
use super::{Line, difference, gateway};
use crate::harness::Output;

/// `secret.yaml` holds the canary in base64 under `data` and as it is under `stringData`.
const COMMANDS: &[&str] = &[
    "k apply -f secret.yaml",
    "k get secrets",
    "k get secret db -o wide --show-labels",
    "k get secret db -o yaml",
    "k get secret db -o json",
    "k get secret db -o yaml --show-managed-fields # newest, not compared",
    "kubectl get --raw /api/v1/namespaces/$NS/secrets/db",
    "kubectl get --raw /api/v1/namespaces/$NS/secrets?fieldSelector=metadata.name%3Ddb # newest",
    "k get secret db -o jsonpath='{.data.password}'",
    "k get secrets -o custom-columns=NAME:.metadata.name,PASSWORD:.data.password --no-headers",
    "k get secret db -o go-template='{{.data.password | base64decode}}'",
    "k get secrets --sort-by=.metadata.name -o name",
    // Older ones list the keys in the order of a Go map, which is none.
    "k describe secret db | sort",
    "k get secret db -w -o yaml | { sed /^type:/q; exec <&-; k label secret db step=one; }",
    "k get secret db -w | { read a; echo $a; read a; echo $a; exec <&-; \
     k label secret db step=two --overwrite; }",
    "EDITOR='sed -i \"s/step: two/step: three/\"' k edit secret db",
    "k annotate secret db note=seen -o yaml",
    "k apply view-last-applied secret/db",
    "k apply -f secret.yaml | sed s/unchanged/configured/",
    "k apply -f secret.yaml -o json",
    "k patch secret db --type=merge -p \"{\\\"stringData\\\":{\\\"more\\\":\\\"$CANARY\\\"}}\" -o yaml",
    "k create secret generic made --from-literal=key=$CANARY -o yaml",
    "k create secret generic dry --from-literal=key=$CANARY --dry-run=server -o json",
    "k create secret docker-registry pull --docker-username=u --docker-password=$CANARY -o json \
     # not compared",
    "kubectl get --raw \"/api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1\" | head -n 1 \
     # not compared",
    "k diff -f secret.yaml # not compared",
    "k get secret db -v=9 # not compared",
    "k get secret db -o yaml -v=9 # not compared",
    // The API server copies what was applied into the last-applied annotation, kguard's with it.
    "k apply --server-side --force-conflicts -f secret.yaml -o yaml # not compared",
    "k delete secret made",
    "k get secret made",
];

#[test]
fn of_secrets_only_the_values_differ() {
    for version in ["1.27", "1.34"] {
        compare(version);
    }
}

fn compare(version: &str) {
    let canary = Canary::new();
    let (gateway, caller) = (gateway(), Caller::create());
    let user = caller.user(&gateway);
    let direct = Side::direct(version, &caller).knowing("CANARY", &canary.value);
    let through = Side::through(version, &caller, &user).knowing("CANARY", &canary.value);
    for side in [&direct, &through] {
        std::fs::write(side.folder().join("secret.yaml"), canary.manifest()).unwrap();
    }
    for line in COMMANDS.iter().map(|line| Line::read(line)) {
        if !line.runs_with(version) {
            continue;
        }
        let [plain, masked] = [&direct, &through].map(|side| (side.run(line.text), side));
        canary.assert_absent(&line, &masked.0);
        let hidden = |(output, side): (Output, &Side)| line.normal(&canary.hide(&output), side);
        let (plain, masked) = (hidden(plain), hidden(masked));
        let same = !line.compared || plain == masked;
        assert!(same, "{version}: {}\n{}", line.text, difference(&plain, &masked));
    }
}

/// A value that is in no output by chance.
struct Canary {
    value: String,
    base64: String,
}

impl Canary {
    fn new() -> Self {
        let value = format!("canary{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        Self { base64: STANDARD.encode(&value), value }
    }

    fn manifest(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, labels: {{app: db}}}}\n\
             data: {{password: {}}}\nstringData: {{token: {}}}\n",
            self.base64, self.value
        )
    }

    /// No piece of it, as it is or in base64 at any place of a longer text, is in what the caller
    /// got.
    fn assert_absent(&self, line: &Line, output: &Output) {
        const PIECE: usize = 12;
        let shifted = ["-", "--"].map(|before| STANDARD.encode(format!("{before}{}", self.value)));
        for text in [&self.value, &self.base64, &shifted[0], &shifted[1]] {
            for piece in text.as_bytes()[4..].windows(PIECE) {
                let piece = std::str::from_utf8(piece).unwrap();
                let found = output.stdout.contains(piece) || output.stderr.contains(piece);
                assert!(!found, "{}: {piece} in {output:?}", line.text);
            }
        }
    }

    /// The output with neither the value nor what stands in for it, nor what goes with that: who
    /// manages which field is not shown, and kguard's annotation is there.
    fn hide(&self, output: &Output) -> Output {
        static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
            // As it is, and in base64; and the value's length, which `describe` tells.
            Regex::new(r"kguard:masked:v1:[\w-]{32}|a2d1YXJkOm1hc2tlZD[\w+/]*=*|\d+ bytes").unwrap()
        });
        static BESIDE: LazyLock<Regex> = LazyLock::new(|| {
            let written = [
                r#""kguard.dev/written": *"(\\"|[^"\\])*",\s*"#,
                r"\n *kguard.dev/written: '[^']*'",
                r"kguard.dev/written: \S*\n *",
            ];
            let managers = r#"(?<managers>"managedFields": *)\[[^\]]*\]"#;
            Regex::new(&format!("{}|{managers}", written.join("|"))).unwrap()
        });
        let hide = |text: &str| {
            let text = text.replace(&self.value, "MASKED").replace(&self.base64, "MASKED");
            let text = PLACEHOLDER.replace_all(&text, "MASKED");
            BESIDE.replace_all(&text, "$managers").into_owned()
        };
        Output { stdout: hide(&output.stdout), stderr: hide(&output.stderr), code: output.code }
    }
}
