//! Writes to a Secret whose values are masked: whether what is written is what is there already must
//! make no difference that shows.
//!
//! - Of an immutable one, the API server lets pass what changes nothing. Here nothing that was
//!   written passes.
//! - Server-side apply has no conflict over a field that stays as it is, and whoever writes what is
//!   there already does not take it over. Here [`owners`] do not depend on the value.
//! - What changes nothing is not stored, and `resourceVersion` stays. Here the salts of
//!   [`Salts`](super::super::written) change with every write, so that there is something to store.

mod keeping;
mod owners;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use self::keeping::Keeping;
use super::super::written::{Salts, WRITTEN};
use super::restore::Origin;
use super::{Echo, Form, Incoming, LAST_APPLIED, Unwritable, Written};

/// Closes what would tell stored values; whether that holds for the live version alone.
pub(super) fn guard(
    incoming: &Incoming<'_>,
    body: &mut Value,
    written: &[Written],
) -> Result<bool, Unwritable> {
    let Some(live) = incoming.live else { return Ok(false) };
    let kept = Kept::of(live);
    let written: Vec<_> = written.iter().filter(|written| kept.may_tell(written)).collect();
    let is_immutable = live.get("immutable") == Some(&Value::Bool(true));
    if is_immutable && written.iter().any(|written| !written.place.applied) {
        return Err(Unwritable::Immutable);
    }
    match incoming.form {
        Form::Apply { manager, force } => owners::stay(live, &written, (manager, force))?,
        Form::JsonPatch => owners::are_unread(body)?,
        _ => {}
    }
    let for_version = Keeping::of(incoming, &kept, &written).within(body)?;
    if !written.is_empty() && !matches!(incoming.form, Form::Apply { .. }) {
        owners::disown(live, &written, body);
    }
    Ok(for_version)
}

/// Values that came in the clear came from the caller; whatever he is shown of them is a constant.
pub(super) fn echo(written: &[Written]) -> Echo {
    let mut keys = BTreeSet::new();
    for Written { place, .. } in
        written.iter().filter(|it| it.restored.is_none() && !it.place.applied)
    {
        match place.secret_key() {
            Some((_, key)) => keys.insert(key),
            None => return Echo::All,
        };
    }
    if keys.is_empty() { Echo::None } else { Echo::Keys(Arc::new(keys)) }
}

/// What the live object has of it.
struct Kept<'a> {
    live: &'a Value,
    text: Option<&'a str>,
    salts: BTreeMap<String, String>,
}

impl<'a> Kept<'a> {
    fn of(live: &'a Value) -> Self {
        let text = live.pointer("/metadata/annotations").and_then(|all| all.get(WRITTEN)?.as_str());
        let salts = match text.map(Salts::parse) {
            Some(Salts::Keys(salts)) => salts,
            _ => BTreeMap::new(),
        };
        Self { live, text, salts }
    }

    /// Whether it may tell something that this was what is there already.
    ///
    /// A file that was read masked and is applied again brings the live values into the annotation,
    /// where they mostly are: no write may come of that. It tells whether both are the same, which
    /// is no news unless the caller had his hand in one of them, or brings together what stands
    /// under two keys.
    fn may_tell(&self, written: &Written) -> bool {
        let key = written.place.secret_key().map(|(_, key)| key);
        written.restored != Some(Origin::Copied)
            || self.salts.contains_key(LAST_APPLIED)
            || key.is_none_or(|key| self.salts.contains_key(&key))
    }
}
