//! The messages that the API server writes itself, and that quote no object: the shapes that they
//! have, closed at both ends. The sources are apimachinery's `api/errors`, apiserver's
//! `endpoints/handlers` (`negotiation`, `responsewriters`, `rest.go`), its `storage` and admission.
//!
//! What a shape leaves open is a name, a number or a path of field names, in the characters that
//! these have; never free text. What admission says begins with who says it, so that none of it can
//! pass for the API server's own: of that the beginning is kept, up to the group `rest`.

use std::sync::LazyLock;

use regex::Regex;

/// What may be shown of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Words<'m> {
    /// All of it.
    Own,
    /// Its beginning.
    Head(&'m str),
    /// Nothing.
    Foreign,
}

/// Names, and what makes up the shapes.
const PARTS: &[(&str, &str)] = &[
    ("NAME", r"[A-Za-z0-9][A-Za-z0-9._:-]{0,252}"),
    ("RESOURCE", r"[a-z0-9][a-z0-9.-]{0,252}"),
    ("KIND", r"[A-Z][A-Za-z0-9]{0,62}"),
    ("VERSION", r"[a-z0-9./]{1,100}"),
    ("FIELD", r"[A-Za-z0-9_./\[\]-]+"),
    // Of the managers' paths only names: the elements of a set would be quoted.
    ("PATH", r"(?:\.[A-Za-z0-9_/-]+|\[[0-9]+\])+"),
    ("TYPES", r"MEDIA(?:, MEDIA)*"),
    ("MEDIA", r"[a-z*]+/[a-z0-9.+*-]+(?:;[a-z0-9=;./]+)?"),
    (
        "AMOUNTS",
        r"[a-z0-9./-]{1,200}=[0-9.A-Za-z]{1,24}(?:,[a-z0-9./-]{1,200}=[0-9.A-Za-z]{1,24}){0,40}",
    ),
    ("UUID", r"[0-9a-f-]{1,36}"),
    ("NUMBER", r"[0-9]{1,20}"),
];

/// What is wrong with something that cannot be decoded; shapes use it as `DECODING`.
const DECODING: &str = r#"(?:(?:error decoding from json: )?illegal base64 data at input byte NUMBER|json: cannot unmarshal (?:array|bool|number|object|string) into Go (?:struct field KIND\.FIELD|value) of type [A-Za-z0-9_.\[\]*]{1,100}|strict decoding error: (?:unknown|duplicate) field "FIELD"(?:, (?:unknown|duplicate) field "FIELD")*)"#;

