//! Ways by which a value leaves that are easily forgotten, each with the same done past the gateway: it
//! has to be there for the test to mean anything.

use super::*;
use crate::harness::{Cluster, http};

fn delete_all(desk: &Desk) -> http::Answer {
    let n = &desk.namespace.name;
    let target = format!("/api/v1/namespaces/{n}/secrets?labelSelector=kind%3Dgone");
    http::send(&desk.gateway, &desk.user, &format!("DELETE {target}"), "")
}

#[test]
fn what_a_delete_of_many_answers_is_masked() {
    let desk = Desk::new("many");
    for name in ["one", "two"] {
        desk.secret(name);
        desk.namespace.admin(&["label", "secret", name, "kind=gone"]).ok();
    }
    let answer = delete_all(&desk);
    assert_eq!(answer.status, 200, "{answer:?}");
    let list = answer.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2), "{list}");
    assert!(!answer.body.contains(&encoded("hunter2")), "{list}");
    let shown = decoded(&list["items"][0]["data"]["password"]);
    assert!(shown.starts_with("kguard:masked:v1:"), "{shown}");
}

#[test]
fn a_warning_about_a_secret_is_withheld() {
    let desk = Desk::new("warning");
    let (key, cert) = (encoded("hunter2 is no key"), encoded("hunter2 is no certificate"));
    let pair = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\ntype: kubernetes.io/tls\n\
             data: {{tls.crt: {cert}, tls.key: {key}}}\n"
        )
    };
    let file = desk.file("direct.yaml", &pair("direct"));
    let direct = Cluster::get().admin(&["-n", &desk.namespace.name, "create", "-f", &file]);
    assert!(direct.stderr.contains("Warning: tls:"), "{direct:?}");
    let through = desk.kubectl(&["create", "-f", &desk.file("through.yaml", &pair("through"))]);
    assert_eq!(through.code, 0, "{through:?}");
    assert!(!through.stderr.contains("tls:"), "{through:?}");
}

#[test]
fn tokens_of_service_accounts_and_of_new_nodes_are_masked() {
    let desk = Desk::new("tokens");
    desk.namespace.apply(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: bootstrap-token-abcdef}\n\
         type: bootstrap.kubernetes.io/token\nstringData: {token-id: abcdef, token-secret: \
         0123456789abcdef, usage-bootstrap-authentication: 'true'}\n",
    );
    desk.namespace.apply(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: account, annotations: \
         {kubernetes.io/service-account.name: default}}\ntype: kubernetes.io/service-account-token\n",
    );
    let made = eventually("the token", || {
        let stored = desk.stored("secret/account");
        Some(decoded(stored["data"].get("token")?))
    });
    let shown = desk.kubectl(&["get", "secrets", "-o", "json"]).ok();
    for value in ["abcdef", "0123456789abcdef", made.as_str()] {
        assert!(!shown.contains(&encoded(value)), "{value}");
    }
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let items = shown["items"].as_array().unwrap();
    let account = items.iter().find(|item| item["metadata"]["name"] == "account").unwrap();
    // Everybody may know these, and clients need them.
    assert!(decoded(&account["data"]["ca.crt"]).contains("BEGIN CERTIFICATE"));
    assert_eq!(decoded(&account["data"]["namespace"]), desk.namespace.name);
}

#[test]
fn who_is_exempt_sees_what_others_do_not() {
    let policies = format!(
        "{HEAD}kind: Policy\nmetadata: {{name: all}}\nspec: {{match: {{callers: ['*']}}, effect: \
         allow}}\n---\n{HEAD}kind: Mask\nmetadata: {{name: secrets}}\nspec:\n  match: {{resources: \
         [secrets]}}\n  exempt: ['user:oidc:alice']\n  fields: ['data.*']\n"
    );
    let desk = Desk::with("exempt", &policies);
    desk.secret("db");
    assert_eq!(desk.shown("db", "password"), encoded("hunter2"));
    let bob = User::person(&desk.gateway, "bob");
    let get =
        ["-n", &desk.namespace.name, "get", "secret", "db", "-o", "jsonpath={.data.password}"];
    let shown = bob.kubectl(&get).ok();
    assert!(shown != encoded("hunter2") && decoded(&Value::from(shown)).starts_with("kguard:"));
}
