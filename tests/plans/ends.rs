//! How plans end: denied, after a restart, left alone.

use super::*;

#[test]
fn a_denied_plan_does_not_run() {
    let scene = Scene::set("no");
    let folder = scene.folder(&[("a.yaml", config_map("a", "1"))]);
    let id = scene.plan(&scene.script(&format!("k apply -f {}", file(&folder))));
    scene.bob.kguard(&["deny", &id, "--comment", "not today"]).ok();
    let applied = scene.apply(&id);
    assert_eq!(applied.code, 77, "{applied:?}");
    assert_eq!(scene.get("configmap/a", "{.data.value}"), None);
}

#[test]
fn an_approved_plan_outlives_the_gateway() {
    let mut scene = Scene::set("restart");
    let folder = scene.folder(&[("a.yaml", config_map("a", "1"))]);
    let command = scene.script(&format!("k apply -f {}", file(&folder)));
    let [approved, waiting] = [(); 2].map(|()| scene.plan(&command));
    scene.approve(&approved);
    scene.gateway.kill();
    scene.gateway.restart();
    let Scene { gateway, alice, bob, .. } = &mut scene;
    alice.follow(gateway);
    bob.follow(gateway);
    assert_eq!(scene.shown(&waiting)["state"], "pending");
    let applied = scene.apply(&approved);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert_eq!(scene.get("configmap/a", "{.data.value}").unwrap(), "1");
    // The other one was made before the object was there.
    scene.approve(&waiting);
    let late = scene.apply(&waiting);
    assert!(late.stderr.contains("0 of 1 writes have run"), "{late:?}");
}

#[test]
fn a_plan_that_is_run_ends_with_the_gateway() {
    let mut scene = Scene::set("cut");
    let folder = scene.folder(&[("a.yaml", config_map("a", "1"))]);
    let command = scene.script(&format!("k apply -f {}", file(&folder)));
    let id = scene.plan(&command);
    scene.approve(&id);
    let slow = scene.script("echo begun; read line || true");
    let slow: Vec<&str> = slow.iter().map(String::as_str).collect();
    let mut running = scene.alice.start(&[&["run", "--plan", &id, "--"][..], &slow].concat());
    running.wait_for("the run", |line| (line == "begun").then_some(()));
    assert_eq!(scene.shown(&id)["state"], "running");
    let second = through(&scene.alice, &["run", "--plan", &id], &command);
    assert_eq!(second.code, 77, "one session runs a plan: {second:?}");
    scene.gateway.kill();
    scene.gateway.restart();
    scene.bob.follow(&scene.gateway);
    assert_eq!(scene.shown(&id)["state"], "stopped");
}

#[test]
fn approved_writes_that_did_not_run_are_told() {
    let scene = Scene::set("missing");
    let folder =
        scene.folder(&[("a.yaml", config_map("a", "1")), ("b.yaml", config_map("b", "1"))]);
    let id = scene.plan(&scene.script(&format!("k apply -f {}", file(&folder))));
    scene.approve(&id);
    let less = scene.script(&format!("k apply -f {}/a.yaml", file(&folder)));
    let ran = through(&scene.alice, &["run", "--plan", &id], &less);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("1 of 2 writes have run"), "{ran:?}");
    assert!(ran.stderr.contains("approved, and not run: create configmaps/b"), "{ran:?}");
}

#[test]
fn a_kubectl_of_kguards_own_within_a_plan_plans_too() {
    let scene = Scene::set("nested");
    let kguard = crate::harness::process::binary("kguard");
    let n = &scene.namespace.name;
    let command = vec![
        "sh".to_owned(),
        "-c".to_owned(),
        format!("'{}' kubectl -n {n} create configmap a --from-literal=value=1", kguard.display()),
    ];
    let id = scene.plan(&command);
    assert_eq!(scene.get("configmap/a", "{.data.value}"), None);
    scene.approve(&id);
    let ran = through(&scene.alice, &["run", "--plan", &id], &command);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(scene.get("configmap/a", "{.data.value}").unwrap(), "1");
}
