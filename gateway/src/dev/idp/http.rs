//! The provider's endpoints.

use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    CLIENT_ID, DevIdp, GrantError, ID_TOKEN_LIFETIME, Login, Tokens, authorize, device, failed,
    page,
};

/// Forms are short.
const MAX_FORM_BYTES: usize = 4096;

const CODE_GRANT: &str = "authorization_code";
const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const REFRESH_TOKEN_GRANT: &str = "refresh_token";

/// The endpoints, relative to the issuer's URL.
pub(super) fn router(idp: DevIdp) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/authorize", get(authorize::show).post(authorize::log_in))
        .route("/device/code", post(begin))
        .route("/device", get(show_form).post(log_in))
        .route("/token", post(token))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .with_state(idp)
}

async fn discovery(State(idp): State<DevIdp>) -> Json<Value> {
    let issuer = &idp.0.issuer;
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks"),
        "authorization_endpoint": format!("{issuer}/authorize"),
        "device_authorization_endpoint": format!("{issuer}/device/code"),
        "token_endpoint": format!("{issuer}/token"),
        "grant_types_supported": [CODE_GRANT, DEVICE_CODE_GRANT, REFRESH_TOKEN_GRANT],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": ["openid", "offline_access"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "groups"],
    }))
}

async fn jwks(State(idp): State<DevIdp>) -> Json<Value> {
    Json(json!({"keys": [idp.0.signer.jwk()]}))
}

#[derive(Deserialize)]
struct Begin {
    #[serde(default)]
    client_id: String,
}

async fn begin(
    State(idp): State<DevIdp>,
    form: Result<Form<Begin>, FormRejection>,
) -> Result<Response, OAuthError> {
    let Form(Begin { client_id }) = form?;
    check_client(&client_id)?;
    let now = idp.0.clock.now();
    let codes = idp.state().device_codes.start(now).map_err(|error| failed(&error))?;
    let codes = codes.ok_or(OAuthError::BUSY)?;
    let page = format!("{}/device", idp.0.issuer);
    Ok(uncached(Json(json!({
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", codes.user_code),
        "expires_in": device::LIFETIME.as_secs(),
        "interval": device::INTERVAL_SECONDS,
    }))))
}

#[derive(Deserialize)]
struct Prefilled {
    #[serde(default)]
    user_code: String,
}

async fn show_form(State(idp): State<DevIdp>, Query(known): Query<Prefilled>) -> Response {
    html(StatusCode::OK, page::form(&idp.0.users, &known.user_code, None))
}

#[derive(Deserialize)]
struct Credentials {
    user_code: String,
    user: String,
    password: String,
}

/// Needs no token against forged requests: what a foreign page cannot know is the password.
async fn log_in(State(idp): State<DevIdp>, Form(typed): Form<Credentials>) -> Response {
    let again =
        |status, problem| html(status, page::form(&idp.0.users, &typed.user_code, Some(problem)));
    match idp.log_in(&typed.user_code, &typed.user, &typed.password) {
        Login::Done => html(StatusCode::OK, page::done(&typed.user)),
        Login::UnknownCode => again(
            StatusCode::BAD_REQUEST,
            "No terminal waits with that code, or it ran out: run `kguard login` again.",
        ),
        Login::WrongPassword => again(StatusCode::FORBIDDEN, "The password is wrong."),
        Login::TooManyAttempts => again(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many attempts were wrong: wait a minute and try again.",
        ),
    }
}

#[derive(Deserialize)]
struct TokenRequest {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    code_verifier: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    device_code: String,
    #[serde(default)]
    refresh_token: String,
}

async fn token(
    State(idp): State<DevIdp>,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Result<Response, OAuthError> {
    let Form(request) = form?;
    check_client(&request.client_id)?;
    // Writes a file.
    let redeemed = tokio::task::spawn_blocking(move || match request.grant_type.as_str() {
        CODE_GRANT => {
            let TokenRequest { code, code_verifier, redirect_uri, .. } = request;
            Ok(idp.redeem_code(&code, &code_verifier, &redirect_uri)?)
        }
        DEVICE_CODE_GRANT => Ok(idp.redeem_device_code(&request.device_code)?),
        REFRESH_TOKEN_GRANT => Ok(idp.redeem_refresh_token(&request.refresh_token)?),
        _ => Err(OAuthError::bad_request("unsupported_grant_type")),
    });
    let Tokens { id_token, refresh_token } = redeemed.await.unwrap_or(Err(OAuthError::SERVER))?;
    Ok(uncached(Json(json!({
        "access_token": id_token,
        "id_token": id_token,
        "refresh_token": refresh_token,
        "token_type": "Bearer",
        "expires_in": ID_TOKEN_LIFETIME.as_secs(),
        "scope": "openid offline_access",
    }))))
}

fn check_client(client_id: &str) -> Result<(), OAuthError> {
    if client_id == CLIENT_ID { Ok(()) } else { Err(OAuthError::CLIENT) }
}

/// An error in the shape of RFC 6749, 5.2.
struct OAuthError {
    status: StatusCode,
    error: &'static str,
}

impl OAuthError {
    const BUSY: Self =
        Self { status: StatusCode::SERVICE_UNAVAILABLE, error: "temporarily_unavailable" };
    const CLIENT: Self = Self { status: StatusCode::UNAUTHORIZED, error: "invalid_client" };
    const SERVER: Self = Self { status: StatusCode::INTERNAL_SERVER_ERROR, error: "server_error" };

    fn bad_request(error: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error }
    }
}

impl From<FormRejection> for OAuthError {
    fn from(_: FormRejection) -> Self {
        Self::bad_request("invalid_request")
    }
}

impl From<GrantError> for OAuthError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::AuthorizationPending => Self::bad_request("authorization_pending"),
            GrantError::ExpiredToken => Self::bad_request("expired_token"),
            GrantError::InvalidGrant => Self::bad_request("invalid_grant"),
            GrantError::Server => Self::SERVER,
            GrantError::SlowDown => Self::bad_request("slow_down"),
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        (self.status, uncached(Json(json!({"error": self.error})))).into_response()
    }
}

fn uncached(body: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], body).into_response()
}

pub(super) fn html(status: StatusCode, page: String) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, page::content_security_policy()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (status, headers, uncached(Html(page))).into_response()
}
