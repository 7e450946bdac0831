//! The Secrets that a pod references, and what of them its containers cannot have started without.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What a pod wants of a Secret.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Whether its containers do not start without it.
    pub secret: bool,
    /// The keys that they do not start without.
    pub keys: BTreeSet<String>,
}

/// The Secrets that a pod references, in whatever field: by their names in `secretName`, and in what
/// ends with `SecretRef`, `secretKeyRef` or `secretRef`
/// (k8s.io/kubernetes `pkg/api/v1/pod/util.go`, `VisitPodSecretNames`).
pub(super) fn of(pod: &Value) -> BTreeMap<String, Wanted> {
    let mut names = BTreeMap::new();
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    collect(spec, &mut names);
    for secret in elements(spec, "imagePullSecrets") {
        add(secret, &mut names);
    }
    for kind in ["containers", "initContainers", "ephemeralContainers"] {
        elements(spec, kind).for_each(|container| wanted_by_container(container, &mut names));
    }
    for volume in elements(spec, "volumes") {
        let sources = volume.get("projected").into_iter().flat_map(|it| elements(it, "sources"));
        for source in sources.chain([volume]).filter_map(|it| it.get("secret")) {
            let name = source.get("secretName").or_else(|| source.get("name"));
            let keys = elements(source, "items").filter_map(|item| item.get("key"));
            want((name, keys), source, &mut names);
        }
    }
    names
}

fn collect(value: &Value, names: &mut BTreeMap<String, Wanted>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, names)),
        Value::Object(members) => {
            for (key, member) in members {
                let refers = ["ecretRef", "ecretKeyRef"].iter().any(|end| key.ends_with(end));
                match member {
                    Value::String(name) if key == "secretName" => {
                        names.entry(name.clone()).or_default();
                    }
                    member if refers || key == "secret" => add(member, names),
                    _ => {}
                }
                collect(member, names);
            }
        }
        _ => {}
    }
}

fn add(reference: &Value, names: &mut BTreeMap<String, Wanted>) {
    let name = reference.get("name").and_then(Value::as_str).filter(|name| is_name(name));
    if let Some(name) = name {
        names.entry(name.to_owned()).or_default();
    }
}

fn wanted_by_container(container: &Value, names: &mut BTreeMap<String, Wanted>) {
    for reference in
        elements(container, "env").filter_map(|it| it.pointer("/valueFrom/secretKeyRef"))
    {
        want((reference.get("name"), reference.get("key").into_iter()), reference, names);
    }
    for reference in elements(container, "envFrom").filter_map(|it| it.get("secretRef")) {
        want((reference.get("name"), None.into_iter()), reference, names);
    }
}

/// Unless it says that it is optional.
fn want<'a>(
    (name, keys): (Option<&Value>, impl Iterator<Item = &'a Value>),
    reference: &Value,
    names: &mut BTreeMap<String, Wanted>,
) {
    let is_optional = reference.get("optional") == Some(&Value::Bool(true));
    let name = name.and_then(Value::as_str).filter(|name| is_name(name) && !is_optional);
    if let Some(name) = name {
        let wanted = names.entry(name.to_owned()).or_default();
        wanted.secret = true;
        wanted.keys.extend(keys.filter_map(Value::as_str).map(str::to_owned));
    }
}

fn elements<'a>(of: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    of.get(field).and_then(Value::as_array).into_iter().flatten()
}

/// It becomes part of a path.
fn is_name(name: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    !name.is_empty() && name.bytes().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_that_names_a_secret_is_seen() {
        let pod = json!({"spec": {
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [
                {"secret": {"secretName": "volume"}},
                {"projected": {"sources": [{"secret": {"name": "projected"}}, {"configMap": {"name": "no"}}]}},
                {"csi": {"nodePublishSecretRef": {"name": "csi"}}},
                {"azureFile": {"secretName": "azure"}},
                {"cephfs": {"secretRef": {"name": "ceph"}}},
            ],
            "containers": [{
                "env": [
                    {"valueFrom": {"secretKeyRef": {"name": "env", "key": "a"}}},
                    {"valueFrom": {"configMapKeyRef": {"name": "no", "key": "a"}}},
                ],
                "envFrom": [{"secretRef": {"name": "env-from"}}],
            }],
            "initContainers": [{"envFrom": [{"secretRef": {"name": "init"}}]}],
            "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "ephemeral"}}]}],
        }});
        let names = of(&pod).into_keys().collect::<Vec<_>>();
        let expected = [
            "azure",
            "ceph",
            "csi",
            "env",
            "env-from",
            "ephemeral",
            "init",
            "projected",
            "pull",
            "volume",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn what_is_no_name_becomes_no_path() {
        let pod = json!({"spec": {"imagePullSecrets": [{"name": "../pods"}, {"name": ""}, {}]}});
        assert!(of(&pod).is_empty());
    }

    #[test]
    fn what_containers_cannot_start_without_is_told_from_what_they_can() {
        let key = |name, key, optional: bool| json!({"valueFrom": {"secretKeyRef": {"name": name, "key": key, "optional": optional}}});
        let pod = json!({"spec": {
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [
                {"secret": {"secretName": "volume", "items": [{"key": "a"}, {"key": "b"}]}},
                {"secret": {"secretName": "maybe", "optional": true, "items": [{"key": "a"}]}},
                {"projected": {"sources": [{"secret": {"name": "projected"}}]}},
                {"csi": {"nodePublishSecretRef": {"name": "csi"}}},
            ],
            "containers": [{
                "env": [key("env", "a", false), key("env", "b", true), key("env", "c", false)],
                "envFrom": [{"secretRef": {"name": "env-from"}}],
            }],
            "initContainers": [{"envFrom": [{"secretRef": {"name": "pull", "optional": true}}]}],
        }});
        let wanted = |secret, keys: &[&str]| Wanted {
            secret,
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        };
        let expected = [
            ("csi", wanted(false, &[])),
            ("env", wanted(true, &["a", "c"])),
            ("env-from", wanted(true, &[])),
            ("maybe", wanted(false, &[])),
            ("projected", wanted(true, &[])),
            ("pull", wanted(false, &[])),
            ("volume", wanted(true, &["a", "b"])),
        ];
        assert_eq!(of(&pod), expected.map(|(name, wanted)| (name.to_owned(), wanted)).into());
    }
}
