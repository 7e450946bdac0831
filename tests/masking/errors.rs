//! Errors of the real API server about masked kinds: everyday mistakes are told, and what admission
//! says of hidden values is not.

use super::*;

/// What stderr has of it, and that no word of kguard's stands in its place.
fn told(said: &Output, expected: &str) {
    assert_ne!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains(expected), "{expected}: {said:?}");
    assert!(!said.stderr.contains("withheld"), "{said:?}");
    assert!(!said.stderr.contains("hunter2") && !said.stderr.contains(&encoded("hunter2")));
}

#[test]
fn everyday_mistakes_are_told() {
    let desk = Desk::new("mistakes");
    desk.secret("db");
    let apply = |flags: &[&str], rest: &str| {
        let secret = format!("apiVersion: v1\nkind: Secret\n{rest}");
        desk.kubectl(&[&["apply", "-f", &desk.file("wrong.yaml", &secret)], flags].concat())
    };
    for (rest, expected) in [
        ("metadata: {name: db}\ndata: {a: plain text}\n", "illegal base64 data at input byte 5"),
        ("metadata: {name: new}\ndatas: {a: eA==}\n", "unknown field \"datas\""),
        ("metadata: {name: new}\nstringData: {a: 5}\n", "cannot unmarshal number into Go"),
        (
            "metadata: {name: Bad_}\n",
            "metadata.name: Invalid value: \"Bad_\": a lowercase RFC 1123",
        ),
        (
            "metadata: {name: new, labels: {x y: a}}\n",
            "metadata.labels: Invalid value: \"x y\": name",
        ),
        ("metadata: {name: new}\ntype: kubernetes.io/tls\n", "data[tls.crt]: Required value"),
    ] {
        told(&apply(&[], rest), expected);
    }
    let server = ["--server-side"];
    told(
        &apply(&server, "metadata: {name: new}\ndatas: {a: eA==}\n"),
        ".datas: field not declared",
    );
    told(&apply(&server, "metadata: {name: new}\ndata: {a: plain text}\n"), "illegal base64 data");
    for (patch, expected) in [
        (r#"{"data":{"nk":"not base64!"}}"#, "illegal base64 data at input byte 3"),
        (r#"{"type":"kubernetes.io/tls"}"#, "type: Invalid value: field is immutable"),
        (r#"{"metadata":{"labels":{"a":"x y"}}}"#, "Invalid value: \"x y\": a valid label"),
    ] {
        for kind in ["--type=merge", "--type=strategic"] {
            told(&desk.kubectl(&["patch", "secret", "db", kind, "-p", patch]), expected);
        }
    }
    told(&desk.kubectl(&["get", "secret", "nope"]), "secrets \"nope\" not found");
    told(&desk.kubectl(&["create", "secret", "generic", "db"]), "\"db\" already exists");
}

#[test]
fn a_conflict_of_server_side_apply_names_the_fields() {
    let desk = Desk::new("fields");
    desk.secret("db");
    desk.namespace.admin(&["label", "secret", "db", "a=b", "--field-manager=other"]).ok();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, labels: {a: c}}\n";
    let file = desk.file("conflict.yaml", secret);
    let said = desk.kubectl(&["apply", "--server-side", "-f", &file]);
    told(&said, "Apply failed with 1 conflict: conflict with another manager: .metadata.labels.a");
}

#[test]
fn a_create_that_is_invalid_is_called_by_its_kind_and_name() {
    let desk = Desk::new("named");
    desk.secret("db");
    let password = desk.shown("db", "password");
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: other}}\ndata: {{a: {password}}}\n"
    );
    told(
        &desk.kubectl(&["create", "-f", &desk.file("other.yaml", &secret)]),
        "The Secret \"other\" is invalid: data.a: ",
    );
}

#[test]
fn what_admission_says_of_a_value_is_not_shown() {
    let desk = Desk::new("admission");
    desk.secret("db");
    let namespace = &desk.namespace.name;
    let policy = format!("kguard-{namespace}");
    desk.namespace.apply(&format!(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: \
         {{name: {policy}}}\nspec:\n  matchConstraints: {{resourceRules: [{{apiGroups: [''], \
         apiVersions: [v1], operations: [UPDATE], resources: [secrets]}}]}}\n  validations:\n  - \
         {{expression: \"!has(object.metadata.labels)\", reason: Forbidden, messageExpression: \
         \"'v=' + string(oldObject.data.password)\"}}\n---\n\
         apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\n\
         metadata: {{name: {policy}}}\nspec: {{policyName: {policy}, validationActions: [Deny], \
         matchResources: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: \
         {namespace}}}}}}}}}\n"
    ));
    let denied = || {
        let said = desk.kubectl(&["label", "secret", "db", "a=b", "--dry-run=server"]);
        (said.code != 0).then_some(said)
    };
    let said = eventually("the admission policy works", denied);
    for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
        desk.namespace.admin(&["delete", kind, &policy]).ok();
    }
    let who =
        format!("ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request");
    assert!(said.stderr.contains(&who), "{said:?}");
    assert!(said.stderr.contains("the rest is withheld by kguard"), "{said:?}");
    assert!(!said.stderr.contains(&encoded("hunter2")) && !said.stderr.contains("hunter2"));
}
