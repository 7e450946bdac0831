use super::*;

const WORKLOAD: &str = r#"{
    "issuer": {"url": "https://ci.example", "audiences": ["kguard"]},
    "claimMappings": {"username": {"claim": "sub", "prefix": "ci:"}},
    "kind": "workload"
}"#;

type Edit<'a> = Box<dyn FnOnce(&mut serde_json::Value) + 'a>;

/// A valid configuration after an edit.
fn edited(edit: impl FnOnce(&mut serde_json::Value)) -> Result<(), String> {
    let mut config: serde_json::Value = serde_json::from_str(WORKLOAD).unwrap();
    edit(&mut config);
    let config: IssuerConfig = serde_json::from_value(config).map_err(|e| e.to_string())?;
    config.validate().map_err(|error| error.to_string())
}

#[test]
fn an_issuer_in_kubernetes_own_shape_is_read() {
    let config: IssuerConfig = serde_saphyr::from_str(
        r#"
issuer:
  url: https://login.example/realms/people
  discoveryURL: https://login.internal/.well-known/openid-configuration
  audiences: [kguard, kubernetes]
  audienceMatchPolicy: MatchAny
  certificateAuthorityFile: /etc/kguard/ca.pem
claimValidationRules:
- {claim: hd, requiredValue: example.com}
claimMappings:
  username: {claim: email, prefix: ""}
  groups: {claim: groups, prefix: "oidc:"}
  uid: {claim: sub}
kind: person
clientID: kguard
"#,
    )
    .unwrap();
    config.validate().unwrap();
    let login = config.login_info(Some("PEM")).unwrap();
    assert_eq!((login.client_id.as_str(), login.issuer_ca.as_deref()), ("kguard", Some("PEM")));
    assert!(login.scopes.contains(&"offline_access".to_owned()));
}

#[test]
fn what_does_not_fit_together_is_refused_with_the_rule() {
    let sub = |prefix: &str| serde_json::json!({"claim": "sub", "prefix": prefix});
    assert_eq!(edited(|_| ()), Ok(()));
    let edits: [(Edit<'_>, &str); 12] = [
        (Box::new(|c| c["issuer"]["url"] = "http://ci.example".into()), "issuer.url"),
        (Box::new(|c| c["issuer"]["url"] = "https://a:b@ci.example".into()), "issuer.url"),
        (Box::new(|c| c["issuer"]["discoveryURL"] = "ftp://127.0.0.1".into()), "discoveryURL"),
        (Box::new(|c| c["issuer"]["audiences"] = serde_json::json!([])), "audiences"),
        (Box::new(|c| c["issuer"]["audience"] = "kguard".into()), "unknown field"),
        (Box::new(|c| c["serviceAccounts"] = true.into()), "either claimMappings or"),
        (Box::new(|c| c["claimMappings"] = serde_json::Value::Null), "either claimMappings or"),
        (
            Box::new(|c| {
                c["claimMappings"] = serde_json::Value::Null;
                c["serviceAccounts"] = true.into();
                c["kind"] = "person".into();
            }),
            "kind: workload",
        ),
        (Box::new(|c| c["claimMappings"]["username"] = sub("system:ci:")), "a prefix"),
        (
            Box::new(|c| c["claimMappings"]["username"] = serde_json::json!({"claim": "sub"})),
            "missing field `prefix`",
        ),
        (Box::new(|c| c["allowedSystemGroups"] = serde_json::json!(["sre"])), "begin with"),
        (Box::new(|c| c["clientID"] = "kguard".into()), "kind: person"),
    ];
    for (edit, rule) in edits {
        let error = edited(edit).unwrap_err();
        assert!(error.contains(rule), "{error} does not say {rule}");
    }
}

#[test]
fn plain_http_is_for_the_loopback_only() {
    for (url, acceptable) in [
        ("https://idp.example", true),
        ("http://127.0.0.1:8080/idp", true),
        ("http://[::1]:8080", true),
        ("http://localhost:8080", true),
        ("http://localhost.example", false),
        ("http://10.0.0.1", false),
        ("file:///etc/passwd", false),
        ("idp.example", false),
    ] {
        assert_eq!(acceptable_url(url), acceptable, "{url}");
    }
}
