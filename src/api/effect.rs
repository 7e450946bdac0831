//! What a held request would do, for the eyes of those who decide on it.

use serde::{Deserialize, Serialize};

/// The effect of a held request, as far as it is known yet.
///
/// It is worked out anew each time it is shown, in the name of the one as whom the request would
/// run, and masked by what is masked for him and for the one who looks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// Whether this is all; otherwise more lines follow.
    pub complete: bool,
    /// What would be different in the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeEffect>,
    /// What is different in the object since the hold opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// What goes along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blast_radius: Option<BlastRadius>,
    /// Where a stream would lead, and what it would run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecEffect>,
    /// From how many to how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScaleEffect>,
    /// Who manages the object and may undo the change, where its labels and annotations say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed_by: Vec<String>,
    /// What else an approver should know: what stands in the way, and what could not be found out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What would be different in an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEffect {
    /// A unified diff of YAML; empty if nothing would be different.
    pub diff: String,
}

/// What is different since the hold opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// A sentence and, where it can be told, a unified diff of YAML below it.
    pub what: String,
}

/// What goes along with a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlastRadius {
    /// The namespaces in which something goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// How many objects of each kind, the most first.
    #[serde(default)]
    pub kinds: Vec<KindCount>,
    /// Volumes that would be released.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    /// Services whose load balancers would go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load_balancers: Vec<LoadBalancer>,
    /// Disruption budgets that would be broken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<DisruptionBudget>,
}

/// How many objects of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KindCount {
    /// The kind.
    pub kind: String,
    /// Its API group and version.
    pub api_version: String,
    /// How many.
    pub count: u64,
    /// Whether there are more than were counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// A persistent volume that would be released.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// What becomes of what is on it: `Delete`, `Retain` or `Recycle`.
    pub reclaim_policy: String,
    /// How large it is.
    pub storage: String,
}

/// A Service whose load balancer would go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The addresses under which it is reached.
    #[serde(default)]
    pub addresses: Vec<String>,
}

/// A disruption budget that would be broken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisruptionBudget {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How.
    pub why: String,
}

/// Where an exec, attach or port-forward would lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecEffect {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// Its uid: the approval is for no other pod of this name.
    pub uid: String,
    /// The container; the one that the API server picks, if none was named.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// The container's image.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// The node that the pod is on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// The program and its arguments, without what is masked in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// Whether somebody sits at a terminal.
    #[serde(default)]
    pub tty: bool,
}

/// From how many replicas to how many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleEffect {
    /// How many are wanted now.
    pub from: u64,
    /// How many would be.
    pub to: u64,
}
