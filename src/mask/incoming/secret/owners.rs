//! Who manages what is written. The API server notes that for a field that changes, and not for one
//! that was written as it is; and by who manages a field, server-side apply has conflicts or takes it
//! away. So nobody's apply takes over what another manages, and what is written in any other way comes
//! to be managed by an update, whether it changes (then it is the caller's) or not (then it is ours).

use serde_json::{Map, Value, json};

use super::super::{LAST_APPLIED, Unwritable, Written};
use crate::kube::json_patch::tokens;

/// Who manages what was written as it is.
const MANAGER: &str = "kguard";
const MANAGED: [&str; 2] = ["metadata", "managedFields"];

/// Refuses an apply of what others manage; who they are tells whether somebody guessed right before.
pub(super) fn stay(
    live: &Value,
    written: &[&Written],
    (manager, force): (&str, bool),
) -> Result<(), Unwritable> {
    let is_others = |path: &Vec<String>| {
        let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
        let others = entries.into_iter().flatten().filter(|entry| !is_apply_of(entry, manager));
        others.into_iter().any(|entry| manages(entry, path))
    };
    // Nobody manages `stringData`, as nothing stores it.
    let applied = written.iter().filter(|it| !it.place.is_string_data());
    let mut fields: Vec<_> = applied.filter_map(|it| field(it)).filter(is_others).collect();
    fields.sort();
    fields.dedup();
    let fields: Vec<_> = fields.iter().map(|path| format!(".{}", path.join("."))).collect();
    match (fields.is_empty(), force) {
        (true, _) => Ok(()),
        (false, true) => Err(Unwritable::TakeOver { fields }),
        (false, false) => Err(Unwritable::Conflict { fields }),
    }
}

/// Refuses a patch that asks for an entry of the list by its place: whether it is there would tell.
pub(super) fn are_unread(patch: &Value) -> Result<(), Unwritable> {
    let operations = patch.as_array().into_iter().flatten();
    let mut pointers = operations.flat_map(|of| ["path", "from"].map(|key| tokens(of, key)));
    if pointers.any(|place| place.starts_with(&MANAGED.map(str::to_owned))) {
        return Err(Unwritable::Managers);
    }
    Ok(())
}

/// Has the body, bound to the live version, say that what is written is ours. The API server then
/// gives what changes to the caller.
pub(super) fn disown(live: &Value, written: &[&Written], body: &mut Value) {
    let is_list = |entries: &&Value| entries.as_array().is_some_and(|all| !all.is_empty());
    let given = body.pointer("/metadata/managedFields").filter(is_list);
    let entries = given.or_else(|| live.pointer("/metadata/managedFields"));
    let mut entries = entries.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut own = Map::new();
    for path in written.iter().filter_map(|it| field(it)) {
        for entry in &mut entries {
            forget(entry, &path);
        }
        note(&mut own, &path);
    }
    let mut ours = entries.iter_mut().filter(|entry| is_ours(entry));
    if let Some(fields) = ours.next().and_then(|entry| entry.get_mut("fieldsV1")?.as_object_mut()) {
        written.iter().filter_map(|it| field(it)).for_each(|path| note(fields, &path));
    } else {
        entries.push(json!({
            "manager": MANAGER, "operation": "Update", "apiVersion": "v1",
            "fieldsType": "FieldsV1", "fieldsV1": own,
        }));
    }
    if let Some(operations) = body.as_array_mut() {
        let path = "/metadata/managedFields";
        operations.push(json!({"op": "add", "path": path, "value": entries}));
    } else if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("managedFields".to_owned(), entries.into());
    }
}

/// Where what is written is stored.
fn field(written: &Written) -> Option<Vec<String>> {
    let path = match written.place.secret_key() {
        _ if written.place.applied => {
            ["metadata", "annotations", LAST_APPLIED].map(str::to_owned).into()
        }
        Some((_, key)) => vec!["data".to_owned(), key],
        None => return None,
    };
    Some(path)
}

fn is_apply_of(entry: &Value, manager: &str) -> bool {
    text(entry, "manager") == manager && text(entry, "operation") == "Apply"
}

fn is_ours(entry: &Value) -> bool {
    text(entry, "manager") == MANAGER
        && text(entry, "operation") == "Update"
        && text(entry, "apiVersion") == "v1"
        && text(entry, "subresource").is_empty()
}

fn text<'e>(entry: &'e Value, key: &str) -> &'e str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn manages(entry: &Value, path: &[String]) -> bool {
    let fields = entry.get("fieldsV1");
    path.iter()
        .try_fold(fields, |fields, key| Some(fields?.get(format!("f:{key}"))))
        .is_some_and(|of| of.is_some())
}

fn forget(entry: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else { return };
    let fields = entry.get_mut("fieldsV1");
    let parent = parents.iter().fold(fields, |fields, key| fields?.get_mut(format!("f:{key}")));
    if let Some(members) = parent.and_then(Value::as_object_mut) {
        members.shift_remove(&format!("f:{last}"));
    }
}

fn note(fields: &mut Map<String, Value>, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    let below = fields.entry(format!("f:{first}")).or_insert_with(|| Value::Object(Map::new()));
    if let Some(below) = below.as_object_mut() {
        note(below, rest);
    }
}
