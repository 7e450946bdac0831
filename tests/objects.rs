//! Policies decide on what would be stored, whatever form the request has.

use crate::harness::{Gateway, Namespace, User};

const HEAD: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\n";

fn policies(specs: &[&str]) -> String {
    let of =
        |(name, spec): (char, &&str)| format!("{HEAD}metadata: {{name: {name}}}\nspec: {spec}\n");
    let allow = "{match: {callers: ['*']}, effect: allow}";
    let all: Vec<_> = ('a'..).zip(std::iter::once(&allow).chain(specs)).map(of).collect();
    all.join("---\n")
}

fn stage(purpose: &str, specs: &[&str]) -> (Gateway, Namespace, User) {
    let gateway = Gateway::with_policies(&policies(specs));
    let namespace = Namespace::create(purpose);
    namespace.allow(&[("user", "oidc:alice")]);
    let alice = User::person(&gateway, "alice");
    (gateway, namespace, alice)
}

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  \
    selector: {matchLabels: {a: web}}\n  template:\n    metadata: {labels: {a: web}}\n    \
    spec: {nodeSelector: {no: where}, containers: [{name: c, image: none}]}\n";

#[test]
fn a_policy_sees_the_object_with_defaults_in_every_form_of_the_request() {
    let (_gateway, namespace, alice) = stage(
        "stored",
        &[
            "{match: {resources: [deployments.apps]}, when: \"object != null && (object.spec.replicas \
           == 1 || object.spec.template.spec.containers[0].image == 'bad')\", effect: deny, message: Seen.}",
        ],
    );
    let run = |args: &[&str]| alice.kubectl(&[&["-n", &namespace.name], args].concat());
    let file = alice.home().join("web.yaml");
    let apply = |text: &str, flags: &[&str]| {
        std::fs::write(&file, text).unwrap();
        run(&[&["apply", "-f", file.to_str().unwrap()], flags].concat())
    };
    let three = DEPLOYMENT.replace("spec:\n  selector", "spec:\n  replicas: 3\n  selector");
    let denied = |what: &str, of: crate::harness::process::Output| {
        assert!(of.code == 77 && of.stderr.contains("Seen."), "{what}: {of:?}");
    };
    denied("the default is 1", apply(DEPLOYMENT, &[]));
    denied("the same by an apply of the server's", apply(DEPLOYMENT, &["--server-side"]));
    denied("protobuf", run(&["create", "deployment", "d", "--image=bad", "--replicas=2"]));
    apply(&three, &[]).ok();
    denied(
        "a merge patch",
        run(&["patch", "deployment", "web", "--type=merge", "-p", r#"{"spec":{"replicas":1}}"#]),
    );
    let json =
        r#"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"bad"}]"#;
    denied("a JSON patch", run(&["patch", "deployment", "web", "--type=json", "-p", json]));
    denied("a strategic patch", run(&["set", "image", "deployment/web", "c=bad"]));
    denied("a replace that leaves the number out", {
        std::fs::write(&file, DEPLOYMENT).unwrap();
        run(&["replace", "-f", file.to_str().unwrap()])
    });
    run(&["set", "image", "deployment/web", "c=good"]).ok();
    run(&["label", "deployment", "web", "x=y"]).ok();
}

#[test]
fn what_the_cluster_would_refuse_is_refused_in_its_own_words() {
    let (gateway, namespace, alice) = stage(
        "futile",
        &["{match: {capabilities: [run-code]}, when: object.spec.replicas == 7, effect: deny}"],
    );
    let n = namespace.name.as_str();
    let run = |args: &[&str]| alice.kubectl(&[&["-n", n], args].concat());
    namespace.apply(DEPLOYMENT);
    let invalid = run(&[
        "patch",
        "deployment",
        "web",
        "-p",
        r#"{"spec":{"selector":{"matchLabels":{"a":"b"}}}}"#,
    ]);
    assert!(invalid.code == 1 && invalid.stderr.contains("field is immutable"), "{invalid:?}");
    namespace.admin(&["set", "image", "deployment/web", "c=theirs"]).ok();
    let file = alice.home().join("web.yaml");
    std::fs::write(&file, DEPLOYMENT.replace("image: none", "image: other")).unwrap();
    let conflict = run(&["apply", "--server-side", "-f", file.to_str().unwrap()]);
    assert!(conflict.stderr.contains("Apply failed with 1 conflict"), "{conflict:?}");
    let missing = run(&["patch", "deployment", "gone", "-p", "{}"]);
    assert!(missing.stderr.contains("(NotFound)"), "{missing:?}");
    run(&["apply", "--server-side", "--force-conflicts", "-f", file.to_str().unwrap()]).ok();

    let trail = User::person(&gateway, "bob").kguard(&["audit", "list", "-o", "json"]).ok();
    assert!(trail.contains("as the cluster refused a dry run of it: 422"), "{trail}");
}

#[test]
fn a_create_is_known_by_the_name_in_its_body() {
    let (_gateway, namespace, alice) = stage(
        "names",
        &[
            "{match: {verbs: [create, delete], resources: [configmaps], names: [crown]}, effect: deny}",
        ],
    );
    let run = |args: &[&str]| alice.kubectl(&[&["-n", &namespace.name], args].concat());
    assert_eq!(run(&["create", "configmap", "crown"]).code, 77);
    run(&["create", "configmap", "jewel"]).ok();
    assert_eq!(run(&["delete", "configmap", "crown"]).code, 77);
}

/// Who may write an object but not read it gets no further than if the object were the worst.
#[test]
fn what_cannot_be_seen_is_assumed_to_be_the_worst() {
    let gateway = Gateway::with_policies(&policies(&[
        "{match: {capabilities: [kill-workloads]}, effect: deny}",
    ]));
    let namespace = Namespace::create("blind");
    let n = namespace.name.as_str();
    namespace.admin(&["create", "configmap", "c"]).ok();
    namespace.admin(&["create", "role", "blind", "--verb=patch", "--resource=configmaps"]).ok();
    let robot = User::workload(&gateway, &namespace, "robot");
    let account = format!("--serviceaccount={n}:robot");
    namespace.admin(&["create", "rolebinding", "blind", "--role=blind", &account]).ok();
    let target = format!(
        "PATCH /api/v1/namespaces/{n}/configmaps/c\nContent-Type: application/merge-patch+json"
    );
    let patch = || {
        crate::harness::http::send(
            &gateway,
            &robot,
            &target,
            r#"{"metadata":{"labels":{"a":"b"}}}"#,
        )
    };
    assert_eq!(patch().status, 403, "it may not be read");
    namespace.admin(&["create", "role", "sees", "--verb=get", "--resource=configmaps"]).ok();
    namespace.admin(&["create", "rolebinding", "sees", "--role=sees", &account]).ok();
    crate::harness::eventually("the right to read", || (patch().status == 200).then_some(()));
}

/// What is decided on is what is done: an object that changes in between is not changed.
#[test]
fn nobody_changes_an_object_between_the_look_and_the_deed() {
    let (gateway, namespace, alice) =
        stage("between", &["{match: {capabilities: [run-code]}, effect: deny}"]);
    let n = namespace.name.as_str();
    namespace.apply(DEPLOYMENT);
    let target = format!("/apis/apps/v1/namespaces/{n}/deployments/web");
    let flip = |image: &str| {
        let head = format!("PATCH {target}\nContent-Type: application/merge-patch+json");
        let body = format!(r#"{{"metadata":{{"annotations":{{"x":"{image}"}}}}}}"#);
        crate::harness::http::send(&gateway, &alice, &head, &body).status
    };
    let copy = || {
        let head = format!("PATCH {target}\nContent-Type: application/json-patch+json");
        let body = r#"[{"op":"copy","from":"/metadata/annotations/x","path":"/spec/template/spec/containers/0/image"}]"#;
        crate::harness::http::send(&gateway, &alice, &head, body).status
    };
    assert_eq!((flip("none"), copy()), (200, 200), "the same image is no program");
    assert_eq!((flip("evil"), copy()), (200, 403), "another one is");
    let statuses = std::thread::scope(|scope| {
        let flips =
            scope.spawn(|| (0..60).map(|i| flip(["none", "evil"][i % 2])).collect::<Vec<_>>());
        let copies: Vec<_> = (0..60).map(|_| copy()).collect();
        assert!(flips.join().unwrap().contains(&200));
        copies
    });
    assert!(statuses.iter().all(|status| [200, 403, 409].contains(status)), "{statuses:?}");
    let image = "jsonpath={.spec.template.spec.containers[0].image}";
    assert_eq!(namespace.admin(&["get", "deployment", "web", "-o", image]).ok(), "none");
}
