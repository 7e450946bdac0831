//! Helm releases on their way back. Nobody sees a placeholder within one, as it is compressed, so
//! here it is opened.

use serde_json::Value;

use super::super::helm::{self, Keeper};
use super::super::placeholder::contains_placeholder;
use super::{Form, Incoming, Unwritable, difference};
use crate::kube::json_patch::tokens;

const POINTER: &str = "/data/release";

/// Puts back what was shown of a release; whether the whole of it is what was there before.
pub(super) fn restore(incoming: &Incoming<'_>, body: &mut Value) -> Result<bool, Unwritable> {
    let text_of = |object: &Value| object.pointer(POINTER)?.as_str().map(str::to_owned);
    let kept =
        incoming.live.and_then(|live| Some((Keeper::of_value(incoming.resource, live)?, live)));
    let shown = kept.map(|(_, live)| shown(incoming, live)).transpose()?;
    let sides = shown.as_ref().and_then(text_of).zip(incoming.live.and_then(text_of));
    let sides = sides.filter(|(shown, stored)| shown != stored);
    if incoming.form != Form::Object {
        // helm replaces releases as a whole.
        let is_patched = sides.is_some() && patches_data(incoming.form, body);
        return if is_patched { Err(Unwritable::Release) } else { Ok(false) };
    }
    let Some(keeper) =
        kept.map(|(keeper, _)| keeper).or_else(|| Keeper::of_value(incoming.resource, body))
    else {
        return Ok(false);
    };
    let Some(text) = body.pointer(POINTER).and_then(Value::as_str) else { return Ok(false) };
    if let Some((shown, stored)) = &sides
        && shown == text
    {
        let restored = stored.clone();
        set(body, restored);
        return Ok(true);
    }
    // What is no release holds no placeholder that helm would read.
    let Some(written) = helm::open(keeper, text) else { return Ok(false) };
    if !contains_placeholder(written.to_string().as_bytes()) {
        return Ok(false);
    }
    let opened = sides.and_then(|(shown, stored)| {
        Some((helm::open(keeper, &shown)?, helm::open(keeper, &stored)?))
    });
    let restored = opened.and_then(|(shown, stored)| helm::restore(&written, &shown, &stored));
    let restored = restored.and_then(|release| helm::close(keeper, &release));
    let restored = restored.ok_or(Unwritable::Release)?;
    set(body, restored);
    Ok(false)
}

fn set(body: &mut Value, text: String) {
    if let Some(release) = body.pointer_mut(POINTER) {
        *release = text.into();
    }
}

fn shown(incoming: &Incoming<'_>, live: &Value) -> Result<Value, Unwritable> {
    difference::masked(incoming.context(), live).map_err(|_| Unwritable::Unmaskable)
}

fn patches_data(form: Form<'_>, body: &Value) -> bool {
    if form != Form::JsonPatch {
        return ["data", "stringData", "$patch", "$retainKeys"]
            .iter()
            .any(|key| body.get(key).is_some());
    }
    let pointers = body.as_array().into_iter().flatten().flat_map(|operation| {
        let keys = ["path", "from"].into_iter().filter(|key| operation.get(key).is_some());
        keys.map(|key| tokens(operation, key))
    });
    let mut fields = pointers.map(|tokens| tokens.into_iter().next());
    fields.any(|field| field.is_none_or(|field| matches!(field.as_str(), "data" | "stringData")))
}
