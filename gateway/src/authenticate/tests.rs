mod issuer;

use axum::http::StatusCode;
use kguard::identity::CallerKind;
use serde_json::{Value, json};

use self::issuer::{FakeIssuer, SigningKey, jwt, unsigned};
use super::*;
use crate::clock::ManualClock;

const NOW: i64 = 1_800_000_000;

struct Setup {
    issuer: FakeIssuer,
    clock: ManualClock,
    authenticator: Authenticator,
}

impl Setup {
    async fn new(keys: &[&SigningKey]) -> Self {
        let (issuer, clock) = (FakeIssuer::start(keys).await, ManualClock::at(NOW));
        let config = json!({
            "issuer": {"url": issuer.url, "audiences": ["kguard", "other-name-of-kguard"]},
            "claimMappings": {
                "username": {"claim": "sub", "prefix": "oidc:"},
                "groups": {"claim": "groups", "prefix": "oidc:"},
            },
            "kind": "person",
        });
        let config: IssuerConfig = serde_json::from_value(config).unwrap();
        let authenticator = Authenticator::new([config], clock.clock()).unwrap();
        Self { issuer, clock, authenticator }
    }

    /// Claims that are accepted, with one of them changed.
    fn claims(&self, claim: &str, value: Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer.url,
            "aud": "kguard",
            "sub": "alice",
            "groups": ["sre"],
            "iat": self.clock.second(),
            "exp": self.clock.second() + 3600,
        });
        claims[claim] = value;
        claims
    }

    fn token(&self, key: &SigningKey) -> String {
        jwt(key, &self.claims("jti", uuid::Uuid::new_v4().to_string().into()))
    }

    async fn error(&self, token: &str) -> AuthError {
        let error = self.authenticator.authenticate(token).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(token.len() < 8 || !text.contains(token), "{text} repeats the token");
        error
    }
}

#[tokio::test]
async fn a_token_signed_by_its_issuer_names_the_caller() {
    let keys = SigningKey::one_of_each();
    let setup = Setup::new(&keys.iter().collect::<Vec<_>>()).await;
    for key in &keys {
        let authenticated = setup.authenticator.authenticate(&setup.token(key)).await.unwrap();
        assert_eq!(authenticated.caller.name, "oidc:alice");
        assert_eq!(authenticated.caller.groups, ["oidc:sre"]);
        assert_eq!(authenticated.caller.kind, CallerKind::Person);
        assert_eq!(authenticated.caller.issuer, setup.issuer.url);
        assert_eq!(authenticated.expires.as_second(), NOW + 3600);
    }
}

#[tokio::test]
async fn audiences_and_times_decide_whether_a_token_is_of_use() {
    let key = SigningKey::es256("k");
    let setup = Setup::new(&[&key]).await;
    for (claim, value, refusal) in [
        ("aud", json!("other-name-of-kguard"), None),
        ("aud", json!(["someone", "kguard"]), None),
        ("aud", json!("someone"), Some("ask for one for `kguard` or `other-name-of-kguard`")),
        ("aud", json!([]), Some("another audience")),
        ("aud", Value::Null, Some("another audience")),
        ("exp", json!(NOW - 30), None),
        ("exp", json!(NOW - 31), Some("run `kguard login`")),
        ("exp", json!(1_800_000_000.75), None),
        ("exp", serde_json::from_str("1.8e+09").unwrap(), None),
        ("exp", json!(1e300), Some("one of its times is none")),
        ("exp", Value::Null, Some("one of its times is none")),
        ("exp", json!("tomorrow"), Some("one of its times is none")),
        ("nbf", json!(NOW + 30), None),
        ("nbf", json!(NOW + 31), Some("not valid yet")),
        ("iat", json!(NOW + 31), Some("not valid yet")),
        ("iss", json!("https://elsewhere.example"), Some("is not one that this gateway accepts")),
        ("iss", json!(format!("{}/", setup.issuer.url)), Some("is not one that this gateway")),
        ("iss", json!([setup.issuer.url]), Some("is not one that this gateway accepts")),
        ("sub", json!("system:admin "), Some("begins or ends with space")),
    ] {
        let token = jwt(&key, &setup.claims(claim, value.clone()));
        match refusal {
            None => drop(setup.authenticator.authenticate(&token).await.unwrap()),
            Some(refusal) => {
                let error = setup.error(&token).await;
                assert!(error.to_string().contains(refusal), "{claim} {value}: {error}");
                assert_eq!(error.status(), StatusCode::UNAUTHORIZED);
            }
        }
    }
}

