//! What a caller wrote into a Secret whose values are masked for him.
//!
//! Writing what is there already changes nothing, and the API server shows that: the
//! `resourceVersion` stays. So a write would tell whether a guess is right. Therefore the gateway
//! notes in an annotation which keys were written and salts their placeholders with it: the object
//! changes with every write, and the placeholder too, whatever was written.

use std::collections::BTreeMap;

use super::MaskError;
use super::members::Members;

/// The annotation: a JSON object of a salt for each key.
pub(super) const WRITTEN: &str = "kguard.dev/written";

/// The salts of one Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Salts {
    /// By key.
    Keys(BTreeMap<String, String>),
    /// What somebody wrote there who is not the gateway: the salt of all.
    Unreadable(String),
}

impl Salts {
    /// Those in an object's metadata.
    pub(super) fn read(metadata: Option<&Members<'_>>) -> Result<Self, MaskError> {
        let annotations = metadata.map(|metadata| metadata.object("annotations")).transpose()?;
        let text = annotations.flatten().and_then(|annotations| annotations.string(WRITTEN));
        Ok(text.map_or_else(Self::default, |text| Self::parse(&text)))
    }

    /// Reads the annotation.
    pub(super) fn parse(text: &str) -> Self {
        match serde_json::from_str(text) {
            Ok(keys) => Self::Keys(keys),
            Err(_) => Self::Unreadable(text.to_owned()),
        }
    }

    /// The salt of a key; empty if that was never written.
    pub(super) fn of(&self, key: &str) -> &str {
        match self {
            Self::Keys(keys) => keys.get(key).map(String::as_str).unwrap_or_default(),
            Self::Unreadable(text) => text,
        }
    }
}

impl Default for Salts {
    fn default() -> Self {
        Self::Keys(BTreeMap::new())
    }
}
