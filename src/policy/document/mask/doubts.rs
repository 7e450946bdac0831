//! Masks that can be read, and most likely do not hide what their author means: paths that are in
//! no such object, a `helm` without a release, output that is hidden at one door of two.

use crate::kube::resource_pattern::{ResourcePattern, literal_key};
use crate::mask::FieldPath;
use crate::policy::problem::{Place, Problems, did_you_mean};

/// Where values are in what holds nothing else.
const HOLDERS: [(&str, &[&str]); 2] = [
    ("configmaps", &["binaryData", "data", "immutable", "metadata"]),
    ("secrets", &["data", "immutable", "metadata", "stringData", "type"]),
];

/// What makes pods.
const WORKLOADS: [(&str, &str); 9] = [
    ("cronjobs", "batch"),
    ("daemonsets", "apps"),
    ("deployments", "apps"),
    ("jobs", "batch"),
    ("pods", ""),
    ("podtemplates", ""),
    ("replicasets", "apps"),
    ("replicationcontrollers", ""),
    ("statefulsets", "apps"),
];

/// The lists of a pod that hold what people mask, or lead there.
const LISTS: [&str; 8] = [
    "containers",
    "env",
    "envFrom",
    "ephemeralContainers",
    "initContainers",
    "ports",
    "volumeMounts",
    "volumes",
];

/// Where Helm keeps a release.
const RELEASE: [&str; 2] = ["data", "release"];

/// What of a mask is looked at.
pub(super) struct Written<'a> {
    /// Where it says what it is about.
    pub at: Place,
    pub resources: &'a [ResourcePattern],
    pub paths: &'a [(Place, FieldPath)],
    pub has_values: bool,
    /// Where it says how releases are shown, if it does.
    pub helm: Option<Place>,
}

impl Written<'_> {
    pub(super) fn warn(&self, problems: &mut Problems<'_>) {
        for (at, path) in self.paths {
            if let Some((message, hint)) = self.nowhere(path).or_else(|| self.no_index(path)) {
                problems.warn(*at, message, hint);
            }
        }
        if let Some(at) = self.helm.filter(|_| self.has_no_release()) {
            let hint = "releases are in `data.release` of Secrets: write `fields: [data.*]`";
            let message = "it hides no release of Helm, so `helm` says nothing".to_owned();
            problems.warn(at, message, Some(hint.to_owned()));
        }
        if self.names("exec") && self.names("log") && !self.names("attach") {
            let message = "what `pods/attach` shows is not hidden".to_owned();
            let hint = "it is the output that `pods/log` has: add `pods/attach`".to_owned();
            problems.warn(self.at, message, Some(hint));
        }
    }

    /// A path that begins with no field of the Secrets and `ConfigMap`s that it is about.
    fn nowhere(&self, path: &FieldPath) -> Option<(String, Option<String>)> {
        let first = path.keys().next()??;
        let holder = |pattern: &ResourcePattern| {
            let key = pattern.literal()?;
            HOLDERS.iter().find(|(resource, _)| literal_key(resource, "", "") == key)
        };
        let holders: Vec<_> = self.resources.iter().map(holder).collect::<Option<_>>()?;
        let known: Vec<&str> = holders.iter().flat_map(|(_, fields)| *fields).copied().collect();
        let resources: Vec<_> = holders.iter().map(|(resource, _)| *resource).collect();
        let is_wrong = !known.is_empty() && !known.contains(&first);
        is_wrong.then(|| {
            let message =
                format!("no object of `{}` has a field `{first}`", resources.join("`, `"));
            (message, did_you_mean(first, &known))
        })
    }

    /// A path that goes through a list of a pod as if it were a map.
    fn no_index(&self, path: &FieldPath) -> Option<(String, Option<String>)> {
        let is_about = |(resource, group): &(&str, &str)| {
            self.resources.iter().any(|pattern| pattern.names_objects(resource, group))
        };
        if !self.resources.is_empty() && !WORKLOADS.iter().any(is_about) {
            return None;
        }
        let keys: Vec<_> = path.keys().collect();
        if !matches!(keys.first(), Some(Some("spec" | "template"))) {
            return None;
        }
        let (list, field) = keys.windows(2).find_map(|pair| match pair {
            [Some(list), Some(field)] if LISTS.contains(list) => Some((*list, *field)),
            _ => None,
        })?;
        let is_index = field.bytes().all(|byte| byte.is_ascii_digit());
        (!is_index).then(|| {
            let hint = format!("write `{list}.*.{field}`");
            (format!("`{list}` is a list, and `{field}` no index"), Some(hint))
        })
    }

    fn has_no_release(&self) -> bool {
        let is_about = |resource: &str| {
            let names = |pattern: &ResourcePattern| pattern.names_objects(resource, "");
            self.resources.is_empty() || self.resources.iter().any(names)
        };
        let keeps = HOLDERS.iter().any(|(resource, _)| is_about(resource));
        let reaches = self.paths.iter().any(|(_, path)| path.may_reach(&RELEASE));
        // Detectors look into the releases of ConfigMaps, which are not hidden as a whole.
        let looks_into = self.has_values && is_about("configmaps");
        !keeps || !reaches && !looks_into
    }

    fn names(&self, subresource: &str) -> bool {
        let key = literal_key("pods", "", subresource);
        self.resources.iter().any(|pattern| pattern.literal().as_ref() == Some(&key))
    }
}
