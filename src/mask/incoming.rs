//! The way back: what a caller writes to whom values are masked.
//!
//! He edits what he was shown, so placeholders come back in the place of values. Each stands for
//! just one value of one object, and becomes it again, in the place that it came from or in another
//! where it stays hidden. What he writes besides may not tell him what is stored: nothing that
//! comes of a right guess may differ from what comes of a wrong one.
//!
//! ```text
//! live object → difference (what masking hides of it) ┐
//! body → restore (placeholders become values) ────────┴→ difference (what it brings of its own)
//!      → secret (for Secrets: no oracle) → body to send, and what the answer may show
//! ```
//!
//! All of it is pure: the caller of [`Incoming`] reads the live object.

pub(super) mod difference;
mod json;
mod place;
mod release;
mod restore;
mod secret;
mod spans;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

use self::difference::{Hidden, hidden};
use self::place::{Part, Place, Step};
use self::restore::{Bounds, Origin, Originals, Restored};
use self::spans::spans;
use super::helm::Keeper;
use super::kind::GroupKind;
use super::object::{LAST_APPLIED, identity_of_uid, subject};
use super::placeholder::{Echo, ObjectPlaceholders, Placeholders, contains_placeholder};
use super::rule::{MaskRule, MaskRules};
use super::walk::detectors;
use super::{Context, FieldPath, MAX_ELEMENT_BYTES, Shape};
use crate::kube::request_info::ResourceInfo;

/// How a body says what is to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form<'a> {
    /// Server-side apply.
    Apply {
        /// The field manager.
        manager: &'a str,
        /// Whether it takes what others manage.
        force: bool,
    },
    /// RFC 6902.
    JsonPatch,
    /// RFC 7386.
    MergePatch,
    /// The whole object.
    Object,
    /// Kubernetes' own; it merges lists.
    StrategicMergePatch,
}

/// Why a write is refused, whatever the policies say of it. Nothing here tells a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// 409: the placeholder is this object's, of a value that is no longer there.
    #[error(
        "{place} was changed since you read it: read the object again, so that kguard can tell \
         which value is meant"
    )]
    Changed {
        /// Where it stands.
        place: String,
    },
    /// 409, as the API server says it of what is another value.
    #[error(
        "Apply failed with {} conflict{}: other managers have {}",
        .fields.len(), if .fields.len() == 1 { "" } else { "s" }, .fields.join(", ")
    )]
    Conflict {
        /// The fields that others manage.
        fields: Vec<String>,
    },
    /// 422: a placeholder where none can become a value.
    #[error(
        "{place} holds a value masked by kguard (`kguard:masked:…`) that stands for nothing here: \
         give the real value, leave the field out, or read the object again"
    )]
    Foreign {
        /// Where it stands.
        place: String,
    },
    /// 422, as the API server says it.
    #[error("data: Forbidden: field is immutable when `immutable` is set")]
    Immutable,
    /// 422: a patch that asks who manages what.
    #[error(
        "kguard does not show who manages which field of a Secret whose values it masks, so \
         `metadata.managedFields` cannot be patched"
    )]
    Managers,
    /// 422: a patch that might take away what kguard keeps with a Secret.
    #[error(
        "kguard keeps the annotation `{}` with Secrets whose values it masks, and cannot tell \
         what would become of it: name the single labels and annotations to change",
        super::written::WRITTEN
    )]
    Metadata,
    /// 403: what would be lost in a release, or put where it does not belong.
    #[error(
        "the values in Helm's releases are masked for you, and this release holds some of them in \
         places where they cannot be put back (as with --reuse-values, or a rollback): let the mask \
         say `helm: raw` for who runs helm"
    )]
    Release,
    /// 403: an apply that takes what others manage, and would show later whether that was the same.
    #[error(
        "other managers have {}, and kguard masks it for you: server-side apply cannot take it over, \
         not even by force; write it without --server-side, or leave it out",
        .fields.join(", ")
    )]
    TakeOver {
        /// The fields that others manage.
        fields: Vec<String>,
    },
    /// 422: one side of the write could not be understood.
    #[error(
        "kguard cannot tell what is masked of this object, so it cannot put masked values back"
    )]
    Unmaskable,
}

