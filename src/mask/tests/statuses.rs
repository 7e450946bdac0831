//! What becomes of errors: the API server's own words stay, what anybody else says does not.

use proptest::prelude::*;

use super::*;

const QUOTED: &str = "quotes hunter2";

fn failure((code, reason): (u16, &str), message: &str, causes: &Value) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
        "details": {"name": "db", "kind": "secrets", "causes": causes},
    })
}

/// A request for the Secret `db`.
fn secret_db(shape: Shape) -> Context {
    let requested = ResourceInfo { name: "db".into(), ..requested("secrets", "") };
    Context { requested: Some(requested), ..secrets(shape) }
}

fn shown(original: &Value) -> Value {
    let masked = mask(&secret_db(Shape::Object), original);
    for shape in [Shape::List, Shape::Watch] {
        assert_eq!(mask(&secret_db(shape), original), masked);
    }
    let event = json!({"type": "ERROR", "object": original});
    assert_eq!(mask(&secret_db(Shape::Watch), &event)["object"], masked);
    masked
}

const OWN: &[(u16, &str, &str)] = &[
    (
        400,
        "BadRequest",
        r#"Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 5"#,
    ),
    (
        400,
        "BadRequest",
        r#"Secret in version "v1" cannot be handled as a Secret: strict decoding error: unknown field "datas", unknown field "metadata.label""#,
    ),
    (
        400,
        "BadRequest",
        r#"Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal bool into Go struct field Secret.stringData of type string"#,
    ),
    (400, "BadRequest", "field label not supported: data.x"),
    (400, "BadRequest", r#"container "web" in pod "db" is waiting to start: ContainerCreating"#),
    (400, "BadRequest", "a container name must be specified for pod db, choose one of: [a b]"),
    (401, "Unauthorized", "Unauthorized"),
    (
        403,
        "Forbidden",
        r#"secrets "db" is forbidden: User "bob" cannot get resource "secrets" in API group "" in the namespace "shop""#,
    ),
    (
        403,
        "Forbidden",
        r#"secrets is forbidden: User "system:serviceaccount:a:b" cannot list resource "secrets" in API group "" at the cluster scope"#,
    ),
    (
        403,
        "Forbidden",
        r#"secrets "db" is forbidden: exceeded quota: few, requested: count/secrets=1, used: count/secrets=5, limited: count/secrets=5"#,
    ),
    (
        403,
        "Forbidden",
        r#"secrets "db" is forbidden: unable to create new content in namespace shop because it is being terminated"#,
    ),
    (404, "NotFound", r#"secrets "nope" not found"#),
    (404, "NotFound", r#"namespaces "nonesuch" not found"#),
    (405, "MethodNotAllowed", r#"watch is not supported on resources of kind "secrets""#),
    (
        406,
        "NotAcceptable",
        "only the following media types are accepted: application/json, application/yaml",
    ),
    (409, "AlreadyExists", r#"secrets "db" already exists"#),
    (
        409,
        "Conflict",
        r#"Operation cannot be fulfilled on secrets "db": the object has been modified; please apply your changes to the latest version and try again"#,
    ),
    (410, "Expired", "too old resource version: 1 (5)"),
    (413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"),
    (
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/apply-patch+yaml",
    ),
    (422, "Invalid", "the server rejected our request due to an error in our request"),
    (429, "TooManyRequests", "storage is (re)initializing"),
    (
        500,
        "",
        "failed to create typed patch object (shop/db; /v1, Kind=Secret): .datas: field not declared in schema",
    ),
    (
        500,
        "",
        "failed to convert new object (shop/db; /v1, Kind=Secret) to proper version: unable to convert unstructured object to /v1, Kind=Secret: error decoding from json: illegal base64 data at input byte 5",
    ),
    (503, "ServiceUnavailable", "apiserver is shutting down"),
    (
        504,
        "Timeout",
        "Timeout: request did not complete within requested timeout - context deadline exceeded",
    ),
];

#[test]
fn the_api_servers_own_words_stay() {
    let long = "x".repeat(300);
    for (code, reason, message) in OWN {
        let (code, reason, message) = (*code, *reason, *message);
        let original = failure((code, reason), message, &json!([]));
        assert_eq!(shown(&original), original);
        // Nothing may stand around them, and no name may be more than one.
        for around in
            [format!("{message} hunter2"), format!("hunter2 {message}"), format!("{message}\nx")]
        {
            assert_ne!(shown(&failure((code, reason), &around, &json!([])))["message"], *around);
        }
        let longer = message.replace("db", &long);
        let is_longer = longer != message;
        let said = shown(&failure((code, reason), &longer, &json!([])));
        assert!(!is_longer || said["message"] != *longer, "{longer}");
    }
    let too_large =
        json!([{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]);
    let original =
        failure((504, "Timeout"), "Timeout: Too large resource version: 9, current: 1", &too_large);
    assert_eq!(shown(&original), original);
}

proptest! {
    #[test]
    fn nothing_that_is_put_into_them_stays(
        which in 0..OWN.len(),
        at in any::<proptest::sample::Index>(),
        // Names may have colons in them (`system:node`), and are no values.
        inserted in "[ =!\"']{1,2}hunter2[ =!\"']{1,2}",
    ) {
        let (code, reason, message) = OWN[which];
        let mut said = message.to_owned();
        said.insert_str(at.index(message.len() + 1), &inserted);
        // A user may be called anything, and comes before the object is looked at.
        prop_assume!(!message.contains("User "));
        let shown = shown(&failure((code, reason), &said, &json!([])));
        prop_assert!(!shown.to_string().contains("hunter2"), "{}", shown);
    }
}

#[test]
fn whoever_refuses_is_told_and_what_he_says_is_not() {
    for (code, message, head) in [
        (
            403,
            r#"secrets "db" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: v=hunter2"#,
            r#"secrets "db" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: the rest"#,
        ),
        (
            404,
            r#"admission webhook "a.b.test" denied the request: secrets "hunter2" not found"#,
            r#"admission webhook "a.b.test" denied the request: the rest"#,
        ),
        (
            429,
            r#"admission webhook "a.b.test" denied the request: hunter2"#,
            r#"admission webhook "a.b.test" denied the request: the rest"#,
        ),
        (
            403,
            r#"secrets "db" is forbidden: User "bob" cannot get resource "secrets" in API group "" in the namespace "a": hunter2"#,
            r#"secrets "db" is forbidden: User "bob" cannot get resource "secrets" in API group "" in the namespace "a": the rest"#,
        ),
        (403, r#"secrets "db" is forbidden: hunter2"#, r#"secrets "db" is forbidden: the rest"#),
        (
            403,
            r#"pods "db" is forbidden: violates PodSecurity "restricted:latest": hunter2"#,
            r#"pods "db" is forbidden: violates PodSecurity "restricted:latest": the rest"#,
        ),
        (
            409,
            r#"Operation cannot be fulfilled on secrets "db": hunter2"#,
            r#"Operation cannot be fulfilled on secrets "db": the rest"#,
        ),
        (
            500,
            r#"Internal error occurred: failed calling webhook "a.b.test": hunter2"#,
            r#"Internal error occurred: failed calling webhook "a.b.test": the rest"#,
        ),
        (401, QUOTED, "the API server's message is withheld by kguard"),
        (403, QUOTED, "the API server's message is withheld by kguard"),
        (404, r#"secrets "a hunter2" not found"#, "the API server's message is withheld by kguard"),
        (409, QUOTED, "the API server's message is withheld by kguard"),
        (418, QUOTED, "the API server's message is withheld by kguard"),
        (422, QUOTED, "the API server's message is withheld by kguard"),
        (503, QUOTED, "the API server's message is withheld by kguard"),
    ] {
        let causes = json!([{"reason": "hunter2", "message": message, "field": "hunter2"}]);
        let masked = shown(&failure((code, "hunter2"), message, &causes));
        assert!(masked["message"].as_str().unwrap().starts_with(head), "{masked}");
        assert!(!masked.to_string().contains("hunter2"), "{masked}");
        assert_eq!(masked["code"], code);
        assert_eq!(masked["details"]["name"], "db");
    }
}

#[test]
fn no_part_of_a_status_that_others_fill_in_gets_through() {
    let original = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "hunter2": "hunter2",
        "metadata": {"continue": "hunter2"}, "reason": "hunter2",
        "message": "admission webhook \"a.b\" denied the request without explanation",
        "details": {"name": "hunter2", "kind": "hunter2", "group": "hunter2", "uid": "hunter2",
            "retryAfterSeconds": 3, "causes": [{"reason": "FieldValueInvalid", "message": "m", "field": "hunter2"}]},
    });
    let masked = shown(&original);
    assert!(!masked.to_string().contains("hunter2"), "{masked}");
    assert_eq!(masked["details"]["retryAfterSeconds"], 3);
    let said =
        json!({"kind": "Status", "apiVersion": "v1", "status": "Success", "message": QUOTED});
    assert!(!shown(&said).to_string().contains("hunter2"));
}

/// The causes of an invalid object, each with its field, as they are shown, and the message.
fn invalid(context: &Context, message: &str, causes: &Value) -> (Vec<(String, String)>, String) {
    let masked = mask(context, &failure((422, "Invalid"), message, causes));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let causes = masked["details"]["causes"].as_array().unwrap().iter();
    let causes = causes.map(|cause| (text(&cause["field"]), text(&cause["message"]))).collect();
    (causes, text(&masked["message"]))
}

const LABEL: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

#[test]
fn it_is_told_which_field_is_wrong_and_why_but_not_what_is_in_it() {
    let context = secret_db(Shape::Object);
    let withheld = "withheld by kguard: it may contain a masked value";
    let label = format!(r#"Invalid value: "x y": {LABEL}"#);
    let name = r#"Invalid value: "Bad_": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#;
    for (reason, field, message, shown) in [
        ("FieldValueRequired", "data[tls.crt]", "Required value", "Required value"),
        (
            "FieldValueInvalid",
            "type",
            r#"Invalid value: "hunter2": field is immutable"#,
            "Invalid value: field is immutable",
        ),
        ("FieldValueInvalid", "metadata.name", name, name),
        ("FieldValueInvalid", "metadata.labels", &label, &label),
        ("FieldValueInvalid", "spec.labels", &label, &format!("Invalid value: {LABEL}")),
        (
            "FieldValueInvalid",
            "metadata.labels",
            r#"Invalid value: "object": hunter2"#,
            &format!("Invalid value: {withheld}"),
        ),
        (
            "FieldValueTooLong",
            "data",
            "Too long: may not be more than 1048576 bytes",
            "Too long: may not be more than 1048576 bytes",
        ),
        (
            "FieldValueNotSupported",
            "a",
            r#"Unsupported value: "hunter2": supported values: "b""#,
            &format!("Unsupported value: {withheld}"),
        ),
        ("FieldValueForbidden", "a", "Forbidden: hunter2", &format!("Forbidden: {withheld}")),
        ("hunter2", "a", "hunter2", withheld),
        (
            "FieldValueInvalid",
            "patch",
            r#"Invalid value: "{\"data\":{\"a\":\"hunter2\"}}": illegal base64 data at input byte 3"#,
            "Invalid value: illegal base64 data at input byte 3",
        ),
        (
            "FieldValueInvalid",
            "patch",
            r#"Invalid value: "map[data:map[nk:hunter2]]": error decoding from json: illegal base64 data at input byte 3"#,
            "Invalid value: error decoding from json: illegal base64 data at input byte 3",
        ),
        (
            "FieldValueInvalid",
            "patch",
            r#"Invalid value: "{}": json: cannot unmarshal number hunter2 into Go struct field Secret.data of type string"#,
            &format!("Invalid value: {withheld}"),
        ),
    ] {
        let causes = json!([{"reason": reason, "field": field, "message": message}]);
        let message = format!(r#"Secret "db" is invalid: {field}: {message}"#);
        let (causes, message) = invalid(&context, &message, &causes);
        assert_eq!(causes, [(field.to_owned(), shown.to_owned())]);
        assert_eq!(message, format!(r#"Secret "db" is invalid: {field}: {shown}"#));
    }
}

#[test]
fn an_invalid_patch_tells_what_it_was_for() {
    let original = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422, "reason": "Invalid",
        "message": " \"\" is invalid: patch: Invalid value: \"hunter2\": illegal base64 data at input byte 3",
        "details": {"causes": [{"reason": "FieldValueInvalid", "field": "patch",
            "message": "Invalid value: \"hunter2\": illegal base64 data at input byte 3"}]},
    });
    let masked = shown(&original);
    let said =
        "secrets \"db\" is invalid: patch: Invalid value: illegal base64 data at input byte 3";
    assert_eq!(masked["message"], said);
    assert_eq!(masked["details"]["name"], "db");
}

#[test]
fn labels_are_not_quoted_if_a_mask_may_hide_them() {
    for fields in [["metadata.labels.a"], ["**"], ["*.*.a"]] {
        let context = Context {
            rules: context(vec![rule("secrets", &fields)], Shape::Object).rules,
            ..secret_db(Shape::Object)
        };
        let message = format!(r#"Invalid value: "x y": {LABEL}"#);
        let causes = json!([{"reason": "FieldValueInvalid", "field": "metadata.labels", "message": message}]);
        let (causes, message) =
            invalid(&context, "Secret \"db\" is invalid: metadata.labels", &causes);
        assert!(!causes[0].1.contains("x y") && !message.contains("x y"), "{message}");
    }
}

fn conflict(causes: &Value) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 409, "reason": "Conflict",
        "message": "Apply failed with 1 conflict: hunter2", "details": {"causes": causes},
    })
}

#[test]
fn a_conflict_of_server_side_apply_names_fields_and_of_secrets_no_managers() {
    let by = |manager: &str, field: &str| {
        json!({"reason": "FieldManagerConflict", "field": field,
            "message": format!("conflict with \"{manager}\" using v1 at 2026-11-25T21:54:46Z")})
    };
    let one = shown(&conflict(&json!([by("zz", ".data.a")])));
    let two = shown(&conflict(&json!([by("zz", ".data.a"), by("kubectl-create", ".data.a")])));
    assert_eq!(one, two);
    assert_eq!(
        one["message"],
        "Apply failed with 1 conflict: conflict with another manager: .data.a"
    );
    let deployments = Context {
        requested: Some(requested("deployments", "apps")),
        ..context(vec![rule("deployments.apps", &["spec.**.value"])], Shape::Object)
    };
    let causes = json!([by("helm", ".spec.replicas"), by("a b", ".spec.paused")]);
    let masked = mask(&deployments, &conflict(&causes));
    assert_eq!(masked["details"]["causes"], causes);
    assert!(
        masked["message"]
            .as_str()
            .unwrap()
            .starts_with("Apply failed with 2 conflicts:\n- conflict with \"helm\"")
    );
    for hidden in [by("hunter2\" x", ".data.a"), by("zz", ".data[=\"hunter2\"]")] {
        let masked = shown(&conflict(&json!([hidden])));
        assert!(!masked.to_string().contains("hunter2"), "{masked}");
    }
}

#[test]
fn errors_about_other_kinds_stay() {
    let elsewhere = Context { requested: Some(requested("pods", "")), ..secrets(Shape::Object) };
    let original = failure((422, "Whatever"), QUOTED, &json!([]));
    assert_eq!(mask(&elsewhere, &original), original);
    let deleted = json!({"kind": "Status", "apiVersion": "v1", "status": "Success",
        "details": {"name": "db", "kind": "secrets", "uid": "u"}});
    assert_eq!(shown(&deleted), deleted);
}