const SHAPES: &[&str] = &[
    // 400
    r#"KIND in version "VERSION" cannot be handled as a KIND: DECODING"#,
    r"failed to convert new object \(NAME(?:/NAME)?; /?VERSION, Kind=KIND\) to proper version: unable to convert unstructured object to /?VERSION, Kind=KIND: DECODING",
    r"failed to create typed patch object \(NAME(?:/NAME)?; /?VERSION, Kind=KIND\): PATH: field not declared in schema",
    r"failed to create typed patch object \(NAME(?:/NAME)?; /?VERSION, Kind=KIND\): errors:(?:\n  PATH: field not declared in schema)+\n?",
    r"field label not supported: FIELD",
    r"invalid continue token: (?<rest>(?s:.*))",
    r"name must be provided|Name parameter required\.|Namespace parameter required\.",
    r"the namespace of the provided object does not match the namespace sent on the request",
    r"the namespace of the object \(NAME\) does not match the namespace on the request \(NAME\)",
    r"the name of the object \((?:NAME)?\) does not match the name on the URL \(NAME\)",
    // 400, of logs and exec (pkg/registry/core/pod, pkg/kubelet)
    r"a container name must be specified for pod NAME(?:, choose one of: \[NAME(?: NAME)*\](?: or one of the init containers: \[NAME(?: NAME)*\])?)?",
    r"container NAME is not valid for pod NAME",
    r#"container "NAME" in pod "NAME" is (?:not available|terminated|waiting to start(?: - no logs yet|: (?:[A-Za-z]{1,60}|image can't be pulled|trying and failing to pull image)))"#,
    r#"previous terminated container "NAME" in pod "NAME" not found"#,
    r"pod NAME does not have a host assigned",
    // 401
    r"Unauthorized",
    // 403: what follows is the authorizer's
    r#"(?:RESOURCE(?: "NAME")? is )?forbidden: User "[^"\\<>]*" cannot [a-z]{1,30} (?:resource "RESOURCE(?:/RESOURCE)?" in API group "(?:RESOURCE)?" (?:at the cluster scope|in the namespace "NAME")|path "[A-Za-z0-9/._-]+")(?:: (?<rest>(?s:.*)))?"#,
    // 403: admission of the API server's own
    r#"RESOURCE(?: "NAME")? is forbidden: exceeded quota: NAME, requested: AMOUNTS, used: AMOUNTS, limited: AMOUNTS"#,
    r#"RESOURCE(?: "NAME")? is forbidden: unable to create new content in namespace NAME because it is being terminated"#,
    r#"RESOURCE(?: "NAME")? is forbidden: error looking up service account NAME/NAME: serviceaccount "NAME" not found"#,
    r#"RESOURCE(?: "NAME")? is forbidden: violates PodSecurity "[a-z]{1,20}:[a-z0-9.]{1,20}": (?<rest>(?s:.*))"#,
    // Admission of others
    r#"(?:RESOURCE(?: "NAME")? is forbidden: )?ValidatingAdmissionPolicy 'NAME'(?: with binding 'NAME')? denied request: (?<rest>(?s:.*))"#,
    r#"admission webhook "NAME" denied the request(?: without explanation|: (?<rest>(?s:.*)))"#,
    r#"admission webhook "NAME" does not support dry run"#,
    r#"(?:Internal error occurred: )?failed calling webhook "NAME": (?<rest>(?s:.*))"#,
    r#"RESOURCE(?: "NAME")? is forbidden: (?<rest>(?s:.*))"#,
    // 404
    r#"RESOURCE "NAME" not found"#,
    r"the server could not find the requested resource",
    // 405
    r#"[a-z]{1,30} is not supported on resources of kind "RESOURCE""#,
    r"the server does not allow this method on the requested resource",
    // 406, 415
    r"only the following media types are accepted(?: when converting to [A-Za-z0-9./, =]+)?: TYPES",
    r"the body of the request was in an unknown format - accepted media types include: TYPES",
    // 409
    r#"RESOURCE "NAME" already exists(?:, the server was not able to generate a unique name for the object)?"#,
    r#"Operation cannot be fulfilled on RESOURCE "NAME": the object has been modified; please apply your changes to the latest version and try again"#,
    r#"Operation cannot be fulfilled on RESOURCE "NAME": (?:StorageError: invalid object, Code: 4, Key: [A-Za-z0-9./_-]+, ResourceVersion: 0, AdditionalErrorMsg: )?Precondition failed: UID in precondition: UUID, UID in object meta: (?:UUID)?"#,
    r#"Operation cannot be fulfilled on RESOURCE "NAME": (?<rest>(?s:.*))"#,
    // 410
    r"too old resource version: NUMBER(?: \(NUMBER\))?",
    r"The resourceVersion for the provided (?:list|watch) is too old\.",
    r"The provided continue parameter is too old to display a consistent list result\. You can start a new list without the continue parameter(?:\.|, or use the continue token in this response to retrieve the remainder of the results\. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list\.)",
    // 413
    r"Request entity too large: limit is NUMBER",
    r"Request entity too large: The allowed maximum operations in a JSON patch is NUMBER, got NUMBER",
    // 422
    r"the server rejected our request due to an error in our request",
    // 429
    r"storage is \(re\)initializing",
    r"[Tt]oo many requests, please try again later\.?",
    r"Cannot evict pod as it would violate the pod's disruption budget\.",
    r"The disruption budget NAME needs NUMBER healthy pods and has NUMBER currently",
    // 500
    r"etcdserver: (?:leader changed|no leader|request is too large|request timed out|mvcc: database space exceeded)",
    // 503
    r"apiserver is shutting down|the server is currently unable to handle the request|service unavailable",
    // 504
    r"(?:Timeout: )?Too large resource version(?:: NUMBER, current: NUMBER)?",
    r"Timeout: request did not complete within (?:the allotted timeout|requested timeout(?: - context (?:canceled|deadline exceeded))?)",
];