/// What is known of a write besides its body.
pub struct Incoming<'a> {
    /// What is masked to the caller.
    pub rules: Arc<MaskRules>,
    /// What made the placeholders that he has.
    pub placeholders: Placeholders,
    /// What he writes.
    pub resource: &'a ResourceInfo,
    /// How.
    pub form: Form<'a>,
    /// What is stored; none if it is not there yet, or was not read.
    pub live: Option<&'a Value>,
}

/// What comes of preparing a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// What the answer to the write may not show.
    pub echo: Echo,
    /// Whether it was prepared for the very version that was read, so that it may not be stored over
    /// another one.
    pub for_version: bool,
}

impl Unwritable {
    /// The field that is in the way, if it is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Changed { place } | Self::Foreign { place } => Some(place),
            Self::Immutable => Some("data"),
            Self::Conflict { .. }
            | Self::Managers
            | Self::Metadata
            | Self::Release
            | Self::TakeOver { .. }
            | Self::Unmaskable => None,
        }
    }
}

impl MaskRules {
    /// Whether the live object is needed to judge a write that returns no placeholder: a Secret's,
    /// whose values are masked.
    pub fn guard(&self, resource: &ResourceInfo) -> bool {
        resource.resource == "secrets"
            && resource.api_group.is_empty()
            && resource.subresource.is_empty()
            && self.cover_object(resource)
    }

    /// Whether a body has to be prepared because it keeps a Helm release, in which nobody sees a
    /// placeholder.
    pub fn keep_release(&self, resource: &ResourceInfo, body: &Value) -> bool {
        !self.is_empty() && Keeper::of_value(resource, body).is_some()
    }

    /// Whether some rule masks the very object of a request.
    fn cover_object(&self, resource: &ResourceInfo) -> bool {
        !self.of_object(resource).is_empty()
    }
}

