//! What masking hides of an object, found by comparing: so it is just what a reader does not see,
//! whatever rule, detector or annotation hides it.

use base64::Engine as _;
use serde_json::Value;

use super::super::{Context, MaskError, Masker, placeholder};
use super::restore::BASE64;
use super::{Place, Step};

/// A value that masking hides, in whole or in part.
pub(in crate::mask) struct Hidden {
    pub place: Place,
    /// What is shown for it, without the base64 around it.
    pub shown: String,
    /// Whether that is shown as base64.
    pub is_base64: bool,
    /// The value as it is stored.
    pub original: Value,
}

impl Hidden {
    fn new(place: Place, shown: &str, original: &Value) -> Self {
        let decoded = match placeholder::find(shown).next() {
            Some(_) => None,
            None => BASE64.decode(shown).ok().and_then(|bytes| String::from_utf8(bytes).ok()),
        };
        let is_base64 = decoded.is_some();
        let shown = decoded.unwrap_or_else(|| shown.to_owned());
        Self { place, shown, is_base64, original: original.clone() }
    }

    /// The value as it is stored, without the base64 around it.
    pub(super) fn stored(&self) -> Vec<u8> {
        match &self.original {
            Value::String(text) if self.is_base64 => BASE64.decode(text).unwrap_or_default(),
            Value::String(text) => text.as_bytes().to_vec(),
            other => other.to_string().into_bytes(),
        }
    }
}

/// Everything that masking hides of `object`.
pub(in crate::mask) fn hidden(context: Context, object: &Value) -> Result<Vec<Hidden>, MaskError> {
    let masked = masked(context, object)?;
    let mut found = Vec::new();
    compare(object, &masked, &Place::default(), &mut found);
    Ok(found)
}

/// The object as a reader is shown it.
pub(in crate::mask) fn masked(context: Context, object: &Value) -> Result<Value, MaskError> {
    let mut masker = Masker::new(context);
    let mut masked = Vec::new();
    masker.push(object.to_string().as_bytes(), &mut masked)?;
    masker.finish()?;
    serde_json::from_slice(&masked).map_err(|_| MaskError::Syntax)
}

fn compare(original: &Value, masked: &Value, place: &Place, found: &mut Vec<Hidden>) {
    match (original, masked) {
        (Value::Object(original), Value::Object(masked)) => {
            for (key, original) in original {
                let Some(masked) = masked.get(key) else { continue };
                compare(original, masked, &place.then(Step::Key(key.clone())), found);
            }
        }
        (Value::Array(original), Value::Array(masked)) => {
            for (index, (original, masked)) in original.iter().zip(masked).enumerate() {
                compare(original, masked, &place.then(Step::Index(index)), found);
            }
        }
        (Value::String(original), Value::String(masked))
            if original != masked && place.is_last_applied() =>
        {
            compare_applied(original, masked, found);
        }
        (original, Value::String(masked)) if original.as_str() != Some(masked) => {
            found.push(Hidden::new(place.clone(), masked, original));
        }
        _ => {}
    }
}

fn compare_applied(original: &str, masked: &str, found: &mut Vec<Hidden>) {
    let object = |text| serde_json::from_str(text).ok().filter(Value::is_object);
    match (object(original), object(masked)) {
        (Some(original), Some(masked)) => compare(&original, &masked, &Place::applied(), found),
        _ => found.push(Hidden::new(Place::applied(), masked, &Value::from(original))),
    }
}
