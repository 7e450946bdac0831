//! Every way to every capability, tried on a real cluster: the table of `docs/capabilities.md`.
//!
//! Each way is shown to work at the API server itself, and to be refused through a gateway whose
//! policies deny the capability and allow everything else. What looks alike and carries nothing
//! passes.

mod harmless;
mod table;

use std::fmt::Write as _;

use self::table::{WAYS, Way};
use crate::bypass::lab::Lab;
use crate::harness::Namespace;

const HEAD: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\n";

fn policies(denied: &str) -> String {
    format!(
        "{HEAD}metadata: {{name: all}}\nspec: {{match: {{callers: ['*']}}, effect: allow}}\n---\n\
         {HEAD}metadata: {{name: no-{denied}}}\nspec: {{match: {{capabilities: [{denied}]}}, effect: deny}}\n"
    )
}

/// What the table's requests are about, and the right to all of it.
struct Stage {
    lab: Lab,
    binding: String,
    definition: String,
}

impl Stage {
    fn new() -> Self {
        let lab = Lab::with(&policies("open-tunnel"));
        let n = lab.space.name.as_str();
        let group = format!("{n}.test");
        for manifest in table::STAGE {
            lab.space.apply(&manifest.replace("$GROUP", &group).replace("$NS", n));
        }
        let definition = format!("widgets.{group}");
        let wait = ["wait", "--for=condition=Established", "--timeout=60s", "crd", &definition];
        lab.space.admin(&wait).ok();
        // As server-side apply has it: whoever applied a field and leaves it out takes it away.
        let owned = format!(
            "PATCH /apis/apps/v1/namespaces/{n}/deployments/applied?fieldManager=kubectl\n\
             Content-Type: application/apply-patch+yaml"
        );
        assert_eq!(lab.unguarded(&owned, table::APPLIED).status, 201);
        let widget = format!("POST /apis/{group}/v1/namespaces/{n}/widgets\n{}", table::JSON);
        let body = table::WIDGET.replace("$GROUP", &group);
        crate::harness::eventually("the custom resource", || {
            (lab.unguarded(&widget, &body).status == 201).then_some(())
        });
        let binding = format!("{n}-all");
        let bind = ["create", "clusterrolebinding", &binding, "--clusterrole=cluster-admin"];
        lab.space.admin(&[&bind[..], &["--user=oidc:alice"]].concat()).ok();
        Self { lab, binding, definition }
    }

    fn space(&self) -> &Namespace {
        &self.lab.space
    }

    fn text(&self, text: &str) -> String {
        let group = format!("{}.test", self.space().name);
        text.replace("$GROUP", &group).replace("$NS", &self.space().name)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.space().admin(&["delete", "clusterrolebinding", &self.binding]);
        self.space().admin(&["delete", "crd", &self.definition, "--wait=false"]);
    }
}

#[test]
fn every_way_to_a_capability_works_unguarded_and_is_denied_with_the_capability() {
    let stage = Stage::new();
    let mut wrong = Vec::new();
    for (name, ways) in by_capability(WAYS) {
        stage.lab.gateway.set_policies(&policies(name));
        assert!(!ways.is_empty(), "{name} has no way");
        for Way { words, request, body, unguarded, .. } in ways {
            let (head, body) = (stage.text(request), stage.text(body));
            let answer = stage.lab.unguarded(&head, &body);
            if answer.status != *unguarded {
                wrong.push(format!("unguarded: {name}: {words}: {answer:?}"));
            }
            let answer = stage.lab.guarded(&head, &body);
            let refused = answer.status == 403 && answer.body.contains(&format!("no-{name}"));
            if !refused {
                wrong.push(format!("guarded: {name}: {words}: {answer:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_carries_nothing_passes_however_much_it_looks_like_it() {
    let stage = Stage::new();
    let mut wrong = Vec::new();
    for (name, ways) in by_capability(harmless::WAYS) {
        stage.lab.gateway.set_policies(&policies(name));
        for Way { words, request, body, unguarded, .. } in ways {
            let answer = stage.lab.guarded(&stage.text(request), stage.text(body));
            if answer.status != *unguarded {
                wrong.push(format!("{name}: {words}: {answer:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn by_capability(ways: &[Way]) -> impl Iterator<Item = (&'static str, Vec<&Way>)> {
    kguard::policy::capability::Capability::ALL.into_iter().map(move |capability| {
        let name = capability.name();
        (name, ways.iter().filter(|way| way.capability == name).collect())
    })
}

/// The documentation says just what is tested.
#[test]
fn the_documented_table_is_the_tested_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/capabilities.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let (before, _) = written.split_once(table::BEGIN).expect("the mark where the table begins");
    let mut expected = format!("{before}{}\n", table::BEGIN);
    for (name, ways) in by_capability(WAYS) {
        let _ = write!(expected, "\n### `{name}`\n\n| way | request |\n|---|---|\n");
        for way in ways {
            let line = way.request.lines().next().unwrap_or_default();
            let line = line.replace("?dryRun=All", "").replace("&dryRun=All", "");
            let _ = writeln!(expected, "| {} | `{}` |", way.words, line.replace('|', "\\|"));
        }
        let harmless: Vec<_> = harmless::WAYS
            .iter()
            .filter(|way| way.capability == name)
            .map(|way| way.words)
            .collect();
        if !harmless.is_empty() {
            let _ = write!(expected, "\nNot: {}.\n", harmless.join("; "));
        }
    }
    if std::env::var_os("KGUARD_UPDATE_DOCS").is_some() {
        std::fs::write(path, &expected).unwrap();
    }
    assert!(written == expected, "run this test with KGUARD_UPDATE_DOCS=1");
}