impl Incoming<'_> {
    /// Puts values where placeholders stand.
    pub fn prepare(&self, body: &mut Value) -> Result<Prepared, Unwritable> {
        let originals = match self.live {
            Some(live) => {
                let detectors = detectors(&self.matching());
                Originals::of(self.hidden(live)?, self.object(live), &detectors)
            }
            None => Originals::default(),
        };
        let is_release_restored = release::restore(self, body)?;
        let (mut written, mut for_version) = (Vec::new(), is_release_restored);
        for part in place::parts(body, self.form, self.live) {
            let (mut own, is_restored) = self.restore(part, &originals)?;
            own.retain(|own| !(is_release_restored && own.place.is_release()));
            written.extend(own);
            for_version |= is_restored;
        }
        if let Some(place) = place::of_placeholder(body) {
            return Err(Unwritable::Foreign { place });
        }
        if self.rules.guard(self.resource) {
            // Salts of before, over those of a write that came between, would tell what it wrote.
            let says_salts = secret::guard(self, body, &written)?;
            let for_version = says_salts || for_version && !self.is_mirrored();
            return Ok(Prepared { echo: secret::echo(&written), for_version });
        }
        let opaque = self.form == Form::JsonPatch
            || written.iter().any(|written| written.restored.is_none());
        let for_version = for_version && !self.is_mirrored();
        Ok(Prepared { echo: if opaque { Echo::All } else { Echo::None }, for_version })
    }

    /// Restores one part of the body, if there is anything to restore, and answers with what it brings
    /// of its own.
    fn restore(
        &self,
        Part { place, value }: Part<'_>,
        originals: &Originals,
    ) -> Result<(Vec<Written>, bool), Unwritable> {
        let rules = self.matching();
        let exact = rules.iter().flat_map(|rule| &rule.fields).any(FieldPath::has_positions);
        let bounds = Bounds { is_secret: self.is_secret(), exact };
        let restored = originals.restore((&place, &mut *value), bounds)?;
        let hidden = self.hidden(&self.as_live(&place, value))?;
        // In a patch of a list, positions are not those of what it becomes.
        let keeps_positions = !exact || matches!(self.form, Form::MergePatch | Form::Object);
        let detectors = detectors(&rules);
        let stays_hidden = |restored: &Restored| {
            let found = hidden.iter().find(|hidden| hidden.place == restored.place);
            keeps_positions
                && found.is_some_and(|found| restored.lies_within(&spans(found, &detectors)))
        };
        if let Some(shown) = restored.iter().find(|restored| !stays_hidden(restored)) {
            return Err(Unwritable::Foreign { place: shown.place.to_string() });
        }
        let written = hidden.into_iter().filter_map(|hidden| {
            match restored.iter().find(|restored| restored.place == hidden.place) {
                Some(Restored { origin: Origin::Own, .. }) => None,
                Some(Restored { place, given, origin, .. }) => Some(Written {
                    place: place.clone(),
                    given: given.clone(),
                    restored: Some(*origin),
                }),
                None => {
                    let given = hidden.original.to_string();
                    Some(Written { place: hidden.place, given, restored: None })
                }
            }
        });
        Ok((written.collect(), !restored.is_empty()))
    }

    /// The rules that the live object is masked by.
    fn matching(&self) -> Vec<&MaskRule> {
        let context = self.context();
        let text = |pointer: &str| self.live.and_then(|live| live.pointer(pointer)?.as_str());
        let kind = GroupKind::new(
            text("/apiVersion").unwrap_or_default(),
            text("/kind").unwrap_or_default(),
        );
        let names = (text("/metadata/namespace"), text("/metadata/name"));
        self.rules.matching(&subject(&context, kind.as_ref(), names))
    }

    /// What masking hides of an object.
    fn hidden(&self, object: &Value) -> Result<Vec<Hidden>, Unwritable> {
        hidden(self.context(), object).map_err(|_| Unwritable::Unmaskable)
    }

    /// How the object is masked when it is read.
    fn context(&self) -> Context {
        Context {
            rules: Arc::clone(&self.rules),
            shape: Shape::Object,
            requested: Some(self.resource.clone()),
            placeholders: self.placeholders.clone(),
            max_element_bytes: MAX_ELEMENT_BYTES,
        }
    }

    /// A part of a body as the object that it is going to be a part of.
    fn as_live(&self, place: &Place, value: &Value) -> Value {
        let mut object = place.holding(value.clone());
        let Some(live) = self.live else { return object };
        for path in [&["apiVersion"] as &[_], &["kind"], &["type"]] {
            json::copy(live, &mut object, path);
        }
        for field in ["name", "namespace", "uid"] {
            json::copy(live, &mut object, &["metadata", field]);
        }
        object
    }

    /// Whether the API server copies the body into the last-applied annotation, as it does for kubectl
    /// (k8s.io/apimachinery `pkg/util/managedfields/internal/lastappliedupdater.go`): a version in it
    /// would stand there, and the next `kubectl apply` of a file would try to take it away.
    fn is_mirrored(&self) -> bool {
        let annotations = self.live.and_then(|live| live.pointer("/metadata/annotations"));
        matches!(self.form, Form::Apply { manager: "kubectl", .. })
            && annotations.is_some_and(|annotations| annotations.get(LAST_APPLIED).is_some())
    }

    /// The placeholders of the live object.
    fn object(&self, live: &Value) -> ObjectPlaceholders {
        self.placeholders.of_object(&identity(live))
    }

    fn is_secret(&self) -> bool {
        self.resource.resource == "secrets" && self.resource.api_group.is_empty()
    }
}

/// What tells a stored object apart.
fn identity(live: &Value) -> String {
    let uid = live.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    identity_of_uid(uid)
}

/// Something that is masked and that a body brings, other than what stood there before.
struct Written {
    place: Place,
    /// As the caller gave it.
    given: String,
    /// Where it comes from, if it is what is hidden somewhere else.
    restored: Option<Origin>,
}
