use axum::http::StatusCode;
use reqwest::{Client, Response};
use serde_json::Value;

use super::*;
use crate::authenticate::{AuthError, Authenticator};
use crate::clock::ManualClock;

const CALLBACK: &str = "https://127.0.0.1/ui/callback";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A provider on the loopback, and what a client and a browser do with it.
struct Setup {
    folder: tempfile::TempDir,
    clock: ManualClock,
    idp: DevIdp,
    client: Client,
}

impl Setup {
    async fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), ManualClock::at(1_800_000_000));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/idp", listener.local_addr().unwrap());
        let mut users = local_users(folder.path()).unwrap();
        users[1].groups.push("system:masters".into());
        let addresses = (issuer.as_str(), CALLBACK);
        let idp = DevIdp::open(addresses, users, folder.path(), clock.clock()).unwrap();
        let router = axum::Router::new().nest("/idp", idp.router());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::builder().no_proxy().build().unwrap();
        Self { folder, clock, idp, client }
    }

    fn authenticator(&self) -> Authenticator {
        Authenticator::new([self.idp.issuer_config(None)], self.clock.clock()).unwrap()
    }

    fn password(&self, user: &str) -> String {
        self.idp.user(user).unwrap().password.expose().clone()
    }

    async fn post(&self, url: &str, form: &[(&str, &str)]) -> Response {
        self.client.post(url).form(form).send().await.unwrap()
    }

    async fn discovery(&self) -> Value {
        let url = format!("{}/.well-known/openid-configuration", self.idp.0.issuer);
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn begin(&self) -> Value {
        let endpoint = self.discovery().await["device_authorization_endpoint"].clone();
        let form = [("client_id", CLIENT_ID), ("scope", "openid offline_access")];
        let response = self.post(endpoint.as_str().unwrap(), &form).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    /// Asks the token endpoint for tokens or an error.
    async fn token(&self, grant: &str, name: &str, value: &str) -> Value {
        let endpoint = self.discovery().await["token_endpoint"].clone();
        let form = [("client_id", CLIENT_ID), ("grant_type", grant), (name, value)];
        let response = self.post(endpoint.as_str().unwrap(), &form).await;
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!(status == StatusCode::OK, body["error"].is_null(), "{status} {body}");
        body
    }

    async fn poll(&self, begun: &Value) -> Value {
        self.clock.advance(1);
        self.token(DEVICE_CODE, "device_code", begun["device_code"].as_str().unwrap()).await
    }

    async fn refresh(&self, tokens: &Value) -> Value {
        self.token("refresh_token", "refresh_token", tokens["refresh_token"].as_str().unwrap())
            .await
    }

    /// Opens the page that the device shows and sends its form as a browser would.
    async fn browse(&self, begun: &Value, user: &str, password: &str) -> Response {
        let address = begun["verification_uri_complete"].as_str().unwrap();
        let response = self.client.get(address).send().await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        let page = response.text().await.unwrap();
        assert!(page.contains(&format!("<option value=\"{user}\">")), "{page}");
        let action = attribute(&page, "action");
        let action = reqwest::Url::parse(address).unwrap().join(action).unwrap();
        let form = [("user_code", value_of(&page, "user_code")), ("user", user)];
        self.post(action.as_str(), &[&form[..], &[("password", password)]].concat()).await
    }

    async fn log_in(&self, user: &str) -> Value {
        let begun = self.begin().await;
        let response = self.browse(&begun, user, &self.password(user)).await;
        assert_eq!(response.status(), StatusCode::OK);
        self.poll(&begun).await
    }
}

fn attribute<'a>(html: &'a str, name: &str) -> &'a str {
    html.split_once(&format!("{name}=\"")).unwrap().1.split_once('"').unwrap().0
}

fn value_of<'a>(page: &'a str, input: &str) -> &'a str {
    attribute(page.split_once(&format!("name=\"{input}\"")).unwrap().1, "value")
}

#[tokio::test]
async fn a_person_logs_in_on_the_page_while_the_device_asks() {
    let setup = Setup::new().await;
    let begun = setup.begin().await;
    assert_eq!(setup.poll(&begun).await["error"], "authorization_pending");
    let device_code = begun["device_code"].as_str().unwrap();
    assert_eq!(setup.token(DEVICE_CODE, "device_code", device_code).await["error"], "slow_down");
    let response = setup.browse(&begun, "bob", &setup.password("bob")).await;
    assert!(response.text().await.unwrap().contains("Logged in as bob"));
    let tokens = setup.poll(&begun).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let authenticated = setup.authenticator().authenticate(id_token).await.unwrap();
    assert_eq!(authenticated.caller.name, "bob");
    assert_eq!(authenticated.caller.groups, ["sre", "system:masters"]);
    assert_eq!(setup.poll(&begun).await["error"], "invalid_grant", "a device code is good once");
}

