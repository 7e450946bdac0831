//! Writes that cannot be tried before others of the same plan have run.

use super::*;

#[test]
fn what_goes_into_a_new_namespace_is_held_by_itself_when_the_plan_runs() {
    let scene = Scene::set("chain");
    // Deleted with the test, whoever created it.
    let fresh = Namespace { name: format!("{}-new", scene.namespace.name) };
    let name = &fresh.name;
    let manifest = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\napiVersion: v1\nkind: \
         ConfigMap\nmetadata: {{name: a, namespace: {name}}}\ndata: {{value: '1'}}\n"
    );
    let folder = scene.folder(&[("all.yaml", manifest)]);
    let kubectl = Cluster::get().kubectl_path("1.34").to_str().unwrap().to_owned();
    let command = [&*kubectl, "apply", "-f", &file(&folder)].map(str::to_owned).to_vec();
    let id = scene.plan(&command);
    assert_ne!(Cluster::get().admin(&["get", "namespace", name]).code, 0, "nothing is created");
    let plan = scene.shown(&id);
    assert_eq!(plan["writes"][0]["unforeseen"], Value::Null);
    let why = plan["writes"][1]["unforeseen"].as_str().unwrap();
    assert!(why.contains("creates the namespace"), "{why}");
    let card = scene.bob.kguard(&["requests", &id]).ok();
    assert!(card.contains("1 could not be foreseen"), "{card}");

    scene.approve(&id);
    let mut applied = scene.alice.start(&["apply", &id]);
    let own = applied.wait_for("the hold of the write itself", |line| {
        Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
    });
    assert_ne!(own, id);
    let hold: Value =
        serde_json::from_str(&scene.bob.kguard(&["requests", &own, "-o", "json"]).ok()).unwrap();
    assert_eq!(hold["request"]["namespace"], **name);
    scene.approve(&own);
    assert_eq!(applied.exit_code(), 0, "{}", applied.said());
    let value = fresh.admin(&["get", "configmap", "a", "-o", "jsonpath={.data.value}"]).ok();
    assert_eq!(value, "1");
}

#[test]
fn a_plan_reads_what_it_has_made() {
    let scene = Scene::set("overlay");
    scene.namespace.apply(&config_map("old", "1"));
    let command = scene.script(
        "k create configmap a --from-literal=value=1; k get configmap a -o jsonpath={.data.value}; \
         k delete configmap old; ! k get configmap old",
    );
    let planned = through(&scene.alice, &["plan"], &command);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.stdout.contains("created\n1"), "{planned:?}");
    assert_eq!(scene.get("configmap/a", "{.data}"), None);
    assert_eq!(scene.get("configmap/old", "{.data.value}").unwrap(), "1");
}

#[test]
fn a_second_write_of_an_object_is_not_foreseen() {
    let scene = Scene::set("twice");
    scene.namespace.apply(&config_map("a", "1"));
    let command = scene.script("k label configmap a one=1; k annotate configmap a two=2");
    let id = scene.plan(&command);
    let plan = scene.shown(&id);
    assert_eq!(plan["writes"][0]["unforeseen"], Value::Null);
    assert!(plan["writes"][1]["unforeseen"].is_string(), "{plan}");
    scene.approve(&id);
    let mut applied = scene.alice.start(&["apply", &id]);
    let own = applied.wait_for("the hold of the write itself", |line| {
        Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
    });
    scene.approve(&own);
    assert_eq!(applied.exit_code(), 0, "{}", applied.said());
    assert_eq!(scene.get("configmap/a", "{.metadata.labels.one}").unwrap(), "1");
    assert_eq!(scene.get("configmap/a", "{.metadata.annotations.two}").unwrap(), "2");
}

#[test]
fn what_a_plan_cannot_show_its_approval_does_not_cover() {
    let scene = Scene::set("plan-long");
    let filler = "    a line that nobody reads\n".repeat(1000);
    let manifest = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: long}}\ndata:\n  a: |\n{filler}  z: evil\n"
    );
    let folder = scene.folder(&[("a.yaml", config_map("short", "1")), ("b.yaml", manifest)]);
    let command = scene.script(&format!("k apply -f {}", file(&folder)));
    let id = scene.plan(&command);
    let plan = scene.shown(&id);
    assert_eq!(plan["writes"][0]["unforeseen"], Value::Null, "{plan}");
    let why = plan["writes"][1]["unforeseen"].as_str().unwrap_or_default();
    assert!(why.contains("too long to be shown"), "{plan}");
    scene.approve(&id);
    let mut applied = scene.alice.start(&["apply", &id]);
    let own = applied.wait_for("the hold of the write itself", |line| {
        Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
    });
    assert_ne!(own, id);
    // Its own card has room for all of it.
    let seen = scene.bob.kguard(&["requests", &own, "-o", "json"]).ok();
    assert!(seen.contains("z: evil"), "{seen}");
    assert_eq!(scene.get("configmap/short", "{.data.value}").unwrap(), "1");
    assert_eq!(scene.get("configmap/long", "{.data.z}"), None);
    scene.approve(&own);
    assert_eq!(applied.exit_code(), 0, "{}", applied.said());
}

#[test]
fn no_plan_makes_a_token_that_is_only_tried() {
    let scene = Scene::set("plan-token");
    let body = r#"{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}"#;
    let folder = scene.folder(&[("token.json", body.to_owned())]);
    let path = format!(
        "/api/v1/namespaces/{}/serviceaccounts/default/token?dryRun=All",
        scene.namespace.name
    );
    let manifest = file(&folder.join("token.json"));
    let command = scene.script(&format!("k create --raw '{path}' -f {manifest}"));
    let planned = through(&scene.alice, &["plan"], &command);
    assert!(!planned.stdout.contains("eyJ"), "a token: {planned:?}");
    assert!(planned.stderr.contains("cannot plan"), "{planned:?}");
}
