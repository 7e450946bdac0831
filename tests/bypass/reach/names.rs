//! One name among others.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Shows;
use crate::bypass::catalogue::{ENTRY, Entry, Outcome, Section, Story};
use crate::bypass::lab::{ALLOW, Lab, policies};

pub static NAMES: Section = Section {
    title: "One name among others",
    about: "Whoever lists everything sees the one that he may not see. The policy here denies the ConfigMap and the Event `crown`.",
    policies: &[ALLOW, "{match: {resources: [configmaps, events], names: [crown]}, effect: deny}"],
    scene: |lab| {
        lab.make_configmap("x");
        lab.make_configmap("crown");
        lab.space.admin(&["label", "configmap", "crown", "jewel=yes"]).ok();
        lab.space.apply(&lab.place(EVENT));
    },
    attacks: NAMED,
    honest: NAMED_HONESTLY,
    stories: STORIES,
};

/// The second policy of every section is the one that denies.
const DENIED: Outcome = Refuses(403, "p1");

const NAMED: &[Entry] = &[
    Entry {
        name: "the name",
        sends: "GET /api/v1/namespaces/$NS/configmaps/crown",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the name with escapes",
        sends: "GET /api/v1/namespaces/$NS/configmaps/%63rown",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a list",
        sends: "GET /api/v1/namespaces/$NS/configmaps",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch",
        sends: "GET /api/v1/namespaces/$NS/configmaps?watch=1&timeoutSeconds=1",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a list by path",
        sends: "GET /api/v1/watch/namespaces/$NS/configmaps?timeoutSeconds=1",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch of it by path",
        sends: "GET /api/v1/watch/namespaces/$NS/configmaps/crown?timeoutSeconds=1",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a list across all namespaces",
        sends: "GET /api/v1/configmaps",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch across all namespaces",
        sends: "GET /api/v1/configmaps?watch=1&timeoutSeconds=1",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a list of one",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3Dcrown",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "with two equals signs",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3D%3Dcrown",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "with the namespace in front",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.namespace%3D$NS,metadata.name%3Dcrown",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "with the key escaped",
        sends: "GET /api/v1/namespaces/$NS/configmaps?field%53elector=metadata.name%3Dcrown",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "all but another",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name!%3Dx",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "by a label",
        sends: "GET /api/v1/namespaces/$NS/configmaps?labelSelector=jewel",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "with spaces around it",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3D%20crown",
        proof: Shows("jewel"),
        unguarded: Says(200, "is another name"),
        guarded: Says(200, "is another name"),
        ..ENTRY
    },
    Entry {
        name: "with a term that is empty",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=,metadata.name%3Dcrown,",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "another name first",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3Dx,metadata.name%3Dcrown",
        proof: Shows("jewel"),
        unguarded: Says(200, "no object has both"),
        guarded: Says(200, "no object has both"),
        ..ENTRY
    },
    Entry {
        name: "a name that is no segment",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3D%2525",
        proof: Shows("jewel"),
        unguarded: Says(200, "nothing has that name"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a watch of one",
        sends: "GET /api/v1/namespaces/$NS/configmaps?watch=1&fieldSelector=metadata.name%3Dcrown&timeoutSeconds=1",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a page",
        sends: "GET /api/v1/namespaces/$NS/configmaps?limit=1",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "a table",
        sends: "GET /api/v1/namespaces/$NS/configmaps\nAccept: application/json;as=Table;v=v1;g=meta.k8s.io",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "an Event",
        sends: "GET /api/v1/namespaces/$NS/events/crown",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "the same Event in its other group",
        sends: "GET /apis/events.k8s.io/v1/namespaces/$NS/events/crown",
        proof: Shows("jewel"),
        unguarded: Does(200, "serves the same objects in two groups"),
        guarded: DENIED,
        ..ENTRY
    },
    Entry {
        name: "all Events in their other group",
        sends: "GET /apis/events.k8s.io/v1/namespaces/$NS/events?watch=1&timeoutSeconds=1",
        proof: Shows("jewel"),
        unguarded: Does(200, ""),
        guarded: DENIED,
        ..ENTRY
    },
];

const NAMED_HONESTLY: &[Entry] = &[
    Entry {
        name: "another name",
        sends: "GET /api/v1/namespaces/$NS/configmaps/x",
        proof: Shows("\"name\":\"x\""),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
    Entry {
        name: "a list of another",
        sends: "GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3Dx",
        proof: Shows("\"name\":\"x\""),
        unguarded: Does(200, ""),
        guarded: Does(200, ""),
        ..ENTRY
    },
];

const EVENT: &str = "apiVersion: v1\nkind: Event\nmetadata: {name: crown, labels: {jewel: 'yes'}}\ninvolvedObject: {namespace: $NS}\n";

const STORIES: &[Story] = &[Story {
    name: "one namespace among all",
    attacker: "lists or watches all namespaces where a policy denies one",
    unguarded: "**200** shows it",
    guarded: "403 by that policy",
}];

/// A list over all namespaces shows those of the one that is denied, as does a list of everything
/// the one name that is.
#[test]
fn a_denied_namespace_is_denied_among_all_namespaces() {
    let lab = Lab::new();
    lab.space.admin(&["create", "configmap", "crown"]).ok();
    let binding = format!("bypass-{}", lab.space.name);
    let cluster = crate::harness::Cluster::get();
    cluster
        .admin(&[
            "create",
            "clusterrolebinding",
            &binding,
            "--clusterrole=view",
            "--user=oidc:alice",
        ])
        .ok();
    let namespaces = format!("{{match: {{namespaces: [{}]}}, effect: deny}}", lab.space.name);
    let names = "{match: {resources: [configmaps], names: [crown]}, effect: deny}";
    let mut answers = Vec::new();
    for rule in [namespaces.as_str(), names] {
        lab.gateway.set_policies(&policies(&[ALLOW, rule]));
        for head in [
            "GET /api/v1/namespaces/$NS/configmaps/crown",
            "GET /api/v1/configmaps",
            "GET /api/v1/configmaps?watch=1&timeoutSeconds=1",
            "GET /api/v1/watch/configmaps?timeoutSeconds=1",
            "GET /api/v1/configmaps?fieldSelector=metadata.namespace%3D$NS",
            "GET /api/v1/configmaps?fieldSelector=metadata.name%3Dcrown",
            "GET /api/v1/configmaps?fieldSelector=metadata.name!%3Dx",
        ] {
            assert!(lab.unguarded(head, "").body.contains("crown"), "unguarded: {head}");
            answers.push((rule, head, lab.guarded(head, "")));
        }
    }
    let one = "GET /api/v1/namespaces/default/configmaps?fieldSelector=metadata.name%3Dx";
    let honest = lab.guarded(one, "").status;
    cluster.admin(&["delete", "clusterrolebinding", &binding]).ok();
    for (rule, head, answer) in answers {
        assert_eq!(answer.status, 403, "{rule}: {head}: {answer:?}");
        assert!(answer.message().contains("p1"), "denied by the policy: {answer:?}");
    }
    assert_eq!(honest, 200, "another namespace, and another name");
}
