use kguard::identity::CallerKind;
use serde_json::json;

use super::*;

fn config(extra: &Value) -> IssuerConfig {
    let mut config = json!({
        "issuer": {"url": "https://idp.example", "audiences": ["kguard"]},
        "kind": "workload",
    });
    config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    serde_json::from_value(config).unwrap()
}

fn oidc() -> IssuerConfig {
    config(&json!({
        "claimValidationRules": [{"claim": "hd", "requiredValue": "example.com"}],
        "claimMappings": {
            "username": {"claim": "sub", "prefix": "oidc:"},
            "groups": {"claim": "groups", "prefix": ""},
            "uid": {"claim": "id"},
        },
        "allowedSystemGroups": ["system:masters"],
    }))
}

fn of(config: &IssuerConfig, claims: &Value) -> Result<Caller, AuthError> {
    caller(config, claims.as_object().unwrap())
}

/// Claims that `oidc()` accepts, with one of them changed.
fn with(claim: &str, value: Value) -> Value {
    let mut claims = json!({"sub": "alice", "id": "7", "hd": "example.com"});
    claims[claim] = value;
    claims
}

#[test]
fn claims_name_the_caller_with_prefixes() {
    let caller = of(&oidc(), &with("groups", json!(["sre", "dev"]))).unwrap();
    assert_eq!(
        caller,
        Caller {
            name: "oidc:alice".into(),
            groups: vec!["sre".into(), "dev".into()],
            uid: Some("7".into()),
            kind: CallerKind::Workload,
            issuer: "https://idp.example".into(),
        }
    );
}

#[test]
fn groups_may_be_a_text_or_a_list_or_missing() {
    for (groups, expected) in [
        (json!("sre"), vec!["sre"]),
        (json!(["sre"]), vec!["sre"]),
        (json!([]), vec![]),
        (Value::Null, vec![]),
        (json!(["system:masters"]), vec!["system:masters"]),
    ] {
        assert_eq!(of(&oidc(), &with("groups", groups)).unwrap().groups, expected);
    }
    for groups in [json!(7), json!(["sre", 7]), json!({"sre": true})] {
        let error = of(&oidc(), &with("groups", groups)).unwrap_err();
        assert!(matches!(error, AuthError::Claim { .. }), "{error}");
    }
}

#[test]
fn too_many_groups_are_refused_not_cut() {
    let groups = |count: usize| with("groups", (0..count).map(|n| format!("g{n}")).collect());
    assert_eq!(of(&oidc(), &groups(MAX_GROUPS)).unwrap().groups.len(), MAX_GROUPS);
    let error = of(&oidc(), &groups(MAX_GROUPS + 1)).unwrap_err();
    assert!(error.to_string().contains("more than 200 groups"), "{error}");
}

#[test]
fn a_token_reaches_no_identity_of_kubernetes_own_unless_configured() {
    for (claim, value) in [
        ("groups", json!("system:nodes")),
        ("groups", json!(["sre", "system:masters "])),
        ("groups", json!(["sre", ""])),
        ("sub", json!("")),
        ("id", json!("\n")),
    ] {
        let error = of(&oidc(), &with(claim, value)).unwrap_err();
        assert!(matches!(error, AuthError::Name { .. }), "{error}");
    }
    let bare = config(&json!({"claimMappings": {
        "username": {"claim": "sub", "prefix": ""},
        "groups": {"claim": "groups", "prefix": ""},
    }}));
    for claims in [
        json!({"sub": "system:admin"}),
        json!({"sub": "system:serviceaccount:ci:bot"}),
        json!({"sub": "x", "groups": ["system:masters"]}),
    ] {
        let error = of(&bare, &claims).unwrap_err();
        assert!(error.to_string().contains("reserved for Kubernetes"), "{error}");
    }
}

#[test]
fn required_claims_must_be_there_to_the_letter() {
    for value in [json!("EXAMPLE.com"), json!(true), json!(["example.com"]), Value::Null] {
        let error = of(&oidc(), &with("hd", value)).unwrap_err();
        assert!(matches!(error, AuthError::Claim { ref claim, .. } if claim == "hd"), "{error}");
    }
    let error = of(&oidc(), &with("id", Value::Null)).unwrap_err();
    assert!(matches!(error, AuthError::Claim { ref claim, .. } if claim == "id"), "{error}");
}

#[test]
fn an_email_address_counts_only_when_verified() {
    let config = config(&json!({"claimMappings": {"username": {"claim": "email", "prefix": ""}}}));
    let email = |verified: Value| json!({"email": "a@example.com", "email_verified": verified});
    assert_eq!(of(&config, &email(json!(true))).unwrap().name, "a@example.com");
    for verified in [json!(false), json!("true"), Value::Null] {
        assert!(of(&config, &email(verified)).is_err());
    }
}

#[test]
fn service_accounts_are_who_they_are_to_an_api_server() {
    let config = config(&json!({"serviceAccounts": true}));
    let claims = json!({
        "sub": "system:serviceaccount:ci:bot",
        "groups": ["system:masters"],
        "kubernetes.io": {"serviceaccount": {"name": "bot", "uid": "u-1"}},
    });
    let caller = of(&config, &claims).unwrap();
    assert_eq!(caller.name, "system:serviceaccount:ci:bot");
    assert_eq!(caller.groups, ["system:serviceaccounts", "system:serviceaccounts:ci"]);
    assert_eq!(caller.uid.as_deref(), Some("u-1"));
    for subject in ["system:admin", "alice", "system:serviceaccount:ci"] {
        assert!(of(&config, &json!({"sub": subject})).is_err(), "{subject}");
    }
}
