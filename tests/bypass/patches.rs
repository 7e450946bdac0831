//! Patches. A policy that looks at objects is not got around by a form of patch that does not show
//! what it does.

use super::catalogue::Outcome::{Does, Refuses, Says};
use super::catalogue::Proof::Shows;
use super::catalogue::{ENTRY, Entry, Outcome, Section, Story};
use super::lab::{ALLOW, Lab};

pub static SPELLING: Section = Section {
    title: "Patches",
    about: "There are four kinds of patch, two of which do not show what they do. The policy here denies a ConfigMap whose `role` is `admin`; whatever might make it that is denied.",
    policies: &[
        ALLOW,
        "{match: {verbs: [create, patch, update], resources: [configmaps]}, when: 'has(object.data) && has(object.data.role) && object.data.role == \"admin\"', effect: deny}",
    ],
    scene: |lab| {
        lab.make_configmap("x");
        let annotations = ["annotate", "configmap", "x", "role=admin", "a/b=admin"];
        lab.space.admin(&annotations).ok();
        lab.space.admin(&["patch", "configmap", "x", "-p", r#"{"data":{"a":"b"}}"#]).ok();
    },
    attacks: PATCHED,
    honest: PATCHED_HONESTLY,
    stories: STORIES,
};

/// Whether a policy sees what a patch does or cannot tell, it is the policy that refuses it.
const DENIED: Outcome = Refuses(403, "p1");

const PATCHED: &[Entry] = &[
    Entry {
        name: "a merge patch",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/merge-patch+json",
        body: br#"{"data":{"role":"admin"}}"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "the key with an escape",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/merge-patch+json",
        body: br#"{"data":{"r\u006fle":"admin"}}"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "the field twice",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/merge-patch+json",
        body: br#"{"data":{"role":"admin"},"data":{}}"#,
        unguarded: Does(200, ""),
        guarded: Refuses(400, "repeats a key"),
        ..ENTRY
    },
    Entry {
        name: "a strategic merge patch",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/strategic-merge-patch+json",
        body: br#"{"data":{"role":"admin"}}"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "one that replaces the map",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/strategic-merge-patch+json",
        body: br#"{"data":{"$patch":"replace","role":"admin"}}"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "one that keeps some keys",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/strategic-merge-patch+json",
        body: br#"{"data":{"$retainKeys":["role"],"role":"admin"}}"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "an apply patch",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All&fieldManager=a&force=true\nContent-Type: application/apply-patch+yaml",
        body: br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"role":"admin"}}"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "an apply patch in YAML",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All&fieldManager=a&force=true\nContent-Type: application/apply-patch+yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {\"\\x72ole\": &r admin}\n",
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "an apply patch by a merge key",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All&fieldManager=a&force=true\nContent-Type: application/apply-patch+yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {<<: {role: admin}}\n",
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "an apply patch of two documents",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All&fieldManager=a&force=true\nContent-Type: application/apply-patch+yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {role: admin}\n---\n{}\n",
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, "reads the first alone"),
        guarded: Refuses(400, "not valid YAML"),
    },
    Entry {
        name: "an apply patch that repeats a key",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All&fieldManager=a&force=true\nContent-Type: application/apply-patch+yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {role: user}\ndata: {role: admin}\n",
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, "takes the last"),
        guarded: Refuses(400, "not valid YAML"),
    },
    Entry {
        name: "a JSON patch that adds",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"add","path":"/data","value":{"role":"admin"}}]"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "one that replaces the whole object",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"replace","path":"","value":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"$NS"},"data":{"role":"admin"}}}]"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "one that copies it from elsewhere",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"copy","from":"/metadata/annotations/role","path":"/data/role"}]"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "one that moves it from elsewhere",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"move","from":"/metadata/annotations/role","path":"/data/role"}]"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "one that spells the key by pointer escapes",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json-patch+json",
        body: br#"[{"op":"copy","from":"/metadata/annotations/a~1b","path":"/data/role"}]"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "protobuf",
        sends: "PUT /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/vnd.kubernetes.protobuf",
        body: b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x14\x0a\x03\x0a\x01x\x12\x0d\x0a\x04role\x12\x05admin",
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "an update in YAML",
        sends: "PUT /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {role: !!binary YWRtaW4=}\n",
        proof: Shows(r#""role":"admin""#),
        unguarded: Does(200, ""),
        guarded: DENIED,
    },
    Entry {
        name: "a patch type in another case",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: Application/Merge-Patch+JSON",
        body: br#"{"data":{"role":"admin"}}"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
    },
    Entry {
        name: "a patch without a type",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All",
        body: br#"{"data":{"role":"admin"}}"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
    },
    Entry {
        name: "a patch as plain JSON",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/json",
        body: br#"{"data":{"role":"admin"}}"#,
        proof: Shows(r#""role":"admin""#),
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
    },
    Entry {
        name: "an apply patch in CBOR",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All&fieldManager=a\nContent-Type: application/apply-patch+cbor",
        body: b"{}",
        unguarded: Says(415, ""),
        guarded: Refuses(415, "content type is not supported"),
        ..ENTRY
    },
];

