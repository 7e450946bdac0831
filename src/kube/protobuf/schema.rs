//! The messages that are read and written here (k8s.io/api `core/v1/generated.proto`, k8s.io/apimachinery
//! `pkg/apis/meta/v1/generated.proto`).

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Bool,
    Int,
    Text,
    /// Seconds since the epoch, in a message.
    Time,
    /// JSON within a message of its own.
    Json,
    Message(&'static [Spec]),
    /// Of texts to bytes, which JSON has in base64.
    Bytes,
    Texts,
    /// Any number of times.
    List(&'static Self),
}

/// A field of a message: its number, its name in JSON, what it holds.
pub(super) type Spec = (u32, &'static str, Kind);

pub(super) const SECRET: &[Spec] = &[
    (1, "metadata", Kind::Message(OBJECT_META)),
    (2, "data", Kind::Bytes),
    (3, "type", Kind::Text),
    (4, "stringData", Kind::Texts),
    (5, "immutable", Kind::Bool),
];

pub(super) const CONFIG_MAP: &[Spec] = &[
    (1, "metadata", Kind::Message(OBJECT_META)),
    (2, "data", Kind::Texts),
    (3, "binaryData", Kind::Bytes),
    (4, "immutable", Kind::Bool),
];

const OBJECT_META: &[Spec] = &[
    (1, "name", Kind::Text),
    (2, "generateName", Kind::Text),
    (3, "namespace", Kind::Text),
    (4, "selfLink", Kind::Text),
    (5, "uid", Kind::Text),
    (6, "resourceVersion", Kind::Text),
    (7, "generation", Kind::Int),
    (8, "creationTimestamp", Kind::Time),
    (9, "deletionTimestamp", Kind::Time),
    (10, "deletionGracePeriodSeconds", Kind::Int),
    (11, "labels", Kind::Texts),
    (12, "annotations", Kind::Texts),
    (13, "ownerReferences", Kind::List(&Kind::Message(OWNER_REFERENCE))),
    (14, "finalizers", Kind::List(&Kind::Text)),
    (17, "managedFields", Kind::List(&Kind::Message(MANAGED_FIELDS))),
];

const OWNER_REFERENCE: &[Spec] = &[
    (1, "kind", Kind::Text),
    (3, "name", Kind::Text),
    (4, "uid", Kind::Text),
    (5, "apiVersion", Kind::Text),
    (6, "controller", Kind::Bool),
    (7, "blockOwnerDeletion", Kind::Bool),
];

const MANAGED_FIELDS: &[Spec] = &[
    (1, "manager", Kind::Text),
    (2, "operation", Kind::Text),
    (3, "apiVersion", Kind::Text),
    (4, "time", Kind::Time),
    (6, "fieldsType", Kind::Text),
    (7, "fieldsV1", Kind::Json),
    (8, "subresource", Kind::Text),
];

pub(super) const SECRET_LIST: &[Spec] =
    &[(1, "metadata", Kind::Message(LIST_META)), (2, "items", Kind::List(&Kind::Message(SECRET)))];

pub(super) const CONFIG_MAP_LIST: &[Spec] = &[
    (1, "metadata", Kind::Message(LIST_META)),
    (2, "items", Kind::List(&Kind::Message(CONFIG_MAP))),
];

pub(super) const STATUS: &[Spec] = &[
    (1, "metadata", Kind::Message(LIST_META)),
    (2, "status", Kind::Text),
    (3, "message", Kind::Text),
    (4, "reason", Kind::Text),
    (5, "details", Kind::Message(DETAILS)),
    (6, "code", Kind::Int),
];

const LIST_META: &[Spec] = &[
    (1, "selfLink", Kind::Text),
    (2, "resourceVersion", Kind::Text),
    (3, "continue", Kind::Text),
    (4, "remainingItemCount", Kind::Int),
];

const DETAILS: &[Spec] = &[
    (1, "name", Kind::Text),
    (2, "group", Kind::Text),
    (3, "kind", Kind::Text),
    (4, "causes", Kind::List(&Kind::Message(CAUSE))),
    (5, "retryAfterSeconds", Kind::Int),
    (6, "uid", Kind::Text),
];

const CAUSE: &[Spec] =
    &[(1, "reason", Kind::Text), (2, "message", Kind::Text), (3, "field", Kind::Text)];