#[tokio::test]
async fn what_the_issuer_did_not_sign_is_refused() {
    let (key, stranger) = (SigningKey::es256("k"), SigningKey::es256("k"));
    let setup = Setup::new(&[&key]).await;
    let claims = setup.claims("sub", "mallory".into());
    let genuine = setup.token(&key);
    let (rest, signature) = genuine.rsplit_once('.').unwrap();
    let header = rest.split_once('.').unwrap().0;
    let none = unsigned(&json!({"alg": "none"}), &claims);
    let swapped = format!("{header}.{}.{signature}", none.split('.').nth(1).unwrap());
    let issuer = setup.issuer.url.clone();
    let forged = AuthError::Signature { issuer: issuer.clone() };
    for (token, error) in [
        (jwt(&stranger, &claims), forged.clone()),
        (swapped, forged.clone()),
        (format!("{rest}."), forged),
        (format!("{none}."), AuthError::Algorithm),
        (key.hmac_with_the_public_key(&claims), AuthError::Algorithm),
        (jwt(&SigningKey::es384("k"), &claims), AuthError::UnknownKey { issuer: issuer.clone() }),
        (jwt(&SigningKey::es256("l"), &claims), AuthError::UnknownKey { issuer }),
        (rest.to_owned(), AuthError::Malformed("it does not have three parts")),
        (String::new(), AuthError::Malformed("it does not have three parts")),
        ("x".repeat(token::MAX_TOKEN_BYTES + 1), AuthError::TooLarge(token::MAX_TOKEN_BYTES)),
    ] {
        assert_eq!(setup.error(&token).await, error);
    }
    for header in [
        json!({"alg": "ES256", "kid": "k", "typ": "logout+jwt"}),
        json!({"alg": "ES256", "kid": "k", "crit": ["b64"], "b64": false}),
    ] {
        let error = setup.error(&key.sign(&unsigned(&header, &claims))).await;
        assert!(matches!(error, AuthError::Malformed(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_repeated_token_is_known_without_its_issuers_keys() {
    let (key, next) = (SigningKey::es256("k"), SigningKey::es256("next"));
    let setup = Setup::new(&[&key]).await;
    let token = setup.token(&key);
    let first = setup.authenticator.authenticate(&token).await.unwrap();
    setup.issuer.publish(&[&next]);
    setup.clock.advance(10);
    setup.authenticator.authenticate(&setup.token(&next)).await.unwrap();
    assert_eq!(setup.authenticator.authenticate(&token).await.unwrap(), first);
    setup.clock.advance(290);
    setup.error(&token).await;
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it_but_not_at_every_whim() {
    let (old, new) = (SigningKey::es256("old"), SigningKey::es256("new"));
    let setup = Setup::new(&[&old]).await;
    setup.authenticator.authenticate(&setup.token(&old)).await.unwrap();
    setup.issuer.publish(&[&new]);
    let unknown = AuthError::UnknownKey { issuer: setup.issuer.url.clone() };
    for _ in 0..20 {
        assert_eq!(setup.error(&setup.token(&new)).await, unknown);
    }
    assert_eq!(setup.issuer.fetches(), 1);
    setup.clock.advance(9);
    assert_eq!(setup.error(&setup.token(&new)).await, unknown);
    setup.clock.advance(1);
    setup.authenticator.authenticate(&setup.token(&new)).await.unwrap();
    assert_eq!(setup.issuer.fetches(), 2);
    assert_eq!(setup.error(&setup.token(&old)).await, unknown, "a withdrawn key is good no more");
}

#[tokio::test]
async fn callers_that_come_at_once_share_one_fetch() {
    let key = SigningKey::es256("k");
    let setup = Setup::new(&[&key]).await;
    setup.authenticator.prefetch();
    let tokens: Vec<String> = (0..16).map(|_| setup.token(&key)).collect();
    let all = tokens.iter().map(|token| setup.authenticator.authenticate(token));
    for authenticated in futures_util::future::join_all(all).await {
        authenticated.unwrap();
    }
    assert_eq!(setup.issuer.fetches(), 1);
}

#[tokio::test]
async fn a_provider_that_is_down_logs_nobody_out_for_a_day() {
    let key = SigningKey::es256("k");
    let setup = Setup::new(&[&key]).await;
    setup.authenticator.authenticate(&setup.token(&key)).await.unwrap();
    setup.issuer.go_down();
    setup.clock.advance(23 * 3600);
    setup.authenticator.authenticate(&setup.token(&key)).await.unwrap();
    setup.clock.advance(2 * 3600);
    let error = setup.error(&setup.token(&key)).await;
    assert_eq!(error, AuthError::KeysUnavailable { issuer: setup.issuer.url.clone() });
    assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_provider_that_speaks_for_another_or_without_end_is_not_believed() {
    let key = SigningKey::es256("k");
    let setup = Setup::new(&[&key]).await;
    let (issuer, keys) = (setup.issuer.url.clone(), format!("{}/keys", setup.issuer.url));
    let discovery = "/.well-known/openid-configuration";
    for (path, answer) in [
        (discovery, json!({"issuer": "https://other.example", "jwks_uri": keys})),
        (discovery, json!({"issuer": format!("{issuer}/"), "jwks_uri": keys})),
        // Reaches the same server, yet is no address of the loopback.
        (discovery, json!({"issuer": issuer, "jwks_uri": keys.replace("127.0.0.1", "0.0.0.0")})),
        (discovery, json!({"issuer": issuer})),
        ("/keys", json!({"keys": [key.jwk()], "padding": "x".repeat(1024 * 1024)})),
        ("/keys", json!({"keys": []})),
        ("/keys", json!({"keys": [{"kty": "oct", "k": "AAAA", "alg": "HS256"}]})),
    ] {
        let honest = json!({"issuer": issuer, "jwks_uri": keys});
        setup.issuer.answer(discovery, &honest);
        setup.issuer.answer(path, &answer);
        setup.clock.advance(1);
        let error = setup.error(&setup.token(&key)).await;
        assert!(matches!(error, AuthError::KeysUnavailable { .. }), "{path}: {error:?}");
    }
    setup.issuer.publish(&[&key]);
    setup.clock.advance(1);
    setup.authenticator.authenticate(&setup.token(&key)).await.unwrap();
}

#[tokio::test]
async fn a_clusters_own_issuer_is_asked_over_its_own_tls_with_a_token() {
    let key = SigningKey::one_of_each().remove(3);
    let (issuer, pem) = FakeIssuer::start_like_an_api_server(&[&key], "let-me-in").await;
    let folder = tempfile::tempdir().unwrap();
    let (ca, token) = (folder.path().join("ca.pem"), folder.path().join("token"));
    std::fs::write(&ca, &pem).unwrap();
    std::fs::write(&token, "let-me-in\n").unwrap();
    let cluster = "https://kubernetes.default.svc";
    issuer.answer(
        "/.well-known/openid-configuration",
        &json!({"issuer": cluster, "jwks_uri": format!("{}/keys", issuer.url)}),
    );
    let trusting = |certificates: Value| {
        let mut config = json!({
            "issuer": {
                "url": cluster,
                "audiences": ["kguard"],
                "discoveryURL": format!("{}/.well-known/openid-configuration", issuer.url),
                "discoveryTokenFile": token,
            },
            "serviceAccounts": true,
            "kind": "workload",
        });
        let issuer = config["issuer"].as_object_mut().unwrap();
        issuer.extend(certificates.as_object().unwrap().clone());
        let config: IssuerConfig = serde_json::from_value(config).unwrap();
        Authenticator::new([config], Clock::system())
    };
    let token = jwt(
        &key,
        &json!({
            "iss": cluster,
            "aud": ["kguard"],
            "sub": "system:serviceaccount:backup:velero",
            "exp": Timestamp::now().as_second() + 600,
        }),
    );
    let trusted = trusting(json!({"certificateAuthorityFile": ca})).unwrap();
    let authenticated = trusted.authenticate(&token).await.unwrap();
    assert_eq!(authenticated.caller.name, "system:serviceaccount:backup:velero");
    assert_eq!(authenticated.caller.kind, CallerKind::Workload);
    let distrusted = trusting(json!({})).unwrap().authenticate(&token).await;
    assert!(matches!(distrusted, Err(AuthError::KeysUnavailable { .. })), "{distrusted:?}");
    let empty = trusting(json!({"certificateAuthority": "no PEM"}));
    assert!(empty.is_err_and(|error| error.to_string().contains("no PEM certificate")));
}

#[test]
fn one_issuer_is_configured_once() {
    let config = || -> IssuerConfig {
        serde_json::from_value(json!({
            "issuer": {"url": "https://idp.example", "audiences": ["kguard"]},
            "serviceAccounts": true,
            "kind": "workload",
        }))
        .unwrap()
    };
    let twice = Authenticator::new([config(), config()], Clock::system());
    assert!(matches!(twice, Err(ConfigError::Duplicate(_))));
}
