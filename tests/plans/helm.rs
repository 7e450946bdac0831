//! helm: its records of releases have times in them, and are bound but for those.

use super::*;

const TEMPLATE: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {color: {{ .Values.color }}}\n";

#[test]
fn a_chart_is_installed_and_upgraded_as_planned() {
    let scene = Scene::set("helm");
    let build = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/helm/build.sh");
    let helm = run(std::process::Command::new("bash").arg(build)).ok().trim().to_owned();
    let chart = scene.folder(&[
        ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n".to_owned()),
        ("values.yaml", "color: blue\n".to_owned()),
    ]);
    std::fs::create_dir_all(chart.join("templates")).unwrap();
    std::fs::write(chart.join("templates/all.yaml"), TEMPLATE).unwrap();
    let upgrade = |color: &str| {
        let set = format!("color={color}");
        let args = [
            "-n",
            &scene.namespace.name,
            "upgrade",
            "--install",
            "app",
            &file(&chart),
            "--set",
            &set,
        ];
        std::iter::once(helm.clone()).chain(args.map(str::to_owned)).collect::<Vec<_>>()
    };
    for color in ["blue", "red"] {
        let command = upgrade(color);
        let before = scene.stored();
        let id = scene.plan(&command);
        assert_eq!(scene.stored(), before, "a plan changes nothing");
        let plan = scene.shown(&id);
        let writes = plan["writes"].as_array().unwrap();
        assert!(writes.iter().all(|write| write["unforeseen"].is_null()), "{plan}");
        let card = scene.bob.kguard(&["requests", &id]).ok();
        assert!(card.contains("not bound: the times in helm's release"), "{card}");
        scene.approve(&id);
        // What `--set` sets may be a secret, so this command is not kept.
        assert_eq!(scene.apply(&id).code, 64);
        let applied = through(&scene.alice, &["run", "--plan", &id], &command);
        assert_eq!(applied.code, 0, "{applied:?}");
        assert!(!applied.stderr.contains("not run"), "{applied:?}");
        assert_eq!(scene.get("configmap/app", "{.data.color}").unwrap(), color);
    }
    // Another value is another release, and another manifest.
    let id = scene.plan(&upgrade("green"));
    scene.approve(&id);
    let other = through(&scene.alice, &["run", "--plan", &id], &upgrade("black"));
    assert_eq!(other.code, 77, "{other:?}");
    assert_eq!(scene.get("configmap/app", "{.data.color}").unwrap(), "red");
}