#[tokio::test]
async fn a_wrong_password_logs_nobody_in_and_is_tried_only_so_often() {
    let setup = Setup::new().await;
    let begun = setup.begin().await;
    for (user, password) in
        [("alice", ""), ("alice", "wrong"), ("alice", setup.password("bob").as_str())]
    {
        let response = setup.browse(&begun, user, password).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(response.text().await.unwrap().contains("The password is wrong."));
    }
    let url = format!("{}/device", setup.idp.0.issuer);
    let made_up = [("user_code", "BBBB-BBBB"), ("user", "alice"), ("password", "x")];
    for _ in 0..7 {
        assert_eq!(setup.post(&url, &made_up).await.status(), StatusCode::BAD_REQUEST);
    }
    let right = setup.password("alice");
    let response = setup.browse(&begun, "alice", &right).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(setup.poll(&begun).await["error"], "authorization_pending");
    setup.clock.advance(60);
    assert_eq!(setup.browse(&begun, "alice", &right).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn refreshing_is_silent_and_a_stolen_refresh_token_ends_the_login() {
    let setup = Setup::new().await;
    let (first, authenticator) = (setup.log_in("alice").await, setup.authenticator());
    setup.clock.advance(16 * 60);
    let ended = authenticator.authenticate(first["id_token"].as_str().unwrap()).await;
    assert!(matches!(ended, Err(AuthError::Expired { .. })), "{ended:?}");
    let second = setup.refresh(&first).await;
    let caller = authenticator.authenticate(second["id_token"].as_str().unwrap()).await.unwrap();
    assert_eq!(caller.caller.name, "alice");
    let (minutes, now) = (SignedDuration::from_mins, setup.clock.clock().now());
    assert!(caller.is_fresh(minutes(17), now), "{caller:?}");
    assert!(!caller.is_fresh(minutes(15), now), "a refresh is no login");
    let third = setup.refresh(&second).await;
    assert_eq!(setup.refresh(&first).await["error"], "invalid_grant");
    assert_eq!(setup.refresh(&third).await["error"], "invalid_grant", "the family has ended");
    assert!(setup.log_in("alice").await["id_token"].is_string());
}

#[tokio::test]
async fn a_restart_logs_nobody_out() {
    let setup = Setup::new().await;
    let (tokens, inner) = (setup.log_in("alice").await, &setup.idp.0);
    let (users, folder) = (inner.users.clone(), setup.folder.path());
    let addresses = (inner.issuer.as_str(), CALLBACK);
    let again = DevIdp::open(addresses, users, folder, setup.clock.clock()).unwrap();
    let jwk = |idp: &DevIdp| idp.0.signer.jwk().clone();
    assert_eq!(jwk(&again), jwk(&setup.idp));
    assert!(again.redeem_refresh_token(tokens["refresh_token"].as_str().unwrap()).is_ok());
}

#[tokio::test]
async fn a_code_that_ran_out_is_good_for_nothing() {
    let setup = Setup::new().await;
    let begun = setup.begin().await;
    setup.clock.advance(600);
    let response = setup.browse(&begun, "alice", &setup.password("alice")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(setup.poll(&begun).await["error"], "expired_token");
}

#[tokio::test]
async fn other_clients_grants_and_floods_are_refused() {
    let setup = Setup::new().await;
    let issuer = &setup.idp.0.issuer;
    let (device, token) = (format!("{issuer}/device/code"), format!("{issuer}/token"));
    let kguard = ("client_id", CLIENT_ID);
    let long = "x".repeat(8192);
    for (url, form, status, error) in [
        (&device, vec![("client_id", "x")], StatusCode::UNAUTHORIZED, "invalid_client"),
        (&device, vec![], StatusCode::UNAUTHORIZED, "invalid_client"),
        (&token, vec![kguard], StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        (
            &token,
            vec![kguard, ("grant_type", "password")],
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
        ),
        (&token, vec![kguard, ("x", &long)], StatusCode::BAD_REQUEST, "invalid_request"),
    ] {
        let response = setup.post(url, &form).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.json::<Value>().await.unwrap()["error"], error);
    }
    for _ in 0..64 {
        setup.begin().await;
    }
    let response = setup.post(&device, &[kguard]).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}