/// The reasons of a `Status` (`metav1.StatusReason`).
const REASONS: &[&str] = &[
    "",
    "AlreadyExists",
    "BadRequest",
    "Conflict",
    "Expired",
    "Forbidden",
    "Gone",
    "InternalError",
    "Invalid",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "RequestEntityTooLarge",
    "ServerTimeout",
    "ServiceUnavailable",
    "StorageReadError",
    "Timeout",
    "TooManyRequests",
    "Unauthorized",
    "UnsupportedMediaType",
];

/// What may be shown of a message.
pub(super) fn of(message: &str) -> Words<'_> {
    static ALL: LazyLock<Vec<Regex>> =
        LazyLock::new(|| SHAPES.iter().filter_map(|shape| compile(shape)).collect());
    let Some(found) = ALL.iter().find_map(|shape| shape.captures(message)) else {
        return Words::Foreign;
    };
    match found.name("rest") {
        Some(rest) => {
            let head = message.get(..rest.start()).unwrap_or_default();
            Words::Head(head.trim_end_matches([':', ' ']))
        }
        None => Words::Own,
    }
}

/// Whether it is one of the reasons that there are.
pub(super) fn is_reason(reason: &str) -> bool {
    REASONS.contains(&reason)
}

/// What an `Invalid` is about, as `Secret "db"`: what is wrong with it is told by the causes.
pub(super) fn invalid_object(message: &str) -> Option<&str> {
    static INVALID: LazyLock<Option<Regex>> = LazyLock::new(|| {
        compile(r#"(?<object>KIND(?:\.RESOURCE)? "[^"\\]{0,253}"| "") is invalid(?s:(?:: .*)?)"#)
    });
    INVALID.as_ref()?.captures(message)?.name("object").map(|object| object.as_str())
}

/// Whether it is a conflict between the managers of fields.
pub(super) fn is_apply_conflict(message: &str) -> bool {
    message.starts_with("Apply failed with ")
}

/// A path as a conflict gives it.
pub(super) fn is_path(field: &str) -> bool {
    static PATH: LazyLock<Option<Regex>> = LazyLock::new(|| compile("PATH"));
    PATH.as_ref().is_some_and(|path| path.is_match(field))
}

/// What is wrong, at the end of a message that quotes what could not be decoded.
pub(super) fn decoding(message: &str) -> Option<&str> {
    static AFTER_QUOTE: LazyLock<Option<Regex>> =
        LazyLock::new(|| compile(r#"(?s:.*)": (?<wrong>DECODING)"#));
    AFTER_QUOTE.as_ref()?.captures(message)?.name("wrong").map(|wrong| wrong.as_str())
}

/// A shape that begins and ends with the text, its parts filled in.
pub(super) fn compile(shape: &str) -> Option<Regex> {
    let shape = shape.replace("DECODING", DECODING);
    let shape = PARTS.iter().fold(shape, |shape, (part, is)| shape.replace(part, is));
    Regex::new(&format!(r"\A(?:{shape})\z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_one() {
        for shape in SHAPES {
            assert!(compile(shape).is_some(), "{shape}");
        }
    }

    #[test]
    fn of_what_another_says_no_more_is_kept_than_who_it_is() {
        let said = "admission webhook \"a.b\" denied the request: secrets \"x\" not found";
        assert_eq!(of(said), Words::Head("admission webhook \"a.b\" denied the request"));
        let long = format!("secrets {:?} not found", "x".repeat(300));
        assert_eq!(of(&long), Words::Foreign);
    }
}
