//! helm through kguard: releases are shown with their values hidden, and go on working.

use super::*;
use crate::harness::Cluster;

const TEMPLATE: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\nstringData:\n  \
    password: {{ .Values.auth.password | quote }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: \
    {name: app}\ndata: {motto: 'as {{ .Values.auth.password }} says', color: {{ .Values.color }}}\n";

struct Ship {
    desk: Desk,
    helm: String,
    chart: String,
}

impl Ship {
    fn new(purpose: &str, desk: Desk) -> Self {
        Cluster::get();
        let build = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/helm/build.sh");
        let helm = run(std::process::Command::new("bash").arg(build)).ok().trim().to_owned();
        let folder = desk.user.home().join(purpose);
        std::fs::create_dir_all(folder.join("templates")).unwrap();
        for (name, text) in [
            ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
            ("values.yaml", "color: blue\nauth: {password: ''}\n"),
            ("templates/all.yaml", TEMPLATE),
            ("templates/NOTES.txt", "The password is {{ .Values.auth.password }}.\n"),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let chart = folder.to_str().unwrap().to_owned();
        Self { desk, helm, chart }
    }

    fn helm(&self, args: &[&str]) -> Output {
        let n = &self.desk.namespace.name;
        let all = [&["run", "--", &self.helm, "-n", n][..], args].concat();
        let all: Vec<_> = all.iter().map(|arg| arg.replace("$CHART", &self.chart)).collect();
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        run(&mut self.desk.user.command("1.34", &all))
    }

    /// What is stored of the latest release, past the gateway.
    fn stored(&self, what: &str) -> String {
        let n = &self.desk.namespace.name;
        let mut command = std::process::Command::new(&self.helm);
        command.env("KUBECONFIG", &Cluster::get().admin);
        run(command.args(["-n", n, "get", what, "app"])).ok()
    }
}

#[test]
fn helm_installs_shows_and_upgrades_without_seeing_values() {
    let ship = Ship::new("chart", Desk::new("helm"));
    let install = ["install", "app", "$CHART", "--set", "auth.password=first-hunter2"];
    ship.helm(&install).ok();
    assert!(ship.stored("manifest").contains("first-hunter2"));
    for args in [
        &["list"][..],
        &["status", "app"],
        &["history", "app"],
        &["get", "manifest", "app"],
        &["get", "values", "app"],
        &["get", "notes", "app"],
        &["get", "all", "app"],
    ] {
        let said = ship.helm(args);
        assert_eq!(said.code, 0, "{args:?}: {said:?}");
        let text = said.stdout + &said.stderr;
        assert!(!text.contains("hunter2") && !text.contains(&encoded("first-hunter2")), "{text}");
    }
    assert!(ship.helm(&["list"]).ok().contains("app"));
    assert!(ship.helm(&["get", "manifest", "app"]).ok().contains("color: blue"));

    let upgrade = ["upgrade", "app", "$CHART", "--set", "auth.password=second-hunter2,color=red"];
    ship.helm(&upgrade).ok();
    assert!(ship.stored("manifest").contains("second-hunter2"));
    assert_eq!(ship.desk.values("app"), pairs(&[("password", "second-hunter2")]));
    // The release before is marked as such, and holds what it held.
    let history = ship.helm(&["history", "app"]).ok();
    assert!(history.contains("superseded") && history.contains("deployed"), "{history}");
    let n = &ship.desk.namespace.name;
    let mut first = std::process::Command::new(&ship.helm);
    first.env("KUBECONFIG", &Cluster::get().admin);
    let first = run(first.args(["-n", n, "get", "values", "app", "--revision", "1"])).ok();
    assert!(first.contains("first-hunter2"), "{first}");
}

#[test]
fn what_would_put_hidden_values_elsewhere_is_refused_until_helm_may_see_them() {
    let ship = Ship::new("chart", Desk::new("reuse"));
    ship.helm(&["install", "app", "$CHART", "--set", "auth.password=first-hunter2"]).ok();
    let reuse = ["upgrade", "app", "$CHART", "--reuse-values", "--set", "color=red"];
    let refused = ship.helm(&reuse);
    assert!(refused.code != 0 && refused.stderr.contains("helm: raw"), "{refused:?}");
    assert_eq!(ship.desk.values("app"), pairs(&[("password", "first-hunter2")]));
    let raw = format!(
        "{HEAD}kind: Policy\nmetadata: {{name: all}}\nspec: {{match: {{callers: ['*']}}, effect: \
         allow}}\n---\n{HEAD}kind: Mask\nmetadata: {{name: secrets}}\nspec: {{match: {{resources: \
         [secrets]}}, fields: ['data.*'], helm: raw}}\n"
    );
    ship.desk.gateway.set_policies(&raw);
    ship.helm(&["rollback", "app", "1"]).ok();
    ship.helm(&["upgrade", "app", "$CHART", "--reuse-values", "--set", "color=red"]).ok();
    assert_eq!(ship.desk.values("app"), pairs(&[("password", "first-hunter2")]));
}
