//! What the causes of an error say of single fields. The API server quotes the value there; what is
//! wrong with it is told all the same where the words are known (apimachinery `field.Error`, and the
//! messages of its `util/validation`).

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use super::words::{self, Words, compile};

/// One of an error's causes.
#[derive(Serialize)]
pub(super) struct Cause {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// Of metadata, what no mask can hide; but for labels and annotations, which some do.
const NEVER_MASKED: [&str; 3] = ["metadata.generateName", "metadata.name", "metadata.namespace"];
const SELDOM_MASKED: [&str; 2] = ["metadata.annotations", "metadata.labels"];

/// The reasons that the API server gives, and how its messages begin then.
const TYPES: [(&str, &str); 9] = [
    ("FieldValueDuplicate", "Duplicate value"),
    ("FieldValueForbidden", "Forbidden"),
    ("FieldValueInvalid", "Invalid value"),
    ("FieldValueNotFound", "Not found"),
    ("FieldValueNotSupported", "Unsupported value"),
    ("FieldValueRequired", "Required value"),
    ("FieldValueTooLong", "Too long"),
    ("FieldValueTooMany", "Too many"),
    ("FieldValueTypeInvalid", "Invalid value"),
];

/// What follows the value: what would be right.
const DETAILS: &[&str] = &[
    r"field is immutable(?: when `immutable` is set)?",
    r"name or generateName is required",
    r"must be specified for an update",
    r"must be no more than [0-9]+ (?:bytes|characters)",
    r"may not be more than [0-9]+ bytes",
    r"not allowed on this type",
    r"(?:name part |prefix part |a qualified name |environment variable name )?must be non-empty",
    r"a valid config key must consist of alphanumeric characters, '-', '_' or '\.' \(e\.g\. 'key\.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '\[-\._a-zA-Z0-9\]\+'\)",
    r"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '\.', and must start and end with an alphanumeric character \(e\.g\. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '\(\(\[A-Za-z0-9\]\[-A-Za-z0-9_\.\]\*\)\?\[A-Za-z0-9\]\)\?'\)",
    r"(?:name part |a qualified name )must consist of alphanumeric characters, '-', '_' or '\.', and must start and end with an alphanumeric character \(e\.g\. 'MyName',  or 'my\.name',  or '123-abc', regex used for validation is '\(\[A-Za-z0-9\]\[-A-Za-z0-9_\.\]\*\)\?\[A-Za-z0-9\]'\)(?: with an optional DNS subdomain prefix and '/' \(e\.g\. 'example\.com/MyName'\))?",
    r"(?:prefix part )?a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character \(e\.g\. 'my-name',  or '123-abc', regex used for validation is '\[a-z0-9\]\(\[-a-z0-9\]\*\[a-z0-9\]\)\?'\)",
    r"(?:prefix part )?a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '\.', and must start and end with an alphanumeric character \(e\.g\. 'example\.com', regex used for validation is '\[a-z0-9\]\(\[-a-z0-9\]\*\[a-z0-9\]\)\?\(\\\.\[a-z0-9\]\(\[-a-z0-9\]\*\[a-z0-9\]\)\?\)\*'\)",
];

const WITHHELD: &str = "withheld by kguard: it may contain a masked value";

/// Which words say what is wrong.
struct Shapes {
    /// The detail, whatever stands before it.
    detail: Regex,
    /// A value, quoted, and the detail.
    quoting: Regex,
    /// A conflict with a manager of fields.
    conflict: Regex,
}

impl Shapes {
    fn get() -> Option<&'static Self> {
        static SHAPES: LazyLock<Option<Shapes>> = LazyLock::new(|| {
            let details = DETAILS.join("|");
            Some(Shapes {
                detail: compile(&format!(r"(?s:.*): (?<detail>{details})"))?,
                quoting: compile(&format!(r#"[A-Z][a-z ]+: "[^"\\]*": (?:{details})"#))?,
                conflict: compile(
                    r#"conflict with "[A-Za-z0-9._:/ -]+"(?: with subresource "RESOURCE")?(?: using VERSION)?(?: at [0-9TZ:-]+)?"#,
                )?,
            })
        });
        SHAPES.as_ref()
    }
}

impl Cause {
    /// Whether nothing of it can be a value.
    pub(super) fn is_own(&self) -> bool {
        let reason = self.reason.as_str();
        self.field.is_empty()
            && matches!(reason, "" | "DisruptionBudget" | "ResourceVersionTooLarge")
            && words::of(&self.message) == Words::Own
    }

    /// Whether it names a field and who manages it, and no value.
    pub(super) fn is_field_conflict(&self) -> bool {
        self.reason == "FieldManagerConflict"
            && words::is_path(&self.field)
            && Shapes::get().is_some_and(|shapes| shapes.conflict.is_match(&self.message))
    }

    /// Takes away who manages the field.
    pub(super) fn forget_manager(&mut self) {
        "conflict with another manager".clone_into(&mut self.message);
    }

    /// The same of one field, with no value in it that may be masked.
    pub(super) fn of_field(self, shows_metadata: bool) -> Self {
        let Self { reason, message, field } = self;
        let found = TYPES.iter().find(|(known, _)| *known == reason);
        let Some((reason, kind)) = found else {
            return Self { reason: String::new(), message: WITHHELD.to_owned(), field };
        };
        let is_shown = NEVER_MASKED.contains(&field.as_str())
            || shows_metadata && SELDOM_MASKED.contains(&field.as_str());
        let message = match Shapes::get() {
            Some(shapes) if is_shown && shapes.quoting.is_match(&message) => message,
            _ if *kind == message => message,
            shapes => {
                let detail = || {
                    let found = shapes?.detail.captures(&message)?.name("detail")?;
                    Some(found.as_str())
                };
                let wrong = words::decoding(&message).or_else(detail);
                format!("{kind}: {}", wrong.unwrap_or(WITHHELD))
            }
        };
        Self { reason: (*reason).to_owned(), message, field }
    }

    /// The same with no more than who says it.
    pub(super) fn withheld(self) -> Self {
        let message = match words::of(&self.message) {
            Words::Own => self.message,
            Words::Head(head) => format!("{head}: {WITHHELD}"),
            Words::Foreign => WITHHELD.to_owned(),
        };
        Self { reason: String::new(), message, field: String::new() }
    }
}