const PATCHED_HONESTLY: &[Entry] = &[
    Entry {
        name: "a merge patch",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/merge-patch+json",
        body: br#"{"data":{"role":"user"}}"#,
        proof: Shows(r#""role":"user""#),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
    },
    Entry {
        name: "a type with a parameter",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All\nContent-Type: application/merge-patch+json; charset=utf-8",
        body: br#"{"data":{"role":"user"}}"#,
        proof: Shows(r#""role":"user""#),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
    },
    Entry {
        name: "an apply patch",
        sends: "PATCH /api/v1/namespaces/$NS/configmaps/x?dryRun=All&fieldManager=a&force=true\nContent-Type: application/apply-patch+yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {role: user}\n",
        proof: Shows(r#""role":"user""#),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
    },
];

const STORIES: &[Story] = &[Story {
    name: "a directive that hides what a patch does",
    attacker: "takes `replicas` away by `$patch: replace` or `$retainKeys`",
    unguarded: "**200** falls back to 1",
    guarded: "held by the policy that watches `replicas`: it sees what would be stored",
}];

/// A strategic merge patch can take away what it does not name: `replicas` then falls back to 1.
#[test]
fn no_directive_hides_what_a_patch_does() {
    let lab = Lab::new();
    let spec = "serviceName: x\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {nodeSelector: {no: where}, containers: [{name: c, image: none}]}}";
    lab.space.apply(&format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: big}}\nspec:\n  replicas: 9\n  {spec}\n"
    ));
    let head = "PATCH /apis/apps/v1/namespaces/$NS/statefulsets/big?dryRun=All\nContent-Type: application/strategic-merge-patch+json";
    for directive in [
        r#""$patch":"replace","serviceName":"x","selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"none"}]}}"#,
        r#""$retainKeys":["serviceName","selector","template"]"#,
    ] {
        let patch = format!(r#"{{"spec":{{{directive}}}}}"#);
        let unguarded = lab.unguarded(head, &patch);
        assert_eq!(unguarded.json()["spec"]["replicas"], 1, "{unguarded:?}");
        let answer = lab.guarded(head, &patch);
        assert_eq!(answer.status, 429, "held: {answer:?}");
        assert!(answer.message().contains("by more than half"), "{answer:?}");
    }
    assert_eq!(lab.guarded(head, r#"{"spec":{"replicas":8}}"#).status, 200);
    let list = r#"{"spec":{"template":{"spec":{"volumes":[{"$retainKeys":["name","emptyDir"],"name":"v","emptyDir":{}}]}}}}"#;
    assert_eq!(lab.guarded(head, list).status, 200, "as kubectl apply sends it");
}
